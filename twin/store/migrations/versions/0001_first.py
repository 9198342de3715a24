"""The first schema: models, revisions, objects, properties, places, files, the change log."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    _bookkeeping()
    _models()
    _files()
    _objects()
    _properties()
    _places()
    context.config.attributes["dialect"].create_places(op.get_bind())


def _bookkeeping() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_started", ID, nullable=False),
        sa.Column("heartbeat_at", ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "change",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", ID, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
    )


def _models() -> None:
    op.create_table(
        "model",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", ORDERED, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", ID, nullable=False),
        sa.Column("removed_at", ID),
        sa.Column("current_revision_id", ID),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
        sa.UniqueConstraint("key", name="uq_model_key"),
    )
    op.create_index("ix_model_current_revision_id", "model", ["current_revision_id"])
    op.create_table(
        "revision",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("model_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("placement_id", ID, nullable=False),
        sa.Column("schema", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text()),
        sa.Column("created_at", ID, nullable=False),
        sa.Column("published_at", ID),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("emptied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_revision_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("model_id", "number", name="uq_revision_model_id_number"),
        sa.UniqueConstraint("placement_id", name="uq_revision_placement_id"),
    )
    op.create_table(
        "placement",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("revision_id", ID, nullable=False),
        sa.Column("tileset", sa.Text()),
        sa.Column("diagnosis", sa.Text()),
        sa.Column("created_at", ID, nullable=False),
        sa.Column("released_at", ID),
        sa.Column("west", sa.Double()),
        sa.Column("south", sa.Double()),
        sa.Column("min_height", sa.Double()),
        sa.Column("east", sa.Double()),
        sa.Column("north", sa.Double()),
        sa.Column("max_height", sa.Double()),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_placement_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_placement"),
    )
    op.create_index("ix_placement_revision_id", "placement", ["revision_id"])


def _files() -> None:
    op.create_table(
        "file",
        sa.Column("id", ID, nullable=False),
        sa.Column("model_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unreferenced_since", ID),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_file_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
        sa.UniqueConstraint("model_id", "name", name="uq_file_model_id_name"),
    )
    op.create_index("ix_file_unreferenced_since", "file", ["unreferenced_since"])
    op.create_table(
        "placement_file",
        sa.Column("placement_id", ID, autoincrement=False, nullable=False),
        sa.Column("file_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_placement_file_file_id"),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name="fk_placement_file_placement_id"),
        sa.PrimaryKeyConstraint("placement_id", "file_id", name="pk_placement_file"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_placement_file_file_id", "placement_file", ["file_id"])


def _objects() -> None:
    op.create_table(
        "class_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_class_name"),
        sa.UniqueConstraint("name", name="uq_class_name_name"),
    )
    op.create_table(
        "object",
        sa.Column("state_index", ID, autoincrement=False, nullable=False),
        sa.Column("model_id", ID, nullable=False),
        sa.Column("global_id", ORDERED, nullable=False),
        sa.Column("first_revision", sa.Integer()),
        sa.Column("retired_revision", sa.Integer()),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_object_model_id"),
        sa.PrimaryKeyConstraint("state_index", name="pk_object"),
        sa.UniqueConstraint("model_id", "global_id", name="uq_object_model_id_global_id"),
    )
    op.create_index("ix_object_global_id", "object", ["global_id"])
    op.create_table(
        "object_version",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("state_index", ID, nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", ID, nullable=False),
        sa.Column("storey_id", ID),
        sa.Column("discipline", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("product", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", ORDERED, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class_name.id"], name="fk_object_version_class_id"),
        sa.ForeignKeyConstraint(
            ["state_index"], ["object.state_index"], name="fk_object_version_state_index"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_object_version"),
    )
    op.create_index("ix_object_version_class_id", "object_version", ["class_id"])
    op.create_index("ix_object_version_parent_id_sort_key", "object_version", ["parent_id", "sort_key"])
    op.create_index("ix_object_version_state_index", "object_version", ["state_index"])
    op.create_index("ix_object_version_storey_id", "object_version", ["storey_id"])
    op.create_table(
        "object_attributes",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["object_version.id"], name="fk_object_attributes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_object_attributes"),
    )


def _properties() -> None:
    op.create_table(
        "property_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("set_name", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_property_key"),
        sa.UniqueConstraint(
            "name", "set_name", "type", "unit", name="uq_property_key_name_set_name_type_unit"
        ),
    )
    op.create_table(
        "property_set",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_property_set"),
    )
    op.create_table(
        "property_number",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("set_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "number", "set_id", name="pk_property_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "property_text",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", ORDERED, nullable=False),
        sa.Column("set_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "text", "set_id", name="pk_property_text"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "object_property_set",
        sa.Column("object_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("set_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["object_version.id"], name="fk_object_property_set_object_id"
        ),
        sa.ForeignKeyConstraint(["set_id"], ["property_set.id"], name="fk_object_property_set_set_id"),
        sa.PrimaryKeyConstraint("object_id", "position", name="pk_object_property_set"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_object_property_set_set_id_object_id", "object_property_set", ["set_id", "object_id"])


def _places() -> None:
    op.create_table(
        "object_box",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("min_x", sa.Double()),
        sa.Column("min_y", sa.Double()),
        sa.Column("min_z", sa.Double()),
        sa.Column("max_x", sa.Double()),
        sa.Column("max_y", sa.Double()),
        sa.Column("max_z", sa.Double()),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("min_height", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.Column("max_height", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_object_box"),
    )
    op.create_table(
        "class_count",
        sa.Column("revision_id", ID, autoincrement=False, nullable=False),
        sa.Column("class_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class_name.id"], name="fk_class_count_class_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_class_count_revision_id"),
        sa.PrimaryKeyConstraint("revision_id", "class_id", name="pk_class_count"),
    )
