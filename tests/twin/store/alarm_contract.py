"""What every store must do about alarms; adapters' tests inherit these classes and give `store`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.twin.store.builders import building, imported
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, declared, read, temperature
from twin.alarms import AlarmPattern, AlarmRule, Kind, Severity, Status, StepRefused
from twin.errors import Conflict, InvalidQuery, NotFound
from twin.events import ChangeKind
from twin.ports import AlarmQuery, AlarmStep, ClearedAlarm, Happening, NewAlarm, TwinStore, WatchKey
from twin.state import Quality, Signal, Value
from twin.watching import Phase, Watch

HIGH = AlarmRule(kind=Kind.HIGH, limit=30.0)


def new(signal: int, kind: Kind = Kind.HIGH, value: Value = 31.0, **fields: Any) -> NewAlarm:
    known = {"severity": Severity.WARNING, "message": None, "limit": 30.0, "since": NOW, **fields}
    return NewAlarm(signal=signal, kind=kind, value=value, **known)


def record(
    store: TwinStore, *happened: Happening, watches: Mapping[WatchKey, Watch | None] | None = None
) -> list[tuple[int, Kind, Status]]:
    """One step from where the store is; returns (signal, kind, status) of the steps of alarms."""
    before = store.alarm_progress()
    step = AlarmStep(
        cursor=before.cursor + 1, version=before.version, watches=watches or {}, happened=happened
    )
    steps = store.record_alarms(step, known=before.generation)
    return [(one.signal, one.kind, one.status) for one in steps]


def found(store: TwinStore, **query: Any) -> list[int]:
    """Signals of the alarms that pass, the newest first."""
    return [view.record.signal for view in store.alarms(AlarmQuery(**query)).items]


class AlarmContract:
    @pytest.mark.parametrize("value", [31.5, True, 7, "störung", 1 << 60])
    def test_an_alarm_is_kept_with_all_that_is_known_of_it(
        self, store: TwinStore, clock: Clock, value: Value
    ) -> None:
        (signal,) = declared(store, "x")
        record(store, new(signal.number, value=value, message="zu heiß", since=NOW - 5 * S))
        (view,) = store.alarms(AlarmQuery()).items
        assert (view.signal, view.class_, view.object_name) == (signal, "IfcWall", "Wall x")
        alarm = view.record
        assert (alarm.value, type(alarm.value), alarm.limit, alarm.message) == (
            value, type(value), 30.0, "zu heiß",
        )  # fmt: skip
        assert (alarm.status, alarm.severity, alarm.since, alarm.raised_at) == (
            Status.RAISED, Severity.WARNING, NOW - 5 * S, NOW,
        )  # fmt: skip
        assert store.alarm(alarm.id) == view

    def test_a_signal_has_one_open_alarm_of_a_kind(self, store: TwinStore) -> None:
        one, two = (signal.number for signal in declared(store, "xy"))
        assert len(record(store, new(one), new(one), new(one, Kind.LOW), new(two))) == 3
        assert record(store, new(one)) == []
        assert sorted(found(store)) == [one, one, two]

    def test_an_alarm_may_be_raised_cleared_and_raised_again_in_one_step(self, store: TwinStore) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        over = ClearedAlarm(signal=one, kind=Kind.HIGH)
        statuses = [status for *_, status in record(store, new(one), over, over, new(one))]
        assert statuses == [Status.RAISED, Status.CLEARED, Status.RAISED]
        assert found(store, statuses=(Status.RAISED,)) == [one]

    def test_what_is_cleared_by_itself_says_when_and_by_nobody(self, store: TwinStore, clock: Clock) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        record(store, new(one))
        clock.advance(timedelta(minutes=1))
        record(store, ClearedAlarm(signal=one, kind=Kind.HIGH, note="rule"))
        (view,) = store.alarms(AlarmQuery()).items
        assert (view.record.cleared_at, view.record.cleared_by, view.record.clear_note) == (
            NOW + 60 * S, None, "rule",
        )  # fmt: skip

    def test_of_two_processes_that_go_on_from_one_place_the_second_is_refused(self, store: TwinStore) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        before = store.alarm_progress()
        step = AlarmStep(cursor=before.cursor, version=before.version, watches={}, happened=[new(one)])
        store.record_alarms(step, known=before.generation)
        store.record_alarms(
            AlarmStep(
                cursor=0, version=(0, 0), watches={}, happened=[ClearedAlarm(signal=one, kind=Kind.HIGH)]
            ),
            known=before.generation + 1,
        )
        with pytest.raises(Conflict, match="Another process"):
            store.record_alarms(step, known=before.generation)
        assert found(store, statuses=(Status.RAISED,)) == []

    def test_place_rules_and_watches_are_kept_with_the_alarms(self, store: TwinStore) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        watches = {
            (one, Kind.HIGH): Watch(Phase.RISING, NOW, NOW + S, 31.0),
            (one, Kind.STATE): Watch(Phase.ACTIVE, NOW, None, "störung"),
        }
        before = store.alarm_progress()
        step = AlarmStep(cursor=17, version=(3, 4), watches=watches)
        store.record_alarms(step, known=before.generation)
        after = store.alarm_progress()
        assert (after.cursor, after.version, after.watches) == (17, (3, 4), watches)
        record(store, watches={(one, Kind.STATE): None})
        assert set(store.alarm_progress().watches) == {(one, Kind.HIGH)}

    def test_every_step_is_told_in_the_change_log(self, store: TwinStore) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        start = store.last_change()
        record(store, new(one))
        (view,) = store.alarms(AlarmQuery()).items
        store.acknowledge_alarm(view.record.id, by="Li")
        store.clear_alarm(view.record.id, by="Li")
        changes = store.state_changes(start, limit=10)
        assert [change.kind for change in changes] == [ChangeKind.ALARMS_CHANGED] * 3
        assert [change.alarms[0].status for change in changes] == list(Status)
        assert changes[-1].alarms == [store.alarm(view.record.id).record]
        assert changes[-1].states == []

    def test_who_acknowledges_is_written_down_once(self, store: TwinStore, clock: Clock) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        record(store, new(one))
        (view,) = store.alarms(AlarmQuery()).items
        clock.advance(timedelta(minutes=1))
        seen = store.acknowledge_alarm(view.record.id, by="李", note="on my way").record
        assert (seen.status, seen.acknowledged_by, seen.acknowledged_at, seen.note) == (
            Status.ACKNOWLEDGED, "李", NOW + 60 * S, "on my way",
        )  # fmt: skip
        with pytest.raises(StepRefused, match="李"):
            store.acknowledge_alarm(view.record.id, by="Wang")
        with pytest.raises(NotFound):
            store.acknowledge_alarm(view.record.id + 1, by="Wang")

    def test_what_was_over_before_anybody_saw_it_can_still_be_acknowledged(self, store: TwinStore) -> None:
        (one,) = (signal.number for signal in declared(store, "x"))
        record(store, new(one), ClearedAlarm(signal=one, kind=Kind.HIGH))
        (view,) = store.alarms(AlarmQuery(acknowledged=False)).items
        assert store.acknowledge_alarm(view.record.id, by="Li").record.status is Status.CLEARED
        assert found(store, acknowledged=False) == []

    def test_an_alarm_that_still_holds_is_not_cleared_by_hand(self, store: TwinStore) -> None:
        (signal,) = declared(store, "x")
        store.record([read(signal.number, 31.0, 0)])
        active = {(signal.number, Kind.HIGH): Watch(Phase.ACTIVE, NOW, None, 31.0)}
        record(store, new(signal.number), watches=active)
        (view,) = store.alarms(AlarmQuery()).items
        with pytest.raises(Conflict, match="still holds"):
            store.clear_alarm(view.record.id, by="Li")
        store.mark_stale([signal.number])
        cleared = store.clear_alarm(view.record.id, by="Li", note="device is gone").record
        assert (cleared.cleared_by, cleared.clear_note) == ("Li", "device is gone")
        with pytest.raises(StepRefused):
            store.clear_alarm(view.record.id, by="Li")

    def test_alarms_are_found_by_everything_that_is_known_of_them(
        self, store: TwinStore, clock: Clock
    ) -> None:
        imported(store, "b", building())
        meter, lamp = (
            record.number
            for record in store.declare_signals(
                [
                    Signal(model="b", global_id="e3", name="volume"),
                    Signal(model="b", global_id="e4", name="on", type="boolean"),
                ]
            )
        )
        record(store, new(meter, severity=Severity.CRITICAL))
        clock.advance(timedelta(hours=1))
        record(store, new(lamp, Kind.STATE))
        cases: list[tuple[dict[str, Any], list[int]]] = [
            ({}, [lamp, meter]),
            ({"severities": (Severity.CRITICAL, Severity.INFO)}, [meter]),
            ({"kinds": (Kind.STATE,)}, [lamp]),
            ({"models": ("b",)}, [lamp, meter]),
            ({"models": ("a",)}, []),
            ({"classes": ("IfcLamp",)}, [lamp]),
            ({"place": "b/s1"}, [meter]),
            ({"place": "b/r"}, [lamp]),
            ({"place": "b/p"}, [lamp, meter]),
            ({"signals": ("b/e3/volume", "b/e3/none")}, [meter]),
            ({"start": NOW + 1}, [lamp]),
            ({"end": NOW + 3600 * S}, [meter]),
            ({"statuses": (Status.CLEARED,)}, []),
        ]
        assert [found(store, **query) for query, _ in cases] == [expected for _, expected in cases]
        assert store.alarm_totals() == {
            (Severity.CRITICAL, Status.RAISED): 1,
            (Severity.WARNING, Status.RAISED): 1,
        }

    def test_pages_follow_each_other_without_a_gap(self, store: TwinStore) -> None:
        numbers = [signal.number for signal in declared(store, "vwxyz")]
        record(store, *(new(number) for number in numbers))
        first = store.alarms(AlarmQuery(limit=3))
        second = store.alarms(AlarmQuery(limit=3, cursor=first.next))
        assert [view.record.signal for view in (*first.items, *second.items)] == numbers[::-1]
        assert second.next is None
        with pytest.raises(InvalidQuery):
            store.alarms(AlarmQuery(cursor="x"))

    def test_a_place_that_does_not_exist_is_not_found(self, store: TwinStore) -> None:
        with pytest.raises(NotFound):
            store.alarms(AlarmQuery(place="no/where"))


class AlarmRuleContract:
    def test_rules_are_kept_changed_and_taken_away(self, store: TwinStore) -> None:
        pattern = AlarmPattern(id="热", rule=HIGH, classes=("IfcWall",), kinds=("temperature",))
        assert store.put_alarm_pattern(pattern)
        changed = AlarmPattern(id="热", rule=HIGH)
        assert not store.put_alarm_pattern(changed)
        assert store.alarm_patterns() == [changed]
        store.remove_alarm_pattern("热")
        assert store.alarm_patterns() == []
        with pytest.raises(NotFound):
            store.remove_alarm_pattern("热")

    def test_a_rule_governs_the_signals_that_all_its_selectors_let_pass(self, store: TwinStore) -> None:
        x, y = (record.number for record in declared(store, "xy"))
        (humidity,) = (r.number for r in store.declare_signals([temperature("x", name="h", kind="humidity")]))
        cases: list[tuple[dict[str, Any], set[int]]] = [
            ({}, {x, y, humidity}),
            ({"models": ("b",)}, set()),
            ({"classes": ("IfcWall",)}, {x, y, humidity}),
            ({"classes": ("IfcDoor",)}, set()),
            ({"names": ("temperature",)}, {x, y}),
            ({"kinds": ("humidity", "z")}, {humidity}),
            ({"signals": ("a/y/temperature", "a/x/h", "a/y/h")}, {y, humidity}),
            ({"signals": ("a/y/temperature",), "kinds": ("humidity",)}, set()),
        ]
        for selectors, expected in cases:
            store.put_alarm_pattern(AlarmPattern(id="p", rule=HIGH, **selectors))
            assert set(store.ruled_signals()) == expected

    def test_rules_that_a_signal_declares_take_precedence_of_each_kind(self, store: TwinStore) -> None:
        own = (AlarmRule(kind=Kind.HIGH, limit=50.0), AlarmRule(kind=Kind.STALE))
        x, y = (record.number for record in declared(store, "xy"))
        (changed,) = store.declare_signals([temperature("x", alarms=own)])
        assert changed.signal.alarms == store.signal("a", "x", "temperature").signal.alarms == own
        store.put_alarm_pattern(AlarmPattern(id="p", rule=HIGH))
        assert store.ruled_signals() == {x: own, y: (HIGH,)}

    def test_the_version_grows_with_rules_declarations_and_models(self, store: TwinStore) -> None:
        versions = [store.rules_version()]
        declared(store, "x")
        versions.append(store.rules_version())
        store.put_alarm_pattern(AlarmPattern(id="p", rule=HIGH))
        versions.append(store.rules_version())
        store.declare_signals([temperature("x", alarms=(HIGH,))])
        versions.append(store.rules_version())
        imported(store, "c", building())
        versions.append(store.rules_version())
        store.remove_alarm_pattern("p")
        versions.append(store.rules_version())
        assert len(set(versions)) == len(versions)

    def test_states_passed_through_inside_of_a_batch_are_told_beside_the_last(self, store: TwinStore) -> None:
        x, y = (record.number for record in declared(store, "xy"))
        start = store.last_change()
        store.record([read(x, 1.0, 1), read(x, 2.0, 3), read(x, 9.0, 2), read(y, 5.0, 1), read(x, 3.0, 4)])
        (change,) = store.state_changes(start, limit=10)
        assert sorted((one.number, one.value) for one in change.states) == [(x, 3.0), (y, 5.0)]
        assert [(one.number, one.value) for one in change.passed] == [(x, 1.0), (x, 2.0)]
        store.record([read(x, 4.0, 5, Quality.BAD)])
        assert store.state_changes(start, limit=10)[-1].passed == []
