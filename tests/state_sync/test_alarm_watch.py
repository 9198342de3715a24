"""The evaluation of rules over a real store: what is raised from the change log, through crashes and changes of rules, by several at once."""

import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from state_sync.alarm_rules import filled
from state_sync.alarm_watch import AlarmWatcher
from tests.twin.store.alarm_contract import new
from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S
from twin.alarms import AlarmPattern, AlarmRule, Kind, Severity, Status
from twin.errors import StoreError
from twin.ports import AlarmQuery, AlarmStep, TwinStore
from twin.state import Quality, Reading, Signal, Value
from twin.store import SqlStore, live_changes, open_store, open_store_url

HIGH = AlarmRule(kind=Kind.HIGH, limit=30.0, hysteresis=1.0)
Open = Callable[[], TwinStore]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Open]:
    """Opens the same database once more, as another process would."""
    opened: list[SqlStore] = []
    url = request.getfixturevalue("postgres_location") if request.param == "postgres" else None

    def again() -> TwinStore:
        store = open_store(tmp_path, clock=clock) if url is None else open_store_url(url, clock=clock)
        opened.append(store)
        return store

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Open) -> TwinStore:
    return reopen()


def declared(store: TwinStore, *rules: AlarmRule, objects: str = "x", **fields: Any) -> list[int]:
    imported(store, "a", plain(objects))
    records = store.declare_signals(
        [Signal(model="a", global_id=g, name="t", alarms=rules, **fields) for g in objects]
    )
    return [record.number for record in records]


def said(store: TwinStore, number: int, value: Value, at: float, quality: Quality = Quality.GOOD) -> None:
    observed = NOW + round(at * S)
    store.record([Reading(number, value, observed, observed, quality)])


def steps(watcher: AlarmWatcher, at: float = 0) -> list[tuple[Kind, Status]]:
    return [(record.kind, record.status) for record in watcher.step(NOW + round(at * S))]


def statuses(store: TwinStore) -> list[Status]:
    """Of all alarms, the oldest first."""
    return [view.record.status for view in store.alarms(AlarmQuery()).items[::-1]]


RAISED, CLEARED = (Kind.HIGH, Status.RAISED), (Kind.HIGH, Status.CLEARED)


def test_a_reading_above_the_limit_raises_and_one_below_the_hysteresis_clears(store: TwinStore) -> None:
    (x,) = declared(store, HIGH)
    watcher = AlarmWatcher(store)
    assert steps(watcher) == []
    said(store, x, 31.0, 0)
    assert steps(watcher) == [RAISED]
    said(store, x, 29.5, 1)
    said(store, x, 30.5, 2)
    assert steps(watcher) == []
    said(store, x, 29.0, 3)
    assert steps(watcher) == [CLEARED]
    assert steps(watcher) == []


def test_a_late_reading_raises_nothing(store: TwinStore) -> None:
    (x,) = declared(store, HIGH)
    watcher = AlarmWatcher(store)
    said(store, x, 20.0, 10)
    assert steps(watcher) == []
    said(store, x, 99.0, 9)
    said(store, x, 99.0, 9)
    assert steps(watcher) == []


def test_a_peak_inside_of_one_batch_is_raised_and_cleared(store: TwinStore) -> None:
    (x,) = declared(store, HIGH)
    watcher = AlarmWatcher(store)
    steps(watcher)
    store.record([Reading(x, value, NOW + at, NOW + at) for at, value in enumerate((20.0, 99.0, 20.0))])
    assert steps(watcher) == [RAISED, CLEARED]


def test_a_rule_that_comes_later_looks_at_present_states_and_one_that_goes_clears_its_alarms(
    store: TwinStore,
) -> None:
    (x,) = declared(store)
    said(store, x, 31.0, 0)
    watcher = AlarmWatcher(store)
    assert steps(watcher) == []
    store.put_alarm_pattern(AlarmPattern(id="p", rule=HIGH, names=("t",)))
    assert steps(watcher, 2) == [RAISED]
    store.put_alarm_pattern(AlarmPattern(id="p", rule=AlarmRule(kind=Kind.HIGH, limit=40.0)))
    assert steps(watcher, 4) == [CLEARED]
    store.put_alarm_pattern(AlarmPattern(id="p", rule=HIGH))
    assert steps(watcher, 6) == [RAISED]
    store.remove_alarm_pattern("p")
    assert steps(watcher, 8) == [CLEARED]
    assert store.alarms(AlarmQuery()).items[0].record.clear_note is not None


def test_a_delay_goes_on_after_a_restart_and_is_not_begun_anew(store: TwinStore, reopen: Open) -> None:
    (x,) = declared(store, AlarmRule(kind=Kind.HIGH, limit=30.0, delay_s=60))
    watcher = AlarmWatcher(store)
    steps(watcher)
    said(store, x, 31.0, 0)
    assert steps(watcher, 1) == []
    after = AlarmWatcher(reopen())
    assert steps(after, 59) == []
    assert steps(after, 60) == [RAISED]
    assert steps(AlarmWatcher(reopen()), 61) == []


def test_what_came_while_nobody_evaluated_is_taken_over_from_the_log(store: TwinStore) -> None:
    (x,) = declared(store, HIGH)
    steps(AlarmWatcher(store))
    for at, value in enumerate((31.0, 20.0, 35.0)):
        said(store, x, value, at)
    assert steps(AlarmWatcher(store)) == [RAISED, CLEARED, RAISED]


def test_where_the_log_was_cut_meanwhile_present_states_are_looked_at(
    store: TwinStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = declared(store, HIGH, objects="xy")
    watcher = AlarmWatcher(store)
    steps(watcher)
    said(store, x, 31.0, 0)
    clock.advance(timedelta(hours=2))
    monkeypatch.setattr(live_changes, "KEPT_BYTES", 1)
    for at in range(5):
        said(store, y, float(at), at)
    assert store.oldest_change() > 0
    assert steps(watcher) == [RAISED]
    assert watcher.counts.lost == 1
    said(store, x, 20.0, 9)
    assert steps(watcher) == [CLEARED]


def test_an_alarm_cleared_by_hand_is_raised_again_if_it_holds(store: TwinStore) -> None:
    (x,) = declared(store, AlarmRule(kind=Kind.HIGH, limit=30.0, latched=True))
    watcher = AlarmWatcher(store)
    steps(watcher)
    said(store, x, 31.0, 0)
    said(store, x, 20.0, 1)
    assert steps(watcher) == [RAISED]
    (view,) = store.alarms(AlarmQuery()).items
    store.clear_alarm(view.record.id, by="Li")
    assert steps(watcher) == []
    said(store, x, 31.0, 2)
    assert steps(watcher) == [RAISED]
    store.mark_stale([x])
    store.clear_alarm(store.alarms(AlarmQuery()).items[0].record.id, by="Li")
    said(store, x, 32.0, 3)
    assert steps(watcher) == [RAISED]


def test_silence_raises_what_a_disabled_or_dead_device_says_no_more(store: TwinStore) -> None:
    (x,) = declared(store, AlarmRule(kind=Kind.STALE, severity=Severity.MAJOR), HIGH, period_s=60.0)
    watcher = AlarmWatcher(store)
    said(store, x, 31.0, 0)
    assert steps(watcher) == [RAISED]
    store.mark_stale([x])
    assert steps(watcher) == [(Kind.STALE, Status.RAISED)]
    said(store, x, 31.0, 1)
    assert steps(watcher) == [(Kind.STALE, Status.CLEARED)]
    assert statuses(store) == [Status.RAISED, Status.CLEARED]


def test_a_signal_that_has_never_reported_is_silent_once_its_period_is_over(
    store: TwinStore, reopen: Open
) -> None:
    (x,) = declared(store, AlarmRule(kind=Kind.STALE, delay_s=10), period_s=60.0)
    watcher = AlarmWatcher(store)
    assert steps(watcher, 0) == []
    assert steps(watcher, 69) == []
    again = reopen()
    watcher = AlarmWatcher(again)
    assert steps(watcher, 69.5) == []
    assert steps(watcher, 70) == [(Kind.STALE, Status.RAISED)]
    said(again, x, 1.0, 71)
    assert steps(watcher, 71) == [(Kind.STALE, Status.CLEARED)]


def test_a_first_reading_in_time_leaves_no_alarm_of_silence(store: TwinStore) -> None:
    (x,) = declared(store, AlarmRule(kind=Kind.STALE), period_s=60.0)
    watcher = AlarmWatcher(store)
    assert steps(watcher, 0) == []
    said(store, x, 1.0, 30)
    assert steps(watcher, 30) == []
    assert steps(watcher, 100) == []


def test_two_processes_at_once_make_one_alarm_and_the_slower_one_goes_on_from_there(
    store: TwinStore, reopen: Open
) -> None:
    (x,) = declared(store, HIGH)
    one, two = AlarmWatcher(store), AlarmWatcher(reopen())
    assert (steps(one), steps(two)) == ([], [])
    said(store, x, 31.0, 0)
    assert steps(one) == [RAISED]
    assert steps(two) == []
    said(store, x, 20.0, 1)
    assert steps(two) == [CLEARED]
    assert steps(one) == []
    assert statuses(store) == [Status.CLEARED]


class Failing:
    """A store whose writing fails at random, before or after it is done: as a crash would leave it."""

    def __init__(self, store: TwinStore, chance: random.Random) -> None:
        self._store = store
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def record_alarms(self, step: AlarmStep, *, known: int) -> Any:
        fate = self._chance.random()
        if fate < 0.3:
            raise StoreError("before. Try again")
        done = self._store.record_alarms(step, known=known)
        if fate > 0.7:
            raise StoreError("after. Try again")
        return done


@pytest.mark.parametrize("seed", range(4))
def test_crashes_at_random_moments_neither_lose_nor_double_a_step(
    store: TwinStore, reopen: Open, seed: int
) -> None:
    chance = random.Random(seed)
    numbers = declared(store, AlarmRule(kind=Kind.HIGH, limit=30.0, delay_s=2), HIGH_HIGH, objects="wxyz")
    steps(AlarmWatcher(store))
    crashing = AlarmWatcher(Failing(store, chance))
    start = store.last_change()
    heard: list[tuple[int, float, int]] = []
    for at in range(60):
        for number in numbers:
            value = chance.choice([20.0, 31.0, 50.0])
            said(store, number, value, at)
            heard.append((number, value, at))
        for _ in range(chance.randrange(3)):
            crash(crashing, at)
        if chance.random() < 0.2:
            crashing.forget()
    for _ in range(40):
        crash(crashing, 59)
    told = [
        (alarm.signal, alarm.kind, alarm.status, alarm.since)
        for change in store.state_changes(start, limit=10_000)
        for alarm in change.alarms
    ]
    assert sorted(told) == sorted(expected(heard))


HIGH_HIGH = AlarmRule(kind=Kind.HIGH_HIGH, limit=40.0)


def crash(watcher: AlarmWatcher, at: int) -> None:
    with contextlib.suppress(StoreError):
        watcher.step(NOW + at * S)


def expected(heard: list[tuple[int, float, int]]) -> list[tuple[int, Kind, Status, int]]:
    """By hand: above 40 at once, above 30 for two seconds."""
    found: list[tuple[int, Kind, Status, int]] = []
    for number in {number for number, *_ in heard}:
        values = [(at, value) for of, value, at in heard if of == number]
        for kind, limit, delay in ((Kind.HIGH_HIGH, 40.0, 0), (Kind.HIGH, 30.0, 2)):
            since: int | None = None
            for at, value in [*values, (10_000, limit)]:
                if value > limit:
                    since = at if since is None else since
                    continue
                last = values[-1][0] if at == 10_000 else at
                if since is not None and last - since >= delay:
                    found.append((number, kind, Status.RAISED, NOW + since * S))
                    if at != 10_000:
                        found.append((number, kind, Status.CLEARED, NOW + since * S))
                since = None
    return found


def test_messages_are_filled_in_and_other_braces_stay() -> None:
    signal = Signal(model="a", global_id="g", name="t", unit="Cel")
    alarm = new(1, value=31.25, message="{signal}: {value} {unit} > {limit} {} {x} {0.__class__}")
    assert filled(alarm, signal) == "a/g/t: 31.25 Cel > 30 {} {x} {0.__class__}"
