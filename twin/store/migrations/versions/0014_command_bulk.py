"""Requests whose commands are recorded in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "command_bulk",
        sa.Column("request", ID, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("touched_at", ID, nullable=False),
        sa.ForeignKeyConstraint(["request"], ["command_request.number"], name="fk_command_bulk_request"),
        sa.PrimaryKeyConstraint("request", name="pk_command_bulk"),
    )
