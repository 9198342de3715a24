"""Revisions staged as tables: properties and boxes in blocks. The order of the tree as a table."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _blocks()
    _order()


def _order() -> None:
    op.create_table(
        "object_order",
        sa.Column("parent_id", ID, autoincrement=False, nullable=False),
        sa.Column("sort_key", ORDERED, nullable=False),
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("parent_id", "sort_key", "id", name="pk_object_order"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO object_order SELECT parent_id, sort_key, id FROM object_version ORDER BY parent_id, sort_key, id"
    )
    op.drop_index("ix_object_version_parent_id_sort_key", "object_version")


def _blocks() -> None:
    op.add_column("revision", sa.Column("packed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "property_column",
        sa.Column("block_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("low", sa.Double()),
        sa.Column("high", sa.Double()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block_id", "position", name="pk_property_column"),
    )
    op.create_index("ix_property_column_key_id_block_id", "property_column", ["key_id", "block_id"])
    op.create_table(
        "box_block",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_box_block"),
    )
    op.create_table(
        "place_group",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("west", "south", "min_height", "east", "north", "max_height")
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_place_group"),
    )
    context.config.attributes["dialect"].create_group_places(op.get_bind())
