"""Calendars: kept as documents, with the time of what comes next; and what became of what has come up."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from twin.errors import NotFound
from twin.ports.calendars import CalendarRecord, CalendarRun, RunOutcome
from twin.queries import Page, checked_limit
from twin.store import counters
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.database import Database
from twin.store.schema_calendars import calendar, calendar_run

VERSION = "calendar_version"
"""Counter: each change of a calendar takes a number."""

_all = select(calendar).order_by(calendar.c.id)


def records(database: Database) -> list[CalendarRecord]:
    """See `twin.ports.CalendarKeeper.calendars`."""
    with database.read() as connection:
        return [_record(row) for row in connection.execute(_all)]


def record(database: Database, identifier: str) -> CalendarRecord:
    """See `twin.ports.CalendarKeeper.calendar`."""
    with database.read() as connection:
        found = _find(connection, identifier)
    if found is None:
        raise NotFound("calendar", identifier)
    return found


def _find(connection: Connection, identifier: str) -> CalendarRecord | None:
    row = connection.execute(select(calendar).where(calendar.c.id == identifier)).one_or_none()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> CalendarRecord:
    return CalendarRecord(**row._asdict())


def put(database: Database, new: CalendarRecord) -> bool:
    """See `twin.ports.CalendarKeeper.put_calendar`."""
    with database.write(durable=True, lane="live") as connection:
        now = database.now()
        old = _find(connection, new.id)
        connection.execute(delete(calendar).where(calendar.c.id == new.id))
        pending = old is not None and old.next_at is not None and old.next_at <= now
        until = old.until if old is not None and pending else now
        next_at = now if pending else new.next_at
        row = {name: getattr(new, name) for name in CalendarRecord.__struct_fields__}
        row |= {"changed_at": now, "until": until, "next_at": next_at}
        connection.execute(insert(calendar), row | {"version": counters.take(connection, VERSION) + 1})
    return old is None


def remove(database: Database, identifier: str) -> None:
    """See `twin.ports.CalendarKeeper.remove_calendar`."""
    with database.write(durable=True, lane="live") as connection:
        if not connection.execute(delete(calendar).where(calendar.c.id == identifier)).rowcount:
            raise NotFound("calendar", identifier)


def due(database: Database) -> list[CalendarRecord]:
    """See `twin.ports.CalendarKeeper.calendars_due`."""
    with database.read() as connection:
        rows = connection.execute(_all.where(calendar.c.next_at <= database.now())).all()
    return [_record(row) for row in rows]


def done(
    database: Database, seen: CalendarRecord, runs: Sequence[CalendarRun], *, until: int, next_at: int | None
) -> bool:
    """See `twin.ports.CalendarKeeper.calendar_done`."""
    with database.write(durable=True, lane="live") as connection:
        for run in runs:
            if of(connection, run) is None:
                note(connection, run, database.now())
        moved = update(calendar).where(
            calendar.c.id == seen.id, calendar.c.version == seen.version, calendar.c.until == seen.until
        )
        return connection.execute(moved.values(until=until, next_at=next_at)).rowcount == 1


def of(connection: Connection, run: CalendarRun) -> CalendarRun | None:
    """What became of this occurrence before, if anything did."""
    statement = select(calendar_run).where(
        calendar_run.c.calendar == run.calendar,
        calendar_run.c.at == run.at,
        calendar_run.c.entry == run.entry,
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _run(row)


def note(connection: Connection, run: CalendarRun, now: int) -> None:
    """Write down what became of an occurrence; once."""
    row = {name: getattr(run, name) for name in CalendarRun.__struct_fields__}
    connection.execute(insert(calendar_run), row | {"outcome": run.outcome.value, "done_at": now})


def _run(row: Row[Any]) -> CalendarRun:
    fields = row._asdict()
    return CalendarRun(**{**fields, "outcome": RunOutcome(fields["outcome"])})


def runs(database: Database, identifier: str, *, limit: int, cursor: str | None) -> Page[CalendarRun]:
    """See `twin.ports.CalendarKeeper.calendar_runs`."""
    place = tuple_(calendar_run.c.at, calendar_run.c.entry)
    statement = select(calendar_run).where(calendar_run.c.calendar == identifier)
    if cursor is not None:
        statement = statement.where(place < tuple_(*decode_cursor(cursor, tuple[int, int])))
    ordered = statement.order_by(calendar_run.c.at.desc(), calendar_run.c.entry.desc())
    with database.read() as connection:
        rows = connection.execute(ordered.limit(checked_limit(limit) + 1)).all()
    items = [_run(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(items[-1].at, items[-1].entry) if len(rows) > limit else None)
