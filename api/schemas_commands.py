"""What goes over the wire about commands."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from twin.commands import Status
from twin.controls import Priority

Value = (
    bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[float, Field(allow_inf_nan=False)] | str
)


class SignalControl(BaseModel):
    """How a settable signal is commanded."""

    confirm: str = Field(description="`both`: acknowledgement, then a reading; `reading`; `ack`.")
    confirm_signal: str | None = Field(description="Whose readings confirm; null: the signal's own.")
    on_change: bool = Field(description="The device reports a value only when it changes.")
    ack_s: float = Field(description="Seconds from sending to the acknowledgement.")
    confirm_s: float = Field(description="Seconds from there to the reading.")
    expires_s: float = Field(description="How long a command waits to be sent, unless it says otherwise.")
    clock_s: float = Field(description="How far the device's clock may be behind.")
    dangerous: bool = Field(description="Another person has to approve.")
    approval_s: float = Field(description="In so many seconds.")
    priority: str = Field(description="Of commands that name none.")
    revert: bool = Field(description="The value before is commanded back if nothing confirms.")
    resend: str = Field(
        description="`always`: sent again after a crash, at least once; `never`: at most once."
    )
    offline: str = Field(description="`wait`: not sent while the signal is stale; `send`.")
    interlocks: list[str] = Field(description="What must hold when a command is sent: `level > 0.3`.")


class CommandTargets(BaseModel):
    """Many signals: by id, or all settable ones that pass the other conditions."""

    model_config = ConfigDict(extra="forbid")

    signals: list[str] | None = Field(None, max_length=10_000, description="Ids, alone.")
    filter: str | None = Field(None, description="CQL2 text; see docs/queries.md.")
    polygon: dict[str, Any] | None = Field(
        None, description="GeoJSON Polygon or MultiPolygon: objects whose bounds touch it."
    )
    models: list[str] = Field([], description="Keys.")
    classes: list[str] = Field([], description="Classes of objects.")
    place: str | None = Field(
        None, description="Id of an object, of a storey, say: signals of it and of all below it."
    )
    names: list[str] = Field([], description="Names of signals.")
    kinds: list[str] = Field([], description="Kinds of signals.")
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="West, south, east, north in degrees."
    )
    properties: list[str] = Field(
        [], max_length=16, description="Conditions, as `property` of `/api/v1/objects`."
    )


class CommandBody(BaseModel):
    """What is wanted: one signal, or many, and a value."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "signal": "community-centre/2O2Fr$t4X7Zf8NOew3FLOH/on",
                    "value": True,
                    "reason": "evening event",
                    "idempotency_key": "event-17",
                },
                {
                    "targets": {"classes": ["IfcLightFixture"], "names": ["on"]},
                    "value": False,
                    "reason": "closing time",
                    "rate": 50,
                },
            ]
        },
    )

    signal: str | None = Field(None, description="`{model}/{global_id}/{name}`, or `targets`.")
    targets: CommandTargets | None = None
    value: Value
    unit: str | None = Field(
        None, max_length=100, description="Of the value; null: the signal's own. Converted."
    )
    reason: str = Field(min_length=1, max_length=1000, description="Why: it is kept.")
    priority: Priority | None = Field(None, description="null: as the signal declares.")
    start_at: datetime | None = Field(None, description="Not before.")
    expires_at: datetime | None = Field(None, description="Not sent after; null: as the signal declares.")
    rate: float | None = Field(None, ge=0.001, le=1e6, description="Most commands a second.")
    idempotency_key: str | None = Field(
        None, min_length=1, max_length=200, description="The same key and content is the same command."
    )
    dry_run: bool = Field(default=False, description="Only tell what would happen.")


class CommandSummary(BaseModel):
    """A command to one signal."""

    id: str = Field(description="The device sees it.")
    signal: str
    object: str
    state_index: int
    unit: str | None
    value: Value
    state: Status
    detail: str | None = Field(description="Why it is in this state.")
    priority: Priority
    previous: Value | None = Field(description="What the signal said when it was sent.")
    start_at: datetime
    expires_at: datetime
    approved_by: str | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    reverts: bool = Field(description="It puts back what a command before it changed.")


class CommandRequest(BaseModel):
    """A request, and how far its commands have come."""

    id: str
    by: str
    reason: str
    priority: Priority
    created_at: datetime
    start_at: datetime
    rate: float | None
    targets: int
    open: bool = Field(description="Some of it is not over.")
    counts: dict[str, int] = Field(description="Commands by state.")
    command: CommandSummary | None = Field(description="Where it is for one signal.")


class CommandRequestPage(BaseModel):
    """Requests, the newest first, and the cursor of the next page."""

    items: list[CommandRequest]
    next: str | None


class CommandPage(BaseModel):
    """Commands of a request, and the cursor of the next page."""

    items: list[CommandSummary]
    next: str | None


class CommandStep(BaseModel):
    """A line of a command's log."""

    state: Status
    at: datetime
    by: str = Field(description="A person, or `device`, `reading`, `clock`, `check`, `outbox …`.")
    detail: str | None
    noted: bool = Field(description="It changed nothing: a late reply.")


class CommandSteps(BaseModel):
    """The log of a command, the oldest first."""

    items: list[CommandStep]
    next: None


class CommandRefusal(BaseModel):
    """Why a target is, or would be, refused."""

    code: str
    detail: str


class CommandOutcome(BaseModel):
    """What would become of a target."""

    signal: str
    refusals: list[CommandRefusal]
    failing_interlocks: list[CommandRefusal] = Field(description="Now; they count when it is sent.")
    supersedes: list[str] = Field(description="Commands that would give way.")
    approval: bool = Field(description="Another person would have to approve.")


class DryRun(BaseModel):
    """What would happen."""

    targets: int
    refused: int
    outcomes: list[CommandOutcome]


class CommandRemark(BaseModel):
    """What there is to say."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(default=None, max_length=1000)
    until: datetime | None = Field(default=None, description="Of a hold: when it ends by itself.")


class CommandHold(BaseModel):
    """A priority that is held on a signal."""

    signal: str
    priority: Priority
    by: str
    reason: str
    since: datetime
    until: datetime | None


class CommandHolds(BaseModel):
    """All that hold now."""

    items: list[CommandHold]
    next: None
