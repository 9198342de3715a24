"""Every signal at one instant.

Signals that have not reported since are answered from their states. The others are looked for in history, one day after the other
from the instant backwards; each is there, because it first reported before.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, and_, bindparam, func, select

from twin.ports import SceneAt
from twin.store import recent
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.history import days
from twin.store.pace import lists
from twin.store.schema import model, twin_object
from twin.store.schema_live import reading, signal_state
from twin.store.values import TEXT

_STALE, _BAD = 2, 3
"""Places of these in `twin.ports.QUALITIES`."""

PART = 20_000
"""Rows that are read at once."""

_TYPES = (np.int64, np.int64, np.float64, np.uint8)
_BASE_TYPES = (*_TYPES, np.uint32, np.int64, np.int64)

FEW = 5_000
"""Signals that are asked for by number (3 µs each); more are found by going through all states (1 µs each, of all)."""

_state = signal_state.c
SAMPLE = 100
"""Signals whose readings of a day are counted, to choose between the two ways of looking for those of all."""

SCANNED = 20
"""Readings of a signal a day up to which going through all of them is faster than looking up the newest (0.15 µs each, 3 µs)."""

_base = (
    select(
        _state.number,
        _state.observed_at,
        _state.value,
        _state.code,
        _state.state_index,
        func.coalesce(_state.period_us, -1),
        _state.first_at,
        _state.text,
    )
    .where(_state.first_at <= bindparam("at"))
    .order_by(_state.number)
)
_base_of_models = (
    _base.join(twin_object, twin_object.c.state_index == _state.state_index)
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


_last = (
    select(_inner.c.signal, func.max(_inner.c.observed_at).label("observed_at"))
    .where(_inner.c.day == bindparam("day"), _inner.c.observed_at <= bindparam("at"))
    .group_by(_inner.c.signal)
    .subquery()
)
_by_scan = select(
    reading.c.signal, reading.c.observed_at, reading.c.value, reading.c.code, reading.c.text
).join_from(
    _last,
    reading,
    and_(
        reading.c.day == bindparam("day"),
        reading.c.signal == _last.c.signal,
        reading.c.observed_at == _last.c.observed_at,
    ),
)
_sampled = select(func.count()).where(
    reading.c.day == bindparam("day"),
    reading.c.signal.in_(bindparam("numbers", expanding=True)),
    reading.c.observed_at <= bindparam("at"),
)


def scene_at(database: Database, at: int, models: Sequence[str]) -> SceneAt:
    """See `twin.ports.StateReader.scene_at`."""
    with database.read() as connection:
        if models:
            rows = connection.execute(_base_of_models, {"at": at, "keys": list(models)})
        else:
            rows = connection.execute(_base, {"at": at})
        scene = _Scene(_Columns.of(rows.partitions(PART), _BASE_TYPES), at)
        if scene.missing.any():
            _search(connection, scene, at)
    return scene.finished()


def _search(connection: Connection, scene: "_Scene", at: int) -> None:
    """Find what those signals said that have reported since."""
    searched = scene.missing
    scene.take(_Columns.of([recent.newest_until(connection, at)]))
    for day in reversed(days(connection, scene.oldest, at + 1)):
        # A reading of this day or a later one, found among the recent ones, may be the newest, but need not be.
        searched &= scene.missing | (scene.observed_at < (day + 1) * DAY_US)
        if not searched.any():
            return
        scene.take(_found(connection, scene.numbers[searched], day, at))
        searched &= scene.missing | (scene.observed_at < day * DAY_US)


def _found(connection: Connection, numbers: NDArray[np.int64], day: int, at: int) -> "_Columns":
    """Readings of a day."""
    values = {"day": day, "at": at}
    if len(numbers) > FEW:
        sample = numbers[:: len(numbers) // SAMPLE + 1].tolist()
        rows = connection.execute(_sampled, {**values, "numbers": sample}).scalar_one()
        statement = _by_scan if rows <= len(sample) * SCANNED else _of_all
        return _Columns.of(connection.execute(statement, values).partitions(PART))
    parts = (
        connection.execute(_of_few, {**values, "numbers": some}).all() for some in lists(numbers.tolist())
    )
    return _Columns.of(parts)


class _Columns(NamedTuple):
    """Rows as columns: number, observed_at, value, code, and what else was selected; texts by row."""

    arrays: list[NDArray[Any]]
    texts: dict[int, str]

    @classmethod
    def of(cls, parts: Iterable[Sequence[Sequence[Any]]], types: Sequence[type] = _TYPES) -> Self:
        """Read rows part by part: a million at once would be a million objects for the garbage collector to look through.
        The last of a row is its text, the others are of these types.
        """
        pieces: list[list[NDArray[Any]]] = [[np.empty(0, kind)] for kind in types]
        texts: dict[int, str] = {}
        count = 0
        for part in parts:
            if not part:
                continue
            *numeric, words = zip(*part, strict=True)
            for piece, values, kind in zip(pieces, numeric, types, strict=True):
                piece.append(np.array(values, kind))
            if words.count(None) < len(words):
                texts.update((count + row, text) for row, text in enumerate(words) if text is not None)
            count += len(part)
        return cls([np.concatenate(piece) for piece in pieces], texts)


class _Scene:
    """Columns that are filled while history is searched."""

    def __init__(self, base: _Columns, at: int) -> None:
        self._at = at
        self.numbers, self.observed_at, self.values, self.codes = base.arrays[:4]
        self.state_indexes, self.periods_us, first_at = base.arrays[4:]
        self.oldest = int(first_at.min(initial=at))
        """No signal has reported before."""
        self.texts = base.texts

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) which signals have no reading of that time yet: the one they have came after it."""
        return self.observed_at > self._at

    def take(self, found: _Columns) -> None:
        """Enter readings of that time where they are newer than what is known of it."""
        numbers, observed_at, values, codes = found.arrays
        places, known = self._places(numbers, observed_at)
        self.observed_at[places] = observed_at[known]
        self.values[places] = values[known]
        self.codes[places] = codes[known]
        if self.texts:
            for place in places.tolist():
                self.texts.pop(place, None)
        if found.texts:
            rows = np.flatnonzero(known).tolist()
            entered = zip(places.tolist(), rows, strict=True)
            self.texts.update((place, found.texts[row]) for place, row in entered if row in found.texts)

    def _places(
        self, numbers: NDArray[np.int64], observed_at: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Rows of the scene that these readings belong to, and which of the readings do."""
        places = np.searchsorted(self.numbers, numbers)
        places[places == len(self.numbers)] = 0
        known = self.numbers[places] == numbers
        known &= self.missing[places] | (self.observed_at[places] < observed_at)
        return places[known], known

    def finished(self) -> SceneAt:
        """The scene, with the qualities that screens showed then."""
        there, at = ~self.missing, self._at
        quality = (self.codes & 3).astype(np.uint8)
        silent = (self.periods_us >= 0) & (self.observed_at + self.periods_us < at)
        quality[silent & (quality != _BAD)] = _STALE
        rows = np.cumsum(there) - 1
        texts = {
            int(rows[place]): text
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
