"""Readings of one signal in the past."""

from operator import attrgetter

from sqlalchemy import Connection, bindparam, select, text

from twin.errors import InvalidQuery, NotFound
from twin.ports import HistoryRow
from twin.queries import Page
from twin.store import archived, recent
from twin.store.archived import PERIOD_US
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.schema_live import reading, signal
from twin.store.values import decode, quality_of

MAX_ROWS = 100_000
"""Rows of one page: a reading a minute for two months."""

_of_day = (
    select(reading.c.observed_at, reading.c.value, reading.c.text, reading.c.code, reading.c.received_at)
    .where(
        reading.c.day == bindparam("day"),
        reading.c.signal == bindparam("number"),
        reading.c.observed_at >= bindparam("start"),
        reading.c.observed_at < bindparam("end"),
    )
    .order_by(reading.c.observed_at)
    .limit(bindparam("rows"))
)
_days = text(
    "WITH RECURSIVE d (day) AS (SELECT min(day) FROM reading WHERE day >= :first UNION ALL "
    "SELECT (SELECT min(day) FROM reading WHERE reading.day > d.day) FROM d WHERE d.day < :last) "
    "SELECT day FROM d WHERE day <= :last"
)
"""Days that have rows, by a look-up each."""
_there = select(signal.c.number).where(signal.c.number == bindparam("number"))


def history(  # noqa: PLR0913 - the database beside what the port has
    database: Database, number: int, *, start: int, end: int, limit: int, cursor: str | None
) -> Page[HistoryRow]:
    """See `twin.ports.StateReader.history`."""
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidQuery(f"limit={limit} is out of range; ask for 1 to {MAX_ROWS} at once.")
    if cursor is not None:
        (start,) = decode_cursor(cursor, tuple[int])
    with database.read() as connection:
        if connection.execute(_there, {"number": number}).one_or_none() is None:
            raise NotFound("signal", str(number))
        if archived.periods(connection, start, end):
            rows = _with_archived(database, connection, number, (start, end, limit + 1))
        else:
            rows = _rows(connection, number, start, end, limit + 1)
    following = encode_cursor(rows[limit].observed_at) if len(rows) > limit else None
    return Page(items=rows[:limit], next=following)


def _rows(connection: Connection, number: int, start: int, end: int, limit: int) -> list[HistoryRow]:
    """Day by day: each is one look-up in the order of the table."""
    fresh = [_row(*row) for row in recent.of_signal(connection, number, start, end)]
    rows: list[HistoryRow] = []
    for day in days(connection, start, end):
        values = {"day": day, "number": number, "start": start, "end": end, "rows": limit - len(rows)}
        rows.extend(_row(*row) for row in connection.execute(_of_day, values))
        if len(rows) == limit:
            break
    return sorted([*rows, *fresh], key=attrgetter("observed_at"))[:limit] if fresh else rows


def _with_archived(
    database: Database, connection: Connection, number: int, asked: tuple[int, int, int]
) -> list[HistoryRow]:
    """Period by period, from files and from the table, until there are enough."""
    start, end, limit = asked
    rows: list[HistoryRow] = []
    while start < end and len(rows) < limit:
        ahead = archived.periods(connection, start, end)
        if not ahead:
            return [*rows, *_rows(connection, number, start, end, limit - len(rows))]
        begin, stop = (max(start, ahead[0] * PERIOD_US), min(end, (ahead[0] + 1) * PERIOD_US))
        rows.extend(_rows(connection, number, start, begin, limit - len(rows)))
        here = {row.observed_at: row for row in _filed(database, connection, number, begin, stop)}
        here.update((row.observed_at, row) for row in _rows(connection, number, begin, stop, limit))
        rows.extend(here[at] for at in sorted(here))
        start = stop
    return rows[:limit]


def _filed(database: Database, connection: Connection, number: int, start: int, end: int) -> list[HistoryRow]:
    found = archived.as_rows(archived.of_signal(database, connection, number, start, end))
    return [_row(at, value, text, code, received_at) for _, _, at, received_at, value, text, code in found]


def _row(observed_at: int, value: float | None, text: str | None, code: int, received_at: int) -> HistoryRow:
    return HistoryRow(observed_at, decode(value, text, code), quality_of(code), received_at)


def days(connection: Connection, start: int, end: int) -> list[int]:
    """Days since 1970 with readings that may have been observed from `start` to before `end`, in order."""
    span = {"first": start // DAY_US, "last": (end - 1) // DAY_US}
    return list(connection.execute(_days, span).scalars())
