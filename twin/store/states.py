"""What signals say now."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    case,
    or_,
    select,
    true,
)

from twin.errors import InvalidQuery
from twin.ports import StateRecord
from twin.state import Quality
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.schema import model, twin_object
from twin.store.schema_live import signal, signal_state
from twin.store.signals import signal_columns, signal_record
from twin.store.values import QUALITY_CODES, decode, quality_of

MAX_SIGNALS = 10_000
"""Signals of one request."""


FEW = 4
"""Signals up to which a statement for each, that is made once, is faster than making one for all."""

FEW_NAMES = 32
"""Names of signals up to which a statement for each is faster than one that finds every signal of a name at every object."""


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


def shown_code(state: FromClause, now: ColumnElement[int] | int) -> ColumnElement[int]:
    """The effective quality in `signal_state`, as its place in `QUALITIES`; -1: has never reported."""
    its = state.c
    silent = or_(its.stale, its.observed_at + its.period_us < now)
    stale = and_(its.observed_at.is_not(None), its.code % 4 != QUALITY_CODES[Quality.BAD], silent)
    return case((stale, QUALITY_CODES[Quality.STALE]), (its.observed_at.is_(None), -1), else_=its.code % 4)


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


def records_by_number(
    database: Database, connection: Connection, numbers: Sequence[int]
) -> list[StateRecord]:
    """States by number, in this order; those that do not exist are left out."""
    dialect, now = database.dialect, database.now()
    given = dialect.given_ids(sorted(set(numbers))).subquery("given")
    # Joined, and first: PostgreSQL takes tables in this order, and would go through all signals to see which are asked for.
    start = given.join(signal, signal.c.number == given.c.id)
    rows = connection.execute(state_columns(start)).all()
    found = {row[0]: state_record(row, now) for row in rows}
    return [found[number] for number in numbers if number in found]


def states_by_number(database: Database, numbers: Sequence[int]) -> list[StateRecord]:
    """See `twin.ports.StateReader.states_by_number`."""
    with database.read() as connection:
        return records_by_number(database, connection, numbers)


def _placed() -> Select[Any]:
    """State of the signal of this name at an object of a model."""
    # From the object on: PostgreSQL takes tables in this order.
    start = model.join(twin_object, twin_object.c.model_id == model.c.id)
    number = (
        select(signal.c.number)
        .select_from(start.join(signal, signal.c.state_index == twin_object.c.state_index))
        .where(
            model.c.key == bindparam("key"),
            twin_object.c.global_id == bindparam("global_id"),
            signal.c.name == bindparam("name"),
        )
        .subquery()
    )
    return state_columns(number.join(signal, signal.c.number == number.c.number))


_one = _placed()


def _named(dialect: Dialect, key: str, global_ids: Sequence[str], names: Sequence[str]) -> Select[Any]:
    """States of signals of these objects of a model that have one of these names."""
    given = dialect.given_texts(global_ids)
    objects: FromClause = twin_object
    wanted: ColumnElement[bool] = twin_object.c.global_id.in_(given)
    if dialect.plans_as_written:
        # What is asked for comes first, or all objects are gone through.
        first = given.subquery("given")
        objects = first.join(twin_object, twin_object.c.global_id == first.c.text)
        wanted = true()
    numbers = (
        select(signal.c.number)
        .select_from(objects)
        .join(model, model.c.id == twin_object.c.model_id)
        .join(signal, signal.c.state_index == twin_object.c.state_index)
        .where(model.c.key == bindparam(None, key), wanted, signal.c.name.in_(dialect.given_texts(names)))
        .subquery()
    )
    return state_columns(numbers.join(signal, signal.c.number == numbers.c.number))


def _asked(dialect: Dialect, key: str, pairs: Iterable[tuple[str, str]]) -> Iterator[Select[Any]]:
    """Statements for signals of a model by GlobalId and name: one for each name, unless the names are many."""
    by_name: dict[str, list[str]] = {}
    for global_id, name in pairs:
        by_name.setdefault(name, []).append(global_id)
    if len(by_name) <= FEW_NAMES:
        yield from (_named(dialect, key, global_ids, [name]) for name, global_ids in by_name.items())
    else:
        everyone = {global_id for global_ids in by_name.values() for global_id in global_ids}
        yield _named(dialect, key, list(everyone), list(by_name))


def _found(
    dialect: Dialect, connection: Connection, key: str, pairs: Sequence[tuple[str, str]]
) -> Iterator[Any]:
    """Rows of signals of a model by GlobalId and name, and of others perhaps."""
    if len(pairs) <= FEW:
        for global_id, name in pairs:
            this = {"key": key, "global_id": global_id, "name": name}
            yield from connection.execute(_one, this).all()
    else:
        for statement in _asked(dialect, key, pairs):
            yield from connection.execute(statement).all()


def states_of(database: Database, signals: Sequence[str]) -> list[StateRecord]:
    """See `twin.ports.StateReader.states_of`."""
    if len(signals) > MAX_SIGNALS:
        raise InvalidQuery(f"{len(signals)} signals are too many; ask for at most {MAX_SIGNALS} at once.")
    parts = [split_signal_id(identifier) for identifier in signals]
    found: dict[str, dict[tuple[str, str], StateRecord | None]] = {}
    for key, global_id, name in parts:
        found.setdefault(key, {})[global_id, name] = None
    now = database.now()
    with database.read() as connection:
        for key, of_model in found.items():
            for row in _found(database.dialect, connection, key, list(of_model)):
                identity = (row[7], row[2])  # by place: by name takes seven times as long
                if identity in of_model:
                    of_model[identity] = state_record(row, now)
    states = (found[key][global_id, name] for key, global_id, name in parts)
    return [state for state in states if state is not None]


def split_signal_id(identifier: str) -> tuple[str, str, str]:
    """Model key, GlobalId and name; raises InvalidQuery. Keys and names hold no slash, GlobalIds of GIS layers may."""
    model_key, _, rest = identifier.partition("/")
    global_id, slash, name = rest.rpartition("/")
    if not (model_key and slash and global_id and name):
        raise InvalidQuery(f"{identifier!r} is no signal id; write model/global_id/name.")
    return model_key, global_id, name
