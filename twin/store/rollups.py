"""Roll-ups: what is kept of them, and when it counts.

The spans of a signal's day (`twin.store.spans`) are kept in one row for each width, made when the day is over. What is kept may be
absent (the day is not over, or it has so few readings that summing them up is as fast) or outdated (a reading came late: there is a
mark). Then readers sum up the readings, so that answers are exact at any time and `record` has nothing to do but to
leave marks. A roll-up is `final` when its readings are kept no longer.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from twin.store.database import Database
from twin.store.folding import DAY_US, Outcome
from twin.store.schema import counter
from twin.store.schema_history import rollup, rollup_mark
from twin.store.spans import Spans, read

WIDTHS = (1, 15, 60)
"""Minutes."""

WORTH = 2
"""Readings of a day for each span, from which on spans are kept: below, reading them is hardly faster than summing up the readings."""

BEGUN = "rollup_begun"
"""Counter: days up to this one are rolled up or being so; a late reading of them leaves a mark."""
EPOCH = "rollup_epoch"
"""Counter: of the marks that are made now."""

_standing = select(counter.c.name, counter.c.value).where(counter.c.name.in_((BEGUN, EPOCH)))


class Kept(NamedTuple):
    """A row of `rollup`."""

    spans: Spans
    final: bool


def mark(database: Database, connection: Connection, outcome: Outcome) -> None:
    """Mark what the readings of a batch have outdated. One look-up for a batch without late ones."""
    standing = {row.name: row.value for row in connection.execute(_standing)}
    if BEGUN not in standing:
        return
    edge = (standing[BEGUN] + 1) * DAY_US
    marks = {(row[0], row[1] // DAY_US) for row in outcome.history if row[1] < edge}
    marks.update((row[0], row[1] // DAY_US) for row in outcome.late if row[1] < edge)
    for *_, signal, at in (*outcome.replaced, *outcome.replaced_recent):
        assert isinstance(signal, int)
        assert isinstance(at, int)
        if at < edge:
            marks.add((signal, at // DAY_US))
    if marks:
        epoch = standing.get(EPOCH, 0)
        rows = [(*pair, epoch) for pair in sorted(marks)]
        database.dialect.insert_missing(connection, rollup_mark, ("signal", "day", "epoch"), rows)


_marked = select(rollup_mark.c.day).where(
    rollup_mark.c.signal == bindparam("number"),
    rollup_mark.c.day >= bindparam("first"),
    rollup_mark.c.day <= bindparam("last"),
)


def kept(
    database: Database, connection: Connection, number: int, minutes: int, days: Sequence[int]
) -> dict[int, Kept]:
    """Roll-ups of a signal that count, by day."""
    if not days:
        return {}
    rows = database.dialect.find_rows(connection, rollup, [(minutes, day, number) for day in days])
    if not rows:
        return {}
    span = {"number": number, "first": days[0], "last": days[-1]}
    outdated = set(connection.execute(_marked, span).scalars())
    return {
        day: Kept(read(day, number, bytes(body), texts), bool(final))
        for _, day, _, final, body, texts in rows
        if final or day not in outdated
    }


def counters(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Values of those counters that are there."""
    found = connection.execute(select(counter.c.name, counter.c.value).where(counter.c.name.in_(list(names))))
    return {row.name: row.value for row in found}


def set_counter(connection: Connection, name: str, value: int) -> None:
    """Give a counter a value."""
    changed = connection.execute(update(counter).where(counter.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(counter).values(name=name, value=value))
