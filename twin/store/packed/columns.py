"""One property of some thousand objects as compressed bytes, and what conditions ask of it. Pure.

Objects without the property take one bit; numbers take as few bytes as they need; texts that repeat are kept once.
"""

import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.objects import Attributes, Property, PropertyType
from twin.store.packed.comparing import Test
from twin.store.properties import searchable
from twin.tables import Coded, PropertyColumn, TextArray

_LEVEL = 1
"""Of zlib: levels above save 5 % of the bytes and take twice the time."""

_DECIMALS = (0, 1, 2, 3)
"""Digits after the point that are tried: files state metres in centimetres or millimetres."""

_INTEGERS = tuple(np.dtype(name) for name in ("u1", "i1", "u2", "i2", "u4", "i4", "i8"))

Kind = Literal["bool", "int", "decimal", "float", "texts", "codes"]


class _Header(msgspec.Struct, array_like=True, frozen=True):
    """A stored column. `valid`: bits of the objects that have the property, empty where all have it; `data`: the values of
    those alone, in `dtype`; of texts their lengths, and `text` their bytes.
    """

    set_name: str
    name: str
    type: str
    unit: str | None
    kind: Kind
    count: int
    valid: bytes
    dtype: str
    data: bytes
    decimals: int = 0
    text: bytes = b""
    vocabulary: list[str] = []


class Encoded(NamedTuple):
    """A column of a block: its bytes, and the ends of its numbers as conditions compare them (None: texts)."""

    body: bytes
    low: float | None
    high: float | None


def encode(column: PropertyColumn, rows: slice, hidden: NDArray[np.bool_] | None) -> Encoded | None:
    """The property of these rows; `hidden`: (n,) of the whole column, where another column has it already. None: no row has it."""
    count = rows.stop - rows.start
    there = np.ones(count, np.bool_) if column.valid is None else column.valid[rows]
    if hidden is not None:
        there = there & ~hidden[rows]
    kept = np.flatnonzero(there)
    if not len(kept):
        return None
    values = _values(column, kept + rows.start)
    header = _Header(
        column.set_name,
        column.name,
        column.type,
        column.unit,
        values.kind,
        count,
        b"" if len(kept) == count else np.packbits(there).tobytes(),
        values.array.dtype.str,
        values.array.tobytes(),
        values.decimals,
        values.text,
        values.vocabulary,
    )
    return Encoded(zlib.compress(msgspec.msgpack.encode(header), _LEVEL), *values.ends)


class _Values(NamedTuple):
    kind: Kind
    array: NDArray[Any]
    ends: tuple[float | None, float | None] = (None, None)
    decimals: int = 0
    text: bytes = b""
    vocabulary: list[str] = []  # noqa: RUF012 - never changed


def _values(column: PropertyColumn, rows: NDArray[np.int64]) -> _Values:
    if isinstance(column.values, TextArray):
        texts = _taken(column.values, rows)
        data = texts.data[int(texts.offsets[0]) : int(texts.offsets[-1])]
        return _Values("texts", _small(texts.lengths), text=data.tobytes())
    if isinstance(column.values, Coded):
        used, codes = np.unique(column.values.codes[rows], return_inverse=True)
        vocabulary = [column.values.vocabulary[code] for code in used.tolist()]
        return _Values("codes", _small(codes.reshape(-1)), vocabulary=vocabulary)
    values = column.values[rows]
    if values.dtype == np.bool_:
        return _Values("bool", values.astype(np.uint8))
    ends = (float(values.min()), float(values.max()))
    if values.dtype.kind in "iu":
        return _Values("int", _small(values), ends)
    for decimals in _DECIMALS:
        scaled = _scaled(values.astype(np.float64), decimals)
        if scaled is not None:
            return _Values("decimal", _small(scaled), ends, decimals)
    return _Values("float", values.astype(np.float64), ends)


def _taken(texts: TextArray, rows: NDArray[np.int64]) -> TextArray:
    """These rows, ascending; a run of rows without copying."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return TextArray(data=texts.data, offsets=texts.offsets[rows[0] : rows[-1] + 2])
    return texts.take(rows)


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Integers in the smallest type that holds them."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    fits = (t for t in _INTEGERS if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    return values.astype(next(fits, np.dtype("u8")))


def _scaled(values: NDArray[np.float64], decimals: int) -> NDArray[np.int64] | None:
    """Integers from which exactly these numbers come back, to the last bit; None if there are none."""
    if not (np.abs(values) < 2**52 / 10**decimals).all():
        return None
    scaled = np.rint(values * 10**decimals).astype(np.int64)
    same = (scaled / 10**decimals).view(np.int64) == np.ascontiguousarray(values).view(np.int64)
    return scaled if same.all() else None


class StoredColumn:
    """A column read back."""

    def __init__(self, body: bytes) -> None:
        self._header = _header.decode(zlib.decompress(body))
        self.set_name, self.name, self.unit = self._header.set_name, self._header.name, self._header.unit

    @property
    def count(self) -> int:
        """Objects in the block."""
        return self._header.count

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Rows that have the property, in order."""
        if not self._header.valid:
            return np.arange(self.count)
        bits = np.frombuffer(self._header.valid, np.uint8)
        return np.flatnonzero(np.unpackbits(bits, count=self.count))

    @cached_property
    def _data(self) -> NDArray[Any]:
        return np.frombuffer(self._header.data, np.dtype(self._header.dtype))

    def at(self, row: int) -> Property | None:
        """The property of one object; None where it has none."""
        place = int(np.searchsorted(self.rows, row))
        if place == len(self.rows) or self.rows[place] != row:
            return None
        return Property(value=self._value(place), type=self._header.type, unit=self._header.unit)

    def values(self) -> list[PropertyType]:
        """The values of `rows`."""
        if self._header.kind == "texts":
            return list(self._texts())
        if self._header.kind == "codes":
            return [self._header.vocabulary[code] for code in self._data.tolist()]
        return cast("list[PropertyType]", self._numbers().tolist())

    def _value(self, place: int) -> PropertyType:
        if self._header.kind == "texts":
            start = int(self._data[:place].sum(dtype=np.int64))
            return self._header.text[start : start + int(self._data[place])].decode()
        if self._header.kind == "codes":
            return self._header.vocabulary[int(self._data[place])]
        value: PropertyType = self._numbers(place).tolist()
        return value

    def _numbers(self, place: int | slice = slice(None)) -> NDArray[Any]:
        data = self._data[place]
        if self._header.kind == "bool":
            return np.asarray(data.astype(np.bool_))
        if self._header.kind == "decimal":
            return np.asarray(data / 10**self._header.decimals)
        return np.asarray(data)

    def _texts(self) -> Iterator[str]:
        ends = np.cumsum(self._data, dtype=np.int64).tolist()
        starts = [0, *ends[:-1]]
        whole = self._header.text
        if whole.isascii():
            text = whole.decode("ascii")
            return (text[a:b] for a, b in zip(starts, ends, strict=False))
        return (whole[a:b].decode() for a, b in zip(starts, ends, strict=False))

    def passing(self, test: Test) -> NDArray[np.int64]:
        """Rows whose value passes, in order."""
        kind = self._header.kind
        if kind in {"int", "decimal", "float"}:
            passes = None if test.numbers is None else test.numbers(self._numbers().astype(np.float64))
        elif test.text is None or (kind == "texts" and self._lacks(test.equal)):
            passes = None
        elif kind == "texts":
            held = (test.text(searchable(text)) for text in self._texts())
            passes = np.fromiter(held, np.bool_, count=len(self._data))
        else:
            words = ["false", "true"] if kind == "bool" else map(searchable, self._header.vocabulary)
            passes = np.array([test.text(word) for word in words], np.bool_)[self._data]
        return np.empty(0, np.int64) if passes is None else np.asarray(self.rows[passes])

    def _lacks(self, asked: str | None) -> bool:
        """Whether none of the texts can be equal to what is asked: its bytes do not occur."""
        if asked is None or asked.encode() in self._header.text:
            return False
        return bool(unicodedata.is_normalized("NFC", self._header.text.decode()))


_header = msgspec.msgpack.Decoder(_Header)


def attributes_at(columns: Sequence[PropertyColumn], row: int) -> Attributes:
    """What one object of a table has; for the few whose properties decide about more than themselves."""
    sets: dict[str, dict[str, Property]] = {}
    for column in columns:
        if column.valid is None or column.valid[row]:
            one = np.array([row])
            values = (
                column.values.take(one)
                if isinstance(column.values, TextArray | Coded)
                else column.values[one]
            )
            (value,) = values.tolist()
            stated = Property(value=value, type=column.type, unit=column.unit)
            sets.setdefault(column.set_name, {}).setdefault(column.name, stated)
    return Attributes(properties=sets)
