"""Live state: signals, their states and history, changes for feeds, dead letters, bindings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    _signals()
    _readings()
    _changes()


def _signals() -> None:
    op.create_table(
        "signal",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("state_index", ID, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("settable", sa.Boolean(), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["state_index"], ["object.state_index"], name="fk_signal_state_index"),
        sa.PrimaryKeyConstraint("number", name="pk_signal"),
        sa.UniqueConstraint("state_index", "name", name="uq_signal_state_index_name"),
    )
    op.create_index("ix_signal_kind", "signal", ["kind"])
    op.create_index("ix_signal_name", "signal", ["name"])
    op.create_table(
        "signal_state",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("observed_at", ID),
        sa.Column("received_at", ID),
        sa.Column("changed_at", ID),
        sa.Column("period_us", ID),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("first_at", ID),
        sa.Column("state_index", ID, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["signal.number"], name="fk_signal_state_number"),
        sa.PrimaryKeyConstraint("number", name="pk_signal_state"),
    )


def _readings() -> None:
    op.create_table(
        "reading",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("observed_at", ID, autoincrement=False, nullable=False),
        sa.Column("received_at", ID, nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "signal", "observed_at", name="pk_reading"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recent_reading",
        sa.Column("batch", ID, autoincrement=False, nullable=False),
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("observed_at", ID, autoincrement=False, nullable=False),
        sa.Column("received_at", ID, nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("text", sa.Text()),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "signal", "observed_at", name="pk_recent_reading"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recent_batch",
        sa.Column("batch", ID, autoincrement=False, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("oldest", ID, nullable=False),
        sa.Column("newest", ID, nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch", name="pk_recent_batch"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
    )


def _changes() -> None:
    op.create_table(
        "state_change",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("at", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("total", ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_state_change"),
    )
    op.create_table(
        "binding",
        sa.Column("source", ORDERED, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "position", name="pk_binding"),
    )
