"""Rooms that fill a plan of rectangles, and the walls and doors that follow from where they meet. Millimetres."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sample_models.openings import LEAVES, Hole
from sample_models.rooms import Room
from sample_models.shapes import Point2
from sample_models.walls import Run

HALF = 100.0
"""Half the thickness of an inner wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one gets from one room to another: a door of this kind, or (`leaf` None) no wall at all. `share`: where along it."""

    rooms: frozenset[str]
    leaf: str | None
    share: float = 0.5


def door(one: str, other: str, leaf: str, share: float = 0.5) -> Way:
    """A door between two rooms."""
    return Way(rooms=frozenset((one, other)), leaf=leaf, share=share)


def open_to(one: str, other: str) -> Way:
    """Two rooms without a wall between them."""
    return Way(rooms=frozenset((one, other)), leaf=None)


@dataclass(frozen=True, slots=True)
class _Edge:
    """Where two rooms meet: along x (axis 0) or y (axis 1), at this other coordinate, from low to high."""

    axis: int
    at: float
    low: float
    high: float
    rooms: frozenset[str]


def unit_of(room_key: str) -> str:
    """What a room belongs to: the part of its key before the stroke (a flat, say)."""
    return room_key.split("/", 1)[0]


def _edges(rooms: Sequence[Room]) -> Iterator[_Edge]:
    for number, one in enumerate(rooms):
        a = one.bounds
        for other in rooms[number + 1 :]:
            b = other.bounds
            for axis in (0, 1):
                side = 1 - axis
                low, high = max(a[axis], b[axis]), min(a[axis + 2], b[axis + 2])
                if high - low < 1.0:
                    continue
                if a[side + 2] == b[side] or b[side + 2] == a[side]:
                    at = max(a[side], b[side])
                    yield _Edge(axis, at, low, high, frozenset((one.key, other.key)))


def inner_runs(rooms: Sequence[Room], ways: Iterable[Way], heights: Point2) -> list[Run]:
    """The inner walls of a plan: concrete where units meet, blocks within one; doors stand in them.

    Raises `ValueError` for a way between rooms that do not meet.
    """
    known = {way.rooms: way for way in ways}
    edges = list(_edges(rooms))
    lost = known.keys() - {edge.rooms for edge in edges}
    if lost:
        raise ValueError(f"no wall between {sorted(sorted(pair) for pair in lost)}")
    walled = [edge for edge in edges if not (edge.rooms in known and known[edge.rooms].leaf is None)]
    pieces = sorted(_merged(walled), key=lambda piece: (piece[0], piece[1], piece[2]))
    uprights = [(at, low, high) for axis, at, low, high, _ in pieces if axis == 1]
    return [_run(number, piece, edges, known, (heights, uprights)) for number, piece in enumerate(pieces, 1)]


_Piece = tuple[int, float, float, float, str]
"""Axis, place across, from, to, build."""


def _merged(edges: Iterable[_Edge]) -> Iterator[_Piece]:
    lines: dict[tuple[int, float, str], list[Point2]] = {}
    for edge in edges:
        build = "block" if len({unit_of(key) for key in edge.rooms}) == 1 else "core"
        lines.setdefault((edge.axis, edge.at, build), []).append((edge.low, edge.high))
    for (axis, at, build), spans in lines.items():
        low, high = min(spans)
        for start, end in sorted(spans)[1:]:
            if start > high:
                yield axis, at, low, high, build
                low, high = start, end
            high = max(high, end)
        yield axis, at, low, high, build


def _run(
    number: int,
    piece: _Piece,
    edges: Sequence[_Edge],
    ways: dict[frozenset[str], Way],
    around: tuple[Point2, list[tuple[float, float, float]]],
) -> Run:
    axis, at, low, high, build = piece
    heights, uprights = around
    if axis == 0:
        # Walls along x stop at the faces of those along y that they run into.
        low += HALF if _stands(uprights, low, at) else 0.0
        high -= HALF if _stands(uprights, high, at) else 0.0
    holes = tuple(
        Hole(key=f"door{place:.0f}", leaf=leaf, along=place - low)
        for leaf, place in _doors(edges, ways, axis, at)
        if low < place < high
    )
    ends = ((low, at), (high, at)) if axis == 0 else ((at, low), (at, high))
    return Run(key=f"{number:02d}", start=ends[0], end=ends[1], build=build, heights=heights, holes=holes)


def _stands(uprights: list[tuple[float, float, float]], x: float, y: float) -> bool:
    return any(at == x and low - 1.0 <= y <= high + 1.0 for at, low, high in uprights)


def _doors(
    edges: Sequence[_Edge], ways: dict[frozenset[str], Way], axis: int, at: float
) -> Iterator[tuple[str, float]]:
    for edge in edges:
        way = ways.get(edge.rooms)
        if (edge.axis, edge.at) == (axis, at) and way is not None and way.leaf is not None:
            half = LEAVES[way.leaf].width / 2 + HALF + 10.0
            place = edge.low + (edge.high - edge.low) * way.share
            yield way.leaf, min(max(place, edge.low + half), edge.high - half)
