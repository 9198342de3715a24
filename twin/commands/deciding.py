"""What becomes of a command: by a reply, by a reading, by the clock, after a crash."""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from twin.commands.command import Command, advance
from twin.commands.life import Status
from twin.controls import Confirm, Control


class ReplyKind(StrEnum):
    """What a device says to a command."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"


class Reply(Struct, frozen=True, kw_only=True):
    """A device's answer to the command `id`; `detail`: its words. `signals`: numbers of those that it may speak for; None: any."""

    id: str
    kind: ReplyKind
    received_at: int
    detail: str | None = None
    signals: frozenset[int] | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """Statuses that the command goes through now, in order, and why. `note`: what is only written down, where there are none."""

    path: tuple[Status, ...] = ()
    detail: str | None = None
    note: str | None = None


NOTHING = Decision()


def answered(command: Command, control: Control, reply: Reply, *, has_value: bool) -> Decision:
    """What a reply means. `has_value`: a device that reports changes only is known to have the value already.

    One that comes late is noted, and changes nothing; a repeated acknowledgement is nothing new.
    """
    if reply.kind is ReplyKind.ACCEPTED:
        if command.status is Status.SENT:
            done = control.confirm is Confirm.ACK or (control.on_change and has_value)
            path = (Status.ACKNOWLEDGED, Status.CONFIRMED) if done else (Status.ACKNOWLEDGED,)
            return Decision(path=path, detail=reply.detail)
        return NOTHING if command.status is Status.ACKNOWLEDGED else _late(reply)
    refused = Status.REJECTED if reply.kind is ReplyKind.REJECTED else Status.FAILED
    if command.status is Status.SENT:
        return Decision(path=(refused,), detail=reply.detail or f"the device {reply.kind} it")
    if command.status is Status.ACKNOWLEDGED:
        return Decision(path=(Status.FAILED,), detail=reply.detail or f"the device {reply.kind} it")
    return _late(reply)


def _late(reply: Reply) -> Decision:
    words = f": {reply.detail}" if reply.detail else ""
    return Decision(note=f"late reply, {reply.kind}{words}")


def confirmed(command: Command, control: Control) -> bool:
    """Whether a reading may end the command now. One that comes before the acknowledgement is the better proof of both."""
    return control.confirm is not Confirm.ACK and command.status in {Status.SENT, Status.ACKNOWLEDGED}


def due_at(command: Command, control: Control) -> int | None:
    """When the command has to be looked at next, if nothing happens; None: never again."""
    match command.status:
        case Status.AWAITING_APPROVAL:
            return min(command.expires_at, command.created_at + _us(control.approval_s))
        case Status.QUEUED:
            return min(command.expires_at, max(command.start_at, command.created_at))
        case Status.SENT:
            return (command.sent_at or 0) + _sent_patience(command, control)
        case Status.ACKNOWLEDGED:
            return (command.acknowledged_at or 0) + _us(control.confirm_s)
        case _:
            return None


def _sent_patience(command: Command, control: Control) -> int:
    if command.doubtful:
        return _us(control.ack_s) + _us(control.confirm_s)
    return _us(control.confirm_s if control.confirm is Confirm.READING else control.ack_s)


def overdue(command: Command, control: Control, now: int) -> Decision:
    """What the clock does to a command; NOTHING: it may still wait, or go on its way."""
    if command.status is Status.AWAITING_APPROVAL and now >= (due_at(command, control) or 0):
        return Decision(path=(Status.EXPIRED,), detail="nobody approved it in time")
    if command.status is Status.QUEUED and now >= command.expires_at:
        return Decision(path=(Status.EXPIRED,), detail=command.detail or "it could not be sent in time")
    if command.status is Status.SENT and now >= (due_at(command, control) or 0):
        if control.confirm is Confirm.READING or (command.doubtful and control.confirm is Confirm.BOTH):
            return Decision(path=(Status.UNCONFIRMED,), detail="no reading showed it in time")
        return Decision(path=(Status.TIMED_OUT,), detail="the device did not acknowledge it in time")
    if command.status is Status.ACKNOWLEDGED and now >= (due_at(command, control) or 0):
        return Decision(path=(Status.UNCONFIRMED,), detail="no reading showed it in time")
    return NOTHING


def after_crash(command: Command, control: Control) -> Command:
    """A command that was recorded as sent by a process that is gone before the broker had it.

    A device that recognises commands by their id gets it (again). For another one nobody may: a reading is waited for.
    """
    if command.status is not Status.SENT or command.published_at is not None:
        return command
    return command if control.resend == "always" else replace(command, doubtful=True)


def walked(command: Command, decision: Decision, at: int) -> list[Command]:
    """The command after each status of a decision. Raises StepRefused."""
    steps: list[Command] = []
    for status in decision.path:
        command = advance(command, status, at=at, detail=decision.detail)
        steps.append(command)
    return steps


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
