"""City layers made for tests: houses in columns, in the plane frame that layers have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.tiles.spools import box
from tiles import BuiltTileset, TileOptions, build_tileset
from twin.frames import Frame, TangentPlane
from twin.source import Material, MeshBatch
from twin.spool import GeometryWriter, ObjectWriter, Spool
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray

PLANE = TangentPlane.near(121.55, 29.87)
FIRST_INDEX = 70_000


def frame() -> Frame:
    return Frame(PLANE.placement())


def grid(count: int, *, pitch_m: float = 30.0, height_m: float | None = None) -> NDArray[np.float64]:
    """(n, 6) origins and sizes of houses on a square grid around the origin, every one of another size."""
    side = int(np.ceil(np.sqrt(count)))
    at = np.arange(count)
    sizes = np.column_stack(
        [8.0 + at % 7, 6.0 + at % 5, 3.0 + (at * 7) % 40 if height_m is None else np.full(count, height_m)]
    )
    corners = np.column_stack(
        [(at % side - side / 2) * pitch_m, (at // side - side / 2) * pitch_m, np.zeros(count)]
    )
    return np.hstack([corners, sizes])


def batch(
    houses: NDArray[np.float64],
    ordinals: NDArray[np.int64],
    materials: tuple[int, int],
    *,
    arranged: bool = False,
) -> MeshBatch:
    """Boxes (n, 6) with walls and a lid of two materials."""
    one = box(lid=1)
    count = len(houses)
    return MeshBatch(
        ordinals=ordinals,
        origins=houses[:, :3],
        vertex_counts=np.full(count, 24),
        triangle_counts=np.full(count, 12),
        part_counts=np.full(count, 2),
        positions=(one.positions[None] * houses[:, None, 3:]).reshape(-1, 3).astype(np.float32),
        normals=np.tile(one.normals, (count, 1)),
        triangles=np.tile(one.triangles, (count, 1)),
        parts=np.tile([[materials[0], 0, 10], [materials[1], 10, 2]], (count, 1)),
        arranged=arranged,
    )


def table(first: int, count: int, properties: Sequence[PropertyColumn] = (), **changes: Any) -> ObjectTable:
    at = np.arange(first, first + count)
    columns: dict[str, Any] = {
        "global_ids": TextArray.of(f"way/{each:06d}" for each in at.tolist()),
        "names": TextArray.of(f"楼 {each}" if each % 3 else "" for each in at.tolist()),
        "classes": Coded.same("Building", count),
        "disciplines": Coded.same("buildings", count),
        "parents": np.full(count, NO_ORDINAL),
        "storeys": np.full(count, NO_ORDINAL),
        "hidden": np.zeros(count, dtype=bool),
        "products": np.ones(count, dtype=bool),
    }
    return ObjectTable(first=first, properties=tuple(properties), **(columns | changes))


def write_layer(
    folder: Path,
    houses: NDArray[np.float64],
    tables: Sequence[ObjectTable] | None = None,
    *,
    parts: int = 1,
    arranged: bool = False,
) -> Spool:
    """Houses (n, 6) as a spool, ordinals shuffled against their places, by `parts` writers."""
    ordinals = np.random.default_rng(5).permutation(len(houses))
    for part in range(parts):
        with GeometryWriter(folder, part) as writer:
            wall = writer.add_material(Material(name="wall", color=(0.9, 0.8, 0.7, 1.0), double_sided=False))
            roof = writer.add_material(Material(name="roof", color=(0.6, 0.2, 0.1, 1.0), double_sided=False))
            mine = np.arange(part, len(houses), parts)
            writer.add_meshes(batch(houses[mine], ordinals[mine], (wall, roof), arranged=arranged))
    with ObjectWriter(folder) as objects:
        for each in [table(0, len(houses))] if tables is None else tables:
            objects.write_table(each)
    return Spool(folder)


def build_layer(spool: Spool, folder: Path, count: int, **options: Any) -> BuiltTileset:
    indexes = np.arange(FIRST_INDEX, FIRST_INDEX + count, dtype=np.uint32)
    return build_tileset(
        spool, frame=frame(), state_index=indexes, folder=folder, options=TileOptions(**options)
    )
