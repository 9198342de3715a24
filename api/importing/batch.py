"""Many sources at once: workers, order, keys, and what happens when one fails."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from api.importing.events import Finished, ImportRequest, Listener, Started
from api.importing.faults import explained
from api.importing.housekeeping import collect_tiles, fresh_spools
from api.importing.job import Job, Workplace, import_source
from api.importing.patience import Patience
from api.importing.shaping import labels, shaping
from api.importing.sources import Source, default_key, expand, shown
from api.importing.terrain import publish_terrain
from api.settings import Settings
from api.storage import open_database
from bim_import import ImportOptions, PlacementOverrides
from bim_import.formats import Reader, reader_of
from tiles import TileOptions
from twin.errors import SourceError, TwinError
from twin.objects import checked_key
from twin.source import SourceReport

_WAIT_SECONDS = 0.2

_OWN_HEIGHTS = "It keeps its own heights: --terrain lifts features of map layers only."


class Turns:
    """Lets the sources of a batch pass one point in their order, however long each takes to get there.

    State indexes are given in the order of the command line; geometry need not wait for that.
    """

    def __init__(self) -> None:
        self._passed: set[int] = set()
        self._next = 0
        self._changed = threading.Condition()

    def wait_for(self, index: int, patience: Patience) -> None:
        """Block until all sources before `index` have passed or given up. Raises Interrupted."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._next >= index, timeout=_WAIT_SECONDS):
                patience.check()

    def pass_on(self, index: int) -> None:
        """Source `index` has passed, or never will. Saying it twice is harmless."""
        with self._changed:
            self._passed.add(index)
            while self._next in self._passed:
                self._passed.discard(self._next)
                self._next += 1
            self._changed.notify_all()


class _Plan(Struct, frozen=True, kw_only=True):
    options: ImportOptions
    tiles: TileOptions
    parallel: int


def import_sources(settings: Settings, request: ImportRequest, listener: Listener) -> list[SourceReport]:
    """Import a batch into the data folder and return one report a source, in order.

    A source that fails is reported and costs the others nothing. Raises SourceError for a path that does not exist or a
    key for several sources, InvalidRules for a rules file with faults (nothing is imported then), StoreError where the
    data folder cannot be used.
    """
    paths = expand(request.sources)
    if request.key is not None and len(paths) != 1:
        raise SourceError(request.key, f"one key for {len(paths)} sources", "Give --key with a single file.")
    plan = _plan(settings, request, len(paths))
    shaped = shaping(plan.options, plan.tiles)
    with open_database(settings) as store, fresh_spools(settings.spool_folder) as spools:
        workplace = Workplace(
            store=store,
            tiles_folder=settings.tiles_folder,
            spools=spools,
            options=plan.options,
            tiles=plan.tiles,
            shaping=shaped,
            labels=labels(request.rules),
            force=request.force,
        )
        doubts: list[str] = []
        if request.terrain is not None:
            doubts = publish_terrain(
                settings.terrain_folder,
                request.terrain,
                height_offset_m=request.height_offset_m,
                patience=Patience(workplace.stop, lambda: None),
            )
        reports = _Batch(workplace, request, paths, listener).run(plan.parallel)
        collect_tiles(store, settings.tiles_folder)
        for report, path in zip(reports, paths, strict=True):
            report.warnings += doubts
            if request.terrain is None or report.status == "failed":
                continue
            if reader_of(path) not in (Reader.GIS, Reader.OSM):
                report.warnings.append(_OWN_HEIGHTS)
        return reports


def _plan(settings: Settings, request: ImportRequest, sources: int) -> _Plan:
    """Share the processes out: several sources side by side if there are several, else all for the one."""
    parallel = min(settings.workers, sources)
    each = max(1, settings.workers // parallel)
    overrides = PlacementOverrides(
        crs=request.crs,
        origin=request.origin,
        rotation_deg=request.rotation_deg,
        height_offset_m=request.height_offset_m,
    )
    options = ImportOptions(
        placement=overrides,
        workers=each,
        element_seconds=settings.element_seconds,
        lod=request.lod,
        unit=request.unit,
        terrain=request.terrain,
        rules=request.rules,
    )
    return _Plan(
        options=options, tiles=TileOptions(compress=request.compress, workers=each), parallel=parallel
    )


class _Batch:
    """The sources of one batch, each run in a thread of the pool."""

    def __init__(
        self, workplace: Workplace, request: ImportRequest, paths: list[Path], listener: Listener
    ) -> None:
        self._place = workplace
        self._chosen = request.key
        self._paths = paths
        self._listener = listener
        self._turns = Turns()
        self._guard = threading.Lock()
        self._of_key: dict[str, threading.Lock] = {}

    def run(self, parallel: int) -> list[SourceReport]:
        """One report a source, in order. What interrupts this thread stops all sources."""
        with ThreadPoolExecutor(parallel, thread_name_prefix="import") as pool:
            futures: list[Future[SourceReport]] = [pool.submit(self._one, i) for i in range(len(self._paths))]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._place.stop.set()
                for future in futures:
                    future.cancel()
                raise

    def _one(self, index: int) -> SourceReport:
        path = self._paths[index]
        self._tell(Started(index, path, len(self._paths)))
        try:
            report = self._imported(index, path)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one source, the others go on
            report = _failed(path, self._chosen, explained(error))
        finally:
            self._turns.pass_on(index)
        self._tell(Finished(index, report))
        return report

    def _imported(self, index: int, path: Path) -> SourceReport:
        """Sources of one key go one after the other, so that the first of them gets it, not the fastest."""
        key = default_key(path) if self._chosen is None else checked_key(self._chosen)
        source = Source(path=path, key=key, explicit=self._chosen is not None)
        job = Job(index=index, source=source, turns=self._turns, tell=self._tell)
        with self._guard:
            alone = self._of_key.setdefault(key, threading.Lock())
        with alone:
            return import_source(self._place, job)

    def _tell(self, event: object) -> None:
        with self._guard:
            self._listener(event)  # type: ignore[arg-type]  # events of the job are the listener's own


def _failed(path: Path, key: str | None, error: TwinError) -> SourceReport:
    reason = f"{error.reason}. {error.advice}" if isinstance(error, SourceError) else str(error)
    return SourceReport(
        source=shown(path), key=shown(Path(key or "")) if key else "", status="failed", reason=reason
    )
