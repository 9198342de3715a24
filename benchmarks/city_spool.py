"""A made-up city as a spool: footprints with heights over blocks of streets, extruded to prisms, as columns.

Ten thousand buildings a chunk; ids are given at random, so that neighbours in space are no neighbours in order, as in most
layers. The same seed makes the same city.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.source import Material, MeshBatch
from twin.spool import GeometryWriter, ObjectWriter
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray

BLOCK_M = 90.0
"""Side of a block with its street; PER_BLOCK buildings in it make 1,100 a square kilometre built up."""
PER_BLOCK = 9
LOT_M = 26.0
EARTH_M = 6.371e6
"""The frame is a plane, the ground is not: it falls away by d²/2R, 17 m at 15 km."""
CHUNK = 9_000 * 4

_L = [(0, 0), (1, 0), (1, 0.5), (0.5, 0.5), (0.5, 1), (0, 1)]
_T = [(0.3, 0), (0.7, 0), (0.7, 0.5), (1, 0.5), (1, 1), (0, 1), (0, 0.5), (0.3, 0.5)]
_U = [(0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.4), (0.3, 0.4), (0.3, 1), (0, 1)]
_O = [(0.3, 0), (0.7, 0), (1, 0.3), (1, 0.7), (0.7, 1), (0.3, 1), (0, 0.7), (0, 0.3)]
SHAPES: list[tuple[float, list[tuple[float, float]], list[tuple[int, int, int]]]] = [
    (0.62, [(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 1, 2), (0, 2, 3)]),
    (0.2, _L, [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)]),
    (0.08, _T, [(0, 1, 2), (0, 2, 7), (2, 3, 4), (2, 4, 7), (7, 4, 5), (7, 5, 6)]),
    (0.06, _U, [(0, 1, 4), (1, 2, 3), (1, 3, 4), (0, 4, 5), (0, 5, 7), (5, 6, 7)]),
    (0.04, _O, [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 6), (0, 6, 7)]),
]
"""Share, corners in the unit square (counter-clockwise), triangles of the roof."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildings:
    """n buildings: corner of the lot, size, turn, height, shape; all (n,) or (n, 2), metres and radians."""

    centre: Floats
    size: Floats
    turn: Floats
    height: Floats
    shape: NDArray[np.int64]


def buildings(count: int, seed: int) -> Buildings:
    """A city of `count` buildings around (0, 0)."""
    draw = np.random.default_rng(seed)
    corners, radius = _blocks(-(-count // PER_BLOCK), draw)
    block, lot = np.divmod(np.arange(count), PER_BLOCK)
    corner = corners[block]
    place = np.column_stack([lot % 3, lot // 3]) * LOT_M + 13.0
    centre = corner + place + draw.uniform(-1.5, 1.5, (count, 2))
    middle = np.exp(-np.linalg.norm(centre, axis=1) / (0.25 * radius))
    storeys = 1 + draw.poisson(1.5 + 9.0 * middle * draw.gamma(1.0, 1.0, count))
    shares = np.array([share for share, _, _ in SHAPES])
    return Buildings(
        centre=centre,
        size=draw.uniform(8.0, 20.0, (count, 2)),
        turn=draw.normal(0.0, 0.05, count),
        height=np.round(storeys * 2.9 + draw.uniform(0.0, 2.0, count), 1),
        shape=draw.choice(len(SHAPES), count, p=shares / shares.sum()),
    )


def _blocks(count: int, draw: np.random.Generator) -> tuple[Floats, float]:
    """Corners of the `count` blocks that are built up first: dense in the middle, frayed at the edge, with a river and parks.

    Returns them in order of rows, and the radius of the city in metres.
    """
    side = int(np.ceil(1.6 * np.sqrt(count))) + 2
    x, y = (axis.reshape(-1) - side / 2.0 for axis in np.meshgrid(np.arange(side), np.arange(side)))
    distance = np.hypot(x, y) * (1.0 + 0.15 * np.sin(3.0 * np.arctan2(y, x)))
    rank = distance + draw.exponential(0.08 * side, len(x))
    rank[np.abs(y - 0.08 * side * np.sin(x / (0.12 * side))) < 0.012 * side] = np.inf
    for _ in range(12):
        at, size = draw.uniform(-0.4 * side, 0.4 * side, 2), draw.uniform(0.01, 0.03) * side
        rank[np.hypot(x - at[0], y - at[1]) < size] = np.inf
    chosen = np.sort(np.argsort(rank, kind="stable")[:count])
    corners = np.column_stack([x[chosen], y[chosen]]) * BLOCK_M
    return corners, float(np.linalg.norm(corners, axis=1).max())


def write_city(folder: Path, count: int, *, seed: int = 1) -> None:
    """Write the spool of a city of `count` buildings into `folder`."""
    made = buildings(count, seed)
    draw = np.random.default_rng(seed + 1)
    ordinal_of = draw.permutation(count)
    number = np.sort(draw.choice(900_000_000, count, replace=False)) + 100_000_000
    with GeometryWriter(folder, 0) as geometry:
        wall = geometry.add_material(Material(name="wall", color=(0.86, 0.82, 0.76, 1.0), double_sided=False))
        roof = geometry.add_material(Material(name="roof", color=(0.66, 0.38, 0.30, 1.0), double_sided=False))
        for start in range(0, count, CHUNK):
            for kind in range(len(SHAPES)):
                rows = np.flatnonzero(made.shape[start : start + CHUNK] == kind) + start
                if len(rows):
                    geometry.add_meshes(_prisms(made, rows, ordinal_of[rows], (wall, roof)))
    of_ordinal = np.argsort(ordinal_of)
    with ObjectWriter(folder) as objects:
        for start in range(0, count, CHUNK):
            rows = of_ordinal[start : start + CHUNK]
            objects.write_table(_table(made, rows, number[start : start + CHUNK], start))


def _table(made: Buildings, rows: NDArray[np.int64], number: NDArray[np.int64], first: int) -> ObjectTable:
    count = len(rows)
    draw = np.random.default_rng(first)
    named = draw.random(count) < 0.03
    kinds = ("apartments", "commercial", "house", "industrial", "residential", "school")

    def of_layer(name: str, kind: str, values: object, **more: object) -> PropertyColumn:
        return PropertyColumn(set_name="buildings", name=name, type=kind, values=values, **more)  # type: ignore[arg-type]

    return ObjectTable(
        first=first,
        global_ids=TextArray.of(f"{each}" for each in number.tolist()),
        names=TextArray.of(f"公寓 {at}号" if has else "" for at, has in enumerate(named.tolist())),
        classes=Coded.same("Building", count),
        disciplines=Coded.same("buildings", count),
        parents=np.full(count, NO_ORDINAL),
        storeys=np.full(count, NO_ORDINAL),
        hidden=np.zeros(count, dtype=bool),
        products=np.ones(count, dtype=bool),
        properties=(
            of_layer("height", "Real", made.height[rows], unit="m"),
            of_layer("levels", "Integer", (made.height[rows] / 2.9).astype(np.int64)),
            of_layer(
                "building",
                "String",
                Coded(codes=draw.integers(0, 6, count).astype(np.uint8), vocabulary=kinds),
            ),
            of_layer("year", "Integer", draw.integers(1850, 2025, count), valid=draw.random(count) < 0.4),
        ),
    )


def _prisms(
    made: Buildings, rows: NDArray[np.int64], ordinals: NDArray[np.int64], materials: tuple[int, int]
) -> MeshBatch:
    _, unit, roof = SHAPES[int(made.shape[rows[0]])]
    corners = (np.array(unit) - 0.5) * made.size[rows][:, None]
    cos, sin = np.cos(made.turn[rows])[:, None], np.sin(made.turn[rows])[:, None]
    plan = np.stack(
        [corners[..., 0] * cos - corners[..., 1] * sin, corners[..., 0] * sin + corners[..., 1] * cos], -1
    )
    n, k = plan.shape[:2]
    centre = made.centre[rows]
    origins = np.column_stack([centre, -(centre**2).sum(axis=1) / (2.0 * EARTH_M)])
    after = np.roll(plan, -1, axis=1)
    top = np.broadcast_to(made.height[rows][:, None], (n, k))
    zero = np.zeros((n, k))

    def at(xy: Floats, z: Floats) -> Floats:
        return np.concatenate([xy, z[..., None]], axis=-1)

    walls = np.stack([at(plan, zero), at(after, zero), at(after, top), at(plan, top)], axis=2).reshape(
        n, 4 * k, 3
    )
    along = after - plan
    out = np.stack([along[..., 1], -along[..., 0], zero], -1) / np.linalg.norm(along, axis=-1, keepdims=True)
    up = np.broadcast_to([0.0, 0.0, 1.0], (n, k, 3))
    quads = (np.arange(k)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    faces = np.array(roof)
    triangles = np.vstack([quads, faces[:, ::-1] + 4 * k, faces + 5 * k])
    grounds = 2 * k + len(faces)
    return MeshBatch(
        ordinals=ordinals,
        origins=origins,
        vertex_counts=np.full(n, 6 * k),
        triangle_counts=np.full(n, len(triangles)),
        part_counts=np.full(n, 2),
        positions=np.concatenate([walls, at(plan, zero), at(plan, top)], axis=1)
        .reshape(-1, 3)
        .astype(np.float32),
        normals=np.concatenate([np.repeat(out, 4, axis=1), -up, up], axis=1)
        .reshape(-1, 3)
        .astype(np.float32),
        triangles=np.tile(triangles, (n, 1)),
        parts=np.tile([[materials[0], 0, grounds], [materials[1], grounds, len(faces)]], (n, 1)),
    )
