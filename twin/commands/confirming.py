"""What shows that a command was done. Readings are looked at, not changes: a device that repeats a value says that it still has it."""

from twin.commands.command import Command
from twin.controls import Control
from twin.state import Quality, Reading, Signal, Value

_EXACT = 1e-9
"""Relative to the value: what converting units there and back costs a float64, with a few digits to spare."""


def tolerance_of(signal: Signal) -> float:
    """How far a reading may be from the value, in the signal's unit: what is declared, at least the deadband."""
    return max(signal.tolerance or 0.0, signal.deadband or 0.0)


def agrees(wanted: Value, shown: Value, tolerance: float) -> bool:
    """Whether a value is the wanted one: numbers within the tolerance (inclusive), everything else exactly."""
    if isinstance(wanted, (bool, str)) or isinstance(shown, (bool, str)):
        return type(wanted) is type(shown) and wanted == shown
    return abs(wanted - shown) <= tolerance + _EXACT * max(abs(wanted), abs(shown))


def allowance_us(control: Control) -> int:
    """How far the device's clock may be behind ours."""
    return round(control.clock_s * 1e6)


def confirms(command: Command, reading: Reading, *, tolerance: float, allowance: int) -> bool:
    """Whether a reading of the confirming signal shows that the command was done.

    Good quality, not retained by the broker, received after the command was sent, observed no earlier than then less the `allowance`
    (microseconds), within the `tolerance` of the value.
    """
    sent_at = command.sent_at
    return (
        sent_at is not None
        and reading.signal == command.confirm_signal
        and reading.quality is Quality.GOOD
        and not reading.retained
        and reading.received_at > sent_at
        and reading.observed_at >= sent_at - allowance
        and agrees(command.value, reading.value, tolerance)
    )


def shows(command: Command, value: Value | None, quality: Quality | None, tolerance: float) -> bool:
    """Whether what is known of the confirming signal is the value already: of a device that reports changes only, no reading will come."""
    return value is not None and quality is Quality.GOOD and agrees(command.value, value, tolerance)
