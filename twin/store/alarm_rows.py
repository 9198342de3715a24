"""Alarms as rows."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from twin.alarms import AlarmRecord, Kind, Severity, Status
from twin.state import Quality
from twin.store.database import Database
from twin.store.pace import lists
from twin.store.schema_alarms import alarm
from twin.store.values import decode, encode

COLUMNS = tuple(alarm.c)

_CHANGING = (
    "status", "acknowledged_at", "acknowledged_by", "note", "cleared_at", "cleared_by", "clear_note",
)  # fmt: skip
"""What steps change of an alarm."""

_open = select(*COLUMNS).where(
    alarm.c.cleared_at.is_(None), alarm.c.signal.in_(bindparam("signals", expanding=True))
)
_by_id = select(*COLUMNS).where(alarm.c.id == bindparam("id"))
_update = (
    update(alarm)
    .where(alarm.c.id == bindparam("this"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def record_of(row: Any) -> AlarmRecord:
    """The alarm in the columns of its table."""
    (
        identifier, signal, kind, severity, status, message, value, text, code, limit, since, raised_at,
        acknowledged_at, acknowledged_by, note, cleared_at, cleared_by, clear_note,
    ) = row  # fmt: skip
    return AlarmRecord(
        id=identifier,
        signal=signal,
        kind=Kind(kind),
        severity=Severity(severity),
        status=Status(status),
        message=message,
        value=decode(value, text, code),
        limit=limit,
        since=since,
        raised_at=raised_at,
        acknowledged_at=acknowledged_at,
        acknowledged_by=acknowledged_by,
        note=note,
        cleared_at=cleared_at,
        cleared_by=cleared_by,
        clear_note=clear_note,
    )


def find_open(connection: Connection, signals: Iterable[int]) -> dict[tuple[int, Kind], AlarmRecord]:
    """Open alarms of these signals."""
    found = {}
    for some in lists(sorted(set(signals))):
        for row in connection.execute(_open, {"signals": some}):
            record = record_of(row)
            found[record.signal, record.kind] = record
    return found


def find(connection: Connection, identifier: int) -> AlarmRecord | None:
    """One alarm; None: there is none of this number."""
    row = connection.execute(_by_id, {"id": identifier}).one_or_none()
    return None if row is None else record_of(row)


def insert(database: Database, connection: Connection, records: Iterable[AlarmRecord]) -> None:
    """Write new alarms."""
    rows = [
        (
            one.id, one.signal, one.kind.value, one.severity.value, one.status.value, one.message,
            *encode(one.value, Quality.GOOD), one.limit, one.since, one.raised_at, one.acknowledged_at,
            one.acknowledged_by, one.note, one.cleared_at, one.cleared_by, one.clear_note,
        )
        for one in records
    ]  # fmt: skip
    if rows:
        database.dialect.insert_rows(connection, alarm, rows)


def change(connection: Connection, records: Iterable[AlarmRecord]) -> None:
    """Write what steps have changed."""
    rows = [{"this": one.id, **{f"new_{name}": getattr(one, name) for name in _CHANGING}} for one in records]
    if rows:
        connection.execute(_update, rows)
