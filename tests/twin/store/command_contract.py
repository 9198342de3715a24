"""What every store must do about commands; adapters' tests inherit these classes and give `store`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, temperature
from twin.commands import (
    KeyReused,
    Refusal,
    Reply,
    ReplyKind,
    Status,
)
from twin.controls import Control, Priority, parse_interlock
from twin.errors import InvalidQuery, NotFound
from twin.events import ChangeKind
from twin.ports import (
    CommandQuery,
    Order,
    Placed,
    SignalRecord,
    Target,
    TwinStore,
)
from twin.state import Quality, Reading, Value

LIFE_SAFETY = Priority.MANUAL_LIFE_SAFETY


def settable(store: TwinStore, global_ids: Sequence[str] = "xyz", **control: Any) -> list[SignalRecord]:
    """A model `a` with these objects, each with a settable temperature from 0 to 100."""
    imported(store, "a", plain(global_ids))
    declared = Control(**control) if control else None
    return store.declare_signals(
        [
            temperature(g, settable=True, minimum=0, maximum=100, tolerance=0.5, control=declared)
            for g in global_ids
        ]
    )


def order(value: Value = 21.5, *global_ids: str, **fields: Any) -> Order:
    targets = [Target(f"a/{g}/temperature", value) for g in global_ids or ("x",)]
    return Order(**{"by": "ada", "reason": "test", "targets": targets, **fields})


def place(store: TwinStore, value: Value = 21.5, *global_ids: str, **fields: Any) -> str:
    placed = store.place_command(order(value, *global_ids, **fields))
    assert placed.id is not None, placed
    return placed.id


def refusals(placed: Placed) -> list[str]:
    return [each.code for outcome in placed.outcomes for each in outcome.refusals]


def status(store: TwinStore, identifier: str) -> Status:
    only = store.command(identifier).only
    assert only is not None
    return only.command.status


def sent(store: TwinStore, worker: str = "w") -> list[str]:
    return [each.command.id for each in store.work_commands(worker)]


def path(store: TwinStore, identifier: str) -> list[str]:
    return [step.status.value for step in store.command_steps(identifier) if not step.told]


def notes(store: TwinStore, identifier: str) -> list[str]:
    return [step.detail or "" for step in store.command_steps(identifier) if step.told]


def reply(
    store: TwinStore, identifier: str, kind: ReplyKind = ReplyKind.ACCEPTED, words: str | None = None
) -> Any:
    return store.record_replies([Reply(id=identifier, kind=kind, received_at=NOW, detail=words)])


class Bench:
    """A store, its clock, and one worker that lives."""

    def __init__(self, store: TwinStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    @property
    def now(self) -> int:
        return NOW + round((self.clock.now - Clock().now).total_seconds() * 1e6)

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def read(self, signal: SignalRecord, value: Value, quality: Quality = Quality.GOOD) -> None:
        """A reading of now."""
        self.wait(0.001)
        self.store.record([Reading(signal.number, value, self.now, self.now, quality)])


class PlacingContract:
    def test_a_command_is_kept_with_all_that_was_asked_for(self, store: TwinStore) -> None:
        (x, *_) = settable(store)
        identifier = place(store, 21, reason="warm", start_at=NOW + S, expires_at=NOW + 9 * S)
        view = store.command(identifier)
        assert view.only is not None
        one = view.only.command
        assert (view.only.signal, one.id, one.value, type(one.value)) == (x, identifier, 21.0, float)
        assert (one.by, one.reason, one.priority, one.status) == (
            "ada",
            "warm",
            Priority.MANUAL,
            Status.QUEUED,
        )
        assert (one.created_at, one.start_at, one.expires_at) == (NOW, NOW + S, NOW + 9 * S)
        assert (view.targets, view.counts) == (1, {Status.QUEUED: 1})

    @pytest.mark.parametrize(
        ("names", "fields"),
        [
            (["x"], {"start_at": NOW + S, "expires_at": NOW + 9 * S}),
            (["x"], {"bulk": True, "rate": 2.0, "priority": Priority.AUTOMATIC}),
            (["x", "y", "nowhere"], {"bulk": True}),
        ],
    )
    def test_what_is_answered_is_what_is_read_later(
        self, store: TwinStore, names: list[str], fields: dict[str, Any]
    ) -> None:
        settable(store)
        store.declare_signals([temperature("y", settable=False)])
        placed = store.place_command(order(21, *names, **fields))
        assert placed.id is not None
        assert placed.view == store.command(placed.id)

    @pytest.mark.parametrize(
        ("value", "code"), [(101, "out_of_range"), ("warm", "wrong_type"), (True, "wrong_type")]
    )
    def test_a_wrong_value_is_refused_and_nothing_is_recorded(
        self, store: TwinStore, value: Value, code: str
    ) -> None:
        settable(store)
        placed = store.place_command(order(value))
        assert (placed.id, refusals(placed)) == (None, [code])
        assert store.commands(CommandQuery()).items == []

    def test_a_signal_that_is_not_there_or_not_settable_is_refused(self, store: TwinStore) -> None:
        settable(store)
        store.declare_signals([temperature("y", settable=False)])
        assert refusals(store.place_command(order(1, "y"))) == ["not_settable"]
        assert refusals(store.place_command(order(1, "nowhere"))) == ["not_found"]

    def test_a_signal_whose_object_is_gone_is_refused(self, store: TwinStore) -> None:
        settable(store)
        imported(store, "a", plain("yz"), "2")
        assert refusals(store.place_command(order(1, "x"))) == ["orphan"]

    def test_a_signal_whose_confirming_signal_is_not_there_is_refused(self, store: TwinStore) -> None:
        settable(store, confirm_signal="position")
        assert refusals(store.place_command(order())) == ["confirm_signal"]

    @pytest.mark.parametrize(
        "fields", [{"reason": " "}, {"reason": "x" * 1001}, {"key": ""}, {"rate": 0.0}, {"targets": []}]
    )
    def test_a_request_that_makes_no_sense_is_refused(self, store: TwinStore, fields: dict[str, Any]) -> None:
        settable(store)
        with pytest.raises(InvalidQuery):
            store.place_command(order(**fields))

    def test_a_signal_named_twice_is_refused(self, store: TwinStore) -> None:
        settable(store)
        with pytest.raises(InvalidQuery, match="twice"):
            store.place_command(order(1, "x", "x", bulk=True))

    def test_the_same_key_and_content_is_the_same_command(self, store: TwinStore) -> None:
        settable(store)
        first = place(store, key="k")
        second = store.place_command(order(key="k"))
        assert (second.id, second.created) == (first, False)
        assert len(store.commands(CommandQuery()).items) == 1

    @pytest.mark.parametrize("changes", [{"value": 22}, {"reason": "other"}, {"expires_at": NOW + S}])
    def test_the_same_key_with_other_content_is_refused(
        self, store: TwinStore, changes: dict[str, Any]
    ) -> None:
        settable(store)
        place(store, key="k")
        known = {"value": 21.5, "key": "k", **changes}
        with pytest.raises(KeyReused):
            store.place_command(order(**known))

    def test_keys_of_two_people_have_nothing_to_do_with_each_other(self, store: TwinStore) -> None:
        settable(store)
        assert place(store, key="k") != place(store, 22, key="k", by="grace")

    def test_a_dry_run_says_what_would_happen_and_records_nothing(self, store: TwinStore) -> None:
        imported(store, "a", plain("xy"))
        lock = Control(interlocks=(parse_interlock("a/y/temperature > 5"),), dangerous=True)
        store.declare_signals([temperature("x", settable=True, control=lock), temperature("y")])
        (outcome,) = store.place_command(order(), dry_run=True).outcomes
        assert (outcome.approval, [each.code for each in outcome.failing]) == (True, ["interlock"])
        assert store.commands(CommandQuery()).items == []
        assert not store.commands_due()

    def test_requests_are_found_by_what_they_are_about(self, store: TwinStore, clock: Clock) -> None:
        settable(store)
        one = place(store, 1, "x")
        clock.advance(timedelta(seconds=5))
        two = place(store, 2, "y", "z", bulk=True, by="grace")
        store.cancel_command(one, by="ada")

        def found(**query: Any) -> list[str]:
            return [each.id for each in store.commands(CommandQuery(**query)).items]

        assert found() == [two, one]
        assert found(statuses=(Status.CANCELLED,)) == [one]
        assert found(signals=("a/z/temperature",)) == [two]
        assert found(models=("b",)) == []
        assert found(models=("a",), by="grace") == [two]
        assert found(start=NOW + S) == [two]
        assert found(end=NOW + S) == [one]
        page = store.commands(CommandQuery(limit=1))
        assert [each.id for each in store.commands(CommandQuery(limit=1, cursor=page.next)).items] == [one]

    def test_what_is_not_there_is_not_found(self, store: TwinStore) -> None:
        for ask in (
            lambda: store.command("x"),
            lambda: store.command_targets("x", limit=1),
            lambda: store.command_steps("x"),
            lambda: store.approve_command("x", by="ada"),
            lambda: store.cancel_command("x", by="ada"),
            lambda: store.hold_command("x", by="ada"),
            lambda: store.release_command("x", by="ada"),
        ):
            with pytest.raises(NotFound):
                ask()


class BulkContract:
    def test_each_target_has_its_outcome_and_those_refused_are_among_them(self, store: TwinStore) -> None:
        settable(store)
        store.declare_signals([temperature("y", settable=True, maximum=10)])
        identifier = place(store, 20, "x", "y", "z", bulk=True)
        view = store.command(identifier)
        assert view.counts == {Status.QUEUED: 2, Status.FAILED: 1}
        page = store.command_targets(identifier, limit=10)
        assert [(each.command.id, each.command.status.value) for each in page.items] == [
            (f"{identifier}-0", "queued"), (f"{identifier}-1", "failed"), (f"{identifier}-2", "queued"),
        ]  # fmt: skip
        assert "out_of_range" in (page.items[1].command.detail or "")

    def test_targets_come_in_pages_and_by_status(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store, 20, "x", "y", "z", bulk=True)
        first = store.command_targets(identifier, limit=2)
        rest = store.command_targets(identifier, limit=2, cursor=first.next)
        assert [len(first.items), len(rest.items), rest.next] == [2, 1, None]
        assert store.command_targets(identifier, statuses=[Status.SENT], limit=9).items == []

    def test_if_all_are_refused_nothing_is_recorded(self, store: TwinStore) -> None:
        settable(store)
        placed = store.place_command(order(500, "x", "y", bulk=True))
        assert (placed.id, refusals(placed)) == (None, ["out_of_range"] * 2)
        assert store.commands(CommandQuery()).items == []

    def test_a_target_that_somebody_else_has_refused_is_an_outcome(self, store: TwinStore) -> None:
        settable(store)
        refused = Target("a/y/temperature", 20, refused=Refusal(code="forbidden", detail="not yours"))
        wanted = order(20, "x", bulk=True)
        placed = store.place_command(replace(wanted, targets=[*wanted.targets, refused]))
        assert placed.id is not None
        (view,) = store.command_targets(placed.id, statuses=[Status.FAILED], limit=9).items
        assert view.command.detail == "forbidden: not yours"

    def test_a_rate_spreads_the_targets_over_time(self, store: TwinStore, bench: Bench) -> None:
        settable(store)
        identifier = place(store, 20, "x", "y", "z", bulk=True, rate=2.0)
        times = [each.command.start_at - NOW for each in store.command_targets(identifier, limit=9).items]
        assert times == [0, S // 2, S]
        assert sent(store) == [f"{identifier}-0"]
        bench.wait(1)
        assert sent(store) == [f"{identifier}-1", f"{identifier}-2"]


class SendingContract:
    def test_a_command_is_sent_once_and_recorded_before(self, store: TwinStore) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        assert store.commands_due()
        (outgoing,) = store.work_commands("w")
        assert (outgoing.command.id, outgoing.signal) == (identifier, x)
        assert status(store, identifier) is Status.SENT
        assert store.work_commands("w") == store.work_commands("v") == []

    def test_a_command_waits_for_its_time(self, store: TwinStore, bench: Bench) -> None:
        settable(store)
        identifier = place(store, start_at=NOW + 60 * S)
        assert sent(store) == []
        assert not store.commands_due()
        bench.wait(60)
        assert sent(store) == [identifier]

    def test_commands_to_one_signal_go_one_after_another(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        one, two, three = (place(store, value) for value in (1, 2, 3))
        assert sent(store) == [one]
        assert sent(store) == []
        bench.read(x, 1.0)
        assert sent(store) == [two]
        reply(store, two, ReplyKind.REJECTED)
        assert sent(store) == [three]

    def test_one_that_starts_later_holds_nobody_up(self, store: TwinStore) -> None:
        settable(store)
        place(store, 1, start_at=NOW + 60 * S)
        two = place(store, 2)
        assert sent(store) == [two]

    @pytest.mark.parametrize(
        ("level", "quality", "outcome"),
        [
            (6.0, Quality.GOOD, Status.SENT),
            (4.0, Quality.GOOD, Status.FAILED),
            (6.0, Quality.UNCERTAIN, Status.FAILED),
            (None, Quality.GOOD, Status.FAILED),
        ],
    )
    def test_an_interlock_counts_when_the_command_is_sent(
        self, store: TwinStore, bench: Bench, level: float | None, quality: Quality, outcome: Status
    ) -> None:
        imported(store, "a", plain("xy"))
        lock = Control(interlocks=(parse_interlock("a/y/temperature > 5"),))
        _, y = store.declare_signals([temperature("x", settable=True, control=lock), temperature("y")])
        identifier = place(store)
        if level is not None:
            bench.read(y, level, quality)
        store.work_commands("w")
        assert status(store, identifier) is outcome

    def test_a_stale_input_of_an_interlock_fails_it(self, store: TwinStore, bench: Bench) -> None:
        imported(store, "a", plain("xy"))
        lock = Control(interlocks=(parse_interlock("a/y/temperature > 5"),))
        _, y = store.declare_signals(
            [temperature("x", settable=True, control=lock), temperature("y", period_s=10)]
        )
        bench.read(y, 6.0)
        bench.wait(11)
        identifier = place(store)
        store.work_commands("w")
        assert status(store, identifier) is Status.FAILED
        assert "stale" in (store.command_steps(identifier)[-1].detail or "")

    def test_what_cannot_be_sent_fails(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store)
        (outgoing,) = store.work_commands("w")
        store.commands_failed([outgoing.command.number], why="no address")
        assert (path(store, identifier)[-1], store.command_steps(identifier)[-1].detail) == (
            "failed",
            "no address",
        )

    def test_without_an_acknowledgement_it_times_out(self, store: TwinStore, bench: Bench) -> None:
        settable(store, ack_s=5)
        identifier = place(store)
        store.work_commands("w")
        bench.wait(4.9)
        store.work_commands("w")
        assert status(store, identifier) is Status.SENT
        bench.wait(0.1)
        assert store.commands_due()
        store.work_commands("w")
        assert status(store, identifier) is Status.TIMED_OUT

    def test_steps_are_told_in_the_change_log(self, store: TwinStore) -> None:
        (x, *_) = settable(store)
        before = store.last_change()
        identifier = place(store)
        store.work_commands("w")
        changes = store.state_changes(before, limit=10)
        assert {change.kind for change in changes} == {ChangeKind.COMMANDS_CHANGED}
        told = [(step.id, step.signal, step.status.value) for change in changes for step in change.commands]
        assert told == [(identifier, x.number, "queued"), (identifier, x.number, "sent")]
