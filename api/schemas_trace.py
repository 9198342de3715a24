"""What a trace through a network answers."""

from pydantic import BaseModel, Field

from api.schemas import ObjectSummary


class TracedObject(ObjectSummary):
    """An object that was reached."""

    depth: int = Field(description="Fewest steps from the object that was asked about.")


class Trace(BaseModel):
    """What was reached, near ones first."""

    items: list[TracedObject]
    total: int = Field(description="All that pass, listed or not.")
    truncated: bool = Field(description="There is more than is listed.")
