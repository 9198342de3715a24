"""One source: read in a child, staged, tiled in a child, published in one transaction."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from api.importing import steps
from api.importing.child import Child, ChildDied
from api.importing.events import Advanced
from api.importing.sources import Source, content_hash
from bim_import import ImportOptions, ImportResult, Progress
from tiles import TileOptions
from twin.errors import DamagedSource, TwinError
from twin.ports import ImportRequest, StagedRevision, Store, TilesetFiles, Unchanged
from twin.source import SourceReport
from twin.spool import Spool


class _Turns(Protocol):
    def wait_for(self, index: int) -> None: ...

    def pass_on(self, index: int) -> None: ...


class Workplace(Struct, frozen=True, kw_only=True):
    """What the jobs of one batch share."""

    store: Store
    tiles_folder: Path
    spools: Path
    options: ImportOptions
    tiles: TileOptions
    force: bool = False
    stop: threading.Event = threading.Event()


class Job(Struct, frozen=True, kw_only=True):
    """One source of a batch."""

    index: int
    source: Source
    turns: _Turns
    tell: Callable[[object], None]


def import_source(place: Workplace, job: Job) -> SourceReport:
    """Import one source and publish it.

    Raises TwinError (the source is damaged, its key is taken, it cannot be placed …) with nothing of it published.
    """
    started = time.perf_counter()
    source = job.source
    digest = content_hash(source.path, _shaping(place))
    request = ImportRequest(
        key=source.key,
        explicit=source.explicit,
        source=str(source.path.resolve()),
        kind="ifc",
        content_hash=digest,
        force=place.force,
    )
    revision = place.store.begin_revision(request)
    if isinstance(revision, Unchanged):
        return _unchanged(place, job, time.perf_counter() - started)
    spool = place.spools / f"source-{job.index}"
    try:
        report = _import(place, job, revision, spool)
    except BaseException:
        place.store.discard(revision)
        raise
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    report.seconds = round(time.perf_counter() - started, 3)
    return report


class _Shaping(Struct, frozen=True):
    """Options that change what comes out; workers and time limits do not."""

    placement: object
    compress: bool


def _shaping(place: Workplace) -> Struct:
    return _Shaping(place.options.placement, place.tiles.compress)


def _unchanged(place: Workplace, job: Job, seconds: float) -> SourceReport:
    """The report of the import that made the current revision, marked as such."""
    stored = place.store.model(job.source.key).report
    stored.status = "unchanged"
    stored.seconds = round(seconds, 3)
    return stored


def _import(place: Workplace, job: Job, revision: StagedRevision, spool: Path) -> SourceReport:
    indexes: list[NDArray[np.uint32]] = []

    def on_progress(progress: Progress) -> None:
        job.tell(Advanced(job.index, progress.phase, progress.done, progress.total))
        if progress.objects_written and not indexes:
            indexes.append(_stage_objects(place, job, revision, spool))

    result = _read(place, job, spool, on_progress)
    if not indexes:
        indexes.append(_stage_objects(place, job, revision, spool))
    job.tell(Advanced(job.index, "tiling", 0, 1))
    folder = place.tiles_folder / job.source.key
    task = steps.TilingTask(
        spool=spool, placement=result.diagnosis.placement, folder=folder, options=place.tiles
    )
    with Child(place.stop, steps.tile, task, indexes[0]) as child:
        for _ in child.messages():
            place.store.keep_alive(revision)
    tiled: steps.Tiled = child.answer
    place.store.stage_bounds(revision, tiled.tileset.bounds, tiled.geographic)
    report = result.report
    report.key = job.source.key
    report.warnings.extend(tiled.tileset.warnings)
    report.tileset = f"{place.tiles_folder.name}/{job.source.key}/{tiled.tileset.tileset}"
    files = TilesetFiles(tileset=tiled.tileset.tileset, files=tuple(tiled.tileset.files))
    place.store.publish(revision, tiles=files, diagnosis=result.diagnosis, report=report)
    return report


def _read(place: Workplace, job: Job, spool: Path, on_progress: Callable[[Progress], None]) -> ImportResult:
    """Read the source in a child; a child that dies without a word died of the file."""
    try:
        with Child(place.stop, steps.read, job.source.path, spool, place.options) as child:
            for progress in child.messages():
                on_progress(progress)
    except ChildDied as death:
        raise DamagedSource(
            str(job.source.path),
            f"reading it ended the reader ({death.signal_name or 'exit'})",
            "The file is probably damaged: open it in the program that made it and export it again.",
        ) from death
    answer: ImportResult = child.answer
    return answer


def _stage_objects(place: Workplace, job: Job, revision: StagedRevision, spool: Path) -> NDArray[np.uint32]:
    """Stage all objects of the spool, in the batch's order; returns state indexes by ordinal."""
    job.turns.wait_for(job.index)
    if place.stop.is_set():
        raise TwinError("the import was stopped")
    try:
        batches = [place.store.stage_objects(revision, batch) for batch in Spool(spool).objects()]
    finally:
        job.turns.pass_on(job.index)
    return np.concatenate(batches) if batches else np.empty(0, np.uint32)
