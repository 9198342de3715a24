"""Every signal at one instant.

Signals that have not reported since are answered from their states. The others are looked for in history, one day after the other
from the instant backwards; each is there, because it first reported before.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, bindparam, func, select

from twin.ports import SceneAt
from twin.store import recent
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.history import days
from twin.store.pace import lists
from twin.store.schema import model, twin_object
from twin.store.schema_live import reading, signal, signal_state
from twin.store.values import TEXT

_STALE, _BAD = 2, 3
"""Places of these in `twin.ports.QUALITIES`."""

FEW = 5_000
"""Signals that are asked for by number (3 µs each); more are found by going through all states (1 µs each, of all)."""

_base = (
    select(
        signal.c.number,
        signal.c.state_index,
        signal_state.c.period_us,
        signal_state.c.observed_at,
        signal_state.c.value,
        signal_state.c.code,
        signal_state.c.text,
        signal_state.c.first_at,
    )
    .join(signal_state, signal_state.c.number == signal.c.number)
    .where(signal_state.c.first_at <= bindparam("at"))
    .order_by(signal.c.number)
)
_base_of_models = (
    _base.join(twin_object, twin_object.c.state_index == signal.c.state_index)
    .join(model, model.c.id == twin_object.c.model_id)
    .where(model.c.key.in_(bindparam("keys", expanding=True)))
)

_inner = reading.alias("inner_reading")


def _of_day(numbers: Any) -> Select[Any]:
    """The newest reading of each signal in a day."""
    newest = (
        select(func.max(_inner.c.observed_at))
        .where(
            _inner.c.day == bindparam("day"),
            _inner.c.signal == numbers,
            _inner.c.observed_at <= bindparam("at"),
        )
        .scalar_subquery()
    )
    columns = (reading.c.signal, reading.c.observed_at, reading.c.value, reading.c.code, reading.c.text)
    return select(*columns).where(
        reading.c.day == bindparam("day"), reading.c.signal == numbers, reading.c.observed_at == newest
    )


# `+ 0` has the planner go from signals to readings: two look-ups for each signal, however many readings a day has.
_of_all = _of_day(signal_state.c.number + 0).where(
    signal_state.c.observed_at > bindparam("at"), signal_state.c.first_at <= bindparam("at")
)
_of_few = _of_day(signal_state.c.number + 0).where(
    signal_state.c.number.in_(bindparam("numbers", expanding=True))
)


def scene_at(database: Database, at: int, models: Sequence[str]) -> SceneAt:
    """See `twin.ports.StateReader.scene_at`."""
    with database.read() as connection:
        if models:
            rows = connection.execute(_base_of_models, {"at": at, "keys": list(models)})
        else:
            rows = connection.execute(_base, {"at": at})
        scene = _Scene(rows.all(), at)
        if scene.missing.any():
            _search(connection, scene, at)
    return scene.finished()


def _search(connection: Connection, scene: "_Scene", at: int) -> None:
    """Find what those signals said that have reported since."""
    searched = scene.missing
    scene.take(recent.newest_until(connection, at))
    for day in reversed(days(connection, scene.oldest, at + 1)):
        # A reading of this day or a later one, found among the recent ones, may be the newest, but need not be.
        searched &= scene.missing | (scene.observed_at < (day + 1) * DAY_US)
        if not searched.any():
            return
        scene.take(_found(connection, scene.numbers[searched], day, at))
        searched &= scene.missing | (scene.observed_at < day * DAY_US)


def _found(connection: Connection, numbers: NDArray[np.int64], day: int, at: int) -> Sequence[Sequence[Any]]:
    """Rows of a day: signal, observed_at, value, code, text."""
    values = {"day": day, "at": at}
    if len(numbers) > FEW:
        return connection.execute(_of_all, values).all()
    return [
        row
        for some in lists(numbers.tolist())
        for row in connection.execute(_of_few, {**values, "numbers": some}).all()
    ]


class _Scene:
    """Columns that are filled while history is searched."""

    def __init__(self, rows: Sequence[Sequence[Any]], at: int) -> None:
        self._at = at
        count = len(rows)
        columns = list(zip(*rows, strict=True)) or [()] * 8
        self.numbers = np.fromiter(columns[0], np.int64, count)
        self.state_indexes = np.fromiter(columns[1], np.uint32, count)
        self.periods_us = np.array([-1 if p is None else p for p in columns[2]], np.int64)
        self.observed_at = np.fromiter(columns[3], np.int64, count)
        self.values = np.array(columns[4], np.float64)
        self.codes = np.fromiter(columns[5], np.uint8, count)
        self.oldest = min(columns[7], default=0)
        """No signal has reported before."""
        self.texts = {place: text for place, text in enumerate(columns[6]) if text is not None}

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) which signals have no reading of that time yet: the one they have came after it."""
        return self.observed_at > self._at

    def take(self, found: Sequence[Sequence[Any]]) -> None:
        """Enter readings of that time where they are newer than what is known of it."""
        if not found:
            return
        numbers, observed_at, values, codes, texts = zip(*found, strict=True)
        places, known = self._places(np.array(numbers, np.int64), np.array(observed_at, np.int64))
        self.observed_at[places] = np.array(observed_at, np.int64)[known]
        self.values[places] = np.array(values, np.float64)[known]
        self.codes[places] = np.array(codes, np.uint8)[known]
        for place, row in zip(places.tolist(), np.flatnonzero(known).tolist(), strict=True):
            self.texts.pop(place, None)
            if texts[row] is not None:
                self.texts[place] = texts[row]

    def _places(
        self, numbers: NDArray[np.int64], observed_at: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Rows of the scene that these readings belong to, and which of the readings do."""
        places = np.searchsorted(self.numbers, numbers)
        inside = places < len(self.numbers)
        places[~inside] = 0
        known = inside & (self.numbers[places] == numbers)
        known &= self.missing[places] | (self.observed_at[places] < observed_at)
        return places[known], known

    def finished(self) -> SceneAt:
        """The scene, with the qualities that screens showed then."""
        there, at = ~self.missing, self._at
        quality = (self.codes & 3).astype(np.uint8)
        silent = (self.periods_us >= 0) & (self.observed_at + self.periods_us < at)
        quality[silent & (quality != _BAD)] = _STALE
        places = np.cumsum(there) - 1
        texts = {
            int(places[place]): text
            for place, text in self.texts.items()
            if there[place] and self.codes[place] & 12 == TEXT
        }
        return SceneAt(
            at=at,
            signals=self.numbers[there].astype(np.uint32),
            state_indexes=self.state_indexes[there],
            values=self.values[there],
            texts=texts,
            quality=quality[there],
            observed_at=self.observed_at[there],
        )
