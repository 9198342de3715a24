"""Reading objects: one with all about it, and the rows that lists are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, bindparam, exists, literal, select

from twin.errors import NotFound
from twin.objects import object_id
from twin.ports import Boxes
from twin.queries import Bounds, ObjectDetail, ObjectRecord, ObjectRef
from twin.store.attributes import attributes_of
from twin.store.database import Database
from twin.store.ids import SPAN
from twin.store.models import bounds_of
from twin.store.packed.boxes import boxes_of
from twin.store.placements import BOUNDS
from twin.store.schema import (
    class_name,
    model,
    object_box,
    object_order,
    object_version,
    revision,
    twin_object,
)

GLOBALLY_UNIQUE = frozenset({"ifc"})
"""Kinds of models whose GlobalIds mean the same object in every file (ISO 16739-1, IfcRoot); row numbers of a GIS layer
do not."""

MAX_SAME_AS = 1000
MAX_DEPTH = 256
"""Steps from an object to its root; a tree that is deeper is a loop."""

current_objects = (
    model.join(revision, revision.c.id == model.c.current_revision_id)
    .join(twin_object, twin_object.c.model_id == model.c.id)
    .join(
        object_version,
        (object_version.c.state_index == twin_object.c.state_index)
        & object_version.c.id.between(revision.c.id * SPAN, revision.c.id * SPAN + (SPAN - 1)),
    )
)
"""Objects as the current revisions have them, found by identity."""


_found = (
    select(object_version.c.id)
    .select_from(current_objects)
    .where(model.c.key == bindparam("key"), twin_object.c.global_id == bindparam("global_id"))
)
"""Statements that every request needs are built once: building them takes ten times as long as running them."""


def find(connection: Connection, key: str, global_id: str) -> int:
    """Id of an object's version in its model's current revision; raises NotFound."""
    found = connection.execute(_found, {"key": key, "global_id": global_id}).scalar()
    if found is None:
        raise NotFound("object", object_id(key, global_id))
    return int(found)


def detail(database: Database, key: str, global_id: str) -> ObjectDetail:
    """See `twin.ports.ObjectReader.object`."""
    with database.read() as connection:
        version_id = find(connection, key, global_id)
        (record,) = records(connection, [version_id])
        return ObjectDetail(
            record=record,
            attributes=attributes_of(connection, version_id),
            path=_path(connection, version_id, key),
            same_as=_same_as(connection, key, global_id),
        )


def _ancestors() -> Select[Any]:
    """From the root down to the parent of object `version_id`."""
    start = select(object_version.c.id, object_version.c.parent_id, literal(0).label("depth")).where(
        object_version.c.id == bindparam("version_id")
    )
    up = start.cte("up", recursive=True)
    upper = object_version.alias("upper")
    above = up.union_all(
        select(upper.c.id, upper.c.parent_id, up.c.depth + 1)
        .join(up, upper.c.id == up.c.parent_id)
        .where(up.c.depth < MAX_DEPTH, upper.c.id != bindparam("version_id"))
    )
    return (
        select(twin_object.c.global_id, object_version.c.name, class_name.c.name.label("class_name"))
        .select_from(above)
        .join(object_version, object_version.c.id == above.c.id)
        .join(twin_object, twin_object.c.state_index == object_version.c.state_index)
        .join(class_name, class_name.c.id == object_version.c.class_id)
        .where(above.c.depth > 0)
        .order_by(above.c.depth.desc())
    )


_path_to = _ancestors()


def _path(connection: Connection, version_id: int, key: str) -> list[ObjectRef]:
    """Ancestors, the root first. A loop among parents ends where it closes."""
    rows = connection.execute(_path_to, {"version_id": version_id})
    refs = (ObjectRef(id=object_id(key, row.global_id), name=row.name, class_=row.class_name) for row in rows)
    return list({ref.id: ref for ref in refs}.values())


_same_kind = model.alias("same_kind")
_elsewhere = (
    select(model.c.key, model.c.kind)
    .select_from(current_objects)
    .where(
        twin_object.c.global_id == bindparam("global_id"),
        model.c.kind
        == select(_same_kind.c.kind).where(_same_kind.c.key == bindparam("key")).scalar_subquery(),
        model.c.key != bindparam("key"),
    )
    .order_by(model.c.key)
    .limit(MAX_SAME_AS)
)


def _same_as(connection: Connection, key: str, global_id: str) -> list[str]:
    rows = connection.execute(_elsewhere, {"key": key, "global_id": global_id})
    return [object_id(row.key, global_id) for row in rows if row.kind in GLOBALLY_UNIQUE]


def records(connection: Connection, version_ids: Sequence[int]) -> list[ObjectRecord]:
    """Objects as lists show them, in the order of these ids (all of current revisions)."""
    rows = {row.id: row for row in connection.execute(_listed, {"version_ids": version_ids})}
    boxed = boxes_of(connection, [row.box_id for row in rows.values() if row.packed])
    return [_record(row, boxed.get(row.box_id)) for row in map(rows.__getitem__, version_ids)]


_parent, _storey = object_version.alias("parent"), object_version.alias("storey")
_parent_object, _storey_object = twin_object.alias("parent_object"), twin_object.alias("storey_object")


def _records() -> Select[Any]:
    version = object_version.c
    return (
        select(
            version.id,
            model.c.key,
            twin_object.c.global_id,
            class_name.c.name.label("class_name"),
            version.name,
            version.state_index,
            version.discipline,
            version.hidden,
            version.product,
            _parent_object.c.global_id.label("parent_id"),
            _storey_object.c.global_id.label("storey_id"),
            _storey.c.name.label("storey_name"),
            revision.c.packed,
            (version.id + (revision.c.placement_id - revision.c.id) * SPAN).label("box_id"),
            object_box.c.min_x,
            *(object_box.c[name] for name in BOUNDS),
            exists().where(object_order.c.parent_id == version.id).label("has_children"),
        )
        .join(revision, revision.c.id == version.id // SPAN)
        .join(model, model.c.id == revision.c.model_id)
        .join(twin_object, twin_object.c.state_index == version.state_index)
        .join(class_name, class_name.c.id == version.class_id)
        .join(_parent, _parent.c.id == version.parent_id, isouter=True)
        .join(_parent_object, _parent_object.c.state_index == _parent.c.state_index, isouter=True)
        .join(_storey, _storey.c.id == version.storey_id, isouter=True)
        .join(_storey_object, _storey_object.c.state_index == _storey.c.state_index, isouter=True)
        .join(
            object_box,
            object_box.c.id == version.id + (revision.c.placement_id - revision.c.id) * SPAN,
            isouter=True,
        )
        .where(version.id.in_(bindparam("version_ids", expanding=True)))
    )


_listed = _records()


def _record(row: Row[Any], packed: Boxes | None) -> ObjectRecord:
    """`packed`: local and geographic box, where they are kept in blocks."""

    def ref(global_id: str | None) -> str | None:
        return None if global_id is None else object_id(row.key, global_id)

    return ObjectRecord(
        model=row.key,
        global_id=row.global_id,
        class_=row.class_name,
        name=row.name,
        state_index=row.state_index,
        parent=ref(row.parent_id),
        storey=ref(row.storey_id),
        storey_name=row.storey_name,
        discipline=row.discipline,
        hidden=row.hidden,
        product=row.product,
        drawn=row.min_x is not None if packed is None else not np.isnan(packed[0]),
        has_children=row.has_children,
        bounds=bounds_of(row) if packed is None else _bounds(packed),
    )


def _bounds(packed: Boxes) -> Bounds:
    west, south, low, east, north, high = packed[6:].tolist()
    return (west, south, low, east, north, high)
