"""Readings of the past as columns, from wherever they lie."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, select

from twin.store import archived, recent
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.history import days
from twin.store.schema_live import reading
from twin.store.spans import Samples

_columns = (
    reading.c.signal,
    reading.c.observed_at,
    reading.c.received_at,
    reading.c.value,
    reading.c.text,
    reading.c.code,
)
_of_signal_day = (
    select(*_columns)
    .where(
        reading.c.day == bindparam("day"),
        reading.c.signal == bindparam("number"),
        reading.c.observed_at >= bindparam("start"),
        reading.c.observed_at < bindparam("end"),
    )
    .order_by(reading.c.observed_at)
)
_of_day = (
    select(*_columns)
    .where(reading.c.day == bindparam("day"), reading.c.signal >= bindparam("first"))
    .order_by(reading.c.signal, reading.c.observed_at)
    .limit(bindparam("rows"))
)
_of_day_and_signal = (
    select(*_columns)
    .where(reading.c.day == bindparam("day"), reading.c.signal == bindparam("number"))
    .order_by(reading.c.observed_at)
)


def _tuples(result: CursorResult[Any]) -> Sequence[Sequence[Any]]:
    """The driver's own rows: SQLAlchemy's take longer to make than to read (measured: 3.1 µs a row, and 1.2)."""
    cursor = result.cursor
    assert cursor is not None
    rows: Sequence[Sequence[Any]] = cursor.fetchall()
    result.close()
    return rows


def days_of_signal(connection: Connection, number: int, start: int, end: int) -> set[int]:
    """Days in which the signal may have readings."""
    # The first and the last day may have readings outside of these times.
    first, last = start // DAY_US * DAY_US, -(-end // DAY_US) * DAY_US
    fresh = recent.of_signal(connection, number, first, last)
    return {
        *days(connection, start, end),
        *archived.days(connection, start, end),
        *(row[0] // DAY_US for row in fresh),
    }


def of_signal(database: Database, connection: Connection, number: int, start: int, end: int) -> Samples:
    """Readings of a signal observed from `start` to before `end`."""
    if start >= end:
        return Samples.none()
    rows: list[Sequence[Any]] = []
    for day in days(connection, start, end):
        values = {"day": day, "number": number, "start": start, "end": end}
        rows.extend(_tuples(connection.execute(_of_signal_day, values)))
    fresh = [
        (number, at, received_at, *value)
        for at, *value, received_at in recent.of_signal(connection, number, start, end)
    ]
    placed = Samples.of(rows)
    if fresh:
        placed = Samples.joined([placed, Samples.of(fresh)]).sorted()
    return archived.merged(archived.of_signal(database, connection, number, start, end), placed)


def of_signal_day(database: Database, connection: Connection, number: int, day: int) -> Samples:
    """All readings of a signal in a day."""
    return of_signal(database, connection, number, day * DAY_US, (day + 1) * DAY_US)


def placed_in_day(connection: Connection, day: int, first: int, rows: int) -> tuple[Samples, int | None]:
    """Readings of a day that are in their place, whole signals from number `first` on, about so many rows; and the number from
    which to go on (None: that was the last one).
    """
    found = _tuples(connection.execute(_of_day, {"day": day, "first": first, "rows": rows}))
    if len(found) < rows:
        return Samples.of(found), None
    last = found[-1][0]
    if found[0][0] == last:
        found = _tuples(connection.execute(_of_day_and_signal, {"day": day, "number": last}))
        return Samples.of(found), last + 1
    end = len(found)
    while found[end - 1][0] == last:
        end -= 1
    return Samples.of(found[:end]), last
