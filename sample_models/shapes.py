"""Solids as plain values, in millimetres, right-handed, z up. No file format is known here."""

import math
from dataclasses import dataclass

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]
Outline = tuple[Point2, ...]
"""Corners of a polygon in order, the first not repeated."""

UP: Point3 = (0.0, 0.0, 1.0)
EAST: Point3 = (1.0, 0.0, 0.0)
NORTH: Point3 = (0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prism:
    """A polygon pushed along the normal of its plane.

    The plane stands at `origin`, its normal is `axis`, its first axis `ref` (unit vectors at right angles); `depth` is
    how far the outline is pushed along `axis`.
    """

    outline: Outline
    depth: float
    style: str
    origin: Point3 = (0.0, 0.0, 0.0)
    axis: Point3 = UP
    ref: Point3 = EAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A box with edges along the axes: the centre of its base, and its sizes along x, y and z."""

    base: Point3
    size: Point3
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rod:
    """A straight cylinder between two points."""

    start: Point3
    end: Point3
    radius: float
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """A closed surface of triangles; indices count from 0, outward faces run counter-clockwise."""

    points: tuple[Point3, ...]
    triangles: tuple[tuple[int, int, int], ...]
    style: str


Solid = Prism | Block | Rod | Mesh


def rectangle(low: Point2, high: Point2) -> Outline:
    """The four corners of a rectangle between its least and greatest corner, counter-clockwise."""
    return ((low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]))


def area(outline: Outline) -> float:
    """Signed area in mm², positive when the corners run counter-clockwise."""
    following = outline[1:] + outline[:1]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(outline, following, strict=True)) / 2


def perimeter(outline: Outline) -> float:
    """Length of the closed outline in mm."""
    following = outline[1:] + outline[:1]
    return sum(math.dist(a, b) for a, b in zip(outline, following, strict=True))


def box(low: Point3, high: Point3, style: str) -> Block:
    """The box between its least and greatest corner.

    Raises `ValueError` where a side is not positive: kernels draw nothing for such a box, and do not say so.
    """
    size = (high[0] - low[0], high[1] - low[1], high[2] - low[2])
    if min(size) <= 0:
        raise ValueError(f"a box needs positive sides, got {size} from {low} to {high}")
    return Block(base=((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]), size=size, style=style)


def plate(outline: Outline, bottom: float, top: float, style: str) -> Prism:
    """A horizontal plate with vertical sides between two heights."""
    return Prism(outline=outline, origin=(0.0, 0.0, bottom), depth=top - bottom, style=style)


def across_x(outline: Outline, x_low: float, x_high: float, style: str) -> Prism:
    """A side view drawn in (y, z), pushed along x from `x_low` to `x_high`."""
    return Prism(
        outline=outline, origin=(x_low, 0.0, 0.0), axis=EAST, ref=NORTH, depth=x_high - x_low, style=style
    )


def across_y(outline: Outline, y_low: float, y_high: float, style: str) -> Prism:
    """A side view drawn in (x, z), pushed along y from `y_low` to `y_high`."""
    # Seen so that x runs right and z up, the normal points to the south: the push starts at the far side.
    return Prism(
        outline=outline,
        origin=(0.0, y_high, 0.0),
        axis=(0.0, -1.0, 0.0),
        ref=EAST,
        depth=y_high - y_low,
        style=style,
    )


def ring(low: Point2, high: Point2, width: float, heights: Point2, style: str) -> tuple[Block, ...]:
    """Four boxes along the inside of a rectangle, `width` thick, between two heights; corners are not doubled."""
    (x0, y0), (x1, y1) = low, high
    bottom, top = heights
    return (
        box((x0, y0, bottom), (x1, y0 + width, top), style),
        box((x1 - width, y0 + width, bottom), (x1, y1 - width, top), style),
        box((x0, y1 - width, bottom), (x1, y1, top), style),
        box((x0, y0 + width, bottom), (x0 + width, y1 - width, top), style),
    )


def frame(width: float, height: float, bar: float, depth: float) -> tuple[tuple[Point3, Point3], ...]:
    """Corner pairs of the four bars of an upright frame, x across (centred), y through (centred), z up from 0."""
    half, through = width / 2, depth / 2
    return (
        ((-half, -through, 0.0), (half, through, bar)),
        ((-half, -through, height - bar), (half, through, height)),
        ((-half, -through, bar), (-half + bar, through, height - bar)),
        ((half - bar, -through, bar), (half, through, height - bar)),
    )


def crown(centre: Point3, radii: Point3, style: str) -> Mesh:
    """A low ellipsoid of twenty triangles (an icosahedron stretched to `radii`): the crown of a tree."""
    golden = (1 + math.sqrt(5)) / 2
    unit = math.sqrt(1 + golden * golden)
    raw = [
        (-1, golden, 0), (1, golden, 0), (-1, -golden, 0), (1, -golden, 0),
        (0, -1, golden), (0, 1, golden), (0, -1, -golden), (0, 1, -golden),
        (golden, 0, -1), (golden, 0, 1), (-golden, 0, -1), (-golden, 0, 1),
    ]  # fmt: skip
    points = tuple(
        (
            round(centre[0] + x / unit * radii[0], 1),
            round(centre[1] + y / unit * radii[1], 1),
            round(centre[2] + z / unit * radii[2], 1),
        )
        for x, y, z in raw
    )
    triangles = (
        (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2),
        (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5),
        (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
    )  # fmt: skip
    return Mesh(points=points, triangles=triangles, style=style)
