"""Making roll-ups: of days that are over, one after the other; and anew for those that late readings have outdated.

What is read is read without the write lock, so a reading may come meanwhile. A day is therefore begun (from then on late
readings of it leave marks) before it is read; and marks are counted by epochs: those of the present one are left alone, and
a new one begins before marked days are read. Killed at any moment, it goes on where it was.
"""

import time
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, literal_column, select

from twin.ports import RolledUp
from twin.store import past, recent, rollups
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.schema_history import rollup, rollup_mark
from twin.store.schema_live import reading
from twin.store.spans import STORED, Samples, pieces, summed

AFTER_US = 600 * 1_000_000
"""A day is rolled up ten minutes after its end: most of what comes late is there by then, and need not be corrected."""

ROWS = 50_000
"""Readings that are summed up at once (20 bytes each, and a transaction of some milliseconds)."""

MARKS = 200
"""Signal-days that are corrected in one transaction."""

DONE = "rollup_done"
"""Counter: the last day that is rolled up."""
_NEXT = "rollup_next"
"""Counter: the signal with which to go on in the day that is begun."""

_STANDING = (rollups.BEGUN, rollups.EPOCH, DONE, _NEXT)


class Row(NamedTuple):
    """Of `rollup`."""

    minutes: int
    day: int
    signal: int
    final: bool
    body: bytes
    texts: str | None


_first_day = select(func.min(reading.c.day)).where(reading.c.day > bindparam("day"))
_marks = (
    select(rollup_mark.c.signal, rollup_mark.c.day)
    .where(rollup_mark.c.epoch < bindparam("epoch"))
    .order_by(rollup_mark.c.epoch, rollup_mark.c.day, rollup_mark.c.signal)
    .limit(MARKS)
)
_any_mark = select(rollup_mark.c.epoch).limit(1)
_not_final = delete(rollup).where(rollup.c.final.is_(False), rollup.c.day == bindparam("day"))
_forget_range = _not_final.where(
    rollup.c.minutes == bindparam("minutes"),
    rollup.c.signal >= bindparam("first"),
    rollup.c.signal <= bindparam("last"),
)
_forget_pair = _not_final.where(
    rollup.c.minutes.in_([literal_column(str(minutes)) for minutes in rollups.WIDTHS]),
    rollup.c.signal == bindparam("signal"),
)
_forget_mark = delete(rollup_mark).where(
    rollup_mark.c.signal == bindparam("signal"),
    rollup_mark.c.day == bindparam("day"),
    rollup_mark.c.epoch < bindparam("epoch"),
)
_LONG_AGO = -(1 << 31) + 1
"""A day before all others that fits the column."""


class _Until:
    """A moment after which no new piece is begun."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._at


def roll_up(database: Database, *, seconds: float) -> RolledUp:
    """See `twin.ports.HistoryKeeper.roll_up`."""
    until = _Until(seconds)
    corrected, more = _correct(database, until)
    signals = 0
    while not more:
        done = _roll_up_piece(database)
        if done is None:
            break
        signals += done
        more = until.passed
    return RolledUp(signals=signals, corrected=corrected, more=more)


def _roll_up_piece(database: Database) -> int | None:
    """Roll up the next piece of a day; returns how many signals it had, None if no day is left to do."""
    with database.read() as connection:
        standing = rollups.counters(connection, _STANDING)
    if standing.get(rollups.BEGUN) == standing.get(DONE):
        if not _begin(database, standing.get(DONE)):
            return None
        with database.read() as connection:
            standing = rollups.counters(connection, _STANDING)
    day = standing[rollups.BEGUN]
    with database.read() as connection:
        samples, following = past.placed_in_day(connection, day, standing[_NEXT], ROWS)
    rows = made(samples, least=rollups.WORTH)
    with database.write(lane="live") as connection:
        if rollups.counters(connection, _STANDING) != standing:
            return 0  # another process holds the job by now
        if len(samples):
            _forget_piece(connection, day, samples)
        _keep(database, connection, rows)
        rollups.set_counter(connection, _NEXT, following or 0)
        if following is None:
            rollups.set_counter(connection, DONE, day)
    return len(np.unique(samples.signals))


def _begin(database: Database, done: int | None) -> bool:
    """Begin the next day that is over and has readings, if there is one."""
    over = (database.now() - AFTER_US) // DAY_US - 1
    if done is not None and done >= over:
        return False
    recent.settle(database)
    with database.read() as connection:
        after = _LONG_AGO if done is None else done
        found: int | None = connection.execute(_first_day, {"day": after}).scalar()
    there = found is not None and found <= over
    day = over if found is None or not there else found
    with database.write(lane="live") as connection:
        for name, value in ((rollups.BEGUN, day), (_NEXT, 0), (rollups.EPOCH, _epoch(connection) + 1)):
            rollups.set_counter(connection, name, value)
        if not there:
            rollups.set_counter(connection, DONE, day)
    recent.settle(database)  # what came before the day was begun has left no mark
    return there


def _epoch(connection: Connection) -> int:
    return rollups.counters(connection, (rollups.EPOCH,)).get(rollups.EPOCH, 0)


def _correct(database: Database, until: _Until) -> tuple[int, bool]:
    """Make the roll-ups of marked signal-days anew; returns how many, and whether some are left."""
    with database.read() as connection:
        if connection.execute(_any_mark).first() is None:
            return 0, False
    with database.write(lane="live") as connection:
        epoch = _epoch(connection) + 1
        rollups.set_counter(connection, rollups.EPOCH, epoch)
    corrected = 0
    while True:
        with database.read() as connection:
            pairs = [(signal, day) for signal, day in connection.execute(_marks, {"epoch": epoch})]
            if not pairs or (corrected and until.passed):
                return corrected, bool(pairs)
            samples = [past.of_signal_day(database, connection, signal, day) for signal, day in pairs]
        rows = made(Samples.joined(samples), least=rollups.WORTH)
        with database.write(lane="live") as connection:
            if _epoch(connection) != epoch:
                return corrected, True  # another process holds the job by now
            connection.execute(_forget_pair, [{"signal": s, "day": d} for s, d in pairs])
            _keep(database, connection, rows)
            connection.execute(_forget_mark, [{"signal": s, "day": d, "epoch": epoch} for s, d in pairs])
        corrected += len(pairs)


def made(samples: Samples, *, least: int) -> list[Row]:
    """Rows of `rollup` for these readings, of whole signal-days in order, for the widths whose spans have `least` readings on the average."""
    if not len(samples):
        return []
    rows: list[Row] = []
    days = samples.observed_at // DAY_US
    edges = np.flatnonzero((np.diff(samples.signals) != 0) | (np.diff(days) != 0)) + 1
    readings = np.diff(np.concatenate([[0], edges, [len(samples)]])).tolist()
    for minutes in rollups.WIDTHS:
        of_width = pieces(summed(samples, minutes))
        for count, (day, signal, body, texts) in zip(readings, of_width, strict=True):
            if count * STORED.itemsize >= least * len(body):
                rows.append(Row(minutes, day, signal, False, body, texts))  # noqa: FBT003 - a row
    return rows


def _forget_piece(connection: Connection, day: int, samples: Samples) -> None:
    ends = {"first": int(samples.signals[0]), "last": int(samples.signals[-1])}
    for minutes in rollups.WIDTHS:
        connection.execute(_forget_range, {"minutes": minutes, "day": day, **ends})


def _keep(database: Database, connection: Connection, rows: list[Row]) -> None:
    """Insert what is not final."""
    keys = sorted({(rollups.WIDTHS[-1], row.day, row.signal) for row in rows})
    there = database.dialect.find_rows(connection, rollup, keys)
    final = {(row[1], row[2]) for row in there}
    wanted = [row for row in rows if (row.day, row.signal) not in final]
    database.dialect.insert_rows(connection, rollup, sorted(wanted, key=itemgetter(0, 1, 2)))
