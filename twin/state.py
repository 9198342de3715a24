"""Live state: signals, readings, and which reading of a signal is the current one. Pure.

Three clocks: `observed_at` is the device's, `received_at` ours, `changed_at` says since when the value has been what it is.
All are microseconds since 1970-01-01 UTC.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from twin.alarms import AlarmRule
from twin.controls import Control

Value = bool | int | float | str
"""Never NaN and never infinite: a codec refuses those."""

SignalType = Literal["number", "integer", "boolean", "text", "enum"]

FUTURE_ALLOWANCE_US = 60 * 1_000_000
"""A reading may be observed this far ahead of our clock; beyond it the device's clock is wrong, and the reading refused."""


class Quality(StrEnum):
    """How far a value can be trusted: as the device says, or, for `stale`, as follows from its silence."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    STALE = "stale"
    BAD = "bad"


_TRUST = {Quality.GOOD: 3, Quality.UNCERTAIN: 2, Quality.STALE: 1, Quality.BAD: 0}


class Signal(Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One readable, perhaps settable, value of an object: `"{model}/{global_id}/{name}"`.

    `unit` is a UCUM-like symbol of values as they are stored; None: no unit. `kind` says what is measured, for themes
    (`temperature`, `power`). `minimum` and `maximum` bound valid values, in `unit`. `period_s`: the longest silence, in
    seconds, after which the value is stale; None: it never is. `deadband`: changes below it are not reported by the device.
    `keep_days`, `keep_rollup_days`: how long its readings and roll-ups are kept; None: as the deployment says.
    `alarms`: rules of its own, at most one of each kind; they take precedence over those for many signals. `control`: how it is commanded, where that
    is not as usual.
    """

    model: str
    global_id: str
    name: str
    type: SignalType = "number"
    kind: str | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    period_s: float | None = None
    settable: bool = False
    tolerance: float | None = None
    deadband: float | None = None
    keep_days: float | None = None
    keep_rollup_days: float | None = None
    alarms: tuple[AlarmRule, ...] = ()
    control: Control | None = None

    @property
    def id(self) -> str:
        """The id that bodies use."""
        return f"{self.model}/{self.global_id}/{self.name}"


class Reading(Struct, frozen=True, gc=False):
    """The value of a signal at a time. `signal` is the number that the store gave the signal.

    `retained`: the broker had kept it from before, so that it is no answer to anything.
    """

    signal: int
    value: Value
    observed_at: int
    received_at: int
    quality: Quality = Quality.GOOD
    retained: bool = False


class SignalState(Struct, frozen=True, kw_only=True):
    """What is known of a signal now: the newest reading, since when its value stands, whether it has gone silent since.

    `quality` is that of the reading; `effective_quality` is what screens show. `changed_at` is the observation with which the
    present value was first taken over; readings that come late do not move it.
    """

    value: Value
    quality: Quality
    observed_at: int
    received_at: int
    changed_at: int
    stale: bool = False

    @property
    def effective_quality(self) -> Quality:
        """`stale` for a silent signal, whatever its last reading said, unless that was bad."""
        return Quality.STALE if self.stale and self.quality is not Quality.BAD else self.quality


class Outcome(StrEnum):
    """What a reading did to the state of its signal."""

    CHANGED = "changed"
    """It is the newest, and its value or quality is another."""
    REPEATED = "repeated"
    """It is the newest, and says the same: a report, not a change."""
    LATE = "late"
    """A newer one is known: history only."""
    DUPLICATE = "duplicate"
    """The current one once more: nothing at all."""
    CONFLICT_WON = "conflict_won"
    """Another value for the time of the current one; this one stands, by the fixed order of values."""
    CONFLICT_LOST = "conflict_lost"
    """The same, and the other one stands."""


def order(value: Value, quality: Quality) -> tuple[int, int, float, str]:
    """A fixed total order among readings of one signal and one time: the more trusted, then the larger value.

    Texts come after numbers; among equal numbers of different types, `True` < `1` < `1.0`.
    """
    if isinstance(value, str):
        return _TRUST[quality], 3, 0.0, value
    kind = 0 if isinstance(value, bool) else 1 if isinstance(value, int) else 2
    return _TRUST[quality], 0, value, str(kind)


def apply(state: SignalState | None, reading: Reading) -> tuple[SignalState, Outcome]:
    """The state after a reading. Value, quality and observation of it do not depend on the order of arrival."""
    if state is None:
        return _taken(reading, reading.observed_at), Outcome.CHANGED
    if reading.observed_at < state.observed_at:
        return state, Outcome.LATE
    same = reading.quality is state.quality and order(reading.value, reading.quality) == order(
        state.value, state.quality
    )
    if reading.observed_at > state.observed_at:
        since = state.changed_at if _equal(reading.value, state.value) else reading.observed_at
        unchanged = same and not state.stale
        return _taken(reading, since), Outcome.REPEATED if unchanged else Outcome.CHANGED
    if same:
        return state, Outcome.DUPLICATE
    if order(reading.value, reading.quality) < order(state.value, state.quality):
        return state, Outcome.CONFLICT_LOST
    since = state.changed_at if _equal(reading.value, state.value) else reading.observed_at
    return _taken(reading, since), Outcome.CONFLICT_WON


def _equal(first: Value, second: Value) -> bool:
    return type(first) is type(second) and first == second


def _taken(reading: Reading, changed_at: int) -> SignalState:
    return SignalState(
        value=reading.value,
        quality=reading.quality,
        observed_at=reading.observed_at,
        received_at=reading.received_at,
        changed_at=changed_at,
    )
