"""Boxes of packed revisions: arrays by ordinal for reading, and groups of what lies near one another for finding.

An R*Tree takes 6 to 12 us to enter one box, a million of them longer than everything else of an import. A group of 64 is one
entry, and its members are compared as an array.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, bindparam, delete, select

from twin.ports import Boxes
from twin.store.boxes import is_box, unrolled
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.ids import SPAN, compose, id_range, ordinal_of
from twin.store.pace import Pace
from twin.store.schema import box_block, place_group

BLOCK = 512
"""Objects of a block: 48 kB, of which a page of objects that lie apart reads a hundred."""

GROUP = 64
"""Objects of a group: a street has some, and one that is touched at its edge is compared in 5 us."""

_CELLS = 1 << 16
"""Steps of a layer's longitudes and latitudes along the curve that groups follow."""

_COLUMNS = 12
_MEMBER = np.dtype([("ordinal", "<u4"), ("rectangle", "<f8", 4)])
_FIRST_PIECE = 64

PlaceRow = tuple[int, float, float, float, float, float, float]


class _Group(NamedTuple):
    place: PlaceRow
    body: bytes


def blocks(placement_id: int, local: Boxes, around: Boxes) -> Iterator[tuple[int, bytes]]:
    """Rows of `box_block`: local box (NaN: not drawn) and geographic box with all below, of each object."""
    there = is_box(around)
    for start in range(0, len(around), BLOCK):
        some = slice(start, start + BLOCK)
        if there[some].any():
            rows = np.hstack([local[some], around[some]])
            yield compose(placement_id, start), rows.astype("<f8", copy=False).tobytes()


def groups(placement_id: int, around: Boxes, parent: NDArray[np.bool_]) -> list[_Group]:
    """Objects with a box, near ones together; those that hold others (`parent`) apart, since they are large."""
    made: list[_Group] = []
    whole = unrolled(around)
    for chosen in (is_box(around) & ~parent, is_box(around) & parent):
        ordinals = np.flatnonzero(chosen)
        ordinals = ordinals[np.argsort(_along_curve(whole[ordinals]), kind="stable")]
        made.extend(_groups(compose(placement_id, len(made)), around, whole, ordinals))
    return made


def _groups(first: int, around: Boxes, whole: Boxes, ordinals: NDArray[np.int64]) -> Iterator[_Group]:
    """Groups of successive `ordinals`, whose ids go on from `first`."""
    if not len(ordinals):
        return
    members = np.empty(len(ordinals), _MEMBER)
    members["ordinal"] = ordinals
    members["rectangle"] = around[ordinals][:, [0, 1, 3, 4]]
    starts = np.arange(0, len(ordinals), GROUP)
    low = np.minimum.reduceat(whole[ordinals, :3], starts).tolist()
    high = np.maximum.reduceat(whole[ordinals, 3:], starts).tolist()
    for place, start in enumerate(starts.tolist()):
        west, south, lowest = low[place]
        east, north, highest = high[place]
        box = (first + place, west, south, lowest, east, north, highest)
        yield _Group(box, members[start : start + GROUP].tobytes())


def _along_curve(boxes: Boxes) -> NDArray[np.uint32]:
    """Place of each centre on a Z-order curve over all of them; none crosses the antimeridian."""
    if not len(boxes):
        return np.empty(0, np.uint32)
    centres = (boxes[:, [0, 1]] + boxes[:, [3, 4]]) / 2
    low = centres.min(axis=0)
    extent = np.maximum((centres.max(axis=0) - low).max(), 1e-12)
    cells = ((centres - low) / extent * (_CELLS - 1)).astype(np.uint32)
    return np.asarray(_spread(cells[:, 0]) | (_spread(cells[:, 1]) << np.uint32(1)))


def _spread(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The 16 bits of each value on the even places of 32."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << np.uint32(shift))) & np.uint32(mask)
    return values


def insert_blocks(connection: Connection, dialect: Dialect, rows: Sequence[tuple[int, bytes]]) -> None:
    """Write some blocks."""
    dialect.insert_rows(connection, box_block, rows)


def insert_groups(connection: Connection, dialect: Dialect, found: Sequence[_Group]) -> None:
    """Write some groups, and enter them into the spatial index."""
    dialect.insert_rows(connection, place_group, [(*one.place, one.body) for one in found])
    dialect.insert_places(connection, [one.place for one in found])


def erase(database: Database, placement_id: int) -> None:
    """Delete the boxes of a placement that nobody sees, in short transactions."""
    first, last = id_range(placement_id)
    for table in (place_group, box_block):
        with database.read() as connection:
            ids = list(
                connection.execute(
                    select(table.c.id).where(table.c.id.between(first, last)).order_by(table.c.id)
                ).scalars()
            )
        for piece in Pace(_FIRST_PIECE).pieces(ids):
            with database.write() as connection:
                if table is place_group:
                    database.dialect.delete_places(connection, piece)
                connection.execute(delete(table).where(table.c.id.between(piece[0], piece[-1])))


_some = select(box_block.c.id, box_block.c.body).where(
    box_block.c.id.in_(bindparam("block_ids", expanding=True))
)
_all = select(box_block.c.id, box_block.c.body).where(
    box_block.c.id >= bindparam("first"), box_block.c.id <= bindparam("last")
)


def _array(body: bytes) -> Boxes:
    return np.frombuffer(body, "<f8").reshape(-1, _COLUMNS)


def boxes_of(connection: Connection, box_ids: Sequence[int]) -> dict[int, Boxes]:
    """Local and geographic box, (12,), by id of the box; those that have none are left out."""
    wanted = sorted({identifier - ordinal_of(identifier) % BLOCK for identifier in box_ids})
    found = {row.id: _array(row.body) for row in connection.execute(_some, {"block_ids": wanted})}
    boxes: dict[int, Boxes] = {}
    for identifier in box_ids:
        row = ordinal_of(identifier) % BLOCK
        block = found.get(identifier - row)
        if block is not None and not np.isnan(block[row, 6]):
            boxes[identifier] = block[row]
    return boxes


def local_boxes(connection: Connection, placement_id: int, count: int) -> Boxes:
    """(count, 6) boxes of what is drawn; NaN rows: not drawn."""
    boxes = np.full((count, 6), np.nan)
    first, last = id_range(placement_id)
    for identifier, body in connection.execute(_all, {"first": first, "last": last}):
        block, start = _array(body), ordinal_of(identifier)
        boxes[start : start + len(block)] = block[:, :6]
    return boxes


def near(
    connection: Connection, dialect: Dialect, box: tuple[float, float, float, float]
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Objects whose box touches a rectangle (west, south, east, north), by placement, of any placement: ordinals and
    rectangles. One that touches both parts of a rectangle across the antimeridian comes twice.
    """
    west, south, east, north = box
    for part_west, part_east in [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]:
        asked = {"west": part_west, "south": south, "east": part_east, "north": north}
        for placement_id, members in _members(connection.execute(_near(dialect), asked).all()):
            yield placement_id, members[_touches(members["rectangle"], part_west, south, part_east, north)]


def touching(
    connection: Connection, dialect: Dialect, box: tuple[float, float, float, float]
) -> dict[int, NDArray[np.int64]]:
    """Ordinals of these objects by placement, in order, each once."""
    found: dict[int, list[NDArray[np.int64]]] = {}
    for placement_id, members in near(connection, dialect, box):
        found.setdefault(placement_id, []).append(members["ordinal"].astype(np.int64))
    return {placement: np.unique(np.concatenate(parts)) for placement, parts in found.items()}


def _members(groups: Sequence[Row[Any]]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Placement, and the members of all of its groups as one array."""
    by_placement: dict[int, list[bytes]] = {}
    for group in groups:
        by_placement.setdefault(group.id // SPAN, []).append(group.body)
    for placement_id, bodies in by_placement.items():
        yield placement_id, np.frombuffer(b"".join(bodies), _MEMBER)


@lru_cache(maxsize=8)
def _near(dialect: Dialect) -> Select[Any]:
    places = dialect.places_within(
        bindparam("west"), bindparam("south"), bindparam("east"), bindparam("north"), grouped=True
    ).subquery()
    return select(place_group.c.id, place_group.c.body).join(places, places.c.id == place_group.c.id)


def _touches(
    rectangles: NDArray[np.float64], west: float, south: float, east: float, north: float
) -> NDArray[np.bool_]:
    """Edges included; a box with west > east reaches over the antimeridian."""
    w, s, e, n = rectangles.T
    plain = (w <= e) & (w <= east) & (e >= west)
    around = (w > e) & ((w <= east) | (e >= west))
    return np.asarray((plain | around) & (s <= north) & (n >= south))
