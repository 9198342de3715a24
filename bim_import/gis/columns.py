"""Columns of a batch of features as numpy arrays: numbers with units, texts, flags."""

import re
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_AMOUNT = re.compile(r"^\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s;,].*)?$")
_FEET_INCHES = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*'\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''))?\s*$")
_DIAMETER = re.compile(r"^\s*(?:DN|D|Φ|φ|ø|Ø|Ф)\s*(\d+(?:\.\d+)?)\s*(mm)?\s*$", re.IGNORECASE)

UNITS_M = {
    "m": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "米": 1.0,
    "mm": 0.001,
    "毫米": 0.001,
    "cm": 0.01,
    "厘米": 0.01,
    "dm": 0.1,
    "km": 1000.0,
    "in": 0.0254,
    "inch": 0.0254,
    '"': 0.0254,
    "ft": 0.3048,
    "feet": 0.3048,
    "'": 0.3048,
    "us-ft": 1200.0 / 3937.0,
}
"""Metres in one of each unit that columns and texts have."""

MEANING = b"meaning"
"""Metadata of a column of texts that are something else: `date and time`, `json`."""

_PLAIN = frozenset({"层", "f", "floors", "storeys", "°", "deg"})
"""What may follow a number without changing it."""


def amount(text: str, unit_m: float = 1.0) -> float:
    """A text such as `12`, `12.5 m`, `40 ft`, `12'6"`, `DN300` in metres (or as it stands); NaN where it is none.

    `unit_m` is what a number without unit is in. Of a list (`3;4`) the first counts, as OpenStreetMap says.
    """
    first = text.split(";", 1)[0].strip()
    if match := _FEET_INCHES.match(first):
        return float(match[1]) * 0.3048 + float(match[2] or 0.0) * 0.0254
    if match := _DIAMETER.match(first):
        return float(match[1]) * 0.001
    if match := _AMOUNT.match(first):
        value, unit = float(match[1].replace(",", ".")), (match[2] or "").strip().casefold()
        if not unit or unit in _PLAIN:
            return value * unit_m
        return value * UNITS_M[unit] if unit in UNITS_M else np.nan
    return np.nan


class Columns:
    """The columns of one batch, by name; each is converted once."""

    def __init__(self, table: pa.RecordBatch) -> None:
        self.table = table
        self._numbers: dict[tuple[str, float], Floats] = {}
        self._texts: dict[str, NDArray[np.object_]] = {}
        self._folded = {name.casefold(): name for name in reversed(table.schema.names)}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def real_name(self, name: str) -> str | None:
        """The column of that name, or the one that differs from it by case only; None: there is none."""
        return name if name in self.table.schema.names else self._folded.get(name.casefold())

    def numbers(self, name: str, unit_m: float = 1.0) -> Floats:
        """(n,) float64 of a column; texts are read as amounts; NaN where there is no number, or no such column."""
        real = self.real_name(name)
        if real is None:
            return np.full(len(self), np.nan)
        key = (real, unit_m)
        if key not in self._numbers:
            self._numbers[key] = _as_numbers(self.table.column(real), unit_m)
        return self._numbers[key]

    def texts(self, name: str) -> NDArray[np.object_]:
        """(n,) str or None."""
        real = self.real_name(name)
        if real is None:
            return np.full(len(self), None, dtype=object)
        if real not in self._texts:
            self._texts[real] = _as_texts(self.table.column(real))
        return self._texts[real]

    def valid(self, name: str) -> NDArray[np.bool_]:
        """(n,) whether a row has a value; an empty text is none."""
        real = self.real_name(name)
        if real is None:
            return np.zeros(len(self), dtype=bool)
        column = self.table.column(real)
        there = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            lengths = pc.fill_null(pc.binary_length(column), 0)
            there &= np.asarray(lengths.to_numpy(zero_copy_only=False)) > 0
        return there


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def sound_texts(column: pa.Array) -> pa.Array:
    """A column of texts with what is not UTF-8 in them (letters cut at the width of a field) replaced by `�`, and a warning."""
    if not is_text(column.type):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        bytes_ = column.cast(pa.large_binary()).to_pylist()
        warnings.warn(
            "Some of its texts have bytes that are no letters: they were replaced by �.", stacklevel=2
        )
        return pa.array(
            [None if each is None else each.decode("utf-8", "replace") for each in bytes_], pa.string()
        )
    return column


def _as_numbers(column: pa.Array, unit_m: float) -> Floats:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        plain = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(plain, dtype=np.float64) * unit_m
    if is_text(kind):
        coded = pc.dictionary_encode(column)
        values = np.array([amount(text, unit_m) for text in coded.dictionary.to_pylist()] + [np.nan])
        codes = pc.fill_null(coded.indices, len(values) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(values[codes])
    return np.full(len(column), np.nan)


def _as_texts(column: pa.Array) -> NDArray[np.object_]:
    if not is_text(column.type):
        values = [None if value is None else plain_text(value) for value in column.to_pylist()]
        return np.array([*values, None], dtype=object)[:-1]
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)


def plain_text(value: object) -> str:
    """A value as people write it: whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
