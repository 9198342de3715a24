"""`--terrain`: the elevation model as terrain of the viewer, published beside the tiles under a pointer of its own."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec

from api.importing.child import Child, Line
from api.importing.patience import Patience
from api.importing.sources import content_hash

TERRAIN = "api.importing.terrain.build"
POINTER = "layer.json"
NONE: dict[str, Any] = {"tilejson": "2.1.0", "tiles": []}
"""What is answered where there is no terrain: a viewer asks first, and an error would stand in its console."""

_KEPT_SECONDS = 24 * 3600.0
"""Terrain that was replaced stays a day, for viewers that have it on screen."""


class Options(msgspec.Struct, frozen=True):
    """What shapes the terrain beside the model itself."""

    height_offset_m: float | None
    version: int = 1


def publish_terrain(
    folder: Path, source: Path, *, height_offset_m: float | None, patience: Patience
) -> list[str]:
    """Make `source` the terrain that viewers get; returns warnings. Does nothing where it is that already.

    Raises the TwinError of a model that cannot be read.
    """
    if not source.is_file():
        from bim_import.terrain import open_terrain  # noqa: PLC0415 - heavy, and only for the error

        open_terrain(source)
    digest = content_hash(source, Options(height_offset_m))
    if (folder / digest / POINTER).exists():
        _point(folder, digest)
        return []
    with Child(patience, TERRAIN, source, folder / digest, height_offset_m) as child:
        for _ in child.messages():
            pass
    warnings: list[str] = child.answer
    _point(folder, digest)
    _collect(folder, digest)
    return warnings


def build(_line: Line, source: Path, folder: Path, height_offset_m: float | None) -> list[str]:
    """The step in a child process: open the model, write its tiles, last its description."""
    from bim_import.terrain import open_terrain  # noqa: PLC0415 - loaded in the child only
    from tiles.terrain import Area, build_terrain  # noqa: PLC0415

    terrain = open_terrain(source, height_offset_m=height_offset_m)
    try:
        extent = terrain.extent()
        area = Area(
            west=extent.west,
            south=extent.south,
            east=extent.east,
            north=extent.north,
            pixel_m=extent.pixel_m,
        )
        layer = build_terrain(terrain, area, folder, uri=f"{folder.name}/")
    finally:
        terrain.close()
    (folder / POINTER).write_bytes(msgspec.json.encode(layer))
    return [f"{source.name}: {warning}" for warning in terrain.diagnosis.warnings]


def _point(folder: Path, digest: str) -> None:
    """Make the description of one terrain the current one, at once."""
    fresh = folder / f".{POINTER}.{os.getpid()}"
    fresh.write_bytes((folder / digest / POINTER).read_bytes())
    fresh.replace(folder / POINTER)


def _collect(folder: Path, current: str) -> None:
    now = time.time()
    for other in folder.iterdir():
        if other.is_dir() and other.name != current and now - other.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
