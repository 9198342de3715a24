"""Calendars, and what became of their occurrences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("changed_at", ID, nullable=False),
        sa.Column("until", ID, nullable=False),
        sa.Column("next_at", ID),
        sa.Column("version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
    )
    op.create_index("ix_calendar_next", "calendar", ["next_at"])
    op.create_table(
        "calendar_run",
        sa.Column("calendar", ORDERED, nullable=False),
        sa.Column("at", ID, autoincrement=False, nullable=False),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("done_at", ID, nullable=False),
        sa.PrimaryKeyConstraint("calendar", "at", "entry", name="pk_calendar_run"),
    )
