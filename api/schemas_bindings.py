"""What goes over the wire about bindings and devices."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_ENTRY: dict[str, Any] = {
    "class": ["IfcSensor"],
    "signal": "temperature",
    "unit": "Cel",
    "topic": "site/{storey}/{tag}/temperature",
}


class BindingsBody(BaseModel):
    """Entries with the fields of a binding file; none takes away all that was bound from the source."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bindings": [_ENTRY]}]})

    bindings: list[dict[str, Any]]


class Doubt(BaseModel):
    """An entry, or a part of it, that was not bound, or not as it may have been meant."""

    line: int = Field(description="Of the file; in JSON the place in the list, from 1.")
    what: str
    detail: str
    objects: list[str] = Field(description="Ids of objects, or of signals.")


class BindingReport(BaseModel):
    """What binding did, or with `dry_run` would do."""

    source: str
    dry_run: bool
    bindings: int
    signals: int
    objects: int
    complete: bool = Field(description="Every entry found exactly what it names.")
    unmatched: list[Doubt] = Field(description="No such object.")
    ambiguous: list[Doubt] = Field(description="Several objects for one message; none is bound.")
    unusable: list[Doubt] = Field(description="Objects that lack what the topic asks for.")
    twice: list[Doubt] = Field(description="A signal or message that another entry has, too.")
    orphans: list[str] = Field(description="Signals bound from this source whose object is gone.")


class BindingSummary(BaseModel):
    """One binding."""

    model_config = ConfigDict(extra="allow")

    source: str
    signal: str = Field(description="`{model}/{global_id}/{name}`")
    topic: str
    codec: str
    path: str | None
    unit: str | None = Field(
        description="The device's; a value in the signal's unit is `raw * factor + offset`."
    )
    factor: float
    offset: float


class BindingPage(BaseModel):
    """Bindings, and the cursor of the next page."""

    items: list[BindingSummary]
    next: str | None
