"""The readings of the last batches, as they came, before they go to their place in history.

A batch has readings of thousands of signals, and each signal's history lies on a page of its own: put there at once, a batch would
write 100 times its size (docs/decisions/0007). So it is appended here, in one piece; when enough batches are together they are
closed, and each later batch takes a piece of them along, signal after signal, so that what is written to a page of history is many
readings. A reading is always in one of the two tables, and those who read look into both. Engines that append to a heap
do without this table (`Dialect.buffers_readings`); then it is empty.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from twin.store import counters
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.schema import counter
from twin.store.schema_live import recent_batch, recent_reading

MAX_BATCHES = 64
MAX_ROWS = 320_000
"""When batches are closed: 5,000 readings each are 64 batches (measured: bytes written a reading 4,900 without, 364 with this)."""

SAMPLE = 64
"""Of each batch every so many-th signal is noted, to cut the closed ones into pieces of known size."""

PIECE_ROWS = 2_000
"""Rows that are worth a statement for each batch."""

PIECES = 32
"""The closed batches are gone after so many later ones, before the next are closed."""

_CLOSED = "recent_closed"
"""Counter: number of the last batch that is closed, and one more; 0: none is."""

_MOVED = "recent_moved"
"""Counter: signals below this have been moved from the closed batches."""

END = 1 << 62
"""Above every number of a signal."""

Found = tuple[int, int, int, int, float | None, str | None, int]
"""A row of `recent_reading`: batch, signal, observed_at, received_at, value, text, code."""


class _Buffer(NamedTuple):
    """What is kept here."""

    closed: int
    moved: int
    batches: Sequence[Row[Any]]


_batches = select(recent_batch).order_by(recent_batch.c.batch)
_counters = select(counter.c.name, counter.c.value).where(counter.c.name.in_((_CLOSED, _MOVED)))


def append(database: Database, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep new readings, sorted by signal and time: received_at, value, text and code after these two. Moves a piece of the
    closed batches, if there are some.
    """
    if not rows:
        return
    batch = counters.take(connection, "recent_batch") + 1
    database.dialect.insert_rows(connection, recent_reading, [(batch, *row) for row in rows])
    times = [row[1] for row in rows]
    sample = np.array([row[0] for row in rows[SAMPLE // 2 :: SAMPLE]], dtype="<i8").tobytes()
    connection.execute(
        insert(recent_batch),
        {"batch": batch, "rows": len(rows), "oldest": min(times), "newest": max(times), "sample": sample},
    )
    buffer = _buffer(connection)
    if not buffer.closed and _is_full(buffer.batches):
        _set(connection, _CLOSED, batch + 1)
        buffer = buffer._replace(closed=batch + 1)
    if buffer.closed:
        _move(connection, buffer, least=max(2 * len(rows), PIECE_ROWS))


def settle(database: Database) -> None:
    """Move everything to history, in short transactions: for whoever reads that table alone."""
    while True:
        with database.write(lane="live") as connection:
            buffer = _buffer(connection)
            if not buffer.batches:
                return
            if not buffer.closed:
                closed = buffer.batches[-1].batch + 1
                _set(connection, _CLOSED, closed)
                buffer = buffer._replace(closed=closed)
            _move(connection, buffer, least=PIECE_ROWS)


def _buffer(connection: Connection) -> _Buffer:
    known = {row.name: row.value for row in connection.execute(_counters)}
    return _Buffer(known.get(_CLOSED, 0), known.get(_MOVED, 0), connection.execute(_batches).all())


def _is_full(batches: Sequence[Row[Any]]) -> bool:
    return len(batches) >= MAX_BATCHES or sum(row.rows for row in batches) >= MAX_ROWS


def _set(connection: Connection, name: str, value: int) -> None:
    changed = connection.execute(update(counter).where(counter.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(counter).values(name=name, value=value))


_move_rows = text(
    "INSERT INTO reading (day, signal, observed_at, received_at, value, text, code) "
    "SELECT r.observed_at / 86400000000 - (CASE WHEN r.observed_at % 86400000000 < 0 THEN 1 ELSE 0 END), "
    "r.signal, r.observed_at, r.received_at, r.value, r.text, r.code "
    "FROM recent_batch b CROSS JOIN recent_reading r "
    "WHERE b.batch < :closed AND r.batch = b.batch AND r.signal >= :start AND r.signal < :stop "
    "ORDER BY 1, 2, 3"
)
_forget_rows = text("DELETE FROM recent_reading WHERE batch = :batch AND signal >= :start AND signal < :stop")


def _move(connection: Connection, buffer: _Buffer, *, least: int) -> None:
    """Move the next piece of the closed batches, signals from `buffer.moved` on."""
    closed = [row for row in buffer.batches if row.batch < buffer.closed]
    total = sum(row.rows for row in closed)
    stop = _stop([row.sample for row in closed], buffer.moved, max(least, total // PIECES))
    piece = {"start": buffer.moved, "stop": stop}
    connection.execute(_move_rows, {"closed": buffer.closed, **piece})
    connection.execute(_forget_rows, [{"batch": row.batch, **piece} for row in closed])
    if stop == END:
        connection.execute(delete(recent_batch).where(recent_batch.c.batch < buffer.closed))
        _set(connection, _CLOSED, 0)
        _set(connection, _MOVED, 0)
    else:
        _set(connection, _MOVED, stop)


def _stop(samples: Iterable[bytes], start: int, rows: int) -> int:
    """The signal before which about so many rows lie, from `start` on; END if there are fewer."""
    signals = np.sort(np.concatenate([np.frombuffer(sample, "<i8") for sample in samples]))
    place = int(np.searchsorted(signals, start)) + max(rows // SAMPLE, 1)
    return int(signals[place]) + 1 if place < len(signals) else END


def find(connection: Connection, dialect: Dialect, keys: Sequence[tuple[int, int]]) -> list[Found]:
    """Rows by signal and time of observation, those that are here."""
    if not dialect.buffers_readings or not keys:
        return []
    batches = connection.execute(_batches).all()
    times = np.array([at for _, at in keys], np.int64)
    wanted = [
        (row.batch, *keys[place])
        for row in batches
        for place in np.flatnonzero((times >= row.oldest) & (times <= row.newest)).tolist()
    ]
    return dialect.find_rows(connection, recent_reading, wanted)


_of_signal = (
    select(
        recent_reading.c.observed_at,
        recent_reading.c.value,
        recent_reading.c.text,
        recent_reading.c.code,
        recent_reading.c.received_at,
    )
    .select_from(recent_batch)
    .join(recent_reading, recent_reading.c.batch == recent_batch.c.batch + 0)
    .where(
        recent_batch.c.newest >= bindparam("start"),
        recent_batch.c.oldest < bindparam("end"),
        recent_reading.c.signal == bindparam("number"),
        recent_reading.c.observed_at >= bindparam("start"),
        recent_reading.c.observed_at < bindparam("end"),
    )
    .order_by(recent_reading.c.observed_at)
)


def of_signal(connection: Connection, number: int, start: int, end: int) -> Sequence[Sequence[Any]]:
    """Readings of a signal observed from `start` to before `end`: observed_at, value, text, code, received_at."""
    return connection.execute(_of_signal, {"number": number, "start": start, "end": end}).all()


_until = (
    select(
        recent_reading.c.signal,
        recent_reading.c.observed_at,
        func.coalesce(recent_reading.c.value, 0.0),
        cast(recent_reading.c.code, BigInteger),
    )
    .select_from(recent_batch)
    .join(recent_reading, recent_reading.c.batch == recent_batch.c.batch + 0)
    .where(recent_batch.c.oldest <= bindparam("at"), recent_reading.c.observed_at <= bindparam("at"))
)


def newest_until(connection: Connection, dialect: Dialect, at: int) -> list[NDArray[Any]]:
    """Of each signal the newest reading here observed at or before `at`: signal, observed_at, value, code."""
    kinds = (np.int64, np.int64, np.float64, np.int64)
    signals, times, *others = dialect.columns(connection, _until, {"at": at}, kinds)
    order = np.lexsort((times, signals))
    last = order[np.append(np.diff(signals[order]) != 0, True)] if len(order) else order
    return [column[last] for column in (signals, times, *others)]
