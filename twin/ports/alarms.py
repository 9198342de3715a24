"""What callers need from a store of alarms: those who read and acknowledge, those who write rules, and the job that evaluates them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from twin.alarms import AlarmPattern, AlarmRecord, AlarmRule, Kind, Severity, Status, Value
from twin.policy import EVERYTHING, Reach
from twin.ports.live import SignalRecord
from twin.queries import Page
from twin.watching import Watch

WatchKey = tuple[int, Kind]
"""Signal, by number, and kind."""


class AlarmView(Struct, frozen=True, kw_only=True):
    """An alarm with the signal that it is of, and the class and name of the object, empty where that is gone."""

    record: AlarmRecord
    signal: SignalRecord
    class_: str
    object_name: str


class AlarmQuery(Struct, frozen=True, kw_only=True):
    """Which alarms: all conditions hold, empty means any. The newest come first.

    `acknowledged`: whether somebody has. `signals`: ids. `place`: id of an object: of it and of all below it. `start`, `end`: raised at or
    after, and before. `reach`: of signals that a caller reaches.
    """

    statuses: tuple[Status, ...] = ()
    severities: tuple[Severity, ...] = ()
    kinds: tuple[Kind, ...] = ()
    acknowledged: bool | None = None
    models: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    place: str | None = None
    signals: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    reach: Reach = EVERYTHING
    limit: int = 100
    cursor: str | None = None


class NewAlarm(Struct, frozen=True, kw_only=True):
    """An alarm to raise; the message is ready to be read."""

    signal: int
    kind: Kind
    severity: Severity
    message: str | None
    value: Value
    limit: float | None
    since: int


class ClearedAlarm(Struct, frozen=True, kw_only=True):
    """The open alarm of a signal and kind is over. `note`: why, if not by itself."""

    signal: int
    kind: Kind
    note: str | None = None


Happening = NewAlarm | ClearedAlarm


class AlarmProgress(Struct, frozen=True, kw_only=True):
    """How far the evaluation has come: change `cursor`, with the rules of `version`, remembering `watches`, after `generation` steps."""

    generation: int
    cursor: int
    version: tuple[int, int]
    watches: Mapping[WatchKey, Watch]


class AlarmStep(Struct, frozen=True, kw_only=True):
    """What one piece of evaluation came to. `watches`: those that changed; None: nothing to remember any more."""

    cursor: int
    version: tuple[int, int]
    watches: Mapping[WatchKey, Watch | None]
    happened: Sequence[Happening] = ()


class AlarmKeeper(Protocol):
    """Alarms for people."""

    def alarms(self, query: AlarmQuery) -> Page[AlarmView]:
        """Alarms that pass. Raises InvalidQuery, NotFound for an unknown place."""
        ...

    def alarm(self, identifier: int) -> AlarmView:
        """One of them. Raises NotFound."""
        ...

    def acknowledge_alarm(self, identifier: int, *, by: str, note: str | None = None) -> AlarmView:
        """Say that somebody has seen it. Raises NotFound; StepRefused if somebody has said so before."""
        ...

    def clear_alarm(self, identifier: int, *, by: str, note: str | None = None) -> AlarmView:
        """Clear it by hand. Raises NotFound; StepRefused if it is; Conflict while what it is about is known to hold."""
        ...

    def alarm_totals(self) -> dict[tuple[Severity, Status], int]:
        """How many open alarms there are."""
        ...

    def alarm_patterns(self) -> list[AlarmPattern]:
        """Rules for many signals, by id."""
        ...

    def put_alarm_pattern(self, pattern: AlarmPattern) -> bool:
        """Write one; returns whether it is new. It holds for present states, too, within a second or so."""
        ...

    def remove_alarm_pattern(self, identifier: str) -> None:
        """Take one away; its open alarms are cleared. Raises NotFound."""
        ...


class AlarmEvaluation(Protocol):
    """What the job needs that evaluates rules; one process does it for all."""

    def rules_version(self) -> tuple[int, int]:
        """Grows when rules, declarations or models change: then `ruled_signals` may be another."""
        ...

    def ruled_signals(self) -> dict[int, tuple[AlarmRule, ...]]:
        """The rules that govern each signal that has some, by number; signals with the same rules share them."""
        ...

    def alarm_progress(self) -> AlarmProgress:
        """How far the evaluation has come."""
        ...

    def record_alarms(self, step: AlarmStep, *, known: int) -> list[AlarmRecord]:
        """Write alarms, watches and the new place in one transaction, with one change row; returns the steps of alarms, in order.

        `known`: the generation that the step goes on from, the next one is one more. Raises Conflict if another process has gone on from there.
        """
        ...
