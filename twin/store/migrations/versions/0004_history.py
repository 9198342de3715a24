"""Roll-ups of history, and marks of those that late readings have outdated."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rollup",
        sa.Column("minutes", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("texts", sa.Text()),
        sa.PrimaryKeyConstraint("minutes", "day", "signal", name="pk_rollup"),
    )
    op.create_table(
        "rollup_mark",
        sa.Column("signal", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("signal", "day", "epoch", name="pk_rollup_mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rollup_mark_epoch", "rollup_mark", ["epoch"])
