"""What batches did to states, for feeds: written with the batch, kept for a while."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select

from twin.alarms import AlarmRecord
from twin.commands import Step
from twin.events import ChangeKind
from twin.ports import StateChange, StateDelta
from twin.store import counters, direct
from twin.store.database import Database
from twin.store.schema import counter
from twin.store.schema_live import state_change
from twin.times import from_microseconds

KEPT_BYTES = 256 << 20
"""Some five million deltas: at 25,000 readings/s a feed may be away for three minutes, at 1,000/s for more than an hour."""

KEPT_US = 3_600 * 1_000_000
"""An hour: a client that was away for longer is better served by a snapshot."""

_AT_ONCE = 16
"""Rows dropped by one transaction: more than it adds, so that the log shrinks to its bound, few enough to be quick."""

_DROPPED = "state_change_dropped"
"""Name of the counter that holds the highest number that has been dropped."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[StateDelta])
_alarms = msgspec.msgpack.Decoder(list[AlarmRecord])
_commands = msgspec.msgpack.Decoder(list[Step])

_ends = direct.text(
    "SELECT (SELECT total FROM state_change ORDER BY seq DESC LIMIT 1), total, at FROM state_change ORDER BY seq LIMIT 1"
)
"""Bytes of the whole log; and of the oldest row."""
_oldest = (
    select(state_change.c.seq, state_change.c.total, state_change.c.at)
    .order_by(state_change.c.seq)
    .limit(_AT_ONCE)
)
_insert = direct.text(
    "INSERT INTO state_change (seq, at, kind, total, body, passed) VALUES ({}, {}, {}, {}, {}, {})"
)


def encoded(deltas: Sequence[StateDelta] | Sequence[AlarmRecord] | Sequence[Step]) -> bytes:
    """The body of a row: to be made before the write lock is held where that is possible."""
    return _encoder.encode(deltas)


def write(
    connection: Connection, kind: ChangeKind, body: bytes, *, now: int, passed: bytes | None = None
) -> int:
    """Write a row and return its number. Always the last step of its transaction."""
    ends = direct.run(connection, _ends).fetchone()
    total = (0 if ends is None else ends[0]) + len(body) + len(passed or b"")
    if ends is not None and _is_old(ends[1], ends[2], total, now):
        _drop(connection, total, now)
    seq = counters.take(connection, "change") + 1
    direct.run(connection, _insert, (seq, now, kind.value, total, body, passed))
    return seq


def _is_old(reached: int, at: int, total: int, now: int) -> bool:
    """Whether a row is to be dropped; `reached`: bytes of the log up to it, `total`: of all."""
    return reached <= total - KEPT_BYTES or at < now - KEPT_US


def _drop(connection: Connection, total: int, now: int) -> None:
    rows = connection.execute(_oldest).all()
    gone = [row.seq for row in rows if _is_old(row.total, row.at, total, now)]
    if gone:
        connection.execute(delete(state_change).where(state_change.c.seq <= gone[-1]))
        connection.execute(delete(counter).where(counter.c.name == _DROPPED))
        connection.execute(insert(counter).values(name=_DROPPED, value=gone[-1]))


def state_changes(database: Database, after: int, *, limit: int) -> list[StateChange]:
    """See `twin.ports.StateReader.state_changes`."""
    newer = select(state_change).where(state_change.c.seq > after).order_by(state_change.c.seq).limit(limit)
    with database.read() as connection:
        rows = connection.execute(newer).all()
    return [_change(row) for row in rows]


def _change(row: Row[Any]) -> StateChange:
    kind, at = ChangeKind(row.kind), from_microseconds(row.at)
    if kind is ChangeKind.ALARMS_CHANGED:
        return StateChange(seq=row.seq, kind=kind, at=at, states=[], alarms=_alarms.decode(row.body))
    if kind is ChangeKind.COMMANDS_CHANGED:
        return StateChange(seq=row.seq, kind=kind, at=at, states=[], commands=_commands.decode(row.body))
    passed = [] if row.passed is None else _decoder.decode(row.passed)
    return StateChange(seq=row.seq, kind=kind, at=at, states=_decoder.decode(row.body), passed=passed)


def oldest_change(database: Database) -> int:
    """See `twin.ports.StateReader.oldest_change`."""
    with database.read() as connection:
        return counters.peek(connection, _DROPPED)
