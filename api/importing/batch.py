"""Many sources at once: workers, order, keys, and what happens when one fails."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from api.importing.events import Finished, ImportRequest, Listener, Started
from api.importing.housekeeping import collect_tiles, fresh_spools
from api.importing.job import Job, Workplace, import_source
from api.importing.patience import Patience
from api.importing.sources import Source, default_key, expand
from api.settings import Settings
from bim_import import ImportOptions, PlacementOverrides
from tiles import TileOptions
from twin.errors import SourceError, TwinError
from twin.objects import checked_key
from twin.source import SourceReport
from twin.store import open_store

_WAIT_SECONDS = 0.2


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
    key for several sources (nothing is imported then), StoreError where the data folder cannot be used.
    """
    paths = expand(request.sources)
    if request.key is not None and len(paths) != 1:
        raise SourceError(request.key, f"one key for {len(paths)} sources", "Give --key with a single file.")
    plan = _plan(settings, request, len(paths))
    with open_store(settings.data) as store, fresh_spools(settings.spool_folder) as spools:
        workplace = Workplace(
            store=store,
            tiles_folder=settings.tiles_folder,
            spools=spools,
            options=plan.options,
            tiles=plan.tiles,
            force=request.force,
        )
        reports = _run(workplace, [(path, request.key) for path in paths], plan.parallel, listener)
        collect_tiles(store, settings.tiles_folder)
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
    options = ImportOptions(placement=overrides, workers=each, element_seconds=settings.element_seconds)
    return _Plan(
        options=options, tiles=TileOptions(compress=request.compress, workers=each), parallel=parallel
    )


def _run(
    workplace: Workplace, wanted: list[tuple[Path, str | None]], parallel: int, listener: Listener
) -> list[SourceReport]:
    turns, guard = Turns(), threading.Lock()

    def tell(event: object) -> None:
        with guard:
            listener(event)  # type: ignore[arg-type]  # events of the job are the listener's own

    def one(index: int, path: Path, key: str | None) -> SourceReport:
        tell(Started(index, path, len(wanted)))
        try:
            source = Source(
                path=path, key=checked_key(key) if key else default_key(path), explicit=key is not None
            )
            report = import_source(workplace, Job(index=index, source=source, turns=turns, tell=tell))
        except TwinError as error:
            reason = error.reason if isinstance(error, SourceError) else str(error)
            report = SourceReport(source=str(path), key=key or "", status="failed", reason=reason)
        finally:
            turns.pass_on(index)
        tell(Finished(index, report))
        return report

    with ThreadPoolExecutor(parallel, thread_name_prefix="import") as pool:
        futures: list[Future[SourceReport]] = [
            pool.submit(one, i, path, key) for i, (path, key) in enumerate(wanted)
        ]
        try:
            return [future.result() for future in futures]
        except BaseException:
            workplace.stop.set()
            for future in futures:
                future.cancel()
            raise
