"""How a signal is commanded: what its declaration says of confirmation, deadlines, approval and interlocks. Values only, pure.

Spans are seconds (`…_s`). The address of the device is no part of it: that stands in the binding.
"""

import math
import re
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from twin.errors import TwinError

Value = bool | int | float | str
"""As `twin.state.Value`."""


class Confirm(StrEnum):
    """What ends a command as done."""

    BOTH = "both"
    """The device acknowledges, then a reading shows the value."""
    READING = "reading"
    """A reading alone: the device does not reply."""
    ACK = "ack"
    """The acknowledgement alone: the device reports nothing."""


class Priority(StrEnum):
    """Who goes first, the strongest first."""

    MANUAL_LIFE_SAFETY = "manual-life-safety"
    MANUAL = "manual"
    AUTOMATIC = "automatic"
    SCHEDULE = "schedule"

    @property
    def rank(self) -> int:
        """The larger, the stronger."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(reversed(Priority))}
BY_RANK = {rank: priority for priority, rank in _RANKS.items()}

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]

_INTERLOCK = re.compile(r"(\S.*?)\s+(<=|>=|!=|=|<|>)\s+(\S.*)")


class InvalidControl(TwinError):
    """A declaration of how a signal is commanded that makes no sense."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class Interlock(Struct, frozen=True, kw_only=True):
    """What must hold when a command is sent: a comparison of a signal, in its unit.

    `signal`: an id `model/global_id/name`, or the name alone of a signal of the same object.
    """

    signal: str
    comparison: Comparison
    value: Value

    def __str__(self) -> str:
        """As it is written in binding files."""
        return f"{self.signal} {self.comparison} {_shown(self.value)}"


class Control(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a settable signal is commanded.

    `confirm_signal`: whose readings confirm, by id, or by name on the same object; None: the signal's own. `on_change`: the device reports a value
    only when it changes. `ack_s`: from sending to the acknowledgement; `confirm_s`: from there (or from sending, where no acknowledgement is
    awaited) to the reading. `expires_s`: how long a command may wait to be sent, unless it says otherwise. `clock_s`: how far the device's clock may
    be behind ours. `approval_s`: how long a command to a `dangerous` signal waits for another person. `priority`: of commands that name none.
    `revert`: the value before is commanded back if nothing confirms. `resend`: whether the device recognises a command that it gets again by its
    id, so that it may be sent again after a crash. `offline`: whether a command waits while the signal is stale.
    """

    confirm: Confirm = Confirm.BOTH
    confirm_signal: str | None = None
    on_change: bool = False
    ack_s: float = 10.0
    confirm_s: float = 30.0
    expires_s: float = 3600.0
    clock_s: float = 2.0
    approval_s: float = 900.0
    dangerous: bool = False
    priority: Priority = Priority.MANUAL
    revert: bool = False
    resend: Literal["always", "never"] = "never"
    offline: Literal["wait", "send"] = "wait"
    interlocks: tuple[Interlock, ...] = ()


MAX_WAIT_S = 30 * 86_400.0
MAX_INTERLOCKS = 20
USUAL = Control()

_SPANS = ("ack_s", "confirm_s", "expires_s", "approval_s")


def checked_control(control: Control, *, tolerance: float | None, deadband: float | None) -> Control:
    """The declaration. Raises InvalidControl, with the field that is to blame.

    `tolerance`, `deadband`: of the signal, in its unit; a tolerance below the deadband would never be shown by a reading.
    """
    if tolerance is not None and deadband is not None and tolerance < deadband:
        raise InvalidControl("tolerance", "less than the deadband: no reading could confirm a command")
    for name in _SPANS:
        if not 0 < getattr(control, name) <= MAX_WAIT_S:
            raise InvalidControl(name, f"it is more than 0 and at most {MAX_WAIT_S:.0f} seconds")
    if not 0 <= control.clock_s <= MAX_WAIT_S:
        raise InvalidControl("clock_s", "it is how far the device's clock may be behind: zero or more")
    if control.on_change and control.confirm is Confirm.READING:
        raise InvalidControl(
            "confirm",
            "a device that reports changes only, and does not reply, never shows a value that it has",
        )
    if control.confirm is Confirm.ACK and (control.confirm_signal or control.revert):
        raise InvalidControl("confirm", "with ack no reading is looked at: no confirm_signal, no revert")
    if len(control.interlocks) > MAX_INTERLOCKS:
        raise InvalidControl("interlocks", f"at most {MAX_INTERLOCKS}")
    return control


def parse_interlock(text: str) -> Interlock:
    """An interlock as it is written: `level > 0.3`, `pump-house/2nDP/door = closed`. Raises InvalidControl."""
    found = _INTERLOCK.fullmatch(text.strip())
    if found is None:
        raise InvalidControl("interlocks", f"{text!r} is no condition; write level > 0.3")
    name, comparison, wanted = found.groups()
    value = _value(wanted)
    if isinstance(value, (bool, str)) and comparison not in {"=", "!="}:
        raise InvalidControl(
            "interlocks", f"{text!r} orders what is no number; write the number alone, or = or !="
        )
    return Interlock(signal=name, comparison=comparison, value=value)  # type: ignore[arg-type]  # by the expression


def _value(text: str) -> Value:
    if text in {"true", "false"}:
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text.strip("'\"")
    return number if math.isfinite(number) else text


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)
