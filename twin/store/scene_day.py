"""All states and the readings of one day in one pass, in two parts at once: what a scene of very many signals begins with.

Going through the states first and looking up the readings then makes two rows for each signal, and making rows costs as much as
looking up. The parts run over connections that see the same state of the database, each in a thread of its own.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    true,
)

from twin.store.dialect import Dialect
from twin.store.folding import DAY_US
from twin.store.ids import SPAN
from twin.store.schema import model, twin_object
from twin.store.schema_live import reading, signal_state

SAMPLE = 100
"""Signals whose readings of a day are counted, to choose between the ways of looking for those of all."""

PARTS = 2
"""Threads of one scene: a server has other work to do, and two cores is what the smallest has."""

CODES = 16
"""Codes are below this: a period in microseconds and a code are one number."""

STATE = (np.int64, np.int64, np.float64, np.int64)
"""A state as four numbers: signal and object, time, value, period and code."""

_state = signal_state.c
_at: ColumnElement[int] = bindparam("at")
_day: ColumnElement[int] = bindparam("day")
_last_number = select(func.max(_state.number))
sampled = select(func.count()).where(
    reading.c.day == _day,
    reading.c.signal.in_(bindparam("numbers", expanding=True)),
    reading.c.observed_at <= _at,
)
"""How many readings some signals have on a day, up to an instant."""


def is_worth_it(connection: Connection, at: int, *, few: int, scanned: int) -> bool:
    """Whether there are more signals than `few`, with more than `scanned` readings each on the day of `at`, up to it.

    With fewer readings, going through all of them is faster than looking up the newest.
    """
    last = connection.execute(_last_number).scalar() or 0
    if last <= few:
        return False
    sample = range(1, last + 1, last // SAMPLE + 1)
    values = {"day": at // DAY_US, "at": at, "numbers": list(sample)}
    return connection.execute(sampled, values).scalar_one() > len(sample) * scanned


def states_with_day(
    dialect: Dialect, connections: Sequence[Connection], at: int, models: Sequence[str]
) -> list[NDArray[Any]]:
    """Of each signal that had reported by `at`, in their order, `STATE`: the present state where that is of `at` or before, else the
    newest reading of its day up to `at`, else the present state, which is too new.
    """
    last = (connections[0].execute(_last_number).scalar() or 0) + 1
    cuts = [last * place // len(connections) for place in range(len(connections) + 1)]
    values = {"at": at, "day": at // DAY_US} | ({"keys": list(models)} if models else {})
    parts = [{**values, "first": first, "stop": stop} for first, stop in pairwise(cuts)]
    statement = _statement(dialect, of_models=bool(models))
    found = dialect.columns_at_once(connections, statement, parts, STATE)
    order = np.argsort(found[0], kind="stable")  # runs that are sorted already cost next to nothing
    return [column[order] for column in found]


@lru_cache(maxsize=8)
def _statement(dialect: Dialect, *, of_models: bool) -> Select[Any]:
    start, then = (_lateral if dialect.plans_as_written else _joined)()
    newer = then.observed_at.is_not(None)
    statement = (
        select(
            (_state.number * SPAN + _state.state_index).label("whole"),
            func.coalesce(then.observed_at, _state.observed_at).label("observed_at"),
            func.coalesce(case((newer, then.value), else_=_state.value), 0.0).label("value"),
            cast(
                func.coalesce(_state.period_us, -1) * CODES + func.coalesce(then.code, _state.code),
                BigInteger,
            ).label("code"),
        )
        .select_from(start)
        .where(_state.first_at <= _at, _state.number >= bindparam("first"), _state.number < bindparam("stop"))
    )
    if not of_models:
        return statement
    return (
        statement.join(twin_object, twin_object.c.state_index == _state.state_index)
        .join(model, model.c.id == twin_object.c.model_id)
        .where(model.c.key.in_(bindparam("keys", expanding=True)))
    )


def _joined() -> tuple[FromClause, Any]:
    """Two look-ups for a signal that has reported since: the newest time, and its row, which lies where that was found.

    `+ 0` has the planner go from signals to readings.
    """
    number = _state.number + 0
    inner = reading.alias("inner_reading")
    newest = (
        select(func.max(inner.c.observed_at))
        .where(inner.c.day == _day, inner.c.signal == number, inner.c.observed_at <= _at)
        .scalar_subquery()
    )
    wanted = case((_state.observed_at > _at, newest))
    here = and_(reading.c.day == _day, reading.c.signal == number, reading.c.observed_at == wanted)
    return signal_state.outerjoin(reading, here), reading.c


def _lateral() -> tuple[FromClause, Any]:
    """One look-up for a signal that has reported since."""
    then = (
        select(reading.c.observed_at, reading.c.value, reading.c.code)
        .where(
            reading.c.day == _day,
            reading.c.signal == _state.number,
            reading.c.observed_at <= _at,
            _state.observed_at > _at,
        )
        .order_by(reading.c.observed_at.desc())
        .limit(1)
        .lateral("then")
    )
    return signal_state.outerjoin(then, true()), then.c
