"""What goes over the wire about taking in readings."""

from datetime import datetime

from pydantic import BaseModel, Field


class IngestSource(BaseModel):
    """A bus, and what has come from it since the process started."""

    name: str
    ok: bool = Field(description="Connected, nothing refused, and the store takes what comes.")
    connected: bool
    waiting: int = Field(description="Messages taken from the bus that wait for a commit.")
    committed_at: datetime | None = Field(description="When the last batch was committed.")
    messages: int
    acknowledged: int
    batches: int
    retries: int
    readings: dict[str, int] = Field(
        description="By what they did: changed, repeated, late, duplicate, conflict."
    )
    rejected: dict[str, int] = Field(description="What became no reading, by its reason.")


class IngestDocument(BaseModel):
    """How readings come in."""

    sources: list[IngestSource]
    complaints: list[str] = Field(description="What is wrong, as /readyz has it; empty: all is well.")
    gone_stale: int = Field(description="Signals that this process has marked as stale.")


class RejectedMessage(BaseModel):
    """A dead letter."""

    reason: str
    detail: str
    topic: str
    payload: str = Field(description="Its first 4 KiB as text; bytes that are no UTF-8 are replaced.")
    received_at: datetime


class RejectedPage(BaseModel):
    """The newest first."""

    items: list[RejectedMessage]
    next: None
