"""The evaluation of rules for alarms: follows the change log, and writes what follows from it. Synchronous; time is an argument.

It goes on from a place in the log that is written in the same transaction as the alarms, so that a crash, or another process that goes
on, neither loses a step nor does one twice. While nothing happens nothing is written but, now and then, the place.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace

from state_sync.alarm_rules import NO_RULES, Ruled, compiled, filled
from twin.alarms import AlarmRecord, AlarmRule, Kind
from twin.errors import Conflict, TwinError
from twin.ports import (
    AlarmStep,
    ClearedAlarm,
    Happening,
    NewAlarm,
    SignalRecord,
    StateChange,
    StateRecord,
    TwinStore,
    WatchKey,
)
from twin.ports.live import StateDelta
from twin.times import to_microseconds
from twin.watching import Event, Raised, Seen, Watch, awaited, elapse, holds, observe

PAGE = 200
"""Changes read at once."""

RULES_EVERY_US = 1_000_000
"""How often is asked whether rules have changed."""

SAVE_EVERY_US = 5_000_000
"""How often the place is written while nothing happens: what is read again after a crash."""

_AT_ONCE = 5_000
"""States asked for in one question."""

_RULE_GONE = "the rule has been changed or removed"


class AlarmCounts(Struct, kw_only=True):
    """What has passed in this process. Numbers only grow."""

    states: int = 0
    raised: int = 0
    cleared: int = 0
    reloads: int = 0
    lost: int = 0
    """Times that the log was cut before it was read: present states were looked at instead."""


class _Place(Struct):
    """Where the evaluation is. `floor`: signals whose present state has been looked at, ahead of the log, until `settled`."""

    generation: int
    cursor: int
    version: tuple[int, int]
    watches: dict[WatchKey, Watch]
    saved_at: int
    asked_at: int
    floor: dict[int, int] = field(default_factory=dict)
    settled: int = 0
    watched: Counter[int] = field(default_factory=Counter)
    """How many watches there are over each signal."""

    def keep(self, key: WatchKey, watch: Watch | None) -> None:
        """Remember a watch, or that there is none."""
        before = self.watches.pop(key, None)
        if watch is not None:
            self.watches[key] = watch
        difference = (watch is not None) - (before is not None)
        if difference:
            self.watched[key[0]] += difference
            if not self.watched[key[0]]:
                del self.watched[key[0]]


class _Draft:
    """What one transaction is to write."""

    def __init__(self) -> None:
        self.watches: dict[WatchKey, Watch | None] = {}
        self.happened: list[Happening] = []
        self.again: set[int] = set()


class AlarmWatcher:
    """Evaluates the rules of one store. Used from one thread; only while this process does the job for all."""

    def __init__(self, store: TwinStore) -> None:
        self.counts = AlarmCounts()
        self._store = store
        self._place: _Place | None = None
        self._rules: dict[int, Ruled] = {}
        self._due: list[tuple[int, WatchKey]] = []

    def step(self, now: int) -> list[AlarmRecord]:
        """Take over what is new in the log, then let delays end. `now`: microseconds since 1970 UTC. Returns steps of alarms.

        Raises StoreError; the next call goes on from what is written.
        """
        try:
            return self._step(now)
        except Conflict:
            self.forget()
            return []
        except TwinError:
            self.forget()
            raise

    def forget(self) -> None:
        """Read again how far the evaluation has come: another process may go on with it, or have done."""
        self._place = None

    def _step(self, now: int) -> list[AlarmRecord]:
        told: list[AlarmRecord] = []
        place = self._place
        if place is None:
            place, told = self._started(now)
        elif now - place.asked_at >= RULES_EVERY_US:
            told = self._renewed(place, now)
        if not self._rules and not place.watches:
            return told  # a twin without rules costs one question a second
        told += self._follow(place, now)
        told += self._elapse(place, now)
        if now - place.saved_at >= SAVE_EVERY_US:
            self._write(place, _Draft(), place.cursor, now)
        return told

    def _started(self, now: int) -> tuple[_Place, list[AlarmRecord]]:
        progress = self._store.alarm_progress()
        version = self._store.rules_version()
        self._rules = compiled(self._store.ruled_signals())
        place = _Place(
            generation=progress.generation,
            cursor=progress.cursor,
            version=version,
            watches=dict(progress.watches),
            saved_at=now,
            asked_at=now,
            watched=Counter(number for number, _ in progress.watches),
        )
        self._due = [(watch.due, key) for key, watch in place.watches.items() if watch.due is not None]
        heapq.heapify(self._due)
        self._place = place
        if progress.version == version:
            return place, []
        place.version = progress.version
        if progress.generation == 0:
            place.cursor = self._store.last_change()
        told = self._follow(place, now)
        return place, told + self._look(place, self._concerned(place), now, version)

    def _concerned(self, place: _Place) -> list[int]:
        """All signals that have rules or alarms."""
        return sorted(self._rules.keys() | {number for number, _ in place.watches})

    def _renewed(self, place: _Place, now: int) -> list[AlarmRecord]:
        """Take changed rules over; signals whose rules are others now are looked at."""
        place.asked_at = now
        version = self._store.rules_version()
        if version == place.version:
            return []
        if not self._rules and not place.watches:
            place.cursor = self._store.last_change()
        told = self._follow(place, now)
        before, self._rules = self._rules, compiled(self._store.ruled_signals())
        self.counts.reloads += 1
        numbers = before.keys() | self._rules.keys()
        changed = [number for number in numbers if before.get(number) != self._rules.get(number)]
        return told + self._look(place, sorted(changed), now, version)

    def _look(
        self, place: _Place, numbers: Sequence[int], now: int, version: tuple[int, int] | None = None
    ) -> list[AlarmRecord]:
        """Evaluate present states. What the log still holds of them from before is passed over. `version`: of the rules, once all are done."""
        told: list[AlarmRecord] = []
        remaining = iter(numbers)
        while piece := list(islice(remaining, _AT_ONCE)):
            draft = _Draft()
            self._retire(place, draft, piece)
            for record in self._store.states_by_number(piece):
                seen = _present(record, now)
                if seen is not None:
                    place.floor[record.signal.number] = seen.observed_at
                    self._evaluate(place, draft, record.signal.number, seen)
                elif record.signal.signal.period_s is not None:
                    self._await_first(place, draft, record.signal, now)
            if draft.watches:
                told += self._write(place, draft, place.cursor, now)
            place.settled = self._store.last_change()
            told += self._follow(
                place, now
            )  # a million states take a while, and new alarms do not wait for that
        if version is not None:
            place.version = version
            told += self._write(place, _Draft(), place.cursor, now)
        return told

    def _retire(self, place: _Place, draft: _Draft, numbers: Iterable[int]) -> None:
        """Watches over rules that are gone end, and their alarms are cleared."""
        concerned = set(numbers)
        for key in [key for key in place.watches if key[0] in concerned]:
            if self._rule(key) is None:
                place.keep(key, None)
                draft.watches[key] = None
                draft.happened.append(ClearedAlarm(signal=key[0], kind=key[1], note=_RULE_GONE))

    def _follow(self, place: _Place, now: int) -> list[AlarmRecord]:
        told: list[AlarmRecord] = []
        while True:
            changes = self._store.state_changes(place.cursor, limit=PAGE)
            if (
                not changes or changes[0].seq > place.cursor + 1
            ) and self._store.oldest_change() > place.cursor:
                self.counts.lost += 1
                place.cursor = self._store.last_change()
                return told + self._look(place, self._concerned(place), now)
            if not changes:
                return told
            draft = _Draft()
            for change in changes:
                self._take(place, draft, change)
            cursor = changes[-1].seq
            if draft.watches or draft.happened:
                told += self._write(place, draft, cursor, now)
            place.cursor = cursor
            if place.floor and cursor >= place.settled:
                place.floor.clear()
            if draft.again:
                told += self._look(place, sorted(draft.again), now)
            if len(changes) < PAGE:
                return told

    def _take(self, place: _Place, draft: _Draft, change: StateChange) -> None:
        """One row of the log. This loop runs for each reading."""
        at = to_microseconds(change.at)
        rules = self._rules
        for record in change.alarms:
            key = record.signal, record.kind
            if record.cleared_by is not None and key in place.watches:
                place.keep(key, None)
                draft.watches[key] = None
                draft.again.add(record.signal)
        watched, floor = place.watched, place.floor
        for delta in _in_order(change):
            ruled = rules.get(delta.number)
            if ruled is None:
                continue
            self.counts.states += 1
            if ruled.is_calm(delta) and delta.number not in watched:
                continue
            if not floor or delta.observed_at >= floor.get(delta.number, delta.observed_at):
                seen = Seen(delta.value, delta.quality, delta.observed_at, delta.received_at, at)
                self._evaluate(place, draft, delta.number, seen)

    def _evaluate(self, place: _Place, draft: _Draft, number: int, seen: Seen) -> None:
        for rule in self._rules.get(number, NO_RULES).rules:
            watch = place.watches.get((number, rule.kind))
            if watch is None and not holds(rule, seen, held=False):
                continue
            after, events = observe(rule, watch, seen)
            if after is not watch or events:
                self._note(place, draft, (number, rule), (after, events))

    def _await_first(self, place: _Place, draft: _Draft, record: SignalRecord, now: int) -> None:
        """A signal that never reports makes no change that could be followed: its period runs from now on."""
        period_us = round((record.signal.period_s or 0) * 1_000_000)
        for rule in self._rules.get(record.number, NO_RULES).rules:
            if rule.kind is Kind.STALE and (record.number, rule.kind) not in place.watches:
                watch = awaited(rule, period_us=period_us, now=now)
                self._note(place, draft, (record.number, rule), (watch, []))

    def _note(
        self,
        place: _Place,
        draft: _Draft,
        of: tuple[int, AlarmRule],
        result: tuple[Watch | None, list[Event]],
    ) -> None:
        number, rule = of
        watch, events = result
        key = number, rule.kind
        draft.watches[key] = watch
        place.keep(key, watch)
        if watch is not None and watch.due is not None:
            heapq.heappush(self._due, (watch.due, key))
        for event in events:
            if isinstance(event, Raised):
                draft.happened.append(_new(number, rule, event))
            else:
                draft.happened.append(ClearedAlarm(signal=number, kind=rule.kind))

    def _elapse(self, place: _Place, now: int) -> list[AlarmRecord]:
        """Delays that are over by our clock: all of the log has been read."""
        draft = _Draft()
        while self._due and self._due[0][0] <= now:
            due, key = heapq.heappop(self._due)
            watch = place.watches.get(key)
            rule = self._rule(key)
            if watch is None or rule is None or watch.due != due:
                continue
            self._note(place, draft, (key[0], rule), elapse(rule, watch, now))
        return self._write(place, draft, place.cursor, now) if draft.watches else []

    def _rule(self, key: WatchKey) -> AlarmRule | None:
        rules = self._rules.get(key[0], NO_RULES).rules
        return next((rule for rule in rules if rule.kind is key[1]), None)

    def _write(self, place: _Place, draft: _Draft, cursor: int, now: int) -> list[AlarmRecord]:
        step = AlarmStep(
            cursor=cursor,
            version=place.version,
            watches=draft.watches,
            happened=_worded(draft.happened, self._store),
        )
        told = self._store.record_alarms(step, known=place.generation)
        place.generation += 1
        place.saved_at = now
        for record in told:
            if record.cleared_at is None:
                self.counts.raised += 1
            else:
                self.counts.cleared += 1
        return told


def _in_order(change: StateChange) -> Sequence[StateDelta]:
    """States of a change, those of one signal in the order of time."""
    return [*change.passed, *change.states] if change.passed else change.states


def _present(record: StateRecord, now: int) -> Seen | None:
    """The present state of a signal; None: it has never reported."""
    if record.value is None or record.quality is None:
        return None
    if record.observed_at is None or record.received_at is None:
        return None
    return Seen(record.value, record.quality, record.observed_at, record.received_at, now)


def _new(number: int, rule: AlarmRule, raised: Raised) -> NewAlarm:
    return NewAlarm(
        signal=number,
        kind=rule.kind,
        severity=rule.urgency,
        message=rule.message,
        value=raised.value,
        limit=rule.limit,
        since=raised.since,
    )


def _worded(happened: Sequence[Happening], store: TwinStore) -> list[Happening]:
    """The same with what messages leave open filled in."""
    asking = [each for each in happened if isinstance(each, NewAlarm) and "{" in (each.message or "")]
    if not asking:
        return list(happened)
    records = {
        record.signal.number: record.signal.signal
        for start in range(0, len(asking), _AT_ONCE)
        for record in store.states_by_number([each.signal for each in asking[start : start + _AT_ONCE]])
    }
    return [
        replace(each, message=filled(each, records[each.signal]))
        if isinstance(each, NewAlarm) and each.signal in records
        else each
        for each in happened
    ]
