"""From records of live state to the documents of the API."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from api.moments import moment
from api.representations import Document
from api.representations_commands import control
from twin.alarms import AlarmRule
from twin.ports import Curve, HistoryRow, RollUp, SceneAt, SignalRecord, StateRecord
from twin.ports.live import QUALITIES
from twin.state import Quality, Value
from twin.times import from_microseconds


def instant(microseconds: int | None) -> datetime | None:
    """The same for documents that are structs: msgspec writes it so (a tenth of the time)."""
    return None if microseconds is None else from_microseconds(microseconds)


class StateDocument(Struct, gc=False):
    """The present state of a signal."""

    signal: str
    state_index: int
    kind: str | None
    value: Value | None
    unit: str | None
    quality: Quality | None
    observed_at: datetime | None
    received_at: datetime | None
    changed_at: datetime | None


def state(record: StateRecord) -> StateDocument:
    """The present state of a signal: a struct, because pages of 10,000 are asked for."""
    signal = record.signal.signal
    return StateDocument(
        signal.id,
        record.signal.state_index,
        signal.kind,
        record.value,
        signal.unit,
        record.quality,
        instant(record.observed_at),
        instant(record.received_at),
        instant(record.changed_at),
    )


class ChangedDocument(StateDocument, gc=False):
    """A state on the live channel."""

    changed: bool = True


def changed_state(record: StateRecord, *, changed: bool) -> ChangedDocument:
    """The state of a signal after a change."""
    return ChangedDocument(**msgspec.structs.asdict(state(record)), changed=changed)


def signal(record: StateRecord) -> Document:
    """A signal with what it says now."""
    return {**_declaration(record.signal), "value": record.value, "quality": record.quality, **_times(record)}


def span(one: RollUp) -> Document:
    """What a span of time comes to."""
    return {
        "start": moment(one.start),
        "count": one.count,
        "others": one.others,
        "min": one.minimum,
        "max": one.maximum,
        "mean": one.mean,
        "last": one.last,
    }


def curve(found: Curve) -> Document:
    """A curve: what it is made of, and its points."""
    return {
        "resolution": found.resolution,
        "method": found.method,
        "readings": found.readings,
        "others": found.others,
        "items": [{"value": value, "observed_at": moment(at)} for at, value in found.items],
        "next": None,
    }


def past(row: HistoryRow) -> Document:
    """One reading of the past."""
    return {
        "value": row.value,
        "quality": row.quality,
        "observed_at": moment(row.observed_at),
        "received_at": moment(row.received_at),
    }


def scene(at: SceneAt, records: dict[int, SignalRecord]) -> list[Document]:
    """Every signal at an instant."""
    columns: list[list[Any]] = [
        column.tolist() for column in (at.signals, at.state_indexes, at.values, at.quality, at.observed_at)
    ]
    return [
        {
            "signal": record.signal.id,
            "state_index": index,
            "kind": record.signal.kind,
            "value": _value(record, value, at.texts.get(row)),
            "unit": record.signal.unit,
            "quality": QUALITIES[quality],
            "observed_at": moment(observed_at),
        }
        for row, (number, index, value, quality, observed_at) in enumerate(zip(*columns, strict=True))
        if (record := records.get(number)) is not None
    ]


def _value(record: SignalRecord, number: float, text: str | None) -> bool | float | int | str:
    if text is not None:
        return text
    match record.signal.type:
        case "boolean":
            return bool(number)
        case "integer":
            return int(number)
        case _:
            return number


def _times(record: StateRecord) -> Document:
    return {
        "observed_at": moment(record.observed_at),
        "received_at": moment(record.received_at),
        "changed_at": moment(record.changed_at),
    }


def alarm_rule(rule: AlarmRule) -> Document:
    """A rule for alarms, all of it."""
    known: Document = msgspec.to_builtins(rule)
    return {
        "limit": None,
        "states": (),
        "hysteresis": 0.0,
        "delay_s": 0.0,
        "clear_delay_s": 0.0,
        "message": None,
        "latched": False,
        "enabled": True,
        **known,
        "severity": rule.urgency,
    }


def _declaration(record: SignalRecord) -> Document:
    declared = record.signal
    bounded = declared.minimum is not None or declared.maximum is not None
    return {
        "id": declared.id,
        "object": f"{declared.model}/{declared.global_id}",
        "name": declared.name,
        "state_index": record.state_index,
        "kind": declared.kind,
        "type": declared.type,
        "unit": declared.unit,
        "range": (declared.minimum, declared.maximum) if bounded else None,
        "choices": declared.choices,
        "period_s": declared.period_s,
        "settable": declared.settable,
        "tolerance": declared.tolerance,
        "deadband": declared.deadband,
        "keep_days": declared.keep_days,
        "keep_rollup_days": declared.keep_rollup_days,
        "alarms": [alarm_rule(rule) for rule in declared.alarms],
        "control": control(declared),
        "orphan": record.orphan,
    }
