"""Which object feeds which."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "relation",
        sa.Column("from_id", ID, autoincrement=False, nullable=False),
        sa.Column("to_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("from_id", "to_id", name="pk_relation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_relation_to_id_from_id", "relation", ["to_id", "from_id"])
