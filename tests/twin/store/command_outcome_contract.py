"""What every store must do about the outcomes of commands; adapters' tests inherit these classes and give `store`."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.twin.store.builders import imported, plain
from tests.twin.store.command_contract import (
    LIFE_SAFETY,
    Bench,
    notes,
    order,
    path,
    place,
    refusals,
    reply,
    sent,
    settable,
    status,
)
from tests.twin.store.live_contract import NOW, S, temperature
from twin.alarms import Kind, Severity
from twin.alarms import Status as AlarmStatus
from twin.commands import ApprovalRefused, ReplyKind, Status, StepRefused
from twin.controls import Confirm, Control, Priority
from twin.errors import Conflict
from twin.ports import AlarmQuery, CommandQuery, Outgoing, SignalRecord, TwinStore
from twin.state import Quality, Reading, Value


class OutcomeContract:
    def test_a_reading_confirms_after_the_acknowledgement(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        store.work_commands("w")
        assert reply(store, identifier).taken == 1
        assert status(store, identifier) is Status.ACKNOWLEDGED
        bench.read(x, 21.9)
        assert path(store, identifier) == ["queued", "sent", "acknowledged", "confirmed"]

    def test_a_reading_before_the_acknowledgement_confirms_and_the_reply_is_only_noted(
        self, store: TwinStore, bench: Bench
    ) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        store.work_commands("w")
        bench.read(x, 21.5)
        assert reply(store, identifier).late == 1
        assert path(store, identifier) == ["queued", "sent", "confirmed"]
        assert "late" in notes(store, identifier)[0]

    def test_a_repeated_value_confirms_as_well_as_a_changed_one(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        bench.read(x, 21.5)
        identifier = place(store)
        store.work_commands("w")
        bench.wait(1)
        bench.read(x, 21.5)
        assert status(store, identifier) is Status.CONFIRMED

    def test_a_peak_inside_of_a_batch_confirms(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        store.work_commands("w")
        at = bench.now + 1
        store.record([Reading(x.number, value, at + n, at + n) for n, value in enumerate([1.0, 21.5, 3.0])])
        assert status(store, identifier) is Status.CONFIRMED

    @pytest.mark.parametrize(
        "fields",
        [{"value": 23.0}, {"quality": Quality.UNCERTAIN}, {"retained": True}, {"observed_at": NOW - 10 * S}],
    )
    def test_a_reading_that_shows_nothing_confirms_nothing(
        self, store: TwinStore, bench: Bench, fields: dict[str, Any]
    ) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        store.work_commands("w")
        at = bench.now + 1
        store.record([replace(Reading(x.number, 21.5, at, at), **fields)])
        assert status(store, identifier) is Status.SENT

    def test_a_reading_from_before_the_sending_confirms_nothing(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        identifier = place(store)
        bench.read(x, 21.5)
        store.work_commands("w")
        assert status(store, identifier) is Status.SENT

    def test_another_signal_confirms_where_it_is_declared_to(self, store: TwinStore, bench: Bench) -> None:
        imported(store, "a", plain("x"))
        control = Control(confirm_signal="measured")
        x, measured = store.declare_signals(
            [temperature("x", settable=True, control=control), temperature("x", name="measured")]
        )
        identifier = place(store)
        store.work_commands("w")
        bench.read(x, 21.5)
        assert status(store, identifier) is Status.SENT
        bench.read(measured, 21.5)
        assert status(store, identifier) is Status.CONFIRMED

    def test_the_acknowledgement_confirms_where_it_is_declared_to(
        self, store: TwinStore, bench: Bench
    ) -> None:
        (x, *_) = settable(store, confirm=Confirm.ACK)
        identifier = place(store)
        store.work_commands("w")
        bench.read(x, 21.5)
        assert status(store, identifier) is Status.SENT
        reply(store, identifier)
        assert path(store, identifier) == ["queued", "sent", "acknowledged", "confirmed"]

    def test_a_device_that_reports_changes_only_and_has_the_value_ends_on_its_acknowledgement(
        self, store: TwinStore, bench: Bench
    ) -> None:
        (x, *_) = settable(store, on_change=True)
        bench.read(x, 21.5)
        identifier = place(store)
        store.work_commands("w")
        reply(store, identifier)
        assert status(store, identifier) is Status.CONFIRMED

    def test_a_device_that_says_no_is_told_with_its_words(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store)
        store.work_commands("w")
        reply(store, identifier, ReplyKind.REJECTED, "locked")
        assert store.command_steps(identifier)[-1].detail == "locked"
        assert status(store, identifier) is Status.REJECTED

    def test_replies_that_say_nothing_new_are_counted(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store)
        store.work_commands("w")
        reply(store, identifier)
        again = reply(store, identifier)
        assert (again.repeated, again.taken, reply(store, "nobody").unknown) == (1, 0, 1)

    def test_a_device_that_replies_for_ever_does_not_fill_the_log(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store)
        store.cancel_command(identifier, by="ada")
        for _ in range(30):
            reply(store, identifier)
        assert len(notes(store, identifier)) == 20

    def test_no_reading_by_the_deadline_is_an_alarm(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store, confirm_s=5)
        identifier = place(store)
        store.work_commands("w")
        reply(store, identifier)
        bench.wait(5)
        store.work_commands("w")
        assert path(store, identifier)[-1] == "unconfirmed"
        (alarm,) = store.alarms(AlarmQuery()).items
        assert (alarm.signal, alarm.record.kind, alarm.record.severity) == (
            x,
            Kind.UNCONFIRMED,
            Severity.MAJOR,
        )
        assert identifier in (alarm.record.message or "")

    def test_the_next_command_that_is_confirmed_clears_the_alarm(
        self, store: TwinStore, bench: Bench
    ) -> None:
        (x, *_) = settable(store, confirm=Confirm.READING, confirm_s=5)
        place(store)
        store.work_commands("w")
        bench.wait(5)
        store.work_commands("w")
        identifier = place(store)
        store.work_commands("w")
        bench.read(x, 21.5)
        assert status(store, identifier) is Status.CONFIRMED
        (alarm,) = store.alarms(AlarmQuery()).items
        assert alarm.record.status is AlarmStatus.CLEARED


class RevertContract:
    def unconfirmed(self, bench: Bench, before: Value | None = 18.0) -> tuple[SignalRecord, str]:
        """A command that nothing confirms, to a signal that said `before`."""
        store = bench.store
        (x, *_) = settable(store, confirm=Confirm.READING, confirm_s=5, revert=True)
        if before is not None:
            bench.read(x, before)
        identifier = place(store)
        store.work_commands("w")
        bench.wait(5)
        store.work_commands("w")
        assert status(store, identifier) is Status.UNCONFIRMED
        return x, identifier

    def test_the_value_before_is_commanded_back_and_the_command_is_reverted_when_a_reading_shows_it(
        self, store: TwinStore, bench: Bench
    ) -> None:
        x, identifier = self.unconfirmed(bench)
        (outgoing,) = store.work_commands("w")
        undoing = outgoing.command
        assert (undoing.value, undoing.priority, undoing.by) == (18.0, Priority.MANUAL, "revert")
        bench.read(x, 18.0)
        assert status(store, undoing.id) is Status.CONFIRMED
        assert path(store, identifier)[-2:] == ["unconfirmed", "reverted"]

    def test_a_revert_that_is_not_confirmed_is_not_reverted_itself(
        self, store: TwinStore, bench: Bench
    ) -> None:
        _, identifier = self.unconfirmed(bench)
        store.work_commands("w")
        bench.wait(5)
        store.work_commands("w")
        assert store.work_commands("w") == []
        assert len(store.commands(CommandQuery()).items) == 2
        assert status(store, identifier) is Status.UNCONFIRMED

    def test_what_was_not_known_is_not_commanded_back(self, store: TwinStore, bench: Bench) -> None:
        _, identifier = self.unconfirmed(bench, before=None)
        assert store.work_commands("w") == []
        assert "not known" in notes(store, identifier)[0]

    def test_a_hold_of_a_higher_priority_stops_a_revert(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store, confirm=Confirm.READING, confirm_s=5, revert=True)
        drill = place(store, 30, priority=LIFE_SAFETY, by="fire")
        store.work_commands("w")
        bench.read(x, 30.0)
        identifier = place(store)
        store.work_commands("w")
        store.hold_command(drill, by="fire")
        bench.wait(5)
        store.work_commands("w")
        assert status(store, identifier) is Status.UNCONFIRMED
        assert notes(store, identifier) == ["not reverted: fire holds manual-life-safety"]

    def test_a_command_that_follows_is_not_undone_by_a_revert(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store, confirm=Confirm.READING, confirm_s=5, revert=True)
        bench.read(x, 18.0)
        place(store)
        store.work_commands("w")
        following = place(store, 40)
        bench.wait(5)
        store.work_commands("w")
        assert sent(store) == [following]
        assert len(store.commands(CommandQuery()).items) == 2


class CrashContract:
    def taken(self, store: TwinStore, **control: Any) -> Outgoing:
        """A command recorded as sent by a worker that is gone."""
        settable(store, **control)
        place(store)
        (outgoing,) = store.work_commands("gone")
        return outgoing

    def test_a_device_that_recognises_ids_is_sent_the_same_command_again(self, store: TwinStore) -> None:
        outgoing = self.taken(store, resend="always")
        (again,) = store.recover_commands("w")
        assert (again.command.id, again.again) == (outgoing.command.id, True)
        assert store.recover_commands("w") == []

    def test_one_that_only_acknowledges_is_sent_again_as_well(self, store: TwinStore) -> None:
        self.taken(store, resend="always", confirm=Confirm.ACK)
        assert len(store.recover_commands("w")) == 1

    def test_a_device_that_cannot_tell_is_sent_nothing_and_a_reading_confirms(
        self, store: TwinStore, bench: Bench
    ) -> None:
        outgoing = self.taken(store, resend="never")
        assert store.recover_commands("w") == []
        bench.read(outgoing.signal, 21.5)
        assert status(store, outgoing.command.id) is Status.CONFIRMED

    def test_without_a_reading_it_is_unconfirmed(self, store: TwinStore, bench: Bench) -> None:
        outgoing = self.taken(store, resend="never", ack_s=5, confirm_s=5)
        store.recover_commands("w")
        bench.wait(9)
        store.work_commands("w")
        assert status(store, outgoing.command.id) is Status.SENT
        bench.wait(1)
        store.work_commands("w")
        assert status(store, outgoing.command.id) is Status.UNCONFIRMED

    def test_what_the_broker_has_is_not_sent_again(self, store: TwinStore) -> None:
        outgoing = self.taken(store, resend="always")
        store.commands_published([outgoing.command.number])
        assert store.recover_commands("w") == []

    def test_what_a_worker_that_lives_has_taken_is_left_to_it(self, store: TwinStore) -> None:
        settable(store, resend="always")
        assert store.take_job("control:alive")
        place(store)
        store.work_commands("alive")
        assert store.recover_commands("w") == []
        store.leave_job("control:alive")
        assert len(store.recover_commands("w")) == 1

    def test_what_has_happened_meanwhile_is_known_before_sending_again(self, store: TwinStore) -> None:
        outgoing = self.taken(store, resend="always")
        number = outgoing.command.number
        assert store.still_sent([number]) == {number}
        reply(store, outgoing.command.id)
        assert store.still_sent([number]) == set()

    def test_a_broken_connection_leaves_a_doubt(self, store: TwinStore, bench: Bench) -> None:
        outgoing = self.taken(store, resend="never", ack_s=5, confirm_s=5)
        store.commands_doubtful([outgoing.command.number])
        assert store.still_sent([outgoing.command.number]) == set()
        bench.wait(10)
        store.work_commands("w")
        assert status(store, outgoing.command.id) is Status.UNCONFIRMED


class PersonContract:
    def test_a_dangerous_command_waits_for_another_person(self, store: TwinStore) -> None:
        settable(store, dangerous=True)
        identifier = place(store)
        assert sent(store) == []
        with pytest.raises(ApprovalRefused):
            store.approve_command(identifier, by="ada")
        view = store.approve_command(identifier, by="grace")
        assert view.only is not None
        assert (view.only.command.status, view.only.command.approved_by) == (Status.QUEUED, "grace")
        assert sent(store) == [identifier]

    def test_an_approval_that_does_not_come_in_time_is_none(self, store: TwinStore, bench: Bench) -> None:
        settable(store, dangerous=True, approval_s=60)
        identifier = place(store)
        bench.wait(60)
        assert store.approve_command(identifier, by="grace").counts == {Status.EXPIRED: 1}

    def test_what_needs_no_approval_cannot_be_approved(self, store: TwinStore) -> None:
        settable(store)
        with pytest.raises(StepRefused):
            store.approve_command(place(store), by="grace")

    def test_a_command_is_taken_back_before_it_is_sent_and_not_after(self, store: TwinStore) -> None:
        settable(store)
        identifier = place(store)
        store.cancel_command(identifier, by="ada", note="mistake")
        assert (status(store, identifier), sent(store)) == (Status.CANCELLED, [])
        other = place(store)
        store.work_commands("w")
        with pytest.raises(StepRefused):
            store.cancel_command(other, by="ada")

    def test_a_higher_priority_supersedes_and_says_whom(self, store: TwinStore) -> None:
        settable(store)
        waiting, going = place(store, 1, priority=Priority.SCHEDULE), None
        going = place(store, 2, priority=Priority.AUTOMATIC)
        assert status(store, waiting) is Status.SUPERSEDED
        assert sent(store) == [going]
        placed = store.place_command(order(3, priority=Priority.MANUAL))
        assert placed.outcomes[0].supersedes == (going,)
        assert status(store, going) is Status.SUPERSEDED
        assert sent(store) == [placed.id]

    def test_a_lower_priority_is_refused_with_the_name_of_the_holder(self, store: TwinStore) -> None:
        settable(store)
        place(store, by="fire brigade", priority=LIFE_SAFETY)
        placed = store.place_command(order(2, by="grace"))
        assert refusals(placed) == ["held"]
        assert "fire brigade" in placed.outcomes[0].refusals[0].detail

    def test_a_priority_is_held_until_it_is_released(self, store: TwinStore, bench: Bench) -> None:
        (x, *_) = settable(store)
        identifier = place(store, 5, priority=LIFE_SAFETY, by="fire")
        (held,) = store.hold_command(identifier, by="fire", reason="drill")
        store.work_commands("w")
        bench.read(x, 5.0)
        assert status(store, identifier) is Status.CONFIRMED
        assert refusals(store.place_command(order(2))) == ["held"]
        assert store.command_holds() == [(x, held)]
        assert store.release_command(identifier, by="fire") == 1
        assert store.command_holds() == []
        place(store, 2)
        with pytest.raises(Conflict):
            store.release_command(identifier, by="fire")

    def test_a_hold_ends_by_itself_where_it_says_so(self, store: TwinStore, bench: Bench) -> None:
        settable(store)
        identifier = place(store, 5, priority=LIFE_SAFETY)
        store.hold_command(identifier, by="fire", until=bench.now + 60 * S)
        store.cancel_command(identifier, by="fire")
        assert refusals(store.place_command(order(2))) == ["held"]
        bench.wait(60)
        place(store, 2)

    def test_a_hold_that_comes_after_it_was_asked_for_stops_a_command(self, store: TwinStore) -> None:
        settable(store)
        later = place(store, 2, start_at=NOW + S, priority=Priority.MANUAL)
        over = place(store, 5, priority=LIFE_SAFETY)
        assert status(store, later) is Status.SUPERSEDED
        store.hold_command(over, by="fire")
        with pytest.raises(Conflict):
            store.hold_command(later, by="ada")
