"""Which objects of packed revisions pass the conditions on properties and place; and pages of them, in the two orders.

What passes is an array of ids for each model, made from the blocks in milliseconds. The other filters are SQL on rows, as for
every object: of those in the array, a piece at a time, until a page is full.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from twin.queries import ObjectQuery
from twin.store.dialect import Dialect
from twin.store.ids import compose
from twin.store.packed import boxes, properties
from twin.store.packed.comparing import Test, of_condition
from twin.store.properties import key_ids
from twin.store.schema import model, revision

FIRST_PIECE, LARGEST_PIECE = 400, 20_000
"""Ids of the first statement, and of the largest: 20,000 are looked up in 30 ms."""

SORTED_AT_ONCE = 20_000
"""More than these are not sorted by their place in the tree, but the tree is gone through until a page is full."""

_models = (
    select(model.c.id, model.c.key, revision.c.id.label("revision_id"), revision.c.placement_id)
    .join(revision, revision.c.id == model.c.current_revision_id)
    .where(revision.c.packed)
    .order_by(model.c.id)
)


class Passing(NamedTuple):
    """Objects of one model: its id and key, and theirs in order."""

    model_id: int
    key: str
    ids: NDArray[np.int64]


def passing(connection: Connection, dialect: Dialect, query: ObjectQuery) -> list[Passing]:
    """What passes all conditions of a query on properties and place, in packed models, those in the order of their ids."""
    found = [row for row in connection.execute(_models) if not query.models or row.key in query.models]
    if not found:
        return []
    placed = {} if query.bbox is None else boxes.touching(connection, dialect, query.bbox)
    asked = [(of_condition(one), key_ids(connection, one)) for one in query.properties]
    passed: list[Passing] = []
    for row in found:
        chosen = [] if query.bbox is None else [_of_placement(row.revision_id, placed.get(row.placement_id))]
        chosen += [properties.passing(connection, row.revision_id, keys, test) for test, keys in asked]
        ids = reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), chosen)
        if len(ids):
            passed.append(Passing(row.id, row.key, ids))
    return passed


def _of_placement(revision_id: int, ordinals: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.empty(0, np.int64) if ordinals is None else compose(revision_id, 0) + ordinals


def with_property(connection: Connection, keys: Sequence[int], test: Test) -> list[int]:
    """Ids of all objects of packed models that have one of these properties with a value that passes."""
    found = [
        properties.passing(connection, row.revision_id, keys, test) for row in connection.execute(_models)
    ]
    return [identifier for ids in found for identifier in ids.tolist()]


def near(
    connection: Connection, dialect: Dialect, box: tuple[float, float, float, float]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(n,) ids of all objects of packed models whose box touches a rectangle, and (n, 4) the rectangle of each: west, south,
    east, north.
    """
    rows = connection.execute(_models).all()
    revisions = {row.placement_id: row.revision_id for row in rows}
    ids, rectangles = [np.empty(0, np.int64)], [np.empty((0, 4))]
    for placement_id, members in boxes.near(connection, dialect, box) if rows else ():
        if placement_id in revisions:
            ids.append(compose(revisions[placement_id], 0) + members["ordinal"].astype(np.int64))
            rectangles.append(members["rectangle"])
    return np.concatenate(ids), np.concatenate(rectangles)


def first_by_id(
    passed: Sequence[Passing],
    after: tuple[int, int],
    count: int,
    among: Callable[[Sequence[int]], Sequence[Row[Any]]],
) -> list[Row[Any]]:
    """The first `count` rows after object `after[1]` of model `after[0]`; `among(ids)`: those of these that pass the rest, in
    order.
    """
    rows: list[Row[Any]] = []
    model_id, last = after
    for one in passed:
        if one.model_id < model_id:
            continue
        start = int(np.searchsorted(one.ids, last, "right")) if one.model_id == model_id else 0
        for piece in _pieces(one.ids[start:]):
            rows.extend(among(piece.tolist()))
            if len(rows) >= count:
                return rows[:count]
    return rows


def _pieces(ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    size, at = FIRST_PIECE, 0
    while at < len(ids):
        yield ids[at : at + size]
        at, size = at + size, min(size * 2, LARGEST_PIECE)


def first_in_tree(
    wanted: NDArray[np.int64], count: int, following: Callable[[Row[Any] | None, int], Sequence[Row[Any]]]
) -> list[Row[Any]]:
    """The first `count` rows of a walk through the tree that are among `wanted` (ascending); `following(row, n)`: n rows after one."""
    rows: list[Row[Any]] = []
    last, size = None, FIRST_PIECE
    while len(rows) < count:
        seen = following(last, size)
        ids = np.array([row.id for row in seen], np.int64)
        at = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
        rows.extend(row for row, holds in zip(seen, (wanted[at] == ids).tolist(), strict=True) if holds)
        if len(seen) < size:
            break
        last, size = seen[-1], min(size * 2, LARGEST_PIECE)
    return rows[:count]
