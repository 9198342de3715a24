"""What is told of features beside their shape: ids, names, classes, properties, as Arrow columns of a batch."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bim_import.gis.columns import MEANING, amount, is_text, plain_text
from bim_import.gis.rules.values import Kept, Rule, Text

ID, NAME, CLASS, DISCIPLINE, DRAWN = "id", "name", "class", "discipline", "drawn"
"""Columns of a table of features before its properties."""

_PROPERTY = "p:"
"""Prefix of property columns, so that they cannot be mistaken for the above."""

_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "real"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "date and time"),
    (pa.types.is_time, "time"),
    (pa.types.is_nested, "json"),
)

_DOUBLE_DIGITS, _INT64_DIGITS = 15, 18
"""Decimal digits that a float64 and an int64 hold whatever they are."""


def type_name(column: pa.Field) -> str:
    """What a column's type is called in properties. Columns that hold texts say more of themselves, if their reader knew."""
    said = (column.metadata or {}).get(MEANING)
    if said is not None:
        return str(said.decode())
    if pa.types.is_decimal(column.type):
        return {pa.int64(): "integer", pa.float64(): "real"}.get(_of_decimal(column.type), "decimal")
    return next((name for fits, name in _TYPES if fits(column.type)), "text")


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
    if pa.types.is_timestamp(column.type):
        return _instants(column)
    spoken = _json if pa.types.is_nested(column.type) else plain_text
    values = [None if value is None else spoken(value) for value in column.to_pylist()]
    return pa.array(values, type=pa.string())


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def _instants(column: pa.Array) -> pa.Array:
    """ISO 8601, fractions of seconds without zeros behind them; what has a time zone, in UTC."""
    zone = "" if column.type.tz is None else "Z"
    plain = pc.strftime(column.cast(pa.timestamp(column.type.unit)), format="%Y-%m-%dT%H:%M:%S", locale="C")
    short = pc.replace_substring_regex(plain, r"(\.[0-9]*[1-9])0+$|\.0+$", r"\1")
    return pc.binary_join_element_wise(short, zone, "")


def _of_decimal(kind: pa.DataType) -> pa.DataType:
    """The type that holds all values of a decimal one; texts where no number does."""
    if kind.scale == 0 and kind.precision <= _INT64_DIGITS:
        return pa.int64()
    return pa.float64() if kind.precision <= _DOUBLE_DIGITS else pa.string()


def _unless_empty(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def default_kept(schema: pa.Schema) -> tuple[Kept, ...]:
    """Every column under its own name; those of bytes cannot be shown."""
    return tuple(Kept(name=field.name, column=field.name) for field in schema if not _is_bytes(field.type))


def bytes_columns(schema: pa.Schema) -> list[str]:
    """Names of the columns that are left out, because they hold bytes."""
    return [field.name for field in schema if _is_bytes(field.type)]


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
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
    return _plain(column), type_name(table.schema.field(real))


def _plain(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_uint64(kind):  # ids and hashes: no float64 and no int64 holds them
        return as_text(column)
    if pa.types.is_integer(kind):
        return pc.cast(column, pa.int64())
    if pa.types.is_decimal(kind):
        return pc.cast(column, _of_decimal(kind))
    if pa.types.is_floating(kind):
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
