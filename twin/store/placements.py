"""Boxes of a placement: written beside those of the one that is shown, in short transactions."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select, update

from twin.ports import Boxes
from twin.store.boxes import is_box, union, unrolled, with_descendants
from twin.store.database import Database
from twin.store.ids import SPAN, compose, id_range, integers
from twin.store.pace import Pace
from twin.store.packed import boxes as packed
from twin.store.schema import NO_PARENT, object_box, object_version, placement, revision

_FIRST_PIECE = 512
"""Boxes of the first transaction (measured: 512 take 8 ms, R*Tree included)."""

_FIRST_BLOCKS = 32
"""Blocks, or groups, of the first transaction (measured: 32 blocks of 512 boxes take 4 ms)."""

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
    drawn_local = np.where(drawn[:, None], local, np.nan)
    if _is_packed(database, target.revision_id):
        _write_packed(database, target, drawn_local, around, ~leaf)
    else:
        _write_rows(database, target, drawn_local, around)
    with database.write() as connection:
        target.guard(connection)
        values = dict(zip(BOUNDS, union(around) or (None,) * 6, strict=True))
        connection.execute(update(placement).where(placement.c.id == target.placement_id).values(**values))


def _is_packed(database: Database, revision_id: int) -> bool:
    with database.read() as connection:
        packed = select(revision.c.packed).where(revision.c.id == revision_id)
        return bool(connection.execute(packed).scalar_one())


def _write_packed(
    database: Database, target: BoxTarget, local: Boxes, around: Boxes, parent: NDArray[np.bool_]
) -> None:
    dialect = database.dialect
    for piece in Pace(_FIRST_BLOCKS).pieces(list(packed.blocks(target.placement_id, local, around))):
        with database.write() as connection:
            target.guard(connection)
            packed.insert_blocks(connection, dialect, piece)
    for groups in Pace(_FIRST_BLOCKS).pieces(packed.groups(target.placement_id, around, parent)):
        with database.write() as connection:
            target.guard(connection)
            packed.insert_groups(connection, dialect, groups)


def _write_rows(database: Database, target: BoxTarget, local: Boxes, around: Boxes) -> None:
    rows = list(_rows(target.placement_id, local, around))
    for piece in Pace(_FIRST_PIECE).pieces(rows):
        with database.write() as connection:
            target.guard(connection)
            database.dialect.insert_rows(
                connection, object_box, [(i, *box, *place) for i, box, place in piece]
            )
            database.dialect.insert_places(connection, [(i, *place) for i, _, place in piece])


def _parents(database: Database, revision_id: int) -> NDArray[np.int64]:
    """(n,) ordinal of every object's parent, -1 for roots and for parents that are not there."""
    first, last = id_range(revision_id)
    ours = object_version.c.id.between(first, last)
    own = object_version.c.parent_id
    with database.read() as connection:
        count, lowest = connection.execute(select(func.count(), func.min(own)).where(ours)).one()
        if not count or lowest == compose(revision_id, NO_PARENT):  # no tree: most layers have none
            return np.full(count, -1, dtype=np.int64)
        parents = integers(connection.execute(select(own).where(ours).order_by(object_version.c.id))) - first
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
            database.dialect.delete_places(connection, piece)
            connection.execute(delete(object_box).where(object_box.c.id.between(piece[0], piece[-1])))
    packed.erase(database, placement_id)


def local_boxes(connection: Connection, revision_id: int, placement_id: int) -> Boxes:
    """(n, 6) boxes of what is drawn; NaN rows: not drawn."""
    first, last = id_range(revision_id)
    count = connection.execute(
        select(func.count()).select_from(object_version).where(object_version.c.id.between(first, last))
    ).scalar_one()
    if connection.execute(select(revision.c.packed).where(revision.c.id == revision_id)).scalar_one():
        return packed.local_boxes(connection, placement_id, count)
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
