"""From records of alarms and their rules to the documents of the API."""

from api.moments import moment
from api.representations import Document
from api.representations_live import alarm_rule
from twin.alarms import AlarmPattern, AlarmRecord, Status
from twin.ports import AlarmView, SignalRecord


def alarm(record: AlarmRecord, signal: SignalRecord) -> Document:
    """An alarm after a step, as the live channel tells it."""
    declared = signal.signal
    return {
        "id": record.id,
        "signal": declared.id,
        "object": f"{declared.model}/{declared.global_id}",
        "state_index": signal.state_index,
        "kind": record.kind,
        "severity": record.severity,
        "state": record.status,
        "open": record.status is not Status.CLEARED,
        "acknowledged": record.acknowledged_at is not None,
        "message": record.message,
        "value": record.value,
        "limit": record.limit,
        "unit": declared.unit,
        "since": moment(record.since),
        "raised_at": moment(record.raised_at),
        "acknowledged_at": moment(record.acknowledged_at),
        "acknowledged_by": record.acknowledged_by,
        "note": record.note,
        "cleared_at": moment(record.cleared_at),
        "cleared_by": record.cleared_by,
        "clear_note": record.clear_note,
    }


def view(found: AlarmView) -> Document:
    """The same with what the object is."""
    about = {"class": found.class_, "object_name": found.object_name}
    return {**alarm(found.record, found.signal), **about}


def pattern(known: AlarmPattern) -> Document:
    """A rule for many signals."""
    return {
        "id": known.id,
        **alarm_rule(known.rule),
        "match": {
            "model": known.models,
            "class": known.classes,
            "name": known.names,
            "kind": known.kinds,
            "signal": known.signals,
        },
    }
