"""The text of an IFC file (ISO 10303-21) as one array of bytes, for reading many small records of one kind at once.

A faceted body of a thousand faces is some six thousand records. Through the parser each costs a microsecond or more for
every attribute; here a whole level of them is one array operation. Only what fits the expected form exactly is read: anything
else raises UnreadableError, and the caller takes the slower way.
"""

import mmap
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_MAX_DIGITS = 10
"""Digits of a STEP id: more than a file of this size could count."""
_HASH, _COMMA, _SEMICOLON, _EQUALS, _SPACE, _ZERO = (ord(sign) for sign in "#,;= 0")


class UnreadableError(ValueError):
    """Records that are not in the expected form."""


def _table(allowed: bytes, kept: bytes) -> Bytes:
    """Byte → what to read instead: itself if `kept`, a space if merely `allowed`, 0 if neither."""
    table = np.zeros(256, dtype=np.uint8)
    table[np.frombuffer(allowed, dtype=np.uint8)] = _SPACE
    table[np.frombuffer(kept, dtype=np.uint8)] = np.frombuffer(kept, dtype=np.uint8)
    return table


_AS_IDS = _table(b"#,() \r\n\t.TF", b"0123456789")
_AS_NUMBERS = _table(b",() \r\n\t", b"0123456789+-.eE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Argument lists of several records: their bytes one after another, and where each starts and the last ends."""

    text: Bytes
    bounds: Indexes

    def count(self, sign: int) -> Indexes:
        """How often a byte occurs in each record."""
        before = np.concatenate([[0], np.cumsum(self.text == sign)])
        return np.asarray(before[self.bounds[1:]] - before[self.bounds[:-1]])

    def references(self) -> tuple[Indexes, Indexes]:
        """STEP ids that the records refer to, one after another, and how many each does."""
        counts = self.count(_HASH)
        return self._integers(int(counts.sum())), counts

    def integers(self) -> tuple[Indexes, Indexes]:
        """Whole numbers in the records, one after another, and how many each has (lists without gaps)."""
        counts = self.count(_COMMA) + 1
        return self._integers(int(counts.sum())), counts

    def triples(self) -> Floats:
        """(n, 3) numbers of n records that have three each."""
        if (self.count(_COMMA) != 2).any():
            raise UnreadableError("a point without three coordinates")
        values = _parsed(self._readable(_AS_NUMBERS), np.dtype(np.float64), 3 * (len(self.bounds) - 1))
        return values.reshape(-1, 3)

    def _integers(self, expected: int) -> Indexes:
        return _parsed(self._readable(_AS_IDS), np.dtype(np.int64), expected)

    def _readable(self, table: Bytes) -> str:
        readable = table[self.text]
        if not readable.all():
            raise UnreadableError("an unexpected sign")
        return readable.tobytes().decode("ascii")


def _parsed(text: str, dtype: np.dtype[Any], expected: int) -> NDArray[Any]:
    """Numbers between spaces. Raises UnreadableError unless there are as many as expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it warns where it stops early; the count tells
        values = np.fromstring(text, dtype=dtype, sep=" ")
    if len(values) != expected:
        raise UnreadableError("an unexpected number of values")
    return values


class StepText:
    """Finds records by STEP id."""

    def __init__(self, text: mmap.mmap) -> None:
        self._bytes = np.frombuffer(text, dtype=np.uint8)
        equals = np.flatnonzero(self._bytes == _EQUALS)
        ids = _ids_before(self._bytes, equals)
        equals, ids = equals[ids > 0], ids[ids > 0]
        order = np.argsort(ids, kind="stable")
        self._ids, self._starts = ids[order], equals[order] + 1
        self._ends = np.append(np.flatnonzero(self._bytes == _SEMICOLON), len(self._bytes))
        self._doubtful = self._ids[1:][self._ids[1:] == self._ids[:-1]]

    def records(self, ids: Indexes, *names: str) -> tuple[Records, Indexes]:
        """Argument lists of the records `ids`, and which of the class `names` (in capitals) each is of.

        Raises UnreadableError if one is missing or of another class.
        """
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        if (self._ids[at] != ids).any() or (len(self._doubtful) and np.isin(ids, self._doubtful).any()):
            raise UnreadableError("a record is missing or not unique")
        starts = self._starts[at]
        starts = starts + (self._bytes[starts] == _SPACE)
        kinds = np.full(len(ids), -1)
        for number, name in enumerate(names):
            prefix = np.frombuffer(f"{name}(".encode(), dtype=np.uint8)
            window = np.minimum(starts[:, None] + np.arange(len(prefix)), len(self._bytes) - 1)
            kinds[(self._bytes[window] == prefix).all(axis=1)] = number
        if (kinds < 0).any():
            raise UnreadableError(f"not all are {' or '.join(names)}")
        starts = starts + np.array([len(name) + 1 for name in names])[kinds]
        return _gathered(self._bytes, starts, self._ends[np.searchsorted(self._ends, starts)]), kinds


def _ids_before(text: Bytes, equals: Indexes) -> Indexes:
    """The number n of each `#n =`; 0 where an equals sign follows something else."""
    at = equals - 1
    for _ in range(2):
        at = at - (text[at] == _SPACE)
    ids = np.zeros(len(at), dtype=np.int64)
    running = np.arange(len(at))
    scale = 1
    for _ in range(_MAX_DIGITS):
        digit = text[at[running]] - _ZERO  # below "0" wraps around to above 9
        is_digit = digit < 10
        running, digit = running[is_digit], digit[is_digit]
        ids[running] += digit.astype(np.int64) * scale
        at[running] -= 1
        scale *= 10
    return np.where(text[at] == _HASH, ids, 0)


def _gathered(text: Bytes, starts: Indexes, ends: Indexes) -> Records:
    lengths = ends - starts
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    taken = np.repeat(starts - bounds[:-1], lengths) + np.arange(bounds[-1])
    return Records(text=text[taken], bounds=bounds)
