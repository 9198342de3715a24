"""The life of a command: status → statuses that may follow. What is missing is refused."""

from collections.abc import Mapping
from enum import StrEnum

from twin.errors import Conflict


class Status(StrEnum):
    """Where a command is."""

    AWAITING_APPROVAL = "awaiting_approval"
    """The signal is dangerous: another person has to agree."""
    QUEUED = "queued"
    """It waits for its time, for the command before it, or for the device."""
    SENT = "sent"
    """Recorded as sent, then sent: the device may have it."""
    ACKNOWLEDGED = "acknowledged"
    """The device says that it has it."""
    CONFIRMED = "confirmed"
    """A reading shows it (or, where so declared, the acknowledgement is all there is)."""
    REJECTED = "rejected"
    """The device said no."""
    FAILED = "failed"
    """It could not be sent, or the device tried and failed."""
    TIMED_OUT = "timed_out"
    """No acknowledgement by the deadline."""
    UNCONFIRMED = "unconfirmed"
    """No reading showed it by the deadline."""
    EXPIRED = "expired"
    """Its time was over before it was sent."""
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    """A command of a higher priority took its place."""
    REVERTED = "reverted"
    """It was unconfirmed, and the command that put the value before back is confirmed."""


_BEFORE_SENT = frozenset({Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED})

TABLE: Mapping[Status, frozenset[Status]] = {
    Status.AWAITING_APPROVAL: frozenset({Status.QUEUED}) | _BEFORE_SENT,
    Status.QUEUED: frozenset({Status.SENT}) | _BEFORE_SENT,
    Status.SENT: frozenset(
        {
            Status.ACKNOWLEDGED,
            Status.CONFIRMED,
            Status.REJECTED,
            Status.FAILED,
            Status.TIMED_OUT,
            Status.UNCONFIRMED,
            Status.SUPERSEDED,
        }
    ),
    Status.ACKNOWLEDGED: frozenset({Status.CONFIRMED, Status.FAILED, Status.UNCONFIRMED, Status.SUPERSEDED}),
    Status.UNCONFIRMED: frozenset({Status.REVERTED}),
    Status.CONFIRMED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.FAILED: frozenset(),
    Status.TIMED_OUT: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.SUPERSEDED: frozenset(),
    Status.REVERTED: frozenset(),
}
"""The truth about commands. A command that was sent is not cancelled: nobody can take back what a device may have."""

OPEN = (Status.AWAITING_APPROVAL, Status.QUEUED, Status.SENT, Status.ACKNOWLEDGED)
"""Not over yet, in the order of a usual life."""

WAITING = (Status.AWAITING_APPROVAL, Status.QUEUED)
"""Not sent yet."""

ENDINGS = tuple(status for status in Status if status not in OPEN)


class StepRefused(Conflict):
    """The command is past this step."""

    def __init__(self, command: str, status: Status, wanted: Status) -> None:
        self.command = command
        self.status = status
        self.wanted = wanted
        super().__init__(f"Command {command} is {status}: it cannot be {wanted} any more. Read it again.")


class KeyReused(Conflict):
    """An idempotency key that was used for another content before."""

    def __init__(self, key: str, request: str) -> None:
        self.key = key
        self.request = request
        super().__init__(
            f"The idempotency key {key!r} belongs to request {request}, which asked for something else. Choose another key."
        )


class ApprovalRefused(Conflict):
    """Who asked for a dangerous command cannot approve it."""

    def __init__(self, command: str, by: str) -> None:
        self.command = command
        self.by = by
        super().__init__(f"Command {command} was asked for by {by}: another person has to approve it.")


def diagram() -> str:
    """The table as a Mermaid state diagram: what the documentation shows."""
    lines = [
        "stateDiagram-v2",
        f"    [*] --> {Status.AWAITING_APPROVAL}: dangerous",
        f"    [*] --> {Status.QUEUED}",
    ]
    for status in Status:
        lines += [f"    {status} --> {after}" for after in Status if after in TABLE[status]]
    lines += [f"    {status} --> [*]" for status in ENDINGS if not TABLE[status]]
    return "\n".join(lines)
