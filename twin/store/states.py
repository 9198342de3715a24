"""What signals say now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, bindparam, select

from twin.errors import InvalidQuery
from twin.ports import StateRecord
from twin.state import Quality
from twin.store.database import Database
from twin.store.pace import lists
from twin.store.schema import model, twin_object
from twin.store.schema_live import signal, signal_state
from twin.store.signals import signal_columns, signal_record
from twin.store.values import decode, quality_of

MAX_SIGNALS = 10_000
"""Signals of one request."""


def state_columns(start: FromClause = signal) -> Select[Any]:
    """Select what `state_record` needs; `start` as of `signal_columns`."""
    state = signal_state.c
    return (
        signal_columns(start)
        .add_columns(
            state.value,
            state.text,
            state.code,
            state.observed_at,
            state.received_at,
            state.changed_at,
            state.period_us,
            state.stale,
        )
        .join(signal_state, signal_state.c.number == signal.c.number)
    )


def state_record(row: Row[Any] | tuple[Any, ...], now: int) -> StateRecord:
    """The state in a row. Signals that the sweep has not come to yet are stale all the same."""
    value, text, code, observed_at, received_at, changed_at, period_us, stale = row[9:17]
    told = signal_record(row)
    if observed_at is None:
        return StateRecord(signal=told)
    quality = quality_of(code)
    silent = stale or (period_us is not None and observed_at + period_us < now)
    return StateRecord(
        signal=told,
        value=decode(value, text, code),
        quality=Quality.STALE if silent and quality is not Quality.BAD else quality,
        observed_at=observed_at,
        received_at=received_at,
        changed_at=changed_at,
    )


_by_number = state_columns().where(signal.c.number.in_(bindparam("numbers", expanding=True)))


def states_by_number(database: Database, numbers: Sequence[int]) -> list[StateRecord]:
    """See `twin.ports.StateReader.states_by_number`."""
    with database.read() as connection:
        return _records(connection, numbers, database.now())


def _records(connection: Connection, numbers: Sequence[int], now: int) -> list[StateRecord]:
    found = {}
    for some in lists(sorted(set(numbers))):
        for row in connection.execute(_by_number, {"numbers": some}).all():
            found[row[0]] = state_record(row, now)
    return [found[number] for number in numbers if number in found]


_numbers = (
    select(twin_object.c.global_id, signal.c.name, signal.c.number)
    .join(model, model.c.id == twin_object.c.model_id)
    .join(signal, signal.c.state_index == twin_object.c.state_index)
    .where(
        model.c.key == bindparam("key"),
        twin_object.c.global_id.in_(bindparam("global_ids", expanding=True)),
        signal.c.name.in_(bindparam("names", expanding=True)),
    )
)


def states_of(database: Database, signals: Sequence[str]) -> list[StateRecord]:
    """See `twin.ports.StateReader.states_of`."""
    if len(signals) > MAX_SIGNALS:
        raise InvalidQuery(f"{len(signals)} signals are too many; ask for at most {MAX_SIGNALS} at once.")
    parts = [split_signal_id(identifier) for identifier in signals]
    by_model: dict[str, set[str]] = {}
    for key, global_id, _ in parts:
        by_model.setdefault(key, set()).add(global_id)
    names = sorted({name for *_, name in parts})
    numbers: dict[tuple[str, str, str], int] = {}
    with database.read() as connection:
        for key, global_ids in by_model.items():
            for some in lists(sorted(global_ids)):
                rows = connection.execute(_numbers, {"key": key, "global_ids": some, "names": names}).all()
                numbers.update([((key, row[0], row[1]), row[2]) for row in rows])
        wanted = [numbers[part] for part in parts if part in numbers]
        return _records(connection, wanted, database.now())


def split_signal_id(identifier: str) -> tuple[str, str, str]:
    """Model key, GlobalId and name; raises InvalidQuery. Keys and names hold no slash, GlobalIds of GIS layers may."""
    model_key, _, rest = identifier.partition("/")
    global_id, slash, name = rest.rpartition("/")
    if not (model_key and slash and global_id and name):
        raise InvalidQuery(f"{identifier!r} is no signal id; write model/global_id/name.")
    return model_key, global_id, name
