# ruff: noqa: ARG005  # what is put in its place takes what the real one does
"""Faults of the command plane, to be planted one at a time: `test_planted_faults.py` shows that each is found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from twin.commands import NOTHING, Decision, Status, answered, confirming, confirms, deciding, due_at, overdue
from twin.commands import command as steps
from twin.commands.life import TABLE
from twin.state import Quality
from twin.store import (
    calendars,
    command_bulk,
    command_ledger,
    command_orders,
    command_outcomes,
    command_rows,
    command_views,
    command_work,
    leases,
)

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    name: str
    plant: Plant


FAULTS: list[Fault] = []


def fault(plant: Plant) -> Plant:
    FAULTS.append(Fault(plant.__name__, plant))
    return plant


# ------------------------------------------------------------------------------------------------- sending
@fault
def sent_again_after_a_crash_to_a_device_that_cannot_tell(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work, "after_crash", lambda one, control: one)


@fault
def a_server_takes_over_what_a_living_one_sends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leases, "is_held", lambda *_: False)


@fault
def what_a_dead_server_had_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work, "recover", lambda database, worker: [])


@fault
def what_could_not_be_recorded_is_sent_all_the_same(patch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    look, work = command_work._Looking.look, command_work.work

    def looking(self: Any, of: Any, worker: str) -> Any:
        outgoing = look(self, of, worker)
        taken.extend([] if outgoing is None else [outgoing])
        return outgoing

    def working(*given: Any, **options: Any) -> Any:
        taken.clear()
        try:
            return work(*given, **options)
        except KeyboardInterrupt:
            return list(taken)

    patch.setattr(command_work._Looking, "look", looking)
    patch.setattr(command_work, "work", working)


@fault
def without_a_way_to_devices_commands_are_handed_out(patch: pytest.MonkeyPatch) -> None:
    real = command_work.work
    patch.setattr(
        command_work, "work", lambda *given, sending, limit: real(*given, sending=True, limit=limit)
    )


@fault
def a_device_that_is_away_gets_commands_all_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work._Looking, "_waits", lambda self, of: None)


@fault
def what_is_doubtful_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work, "doubtful", lambda database, numbers: None)


@fault
def commands_to_one_signal_are_sent_side_by_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work._Looking, "_fronts", lambda self, signals: {})


@fault
def interlocks_are_not_looked_at_when_it_is_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work, "failed_interlocks", lambda signal, seen: ())


@fault
def a_hold_is_not_looked_at_when_it_is_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_rows, "holds_of", lambda connection, signals: {})


@fault
def one_that_has_expired_is_sent_all_the_same(patch: pytest.MonkeyPatch) -> None:
    real = overdue
    patch.setattr(
        command_work,
        "overdue",
        lambda one, control, now: NOTHING if one.status is Status.QUEUED else real(one, control, now),
    )


@fault
def one_that_has_expired_is_dropped_without_an_end(patch: pytest.MonkeyPatch) -> None:
    real = command_work._Looking.look

    def look(self: Any, of: Any, worker: str) -> Any:
        if of.command.status is Status.QUEUED and self.ledger.now >= of.command.expires_at:
            self.ledger.keep(of.command, of.control, due=1 << 61)
            return None
        return real(self, of, worker)

    patch.setattr(command_work._Looking, "look", look)


@fault
def it_is_sent_before_its_time(patch: pytest.MonkeyPatch) -> None:
    real = command_orders.place

    def early(database: Any, order: Any, **options: Any) -> Any:
        return real(database, replace(order, start_at=None), **options)

    patch.setattr(command_orders, "place", early)


@fault
def a_doubtful_one_is_not_waited_for_longer(patch: pytest.MonkeyPatch) -> None:
    real = deciding._sent_patience
    patch.setattr(
        deciding, "_sent_patience", lambda one, control: real(replace(one, doubtful=False), control)
    )


# --------------------------------------------------------------------------------------------- confirming
def _confirms(patch: pytest.MonkeyPatch, change: Callable[[Any, Any], tuple[Any, Any]]) -> None:
    real = confirms

    def lax(one: Any, reading: Any, *, tolerance: float, allowance: int) -> bool:
        return real(*change(one, reading), tolerance=tolerance, allowance=allowance)

    patch.setattr(command_outcomes, "confirms", lax)


@fault
def a_stale_reading_confirms(patch: pytest.MonkeyPatch) -> None:
    _confirms(patch, lambda one, reading: (one, _with(reading, observed_at=reading.received_at)))


@fault
def a_reading_that_was_received_before_it_was_sent_confirms(patch: pytest.MonkeyPatch) -> None:
    _confirms(patch, lambda one, reading: (one, _with(reading, received_at=1 << 61)))


@fault
def a_retained_reading_from_before_confirms(patch: pytest.MonkeyPatch) -> None:
    _confirms(patch, lambda one, reading: (one, _with(reading, retained=False)))


@fault
def a_bad_reading_confirms(patch: pytest.MonkeyPatch) -> None:
    _confirms(patch, lambda one, reading: (one, _with(reading, quality=Quality.GOOD)))


@fault
def a_tolerance_has_one_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confirming, "agrees", lambda wanted, shown, tolerance: wanted - shown <= tolerance)


@fault
def a_tolerance_does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confirming, "agrees", lambda wanted, shown, tolerance: wanted == shown)


@fault
def only_the_last_reading_of_a_batch_is_looked_at(patch: pytest.MonkeyPatch) -> None:
    real = command_outcomes._shown
    patch.setattr(command_outcomes, "_shown", lambda of, one, arrived: real(of, one, arrived[-1:]))


@fault
def a_reading_before_the_acknowledgement_does_not_confirm(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_outcomes, "confirmed", lambda one, control: one.status is Status.ACKNOWLEDGED)


@fault
def an_acknowledgement_alone_confirms(patch: pytest.MonkeyPatch) -> None:
    real = answered
    patch.setattr(
        command_outcomes,
        "answered",
        lambda one, control, reply, *, has_value: real(
            one, replace(control, on_change=True), reply, has_value=True
        ),
    )


@fault
def a_value_that_is_reported_once_more_does_not_confirm(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        command_outcomes,
        "confirms",
        lambda one, reading, **limits: confirms(one, reading, **limits) and reading.value != one.previous,
    )


@fault
def one_that_has_the_value_already_waits_for_a_reading(patch: pytest.MonkeyPatch) -> None:
    real = answered
    patch.setattr(
        command_outcomes,
        "answered",
        lambda one, control, reply, *, has_value: real(one, control, reply, has_value=False),
    )


# ------------------------------------------------------------------------------------------------ replies
@fault
def a_late_acknowledgement_resurrects_what_has_ended(patch: pytest.MonkeyPatch) -> None:
    real = answered

    def again(one: Any, control: Any, reply: Any, *, has_value: bool) -> Decision:
        if one.status is Status.TIMED_OUT:
            return Decision(path=(Status.ACKNOWLEDGED,))
        return real(one, control, reply, has_value=has_value)

    patch.setattr(command_outcomes, "answered", again)
    table = {**TABLE, Status.TIMED_OUT: frozenset({Status.ACKNOWLEDGED})}
    patch.setattr(steps, "TABLE", table)


@fault
def a_strangers_reply_is_believed(patch: pytest.MonkeyPatch) -> None:
    real = command_outcomes.reply

    def anybody(database: Any, replies: Any) -> Any:
        return real(database, [replace(each, signals=None) for each in replies])

    patch.setattr(command_outcomes, "reply", anybody)


@fault
def a_refusal_of_the_device_is_overheard(patch: pytest.MonkeyPatch) -> None:
    real = answered

    def deaf(one: Any, control: Any, reply: Any, *, has_value: bool) -> Decision:
        return real(one, control, reply, has_value=has_value) if reply.kind == "accepted" else NOTHING

    patch.setattr(command_outcomes, "answered", deaf)


@fault
def of_replies_that_come_together_only_the_first_is_looked_at(patch: pytest.MonkeyPatch) -> None:
    real = command_outcomes.reply
    patch.setattr(command_outcomes, "reply", lambda database, replies: real(database, replies[:1]))


@fault
def a_late_reply_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deciding, "_late", lambda reply: NOTHING)


@fault
def after_its_acknowledgement_nothing_ends_it(patch: pytest.MonkeyPatch) -> None:
    real = due_at
    patch.setattr(
        command_rows,
        "due_at",
        lambda one, control: None if one.status is Status.ACKNOWLEDGED else real(one, control),
    )


# ------------------------------------------------------------------------------------------------- people
@fault
def who_asked_may_approve(patch: pytest.MonkeyPatch) -> None:
    real = command_views.approve
    patch.setattr(
        command_views, "approve", lambda database, identifier, *, by: real(database, identifier, by="x")
    )


@fault
def an_approval_counts_after_its_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_views, "overdue", lambda one, control, now: NOTHING)


@fault
def a_key_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_orders, "_known", lambda connection, order, digest: None)


@fault
def a_rate_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_orders._Placing, "_start", lambda self, position: self.start_at)


@fault
def what_somebody_has_begun_to_record_is_left_undone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_work, "_go_on", lambda database: None)


@fault
def a_piece_of_a_request_is_left_out(patch: pytest.MonkeyPatch) -> None:
    real = command_bulk.advance

    def skipping(connection: Any, done: Any, now: int) -> bool:
        after = done._replace(start=done.start + command_bulk.CHUNK)
        return real(connection, done, now) and (real(connection, after, now) or True)

    patch.setattr(command_bulk, "advance", skipping)


@fault
def what_is_not_recorded_yet_is_not_cancelled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_views, "_record_all", lambda database, identifier: None)


@fault
def priorities_do_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_orders, "arbitrate", lambda priority, holders, hold, *, now: command_orders_none())


@fault
def an_occurrence_of_a_calendar_is_done_by_both_servers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calendars, "of", lambda connection, run: None)


# ------------------------------------------------------------------------------------------------ reverting
@fault
def the_value_before_is_put_back_though_another_command_follows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        command_ledger.Ledger,
        "_irrevertible",
        lambda self, of: "unknown" if of.command.previous is None else None,
    )


@fault
def the_value_before_is_never_put_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(command_ledger.Ledger, "_revert", lambda self, of: None)


@fault
def a_command_counts_as_reverted_before_a_reading_shows_it(patch: pytest.MonkeyPatch) -> None:
    real = command_ledger.Ledger._revert

    def hasty(self: Any, of: Any) -> None:
        real(self, of)
        self._reverted(of.command.number)

    patch.setattr(command_ledger.Ledger, "_revert", hasty)


def command_orders_none() -> Any:
    from twin.commands.arbitrating import Priorities  # noqa: PLC0415

    return Priorities()


def _with(reading: Any, **changes: Any) -> Any:
    return replace(reading, **changes)
