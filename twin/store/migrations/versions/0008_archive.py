"""Files of archived readings."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "archive_part",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("first_signal", ID, nullable=False),
        sa.Column("last_signal", ID, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("bytes", ID, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_archive_part"),
    )
    op.create_index("ix_archive_part_period_first_signal", "archive_part", ["period", "first_signal"])
    op.create_table(
        "archive_garbage",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_archive_garbage"),
    )
