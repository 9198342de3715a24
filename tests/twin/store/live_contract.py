"""What every store must do about live state; adapters' tests inherit these classes and give `store`."""

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.twin.store.builders import imported, plain, staged
from tests.twin.store.clock import Clock
from twin.errors import InvalidQuery, NotFound
from twin.events import ChangeKind
from twin.ports import Recorded, Rejected, SignalRecord, StateQuery, TwinStore
from twin.state import Quality, Reading, Signal, Value
from twin.times import from_microseconds, to_microseconds

S = 1_000_000
"""A second."""
DAY = 86_400 * S
NOW = to_microseconds(Clock().now)


def temperature(global_id: str, model: str = "a", **changes: Any) -> Signal:
    return Signal(
        **{"model": model, "global_id": global_id, "name": "temperature", "kind": "temperature", **changes}
    )


def declared(store: TwinStore, global_ids: str = "xyz", **changes: Any) -> list[SignalRecord]:
    """A model `a` with these objects, each with a temperature."""
    imported(store, "a", plain(global_ids))
    return store.declare_signals([temperature(g, **changes) for g in global_ids])


def read(number: int, value: Value, at: int, quality: Quality = Quality.GOOD) -> Reading:
    """Observed `at` seconds after the clock's start, received one second later."""
    return Reading(number, value, NOW + at * S, NOW + (at + 1) * S, quality)


def past(store: TwinStore, number: int, **changes: Any) -> list[tuple[float, Value, str]]:
    """All history: seconds after the clock's start, value, quality."""
    asked = {"start": 0, "end": 1 << 62, "limit": 1000, **changes}
    page = store.history(number, **asked)
    return [((row.observed_at - NOW) / S, row.value, row.quality.value) for row in page.items]


def values(store: TwinStore, **query: Any) -> dict[str, Value | None]:
    """By id."""
    return {row.signal.signal.id: row.value for row in store.states(StateQuery(**query)).items}


class SignalContract:
    def test_a_signal_is_stored_with_all_that_it_declares(self, store: TwinStore) -> None:
        indexes = imported(store, "a", plain("xy"))
        full = Signal(
            model="a",
            global_id="y",
            name="温度 1%",
            type="enum",
            kind="模式",
            unit="°C",
            minimum=-20.5,
            maximum=60,
            choices=("off", "on"),
            period_s=2.5,
            settable=True,
            tolerance=0.5,
            deadband=0.1,
        )
        (record,) = store.declare_signals([full])
        assert (record.signal, record.state_index, record.orphan) == (full, indexes["y"], False)
        assert store.signal("a", "y", "温度 1%") == record
        assert store.signal_records() == [record]

    def test_numbers_follow_the_order_given_and_stay(self, store: TwinStore) -> None:
        imported(store, "a", plain("xyz"))
        first = store.declare_signals([temperature("z"), temperature("x")])
        second = store.declare_signals([temperature("x", unit="K"), temperature("y"), temperature("z")])
        numbers = [record.number for record in first]
        assert numbers == sorted(numbers)
        assert [second[2].number, second[0].number] == numbers
        assert second[1].number > numbers[1]
        assert store.signal("a", "x", "temperature").signal.unit == "K"

    def test_a_signal_declared_twice_at_once_is_one_and_the_last_word_counts(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        one, two = store.declare_signals([temperature("x", unit="K"), temperature("x", unit="°C")])
        assert one == two == store.signal("a", "x", "temperature")
        assert one.signal.unit == "°C"

    def test_an_object_that_is_not_there_declares_nothing_at_all(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(NotFound, match="nowhere"):
            store.declare_signals([temperature("x"), temperature("nowhere")])
        assert store.signal_records() == []

    def test_an_object_of_a_staged_revision_is_not_there_yet(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        staged(store, "a", plain("xy"), "2")
        with pytest.raises(NotFound):
            store.declare_signals([temperature("y")])

    @pytest.mark.parametrize("name", ["", "a/b", "x" * 201])
    def test_a_name_that_no_id_can_hold_is_refused(self, store: TwinStore, name: str) -> None:
        imported(store, "a", plain("x"))
        with pytest.raises(InvalidQuery, match="name of a signal"):
            store.declare_signals([temperature("x", name=name)])

    def test_an_unknown_signal_is_not_found(self, store: TwinStore) -> None:
        declared(store, "x")
        for parts in (("b", "x", "temperature"), ("a", "y", "temperature"), ("a", "x", "humidity")):
            with pytest.raises(NotFound):
                store.signal(*parts)

    def test_signals_outlive_revisions_and_orphans_say_so(self, store: TwinStore) -> None:
        before = declared(store, "xy")
        store.record([read(before[1].number, 5.0, 0)])
        imported(store, "a", plain("x"), "2")
        assert [(r.signal.global_id, r.orphan) for r in store.signal_records()] == [("x", False), ("y", True)]
        assert values(store) == {"a/x/temperature": None, "a/y/temperature": 5.0}
        with pytest.raises(NotFound):
            store.declare_signals([temperature("y")])
        imported(store, "a", plain("xy"), "3")
        assert store.signal_records() == before
        store.remove("a")
        assert [r.orphan for r in store.signal_records()] == [True, True]

    def test_a_rollback_makes_orphans_of_what_came_later(self, store: TwinStore) -> None:
        imported(store, "a", plain("x"))
        imported(store, "a", plain("xy"), "2")
        store.declare_signals([temperature("x"), temperature("y")])
        store.rollback("a", 1)
        assert [r.orphan for r in store.signal_records()] == [False, True]

    def test_thousands_are_declared_in_their_order(self, store: TwinStore) -> None:
        ids = [f"{i:04}" for i in range(3000)]
        imported(store, "a", plain(ids))
        records = store.declare_signals([temperature(g) for g in reversed(ids)])
        assert [r.signal.global_id for r in records] == ids[::-1]
        assert np.all(np.diff([r.number for r in records]) == 1)
        assert store.signal_records() == records


class RecordContract:
    def test_nothing_in_nothing_out(self, store: TwinStore) -> None:
        assert store.record([]) == Recorded()

    def test_a_reading_is_state_history_and_change_at_once(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        done = store.record([read(one.number, 21.5, 0)])
        assert (done.changed, done.seq) == (1, store.last_change())
        (state,) = store.states_by_number([one.number])
        assert (state.value, state.quality) == (21.5, Quality.GOOD)
        assert (state.observed_at, state.received_at, state.changed_at) == (NOW, NOW + S, NOW)
        assert past(store, one.number) == [(0, 21.5, "good")]
        (change,) = store.state_changes(0, limit=10)
        assert (change.seq, change.kind) == (done.seq, ChangeKind.STATES_CHANGED)
        (delta,) = change.states
        assert (delta.number, delta.value, delta.quality, delta.changed) == (one.number, 21.5, "good", True)
        assert (delta.observed_at, delta.received_at, delta.changed_at) == (NOW, NOW + S, NOW)

    @pytest.mark.parametrize(
        "value",
        [True, False, 0, 1, -7, 1.0, 0.1, 1e300, "", "1", "开", "🚰", 2**53 + 1, -(2**63), 2**63 - 1],
        ids=ascii,
    )
    def test_a_value_comes_back_as_what_it_was(self, store: TwinStore, value: Value) -> None:
        one, *_ = declared(store, "x")
        store.record([read(one.number, value, 0)])
        for found in (
            store.states_by_number([one.number])[0].value,
            past(store, one.number)[0][1],
            store.state_changes(0, limit=1)[0].states[0].value,
        ):
            assert (type(found), found) == (type(value), value)

    @pytest.mark.parametrize("value", [math.nan, math.inf, 2**63, "half \ud800", "nul \0"], ids=ascii)
    def test_what_no_store_can_keep_is_refused_alone(self, store: TwinStore, value: Value) -> None:
        one, two, _ = declared(store)
        done = store.record([read(one.number, value, 0), read(two.number, 1.0, 0)])
        assert (done.changed, done.refused) == (1, 1)
        assert past(store, one.number) == []
        (letter,) = store.rejected(limit=10)
        assert str(one.number) in letter.detail

    def test_a_time_beyond_all_clocks_is_refused_alone(self, store: TwinStore) -> None:
        one, two, _ = declared(store)
        far = [Reading(one.number, 1.0, at, NOW) for at in (1 << 70, -(1 << 70))]
        done = store.record([*far, read(two.number, 1.0, 0)])
        assert (done.changed, done.refused) == (1, 2)
        assert {letter.reason for letter in store.rejected(limit=10)} == {"malformed"}

    def test_the_same_value_again_is_a_report_and_keeps_the_time_of_the_change(
        self, store: TwinStore
    ) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 21.5, 0)])
        done = store.record([read(one.number, 21.5, 60)])
        assert (done.changed, done.repeated) == (0, 1)
        (state,) = store.states_by_number([one.number])
        assert (state.observed_at, state.changed_at) == (NOW + 60 * S, NOW)
        assert not store.state_changes(done.seq - 1 if done.seq else 0, limit=1)[0].states[0].changed

    def test_a_late_reading_is_history_alone(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 2.0, 60)])
        done = store.record([read(one.number, 1.0, 0)])
        assert done == Recorded(late=1)
        assert past(store, one.number) == [(0, 1.0, "good"), (60, 2.0, "good")]
        assert values(store, names=("temperature",))["a/x/temperature"] == 2.0

    def test_a_batch_that_is_delivered_twice_is_duplicates(self, store: TwinStore) -> None:
        one, two, _ = declared(store)
        batch = [read(one.number, float(i), i) for i in range(5)] + [read(two.number, "on", 3)]
        assert store.record(batch).changed == 6
        before = past(store, one.number)
        assert store.record(batch) == Recorded(duplicate=6)
        assert past(store, one.number) == before

    def test_of_two_values_for_one_time_the_same_one_stands_whatever_came_first(
        self, store: TwinStore
    ) -> None:
        one, two, three = declared(store)
        for record, first, second in ((one, 1.0, 2.0), (two, 2.0, 1.0)):
            store.record([read(record.number, first, 0)])
            assert store.record([read(record.number, second, 0)]).conflict == 1
        assert store.record([read(three.number, v, 0) for v in (1.0, 2.0, 1.5)]).conflict == 2
        for record in (one, two, three):
            assert past(store, record.number) == [(0, 2.0, "good")]
            assert store.states_by_number([record.number])[0].value == 2.0

    def test_a_conflict_in_the_past_is_decided_in_history(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 1.0, 0), read(one.number, 9.0, 60)])
        assert store.record([read(one.number, 2.0, 0)]) == Recorded(conflict=1)
        assert store.record([read(one.number, 1.0, 0)]) == Recorded(conflict=1)
        assert store.record([read(one.number, 2.0, 0)]) == Recorded(duplicate=1)
        assert past(store, one.number) == [(0, 2.0, "good"), (60, 9.0, "good")]

    def test_numbers_that_are_no_signals_are_counted(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        done = store.record([read(4711, 1.0, 0), read(one.number, 1.0, 0), read(4711, 2.0, 1)])
        assert (done.changed, done.unknown) == (1, 2)

    def test_each_signal_is_once_in_a_change_with_its_last_state(self, store: TwinStore) -> None:
        one, two, _ = declared(store)
        store.record([read(one.number, float(i), i) for i in (2, 3, 1)] + [read(two.number, 0.0, 0)])
        (change,) = store.state_changes(0, limit=10)
        assert {d.number: d.value for d in change.states} == {one.number: 3.0, two.number: 0.0}

    def test_changes_of_models_and_states_are_numbered_together_without_a_gap(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 1.0, 0)])
        imported(store, "b", plain("x"))
        store.record([read(one.number, 2.0, 1)])
        assert [c.seq for c in store.changes(0, limit=10)] == [1, 3]
        assert [c.seq for c in store.state_changes(0, limit=10)] == [2, 4]
        assert [c.seq for c in store.state_changes(2, limit=10)] == [4]
        assert [c.seq for c in store.state_changes(0, limit=1)] == [2]
        assert store.last_change() == 4

    def test_dead_letters_are_kept_newest_first_with_their_bytes(self, store: TwinStore) -> None:
        letters = [
            Rejected(
                reason="malformed", detail=f"{i}", topic="a/温度", payload=b"\0\xff" * 3000, received_at=i
            )
            for i in range(3)
        ]
        assert store.record([], letters) == Recorded()
        found = store.rejected(limit=2)
        assert [letter.detail for letter in found] == ["2", "1"]
        assert found[0].payload == b"\0\xff" * 2048
        assert found[0].topic == "a/温度"

    def test_dead_letters_are_bounded(self, store: TwinStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("twin.store.dead_letters.KEPT", 5)
        for start in (0, 4, 8):
            store.record([], [_letter(str(i)) for i in range(start, start + 4)])
        assert [letter.detail for letter in store.rejected(limit=100)] == ["11", "10", "9", "8", "7"]
        store.record([], [_letter(str(i)) for i in range(100)])
        assert [letter.detail for letter in store.rejected(limit=100)] == ["99", "98", "97", "96", "95"]

    def test_a_dead_letter_with_broken_text_is_kept(self, store: TwinStore) -> None:
        store.record([], [_letter("half \ud800 \0")])
        assert store.rejected(limit=1)[0].detail == "half \\ud800 \\0"

    @pytest.mark.parametrize("at", [1 << 70, -(1 << 70), (1 << 63) - 1])
    def test_a_dead_letter_of_an_absurd_time_is_kept(self, store: TwinStore, at: int) -> None:
        letter = Rejected(reason="malformed", detail="d", topic="t", payload=b"", received_at=at)
        store.record([], [letter])
        (kept,) = store.rejected(limit=1)
        assert from_microseconds(kept.received_at).year == (9999 if at > 0 else 1)

    def test_a_reading_received_at_an_absurd_time_is_refused_alone(self, store: TwinStore) -> None:
        one, two, *_ = declared(store)
        done = store.record([Reading(one.number, 1.0, NOW, 1 << 70), read(two.number, 1.0, 0)])
        assert (done.refused, done.changed) == (1, 1)
        assert store.rejected(limit=1)[0].reason == "malformed"

    def test_changes_that_are_dropped_leave_a_mark(
        self, store: TwinStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, *_ = declared(store)
        first = store.record([read(one.number, 0.0, 0)]).seq
        assert store.oldest_change() == 0
        clock.advance(timedelta(hours=2))
        second = store.record([read(one.number, 1.0, 1)]).seq
        assert store.oldest_change() == first
        assert [c.seq for c in store.state_changes(first or 0, limit=9)] == [second]
        monkeypatch.setattr("twin.store.live_changes.KEPT_BYTES", 1)
        third = store.record([read(one.number, 2.0, 2)]).seq
        assert store.oldest_change() == second
        assert [c.seq for c in store.state_changes(0, limit=9)] == [third]


def _letter(detail: str) -> Rejected:
    return Rejected(reason="malformed", detail=detail, topic="t", payload=b"", received_at=0)


class StalenessContract:
    def test_silence_beyond_the_period_is_stale_with_the_old_time(
        self, store: TwinStore, clock: Clock
    ) -> None:
        one, two, _ = declared(store, period_s=60)
        store.declare_signals([temperature("y")])
        store.record([read(one.number, 1.0, 0), read(two.number, 1.0, 0)])
        clock.advance(timedelta(seconds=60))
        assert store.sweep_stale() == 0
        clock.advance(timedelta(seconds=1))
        assert store.sweep_stale() == 1
        assert store.sweep_stale() == 0
        state, other = store.states_by_number([one.number, two.number])
        assert (state.quality, state.observed_at, state.value) == (Quality.STALE, NOW, 1.0)
        assert other.quality is Quality.GOOD
        change = store.state_changes(0, limit=10)[-1]
        assert change.kind is ChangeKind.STATES_STALE
        assert [(d.number, d.quality, d.observed_at) for d in change.states] == [(one.number, "stale", NOW)]

    def test_what_is_silent_is_stale_before_the_sweep_comes(self, store: TwinStore, clock: Clock) -> None:
        one, *_ = declared(store, period_s=60)
        store.record([read(one.number, 1.0, 0)])
        clock.advance(timedelta(seconds=61))
        assert store.states_by_number([one.number])[0].quality is Quality.STALE
        assert list(values(store, qualities=(Quality.STALE,))) == ["a/x/temperature"]
        assert not values(store, qualities=(Quality.GOOD,))

    def test_a_report_wakes_a_silent_signal_and_a_late_one_does_not(
        self, store: TwinStore, clock: Clock
    ) -> None:
        one, *_ = declared(store, period_s=60)
        store.record([read(one.number, 1.0, 10)])
        clock.advance(timedelta(seconds=100))
        store.sweep_stale()
        assert store.record([read(one.number, 1.0, 5)]) == Recorded(late=1)
        assert store.states_by_number([one.number])[0].quality is Quality.STALE
        assert store.record([read(one.number, 1.0, 99)]).changed == 1
        assert store.states_by_number([one.number])[0].quality is Quality.GOOD

    def test_a_gateway_that_dies_takes_its_signals_with_it(self, store: TwinStore) -> None:
        one, two, three = declared(store)
        store.record([read(one.number, 1.0, 0), read(two.number, 1.0, 0, Quality.BAD)])
        assert store.mark_stale([one.number, two.number, three.number, 4711, one.number]) == 2
        assert store.mark_stale([one.number]) == 0
        qualities = [s.quality for s in store.states_by_number([one.number, two.number, three.number])]
        assert qualities == [Quality.STALE, Quality.BAD, None]

    def test_a_reading_that_is_old_when_it_comes_is_stale_in_its_change(self, store: TwinStore) -> None:
        one, *_ = declared(store, period_s=60)
        store.record([read(one.number, 1.0, -600)])
        assert store.state_changes(0, limit=1)[0].states[0].quality is Quality.STALE

    def test_a_new_period_counts_at_once(self, store: TwinStore, clock: Clock) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 1.0, 0)])
        clock.advance(timedelta(seconds=100))
        assert store.sweep_stale() == 0
        store.declare_signals([temperature("x", period_s=60)])
        assert store.sweep_stale() == 1


class BindingContract:
    def test_bindings_are_replaced_by_source_and_keep_their_order(self, store: TwinStore) -> None:
        assert store.replace_bindings("b.toml", ["1", "2"]) == 2
        assert store.replace_bindings("a.toml", ['{"标签": "水表"}']) == 3
        assert store.replace_bindings("b.toml", ["3", "2", "1"]) == 4
        expected = [("a.toml", '{"标签": "水表"}'), *(("b.toml", d) for d in "321")]
        assert store.bindings() == expected
        assert store.replace_bindings("b.toml", []) == 1
        assert store.bindings() == expected[:1]
