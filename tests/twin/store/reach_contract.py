"""What a caller reaches, in every store: random scopes against a plain oracle, in lists, counts and scenes; nothing leaks."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.twin.store.builders import PARENTS, building, imported, plain, published, staged
from tests.twin.store.live_contract import NOW, read
from twin.alarms import Kind, Severity
from twin.filters import parse_filter
from twin.policy import EVERYTHING, NOTHING, Facts, Reach, Scope
from twin.ports import AlarmQuery, AlarmStep, NewAlarm, StateQuery, StateRecord, TwinStore
from twin.queries import ObjectQuery, ObjectRecord, TraceQuery
from twin.state import Signal

HOUSES = ("1号楼", "2号楼")
STREET = "路灯"
CLASSES = {item.global_id: item.class_ for item in building()}
NAMES = ("temperature", "level")
LAMPS = ("l1", "l2", "l3")
Identity = tuple[str, str]

_scopes = st.builds(
    Scope,
    models=st.lists(st.sampled_from([*HOUSES, STREET, "none"]), max_size=2).map(tuple),
    places=st.lists(
        st.sampled_from([f"{key}/{g}" for key in HOUSES for g in ("p", "b", "s2", "r", "e1", "gone")]),
        max_size=2,
    ).map(tuple),
    classes=st.lists(st.sampled_from(["IfcWall", "IfcSpace", "IfcLamp", "IfcDoor"]), max_size=2).map(tuple),
    signals=st.lists(st.sampled_from([*NAMES, "1号楼/e1/temperature", "路灯/l1/level"]), max_size=1).map(
        tuple
    ),
)
_reaches = st.lists(st.lists(_scopes, min_size=1, max_size=2).map(tuple), max_size=3).map(
    lambda parts: Reach(tuple(parts))
)


def _above(global_id: str) -> set[str]:
    found, at = {global_id}, global_id
    while at in PARENTS:
        at = PARENTS[at]
        found.add(at)
    return found


def _objects() -> list[Identity]:
    return [*product(HOUSES, sorted(CLASSES)), *((STREET, lamp) for lamp in LAMPS)]


def _passes(scope: Scope, key: str, global_id: str) -> bool:
    """Written anew, in other words than the software's."""
    class_ = "IfcWall" if key == STREET else CLASSES[global_id]
    holders = {global_id} if key == STREET else _above(global_id)
    if scope.models and key not in scope.models:
        return False
    if scope.classes and class_ not in scope.classes:
        return False
    return not scope.places or any(f"{key}/{holder}" in scope.places for holder in holders)


def _reads_object(reach: Reach, identity: Identity) -> bool:
    return any(all(not scope.signals and _passes(scope, *identity) for scope in part) for part in reach.parts)


def _reads_signal(reach: Reach, identity: Identity, name: str) -> bool:
    whole = f"{identity[0]}/{identity[1]}/{name}"
    return any(
        all(
            _passes(scope, *identity) and (not scope.signals or {name, whole} & set(scope.signals))
            for scope in part
        )
        for part in reach.parts
    )


class ReachContract:
    """Inherited by the tests of each store."""

    @pytest.fixture
    def town(self, store: TwinStore) -> TwinStore:
        """Two houses and a street, each object with two signals that have reported; an alarm on each temperature."""
        for key in HOUSES:
            revision, _ = staged(store, key, building())
            store.stage_relations(revision, np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]))
            published(store, revision)
        imported(store, STREET, plain(LAMPS))
        records = store.declare_signals(
            [Signal(model=key, global_id=g, name=name) for (key, g) in _objects() for name in NAMES]
        )
        store.record([read(record.number, 20.0 + record.number % 3, -1) for record in records])
        progress = store.alarm_progress()
        happened = [
            NewAlarm(
                signal=record.number, kind=Kind.HIGH, severity=Severity.WARNING, message=None, value=1.0,
                limit=1.0, since=NOW,
            )
            for record in records
            if record.signal.name == "temperature"
        ]  # fmt: skip
        store.record_alarms(
            AlarmStep(cursor=progress.cursor, version=progress.version, watches={}, happened=happened),
            known=progress.generation,
        )
        return store

    def test_lists_of_objects_hold_what_is_reached_and_nothing_else(self, town: TwinStore) -> None:
        @_random
        def leaks_nothing(reach: Reach) -> None:
            expected = [each for each in _objects() if _reads_object(reach, each)]
            found = [
                (item.model, item.global_id) for item in _listed(town, ObjectQuery(reach=reach, limit=3))
            ]
            assert sorted(found) == sorted(expected)
            assert town.visible_objects(reach, set(_objects())) == set(expected)

        leaks_nothing()

    def test_full_pages_come_whatever_is_left_out(self, town: TwinStore) -> None:
        reach = Reach(((Scope(classes=("IfcWall",)),),))
        assert [len(town.objects(ObjectQuery(reach=reach, limit=3)).items)] == [3]

    def test_the_tree_and_filters_find_only_what_is_reached(self, town: TwinStore) -> None:
        @_random
        def leaks_nothing(reach: Reach) -> None:
            for query in (
                ObjectQuery(parent="1号楼/b", reach=reach),
                ObjectQuery(roots=True, reach=reach),
                ObjectQuery(text="wall", reach=reach),
                ObjectQuery(filter=parse_filter("temperature > 20 OR level > 20"), reach=reach),
            ):
                found = {(item.model, item.global_id) for item in town.objects(query).items}
                everything = {(item.model, item.global_id) for item in _listed(town, _without_reach(query))}
                assert found == {each for each in everything if _reads_object(reach, each)}

        leaks_nothing()

    def test_signals_states_and_scenes_hold_what_is_reached_and_nothing_else(self, town: TwinStore) -> None:
        known = {record.number: record.signal for record in town.signal_records()}

        @_random
        def leaks_nothing(reach: Reach) -> None:
            expected = {
                number
                for number, one in known.items()
                if _reads_signal(reach, (one.model, one.global_id), one.name)
            }
            assert {
                record.signal.number for record in _states(town, StateQuery(reach=reach, limit=5))
            } == expected
            assert set(town.scene_now(StateQuery(reach=reach)).signals.tolist()) == expected
            assert town.visible_signals(reach) == expected
            some = sorted(known)[::3]
            assert town.visible_signals(reach, some) == expected.intersection(some)
            totals = town.aggregate(StateQuery(reach=reach), "all")
            assert sum(total.signals for total in totals) == len(expected)

        leaks_nothing()

    def test_conditions_on_objects_tell_nothing_of_those_whose_signals_alone_are_read(
        self, town: TwinStore
    ) -> None:
        reach = Reach(((Scope(signals=("level",)),),))
        asked = StateQuery(names=("level",), filter=parse_filter("temperature > 20"), reach=reach)
        assert town.states(asked).items == []

    def test_alarms_are_those_of_signals_that_are_reached(self, town: TwinStore) -> None:
        known = {record.number: record.signal for record in town.signal_records()}

        @_random
        def leaks_nothing(reach: Reach) -> None:
            found = {view.record.signal for view in town.alarms(AlarmQuery(reach=reach, limit=1000)).items}
            assert found == {
                number
                for number, one in known.items()
                if one.name == "temperature" and _reads_signal(reach, (one.model, one.global_id), one.name)
            }

        leaks_nothing()

    def test_a_trace_goes_through_nothing_that_is_not_reached(self, town: TwinStore) -> None:
        chain = sorted(CLASSES)[:6]

        @_random
        def leaks_nothing(reach: Reach) -> None:
            asked = TraceQuery(direction="downstream", reach=reach)
            expected = []
            for global_id in chain[1:]:
                if not _reads_object(reach, ("1号楼", global_id)):
                    break
                expected.append(global_id)
            found = town.trace("1号楼", chain[0], asked)
            assert ([item.global_id for item, _ in found.items], found.total) == (expected, len(expected))

        leaks_nothing()

    def test_what_the_core_says_of_one_object_is_what_the_store_says(self, town: TwinStore) -> None:
        @_random
        def agree(reach: Reach) -> None:
            facts = {
                (key, g): Facts(
                    key,
                    "IfcWall" if key == STREET else CLASSES[g],
                    frozenset(f"{key}/{holder}" for holder in ({g} if key == STREET else _above(g))),
                )
                for key, g in _objects()
            }
            assert town.visible_objects(reach, set(facts)) == {
                each for each, fact in facts.items() if reach.takes_object(fact)
            }
            signals = town.signal_records()
            assert town.visible_signals(reach) == {
                record.number
                for record in signals
                for one in (record.signal,)
                if reach.takes_signal(facts[one.model, one.global_id], one.name, one.id)
            }

        agree()

    def test_signals_of_objects_that_are_gone_are_reached_with_their_whole_model_only(
        self, town: TwinStore
    ) -> None:
        imported(town, STREET, plain(LAMPS[:1]), content="2")
        gone = {record.number for record in town.signal_records() if record.signal.global_id in LAMPS[1:]}
        whole, of_class = Reach(((Scope(models=(STREET,)),),)), Reach(((Scope(classes=("IfcWall",)),),))
        assert gone <= town.visible_signals(whole)
        assert not gone & town.visible_signals(of_class)

    def test_nothing_is_reached_by_nothing_and_all_by_everything(self, town: TwinStore) -> None:
        assert town.objects(ObjectQuery(reach=NOTHING)).items == []
        assert len(town.visible_signals(EVERYTHING)) == 2 * len(_objects())


def _random(check: Callable[[Reach], None]) -> Callable[[], None]:
    return settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(given(_reaches)(check))


def _without_reach(query: ObjectQuery) -> ObjectQuery:
    return replace(query, reach=EVERYTHING)


def _listed(store: TwinStore, query: ObjectQuery) -> Iterator[ObjectRecord]:
    while True:
        page = store.objects(query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def _states(store: TwinStore, query: StateQuery) -> Iterator[StateRecord]:
    while True:
        page = store.states(query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)
