"""What every live store answers about states, the past of a signal, and the scene at an instant."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.twin.store.builders import boxes, building, imported, plain, published, staged
from tests.twin.store.live_contract import NOW, S, declared, past, read, temperature, values
from twin.errors import InvalidQuery, NotFound
from twin.ports import QUALITIES, StateQuery, TwinStore
from twin.state import Quality


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

    def test_other_units_are_those_of_the_kinds_asked_for(self, store: TwinStore) -> None:
        mine = declared(store, unit="Cel")
        old, plain_ = store.declare_signals(
            [temperature("z", name="old", unit="[degF]"), temperature("z", name="bare")]
        )
        (power,) = store.declare_signals([temperature("z", name="power", kind="power", unit="kW")])
        assert store.other_units(("temperature",), "Cel") == {old.number: "[degF]"}
        assert set(store.other_units(("temperature", "power"), "W")) == {
            *(record.number for record in (*mine, old, power))
        }
        assert plain_.number not in store.other_units(("temperature",), "W")

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
