"""Signals that have gone silent."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from twin.events import ChangeKind
from twin.ports import StateDelta
from twin.state import Quality
from twin.store import live_changes
from twin.store.database import Database
from twin.store.folding import StateRow, state_of
from twin.store.pace import Pace
from twin.store.schema_live import signal_state

_FIRST_PIECE = 1_000
"""Signals marked by the first transaction; the pace is learnt from there."""


def sweep_stale(database: Database) -> int:
    """See `twin.ports.ReadingWriter.sweep_stale`. Silent ones are looked for without the write lock, and looked at again under it."""
    state = signal_state.c
    now = database.now()
    silent = select(state.number).where(
        state.stale.is_(False), state.period_us.is_not(None), state.observed_at + state.period_us < now
    )
    with database.read() as connection:
        numbers = list(connection.execute(silent.order_by(state.number)).scalars())

    def is_silent(row: StateRow) -> bool:
        observed_at, period_us = row[4], row[7]
        return observed_at is not None and period_us is not None and observed_at + period_us < now

    return _mark(database, numbers, is_silent)


def mark_stale(database: Database, signals: Sequence[int]) -> int:
    """See `twin.ports.ReadingWriter.mark_stale`."""
    return _mark(database, sorted(set(signals)), lambda row: row[4] is not None)


def _mark(database: Database, numbers: Sequence[int], wanted: Callable[[StateRow], bool]) -> int:
    marked = 0
    for piece in Pace(_FIRST_PIECE).pieces(numbers):
        marked += _mark_piece(database, piece, wanted)
    return marked


def _mark_piece(database: Database, numbers: Sequence[int], wanted: Callable[[StateRow], bool]) -> int:
    with database.write(lane="live") as connection:
        rows = database.dialect.find_rows(connection, signal_state, [(number,) for number in numbers])
        silent: list[StateRow] = [row for row in rows if not row[8] and wanted(row)]
        if not silent:
            return 0
        database.states.begin(connection)
        database.dialect.update_rows(connection, signal_state, ("stale",), [(True, row[0]) for row in silent])
        database.states.keep([(*row[:8], True, *row[9:]) for row in silent])
        body = live_changes.encoded([_delta(row) for row in silent])
        live_changes.write(connection, ChangeKind.STATES_STALE, body, now=database.now())
    return len(silent)


def _delta(row: StateRow) -> StateDelta:
    state = state_of(row)
    assert state is not None
    bad = state.quality is Quality.BAD
    return StateDelta(
        row[0],
        state.value,
        Quality.BAD if bad else Quality.STALE,
        state.observed_at,
        state.received_at,
        state.changed_at,
        not bad,
    )
