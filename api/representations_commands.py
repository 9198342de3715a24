"""From commands to the documents of the API."""

from collections.abc import Sequence

import msgspec

from api.moments import moment
from api.representations import Document
from twin.commands import OPEN, Hold, Refusal, Status, Step
from twin.controls import USUAL
from twin.ports import CommandView, RequestView, SignalRecord, StepView, TargetOutcome
from twin.state import Signal


def control(signal: Signal) -> Document | None:
    """How a settable signal is commanded; None: it is not."""
    if not signal.settable:
        return None
    declared = signal.control or USUAL
    return {**msgspec.structs.asdict(declared), "interlocks": list(map(str, declared.interlocks))}


def request(view: RequestView) -> Document:
    """A request: what was asked for, and how far its commands have come."""
    counts = {status.value: view.counts[status] for status in Status if status in view.counts}
    return {
        "id": view.id,
        "by": view.by,
        "reason": view.reason,
        "priority": view.priority,
        "created_at": moment(view.created_at),
        "start_at": moment(view.start_at),
        "rate": view.rate,
        "targets": view.targets,
        "open": any(status in OPEN for status in view.counts),
        "counts": counts,
        "command": None if view.only is None else command(view.only),
    }


def command(view: CommandView) -> Document:
    """A command to one signal."""
    one = view.command
    return {
        "id": one.id,
        **_about(view.signal),
        "value": one.value,
        "state": one.status,
        "detail": one.detail,
        "priority": one.priority,
        "previous": one.previous,
        "start_at": moment(one.start_at),
        "expires_at": moment(one.expires_at),
        "approved_by": one.approved_by,
        "sent_at": moment(one.sent_at),
        "acknowledged_at": moment(one.acknowledged_at),
        "ended_at": moment(one.ended_at),
        "reverts": one.reverts is not None,
    }


def _about(record: SignalRecord) -> Document:
    signal = record.signal
    return {
        "signal": signal.id,
        "object": f"{signal.model}/{signal.global_id}",
        "state_index": record.state_index,
        "unit": signal.unit,
    }


def step(one: Step, record: SignalRecord) -> Document:
    """A step as the live channel tells it."""
    return {
        "command": one.id,
        **_about(record),
        "value": one.value,
        "state": one.status,
        "at": moment(one.at),
        "by": one.by,
        "detail": one.detail,
        "noted": one.told,
    }


def logged(one: StepView) -> Document:
    """A line of a command's log."""
    return {
        "state": one.status,
        "at": moment(one.at),
        "by": one.by,
        "detail": one.detail,
        "noted": one.told,
    }


def hold(record: SignalRecord, one: Hold) -> Document:
    """A priority that is held on a signal."""
    return {
        "signal": record.signal.id,
        "priority": one.priority,
        "by": one.by,
        "reason": one.reason,
        "since": moment(one.since),
        "until": moment(one.until),
    }


def outcome(one: TargetOutcome) -> Document:
    """What would become, or became, of a target when it was asked for."""
    return {
        "signal": one.signal,
        "refusals": _refusals(one.refusals),
        "failing_interlocks": _refusals(one.failing),
        "supersedes": one.supersedes,
        "approval": one.approval,
    }


def _refusals(refusals: Sequence[Refusal]) -> list[Document]:
    return [{"code": each.code, "detail": each.detail} for each in refusals]
