"""What goes over the wire about calendars."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas_commands import CommandTargets, Value
from twin.calendars.calendar import MAX_DAYS_NAMED, MAX_ENTRIES, MAX_LATE_S
from twin.controls import Priority

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workdays", "weekends", "holidays"]
Days = Annotated[list[str], Field(max_length=MAX_DAYS_NAMED)]


class CalendarEntry(BaseModel):
    """When the targets are set to a value."""

    model_config = ConfigDict(extra="forbid")

    at: str = Field(
        max_length=30, description="`18:30`, or by the sun: `sunset`, `dusk+00:10`, `dawn`, `sunrise-01:00`."
    )
    value: Value
    days: list[Day] = Field([], description="On any of these; empty: every day.")
    rule: str | None = Field(
        None, max_length=500, description="Instead of `days`: a rule of RFC 5545, `FREQ=MONTHLY;BYDAY=1MO`."
    )
    otherwise: str | None = Field(
        None, max_length=30, description="Time of day where the sun does not rise or set; null: skipped."
    )


class CalendarFields(BaseModel):
    """Entries for one set of targets."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "targets": {"classes": ["IfcLightFixture"], "names": ["on"]},
                    "zone": "Asia/Shanghai",
                    "position": [121.55, 29.88],
                    "entries": [
                        {"at": "sunset-00:10", "value": True},
                        {"at": "23:30", "value": False, "days": ["workdays"]},
                    ],
                }
            ]
        },
    )

    targets: CommandTargets
    entries: list[CalendarEntry] = Field(min_length=1, max_length=MAX_ENTRIES)
    zone: str = Field(max_length=100, description="Time zone of days and times: `Asia/Shanghai`.")
    position: tuple[float, float] | None = Field(
        None, description="Longitude, latitude in degrees: where the sun rises and sets."
    )
    description: str = Field("", max_length=1000)
    unit: str | None = Field(None, max_length=100, description="Of the values; null: the signals' own.")
    priority: Priority = Priority.SCHEDULE
    rate: float | None = Field(None, ge=0.001, le=1e6, description="Most commands a second.")
    late_s: float = Field(
        900.0, ge=1, le=MAX_LATE_S, description="An occurrence that is missed by more seconds is skipped."
    )
    holidays: Days = Field([], description="Dates, or `2026-10-01/2026-10-07`.")
    workdays: Days = Field([], description="Dates that are worked on though they are of a weekend.")
    exceptions: Days = Field([], description="Dates on which nothing happens.")
    starts: date | None = Field(None, description="First day.")
    ends: date | None = Field(None, description="Last day.")
    enabled: bool = True


class Upcoming(BaseModel):
    """An occurrence to come."""

    at: str
    entry: int = Field(description="Its place among the entries, from 0.")
    value: Value
    missing: str | None = Field(description="Why it will be skipped: there is no sunset on that day.")


class Calendar(CalendarFields):
    """A calendar as it is kept."""

    model_config = ConfigDict(extra="allow")

    id: str
    owner: str = Field(description="Whose rights its commands need when they are asked for.")
    source: str | None = Field(description="The file that it came from.")
    changed_at: str
    next: Upcoming | None


class CalendarPage(BaseModel):
    """All calendars that are seen."""

    items: list[Calendar]
    next: None


class UpcomingPage(BaseModel):
    """The next occurrences."""

    items: list[Upcoming]
    next: None


class Run(BaseModel):
    """What became of an occurrence."""

    at: str
    entry: int
    outcome: Literal["placed", "refused", "skipped"]
    request: str | None = Field(description="Id of the request: `/api/v1/commands/{id}`.")
    detail: str | None
    done_at: str


class RunPage(BaseModel):
    """Occurrences that have come up, the newest first."""

    items: list[Run]
    next: str | None
