"""Commands: the table, what is allowed, what confirms, and what becomes of one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.house.checkout import ROOT
from twin.commands import (
    ENDINGS,
    NOTHING,
    OPEN,
    TABLE,
    Command,
    Decision,
    Reply,
    ReplyKind,
    Status,
    StepRefused,
    advance,
    after_crash,
    agrees,
    answered,
    confirmed,
    confirms,
    diagram,
    due_at,
    overdue,
    tolerance_of,
    walked,
)
from twin.controls import (
    Confirm,
    Control,
    InvalidControl,
    Priority,
    checked_control,
)
from twin.state import Quality, Reading, Signal

S = 1_000_000
NOW = 1_760_000_000 * S
PUMP = Signal(model="m", global_id="g", name="speed", unit="%", minimum=0, maximum=100, settable=True)
statuses = st.sampled_from(list(Status))
numbers = st.floats(-1e6, 1e6)


def command(**changes: Any) -> Command:
    known: dict[str, Any] = {
        "number": 1, "id": "c1", "request": 1, "position": 0, "signal": 7, "confirm_signal": 7, "value": 50.0,
        "priority": Priority.MANUAL, "by": "ada", "reason": "test", "created_at": NOW, "start_at": NOW,
        "expires_at": NOW + 3600 * S,
    }  # fmt: skip
    return Command(**{**known, **changes})


def sent(**changes: Any) -> Command:
    return advance(command(**changes), Status.SENT, at=NOW)


def reading(**changes: Any) -> Reading:
    known: dict[str, Any] = {"signal": 7, "value": 50.0, "observed_at": NOW + S, "received_at": NOW + S}
    return Reading(**{**known, **changes})


# ------------------------------------------------------------------------------------------- the table
def test_every_status_is_in_the_table_and_every_open_one_has_a_way_to_an_end() -> None:
    def ends(status: Status) -> bool:
        return status in ENDINGS or any(ends(after) for after in TABLE[status])

    assert set(TABLE) == set(Status)
    assert all(ends(status) for status in Status)


def test_no_status_is_reached_twice() -> None:
    def reached(status: Status) -> set[Status]:
        return set().union(*({after} | reached(after) for after in TABLE[status]))

    assert not [status for status in Status if status in reached(status)]


@given(statuses, statuses)
def test_a_step_is_taken_exactly_where_the_table_has_it(before: Status, after: Status) -> None:
    if after in TABLE[before]:
        assert advance(command(status=before), after, at=NOW).status is after
    else:
        with pytest.raises(StepRefused):
            advance(command(status=before), after, at=NOW)


@given(st.lists(statuses, max_size=12))
def test_an_ended_command_has_the_time_of_its_end_and_an_open_one_has_none(path: list[Status]) -> None:
    one = command()
    for at, status in enumerate(path):
        if status in TABLE[one.status]:
            one = advance(one, status, at=NOW + at)
    assert (one.ended_at is not None) == (one.status not in OPEN)


def test_the_picture_in_the_documentation_is_the_table() -> None:
    assert diagram() in Path(ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------ confirming
def test_a_good_reading_within_tolerance_after_sending_confirms() -> None:
    assert confirms(sent(), reading(value=50.9), tolerance=1.0, allowance=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"quality": Quality.UNCERTAIN},
        {"quality": Quality.STALE},
        {"quality": Quality.BAD},
        {"retained": True},
        {"received_at": NOW},
        {"received_at": NOW - S},
        {"observed_at": NOW - 3 * S},
        {"value": 51.1},
        {"value": "50"},
        {"value": True},
        {"signal": 8},
    ],
)
def test_a_reading_that_lacks_one_condition_does_not_confirm(changes: dict[str, Any]) -> None:
    assert not confirms(sent(), reading(**changes), tolerance=1.0, allowance=2 * S)


def test_the_clock_of_the_device_may_be_behind_by_the_allowance_and_no_more() -> None:
    assert confirms(sent(), reading(observed_at=NOW - 2 * S), tolerance=0, allowance=2 * S)
    assert not confirms(sent(), reading(observed_at=NOW - 2 * S - 1), tolerance=0, allowance=2 * S)


def test_nothing_confirms_a_command_that_was_not_sent() -> None:
    assert not confirms(command(), reading(), tolerance=1.0, allowance=0)


def test_readings_of_another_signal_confirm_where_it_is_declared_to_confirm() -> None:
    assert confirms(sent(confirm_signal=9), reading(signal=9), tolerance=0, allowance=0)


@given(numbers, numbers, st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_device_that_leaves_out_changes_below_its_deadband_still_shows_every_command(
    wanted: float, start: float, deadband: float, more: float
) -> None:
    """The device holds the wanted value and reports it only if that is more than the deadband away from its last report."""
    signal = replace(PUMP, deadband=deadband, tolerance=deadband + more)
    shown = wanted if abs(wanted - start) > deadband else start
    assert agrees(wanted, shown, tolerance_of(signal))


def test_a_tolerance_below_the_deadband_is_refused() -> None:
    with pytest.raises(InvalidControl, match="deadband"):
        checked_control(Control(), tolerance=0.1, deadband=0.2)


@pytest.mark.parametrize(
    "control",
    [
        Control(on_change=True, confirm=Confirm.READING),
        Control(confirm=Confirm.ACK, revert=True),
        Control(confirm=Confirm.ACK, confirm_signal="x"),
        Control(ack_s=0),
        Control(confirm_s=-1),
        Control(expires_s=float("inf")),
        Control(clock_s=-1),
    ],
)
def test_a_declaration_that_could_never_work_is_refused(control: Control) -> None:
    with pytest.raises(InvalidControl):
        checked_control(control, tolerance=None, deadband=None)


# --------------------------------------------------------------------------------------------- replies
ACCEPTED = Reply(id="c1", kind=ReplyKind.ACCEPTED, received_at=NOW + S)
REJECTED = Reply(id="c1", kind=ReplyKind.REJECTED, received_at=NOW + S, detail="locked")


def test_an_acknowledgement_alone_is_no_confirmation() -> None:
    assert answered(sent(), Control(), ACCEPTED, has_value=True).path == (Status.ACKNOWLEDGED,)


def test_an_acknowledgement_ends_a_command_where_it_is_declared_to() -> None:
    decision = answered(sent(), Control(confirm=Confirm.ACK), ACCEPTED, has_value=False)
    assert decision.path == (Status.ACKNOWLEDGED, Status.CONFIRMED)


def test_a_device_that_reports_changes_only_and_has_the_value_ends_on_its_acknowledgement() -> None:
    control = Control(on_change=True)
    assert answered(sent(), control, ACCEPTED, has_value=True).path[-1] is Status.CONFIRMED
    assert answered(sent(), control, ACCEPTED, has_value=False).path[-1] is Status.ACKNOWLEDGED


def test_a_device_that_says_no_ends_the_command_with_its_words() -> None:
    decision = answered(sent(), Control(), REJECTED, has_value=False)
    assert (decision.path, decision.detail) == ((Status.REJECTED,), "locked")


def test_a_device_that_first_says_yes_and_then_no_has_failed() -> None:
    acknowledged = advance(sent(), Status.ACKNOWLEDGED, at=NOW)
    assert answered(acknowledged, Control(), REJECTED, has_value=False).path == (Status.FAILED,)


def test_a_second_acknowledgement_is_nothing_new() -> None:
    acknowledged = advance(sent(), Status.ACKNOWLEDGED, at=NOW)
    assert answered(acknowledged, Control(), ACCEPTED, has_value=True) == NOTHING


@given(st.sampled_from(ENDINGS), st.sampled_from([ACCEPTED, REJECTED]))
def test_a_reply_after_the_end_is_noted_and_changes_nothing(status: Status, reply: Reply) -> None:
    decision = answered(command(status=status), Control(), reply, has_value=True)
    assert decision.path == ()
    assert decision.note is not None


@given(
    status=statuses,
    kind=st.sampled_from(list(ReplyKind)),
    confirm=st.sampled_from(list(Confirm)),
    on_change=st.booleans(),
    has_value=st.booleans(),
)
def test_whatever_a_device_says_the_table_is_kept(
    *, status: Status, kind: ReplyKind, confirm: Confirm, on_change: bool, has_value: bool
) -> None:
    control = Control(confirm=confirm, on_change=on_change)
    one = command(status=status)
    walked(one, answered(one, control, Reply(id="c1", kind=kind, received_at=NOW), has_value=has_value), NOW)


# --------------------------------------------------------------------------------------------- the clock
controls = st.builds(
    Control,
    confirm=st.sampled_from(list(Confirm)),
    ack_s=st.floats(0.1, 100),
    confirm_s=st.floats(0.1, 100),
    approval_s=st.floats(0.1, 100),
)


@given(status=st.sampled_from(OPEN), control=controls, doubtful=st.booleans(), seconds=st.integers(0, 4000))
def test_the_clock_ends_an_open_command_from_its_deadline_on_and_never_before(
    *, status: Status, control: Control, doubtful: bool, seconds: int
) -> None:
    one = command(status=status, sent_at=NOW, acknowledged_at=NOW, doubtful=doubtful)
    deadline = one.expires_at if status is Status.QUEUED else due_at(one, control)
    assert deadline is not None
    now = NOW + seconds * S
    decision = overdue(one, control, now)
    assert bool(decision.path) == (now >= deadline)
    walked(one, decision, now)


def test_without_an_acknowledgement_the_command_times_out_where_one_is_awaited() -> None:
    assert overdue(sent(), Control(ack_s=10), NOW + 10 * S).path == (Status.TIMED_OUT,)


def test_a_device_that_does_not_reply_is_waited_for_until_the_deadline_of_its_reading() -> None:
    control = Control(confirm=Confirm.READING, ack_s=1, confirm_s=20)
    assert overdue(sent(), control, NOW + 10 * S) == NOTHING
    assert overdue(sent(), control, NOW + 20 * S).path == (Status.UNCONFIRMED,)


def test_after_a_crash_a_device_that_knows_ids_is_sent_the_command_again() -> None:
    assert not after_crash(sent(), Control(resend="always")).doubtful


def test_after_a_crash_a_device_that_cannot_tell_gets_nothing_twice_and_a_reading_is_waited_for() -> None:
    doubtful = after_crash(sent(), Control(resend="never", ack_s=5, confirm_s=5))
    assert doubtful.doubtful
    assert confirmed(doubtful, Control())
    assert overdue(doubtful, Control(ack_s=5, confirm_s=5), NOW + 10 * S).path == (Status.UNCONFIRMED,)


def test_a_command_that_the_broker_had_is_not_doubtful_after_a_crash() -> None:
    assert not after_crash(replace(sent(), published_at=NOW), Control()).doubtful


def test_an_acknowledgement_is_enough_only_where_so_declared() -> None:
    assert not confirmed(sent(), Control(confirm=Confirm.ACK))
    assert confirmed(sent(), Control(confirm=Confirm.READING))
    assert not confirmed(command(), Control())


def test_a_decision_that_says_nothing_walks_nowhere() -> None:
    assert walked(command(), Decision(), NOW) == []
