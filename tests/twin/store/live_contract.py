"""What every store must do about live state; adapters' tests inherit these classes and give `store`."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.twin.store.builders import boxes, building, imported, plain, published, staged
from tests.twin.store.clock import Clock
from twin.errors import InvalidQuery, NotFound
from twin.events import ChangeKind
from twin.ports import QUALITIES, Recorded, Rejected, SignalRecord, StateQuery, TwinStore
from twin.state import Quality, Reading, Signal, Value
from twin.times import to_microseconds

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


class StateContract:
    def test_signals_that_never_reported_have_no_value(self, store: TwinStore) -> None:
        declared(store, "x")
        (state,) = store.states(StateQuery()).items
        assert (state.value, state.quality, state.observed_at, state.changed_at) == (None, None, None, None)

    def test_pages_follow_each_other_by_number(self, store: TwinStore) -> None:
        records = declared(store, "vwxyz")
        seen, cursor = [], None
        while True:
            page = store.states(StateQuery(limit=2, cursor=cursor))
            seen += [row.signal.number for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == [record.number for record in records]
        with pytest.raises(InvalidQuery):
            store.states(StateQuery(cursor="nonsense"))
        with pytest.raises(InvalidQuery):
            store.states(StateQuery(limit=0))

    def test_filters_all_have_to_hold(self, store: TwinStore) -> None:
        imported(store, "a", building())
        imported(store, "b", plain("x"))
        store.declare_signals(
            [
                temperature("r"),
                temperature("s2"),
                temperature("e3", name="volume", kind="water", settable=True),
                temperature("e4", name="on", kind="light", type="boolean", settable=True),
                temperature("x", model="b"),
            ]
        )

        def found(**query: Any) -> str:
            return " ".join(identifier.rsplit("/", 1)[0] for identifier in values(store, **query))

        assert found(models=("b",)) == "b/x"
        assert found(models=("a", "nowhere")) == "a/r a/s2 a/e3 a/e4"
        assert found(classes=("IfcSpace", "IfcLamp")) == "a/r a/e4"
        assert found(classes=("IfcNothing",)) == ""
        assert found(place="a/s3") == "a/r a/e4"
        assert found(place="a/p") == "a/r a/s2 a/e3 a/e4"
        assert found(place="a/e3") == "a/e3"
        assert found(names=("on", "volume")) == "a/e3 a/e4"
        assert found(kinds=("temperature",), models=("a",)) == "a/r a/s2"
        assert found(settable=True, place="a/s1") == "a/e3"
        assert found(settable=False, classes=("IfcSpace", "IfcLamp")) == "a/r"
        with pytest.raises(NotFound):
            found(place="a/nowhere")
        with pytest.raises(InvalidQuery):
            found(place="nonsense")

    def test_many_objects_and_few_are_filtered_alike(
        self, store: TwinStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        imported(store, "a", building())
        store.declare_signals([temperature(o.global_id) for o in building()])
        asked: list[dict[str, Any]] = [
            {"classes": ("IfcWall", "IfcSpace")},
            {"place": "a/s3"},
            {"place": "a/s2", "classes": ("IfcWall",)},
            {"bbox": (0.0, 0.0, 9.0, 9.0)},
        ]
        few = [values(store, **query) for query in asked]
        monkeypatch.setattr("twin.store.state_search.FEW", -1)
        assert [values(store, **query) for query in asked] == few
        assert [len(found) for found in few] == [3, 3, 2, 0]

    def test_qualities_are_those_that_screens_show(self, store: TwinStore) -> None:
        one, two, _ = declared(store)
        store.record([read(one.number, 1.0, 0, Quality.BAD), read(two.number, 1.0, 0, Quality.UNCERTAIN)])
        store.mark_stale([one.number, two.number])
        assert list(values(store, qualities=(Quality.BAD,))) == ["a/x/temperature"]
        assert list(values(store, qualities=(Quality.STALE, Quality.GOOD))) == ["a/y/temperature"]
        assert not values(store, qualities=(Quality.UNCERTAIN,))

    def test_a_box_finds_the_signals_of_the_objects_in_it(self, store: TwinStore) -> None:
        revision, _ = staged(store, "a", plain("xyz"))
        where = [(1.0, 1.0, 0.0, 2.0, 2.0, 3.0), (3.0, 1.0, 0.0, 4.0, 2.0, 3.0), None]
        store.stage_bounds(revision, boxes([w and (0, 0, 0, 1, 1, 1) for w in where]), boxes(where))
        published(store, revision)
        store.declare_signals([temperature(g) for g in "xyz"])
        assert list(values(store, bbox=(0, 0, 2.5, 9))) == ["a/x/temperature"]
        assert list(values(store, bbox=(2, 0, 3, 9))) == ["a/x/temperature", "a/y/temperature"]
        assert list(values(store, bbox=(3.5, 0, 1.5, 9))) == ["a/x/temperature", "a/y/temperature"]
        assert not values(store, bbox=(5, 0, 6, 9))
        with pytest.raises(InvalidQuery):
            values(store, bbox=(0, 9, 1, 0))

    def test_states_by_id_come_in_the_order_asked_and_unknown_ones_are_left_out(
        self, store: TwinStore
    ) -> None:
        one, two, _ = declared(store)
        imported(store, "gis", plain(["a/b", "c"]))
        store.declare_signals([temperature("a/b", model="gis")])
        store.record([read(two.number, 2.0, 0)])
        ids = ["a/y/temperature", "a/no/temperature", "gis/a/b/temperature", "a/x/temperature", "b/x/y"]
        found = store.states_of([*ids, "a/y/temperature"])
        assert [row.signal.signal.id for row in found] == [ids[0], ids[2], ids[3], ids[0]]
        assert [row.value for row in found] == [2.0, None, None, 2.0]
        assert [r.signal.number for r in store.states_by_number([two.number, 99, one.number])] == [
            two.number,
            one.number,
        ]
        assert store.states_of([]) == []

    def test_ids_that_are_none_and_too_many_are_refused(self, store: TwinStore) -> None:
        for ids in (["x"], ["a/b"], ["a//t"], ["a/b/t"] * 10_001):
            with pytest.raises(InvalidQuery):
                store.states_of(ids)


class HistoryContract:
    def test_the_end_is_left_out_and_pages_go_on_across_days(self, store: TwinStore) -> None:
        one, two, _ = declared(store)
        times = [-3 * 86_400, -86_400, -1, 0, 1, 86_400]
        store.record([read(r.number, float(t), t) for t in times for r in (one, two)])
        asked = {"start": NOW - 86_400 * S, "end": NOW + 86_400 * S}
        assert [row[0] for row in past(store, one.number, **asked)] == times[1:5]
        seen: list[float] = []
        cursor = None
        while True:
            page = store.history(one.number, start=0, end=1 << 60, limit=2, cursor=cursor)
            seen += [(row.observed_at - NOW) / S for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == times
        assert past(store, one.number, start=NOW + 2 * S, end=NOW) == []

    def test_unknown_signals_and_strange_limits_are_refused(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        assert past(store, one.number) == []
        with pytest.raises(NotFound):
            past(store, 4711)
        for limit in (0, 1_000_000):
            with pytest.raises(InvalidQuery):
                past(store, one.number, limit=limit)

    def test_history_stays_when_the_model_goes(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 1.0, 0)])
        store.remove("a")
        assert past(store, one.number) == [(0, 1.0, "good")]


class SceneContract:
    def scene(self, store: TwinStore, at: int, models: Sequence[str] = ()) -> dict[int, tuple[Any, ...]]:
        """By number: value, quality, seconds of observation."""
        scene = store.scene_at(NOW + at * S, models)
        assert np.all(np.diff(scene.signals.astype(np.int64)) > 0)
        types = [column.dtype.name for column in (scene.signals, scene.state_indexes, scene.values)]
        assert types == ["uint32", "uint32", "float64"]
        assert (scene.quality.dtype.name, scene.observed_at.dtype.name) == ("uint8", "int64")
        return {
            number: (
                scene.texts.get(row, float(scene.values[row])),
                QUALITIES[scene.quality[row]].value,
                (int(scene.observed_at[row]) - NOW) // S,
            )
            for row, number in enumerate(scene.signals.tolist())
        }

    def test_an_empty_twin_is_an_empty_scene(self, store: TwinStore) -> None:
        assert self.scene(store, 0) == {}
        declared(store)
        assert self.scene(store, 0) == {}

    def test_each_signal_has_its_newest_reading_at_or_before_the_instant(self, store: TwinStore) -> None:
        one, two, three = declared(store)
        day = 86_400
        store.record([read(one.number, v, t) for t, v in ((-3 * day, 1.0), (0, True), (day, 3))])
        store.record([read(two.number, v, t) for t, v in ((-day, "on"), (50, 7), (100, "off"))])
        store.record([read(three.number, 2**53 + 1, 10)])
        first, second, third = one.number, two.number, three.number
        assert self.scene(store, -4 * day) == {}
        assert self.scene(store, -2 * day) == {first: (1.0, "good", -3 * day)}
        assert self.scene(store, 0) == {first: (1.0, "good", 0), second: ("on", "good", -day)}
        assert self.scene(store, 60)[second] == (7.0, "good", 50)
        assert self.scene(store, 60)[third] == (float(2**53), "good", 10)
        assert self.scene(store, 9 * day) == {
            first: (3.0, "good", day),
            second: ("off", "good", 100),
            third: (float(2**53), "good", 10),
        }

    def test_late_data_changes_the_scene_of_the_past(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, 2.0, 100)])
        assert self.scene(store, 50) == {}
        store.record([read(one.number, 1.0, 20)])
        assert self.scene(store, 50) == {one.number: (1.0, "good", 20)}

    def test_qualities_are_those_of_that_instant(self, store: TwinStore) -> None:
        one, two, _ = declared(store, period_s=60)
        store.record([read(one.number, 1.0, 0), read(two.number, 1.0, 0, Quality.BAD)])
        assert self.scene(store, 60)[one.number][1] == "good"
        assert self.scene(store, 61)[one.number][1] == "stale"
        assert self.scene(store, 61)[two.number][1] == "bad"

    def test_a_scene_of_some_models_holds_theirs_alone(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        imported(store, "b", plain("x"))
        (other,) = store.declare_signals([temperature("x", model="b")])
        store.record([read(r.number, 1.0, t) for r in (one, other) for t in (0, 100)])
        assert list(self.scene(store, 50, ("b",))) == [other.number]
        assert list(self.scene(store, 50)) == [one.number, other.number]

    def test_many_signals_and_few_are_found_alike(
        self, store: TwinStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = [f"{i:04}" for i in range(1200)]
        imported(store, "a", plain(ids))
        records = store.declare_signals([temperature(g) for g in ids])
        for day in range(3):
            store.record([read(r.number, float(day), 86_400 * day) for r in records[: 400 * (3 - day)]])
        store.record([read(r.number, 9.0, 10 * 86_400) for r in records])
        few = self.scene(store, 5 * 86_400)
        monkeypatch.setattr("twin.store.scene.FEW", 100)
        assert self.scene(store, 5 * 86_400) == few
        monkeypatch.setattr("twin.store.scene.SCANNED", -1)
        assert self.scene(store, 5 * 86_400) == few
        assert [sum(v[0] == day for v in few.values()) for day in (0.0, 1.0, 2.0)] == [400, 400, 400]


class BindingContract:
    def test_bindings_are_replaced_by_source_and_keep_their_order(self, store: TwinStore) -> None:
        assert store.replace_bindings("b.toml", ["1", "2"]) == 2
        assert store.replace_bindings("a.toml", ['{"标签": "水表"}']) == 3
        assert store.replace_bindings("b.toml", ["3", "2", "1"]) == 4
        expected = [("a.toml", '{"标签": "水表"}'), *(("b.toml", d) for d in "321")]
        assert store.bindings() == expected
        assert store.replace_bindings("b.toml", []) == 1
        assert store.bindings() == expected[:1]
