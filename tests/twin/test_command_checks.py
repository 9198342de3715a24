"""Who may command a signal, what is refused, and interlocks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from twin.commands import (
    Ask,
    Hold,
    Holder,
    Seen,
    WrongValue,
    arbitrate,
    check,
    checked_value,
    failed_interlocks,
)
from twin.controls import BY_RANK, Control, Interlock, InvalidControl, Priority, parse_interlock
from twin.state import Quality, Signal, Value

S = 1_000_000
NOW = 1_760_000_000 * S
PUMP = Signal(model="m", global_id="g", name="speed", unit="%", minimum=0, maximum=100, settable=True)
priorities = st.sampled_from(list(Priority))


def seen(value: Value, quality: Quality = Quality.GOOD) -> Seen:
    return Seen(value=value, quality=quality)


# ------------------------------------------------------------------------------------------- priorities
@given(priorities, st.lists(priorities, max_size=4), st.none() | priorities)
def test_the_strongest_priority_wins(mine: Priority, others: list[Priority], held: Priority | None) -> None:
    holders = [Holder(number=i, priority=each, by=f"p{i}") for i, each in enumerate(others)]
    hold = held and Hold(signal=7, priority=held, by="holder", reason="", since=0)
    outcome = arbitrate(mine, holders, hold or None, now=NOW)
    strongest = max([each.rank for each in (*others, *([held] if held else []))], default=-1)
    assert (outcome.refused_by is not None) == (strongest > mine.rank)
    if outcome.refused_by is None:
        assert set(outcome.supersedes) == {i for i, each in enumerate(others) if each.rank < mine.rank}


def test_ranks_are_in_the_order_of_the_specification() -> None:
    named = ["schedule", "automatic", "manual", "manual-life-safety"]
    assert [BY_RANK[rank].value for rank in sorted(BY_RANK)] == named


def test_a_hold_that_is_over_holds_nobody() -> None:
    hold = Hold(signal=7, priority=Priority.MANUAL, by="ada", reason="", since=0, until=NOW)
    assert arbitrate(Priority.SCHEDULE, [], hold, now=NOW).refused_by is None
    assert arbitrate(Priority.SCHEDULE, [], hold, now=NOW - 1).refused_by is hold


# ---------------------------------------------------------------------------------------------- checks
def ask(**changes: Any) -> Ask:
    known: dict[str, Any] = {
        "signal": PUMP, "value": 50, "priority": Priority.MANUAL, "now": NOW, "start_at": NOW,
        "expires_at": NOW + S,
    }  # fmt: skip
    return Ask(**{**known, **changes})


def codes(**changes: Any) -> list[str]:
    holders = changes.pop("holders", ())
    return [each.code for each in check(ask(**changes), holders)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signal": replace(PUMP, settable=False)}, "not_settable"),
        ({"value": 101}, "out_of_range"),
        ({"value": -0.1}, "out_of_range"),
        ({"value": "50"}, "wrong_type"),
        ({"value": True}, "wrong_type"),
        ({"value": float("nan")}, "not_finite"),
        ({"value": float("inf")}, "not_finite"),
        ({"unit": "Cel"}, "wrong_unit"),
        ({"expires_at": NOW}, "expired"),
        ({"start_at": NOW + 2 * S}, "expired"),
        (
            {"holders": [Holder(number=1, priority=Priority.MANUAL_LIFE_SAFETY, by="fire brigade")]},
            "held",
        ),
    ],
)
def test_what_is_wrong_with_a_command_is_said(changes: dict[str, Any], code: str) -> None:
    assert codes(**changes) == [code]


def test_a_command_with_nothing_wrong_is_taken() -> None:
    assert codes(unit="%") == []


def test_a_refusal_names_who_has_priority() -> None:
    holder = Holder(number=1, priority=Priority.MANUAL_LIFE_SAFETY, by="fire brigade")
    (refusal,) = check(ask(), [holder])
    assert "fire brigade" in refusal.detail


@given(st.integers(-(2**53), 2**53))
def test_an_integer_stays_one(value: int) -> None:
    whole = Signal(model="m", global_id="g", name="n", type="integer", settable=True)
    assert checked_value(whole, float(value)) == value
    assert type(checked_value(whole, float(value))) is int


def test_values_of_other_types_are_taken_as_they_are_or_not_at_all() -> None:
    door = Signal(model="m", global_id="g", name="n", type="enum", choices=("open", "closed"))
    flag = Signal(model="m", global_id="g", name="n", type="boolean")
    assert checked_value(door, "open") == "open"
    assert checked_value(flag, False) is False
    for signal, value in ((door, "ajar"), (flag, 1), (flag, "true")):
        with pytest.raises(WrongValue):
            checked_value(signal, value)


# ------------------------------------------------------------------------------------------- interlocks
WATER = replace(PUMP, control=Control(interlocks=(parse_interlock("level > 0.3"),)))


def test_an_interlock_that_holds_lets_the_command_pass() -> None:
    assert failed_interlocks(WATER, {"level": seen(0.31)}) == ()


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "never reported"),
        ({"level": seen(0.3)}, "0.3"),
        ({"level": seen(2.0, Quality.STALE)}, "stale"),
        ({"level": seen(2.0, Quality.BAD)}, "bad"),
        ({"level": seen(2.0, Quality.UNCERTAIN)}, "uncertain"),
        ({"level": seen("full")}, "compared"),
        ({"level": seen(True)}, "compared"),
    ],
)
def test_an_interlock_that_does_not_surely_hold_fails(known: dict[str, Seen], words: str) -> None:
    (refusal,) = failed_interlocks(WATER, known)
    assert refusal.code == "interlock"
    assert words in refusal.detail


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        ("level > 0.3", Interlock(signal="level", comparison=">", value=0.3)),
        ("m/g 1/door != open", Interlock(signal="m/g 1/door", comparison="!=", value="open")),
        ("on = true", Interlock(signal="on", comparison="=", value=True)),
        ("液位 >= 1", Interlock(signal="液位", comparison=">=", value=1.0)),
    ],
)
def test_an_interlock_is_read_as_it_is_written(text: str, lock: Interlock) -> None:
    assert parse_interlock(text) == lock
    assert parse_interlock(str(lock)) == lock


@pytest.mark.parametrize("text", ["", "level", "level >", "> 3", "level>3", "door > open", "on < true"])
def test_a_text_that_is_no_interlock_is_refused(text: str) -> None:
    with pytest.raises(InvalidControl):
        parse_interlock(text)


@pytest.mark.parametrize(
    ("comparison", "below", "same", "above"),
    [
        ("=", False, True, False), ("!=", True, False, True), ("<", True, False, False),
        ("<=", True, True, False), (">", False, False, True), (">=", False, True, True),
    ],
)  # fmt: skip
def test_comparisons_mean_what_they_say(*, comparison: str, below: bool, same: bool, above: bool) -> None:
    one = replace(PUMP, control=Control(interlocks=(parse_interlock(f"level {comparison} 1"),)))
    held = [not failed_interlocks(one, {"level": seen(value)}) for value in (0.5, 1.0, 1.5)]
    assert held == [below, same, above]
