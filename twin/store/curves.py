"""The past of a signal as a curve of few points, from readings or from roll-ups.

Every point is a reading: of roll-ups, the smallest and the largest of each span are taken, which are kept with their times. Among
these MinMaxLTTB (tsdownsample) chooses: extremes of spans of equal length first, then of those the points that make the largest triangles.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select
from tsdownsample import MinMaxLTTBDownsampler

from twin.errors import InvalidQuery, NotFound
from twin.ports import Curve, CurveQuery, Resolution
from twin.state import Value
from twin.store import aggregates, past, rollups
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.schema_live import signal, signal_state
from twin.store.signals import declared
from twin.store.spans import MINUTE_US, Floats, Longs, Samples, Spans

MAX_POINTS = 10_000

SPANS_OF_POINT = 2
"""Spans for each point of the curve, from which on roll-ups stand in for readings: each has two extremes, and MinMaxLTTB chooses
from four candidates for a point (Van Der Donckt et al. 2023, the library's default)."""

_NAMES: dict[int, Resolution] = {60: "1h", 15: "15m", 1: "1m"}

_about = (
    select(signal.c.declaration, signal_state.c.first_at, signal_state.c.observed_at)
    .join(signal_state, signal_state.c.number == signal.c.number)
    .where(signal.c.number == bindparam("number"))
)


class _Points(NamedTuple):
    """Candidates in the order of time, and what they stand for."""

    times: Longs
    values: Floats
    readings: int
    others: int
    rolled: bool = False


def curve(database: Database, number: int, query: CurveQuery) -> Curve:
    """See `twin.ports.RollUpReader.curve`."""
    if not 3 <= query.points <= MAX_POINTS:
        raise InvalidQuery(f"points={query.points} is out of range; ask for 3 to {MAX_POINTS}.")
    with database.read() as connection:
        about = connection.execute(_about, {"number": number}).one_or_none()
        if about is None:
            raise NotFound("signal", str(number))
        start, end = _clipped(query, about.first_at, about.observed_at)
        kind = declared(about.declaration).type
        if kind in {"text", "enum"}:
            return _changes(past.of_signal(database, connection, number, start, end), query.points)
        minutes = _width(start, end, query.points)
        points = _points(database, connection, number, minutes, (start, end))
    chosen = _chosen(points.times, points.values, query.points)
    values = points.values[chosen].tolist()
    shown: list[Value] = [_typed(value, kind) for value in values]
    return Curve(
        resolution=_NAMES[minutes] if points.rolled else "raw",
        method="all" if len(shown) == points.readings else "minmaxlttb",
        readings=points.readings,
        others=points.others,
        items=list(zip(points.times[chosen].tolist(), shown, strict=True)),
    )


def _clipped(query: CurveQuery, oldest: int | None, newest: int | None) -> tuple[int, int]:
    """The part of the times asked in which there can be readings."""
    if oldest is None or newest is None:
        return query.start, query.start
    return max(query.start, oldest), min(query.end, newest + 1)


def _width(start: int, end: int, points: int) -> int:
    """Minutes of the widest spans that are enough for so many points; 0: single readings are needed."""
    fitting = (
        minutes for minutes in _NAMES if (end - start) // (minutes * MINUTE_US) >= SPANS_OF_POINT * points
    )
    return next(fitting, 0)


def _points(
    database: Database, connection: Connection, number: int, minutes: int, times: tuple[int, int]
) -> _Points:
    if not minutes:
        return _of_readings(past.of_signal(database, connection, number, *times))
    start, end = times
    days = aggregates.days(connection, number, minutes, times)
    kept = rollups.kept(database, connection, number, minutes, days)
    parts: list[_Points] = []
    for day in days:
        first, after = max(start, day * DAY_US), min(end, (day + 1) * DAY_US)
        whole = after - first == DAY_US
        if day in kept and (whole or kept[day].final):
            parts.append(_of_spans(kept[day].spans, first, after))
        else:
            parts.append(_of_readings(past.of_signal(database, connection, number, first, after)))
    return _Points(
        np.concatenate([part.times for part in parts] or [np.empty(0, np.int64)]),
        np.concatenate([part.values for part in parts] or [np.empty(0)]),
        sum(part.readings for part in parts),
        sum(part.others for part in parts),
        any(part.rolled for part in parts),
    )


def _of_readings(samples: Samples) -> _Points:
    numeric = samples.numeric
    count = int(np.count_nonzero(numeric))
    return _Points(samples.observed_at[numeric], samples.values[numeric], count, len(samples) - count)


def _of_spans(spans: Spans, start: int, end: int) -> _Points:
    """The extremes of spans, as far as they lie within these times."""
    starts, rows = spans.starts, spans.rows
    times = np.concatenate([starts + rows["minimum_at"], starts + rows["maximum_at"]])
    values = np.concatenate([rows["minimum"], rows["maximum"]])
    times, first = np.unique(times, return_index=True)
    values = values[first]
    wanted = (times >= start) & (times < end) & ~np.isnan(values)
    counted = int(rows["count"].sum())
    return _Points(times[wanted], values[wanted], counted, int(rows["others"].sum()), rolled=True)


def _chosen(times: Longs, values: Floats, points: int) -> NDArray[np.intp]:
    """Places of the points to show."""
    if len(times) <= points:
        return np.arange(len(times))
    # Relative to the first: the library computes areas in float64, and microseconds since 1970 have 51 bits already.
    chooser = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]  # of a class with annotations, but for this
    found = chooser.downsample(times - times[0], _tame(values), n_out=points)
    return np.asarray(found, np.intp)


def _tame(values: Floats) -> Floats:
    """Scaled so that areas do not overflow."""
    largest = float(np.abs(values).max(initial=0.0))
    return values / largest if largest > 1e100 else values


def _changes(samples: Samples, points: int) -> Curve:
    """Of texts: the readings that say something new; if those are too many, some of them, evenly."""
    usable = np.flatnonzero(samples.usable).tolist()
    told = [(row, samples.texts.get(row, "")) for row in usable]
    new = [
        (int(samples.observed_at[row]), text)
        for place, (row, text) in enumerate(told)
        if place == 0 or told[place - 1][1] != text
    ]
    if len(new) > points:
        new = [new[place] for place in np.linspace(0, len(new) - 1, points).round().astype(int).tolist()]
    return Curve(
        resolution="raw",
        method="all" if len(new) == len(usable) else "changes",
        readings=len(usable),
        others=len(samples) - len(usable),
        items=list[tuple[int, Value]](new),
    )


def _typed(value: float, kind: str) -> Value:
    if kind == "boolean":
        return bool(value)
    return int(value) if kind == "integer" and value.is_integer() else value
