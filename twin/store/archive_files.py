"""Archived readings as Parquet: written and read by DuckDB, whose only home this is.

A file holds readings in the order of signal and time. Chosen by what the series of a real home take (benchmarks/history.py, bytes a reading):

- `gap`: time since the signal's reading before, in the largest of 1 s, 1 ms and 1 µs that divides all (`gap_unit`); of a signal's
  first reading the time since 1970. Devices report at regular intervals: 0.6, where delta-encoded times take 1.2 and microseconds 1.7.
- `delay`: from observation to reception, or, where that is shorter, reception since the reading before (`delay_kind` 1), likewise.
- `value`: dictionary or byte-stream-split, as DuckDB's writer decides by page. `text`, `code`: as in the table `reading`.
"""

import threading
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from twin.errors import StoreError
from twin.store.spans import Longs, Samples

ROW_GROUP = 40_960
"""Rows that are unpacked to read one signal of a file."""

UNITS_US = (1_000_000, 1_000)

_COLUMNS = "signal, gap, gap_unit, delay, delay_unit, delay_kind, value, text, code"


class ParquetFiles:
    """Reads and writes files on this machine; safe to call from several threads."""

    def __init__(self) -> None:
        # Nothing is fetched: what these files need is built in.
        self._engine = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": "512MB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._lock = threading.Lock()

    def write(self, path: Path, samples: Samples) -> None:
        """Write readings, in their order. Raises StoreError."""
        target = str(path).replace("'", "''")
        with self._cursor() as cursor:
            cursor.register("packed", _packed(samples))
            self._run(
                cursor,
                f"COPY (SELECT {_COLUMNS} FROM packed) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 9, "  # noqa: S608
                f"PARQUET_VERSION v2, ROW_GROUP_SIZE {ROW_GROUP})",
                [],
            )
            cursor.unregister("packed")

    def read(self, path: Path, number: int | None = None) -> Samples:
        """The readings of a file, or of one signal in it. Raises StoreError."""
        wanted, values = "", [str(path)]
        if number is not None:
            wanted = f" WHERE signal = {int(number)}"
        with self._cursor() as cursor:
            self._run(cursor, f"SELECT {_COLUMNS} FROM read_parquet(?){wanted}", values)  # noqa: S608 - a number
            return _unpacked(cursor.fetchnumpy())

    def close(self) -> None:
        """Let go of memory."""
        self._engine.close()

    def _cursor(self) -> Any:
        with self._lock:
            return self._engine.cursor()

    def _run(self, cursor: Any, statement: str, values: list[str]) -> None:
        try:
            cursor.execute(statement, values)
        except duckdb.Error as error:
            raise StoreError(f"A file of the archive cannot be used: {error}") from error


def _packed(samples: Samples) -> dict[str, NDArray[Any]]:
    first = _firsts(samples.signals)
    gaps = _gaps(samples.observed_at, first)
    delays = samples.received_at - samples.observed_at
    since = _gaps(samples.received_at, first)
    kind = int(_bits(since) < _bits(delays))
    if kind:
        delays = since
    gap_unit, delay_unit = _unit(gaps), _unit(delays)
    count = len(samples)
    texts = np.full(count, None, object)
    for row, text in samples.texts.items():
        texts[row] = text
    return {
        "signal": samples.signals,
        "gap": gaps // gap_unit,
        "gap_unit": np.full(count, gap_unit, np.int32),
        "delay": delays // delay_unit,
        "delay_unit": np.full(count, delay_unit, np.int32),
        "delay_kind": np.full(count, kind, np.int8),
        "value": samples.values,
        "text": texts,
        "code": samples.codes.astype(np.int16),
    }


def _unpacked(columns: dict[str, Any]) -> Samples:
    signals = np.asarray(columns["signal"], np.int64)
    if not len(signals):
        return Samples.none()
    first = _firsts(signals)
    observed_at = _summed(np.asarray(columns["gap"], np.int64) * columns["gap_unit"].astype(np.int64), first)
    delays = np.asarray(columns["delay"], np.int64) * columns["delay_unit"].astype(np.int64)
    received_at = _summed(delays, first) if columns["delay_kind"][0] else observed_at + delays
    texts = columns["text"]
    told = {row: text for row, text in enumerate(texts.tolist()) if text is not None}
    values = columns["value"]
    if isinstance(values, np.ma.MaskedArray):
        values = values.filled(np.nan)
    return Samples(signals, observed_at, received_at, values, np.asarray(columns["code"], np.uint8), told)


def _firsts(signals: Longs) -> NDArray[np.intp]:
    """The first row of each signal."""
    return np.flatnonzero(np.concatenate([[True], signals[1:] != signals[:-1]]))


def _gaps(times: Longs, first: NDArray[np.intp]) -> Longs:
    gaps = np.diff(times, prepend=0)
    gaps[first] = times[first]
    return gaps


def _summed(gaps: Longs, first: NDArray[np.intp]) -> Longs:
    """Undo `_gaps`."""
    sums = np.cumsum(gaps)
    base = sums[first] - gaps[first]
    return np.asarray(sums - np.repeat(base, np.diff(np.append(first, len(gaps)))))


def _unit(numbers: Longs) -> int:
    return next((unit for unit in UNITS_US if not (numbers % unit).any()), 1)


def _bits(numbers: Longs) -> float:
    """About how many bits these take, as differences of neighbours."""
    return float(np.log2(1.0 + np.abs(np.diff(numbers, prepend=numbers[0]).astype(np.float64))).sum())
