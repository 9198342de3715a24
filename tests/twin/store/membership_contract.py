"""The scene at an instant holds the objects of the revisions that were current then."""

from datetime import timedelta

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, declared, read, temperature
from twin.ports import StateQuery, TwinStore

OLD = NOW - 1_000_000 * S
"""Long before anything was imported."""


def objects(store: TwinStore, at: int) -> str:
    """GlobalIds of model `a` whose signals are in the scene, in order."""
    names = {record.state_index: record.signal.global_id for record in store.signal_records()}
    return "".join(sorted(names[index] for index in store.scene_at(at).state_indexes.tolist()))


class MembershipContract:
    def test_objects_come_and_go_with_the_revisions_of_their_time(
        self, store: TwinStore, clock: Clock
    ) -> None:
        records = declared(store, "xy")
        clock.now += timedelta(seconds=100)
        imported(store, "a", plain("yz"), "2")
        records += store.declare_signals([temperature("z")])
        store.record([read(record.number, 1.0, -1_000_000) for record in records])
        clock.now += timedelta(seconds=100)
        assert objects(store, NOW + 50 * S) == "xy"
        assert objects(store, NOW + 150 * S) == "yz"
        store.rollback("a", 1)
        assert objects(store, NOW + 50 * S) == "xy"
        assert objects(store, NOW + 150 * S) == "yz"
        assert objects(store, NOW + 200 * S) == "xy"

    def test_before_the_first_revision_its_objects_are_there(self, store: TwinStore) -> None:
        records = declared(store, "xy")
        store.record([read(record.number, 1.0, -1_000_000) for record in records])
        assert objects(store, OLD) == "xy"

    def test_a_removed_model_is_there_until_it_was_removed(self, store: TwinStore, clock: Clock) -> None:
        records = declared(store, "xy")
        store.record([read(record.number, 1.0, 0) for record in records])
        clock.now += timedelta(seconds=100)
        store.remove("a")
        assert objects(store, NOW + 99 * S) == "xy"
        assert objects(store, NOW + 100 * S) == ""

    def test_the_present_comes_as_columns_with_those_that_never_reported(self, store: TwinStore) -> None:
        one, two, three = declared(store)
        store.record([read(one.number, 1.5, 0), read(three.number, "on", 0)])
        scene = store.scene_now(StateQuery(names=("temperature",)))
        assert scene.signals.tolist() == [one.number, two.number, three.number]
        assert scene.quality.tolist() == [0, 255, 0]
        assert scene.texts == {2: "on"}
        assert scene.values[0] == 1.5
        assert store.scene_now(StateQuery(place="a/y")).signals.tolist() == [two.number]

    def test_a_text_of_the_past_is_that_of_its_time(self, store: TwinStore) -> None:
        one, *_ = declared(store)
        store.record([read(one.number, "off", 0), read(one.number, "on", 100), read(one.number, "late", 200)])
        assert [store.scene_at(NOW + at * S).texts for at in (50, 150, 250)] == [
            {0: "off"},
            {0: "on"},
            {0: "late"},
        ]
