"""Aggregates of one signal: from roll-ups where they count, from the readings where not."""

from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select, text

from twin.errors import InvalidQuery, NotFound
from twin.ports import WIDTHS_US, RollUp, RollUpQuery
from twin.queries import Page
from twin.store import past, rollups
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.schema_live import signal
from twin.store.spans import MINUTE_US, Spans, joined, summed
from twin.store.values import decode

MAX_SPANS = 100_000
"""Of one page: minutes of two months."""

DAYS = 32
"""Looked up at once."""

_rolled_days = text(
    "WITH RECURSIVE d (day) AS (SELECT min(day) FROM rollup WHERE minutes = :minutes AND day >= :first UNION ALL "
    "SELECT (SELECT min(day) FROM rollup WHERE minutes = :minutes AND rollup.day > d.day) FROM d WHERE d.day < :last) "
    "SELECT day FROM d WHERE day <= :last"
)
"""As `twin.store.history` finds days with readings."""
_there = select(signal.c.number).where(signal.c.number == bindparam("number"))


def roll_ups(database: Database, number: int, query: RollUpQuery) -> Page[RollUp]:
    """See `twin.ports.RollUpReader.roll_ups`."""
    limit, start, end = query.limit, query.start, query.end
    if not 1 <= limit <= MAX_SPANS:
        raise InvalidQuery(f"limit={limit} is out of range; ask for 1 to {MAX_SPANS} at once.")
    if query.cursor is not None:
        (start,) = decode_cursor(query.cursor, tuple[int])
    minutes = WIDTHS_US[query.resolution] // MINUTE_US
    items: list[RollUp] = []
    with database.read() as connection:
        if connection.execute(_there, {"number": number}).one_or_none() is None:
            raise NotFound("signal", str(number))
        for spans in of_signal(database, connection, number, minutes, (start, end)):
            items.extend(_told(spans, start, end))
            if len(items) > limit:
                break
    following = encode_cursor(items[limit].start) if len(items) > limit else None
    return Page(items=items[:limit], next=following)


def of_signal(
    database: Database, connection: Connection, number: int, minutes: int, times: tuple[int, int]
) -> Iterator[Spans]:
    """Spans of the days of a signal that have a part in these times, some days at once, in order."""
    start, end = times
    if start >= end:
        return
    found = days(connection, number, minutes, times)
    for first in range(0, len(found), DAYS):
        some = found[first : first + DAYS]
        kept = rollups.kept(database, connection, number, minutes, some)
        parts = [
            kept[day].spans
            if day in kept
            else summed(past.of_signal_day(database, connection, number, day), minutes)
            for day in some
        ]
        yield joined(parts)


def days(connection: Connection, number: int, minutes: int, times: tuple[int, int]) -> list[int]:
    """Days in which the signal may have readings, or roll-ups whose readings are gone."""
    span = {"first": times[0] // DAY_US, "last": (times[1] - 1) // DAY_US}
    rolled = connection.execute(_rolled_days, {"minutes": minutes, **span}).scalars()
    return sorted({*rolled, *past.days_of_signal(connection, number, *times)})


def _told(spans: Spans, start: int, end: int) -> Iterator[RollUp]:
    starts = spans.starts
    rows = spans.rows
    wanted = ((starts >= start) & (starts < end)).nonzero()[0].tolist()
    columns = [
        rows[name].tolist() for name in ("count", "others", "minimum", "maximum", "mean", "last", "code")
    ]
    at = starts.tolist()
    for row in wanted:
        count, others, minimum, maximum, mean, last, code = (column[row] for column in columns)
        value = decode(None if last != last else last, spans.texts.get(row), code) if count else None  # noqa: PLR0124 - NaN
        numbers = (minimum, maximum, mean) if mean == mean else (None, None, None)  # noqa: PLR0124 - NaN
        yield RollUp(
            start=at[row],
            count=count,
            others=others,
            minimum=numbers[0],
            maximum=numbers[1],
            mean=numbers[2],
            last=value,
        )
