"""Rules for alarms made ready for evaluation, and the words of what they raise. Pure."""

import math
import re
from collections.abc import Mapping

from msgspec import Struct

from twin.alarms import UPPER, AlarmRule
from twin.ports import NewAlarm
from twin.ports.live import StateDelta
from twin.state import Quality, Signal, Value

_FIELD = re.compile(r"\{(value|limit|unit|signal)\}")


class Ruled(Struct, frozen=True):
    """The rules of a signal, and what a value must be to be no news for any of them while nothing is remembered: a trusted one between
    `low` and `high`, both included, and none of `states`. Shared by signals with the same rules.
    """

    rules: tuple[AlarmRule, ...]
    low: float
    high: float
    states: frozenset[Value]

    def is_calm(self, delta: StateDelta) -> bool:
        """Whether no rule holds for this state, found quickly; False: it has to be looked at."""
        value = delta.value
        if delta.quality not in _TRUSTED or value in self.states:
            return False
        return isinstance(value, str) or self.low <= value <= self.high


_TRUSTED = (Quality.GOOD, Quality.UNCERTAIN)
NO_RULES = Ruled((), -math.inf, math.inf, frozenset())


def compiled(ruled: Mapping[int, tuple[AlarmRule, ...]]) -> dict[int, Ruled]:
    """Rules made ready; signals with the same rules share them."""
    shared: dict[tuple[AlarmRule, ...], Ruled] = {}
    by_id: dict[int, Ruled] = {}
    found: dict[int, Ruled] = {}
    for number, rules in ruled.items():
        known = by_id.get(id(rules))
        if known is None:
            # By identity first: hashing a tuple of rules takes longer than all the rest.
            known = by_id[id(rules)] = shared.setdefault(rules, _ruled(rules))
        found[number] = known
    return found


def _ruled(rules: tuple[AlarmRule, ...]) -> Ruled:
    upper = [rule.limit for rule in rules if rule.kind in UPPER and rule.limit is not None]
    lower = [rule.limit for rule in rules if rule.kind not in UPPER and rule.limit is not None]
    states = frozenset(state for rule in rules for state in rule.states)
    return Ruled(rules, max(lower, default=-math.inf), min(upper, default=math.inf), states)


def filled(alarm: NewAlarm, signal: Signal) -> str | None:
    """The message of an alarm with `{value}`, `{limit}`, `{unit}` and `{signal}` filled in; anything else in braces stays."""
    if alarm.message is None:
        return None
    known = {
        "value": _shown(alarm.value),
        "limit": "" if alarm.limit is None else _shown(alarm.limit),
        "unit": signal.unit or "",
        "signal": signal.id,
    }
    return _FIELD.sub(lambda match: known[match[1]], alarm.message)


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
