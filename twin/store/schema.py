"""The tables, as SQLAlchemy Core sees them. One schema for every engine; `migrations` makes it.

Ids are composed where that saves a look-up. An object version has the id `revision << 32 | ordinal`, so that the rows of
one revision are one range of the primary key, in the order of GlobalIds, and a parent's id follows from its ordinal. A
box has the id `placement << 32 | ordinal` in the same way. `NO_PARENT` stands in for the parent of a root.

Whatever belongs to a place (the R*Tree here, a geometry column elsewhere) is the dialect's own and not in this metadata.
Times are microseconds since 1970-01-01 UTC. JSON is stored as text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects import postgresql

HEAD = "0014"
"""Version of the newest migration; a test compares it with the scripts, so that opening need not read them."""

ORDINAL_BITS = 32
"""`SourceObject.ordinal` is a uint32 in the spool."""

NO_PARENT = 0xFFFF_FFFF
"""Ordinal that stands for the parent of a root: the largest uint32, which no object has."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit everywhere; SQLite makes only a column declared INTEGER an alias of its row number."""

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared by code points: the order of Python's strings and of SQLite's BINARY collation."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Id, nullable=False),
)
"""Numbers given so far: the next one is `value`. Kept in rows, because sequences do not follow the order of commits and
lose what a rolled-back transaction took."""

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", Id, nullable=False),
    Column("heartbeat_at", Id, nullable=False),
)
"""Who works on what: one import of a model at a time, over all processes."""

model = Table(
    "model",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Ordered, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("removed_at", Id),
    Column("current_revision_id", Id),
    Index(None, "current_revision_id"),
)
"""`current_revision_id` is the one pointer that publishing moves; NULL: nothing is shown. No foreign key: the two tables
would refer to each other."""

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("model_id", Id, ForeignKey("model.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("placement_id", Id, nullable=False, unique=True),
    Column("schema", Text),
    Column("name", Text),
    Column("objects", Integer, nullable=False),
    Column("report", Text),
    Column("created_at", Id, nullable=False),
    Column("published_at", Id),
    Column("kept", Boolean, nullable=False),
    Column("emptied", Boolean, nullable=False),
    Column("packed", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("model_id", "number"),
)
"""`kept` is false once its objects may go; `emptied` is true when they are gone. `packed`: staged as tables, so its properties
are in `property_column` and its boxes in `box_block` and `place_group`."""

placement = Table(
    "placement",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("revision_id", Id, ForeignKey("revision.id"), nullable=False),
    Column("tileset", Text),
    Column("diagnosis", Text),
    Column("created_at", Id, nullable=False),
    Column("released_at", Id),
    *(Column(name, Double) for name in ("west", "south", "min_height", "east", "north", "max_height")),
    Index(None, "revision_id"),
)
"""Where a revision stands, with the tileset for that. `released_at`: since when its files are not kept."""

twin_object = Table(
    "object",
    metadata,
    Column("state_index", Id, primary_key=True, autoincrement=False),
    Column("model_id", Id, ForeignKey("model.id"), nullable=False),
    Column("global_id", Ordered, nullable=False),
    Column("first_revision", Integer),
    Column("retired_revision", Integer),
    UniqueConstraint("model_id", "global_id"),
    Index(None, "global_id"),
)
"""The identity of an object, for ever. `first_revision` is NULL while only discarded imports have known it."""

_IN_A_STOREY = text("storey_id IS NOT NULL")
"""Objects of city layers have none: a place in the index for each of them finds nothing, and takes 0.3 µs and 12 bytes."""

class_name = Table(
    "class_name",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Ordered, nullable=False, unique=True),
)

object_version = Table(
    "object_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("state_index", Id, ForeignKey("object.state_index"), nullable=False),
    Column("class_id", Integer, ForeignKey("class_name.id"), nullable=False),
    Column("parent_id", Id, nullable=False),
    Column("storey_id", Id),
    Column("discipline", Text, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("product", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("sort_key", Ordered, nullable=False),
    Column("search", Text, nullable=False),
    Index(None, "state_index"),
    Index(None, "class_id"),
    Index(None, "storey_id", sqlite_where=_IN_A_STOREY, postgresql_where=_IN_A_STOREY),
)
"""An object as one revision has it. Narrow: the text search scans these rows (25 ms for 100,000)."""

object_order = Table(
    "object_order",
    metadata,
    Column("parent_id", Id, primary_key=True, autoincrement=False),
    Column("sort_key", Ordered, primary_key=True),
    Column("id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Children in the order for people. A table and not an index, so that it can be written in its own order, when a revision is
complete. Without foreign keys, for the same reason as the values of properties below."""

object_attributes = Table(
    "object_attributes",
    metadata,
    Column("id", Id, ForeignKey("object_version.id"), primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)
"""What an object card shows, without the property sets; no row where there is nothing."""

property_key = Table(
    "property_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_name", Ordered, nullable=False),
    Column("name", Ordered, nullable=False),
    Column("type", Text, nullable=False),
    Column("unit", Text, nullable=False),
    UniqueConstraint("name", "set_name", "type", "unit"),
)
"""The dictionary of properties. `unit` is empty for none: NULL would not be unique."""

property_set = Table(
    "property_set",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""A property set by its content: the same set of many objects, and of a model's revisions, is one row. `digest` has no
index: 16 random bytes would dirty a page each, and an import holds those of its model in memory."""

property_number = Table(
    "property_number",
    metadata,
    Column("key_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Double, primary_key=True, autoincrement=False),
    Column("set_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""The numbers in property sets, in the order of searches and of nothing else. Without foreign keys here and
below: two look-ups a row are a third of an import's time, and the rows follow from the bodies of the sets."""

property_text = Table(
    "property_text",
    metadata,
    Column("key_id", Integer, primary_key=True, autoincrement=False),
    Column("text", Ordered, primary_key=True),
    Column("set_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""The texts, their first 200 characters; booleans are `true` and `false`."""

object_property_set = Table(
    "object_property_set",
    metadata,
    Column("object_id", Id, ForeignKey("object_version.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("set_id", Id, ForeignKey("property_set.id"), nullable=False),
    Index(None, "set_id", "object_id"),
    sqlite_with_rowid=False,
)

object_box = Table(
    "object_box",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    *(Column(name, Double) for name in ("min_x", "min_y", "min_z", "max_x", "max_y", "max_z")),
    *(
        Column(name, Double, nullable=False)
        for name in ("west", "south", "min_height", "east", "north", "max_height")
    ),
)
"""Local box of an object's own geometry (NULL: not drawn), geographic box with all that is below it in the tree."""

property_column = Table(
    "property_column",
    metadata,
    Column("block_id", Id, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Integer, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("body", LargeBinary, nullable=False),
    Index(None, "key_id", "block_id"),
)
"""A property of a block of successive objects (`twin.store.packed.columns`). `block_id` is the id of the block's first object;
`low` and `high` are the ends of its numbers, NULL of texts."""

box_block = Table(
    "box_block",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
"""What `object_box` has of each object, for a block of successive ones; `id` is that of the box of the first."""

relation = Table(
    "relation",
    metadata,
    Column("from_id", Id, primary_key=True, autoincrement=False),
    Column("to_id", Id, primary_key=True, autoincrement=False),
    Index(None, "to_id", "from_id"),
    sqlite_with_rowid=False,
)
"""Object versions of one revision of which the first feeds the second: water, current, traffic."""

shape_block = Table(
    "shape_block",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
"""What the bodies of a block of successive objects are like (`twin.shapes.SHAPE_ROW`); `id` is that of the first object."""

place_group = Table(
    "place_group",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    *(
        Column(name, Double, nullable=False)
        for name in ("west", "south", "min_height", "east", "north", "max_height")
    ),
    Column("body", LargeBinary, nullable=False),
)
"""Objects that lie near one another, with the rectangle of each and the box around them all: what the spatial index holds of
them. `id` is `placement << 32 | number`."""

class_count = Table(
    "class_count",
    metadata,
    Column("revision_id", Id, ForeignKey("revision.id"), primary_key=True, autoincrement=False),
    Column("class_id", Integer, ForeignKey("class_name.id"), primary_key=True, autoincrement=False),
    Column("objects", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
)

file = Table(
    "file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("model_id", Id, ForeignKey("model.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("unreferenced_since", Id),
    UniqueConstraint("model_id", "name"),
    Index(None, "unreferenced_since"),
)

placement_file = Table(
    "placement_file",
    metadata,
    Column("placement_id", Id, ForeignKey("placement.id"), primary_key=True, autoincrement=False),
    Column("file_id", Id, ForeignKey("file.id"), primary_key=True, autoincrement=False),
    Index(None, "file_id"),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("revision", Integer),
    Column("payload", Text, nullable=False),
    Column("at", Id, nullable=False),
)
