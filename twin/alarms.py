"""Alarms: the rules by which they are raised, and their life from there. Values and tables, no storage. Pure.

Times are microseconds since 1970-01-01 UTC unless a name says otherwise.
"""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from twin.errors import Conflict, TwinError

Value = bool | int | float | str
"""As `twin.state.Value`."""


class Kind(StrEnum):
    """What an alarm is about. A signal has at most one open alarm of each kind."""

    HIGH_HIGH = "high_high"
    HIGH = "high"
    LOW = "low"
    LOW_LOW = "low_low"
    STATE = "state"
    """The value is one of those named."""
    STALE = "stale"
    """The signal has been silent for longer than its period, or its gateway has died."""
    BAD = "bad"
    """The device says itself that the value cannot be trusted."""
    UNCONFIRMED = "unconfirmed"
    """No reading showed by the deadline what was commanded. Raised by commands, not by rules."""


LIMITS = frozenset({Kind.HIGH_HIGH, Kind.HIGH, Kind.LOW, Kind.LOW_LOW})
UPPER = frozenset({Kind.HIGH_HIGH, Kind.HIGH})


class Severity(StrEnum):
    """How urgent, the most urgent first (the words of ITU-T X.733, and one for what only is to be noted)."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"
    INFO = "info"


USUAL_SEVERITY: Mapping[Kind, Severity] = {
    Kind.HIGH_HIGH: Severity.CRITICAL,
    Kind.HIGH: Severity.WARNING,
    Kind.LOW: Severity.WARNING,
    Kind.LOW_LOW: Severity.CRITICAL,
    Kind.STATE: Severity.MAJOR,
    Kind.STALE: Severity.MINOR,
    Kind.BAD: Severity.MINOR,
    Kind.UNCONFIRMED: Severity.MAJOR,
}


class Status(StrEnum):
    """Where an alarm is in its life. Open: not cleared."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    """Somebody has seen it and says so; what it is about still holds."""
    CLEARED = "cleared"


class Step(StrEnum):
    """What can be done to an alarm."""

    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"


LIFE: Mapping[Status, Mapping[Step, Status]] = {
    Status.RAISED: {Step.ACKNOWLEDGE: Status.ACKNOWLEDGED, Step.CLEAR: Status.CLEARED},
    Status.ACKNOWLEDGED: {Step.CLEAR: Status.CLEARED},
    Status.CLEARED: {Step.ACKNOWLEDGE: Status.CLEARED},
}
"""Status → step → next status; what is missing is refused. One that was cleared before anybody saw it is acknowledged afterwards, once."""


class StepRefused(Conflict):
    """The alarm is past this step."""

    def __init__(self, alarm: int, step: Step, status: Status, by: str | None = None) -> None:
        self.alarm = alarm
        self.step = step
        self.status = status
        self.by = by
        who = f" (by {by})" if by else ""
        super().__init__(f"Alarm {alarm} is {status}{who}: there is nothing to {step}. Read it again.")


class InvalidRule(TwinError):
    """A rule for alarms that makes no sense."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class AlarmRule(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """When a signal raises an alarm of a kind.

    `limit`: exclusive, in the signal's unit: `high` holds above it, and until the value is at or below `limit - hysteresis`; `low` the other
    way round. `states`: any of these values. `delay_s`: how long it must hold without interruption before it is raised; `clear_delay_s`: how long
    it must not hold before it is cleared. `latched`: it is cleared by a person alone. `message` may hold `{value}`, `{limit}`,
    `{unit}` and `{signal}`. `enabled`: false takes the alarm away from signals for which a more general rule has it.
    """

    kind: Kind
    limit: float | None = None
    states: tuple[Value, ...] = ()
    hysteresis: float = 0.0
    delay_s: float = 0.0
    clear_delay_s: float = 0.0
    severity: Severity | None = None
    message: str | None = None
    latched: bool = False
    enabled: bool = True

    @property
    def urgency(self) -> Severity:
        """The severity given, or the usual one of its kind."""
        return self.severity or USUAL_SEVERITY[self.kind]


MAX_DELAY_S = 7 * 86_400.0
MAX_MESSAGE = 500
MAX_STATES = 100


def checked_rule(rule: AlarmRule) -> AlarmRule:
    """The rule. Raises InvalidRule."""
    if rule.kind is Kind.UNCONFIRMED:
        raise InvalidRule("kind", f"{rule.kind} is raised by commands that no reading shows, not by a rule")
    if rule.kind in LIMITS:
        if rule.limit is None or not math.isfinite(rule.limit):
            raise InvalidRule("limit", f"{rule.kind} needs a finite number")
    elif rule.limit is not None or rule.hysteresis:
        raise InvalidRule("limit", f"{rule.kind} knows no limit and no hysteresis")
    if (rule.kind is Kind.STATE) != bool(rule.states) or len(rule.states) > MAX_STATES:
        raise InvalidRule("states", f"state names 1 to {MAX_STATES} values, other kinds none")
    if not (math.isfinite(rule.hysteresis) and rule.hysteresis >= 0):
        raise InvalidRule("hysteresis", "it is how far back the value must come: zero or more")
    for name in ("delay_s", "clear_delay_s"):
        if not 0 <= getattr(rule, name) <= MAX_DELAY_S:
            raise InvalidRule(name, f"it is 0 to {MAX_DELAY_S:.0f} seconds")
    if rule.message is not None and not 0 < len(rule.message) <= MAX_MESSAGE:
        raise InvalidRule("message", f"it has 1 to {MAX_MESSAGE} characters")
    return rule


def check_rules(rules: Iterable[AlarmRule]) -> None:
    """What must hold among the rules of one signal: one of a kind, and limits in order. Raises InvalidRule."""
    by_kind: dict[Kind, AlarmRule] = {}
    for rule in rules:
        if rule.kind in by_kind:
            raise InvalidRule("kind", f"{rule.kind} twice for one signal")
        by_kind[rule.kind] = rule
    limits = [
        (kind, limit)
        for kind in (Kind.LOW_LOW, Kind.LOW, Kind.HIGH, Kind.HIGH_HIGH)
        if kind in by_kind and (limit := by_kind[kind].limit) is not None
    ]
    for (lower, below), (upper, above) in pairwise(limits):
        if below >= above:
            raise InvalidRule("limit", f"{lower} ({below:g}) is not below {upper} ({above:g})")


class AlarmPattern(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A rule for every signal that all selectors given let pass; empty means any.

    `signals`: ids. `classes`: of the object that carries the signal. `names`, `kinds`: of the signal.
    """

    id: str
    rule: AlarmRule
    models: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The higher, the more special: rules of one kind give way to those with a higher one."""
        chosen = (self.models, self.classes, self.names, self.kinds)
        return bool(self.signals), sum(map(bool, chosen)), self.id


def governing(general: Iterable[AlarmRule], own: Iterable[AlarmRule]) -> tuple[AlarmRule, ...]:
    """The rules of one signal: `general` ones in the order of their rank, then its `own`; of each kind the last; those not enabled left out."""
    by_kind = {rule.kind: rule for rule in (*general, *own)}
    return tuple(by_kind[kind] for kind in Kind if kind in by_kind and by_kind[kind].enabled)


class AlarmRecord(Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """An alarm after a step. `signal` is the number that the store gave the signal.

    `value`: what it was raised for; `since`: since when that held, by the device's clock (for `stale` by ours). `raised_at`,
    `acknowledged_at`, `cleared_at`: our clock. `cleared_by`: who, None: it cleared by itself. `limit`: of the rule at that time.
    """

    id: int
    signal: int
    kind: Kind
    severity: Severity
    status: Status
    message: str | None
    value: Value
    limit: float | None
    since: int
    raised_at: int
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    cleared_at: int | None = None
    cleared_by: str | None = None
    clear_note: str | None = None


def advance(record: AlarmRecord, step: Step) -> Status:
    """The status after a step. Raises StepRefused."""
    following = LIFE[record.status].get(step)
    if following is None or (step is Step.ACKNOWLEDGE and record.acknowledged_at is not None):
        by = record.cleared_by if step is Step.CLEAR else record.acknowledged_by
        raise StepRefused(record.id, step, record.status, by)
    return following


def diagram() -> str:
    """The life of an alarm as a Mermaid state diagram: what the documentation shows."""
    lines = ["stateDiagram-v2", "    [*] --> raised"]
    for status, steps in LIFE.items():
        lines += [f"    {status} --> {following}: {step}" for step, following in steps.items()]
    return "\n".join([*lines, "    cleared --> [*]"])
