"""Alarms, their rules, and what their evaluation remembers; states that were passed through inside of one batch."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    _alarms()
    op.create_table(
        "alarm_rule",
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_rule"),
    )
    op.create_table(
        "alarm_watch",
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phase", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signal", "kind", name="pk_alarm_watch"),
    )
    op.add_column("state_change", sa.Column("passed", sa.LargeBinary()))


def _alarms() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("signal", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("limit", sa.Double()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("cleared_at", sa.BigInteger()),
        sa.Column("cleared_by", sa.Text()),
        sa.Column("clear_note", sa.Text()),
        sa.ForeignKeyConstraint(["signal"], ["signal.number"], name="fk_alarm_signal"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
    )
    is_open = sa.text("cleared_at IS NULL")
    op.create_index(
        "uq_alarm_open",
        "alarm",
        ["signal", "kind"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_alarm_signal_id", "alarm", ["signal", "id"])
    op.create_index("ix_alarm_status_id", "alarm", ["status", "id"])
