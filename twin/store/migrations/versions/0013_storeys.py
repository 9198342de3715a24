"""The index of storeys without the objects that have none: those of city layers, which are most."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    some = sa.text("storey_id IS NOT NULL")
    op.drop_index("ix_object_version_storey_id", "object_version")
    op.create_index(
        "ix_object_version_storey_id",
        "object_version",
        ["storey_id"],
        sqlite_where=some,
        postgresql_where=some,
    )
