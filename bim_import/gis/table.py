"""What is told of features beside their shape: ids, names, classes, properties, as Arrow columns of a batch."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bim_import.gis.columns import amount, is_text, plain_text
from bim_import.gis.rules.values import Kept, Rule, Text

ID, NAME, CLASS, DISCIPLINE, DRAWN = "id", "name", "class", "discipline", "drawn"
"""Columns of a table of features before its properties."""

_PROPERTY = "p:"
"""Prefix of property columns, so that they cannot be mistaken for the above."""

_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "real"),
    (pa.types.is_decimal, "real"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "date and time"),
    (pa.types.is_time, "time"),
)


def type_name(kind: pa.DataType) -> str:
    """What a column's type is called in properties."""
    return next((name for fits, name in _TYPES if fits(kind)), "text")


def coalesced(text: Text, table: pa.RecordBatch) -> pa.Array:
    """(n,) string array of a rule's text; the constant where there is none."""
    names = {name.casefold(): name for name in reversed(table.schema.names)}
    found = [names[name.casefold()] for name in text.columns if name.casefold() in names]
    columns = [_unless_empty(as_text(table.column(name))) for name in found]
    constant = pa.scalar(text.constant, pa.string())
    if not columns:
        return pa.repeat(constant, len(table))
    return pc.coalesce(*columns, constant)


def as_text(column: pa.Array) -> pa.Array:
    """A column as strings, whole numbers without a point."""
    if is_text(column.type):
        return column.cast(pa.string())
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.string())
    values = [None if value is None else plain_text(value) for value in column.to_pylist()]
    return pa.array(values, type=pa.string())


def _unless_empty(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def default_kept(schema: pa.Schema) -> tuple[Kept, ...]:
    """Every column under its own name; binary ones cannot be shown."""
    return tuple(
        Kept(name=field.name, column=field.name) for field in schema if not pa.types.is_binary(field.type)
    )


def kept_by(rules: Sequence[Rule], schema: pa.Schema) -> tuple[Kept, ...]:
    """The properties of a layer: those that its rules name; all columns, unless rules of a file name some."""
    named = [kept for rule in rules for kept in rule.properties or ()]
    return tuple({kept.name: kept for kept in reversed(named)}.values())[::-1] or default_kept(schema)


def property_field(kept: Kept) -> str:
    """Name of the column that holds a property."""
    return f"{_PROPERTY}{kept.name}"


def property_column(kept: Kept, table: pa.RecordBatch) -> tuple[pa.Array, str]:
    """The values of a property as bool, int64, float64 or string, NaN and infinite ones null, and the name of its type."""
    names = {name.casefold(): name for name in reversed(table.schema.names)}
    real = kept.column if kept.column in table.schema.names else names.get(kept.column.casefold())
    if real is None:
        return pa.nulls(len(table), pa.string()), "text"
    column = table.column(real)
    if kept.type is not None:
        return _cast(column, kept), {"number": "real"}.get(kept.type, kept.type)
    return _plain(column), type_name(column.type)


def _plain(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_unsigned_integer(kind) and kind.bit_width == 64:
        return pc.cast(column, pa.float64(), safe=False)
    if pa.types.is_integer(kind):
        return pc.cast(column, pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _finite(pc.cast(column, pa.float64(), safe=False))
    return as_text(column)


def _finite(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, pa.float64()))


def _cast(column: pa.Array, kept: Kept) -> pa.Array:
    if kept.type == "text":
        return as_text(column)
    if kept.type == "boolean":
        return _as_flags(column)
    values = column if not is_text(column.type) else _amounts(column)
    numbers = _finite(pc.cast(values, pa.float64(), safe=False))
    return numbers if kept.type == "number" else pc.cast(pc.round(numbers), pa.int64(), safe=False)


def _amounts(column: pa.Array) -> pa.Array:
    coded = pc.dictionary_encode(column.cast(pa.string()))
    values = pa.array([amount(text) for text in coded.dictionary.to_pylist()], type=pa.float64())
    return pc.take(values, coded.indices)


_TRUE = frozenset({"true", "yes", "t", "y", "1", "是", "有"})
_FALSE = frozenset({"false", "no", "f", "n", "0", "否", "无"})


def _as_flags(column: pa.Array) -> pa.Array:
    if pa.types.is_boolean(column.type):
        return column
    texts = [None if text is None else text.strip().casefold() for text in as_text(column).to_pylist()]
    return pa.array([True if t in _TRUE else False if t in _FALSE else None for t in texts], type=pa.bool_())


def chosen_by(choice: NDArray[np.int64], options: list[pa.Array]) -> pa.Array:
    """Row by row the value of the option that `choice` (n,) names."""
    if len(options) == 1:
        return options[0]
    joined = pa.concat_arrays(options)
    return pc.take(joined, pa.array(choice * len(choice) + np.arange(len(choice))))
