"""The two steps of an import that run in child processes: reading a source, and tiling what was read."""

import gc
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.importing.tasks import Tiled, TilingTask
from bim_import import ImportOptions, ImportResult, Progress
from bim_import.formats import Reader, reader_of
from bim_import.ifc import importer as _ifc_reader  # noqa: F401 - loaded ahead: IFC files are the most frequent
from tiles import build_tileset
from twin.frames import Frame
from twin.frames.bounds import geographic_bounds
from twin.shapes import shapes_of
from twin.spool import Spool

_READERS: dict[Reader, str] = {
    Reader.IFC: "bim_import.ifc.importer:import_ifc",
    Reader.GIS: "bim_import.gis.importer:import_gis",
    Reader.OSM: "bim_import.gis.importer:import_gis",
    Reader.CITYJSON: "bim_import.cityjson.importer:import_cityjson",
    Reader.CITYGML: "bim_import.citygml.importer:import_citygml",
    Reader.MESH: "bim_import.mesh.importer:import_mesh",
    Reader.POINTS: "bim_import.pointcloud.importer:import_points",
}
"""The function of each reader, by name: a child loads the libraries of the one that it needs."""


def read(send: Callable[[Any], None], source: Path, folder: Path, options: ImportOptions) -> ImportResult:
    """Read one source into a spool folder; sends `Progress`. Raises like the reader, UnsupportedSource without one."""
    # The process lives for one file, whose hundreds of thousands of values hold no cycles: looking for some takes a third
    # of the time of reading them.
    gc.disable()

    def report(progress: Progress) -> None:
        send(progress)

    reader: Callable[..., ImportResult] = pkgutil.resolve_name(_READERS[reader_of(source)])
    return reader(source, folder, options=options, progress=report)


def tile(_send: Callable[[Any], None], task: TilingTask, state_index: NDArray[np.uint32]) -> Tiled:
    """Build the tileset of a spooled source."""
    frame = Frame(task.placement)
    spool = Spool(task.spool)
    built = build_tileset(
        spool, frame=frame, state_index=state_index, folder=task.folder, options=task.options
    )
    shapes = shapes_of(spool, len(state_index))
    return Tiled(tileset=built, geographic=geographic_bounds(frame, built.bounds), shapes=shapes)
