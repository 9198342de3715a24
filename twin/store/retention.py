"""How long history is kept: whole days are dropped, signal by signal, in short transactions.

Before readings go, their day is rolled up for good in every width (unless its roll-ups have had their time, too), in the transaction
that drops them. A reading that comes even later is dropped the next time: what it was part of can no longer be summed up anew.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, TextClause, bindparam, delete, select, text

from twin.alarms import Status
from twin.ports import Dropped, Retention
from twin.store import archive_job, archived, counters, past, recent, rollups
from twin.store.archived import PERIOD_DAYS
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.pace import Pace
from twin.store.rollup_job import Row, made
from twin.store.schema_alarms import alarm
from twin.store.schema_history import rollup
from twin.store.schema_live import reading, signal
from twin.store.signals import PART, declared
from twin.store.spans import Longs, Samples

ALARMS = 1_000
"""Alarms dropped by one transaction; each is a row with three indexes."""

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
        yield from _drop_archived(database, raw, rolled)
        yield from _drop_readings(database, raw, rolled)
    if rolled.newest > _LONG_AGO:
        for minutes in rollups.WIDTHS:
            yield from _drop_rollups(database, minutes, rolled)
    if policy.alarm_days is not None:
        yield from _drop_alarms(database, database.now() - round(policy.alarm_days * DAY_US))


_ended_long_ago = (
    select(alarm.c.id)
    .where(alarm.c.status == Status.CLEARED.value, alarm.c.cleared_at < bindparam("before"))
    .order_by(alarm.c.id)
    .limit(ALARMS)
)


def _drop_alarms(database: Database, before: int) -> Iterator[Dropped]:
    """Those that were cleared before this time, acknowledged or not: nobody who looks after a year wants to confirm them."""
    while True:
        with database.write(lane="live") as connection:
            gone = list(connection.execute(_ended_long_ago, {"before": before}).scalars())
            connection.execute(delete(alarm).where(alarm.c.id.in_(gone)))
        if gone:
            yield Dropped(alarms=len(gone))
        if len(gone) < ALARMS:
            return


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
    late = _make_final(database, connection, samples, _final(samples, rolled))
    connection.execute(_forget_readings, [{"day": day, "number": number} for number in numbers.tolist()])
    return _counted(connection, Dropped(readings=len(samples), unsummed=late))


def _final(samples: Samples, rolled: _Kept) -> list[Row]:
    """Roll-ups of these readings, of one day, in every width, where roll-ups of it are kept."""
    day = int(samples.observed_at[0] // DAY_US)
    kept = samples.take(~rolled.expired(samples.signals, day))
    return [row._replace(final=True) for row in made(kept, least=0)]


def _make_final(database: Database, connection: Connection, samples: Samples, rows: Sequence[Row]) -> int:
    """Enter those roll-ups, unless some have been made final before; returns how many of the readings came after that."""
    day = int(samples.observed_at[0] // DAY_US)
    keys = [(rollups.WIDTHS[-1], day, number) for number in np.unique(samples.signals).tolist()]
    there = database.dialect.find_rows(connection, rollup, keys)
    final = {row[2] for row in there if row[3]}
    fresh = [row for row in rows if row.signal not in final]
    if fresh:
        numbers = sorted({row.signal for row in fresh})
        connection.execute(_forget_own, [{"day": day, "number": number} for number in numbers])
        database.dialect.insert_rows(connection, rollup, fresh)
    return int(np.isin(samples.signals, np.array(sorted(final), np.int64)).sum())


def _drop_archived(database: Database, raw: _Kept, rolled: _Kept) -> Iterator[Dropped]:
    """Files are written anew without what has expired. What the table has of their period is moved to them before."""
    with database.read() as connection:
        periods = archived.periods(connection, _LONG_AGO * DAY_US, raw.newest * DAY_US)
    for period in periods:
        if not _expires(database, raw, period):
            continue
        for _ in archive_job.move_period(database, period):
            pass
        with database.read() as connection:
            names = archived.names(connection, period)
        for name in names:
            yield from _drop_of_file(database, period, name, (raw, rolled))


def _expires(database: Database, raw: _Kept, period: int) -> bool:
    """Whether there is something to drop: a file is not read for nothing."""
    if raw.default > period * PERIOD_DAYS:
        return True
    with database.read() as connection:
        ranges = archived.ranges(connection, period)
    own = raw.numbers[raw.first_days > period * PERIOD_DAYS]
    return any(((own >= first) & (own <= last)).any() for first, last in ranges)


def _drop_of_file(database: Database, period: int, name: str, kept: tuple[_Kept, _Kept]) -> Iterator[Dropped]:
    raw, rolled = kept
    samples = archived.read(database, name)
    days = samples.observed_at // DAY_US
    gone = np.zeros(len(samples), np.bool_)
    for day in np.unique(days).tolist():
        of_day = days == day
        gone[of_day] = raw.expired(samples.signals[of_day], day)
    if not gone.any():
        return
    rest = samples.take(~gone)
    made = [(rest, *archive_job.put(database, rest))] if len(rest) else []
    dropping = [samples.take(gone & (days == day)) for day in np.unique(days[gone]).tolist()]
    final = [(part, _final(part, rolled)) for part in dropping]
    with database.write(durable=True, lane="live") as connection:
        late = sum(_make_final(database, connection, part, rows) for part, rows in final)
        archive_job.let_go(connection, [name], database.now())
        archive_job.enter(connection, period, made)
        dropped = _counted(connection, Dropped(readings=int(gone.sum()), unsummed=late))
    yield dropped


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
