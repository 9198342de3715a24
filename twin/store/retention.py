"""How long history is kept: whole days are dropped, signal by signal, in short transactions.

Before readings go, their day is rolled up for good in every width (unless its roll-ups have had their time, too), in the transaction
that drops them. A reading that comes even later is dropped the next time: what it was part of can no longer be summed up anew.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, TextClause, bindparam, delete, select, text

from twin.ports import Dropped, Retention
from twin.store import counters, past, recent, rollups
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.pace import Pace
from twin.store.rollup_job import made
from twin.store.schema_history import rollup
from twin.store.schema_live import reading, signal
from twin.store.signals import PART, declared
from twin.store.spans import Longs, Samples

ROWS = 4_000
"""Readings that one transaction drops, about: it sums them up, too (some 10 ms)."""

_FIRST_PIECE = 500
"""Roll-ups dropped by the first transaction; the pace is learnt from there."""

DROPPED = {"readings": "dropped_readings", "roll_ups": "dropped_rollups", "unsummed": "dropped_unsummed"}
"""Counters, by field of `twin.ports.Dropped`."""


class _Kept(NamedTuple):
    """Signals whose declaration says how long, in the order of numbers, with the first day that is kept; and that of all others."""

    numbers: Longs
    first_days: Longs
    default: int

    def expired(self, numbers: Longs, day: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """(n,) which of these signals keep nothing of this day."""
        first = np.full(len(numbers), self.default, np.int64)
        if len(self.numbers):
            places = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
            own = self.numbers[places] == numbers
            first[own] = self.first_days[places[own]]
        return np.asarray(first > day)

    @property
    def newest(self) -> int:
        """No signal drops a day from this one on."""
        return int(self.first_days.max(initial=self.default))


_own = (
    select(signal.c.number, signal.c.declaration)
    .where(signal.c.declaration.like('%"keep_%'))
    .order_by(signal.c.number)
)
_next_day = text("SELECT min(day) FROM reading WHERE day > :day")
_next_rolled_day = text("SELECT min(day) FROM rollup WHERE minutes = :minutes AND day > :day")
_rolled = (
    select(rollup.c.signal)
    .where(rollup.c.minutes == bindparam("minutes"), rollup.c.day == bindparam("day"))
    .order_by(rollup.c.signal)
)
_forget_readings = delete(reading).where(
    reading.c.day == bindparam("day"), reading.c.signal == bindparam("number")
)
_forget_rolled = delete(rollup).where(
    rollup.c.minutes == bindparam("minutes"),
    rollup.c.day == bindparam("day"),
    rollup.c.signal == bindparam("number"),
)
_forget_own = delete(rollup).where(rollup.c.day == bindparam("day"), rollup.c.signal == bindparam("number"))
_LONG_AGO = -(1 << 31) + 1


def enforce(database: Database, policy: Retention) -> Iterator[Dropped]:
    """See `twin.ports.HistoryKeeper.enforce_retention`."""
    raw, rolled = _kept(database, policy)
    if raw.newest > _LONG_AGO:
        recent.settle(database)
        yield from _drop_readings(database, raw, rolled)
    if rolled.newest > _LONG_AGO:
        for minutes in rollups.WIDTHS:
            yield from _drop_rollups(database, minutes, rolled)


def _kept(database: Database, policy: Retention) -> tuple[_Kept, _Kept]:
    """What readings and what roll-ups are kept."""
    today = database.now() // DAY_US
    numbers, readings, summed = [], [], []
    defaults = (policy.days, policy.roll_up_days)
    with database.read() as connection:
        for part in connection.execute(_own).partitions(PART):
            for number, declaration in part:
                told = declared(declaration)
                numbers.append(number)
                readings.append(_first_day(today, told.keep_days, defaults[0]))
                summed.append(_first_day(today, told.keep_rollup_days, defaults[1]))
    of = np.array(numbers, np.int64)
    return (
        _Kept(of, np.array(readings, np.int64), _first_day(today, None, defaults[0])),
        _Kept(of, np.array(summed, np.int64), _first_day(today, None, defaults[1])),
    )


def _first_day(today: int, own: float | None, default: float | None) -> int:
    """The first day that is kept: days are dropped once their last reading is old enough."""
    days = own if own is not None else default
    return _LONG_AGO if days is None else today - int(np.ceil(days))


def _drop_readings(database: Database, raw: _Kept, rolled: _Kept) -> Iterator[Dropped]:
    day = _LONG_AGO
    while (found := _after(database, _next_day, {"day": day})) is not None and found < raw.newest:
        day, first = found, 0
        while True:
            with database.write(lane="live") as connection:
                samples, following = past.placed_in_day(connection, day, first, ROWS)
                dropped = _drop_piece(
                    database, connection, samples.take(raw.expired(samples.signals, day)), rolled
                )
            if dropped is not None:
                yield dropped
            if following is None:
                break
            first = following


def _drop_piece(
    database: Database, connection: Connection, samples: Samples, rolled: _Kept
) -> Dropped | None:
    """Drop these readings, whole days of signals; sums them up before."""
    if not len(samples):
        return None
    day = int(samples.observed_at[0] // DAY_US)
    numbers = np.unique(samples.signals)
    keys = [(rollups.WIDTHS[-1], day, number) for number in numbers.tolist()]
    there = database.dialect.find_rows(connection, rollup, keys)
    final = np.array([row[2] for row in there if row[3]], np.int64)
    summed = ~np.isin(samples.signals, final) & ~rolled.expired(samples.signals, day)
    rows = [row._replace(final=True) for row in made(samples.take(summed), least=0)]
    fresh = sorted({row.signal for row in rows})
    if fresh:
        connection.execute(_forget_own, [{"day": day, "number": number} for number in fresh])
        database.dialect.insert_rows(connection, rollup, rows)
    connection.execute(_forget_readings, [{"day": day, "number": number} for number in numbers.tolist()])
    late = int(np.isin(samples.signals, final).sum())
    return _counted(connection, Dropped(readings=len(samples), unsummed=late))


def _drop_rollups(database: Database, minutes: int, rolled: _Kept) -> Iterator[Dropped]:
    day = _LONG_AGO
    width = {"minutes": minutes}
    while (
        found := _after(database, _next_rolled_day, {**width, "day": day})
    ) is not None and found < rolled.newest:
        day = found
        with database.read() as connection:
            numbers = np.array(connection.execute(_rolled, {**width, "day": day}).scalars().all(), np.int64)
        expired = numbers[rolled.expired(numbers, day)].tolist()
        for piece in Pace(_FIRST_PIECE).pieces(expired):
            with database.write(lane="live") as connection:
                connection.execute(_forget_rolled, [{**width, "day": day, "number": n} for n in piece])
                dropped = _counted(connection, Dropped(roll_ups=len(piece)))
            yield dropped


def _after(database: Database, statement: TextClause, values: dict[str, int]) -> int | None:
    with database.read() as connection:
        found: int | None = connection.execute(statement, values).scalar()
    return found


def _counted(connection: Connection, dropped: Dropped) -> Dropped:
    for field, name in DROPPED.items():
        if count := getattr(dropped, field):
            counters.take(connection, name, count)
    return dropped
