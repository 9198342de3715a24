"""What goes over the wire about commands."""

from pydantic import BaseModel, Field


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
