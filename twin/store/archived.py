"""Readings that have moved to the archive, for those who read the past.

A period of seven days is archived in parts, each a file with all readings of a range of signals. What comes later for it lies in
`reading`, as ever; a row there goes before one of the same signal and time in a file (`record` lets it in only if it wins).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select

from twin.errors import StoreError
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.schema_history import archive_part
from twin.store.spans import Samples

PERIOD_DAYS = 7
PERIOD_US = PERIOD_DAYS * DAY_US

_part = archive_part.c
_of_signal = select(_part.name).where(
    _part.period >= bindparam("first"),
    _part.period <= bindparam("last"),
    _part.first_signal <= bindparam("number"),
    _part.last_signal >= bindparam("number"),
)
_of_signals = select(_part.name).where(
    _part.period == bindparam("period"),
    _part.first_signal <= bindparam("last"),
    _part.last_signal >= bindparam("first"),
)
_periods = (
    select(_part.period)
    .where(_part.period >= bindparam("first"), _part.period <= bindparam("last"))
    .distinct()
    .order_by(_part.period)
)


def periods(connection: Connection, start: int, end: int) -> list[int]:
    """Periods with a file that have a part in these times (`end` not included)."""
    span = {"first": start // PERIOD_US, "last": (end - 1) // PERIOD_US}
    return list(connection.execute(_periods, span).scalars())


def names(connection: Connection, period: int) -> list[str]:
    """The files of a period."""
    everyone = {"period": period, "first": -(1 << 62), "last": 1 << 62}
    return list(connection.execute(_of_signals, everyone).scalars())


def ranges(connection: Connection, period: int) -> list[tuple[int, int]]:
    """First and last signal of each file of a period."""
    found = connection.execute(select(_part.first_signal, _part.last_signal).where(_part.period == period))
    return [(first, last) for first, last in found]


def days(connection: Connection, start: int, end: int) -> set[int]:
    """The days of those periods that have a part in these times."""
    first, last = start // DAY_US, (end - 1) // DAY_US
    return {
        day
        for period in periods(connection, start, end)
        for day in range(period * PERIOD_DAYS, (period + 1) * PERIOD_DAYS)
        if first <= day <= last
    }


def of_signal(database: Database, connection: Connection, number: int, start: int, end: int) -> Samples:
    """Archived readings of a signal observed from `start` to before `end`."""
    span = {"first": start // PERIOD_US, "last": (end - 1) // PERIOD_US, "number": number}
    names = connection.execute(_of_signal.order_by(_part.period), span).scalars().all()
    if not names:
        return Samples.none()
    found = Samples.joined([read(database, name, number) for name in names])
    return found.take((found.observed_at >= start) & (found.observed_at < end))


def newest(
    database: Database, connection: Connection, period: int, numbers: Sequence[int], at: int
) -> Samples:
    """Of each of these signals (in order) the newest archived reading of a period, observed at or before `at`."""
    span = {"period": period, "first": numbers[0], "last": numbers[-1]}
    wanted = np.array(numbers, np.int64)
    parts = []
    for name in connection.execute(_of_signals, span).scalars().all():
        only = numbers[0] if len(numbers) == 1 else None
        samples = read(database, name, only)
        samples = samples.take((samples.observed_at <= at) & np.isin(samples.signals, wanted))
        last = np.flatnonzero(
            np.append(samples.signals[1:] != samples.signals[:-1], [True] * bool(len(samples)))
        )
        parts.append(samples.take(last))
    return Samples.joined(parts)


def find(
    database: Database, connection: Connection, keys: Iterable[tuple[int, int]]
) -> list[tuple[int, int, int, int, float | None, str | None, int]]:
    """Archived readings by signal and time of observation, as rows of `reading`."""
    by_period: dict[int, set[tuple[int, int]]] = {}
    for signal, at in keys:
        by_period.setdefault(at // PERIOD_US, set()).add((signal, at))
    if not by_period:
        return []
    span = {"first": min(by_period), "last": max(by_period)}
    there = set(connection.execute(_periods, span).scalars())
    rows: list[Any] = []
    for period in there & by_period.keys():
        wanted = by_period[period]
        signals = sorted({signal for signal, _ in wanted})
        span = {"period": period, "first": signals[0], "last": signals[-1]}
        for name in connection.execute(_of_signals, span).scalars().all():
            samples = read(database, name, signals[0] if len(signals) == 1 else None)
            times = np.array(sorted({at for _, at in wanted}), np.int64)
            some = samples.take(np.isin(samples.observed_at, times))
            rows.extend(row for row in as_rows(some) if row[1:3] in wanted)
    return rows


def read(database: Database, name: str, number: int | None = None) -> Samples:
    """The readings of a file. Raises StoreError where no archive is set up."""
    if database.archive is None:
        raise StoreError(
            "Part of history has been moved to an archive, and none is named. Set TWIN_ARCHIVE to the one that was used."
        )
    return database.archive.get(name, number)


def as_rows(samples: Samples) -> list[tuple[int, int, int, int, float | None, str | None, int]]:
    """Rows of `reading`."""
    days = (samples.observed_at // DAY_US).tolist()
    columns = (samples.signals.tolist(), samples.observed_at.tolist(), samples.received_at.tolist())
    values = [None if value != value else value for value in samples.values.tolist()]  # noqa: PLR0124 - NaN: a text
    texts = [samples.texts.get(row) for row in range(len(samples))]
    return list(zip(days, *columns, values, texts, samples.codes.tolist(), strict=True))


def merged(archived: Samples, placed: Samples) -> Samples:
    """Both, in order; of two readings of a signal and time the placed one."""
    if not len(archived):
        return placed
    if not len(placed):
        return archived
    both = Samples.joined([archived, placed])
    age = np.concatenate([np.zeros(len(archived), np.int8), np.ones(len(placed), np.int8)])
    order = np.lexsort((age, both.observed_at, both.signals))
    signals, times = both.signals[order], both.observed_at[order]
    last = np.append((signals[1:] != signals[:-1]) | (times[1:] != times[:-1]), [True])
    return both.take(order[last])
