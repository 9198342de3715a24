"""When a rule for alarms raises one and when that is over. Pure: values in, events out; time is an argument.

A value rule is a Schmitt trigger (limit and hysteresis) followed by two delays. Delays run by two clocks: a later reading proves by
the device's clock how long a value has stood, and where nothing more comes, ours says so, counted from the reception. So neither a burst
of stored readings nor a device with a wrong clock shortens or lengthens a delay.

A value that cannot be trusted (`bad`, `stale`) is no evidence: it raises nothing and clears nothing, and it interrupts both delays.
"""

from enum import IntEnum

from msgspec import Struct

from twin.alarms import UPPER, AlarmRule, Kind
from twin.state import Quality, Value

_UNTRUSTED = (Quality.BAD, Quality.STALE)


class Phase(IntEnum):
    """Where the watch over one rule of one signal is. There is no watch while nothing holds."""

    RISING = 1
    """It holds, the delay runs."""
    ACTIVE = 2
    """There is an open alarm."""
    FALLING = 3
    """There is one, it does not hold any more; the delay runs, or a person is to clear it."""


class Watch(Struct, frozen=True, gc=False):
    """What is remembered of a rule and a signal.

    `since`: since when it holds (RISING, ACTIVE) or has not held (FALLING), by the clock of `Seen.clock`. `due`: when the delay is
    over by our clock; None: nothing is waited for. `value`: with which it began to hold.
    """

    phase: Phase
    since: int
    due: int | None
    value: Value


class Seen(Struct, frozen=True, gc=False):
    """A state of a signal: as readings left it, or as it was marked. `at`: when that was told, by our clock."""

    value: Value
    quality: Quality
    observed_at: int
    received_at: int
    at: int


class Raised(Struct, frozen=True):
    """A rule raises an alarm."""

    since: int
    value: Value


class Cleared(Struct, frozen=True):
    """What an alarm was about is over."""


Event = Raised | Cleared
Result = tuple[Watch | None, list[Event]]


def holds(rule: AlarmRule, seen: Seen, *, held: bool) -> bool | None:
    """Whether what the rule is about holds now; None: this state tells nothing. `held`: whether it did before."""
    if rule.kind is Kind.STALE:
        return seen.quality is Quality.STALE
    if rule.kind is Kind.BAD:
        return None if seen.quality is Quality.STALE else seen.quality is Quality.BAD
    if seen.quality in _UNTRUSTED:
        return None
    if rule.kind is Kind.STATE:
        return any(_same(seen.value, state) for state in rule.states)
    if rule.limit is None or isinstance(seen.value, str):
        return None
    slack = rule.hysteresis if held else 0.0
    if rule.kind in UPPER:
        return seen.value > rule.limit - slack
    return seen.value < rule.limit + slack


def _same(value: Value, state: Value) -> bool:
    return isinstance(value, bool) == isinstance(state, bool) and value == state


def observe(rule: AlarmRule, watch: Watch | None, seen: Seen) -> Result:
    """Take a state over, in the order of the change log. States that came late are not among them."""
    now = seen.at if rule.kind is Kind.STALE else seen.observed_at
    events: list[Event] = []
    if watch is not None and now >= watch.since + _delay_us(rule, watch.phase):
        watch = _ended(rule, watch, events)
    held = watch is not None and watch.phase is not Phase.FALLING
    match holds(rule, seen, held=held):
        case None:
            watch = _interrupted(watch)
        case True:
            watch = _holding(rule, watch, seen, now, events)
        case False:
            watch = _not_holding(rule, watch, seen, now, events)
    return watch, events


def awaited(rule: AlarmRule, *, period_us: int, now: int) -> Watch:
    """The watch over the silence of a signal that has never reported: it is silent once its period from `now` on is over."""
    since = now + period_us
    return Watch(Phase.RISING, since, since + _delay_us(rule, Phase.RISING), "")


def elapse(rule: AlarmRule, watch: Watch, now: int) -> Result:
    """Let time pass without news, to `now` by our clock."""
    events: list[Event] = []
    if watch.due is None or now < watch.due:
        return watch, events
    return _ended(rule, watch, events), events


def _delay_us(rule: AlarmRule, phase: Phase) -> int:
    return round((rule.clear_delay_s if phase is Phase.FALLING else rule.delay_s) * 1_000_000)


def _ended(rule: AlarmRule, watch: Watch, events: list[Event]) -> Watch | None:
    """The delay of a watch is over."""
    if watch.phase is Phase.RISING:
        events.append(Raised(watch.since, watch.value))
        return Watch(Phase.ACTIVE, watch.since, None, watch.value)
    if watch.phase is Phase.FALLING and not rule.latched:
        events.append(Cleared())
        return None
    return watch if watch.due is None else Watch(watch.phase, watch.since, None, watch.value)


def _interrupted(watch: Watch | None) -> Watch | None:
    if watch is None or watch.phase is Phase.ACTIVE:
        return watch
    return None if watch.phase is Phase.RISING else Watch(Phase.ACTIVE, watch.since, None, watch.value)


def _holding(rule: AlarmRule, watch: Watch | None, seen: Seen, now: int, events: list[Event]) -> Watch:
    if watch is None:
        delay = _delay_us(rule, Phase.RISING)
        if delay:
            told = seen.at if rule.kind is Kind.STALE else seen.received_at
            return Watch(Phase.RISING, now, told + delay, seen.value)
        events.append(Raised(now, seen.value))
        return Watch(Phase.ACTIVE, now, None, seen.value)
    if watch.phase is Phase.FALLING:
        return Watch(Phase.ACTIVE, now, None, watch.value)
    return watch


def _not_holding(
    rule: AlarmRule, watch: Watch | None, seen: Seen, now: int, events: list[Event]
) -> Watch | None:
    if watch is None or watch.phase is Phase.RISING:
        return None
    if watch.phase is Phase.FALLING:
        return watch
    delay = _delay_us(rule, Phase.FALLING)
    if not delay and not rule.latched:
        events.append(Cleared())
        return None
    told = seen.at if rule.kind is Kind.STALE else seen.received_at
    return Watch(Phase.FALLING, now, None if rule.latched else told + delay, watch.value)
