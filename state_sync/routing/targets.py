"""From a decoded value to a reading of one signal: units, type, range, clock. Compiled once per binding."""

import math
from collections.abc import Callable
from functools import lru_cache, partial

from state_sync.bindings.binding import Binding
from state_sync.codecs.values import Decoded, Refused
from state_sync.conversion import Convert, Scale, compile_conversion
from state_sync.symbols import canonical
from twin.ports import SignalRecord
from twin.state import FUTURE_ALLOWANCE_US, Quality, Reading, Signal

Target = Callable[[Decoded, int], Reading | Refused]
"""(decoded value, time of reception) → reading, or why there is none."""

FUTURE = Refused("future", "observed more than 60 s ahead of our clock")


def _limits(signal: Signal) -> tuple[float, float] | None:
    """Bounds of valid values, inclusive; None where there are none to check."""
    if signal.type not in {"number", "integer"} or (signal.minimum is None and signal.maximum is None):
        return None
    low = -math.inf if signal.minimum is None else signal.minimum
    return low, math.inf if signal.maximum is None else signal.maximum


def compile_target(binding: Binding, record: SignalRecord) -> Target:
    """The function that makes readings of the binding's signal.

    A value outside the signal's range is kept as it was reported, with a quality of `uncertain` at best: that is what
    OPC UA calls Uncertain_EngineeringUnitsExceeded (Part 8, table of data access status codes). It is history, it is seen, it
    confirms no command. A broken sensor is to be seen, not to vanish.
    """
    signal = record.signal
    convert = compile_conversion(
        signal,
        Scale(binding.factor, binding.offset),
        from_text=binding.codec == "plain",
        lenient=binding.lenient,
        values=binding.map,
    )
    return partial(_check(convert, _limits(signal), binding.unit), record.number)


@lru_cache(maxsize=4096)
def _check(
    convert: Convert, limits: tuple[float, float] | None, unit: str | None
) -> Callable[[int, Decoded, int], Reading | Refused]:
    """Shared by all signals of a kind: a million bindings are a million numbers, not a million closures."""

    def check(number: int, decoded: Decoded, received_at: int) -> Reading | Refused:
        observed_at = decoded.observed_at
        if observed_at is None:
            observed_at = received_at
        elif observed_at > received_at + FUTURE_ALLOWANCE_US:
            return FUTURE
        if decoded.unit is not None and unit is not None and not same_unit(decoded.unit, unit):
            return Refused("wrong_unit", f"{decoded.unit[:40]!r}, where the binding expects {unit!r}")
        value = convert(decoded.value)
        if type(value) is Refused:
            return value
        quality = decoded.quality
        if limits is not None and quality is Quality.GOOD and not limits[0] <= value <= limits[1]:  # type: ignore[operator]  # numbers, by `_limits`
            quality = Quality.UNCERTAIN
        return Reading(number, value, observed_at, received_at, quality)  # type: ignore[arg-type]  # no Refused is left

    return check


@lru_cache(maxsize=4096)
def refusing(why: str) -> Target:
    """The function that takes nothing: of a device that is disabled."""
    refusal = Refused("device_disabled", why)
    return lambda _decoded, _received_at: refusal


def same_unit(first: str, second: str) -> bool:
    """Whether two symbols are spellings of the same unit; no conversion."""
    return first == second or canonical(first) == canonical(second)
