"""Readings as columns, and the spans of time that sum them up. Pure.

A span is a minute, a quarter or an hour, counted from midnight UTC. Only readings of quality good or uncertain are summed up; the
others are counted. Minimum, maximum and mean are those of numbers, booleans as 0 and 1; texts have none.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.store.folding import DAY_US
from twin.store.values import TEXT

MINUTE_US = 60_000_000
MINUTES_OF_DAY = 1440

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

STORED = np.dtype(
    [
        ("minute", "<u2"),
        ("code", "u1"),
        ("count", "<u4"),
        ("others", "<u4"),
        ("minimum", "<f8"),
        ("maximum", "<f8"),
        ("mean", "<f8"),
        ("last", "<f8"),
        ("minimum_at", "<u4"),
        ("maximum_at", "<u4"),
        ("last_at", "<u4"),
    ]
)
"""A span of a day as it is kept: 55 bytes. `minute`: of the day, where it begins. `…_at`: microseconds after that, of the first reading
with that value; `code`: of the last one. NaN where there is none."""

Told = dict[int, str]
"""Texts by row: those of texts, and the digits of integers that a float64 does not hold."""

USABLE = 1
"""The largest quality in a code (`twin.store.values`) that is summed up: good and uncertain."""

_texts = msgspec.json.Decoder(dict[int, str])


class Samples(NamedTuple):
    """Readings in the order of signal and time, as columns of equal length; `values` is NaN for texts."""

    signals: Longs
    observed_at: Longs
    received_at: Longs
    values: Floats
    codes: NDArray[np.uint8]
    texts: Told

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Self:
        """From rows of signal, observed_at, received_at, value, text, code, in this order."""
        if not rows:
            return cls.none()
        signals, observed_at, received_at, values, texts, codes = zip(*rows, strict=True)
        told = {}
        if texts.count(None) < len(texts):
            told = {row: text for row, text in enumerate(texts) if text is not None}
        return cls(
            np.array(signals, np.int64),
            np.array(observed_at, np.int64),
            np.array(received_at, np.int64),
            np.array(values, np.float64),
            np.array(codes, np.uint8),
            told,
        )

    @classmethod
    def none(cls) -> Self:
        """Not a single one."""
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, np.empty(0), np.empty(0, np.uint8), {})

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(n,) those that count."""
        usable: NDArray[np.bool_] = (self.codes & 3) <= USABLE
        return usable

    @property
    def numeric(self) -> NDArray[np.bool_]:
        """(n,) those of them that are numbers."""
        numeric: NDArray[np.bool_] = self.usable & ((self.codes & 12) != TEXT)
        return numeric

    def __len__(self) -> int:
        """The number of readings, not of columns."""
        return int(self.observed_at.size)

    def take(self, rows: Longs | NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """These rows, by number or by mask."""
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        texts = {}
        if self.texts:
            known = self.texts
            texts = {new: known[old] for new, old in enumerate(places.tolist()) if old in known}
        return type(self)(
            self.signals[places],
            self.observed_at[places],
            self.received_at[places],
            self.values[places],
            self.codes[places],
            texts,
        )

    def sorted(self) -> Self:
        """In the order of signal and time."""
        return self.take(np.lexsort((self.observed_at, self.signals)))

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """One after the other."""
        some = [part for part in parts if len(part)]
        if len(some) <= 1:
            return some[0] if some else cls.none()
        texts: Told = {}
        first = 0
        for part in some:
            texts.update((first + row, text) for row, text in part.texts.items())
            first += len(part)
        return cls(
            np.concatenate([part.signals for part in some]),
            np.concatenate([part.observed_at for part in some]),
            np.concatenate([part.received_at for part in some]),
            np.concatenate([part.values for part in some]),
            np.concatenate([part.codes for part in some]),
            texts,
        )


class Spans(NamedTuple):
    """Spans in the order of signal and time: `rows` as they are kept, with the day and the signal of each."""

    signals: Longs
    days: Longs
    rows: NDArray[Any]
    texts: Told

    @property
    def starts(self) -> Longs:
        """(n,) when each begins, in microseconds since 1970."""
        return self.days * DAY_US + self.rows["minute"].astype(np.int64) * MINUTE_US


def summed(samples: Samples, minutes: int) -> Spans:
    """Sum up readings in spans of so many minutes."""
    width = minutes * MINUTE_US
    begins = samples.observed_at // width
    if not len(samples):
        return Spans(begins, begins, np.empty(0, STORED), {})
    first = _first_rows(samples.signals, begins)
    rows = np.zeros(len(first), STORED)
    starts = begins[first] * width
    days = starts // DAY_US
    rows["minute"] = (starts - days * DAY_US) // MINUTE_US
    usable = samples.usable
    rows["count"] = np.add.reduceat(usable, first, dtype=np.int64)
    rows["others"] = np.diff(np.append(first, len(samples))) - rows["count"]
    _numbers(samples, first, rows, starts)
    texts = _last(samples, first, rows, starts)
    return Spans(samples.signals[first], days, rows, texts)


def _first_rows(signals: Longs, begins: Longs) -> NDArray[np.intp]:
    """Rows with which a span begins."""
    new = np.empty(len(signals), np.bool_)
    new[0] = True
    np.not_equal(signals[1:], signals[:-1], out=new[1:])
    new[1:] |= begins[1:] != begins[:-1]
    return np.flatnonzero(new)


def _numbers(samples: Samples, first: NDArray[np.intp], rows: NDArray[Any], starts: Longs) -> None:
    """Enter minimum, maximum, mean."""
    numeric = samples.numeric
    counts = np.add.reduceat(numeric, first, dtype=np.int64)
    some = counts > 0
    of_span = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(samples))))
    for name, fill, reduce in (("minimum", np.inf, np.minimum), ("maximum", -np.inf, np.maximum)):
        values = np.where(numeric, samples.values, fill)
        found = reduce.reduceat(values, first)
        hits = numeric & (values == found[of_span])
        places = np.minimum.reduceat(np.where(hits, np.arange(len(samples)), len(samples) - 1), first)
        rows[name] = np.where(some, found, np.nan)
        rows[name + "_at"] = np.where(some, samples.observed_at[places] - starts, 0)
    values = np.where(numeric, samples.values, 0.0)
    divisor = np.maximum(counts, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.add.reduceat(values, first) / divisor
        if not np.isfinite(mean).all():  # a sum beyond the largest float64: add what has been divided before
            small = np.add.reduceat(values / divisor[of_span], first)
            mean = np.where(np.isfinite(mean), mean, small)
    # Rounding must not carry a mean beyond what it is a mean of.
    rows["mean"] = np.where(some, np.clip(mean, rows["minimum"], rows["maximum"]), np.nan)


def _last(samples: Samples, first: NDArray[np.intp], rows: NDArray[Any], starts: Longs) -> Told:
    """Enter the newest value; returns those that are texts."""
    places = np.maximum.reduceat(np.where(samples.usable, np.arange(len(samples)), -1), first)
    some = places >= 0
    rows["last"] = np.where(some, samples.values[places], np.nan)
    rows["last_at"] = np.where(some, samples.observed_at[places] - starts, 0)
    rows["code"] = samples.codes[places]
    if not samples.texts:
        return {}
    told = samples.texts
    return {span: told[row] for span, row in enumerate(places.tolist()) if row >= 0 and row in told}


def pieces(spans: Spans) -> Iterator[tuple[int, int, bytes, str | None]]:
    """Cut into a day of a signal each: day, signal, body, texts as they are kept."""
    if not len(spans.rows):
        return
    first = _first_rows(spans.signals, spans.days)
    ends = np.append(first[1:], len(spans.rows))
    days, signals = spans.days[first].tolist(), spans.signals[first].tolist()
    for day, signal, start, end in zip(days, signals, first.tolist(), ends.tolist(), strict=True):
        texts = None
        if spans.texts:
            some = {row - start: spans.texts[row] for row in range(start, end) if row in spans.texts}
            texts = msgspec.json.encode(some).decode() if some else None
        yield day, signal, spans.rows[start:end].tobytes(), texts


def read(day: int, signal: int, body: bytes, texts: str | None) -> Spans:
    """Spans of a day as they were kept."""
    rows = np.frombuffer(body, STORED)
    told = _texts.decode(texts) if texts is not None else {}
    return Spans(np.full(len(rows), signal), np.full(len(rows), day), rows, told)


def joined(parts: Sequence[Spans]) -> Spans:
    """One after the other."""
    texts: Told = {}
    first = 0
    for part in parts:
        texts.update((first + row, text) for row, text in part.texts.items())
        first += len(part.rows)
    if not parts:
        empty = np.empty(0, np.int64)
        return Spans(empty, empty, np.empty(0, STORED), {})
    return Spans(
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.rows for part in parts]),
        texts,
    )
