"""What callers need from a store of live state. The same rules as for models: synchronous, and StoreError from any method.

A signal has a number, given once and never used again: readings, states and bindings name it by that. Its id
(`"{model}/{global_id}/{name}"`) is what people and wires use.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from twin.alarms import AlarmRecord
from twin.commands import Reply, Step
from twin.devices import Device, DeviceRegistry
from twin.events import ChangeKind
from twin.filters import Filter
from twin.policy import EVERYTHING, Reach
from twin.ports.totals import AGGREGATED_BY, StateTotal
from twin.queries import Page, PropertyCondition
from twin.state import Quality, Reading, Signal, Value


class SignalRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A signal as it is stored. `orphan`: its object is not in the current revision of its model."""

    number: int
    state_index: int
    signal: Signal
    orphan: bool = False


class StateRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The present state of a signal; `value` is None and the times too where it has never reported.

    `quality` is the effective one: `stale` for a signal that has been silent for longer than its period.
    """

    signal: SignalRecord
    value: Value | None = None
    quality: Quality | None = None
    observed_at: int | None = None
    received_at: int | None = None
    changed_at: int | None = None


class HistoryRow(Struct, frozen=True, array_like=True, gc=False):
    """One reading in the past; times in microseconds since 1970 UTC."""

    observed_at: int
    value: Value
    quality: Quality
    received_at: int


class SceneAt(Struct, frozen=True, kw_only=True):
    """Every signal at one instant, as columns of equal length n.

    `signals`: (n,) uint32 numbers, ascending. `state_indexes`: (n,) uint32. `values`: (n,) float64, booleans as 0 and 1,
    NaN where the value is a text, which is then in `texts` by row. `quality`: (n,) uint8, place in `QUALITIES`.
    `observed_at`: (n,) int64.
    """

    at: int
    signals: NDArray[np.uint32]
    state_indexes: NDArray[np.uint32]
    values: NDArray[np.float64]
    texts: dict[int, str]
    quality: NDArray[np.uint8]
    observed_at: NDArray[np.int64]


QUALITIES = (Quality.GOOD, Quality.UNCERTAIN, Quality.STALE, Quality.BAD)
"""The order in which compact forms number qualities."""


class Rejected(Struct, frozen=True, kw_only=True):
    """A message, or a part of one, that became no reading. `payload` is kept up to 4 KiB in the dead-letter table."""

    reason: str
    """A word for counters: `unknown_topic`, `malformed`, `wrong_type`, `not_finite`, `out_of_range`, `future`, `unknown_signal` …"""
    detail: str
    topic: str
    payload: bytes
    received_at: int


class Recorded(Struct, frozen=True, kw_only=True):
    """What one batch did: readings by outcome, and the number of the change that tells of it (None: nothing to tell)."""

    changed: int = 0
    repeated: int = 0
    late: int = 0
    duplicate: int = 0
    conflict: int = 0
    unknown: int = 0
    refused: int = 0
    """Values that no store can keep (NaN, integers of more than 64 bits, broken text); they are among the dead letters."""
    seq: int | None = None


class Answered(Struct, frozen=True, kw_only=True):
    """What replies came to: `taken` moved a command, `late` were noted, `repeated` said nothing new, `unknown` named no command."""

    taken: int = 0
    late: int = 0
    repeated: int = 0
    unknown: int = 0


class StateDelta(Struct, frozen=True, array_like=True, gc=False):
    """The state of a signal after a change, `quality` the effective one at that time; times in microseconds since 1970 UTC.

    `changed`: value or quality are other than before; False: a report that says the same.
    """

    number: int
    value: Value
    quality: Quality
    observed_at: int
    received_at: int
    changed_at: int
    changed: bool


class StateChange(Struct, frozen=True, kw_only=True):
    """What one transaction did to states: each signal once, with the state in which the transaction left it.

    `seq` counts with that of `twin.events.Change`: both together are numbered in commit order, without a gap. `at`: aware, UTC.
    `passed`: states that signals passed through on the way, where a batch had several readings of one; in the order of time.
    `alarms`: steps of alarms; `commands`: steps of commands. A change has states, alarms or commands, never two of them.
    """

    seq: int
    kind: ChangeKind
    at: datetime
    states: list[StateDelta]
    passed: list[StateDelta] = []
    alarms: list[AlarmRecord] = []
    commands: list[Step] = []


class StateQuery(Struct, frozen=True, kw_only=True):
    """Which signals: all conditions hold. Empty means any.

    `place`: id of an object: signals of it and of all below it in the tree. `bbox`: (west, south, east, north) degrees.
    `polygon`: WKB in degrees, of objects whose bounds touch it. `filter`: of objects that pass it; where `names` is empty and the
    filter asks nothing of the listed signals themselves, the signals that it names are listed, or all if it names none.
    `reach`: only what a caller reaches; where that is single signals, conditions on objects (box, polygon, properties, filter) hold for none.
    """

    models: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    place: str | None = None
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    settable: bool | None = None
    qualities: tuple[Quality, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    properties: tuple[PropertyCondition, ...] = ()
    polygon: bytes | None = None
    filter: Filter | None = None
    reach: Reach = EVERYTHING
    limit: int = 1000
    cursor: str | None = None


class SignalKeeper(Protocol):
    """Which signals there are."""

    def declare_signals(self, signals: Sequence[Signal]) -> list[SignalRecord]:
        """Make signals known, or change what is known of them; in the order given.

        Raises NotFound for an object that the current revision of its model does not have (nothing is declared then).
        """
        ...

    def signal(self, model: str, global_id: str, name: str) -> SignalRecord:
        """One signal. Raises NotFound."""
        ...

    def signal_records(self) -> list[SignalRecord]:
        """All of them by number, orphans included: what an ingest resolves against."""
        ...


class ReadingWriter(Protocol):
    """Ingest."""

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        """Write a batch in one durable transaction: history, state (newer wins), dead letters, one change row.

        When it returns, the batch survives a power cut, and its messages may be acknowledged. Readings of numbers that
        are not signals are counted as unknown. Readings out of order, repeated or in conflict do no harm (`twin.state.apply`).
        """
        ...

    def record_replies(self, replies: Sequence[Reply]) -> Answered:
        """What devices said, in one durable transaction."""
        ...

    def sweep_stale(self) -> int:
        """Mark signals as stale that have been silent for longer than their period; returns how many. Writes a change row."""
        ...

    def mark_stale(self, signals: Sequence[int]) -> int:
        """Mark signals as stale at once: their gateway has died. Returns how many were not yet."""
        ...


class StateReader(Protocol):
    """Questions about state, now and in the past."""

    def states(self, query: StateQuery) -> Page[StateRecord]:
        """Signals that pass, with their state, by number. Raises InvalidQuery, NotFound for an unknown place."""
        ...

    def check_filter(self, given: Filter) -> None:
        """Raises InvalidFilter where a filter names a signal or a property that the whole twin has never had, or compares one with a
        value of a type that none of its values has: the lists that it asks for would be empty, whatever is reported.
        """
        ...

    def states_of(self, signals: Sequence[str]) -> list[StateRecord]:
        """States by signal ids, in their order, at most 10,000; those that do not exist are left out. Raises InvalidQuery."""
        ...

    def states_by_number(self, numbers: Sequence[int]) -> list[StateRecord]:
        """The same by number, for feeds."""
        ...

    def history(
        self, number: int, *, start: int, end: int, limit: int, cursor: str | None = None
    ) -> Page[HistoryRow]:
        """Readings of a signal observed from `start` to before `end`, the oldest first. Raises NotFound, InvalidQuery."""
        ...

    def scene_at(self, at: int, models: Sequence[str] = ()) -> SceneAt:
        """For each signal the newest reading observed at or before `at`, late data included, of the objects that were in the
        revision of their model that was current then (before its first one: that one).
        """
        ...

    def scene_now(self, query: StateQuery) -> SceneAt:
        """Present states as columns, those of signals that have never reported too (quality 255, value 0, time 0).

        `limit` and `cursor` of the query do not count. Raises NotFound for an unknown place, InvalidQuery.
        """
        ...

    def other_units(self, kinds: Sequence[str], unit: str) -> dict[int, str]:
        """Units by number of the signals of these kinds that have another one than this; those without a unit are left out."""
        ...

    def aggregate(self, query: StateQuery, by: AGGREGATED_BY) -> list[StateTotal]:
        """What the signals say together, of objects that are there now, by group, kind and unit, in their order.

        `limit` and `cursor` of the query do not count. Raises NotFound for an unknown place, InvalidQuery.
        """
        ...

    def rejected(self, *, limit: int) -> list[Rejected]:
        """The newest dead letters, the newest first."""
        ...

    def state_changes(self, after: int, *, limit: int) -> list[StateChange]:
        """Changes of states with `seq > after`, in commit order. Those of models have numbers of the same row of counting."""
        ...

    def oldest_change(self) -> int:
        """The smallest `after` from which `state_changes` goes on without a gap: older ones have been dropped; 0: none has."""
        ...


class BindingKeeper(Protocol):
    """Bindings as documents: what they mean is the business of `state_sync`."""

    def replace_bindings(self, source: str, documents: Sequence[str]) -> int:
        """Replace all bindings that came from `source` by these JSON documents, in one transaction; returns how many there are now."""
        ...

    def bindings(self) -> list[tuple[str, str]]:
        """(source, document) of all bindings, in their order."""
        ...

    def command_bindings(self) -> list[tuple[str, str]]:
        """The same of those that say how a signal is commanded."""
        ...


class DeviceKeeper(Protocol):
    """Registered devices and gateways."""

    def device_registry(self) -> DeviceRegistry:
        """All of them."""
        ...

    def devices_version(self) -> int:
        """The version of the registry: cheaper than reading it."""
        ...

    def change_devices(self, put: Sequence[Device], remove: Sequence[str], *, known: int) -> int:
        """Register or change devices, and forget others, in one transaction; returns the new version.

        `known`: the version that the change was decided on. Raises Conflict if it is another by now.
        """
        ...


class JobKeeper(Protocol):
    """Jobs that one process does for all that use the database: sweeps, roll-ups, schedules."""

    def take_job(self, name: str) -> bool:
        """Whether this process is to do the job: it does already, or nobody who lives does.

        To be asked before each piece of work: asking is how the holder says that it lives. A holder on this machine that has
        died is replaced at once, one on another machine after five minutes.
        """
        ...

    def leave_job(self, name: str) -> None:
        """Somebody else may do it from now on. Nothing happens if this process does not do it."""
        ...


class LiveStore(SignalKeeper, ReadingWriter, StateReader, BindingKeeper, DeviceKeeper, Protocol):
    """All of it."""
