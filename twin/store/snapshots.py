"""All objects of a revision as columns, for comparing it with another.

Texts and attributes are hashed: what matters is whether they are equal, and a million of them fit into 8 MB. Hashes of texts are
Python's, which differ from process to process, so they are never stored.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select

from twin.differences import Snapshot
from twin.objects import Property, PropertyType
from twin.store import shapes
from twin.store.ids import SPAN, id_range, ordinal_of
from twin.store.packed.columns import StoredColumn
from twin.store.placements import local_boxes
from twin.store.schema import (
    object_attributes,
    object_property_set,
    object_version,
    property_column,
    property_set,
)

_ROWS = 50_000
"""Rows held at once: 20 MB."""

_EXACT = 2**53
"""Integers below are doubles, too."""

_properties = msgspec.json.Decoder(dict[str, Property])


class RevisionHere(NamedTuple):
    """What identifies a revision inside the store."""

    id: int
    placement_id: int
    packed: bool


def snapshot(connection: Connection, here: RevisionHere) -> Snapshot:
    """Read all of a revision."""
    rows = np.concatenate([*_versions(connection, here.id), np.empty((0, 4), np.int64)])
    count = len(rows)
    attributes = np.zeros(count, np.int64)
    _add_rows(connection, here.id, attributes)
    if here.packed:
        _add_columns(connection, here.id, attributes)
    parents = rows[:, 3] % SPAN
    known = parents < count
    parents[known] = rows[parents[known], 0]
    parents[~known] = -1
    return Snapshot(
        state_indexes=rows[:, 0],
        classes=rows[:, 1],
        names=rows[:, 2],
        attributes=attributes,
        parents=parents,
        boxes=local_boxes(connection, here.id, here.placement_id),
        shapes=shapes.of_revision(connection, here.id, count),
    )


_piece = (
    select(
        object_version.c.state_index,
        object_version.c.class_id,
        object_version.c.name,
        object_version.c.parent_id,
        object_version.c.id,
    )
    .where(object_version.c.id >= bindparam("first"), object_version.c.id <= bindparam("last"))
    .order_by(object_version.c.id)
    .limit(_ROWS)
)


def _versions(connection: Connection, revision_id: int) -> Iterator[NDArray[np.int64]]:
    """(n, 4): state index, class, hash of the name, id of the parent; in the order of ordinals."""
    first, last = id_range(revision_id)
    while rows := connection.execute(_piece, {"first": first, "last": last}).all():
        yield np.array([(row[0], row[1], hash(row[2]), row[3]) for row in rows], np.int64)
        first = rows[-1][4] + 1


def _add_rows(connection: Connection, revision_id: int, sums: NDArray[np.int64]) -> None:
    """Attributes and property sets of objects that are stored as rows."""
    first, last = id_range(revision_id)
    link, body = object_property_set.c, object_attributes.c
    plain = select(body.id, body.body).where(body.id >= first, body.id <= last)
    for identifier, text in connection.execute(plain):
        sums[ordinal_of(identifier)] += np.int64(hash(text) >> 1)
    mine = (link.object_id >= first, link.object_id <= last)
    used = select(link.set_id).where(*mine)
    sets = select(property_set.c.id, property_set.c.name, property_set.c.body).where(
        property_set.c.id.in_(used)
    )
    hashes = {row.id: _hash_of_set(row.name, row.body) for row in connection.execute(sets)}
    with np.errstate(over="ignore"):
        for object_id, set_id in connection.execute(select(link.object_id, link.set_id).where(*mine)):
            sums[ordinal_of(object_id)] += hashes[set_id]


def _hash_of_set(set_name: str, body: str) -> np.int64:
    properties: Mapping[str, Property] = _properties.decode(body)
    with np.errstate(over="ignore"):
        values = [
            _mixed(np.array([_of_value(p.value)], np.int64), (set_name, name, p.unit))[0]
            for name, p in properties.items()
        ]
        return np.int64(np.sum(values, dtype=np.int64)) if values else np.int64(0)


def _of_value(value: PropertyType) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and abs(value) < _EXACT:
        value = float(value)  # a column that has become one of decimals holds the same numbers
    if isinstance(value, float):
        return int(np.float64(value).view(np.int64))
    return hash(msgspec.json.encode(value) if isinstance(value, list) else value) >> 1


def _add_columns(connection: Connection, revision_id: int, sums: NDArray[np.int64]) -> None:
    """Properties of objects that are stored as columns."""
    first, last = id_range(revision_id)
    column = property_column.c
    found = select(column.block_id, column.body).where(column.block_id >= first, column.block_id <= last)
    with np.errstate(over="ignore"):
        for block_id, body in connection.execute(found):
            stored = StoredColumn(body)
            values = np.fromiter(map(_of_value, stored.values()), np.int64, count=len(stored.rows))
            sums[ordinal_of(block_id) + stored.rows] += _mixed(
                values, (stored.set_name, stored.name, stored.unit)
            )


def _mixed(values: NDArray[np.int64], key: tuple[str, str, str | None]) -> NDArray[np.int64]:
    """Hashes of properties from those of their values: sums of them do not depend on an order, and tell values apart that
    have changed places.
    """
    mixed = (values ^ np.int64(hash(key) >> 1)).view(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))).view(np.int64))
