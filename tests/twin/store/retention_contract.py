"""What every live store does when history has been kept long enough."""

from datetime import timedelta
from typing import Any

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, declared, past, read, temperature
from tests.twin.store.rollup_contract import DAY, MIDNIGHT, RESOLUTIONS, finished
from twin.alarms import Kind, Severity
from twin.ports import (
    AlarmQuery,
    AlarmStep,
    ClearedAlarm,
    CurveQuery,
    Dropped,
    Happening,
    NewAlarm,
    Retention,
    RollUp,
    RollUpQuery,
    TwinStore,
)
from twin.store import SqlStore, retention

TODAY = (MIDNIGHT - NOW) // S
"""Seconds from the clock's start to the last midnight."""


def spans(store: TwinStore, number: int) -> list[list[RollUp]]:
    """In every resolution."""
    return [
        store.roll_ups(number, RollUpQuery(resolution=r, start=0, end=1 << 62, limit=10_000)).items
        for r in RESOLUTIONS
    ]


def enforced(store: TwinStore, **policy: float) -> Dropped:
    items = list(store.enforce_retention(Retention(**policy)))
    return Dropped(
        readings=sum(one.readings for one in items),
        roll_ups=sum(one.roll_ups for one in items),
        unsummed=sum(one.unsummed for one in items),
    )


def days_told(store: TwinStore, number: int) -> set[int]:
    """Days with readings, counted from today."""
    return {int(at - TODAY) // 86_400 for at, *_ in past(store, number, limit=100_000)}


def filled(store: SqlStore, **changes: Any) -> list[int]:
    """Three signals with a reading each ten minutes of the five days before today, and of today; their numbers."""
    records = declared(store, **changes)
    times = range(TODAY - 5 * 86_400, 0, 600)
    store.record([read(r.number, float(t % 977), t) for t in times for r in records])
    return [record.number for record in records]


class RetentionContract:
    def test_nothing_is_dropped_where_nothing_is_said(self, store: SqlStore) -> None:
        one, *_ = filled(store)
        assert enforced(store) == Dropped()
        assert days_told(store, one) == {-5, -4, -3, -2, -1, 0}

    @pytest.mark.parametrize("rolled_before", [True, False])
    def test_whole_days_go_and_their_roll_ups_stay(self, store: SqlStore, *, rolled_before: bool) -> None:
        one, _, three = filled(store)
        if rolled_before:
            finished(store)
        before = spans(store, one)
        scene = store.scene_at(NOW)
        assert enforced(store, days=2) == Dropped(readings=3 * 3 * 144)
        assert days_told(store, one) == days_told(store, three) == {-2, -1, 0}
        assert spans(store, one) == before
        finished(store)
        assert spans(store, one) == before
        assert store.scene_at(NOW).values.tolist() == scene.values.tolist()
        assert enforced(store, days=2) == Dropped()

    def test_a_curve_goes_on_through_what_is_left(self, store: SqlStore) -> None:
        one, *_ = filled(store)
        enforced(store, days=2)
        found = store.curve(one, CurveQuery(start=0, end=1 << 62, points=200))
        assert (found.readings, found.items[0][0]) == (
            len(range(TODAY - 5 * 86_400, 0, 600)),
            MIDNIGHT - 5 * DAY,
        )

    def test_a_signal_may_say_how_long_itself(self, store: SqlStore) -> None:
        one, *_ = filled(store, keep_days=4)
        assert enforced(store, days=1).readings == 3 * 144
        assert days_told(store, one) == {-4, -3, -2, -1, 0}
        other = declared_beside(store)
        store.record([read(other, 1.0, TODAY - 3 * 86_400 + t) for t in range(10)])
        assert enforced(store, days=1).readings == 10
        assert days_told(store, one) == {-4, -3, -2, -1, 0}
        assert days_told(store, other) == set()

    def test_roll_ups_go_when_their_time_has_come(self, store: SqlStore) -> None:
        one, *_ = filled(store)
        dropped = enforced(store, days=2, roll_up_days=3)
        assert (dropped.readings, dropped.roll_ups) == (3 * 3 * 144, 0)
        starts = {row.start // DAY - MIDNIGHT // DAY for row in spans(store, one)[2]}
        assert starts == {-3, -2, -1, 0}
        enforced(store, days=2, roll_up_days=2)
        assert {row.start // DAY - MIDNIGHT // DAY for row in spans(store, one)[2]} == {-2, -1, 0}

    def test_what_comes_even_later_is_dropped_and_counted(self, store: SqlStore) -> None:
        one, *_ = filled(store)
        finished(store)
        before = spans(store, one)
        enforced(store, days=2)
        store.record([read(one, 1e9, TODAY - 4 * 86_400 + 5)])
        finished(store)
        assert spans(store, one) == before
        assert enforced(store, days=2) == Dropped(readings=1, unsummed=1)
        assert spans(store, one) == before

    def test_days_go_as_time_goes_on_and_transactions_are_short(
        self, store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, *_ = filled(store)
        monkeypatch.setattr(retention, "ROWS", 100)
        clock.advance(timedelta(days=2))
        items = list(store.enforce_retention(Retention(days=6)))
        assert sum(one.readings for one in items) == 3 * 144
        assert len(items) == 3
        assert days_told(store, one) == {-4, -3, -2, -1, 0}

    def test_alarms_go_so_many_days_after_they_were_cleared_and_open_ones_stay(
        self, store: SqlStore, clock: Clock
    ) -> None:
        one, two, three = declared(store)
        raised = [
            NewAlarm(
                signal=r.number,
                kind=Kind.HIGH,
                severity=Severity.MAJOR,
                message=None,
                value=1.0,
                limit=None,
                since=NOW,
            )
            for r in (one, two, three)
        ]
        _happen(store, *raised, ClearedAlarm(signal=one.number, kind=Kind.HIGH))
        clock.advance(timedelta(days=5))
        _happen(store, ClearedAlarm(signal=two.number, kind=Kind.HIGH))
        clock.advance(timedelta(days=6))
        assert [dropped.alarms for dropped in store.enforce_retention(Retention(alarm_days=10))] == [1]
        assert {view.record.signal for view in store.alarms(AlarmQuery()).items} == {two.number, three.number}
        assert list(store.enforce_retention(Retention())) == []


def declared_beside(store: SqlStore) -> int:
    """Another signal, which says nothing."""
    (record,) = store.declare_signals([temperature("x", name="beside")])
    return record.number


def _happen(store: SqlStore, *happened: Happening) -> None:
    progress = store.alarm_progress()
    step = AlarmStep(cursor=progress.cursor, version=progress.version, watches={}, happened=happened)
    store.record_alarms(step, known=progress.generation)
