"""One source: read in a child, staged, tiled in a child, published in one transaction."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from api.importing.child import Child, ChildDied
from api.importing.events import Advanced
from api.importing.patience import Patience
from api.importing.shaping import Labels, Shaping, companions
from api.importing.sources import Source, content_hash, shown
from api.importing.tasks import READ, TILE, Measured, TilingTask
from api.local import act_locally
from bim_import import ImportOptions, ImportResult
from bim_import.formats import reader_of
from tiles import BuiltTileset, TileOptions
from twin.errors import DamagedSource
from twin.frames import Diagnosis
from twin.ports import ImportRequest, StagedRevision, TilesetFiles, TwinStore, Unchanged
from twin.source import SourceReport
from twin.spool import Spool, write_state_index


class _Turns(Protocol):
    def wait_for(self, index: int, patience: Patience) -> None: ...

    def pass_on(self, index: int) -> None: ...


class Workplace(Struct, frozen=True, kw_only=True):
    """What the jobs of one batch share."""

    store: TwinStore
    tiles_folder: Path
    spools: Path
    options: ImportOptions
    tiles: TileOptions
    shaping: Shaping
    labels: Labels = Labels()
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
    state = _state(source.path)
    digest = content_hash(source.path, place.shaping)
    request = ImportRequest(
        key=source.key,
        explicit=source.explicit,
        source=shown(source.path.resolve()),
        kind=str(reader_of(source.path)),
        content_hash=digest,
        force=place.force,
    )
    revision = place.store.begin_revision(request)
    if isinstance(revision, Unchanged):
        return _unchanged(place, job, time.perf_counter() - started)
    spool = place.spools / f"source-{job.index}"
    try:
        report = _Import(place, job, revision, spool).run(state)
    except BaseException:
        place.store.discard(revision)
        raise
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    report.seconds = round(time.perf_counter() - started, 3)
    return report


def _state(path: Path) -> tuple[int, ...]:
    """What changes when somebody writes or replaces the file or one that belongs to it. Raises OSError where there is none."""
    found = [each.stat() for each in (path, *companions(path))]
    return tuple(
        fact for each in found for fact in (each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns)
    )


def _unchanged(place: Workplace, job: Job, seconds: float) -> SourceReport:
    """The report of the import that made the current revision, marked as such."""
    record = place.store.model(job.source.key)
    stored = record.report
    stored.status = "unchanged"
    stored.seconds = round(seconds, 3)
    return _with_doubts(stored, record.diagnosis)


def _with_doubts(report: SourceReport, diagnosis: Diagnosis) -> SourceReport:
    """The report with what is doubtful about the place. In the store they are apart: `twin place` changes one of them."""
    report.warnings += [each for each in diagnosis.warnings if each not in report.warnings]
    return report


class _Import:
    """One source on its way from the staged revision to the published one."""

    def __init__(self, place: Workplace, job: Job, revision: StagedRevision, spool: Path) -> None:
        self._place = place
        self._job = job
        self._revision = revision
        self._spool = spool
        self._patience = Patience(place.stop, lambda: place.store.keep_alive(revision))
        self._indexes: NDArray[np.uint32] | None = None

    def run(self, state: tuple[int, ...]) -> SourceReport:
        """Read, stage, tile, publish. `state`: the file's when its content was hashed."""
        result = self._read()
        path = self._job.source.path
        if _state(path) != state:
            raise DamagedSource(
                shown(path), "it changed while it was read", "Import it again when it is complete."
            )
        report = result.report
        report.source = shown(path)
        report.key = self._job.source.key
        self._name(report)
        files = self._tile(result)
        about = f"{report.source}, revision {self._revision.number}"
        with act_locally(self._place.store, "model.import", report.key, about):
            self._place.store.publish(self._revision, tiles=files, diagnosis=result.diagnosis, report=report)
        return _with_doubts(report, result.diagnosis)

    def _name(self, report: SourceReport) -> None:
        """By the rules; what they do not name is named by what the source says."""
        labels = self._place.labels
        report.names = labels.models.get(self._job.source.path.stem, report.names)
        report.class_names = {
            each: labels.classes[each] for each in report.by_class if each in labels.classes
        }

    def _read(self) -> ImportResult:
        """Read the source in a child; a child that dies without a word died of the file.

        Objects are staged as soon as they are on disk, while the child still works on geometry.
        """
        path = self._job.source.path
        try:
            with Child(self._patience, READ, path, self._spool, self._place.options) as child:
                for progress in child.messages():
                    self._tell(progress.phase, progress.done, progress.total)
                    if progress.objects_written and not Spool(self._spool).only_tables:
                        self._state_index()
        except ChildDied as death:
            raise DamagedSource(
                str(path),
                f"reading it ended the reader ({death.signal_name or 'exit'})",
                "The file is probably damaged: open it in the program that made it and export it again.",
            ) from death
        answer: ImportResult = child.answer
        return answer

    def _state_index(self) -> NDArray[np.uint32]:
        """State indexes by ordinal; given the first time to all objects of the spool, in the batch's order."""
        if self._indexes is None:
            job = self._job
            job.turns.wait_for(job.index, self._patience)
            try:
                batches = list(self._given(Spool(self._spool)))
            finally:
                job.turns.pass_on(job.index)
            self._indexes = np.concatenate(batches) if batches else np.empty(0, np.uint32)
        return self._indexes

    def _given(self, spool: Spool) -> Iterator[NDArray[np.uint32]]:
        """Tables are named alone, and the rest of them is staged beside tiling; objects are staged whole."""
        store = self._place.store
        if spool.only_tables:
            return (store.name_table(self._revision, table) for table in spool.tables())
        return (store.stage_objects(self._revision, batch) for batch in spool.objects())

    def _stage_rest(self) -> None:
        """What tiles need not wait for."""
        spool = Spool(self._spool)
        for table in spool.tables() if spool.only_tables else ():
            self._place.store.stage_table(self._revision, table)
            self._patience.check()
        if len(spool.relations):
            self._place.store.stage_relations(self._revision, spool.relations)

    def _tile(self, result: ImportResult) -> TilesetFiles:
        """Build the tileset in a child, and stage meanwhile. A source of which nothing is drawn has objects and no tileset."""
        report = result.report
        if not report.drawn:
            nowhere = np.full((len(self._state_index()), 6), np.nan)
            self._stage_rest()
            self._place.store.stage_bounds(self._revision, nowhere, nowhere)
            return TilesetFiles(tileset=None)
        self._tell("tiling", 0, 1)
        task = TilingTask(
            spool=self._spool,
            count=Spool(self._spool).count,
            placement=result.diagnosis.placement,
            folder=self._place.tiles_folder / report.key,
            options=self._place.tiles,
        )
        with Child(self._patience, TILE, task) as child:
            write_state_index(self._spool, self._state_index())
            child.tell("state indexes are there")
            self._stage_rest()
            for measured in child.messages():
                self._stage_bodies(measured)
        tiled: BuiltTileset = child.answer
        report.warnings.extend(tiled.warnings)
        report.tileset = f"{self._place.tiles_folder.name}/{report.key}/{tiled.tileset}"
        return TilesetFiles(tileset=tiled.tileset, files=tuple(tiled.files))

    def _stage_bodies(self, measured: Measured) -> None:
        self._place.store.stage_bounds(self._revision, measured.bounds, measured.geographic)
        self._place.store.stage_shapes(self._revision, measured.shapes)

    def _tell(self, phase: str, done: int, total: int) -> None:
        self._job.tell(Advanced(self._job.index, phase, done, total))
