"""Every signal at one instant, and at this one.

Signals that have not reported since are answered from their states. The others are looked for in history, one day after the other
from the instant backwards; each is there, because it first reported before. Columns come from the driver straight into arrays
(`Dialect.columns`): rows of a million signals as objects take four times as long.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, bindparam, cast, func, select

from twin.ports import SceneAt, StateQuery
from twin.store import archived, membership, recent
from twin.store.archived import PERIOD_DAYS, PERIOD_US
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.folding import DAY_US
from twin.store.history import days
from twin.store.ids import SPAN
from twin.store.scene_day import CODES, PARTS, SAMPLE, STATE, is_worth_it, sampled, states_with_day
from twin.store.schema import model, twin_object
from twin.store.schema_live import reading, signal_state
from twin.store.state_search import selection
from twin.store.states import shown_code
from twin.store.values import TEXT

_STALE, _BAD = 2, 3
"""Places of these in `twin.ports.QUALITIES`."""

NEVER = 255
"""Quality of a signal that has never reported."""

FEW = 5_000
"""Signals that are asked for by number (3 µs each); more are found by going through all states (1 µs each, of all)."""

SCANNED = 20
"""Readings of a signal a day up to which going through all of them is faster than looking up the newest (0.15 µs each, 3 µs)."""

_state = signal_state.c
_at: ColumnElement[int] = bindparam("at")
_day: ColumnElement[int] = bindparam("day")


def _whole(state: Any) -> tuple[ColumnElement[Any], ...]:
    """A state as four numbers: signal and object, time, value, period and code."""
    return (
        state.number * SPAN + state.state_index,
        func.coalesce(state.observed_at, 0),
        func.coalesce(state.value, 0.0),
        cast(func.coalesce(state.period_us, -1) * CODES + state.code, BigInteger),
    )


_base = select(*_whole(_state)).where(_state.first_at <= _at).order_by(_state.number)
_base_of_models = (
    _base.join(twin_object, twin_object.c.state_index == _state.state_index)
    .join(model, model.c.id == twin_object.c.model_id)
    .where(model.c.key.in_(bindparam("keys", expanding=True)))
)
_oldest = select(func.min(_state.first_at)).where(_state.first_at <= _at, _state.observed_at > _at)

_inner = reading.alias("inner_reading")
_found = (
    reading.c.signal,
    reading.c.observed_at,
    func.coalesce(reading.c.value, 0.0),
    cast(reading.c.code, BigInteger),
)
_READING = (np.int64, np.int64, np.float64, np.int64)


def _of_day(numbers: Any) -> Select[Any]:
    """The newest reading of each signal in a day."""
    newest = (
        select(func.max(_inner.c.observed_at))
        .where(_inner.c.day == _day, _inner.c.signal == numbers, _inner.c.observed_at <= _at)
        .scalar_subquery()
    )
    mine = (reading.c.day == _day, reading.c.signal == numbers, reading.c.observed_at == newest)
    return select(*_found).select_from(signal_state).join(reading, and_(*mine))


# `+ 0` has the planner go from signals to readings: two look-ups for each signal, however many readings a day has.
_of_all = _of_day(signal_state.c.number + 0).where(_state.observed_at > _at, _state.first_at <= _at)

_last = (
    select(_inner.c.signal, func.max(_inner.c.observed_at).label("observed_at"))
    .where(_inner.c.day == _day, _inner.c.observed_at <= _at)
    .group_by(_inner.c.signal)
    .subquery()
)
_by_scan = select(*_found).join_from(
    _last,
    reading,
    and_(
        reading.c.day == _day,
        reading.c.signal == _last.c.signal,
        reading.c.observed_at == _last.c.observed_at,
    ),
)


def scene_at(database: Database, at: int, models: Sequence[str]) -> SceneAt:
    """See `twin.ports.StateReader.scene_at`."""
    with database.read() as connection:
        at_once = PARTS if is_worth_it(connection, at, few=FEW, scanned=SCANNED) else 1
    with database.read_together(at_once) as connections:
        connection = connections[0]
        if at_once > 1:
            columns = states_with_day(database.dialect, connections, at, models)
        else:
            columns = _states(database.dialect, connection, at, models)
        scene = _Scene(columns, at)
        if scene.missing.any():
            _search(database, connection, scene, at)
        scene.drop(membership.absent(connection, at))
        texts = _texts(database, connection, scene)
    return scene.finished(texts)


def _states(dialect: Dialect, connection: Connection, at: int, models: Sequence[str]) -> list[NDArray[Any]]:
    """`STATE` of all signals that had reported by `at`, as they are now."""
    if models:
        return dialect.columns(connection, _base_of_models, {"at": at, "keys": list(models)}, STATE)
    return dialect.columns(connection, _base, {"at": at}, STATE)


def scene_now(database: Database, query: StateQuery) -> SceneAt:
    """See `twin.ports.StateReader.scene_now`."""
    now = database.now()
    with database.read() as connection:
        chosen = selection(database, connection, query)
        shown = cast(shown_code(signal_state, bindparam("now")) * CODES + _state.code, BigInteger)
        statement = chosen.of(*_whole(_state)[:3], shown).order_by(_state.number)
        whole, observed_at, values, codes = database.dialect.columns(
            connection, statement, chosen.values, STATE
        )
        scene = _Scene((whole, observed_at, values, codes & (CODES - 1)), now)
        texts = _texts(database, connection, scene)
    found = scene.finished(texts)
    found.quality[:] = (codes >> 4).astype(np.uint8)  # -1, never reported, becomes NEVER
    return found


def _search(database: Database, connection: Connection, scene: "_Scene", at: int) -> None:
    """Find what those signals said that have reported since."""
    searched = scene.missing
    scene.take(recent.newest_until(connection, database.dialect, at))
    oldest = connection.execute(_oldest, {"at": at}).scalar()
    times = (at if oldest is None else oldest, at + 1)
    filed = set(archived.periods(connection, *times))
    placed = days(connection, *times)[::-1]
    for period in sorted({*filed, *(day // PERIOD_DAYS for day in placed)}, reverse=True):
        # A reading of this time or a later one, found among the recent ones, may be the newest, but need not be.
        searched &= scene.missing | (scene.observed_at < (period + 1) * PERIOD_US)
        if not searched.any():
            return
        of_period = [day for day in placed if day // PERIOD_DAYS == period]
        _search_days(connection, database.dialect, scene, searched.copy(), of_period)
        if period in filed:
            # After the table: of two readings of one time its row stands.
            numbers = scene.numbers[searched].tolist()
            found = archived.newest(database, connection, period, numbers, at)
            scene.take((found.signals, found.observed_at, found.values, found.codes))
        searched &= scene.missing | (scene.observed_at < period * PERIOD_US)


def _search_days(
    connection: Connection,
    dialect: Dialect,
    scene: "_Scene",
    searched: NDArray[np.bool_],
    some: Sequence[int],
) -> None:
    """Go through days backwards."""
    for day in some:
        searched &= scene.missing | (scene.observed_at < (day + 1) * DAY_US)
        if not searched.any():
            return
        scene.take(_of_history(connection, dialect, scene.numbers[searched], day, scene.at))
        searched &= scene.missing | (scene.observed_at < day * DAY_US)


def _of_history(
    connection: Connection, dialect: Dialect, numbers: NDArray[np.int64], day: int, at: int
) -> list[NDArray[Any]]:
    """Readings of a day: signal, time, value, code."""
    values: dict[str, Any] = {"day": day, "at": at}
    if len(numbers) <= FEW:
        few = _of_day(_state.number + 0).where(_state.number.in_(dialect.given_ids(numbers.tolist())))
        return dialect.columns(connection, few, values, _READING)
    sample = numbers[:: len(numbers) // SAMPLE + 1].tolist()
    rows = connection.execute(sampled, {**values, "numbers": sample}).scalar_one()
    statement = _by_scan if rows <= len(sample) * SCANNED else _of_all
    return dialect.columns(connection, statement, values, _READING)


def _texts(database: Database, connection: Connection, scene: "_Scene") -> dict[int, str]:
    """Texts by signal, of those whose value is one."""
    keys = scene.text_keys
    if not keys:
        return {}
    dialect = database.dialect
    wanted = dict(keys)
    texts: dict[int, str] = {}
    for row in dialect.find_rows(connection, signal_state, [(number,) for number in wanted]):
        if row[4] == wanted[row[0]]:
            texts[row[0]] = row[2]
    past = [key for key in keys if key[0] not in texts]
    settled = [(observed_at // DAY_US, number, observed_at) for number, observed_at in past]
    filed = archived.find(database, connection, past)
    placed = dialect.find_rows(connection, reading, settled)
    rows = [*filed, *placed, *recent.find(connection, dialect, past)]
    return texts | {row[1]: row[5] for row in rows if row[5] is not None}


class _Scene:
    """Columns that are filled while history is searched."""

    def __init__(self, columns: Sequence[NDArray[Any]], at: int) -> None:
        whole, self.observed_at, self.values, packed = columns
        self.at = at
        self.numbers = whole // SPAN
        self.state_indexes = whole % SPAN
        self.codes = packed & (CODES - 1)
        self.periods_us = packed >> 4

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) which signals have no reading of that time yet: the one they have came after it."""
        return self.observed_at > self.at

    @property
    def text_keys(self) -> list[tuple[int, int]]:
        """Signal and time of observation of those whose value is a text."""
        said = ((self.codes & 12) == TEXT) & ~self.missing & (self.observed_at != 0)
        return list(zip(self.numbers[said].tolist(), self.observed_at[said].tolist(), strict=True))

    def take(self, found: Sequence[NDArray[Any]]) -> None:
        """Enter readings of that time (signal, time, value, code) where they are newer than what is known of it."""
        numbers, observed_at, values, codes = found
        if not len(self.numbers):
            return
        places = np.searchsorted(self.numbers, numbers)
        places[places == len(self.numbers)] = 0
        known = self.numbers[places] == numbers
        known &= self.missing[places] | (self.observed_at[places] < observed_at)
        self.observed_at[places[known]] = observed_at[known]
        self.values[places[known]] = values[known]
        self.codes[places[known]] = codes[known]

    def drop(self, state_indexes: NDArray[np.int64]) -> None:
        """Leave out the signals of these objects."""
        if len(state_indexes):
            kept = ~np.isin(self.state_indexes, state_indexes)
            for name in ("numbers", "state_indexes", "observed_at", "values", "codes", "periods_us"):
                setattr(self, name, getattr(self, name)[kept])

    def finished(self, texts: dict[int, str]) -> SceneAt:
        """The scene, with the qualities that screens showed then."""
        there = ~self.missing
        numbers, codes, observed_at = self.numbers[there], self.codes[there], self.observed_at[there]
        periods_us = self.periods_us[there]
        quality = (codes & 3).astype(np.uint8)
        silent = (periods_us >= 0) & (observed_at + periods_us < self.at)
        quality[silent & (quality != _BAD)] = _STALE
        values = self.values[there]
        values[(codes & 12) == TEXT] = np.nan
        rows = np.searchsorted(numbers, np.array(list(texts), np.int64)).tolist()
        return SceneAt(
            at=self.at,
            signals=numbers.astype(np.uint32),
            state_indexes=self.state_indexes[there].astype(np.uint32),
            values=values,
            texts=dict(zip(rows, texts.values(), strict=True)),
            quality=quality,
            observed_at=observed_at,
        )
