"""A command to one signal, and its steps. Times are microseconds since 1970-01-01 UTC, by our clock."""

from msgspec import Struct
from msgspec.structs import replace

from twin.commands.life import OPEN, TABLE, Status, StepRefused
from twin.controls import Priority
from twin.state import Value


class Command(Struct, frozen=True, kw_only=True, gc=False):
    """What one signal is to be set to.

    `number` grows with each command; `id` is unique in the world: devices see it. `request`: number of what it was asked for with, `position`: its place
    in there. `signal`, `confirm_signal`: numbers. `start_at`: not before. `previous`: what the signal said when it was sent, if that could be trusted.
    `published_at`: when the broker had it; None after `sent_at`: perhaps it was never sent. `doubtful`: nobody knows whether it was sent, and it
    must not be sent twice. `reverts`: number of the command that this one undoes.
    """

    number: int
    id: str
    request: int
    position: int
    signal: int
    confirm_signal: int
    value: Value
    priority: Priority
    by: str
    reason: str
    created_at: int
    start_at: int
    expires_at: int
    status: Status = Status.QUEUED
    previous: Value | None = None
    approved_by: str | None = None
    sent_at: int | None = None
    published_at: int | None = None
    acknowledged_at: int | None = None
    ended_at: int | None = None
    doubtful: bool = False
    reverts: int | None = None
    detail: str | None = None


class Step(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """One step of a command, as the log and the live channel tell it. `by`: who, or what (`device`, `reading`, `clock`).

    `told`: something that is only noted, like a late reply: the status is what it was.
    """

    id: str
    signal: int
    value: Value
    status: Status
    at: int
    by: str
    detail: str | None = None
    told: bool = False


def is_open(command: Command) -> bool:
    """Whether it is not over."""
    return command.status in OPEN


def advance(command: Command, status: Status, *, at: int, detail: str | None = None) -> Command:
    """The command after a step. Raises StepRefused for one that the table does not have."""
    if status not in TABLE[command.status]:
        raise StepRefused(command.id, command.status, status)
    moved = replace(command, status=status, detail=detail if detail is not None else command.detail)
    if status is Status.SENT:
        return replace(moved, sent_at=at)
    if status is Status.ACKNOWLEDGED:
        return replace(moved, acknowledged_at=at)
    return moved if status in OPEN else replace(moved, ended_at=at)
