"""What goes over the wire about alarms and their rules."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from twin.alarms import MAX_DELAY_S, MAX_MESSAGE, MAX_STATES, Kind, Severity, Status

Value = bool | int | float | str
Finite = Annotated[float, Field(allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1, max_length=500)]


class AlarmSummary(BaseModel):
    """An alarm: what it is about, and what has become of it."""

    id: int
    signal: str = Field(description="`{model}/{global_id}/{name}`")
    object: str
    state_index: int
    kind: Kind
    severity: Severity
    state: Status = Field(description="`cleared`: what it was about is over.")
    open: bool = Field(description="Not cleared.")
    acknowledged: bool
    message: str | None
    value: Value = Field(description="With which it began.")
    limit: float | None = Field(description="Of the rule at that time, in `unit`.")
    unit: str | None
    since: datetime = Field(description="Since when it held, by the device's clock.")
    raised_at: datetime = Field(description="Our clock, as the following.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    cleared_at: datetime | None
    cleared_by: str | None = Field(description="null: it cleared by itself.")
    clear_note: str | None
    class_: str = Field(alias="class", description="Of the object; empty where it is gone.")
    object_name: str


class AlarmPage(BaseModel):
    """Alarms, the newest first, and the cursor of the next page."""

    items: list[AlarmSummary]
    next: str | None


class Remark(BaseModel):
    """Who does it, and why."""

    model_config = ConfigDict(extra="forbid")

    by: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Name of the person; counts with the administrator's token, which several share. Others are named by their own.",
    )
    note: str | None = Field(default=None, max_length=2000)


class Match(BaseModel):
    """Which signals: all that all selectors given let pass; empty means any."""

    model_config = ConfigDict(extra="forbid")

    model: list[Word] = Field(default=[], max_length=1000)
    class_: list[Word] = Field(
        default=[], alias="class", max_length=1000, description="Of the object that carries it."
    )
    name: list[Word] = Field(default=[], max_length=1000)
    kind: list[Word] = Field(default=[], max_length=1000)
    signal: list[Word] = Field(default=[], max_length=10_000, description="Ids.")


class RuleFields(BaseModel):
    """When an alarm is raised, and for which signals."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "high",
                    "limit": 28.0,
                    "hysteresis": 1.0,
                    "delay_s": 60,
                    "severity": "major",
                    "message": "{signal}: {value} {unit}",
                    "match": {"class": ["IfcSensor"], "kind": ["temperature"]},
                }
            ]
        },
    )

    kind: Kind
    limit: Finite | None = Field(
        default=None, description="`high` above it, `low` below it; in the signal's unit."
    )
    states: list[Value] = Field(
        default=[], max_length=MAX_STATES, description="Values that kind `state` is about."
    )
    hysteresis: Finite = Field(default=0.0, ge=0, description="How far back it must come to be over.")
    delay_s: Finite = Field(
        default=0.0, ge=0, le=MAX_DELAY_S, description="How long it must hold before it is raised."
    )
    clear_delay_s: Finite = Field(
        default=0.0, ge=0, le=MAX_DELAY_S, description="How long it must be over before it is cleared."
    )
    severity: Severity | None = Field(default=None, description="null: the usual one of the kind.")
    message: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_MESSAGE,
        description="May hold `{value}`, `{limit}`, `{unit}`, `{signal}`.",
    )
    latched: bool = Field(default=False, description="Cleared by a person alone.")
    enabled: bool = Field(
        default=True,
        description="`false`: takes the alarm away from signals that a more general rule gives it.",
    )
    match: Match = Match()


class Rule(RuleFields):
    """A rule for many signals, as it is stored."""

    id: str
    severity: Severity


class RulePage(BaseModel):
    """Rules by id."""

    items: list[Rule]
    next: str | None
