"""What goes over the wire about live state: signals, their states, readings."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas_commands import SignalControl
from twin.state import Quality

_SIGNAL: dict[str, Any] = {
    "id": "community-centre/2O2Fr$t4X7Zf8NOew3FLOH/temperature",
    "object": "community-centre/2O2Fr$t4X7Zf8NOew3FLOH",
    "name": "temperature",
    "state_index": 117,
    "kind": "temperature",
    "type": "number",
    "unit": "Cel",
    "range": [-20.0, 60.0],
    "choices": [],
    "period_s": 300.0,
    "settable": False,
    "tolerance": None,
    "deadband": None,
    "keep_days": None,
    "keep_rollup_days": None,
    "alarms": [],
    "control": None,
    "orphan": False,
    "value": 21.5,
    "quality": "good",
    "observed_at": "2026-11-23T03:00:00Z",
    "received_at": "2026-11-23T03:00:00.2Z",
    "changed_at": "2026-11-23T02:55:00Z",
}

Value = bool | int | float | str


class StateSummary(BaseModel):
    """The present state of a signal; the value and its times are null where it has never reported."""

    signal: str = Field(description="`{model}/{global_id}/{name}`")
    state_index: int = Field(ge=0, description="Of the object that carries the signal; as in the tiles.")
    kind: str | None = Field(description="What is measured: `temperature`, `power` …; themes go by it.")
    value: Value | None
    unit: str | None = Field(description="UCUM-like symbol of the value.")
    quality: str | None = Field(
        description="`good`, `uncertain`, `bad`; `stale` where it has been silent too long."
    )
    observed_at: datetime | None = Field(description="The device's clock.")
    received_at: datetime | None = Field(description="Ours.")
    changed_at: datetime | None = Field(description="Since when the value is what it is.")


class StatePage(BaseModel):
    """States, and the cursor of the next page."""

    items: list[StateSummary]
    next: str | None


class SignalAlarm(BaseModel):
    """A rule for alarms that a signal declares."""

    kind: str
    limit: float | None
    states: list[Value]
    hysteresis: float
    delay_s: float
    clear_delay_s: float
    severity: str
    message: str | None
    latched: bool
    enabled: bool


class SignalSummary(BaseModel):
    """A signal: what it is and what it says now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SIGNAL]})

    id: str
    object: str = Field(description="Id of the object that carries it.")
    name: str
    state_index: int
    kind: str | None
    type: str = Field(description="`number`, `integer`, `boolean`, `text` or `enum`.")
    unit: str | None
    range: tuple[float | None, float | None] | None = Field(description="Valid values, inclusive; in `unit`.")
    choices: list[str]
    period_s: float | None = Field(description="Longest silence, in seconds, before the value is stale.")
    settable: bool
    tolerance: float | None
    deadband: float | None
    keep_days: float | None = Field(description="Days that readings are kept; null: as the server is set up.")
    keep_rollup_days: float | None = Field(description="Days that roll-ups are kept, likewise.")
    alarms: list[SignalAlarm] = Field(
        description="Rules of its own; those for many signals are at `alarms/rules`."
    )
    control: SignalControl | None = Field(description="How it is commanded; null: it is not settable.")
    orphan: bool = Field(description="Its object is not in the current revision of the model.")
    value: Value | None
    quality: str | None
    observed_at: datetime | None
    received_at: datetime | None
    changed_at: datetime | None


class SignalPage(BaseModel):
    """Signals, and the cursor of the next page."""

    items: list[SignalSummary]
    next: str | None


class PastReading(BaseModel):
    """One reading of the past."""

    value: Value
    quality: str
    observed_at: datetime
    received_at: datetime


class History(BaseModel):
    """Readings of a signal, the oldest first, and the cursor of the next page."""

    signal: str
    unit: str | None
    resolution: str = Field(description="`raw`: single readings.")
    items: list[PastReading]
    next: str | None


class Span(BaseModel):
    """What the readings of a span of time come to. Only those of quality good or uncertain count; the others are counted."""

    start: datetime = Field(description="Where it begins: a whole minute, quarter or hour, UTC.")
    count: int = Field(description="Readings that are good or uncertain.")
    others: int = Field(description="Readings that are bad or stale.")
    min: float | None = Field(description="Of numbers, and of booleans as 0 and 1; null for texts.")
    max: float | None
    mean: float | None = Field(description="Of the readings, each with the same weight.")
    last: Value | None = Field(description="The newest value, of any type.")


class Aggregates(BaseModel):
    """Spans that hold a reading, the oldest first, and the cursor of the next page."""

    signal: str
    unit: str | None
    resolution: str
    items: list[Span]
    next: str | None


class CurvePoint(BaseModel):
    """A reading that a curve shows."""

    value: Value
    observed_at: datetime


class Curve(BaseModel):
    """The past of a signal in few points, each of them a reading; one page."""

    signal: str
    unit: str | None
    resolution: str = Field(
        description="`raw`: all readings were looked at; `1m`, `15m`, `1h`: the extremes of each such span, on days that have roll-ups."
    )
    method: str = Field(
        description="`all`: nothing is left out; `minmaxlttb`; `changes`: of texts, readings that say something new."
    )
    readings: int = Field(description="Good or uncertain readings that the curve stands for.")
    others: int = Field(description="Readings that are not in it: bad, stale, or texts among numbers.")
    items: list[CurvePoint]
    next: None


class StateTotal(BaseModel):
    """Signals of one group, kind and unit."""

    key: str | None = Field(description="Of the group: a class, the id of a storey …; null: without.")
    label: str | None = Field(description="Name of a storey.")
    kind: str | None
    unit: str | None
    signals: int = Field(description="All of them.")
    count: int = Field(description="Of these: good or uncertain, and a number; what follows is of them.")
    sum: float | None
    mean: float | None
    minimum: float | None
    maximum: float | None
    texts: int = Field(description="Good or uncertain, but a text.")
    qualities: dict[str, int] = Field(
        description="How many are good, uncertain, stale, bad; `none`: never reported."
    )


class StateTotals(BaseModel):
    """Groups in the order of their keys, kinds and units."""

    by: str
    items: list[StateTotal]
    next: None


class StateQuestion(BaseModel):
    """Which states: by id, at most 10,000 at once; or all that pass the other conditions, page by page."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"signals": ["community-centre/2O2Fr$t4X7Zf8NOew3FLOH/temperature"]},
                {
                    "filter": "temperature > 30 AND temperature.quality = 'good'",
                    "polygon": {
                        "type": "Polygon",
                        "coordinates": [[[121.54, 29.86], [121.56, 29.86], [121.56, 29.88], [121.54, 29.86]]],
                    },
                },
            ]
        },
    )

    signals: list[str] | None = Field(
        None, max_length=10_000, description="Ids, alone; those that do not exist are left out."
    )
    filter: str | None = Field(None, description="CQL2 text; see docs/queries.md.")
    polygon: dict[str, Any] | None = Field(
        None,
        description="GeoJSON Polygon or MultiPolygon: objects whose bounds (in longitude and latitude) touch it.",
    )
    models: list[str] = Field([], description="Keys.")
    classes: list[str] = Field([], description="Classes of objects.")
    place: str | None = Field(
        None, description="Id of an object: signals of it and of all below it in the tree."
    )
    names: list[str] = Field([], description="Names of signals.")
    kinds: list[str] = Field([], description="Kinds of signals.")
    qualities: list[Quality] = Field([], description="Qualities.")
    settable: bool | None = Field(None, description="Only what can, or what cannot, be commanded.")
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="West, south, east, north in degrees."
    )
    properties: list[str] = Field(
        [], max_length=16, description="Conditions, as `property` of `/api/v1/objects`."
    )
    limit: int = Field(1000, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=2048, description="`next` of the page before.")


class ReadingsBody(BaseModel):
    """A batch of readings. Damaged ones are counted by reason and cost the others nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "readings": [
                        {
                            "signal": "community-centre/2O2Fr$t4X7Zf8NOew3FLOH/temperature",
                            "value": 21.5,
                            "observed_at": "2026-11-23T03:00:00Z",
                        }
                    ]
                }
            ]
        }
    )

    readings: list[dict[str, Any]]


class ReadingsReceipt(BaseModel):
    """What became of them; when this is answered, they survive a power cut."""

    accepted: int = Field(description="In history now because of this request.")
    changed: int = Field(description="Of these: became the present state, which is another now.")
    late: int = Field(description="Of these: older than the present state.")
    conflict: int = Field(
        description="Another value for a time that had one; the fixed order of values decided."
    )
    duplicate: int = Field(description="Known already.")
    rejected: dict[str, int] = Field(description="By reason: `unknown_signal`, `wrong_type`, `future` …")


class Ticket(BaseModel):
    """What a browser opens the WebSocket with."""

    ticket: str
    expires_at: datetime
