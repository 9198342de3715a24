# ruff: noqa: D102  # what the methods do is said once, in twin.ports
"""The store: every port of `twin.ports`, over one database."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.alarms import AlarmPattern, AlarmRecord, AlarmRule, Severity, Status
from twin.devices import Device, DeviceRegistry
from twin.differences import DifferenceQuery, RevisionDifference
from twin.errors import Conflict
from twin.events import Change
from twin.filters import Filter
from twin.frames import Diagnosis
from twin.objects import SourceObject
from twin.ports import (
    AlarmProgress,
    AlarmQuery,
    AlarmStep,
    AlarmView,
    Archived,
    Boxes,
    Curve,
    CurveQuery,
    Dropped,
    HistoryRow,
    ImportRequest,
    Recorded,
    Rejected,
    Retention,
    RolledUp,
    RollUp,
    RollUpQuery,
    SceneAt,
    SignalRecord,
    StagedRevision,
    StateChange,
    StateQuery,
    StateRecord,
    TilesetFiles,
    Unchanged,
)
from twin.ports.totals import AGGREGATED_BY, StateTotal
from twin.queries import (
    ClassTotal,
    ModelRecord,
    ObjectDetail,
    ObjectQuery,
    ObjectRecord,
    Page,
    RevisionRecord,
    StoreyRecord,
    Traced,
    TraceQuery,
)
from twin.shapes import Shapes
from twin.source import SourceReport
from twin.state import Reading, Signal
from twin.store import (
    aggregates,
    alarm_rules,
    alarm_steps,
    alarms,
    archive_job,
    bindings,
    changes,
    curves,
    dead_letters,
    devices,
    editing,
    filter_names,
    history,
    leases,
    live_changes,
    models,
    objects,
    references,
    relations,
    retention,
    revisions,
    rollup_job,
    scene,
    search,
    staleness,
    state_search,
    states,
    totals,
)
from twin.store import (
    readings as batches,
)
from twin.store import (
    shapes as bodies,
)
from twin.store import (
    signals as declarations,
)
from twin.store.command_store import CommandStore
from twin.store.comparing import Comparing
from twin.store.database import Database
from twin.store.identities import check_staged
from twin.store.packed.writing import TableStager
from twin.store.placements import BoxTarget, write_boxes
from twin.store.rights_store import RightsStore
from twin.store.staging import ObjectStager
from twin.tables import ObjectTable

_Stager = TypeVar("_Stager", ObjectStager, TableStager)


class SqlStore(CommandStore, RightsStore):
    """A store on an SQL database; `twin.store.open_store` makes one. Safe to call from several threads.

    Each method does what `twin.ports` says of it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known_terms = filter_names.KnownTerms()
        self._comparing = Comparing(database)
        self._stagers: dict[int, ObjectStager | TableStager] = {}

    def begin_revision(self, request: ImportRequest) -> StagedRevision | Unchanged:
        return revisions.begin(self._database, request)

    def stage_objects(self, revision: StagedRevision, objects: Sequence[SourceObject]) -> NDArray[np.uint32]:
        return self._stager(revision, ObjectStager).stage(objects)

    def stage_table(self, revision: StagedRevision, table: ObjectTable) -> NDArray[np.uint32]:
        return self._stager(revision, TableStager).stage(table)

    def name_table(self, revision: StagedRevision, table: ObjectTable) -> NDArray[np.uint32]:
        return self._stager(revision, TableStager).name(table)

    def _stager(self, revision: StagedRevision, kind: type[_Stager]) -> _Stager:
        stager = self._stagers.get(revision.id)
        if stager is None:
            with self._database.read() as connection:
                here = revisions.staged_here(connection, revision)
            stager = self._stagers[revision.id] = kind(self._database, here)
        if not isinstance(stager, kind):
            raise Conflict(
                f"Revision {revision.number} of {revision.key!r} is staged by objects and by tables; one of both is wanted. "
                "This is a mistake of the importer: report it with the file."
            )
        return stager

    def stage_bounds(self, revision: StagedRevision, local: Boxes, geographic: Boxes) -> None:
        self._finish_staging(revision)
        with self._database.read() as connection:
            here = revisions.staged_here(connection, revision)
        target = BoxTarget(here.id, here.placement_id, lambda writing: check_staged(writing, here))
        write_boxes(self._database, target, local, geographic)

    def stage_shapes(self, revision: StagedRevision, shapes: Shapes) -> None:
        with self._database.read() as connection:
            here = revisions.staged_here(connection, revision)
        bodies.stage(self._database, here, shapes)

    def stage_relations(self, revision: StagedRevision, pairs: NDArray[np.integer]) -> None:
        with self._database.read() as connection:
            here = revisions.staged_here(connection, revision)
        relations.stage(self._database, here, pairs)

    def trace(self, model: str, global_id: str, asked: TraceQuery) -> Traced:
        return relations.trace(self._database, model, global_id, asked)

    def differences(self, key: str, asked: DifferenceQuery) -> RevisionDifference:
        return self._comparing.differences(key, asked)

    def keep_alive(self, revision: StagedRevision) -> None:
        revisions.keep_alive(self._database, revision)

    def publish(
        self, revision: StagedRevision, *, tiles: TilesetFiles, diagnosis: Diagnosis, report: SourceReport
    ) -> Change:
        self._finish_staging(revision)
        change = revisions.publish(self._database, revision, tiles=tiles, diagnosis=diagnosis, report=report)
        self._stagers.pop(revision.id, None)
        return change

    def _finish_staging(self, revision: StagedRevision) -> None:
        if (stager := self._stagers.get(revision.id)) is not None:
            stager.finish()

    def discard(self, revision: StagedRevision) -> None:
        self._stagers.pop(revision.id, None)
        revisions.discard(self._database, revision)

    def local_bounds(self, key: str) -> Boxes:
        return editing.local_bounds(self._database, key)

    def place(self, key: str, *, tiles: TilesetFiles, diagnosis: Diagnosis, geographic: Boxes) -> Change:
        return editing.place(self._database, key, tiles=tiles, diagnosis=diagnosis, geographic=geographic)

    def rollback(self, key: str, number: int) -> Change:
        return editing.rollback(self._database, key, number)

    def remove(self, key: str) -> Change:
        return editing.remove(self._database, key)

    def models(self) -> list[ModelRecord]:
        return models.models(self._database)

    def model(self, key: str) -> ModelRecord:
        return models.one_model(self._database, key)

    def revisions(self, key: str) -> list[RevisionRecord]:
        return models.revisions(self._database, key)

    def object(self, model: str, global_id: str) -> ObjectDetail:
        return objects.detail(self._database, model, global_id)

    def children(
        self, model: str, global_id: str, *, limit: int, cursor: str | None = None
    ) -> Page[ObjectRecord]:
        return search.children(self._database, model, global_id, limit=limit, cursor=cursor)

    def objects(self, query: ObjectQuery) -> Page[ObjectRecord]:
        return search.search(self._database, query)

    def classes(self, key: str) -> list[ClassTotal]:
        return models.classes(self._database, key)

    def storeys(self, key: str) -> list[StoreyRecord]:
        return models.storeys(self._database, key)

    def changes(self, after: int, *, limit: int) -> list[Change]:
        return changes.changes(self._database, after, limit=limit)

    def last_change(self) -> int:
        return changes.last_change(self._database)

    def known_files(self, key: str) -> set[str]:
        return references.known_files(self._database, key)

    def collectable_files(self, now: datetime) -> dict[str, list[str]]:
        return references.collectable_files(self._database, now)

    def collect_files(self, now: datetime, delete: Callable[[str, Sequence[str]], None]) -> int:
        return references.collect_files(self._database, now, delete)

    def declare_signals(self, signals: Sequence[Signal]) -> list[SignalRecord]:
        return declarations.declare(self._database, signals)

    def signal(self, model: str, global_id: str, name: str) -> SignalRecord:
        return declarations.one_signal(self._database, model, global_id, name)

    def signal_records(self) -> list[SignalRecord]:
        return declarations.signal_records(self._database)

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        return batches.record(self._database, readings, rejected)

    def sweep_stale(self) -> int:
        return staleness.sweep_stale(self._database)

    def mark_stale(self, signals: Sequence[int]) -> int:
        return staleness.mark_stale(self._database, signals)

    def states(self, query: StateQuery) -> Page[StateRecord]:
        return state_search.states(self._database, query)

    def check_filter(self, given: Filter) -> None:
        filter_names.check(self._database, self._known_terms, given)

    def states_of(self, signals: Sequence[str]) -> list[StateRecord]:
        return states.states_of(self._database, signals)

    def states_by_number(self, numbers: Sequence[int]) -> list[StateRecord]:
        return states.states_by_number(self._database, numbers)

    def history(
        self, number: int, *, start: int, end: int, limit: int, cursor: str | None = None
    ) -> Page[HistoryRow]:
        return history.history(self._database, number, start=start, end=end, limit=limit, cursor=cursor)

    def roll_ups(self, number: int, query: RollUpQuery) -> Page[RollUp]:
        return aggregates.roll_ups(self._database, number, query)

    def curve(self, number: int, query: CurveQuery) -> Curve:
        return curves.curve(self._database, number, query)

    def roll_up(self, *, seconds: float = 1.0) -> RolledUp:
        return rollup_job.roll_up(self._database, seconds=seconds)

    def enforce_retention(self, policy: Retention) -> Iterator[Dropped]:
        return retention.enforce(self._database, policy)

    def archive(self, *, after_days: float) -> Iterator[Archived]:
        return archive_job.move(self._database, after_days=after_days)

    def scene_at(self, at: int, models: Sequence[str] = ()) -> SceneAt:
        return scene.scene_at(self._database, at, models)

    def scene_now(self, query: StateQuery) -> SceneAt:
        return scene.scene_now(self._database, query)

    def other_units(self, kinds: Sequence[str], unit: str) -> dict[int, str]:
        return declarations.other_units(self._database, kinds, unit)

    def aggregate(self, query: StateQuery, by: AGGREGATED_BY) -> list[StateTotal]:
        return totals.aggregate(self._database, query, by)

    def rejected(self, *, limit: int) -> list[Rejected]:
        return dead_letters.rejected(self._database, limit=limit)

    def state_changes(self, after: int, *, limit: int) -> list[StateChange]:
        return live_changes.state_changes(self._database, after, limit=limit)

    def oldest_change(self) -> int:
        return live_changes.oldest_change(self._database)

    def replace_bindings(self, source: str, documents: Sequence[str]) -> int:
        return bindings.replace_bindings(self._database, source, documents)

    def bindings(self) -> list[tuple[str, str]]:
        return bindings.bindings(self._database)

    def device_registry(self) -> DeviceRegistry:
        return devices.registry(self._database)

    def devices_version(self) -> int:
        return devices.version(self._database)

    def change_devices(self, put: Sequence[Device], remove: Sequence[str], *, known: int) -> int:
        return devices.change(self._database, put, remove, known=known)

    def alarms(self, query: AlarmQuery) -> Page[AlarmView]:
        return alarms.alarms(self._database, query)

    def alarm(self, identifier: int) -> AlarmView:
        return alarms.alarm_view(self._database, identifier)

    def acknowledge_alarm(self, identifier: int, *, by: str, note: str | None = None) -> AlarmView:
        return alarms.acknowledge(self._database, identifier, by=by, note=note)

    def clear_alarm(self, identifier: int, *, by: str, note: str | None = None) -> AlarmView:
        return alarms.clear(self._database, identifier, by=by, note=note)

    def alarm_totals(self) -> dict[tuple[Severity, Status], int]:
        return alarms.totals(self._database)

    def alarm_patterns(self) -> list[AlarmPattern]:
        return alarm_rules.patterns(self._database)

    def put_alarm_pattern(self, pattern: AlarmPattern) -> bool:
        return alarm_rules.put(self._database, pattern)

    def remove_alarm_pattern(self, identifier: str) -> None:
        alarm_rules.remove(self._database, identifier)

    def rules_version(self) -> tuple[int, int]:
        return alarm_rules.version(self._database)

    def ruled_signals(self) -> dict[int, tuple[AlarmRule, ...]]:
        return alarm_rules.ruled(self._database)

    def alarm_progress(self) -> AlarmProgress:
        return alarm_steps.progress(self._database)

    def record_alarms(self, step: AlarmStep, *, known: int) -> list[AlarmRecord]:
        return alarm_steps.record(self._database, step, known=known)

    def take_job(self, name: str) -> bool:
        return leases.take_job(self._database, name)

    def leave_job(self, name: str) -> None:
        leases.leave_job(self._database, name)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
