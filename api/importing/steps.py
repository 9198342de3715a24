"""The two steps of an import that run in child processes: reading a source, and tiling what was read."""

import gc
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.importing.child import Line
from api.importing.tasks import Measured, TilingTask
from bim_import import ImportOptions, ImportResult, Progress
from bim_import.formats import Reader, reader_of
from bim_import.ifc import importer as _ifc_reader  # noqa: F401 - loaded ahead: IFC files are the most frequent
from tiles import BuiltTileset, build_tileset, object_bounds
from twin.forked import beside
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


def read(line: Line, source: Path, folder: Path, options: ImportOptions) -> ImportResult:
    """Read one source into a spool folder; sends `Progress`. Raises like the reader, UnsupportedSource without one."""
    # The process lives for one file, whose hundreds of thousands of values hold no cycles: looking for some takes a third
    # of the time of reading them.
    gc.disable()

    def report(progress: Progress) -> None:
        line.send(progress)

    reader: Callable[..., ImportResult] = pkgutil.resolve_name(_READERS[reader_of(source)])
    return reader(source, folder, options=options, progress=report)


def tile(line: Line, task: TilingTask) -> BuiltTileset:
    """Build the tileset of a spooled source of `task.count` objects.

    Sends `Measured`; meanwhile waits for a word that the spool has the state indexes, and makes tiles of it.
    """
    frame = Frame(task.placement)
    spool = Spool(task.spool)
    bounds = object_bounds(spool, task.count)
    with beside(lambda: line.send(_measured(spool, frame, bounds))):
        line.receive()
        return build_tileset(
            spool, frame=frame, state_index=spool.state_index, folder=task.folder, options=task.options
        )


def _measured(spool: Spool, frame: Frame, bounds: NDArray[np.float64]) -> Measured:
    geographic = geographic_bounds(frame, bounds)
    return Measured.kept(
        spool.folder, bounds=bounds, geographic=geographic, shapes=shapes_of(spool, len(bounds))
    )
