"""Whether a command is allowed: when it is asked for, and once more when it is sent."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from twin.commands.arbitrating import Hold, Holder, arbitrate
from twin.controls import USUAL, Interlock, Priority
from twin.errors import TwinError
from twin.state import Quality, Signal, Value

MAX_TEXT = 4096
"""Characters of a text; what is read has the same limit."""

MAX_INTEGER = 2**53
"""As for readings: exact as a double."""


class Refusal(Struct, frozen=True, kw_only=True):
    """Why a command is not taken. `code`: a word for programs."""

    code: str
    detail: str


class WrongValue(TwinError):
    """A value that the signal cannot take."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of a signal: value and effective quality; None: nothing."""

    value: Value | None = None
    quality: Quality | None = None


class Ask(Struct, frozen=True, kw_only=True):
    """A command to be, for one signal. `unit`: that of the value, None: the signal's. Times in microseconds since 1970 UTC."""

    signal: Signal
    value: Value
    priority: Priority
    now: int
    start_at: int
    expires_at: int
    unit: str | None = None


def checked_value(signal: Signal, value: Value) -> Value:
    """The value as one of the signal's type. Raises WrongValue: nothing is guessed, nothing is clamped."""
    match signal.type:
        case "number" | "integer":
            return _number(signal, value)
        case "boolean":
            if isinstance(value, bool):
                return value
            raise WrongValue("wrong_type", f"{value!r} is neither true nor false")
        case "enum":
            if value in signal.choices:
                return value
            raise WrongValue("wrong_type", f"{value!r} is none of {', '.join(signal.choices)}")
        case _:
            if isinstance(value, str) and len(value) <= MAX_TEXT and "\0" not in value:
                return value
            raise WrongValue("wrong_type", f"a text of at most {MAX_TEXT} characters is wanted")


def _number(signal: Signal, value: Value) -> Value:
    if isinstance(value, (bool, str)):
        raise WrongValue("wrong_type", f"{value!r} is no {signal.type}")
    if not math.isfinite(value):
        raise WrongValue("not_finite", "a number that is not finite")
    if signal.type == "integer":
        if value != int(value) or abs(value) > MAX_INTEGER:
            raise WrongValue("wrong_type", f"{value!r} is no integer within ±2**53")
        value = int(value)
    else:
        value = float(value)
    low = -math.inf if signal.minimum is None else signal.minimum
    high = math.inf if signal.maximum is None else signal.maximum
    if not low <= value <= high:
        raise WrongValue(
            "out_of_range", f"{value:g} is not within {low:g} to {high:g} {signal.unit or ''}".strip()
        )
    return value


def check(ask: Ask, holders: Sequence[Holder] = (), hold: Hold | None = None) -> tuple[Refusal, ...]:
    """All that stands against a command when it is asked for; empty: it is taken."""
    signal = ask.signal
    found: list[Refusal] = []
    if not signal.settable:
        found.append(Refusal(code="not_settable", detail="the signal is not declared as settable"))
    if ask.unit is not None and ask.unit != signal.unit:
        found.append(
            Refusal(code="wrong_unit", detail=f"{ask.unit} is not the signal's unit, {signal.unit or 'none'}")
        )
    else:
        try:
            checked_value(signal, ask.value)
        except WrongValue as error:
            found.append(Refusal(code=error.code, detail=error.reason))
    if ask.expires_at <= max(ask.now, ask.start_at):
        found.append(Refusal(code="expired", detail="it would expire before it could be sent"))
    holder = arbitrate(ask.priority, holders, hold, now=ask.now).refused_by
    if holder is not None:
        kind = "hold" if isinstance(holder, Hold) else "open command"
        detail = f"{holder.by} has priority: {kind} with {holder.priority}"
        found.append(Refusal(code="held", detail=detail))
    return tuple(found)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def failed_interlocks(signal: Signal, seen: Mapping[str, Seen]) -> tuple[Refusal, ...]:
    """Conditions of a signal that do not hold now; one whose input is unknown or not good fails. `seen`: by the name in the condition."""
    control = signal.control or USUAL
    return tuple(
        Refusal(code="interlock", detail=f"interlock {lock}: {why}")
        for lock in control.interlocks
        if (why := _failing(lock, seen.get(lock.signal, Seen()))) is not None
    )


def _failing(lock: Interlock, seen: Seen) -> str | None:
    if seen.value is None or seen.quality is None:
        return f"{lock.signal} has never reported"
    if seen.quality is not Quality.GOOD:
        return f"{lock.signal} is {seen.quality}"
    if not _comparable(lock.value, seen.value):
        return f"{lock.signal} is {seen.value!r}, which cannot be compared"
    return None if _COMPARE[lock.comparison](seen.value, lock.value) else f"{lock.signal} is {seen.value!r}"


def _comparable(first: Value, second: Value) -> bool:
    kinds = {type(first), type(second)}
    return len(kinds) == 1 or kinds == {int, float}
