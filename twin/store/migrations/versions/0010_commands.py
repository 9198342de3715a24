"""Commands, their steps, and priorities that are held."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "command_request",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", ID, nullable=False),
        sa.Column("start_at", ID, nullable=False),
        sa.Column("rate", sa.Double()),
        sa.Column("targets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_command_request"),
        sa.UniqueConstraint("id", name="uq_command_request_id"),
        sa.UniqueConstraint("by", "key", name="uq_command_request_by_key"),
    )
    _command()
    op.create_table(
        "command_step",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("command", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["command"], ["command.number"], name="fk_command_step_command"),
        sa.PrimaryKeyConstraint("number", name="pk_command_step"),
    )
    op.create_index("ix_command_step_command", "command_step", ["command", "number"])
    op.create_table(
        "command_hold",
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", ID, nullable=False),
        sa.Column("until", ID),
        sa.Column("request", ID),
        sa.ForeignKeyConstraint(["signal"], ["signal.number"], name="fk_command_hold_signal"),
        sa.ForeignKeyConstraint(["request"], ["command_request.number"], name="fk_command_hold_request"),
        sa.PrimaryKeyConstraint("signal", name="pk_command_hold"),
    )


def _command() -> None:
    op.create_table(
        "command",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("id", ORDERED, nullable=False),
        sa.Column("request", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("signal", ID, nullable=False),
        sa.Column("confirm_signal", ID, nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", ID, nullable=False),
        sa.Column("start_at", ID, nullable=False),
        sa.Column("expires_at", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("previous_value", sa.Double()),
        sa.Column("previous_text", sa.Text()),
        sa.Column("previous_code", sa.SmallInteger()),
        sa.Column("approved_by", sa.Text()),
        sa.Column("sent_at", ID),
        sa.Column("published_at", ID),
        sa.Column("acknowledged_at", ID),
        sa.Column("ended_at", ID),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("reverts", ID),
        sa.Column("detail", sa.Text()),
        sa.Column("due_at", ID),
        sa.Column("awaits", ID),
        sa.Column("worker", sa.Text()),
        sa.ForeignKeyConstraint(["request"], ["command_request.number"], name="fk_command_request"),
        sa.ForeignKeyConstraint(["signal"], ["signal.number"], name="fk_command_signal"),
        sa.PrimaryKeyConstraint("number", name="pk_command"),
        sa.UniqueConstraint("id", name="uq_command_id"),
    )
    op.create_index("ix_command_request", "command", ["request", "position"])
    op.create_index("ix_command_status", "command", ["status", "number"])
    op.create_index("ix_command_signal", "command", ["signal", "number"])
    partial = {"ix_command_due": ["due_at"], "ix_command_awaits": ["awaits"]}
    for name, columns in partial.items():
        where = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "command", columns, sqlite_where=where, postgresql_where=where)
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_command_open", "command", ["signal", "number"], sqlite_where=is_open, postgresql_where=is_open
    )
