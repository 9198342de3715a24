"""Boxes of a placement: written beside those of the one that is shown, in short transactions."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select, update

from twin.ports import Boxes
from twin.store.boxes import is_box, union, unrolled, with_descendants
from twin.store.database import Database
from twin.store.ids import SPAN, compose, id_range
from twin.store.pace import Pace
from twin.store.schema import NO_PARENT, object_box, object_version, placement

_FIRST_PIECE = 512
"""Boxes of the first transaction (measured: 512 take 8 ms, R*Tree included)."""

BOUNDS = ("west", "south", "min_height", "east", "north", "max_height")
LOCAL = ("min_x", "min_y", "min_z", "max_x", "max_y", "max_z")

BoxRow = tuple[int, tuple[float | None, ...], tuple[float, ...]]
"""Id, local box or six times None, geographic box."""


class BoxTarget(NamedTuple):
    """Which placement of which revision is written; `guard` raises in each transaction if it may no longer be."""

    revision_id: int
    placement_id: int
    guard: Callable[[Connection], None]


def write_boxes(database: Database, target: BoxTarget, local: Boxes, geographic: Boxes) -> None:
    """Write the boxes of all objects of a revision, seen from one placement; those that were there go.

    Raises ValueError for arrays of another shape than (n, 6), or where something is drawn nowhere on Earth.
    """
    parents = _parents(database, target.revision_id)
    drawn = _checked(local, geographic, len(parents))
    around = with_descendants(unrolled(np.where(drawn[:, None], geographic, np.nan)), parents)
    leaf = drawn & ~_has_children(parents)
    around[leaf] = geographic[leaf]
    erase_boxes(database, target.placement_id)
    rows = list(_rows(target.placement_id, np.where(drawn[:, None], local, np.nan), around))
    for piece in Pace(_FIRST_PIECE).pieces(rows):
        with database.write() as connection:
            target.guard(connection)
            database.dialect.insert_rows(
                connection, object_box, [(i, *box, *place) for i, box, place in piece]
            )
            database.dialect.insert_places(connection, [(i, *place) for i, _, place in piece])
    with database.write() as connection:
        target.guard(connection)
        values = dict(zip(BOUNDS, union(around) or (None,) * 6, strict=True))
        connection.execute(update(placement).where(placement.c.id == target.placement_id).values(**values))


def _parents(database: Database, revision_id: int) -> NDArray[np.int64]:
    """(n,) ordinal of every object's parent, -1 for roots and for parents that are not there."""
    first, last = id_range(revision_id)
    with database.read() as connection:
        rows = connection.execute(
            select(object_version.c.parent_id)
            .where(object_version.c.id.between(first, last))
            .order_by(object_version.c.id)
        ).scalars()
        parents = np.fromiter(rows, dtype=np.int64) - first
    parents[(parents == NO_PARENT) | (parents >= len(parents))] = -1
    return parents


def _has_children(parents: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(parents), dtype=np.bool_)
    found[parents[parents >= 0]] = True
    return found


def _checked(local: Boxes, geographic: Boxes, count: int) -> NDArray[np.bool_]:
    for name, boxes in (("local", local), ("geographic", geographic)):
        if boxes.shape != (count, 6):
            raise ValueError(
                f"{name} boxes have the shape {boxes.shape}, not ({count}, 6): one row per staged object"
            )
    drawn = is_box(local)
    if not np.isfinite(geographic[drawn]).all() or not np.isfinite(local[drawn]).all():
        raise ValueError("an object is drawn, but its box is not finite")
    return drawn


def _rows(placement_id: int, local: Boxes, around: Boxes) -> Iterator[BoxRow]:
    there = np.flatnonzero(is_box(around))
    drawn = is_box(local)
    for ordinal, box, place in zip(
        there.tolist(), local[there].tolist(), around[there].tolist(), strict=True
    ):
        yield compose(placement_id, ordinal), tuple(box) if drawn[ordinal] else (None,) * 6, tuple(place)


def erase_boxes(database: Database, placement_id: int) -> None:
    """Delete the boxes of a placement that nobody sees, in short transactions."""
    first, last = id_range(placement_id)
    with database.read() as connection:
        found = select(object_box.c.id).where(object_box.c.id.between(first, last)).order_by(object_box.c.id)
        ids = list(connection.execute(found).scalars())
    for piece in Pace(_FIRST_PIECE).pieces(ids):
        with database.write() as connection:
            database.dialect.delete_places(connection, piece[0], piece[-1])
            connection.execute(delete(object_box).where(object_box.c.id.between(piece[0], piece[-1])))


def local_boxes(connection: Connection, revision_id: int, placement_id: int) -> Boxes:
    """(n, 6) boxes of what is drawn; NaN rows: not drawn."""
    first, last = id_range(revision_id)
    count = connection.execute(
        select(func.count()).select_from(object_version).where(object_version.c.id.between(first, last))
    ).scalar_one()
    boxes = np.full((count, 6), np.nan)
    first, last = id_range(placement_id)
    rows = connection.execute(
        select(object_box.c.id % SPAN, *(object_box.c[name] for name in LOCAL)).where(
            object_box.c.id.between(first, last), object_box.c.min_x.is_not(None)
        )
    ).all()
    if rows:
        found = np.array([tuple(row) for row in rows], dtype=np.float64)
        boxes[found[:, 0].astype(np.int64)] = found[:, 1:]
    return boxes
