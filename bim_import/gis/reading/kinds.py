"""Types of the columns of text tables, told from all of their values: what does not fit makes a column text, never a null."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from bim_import.gis.columns import is_text

_WHOLE = r"^[-+]?(0|[1-9][0-9]{0,17})$"
"""Leading zeros belong to ids and codes: 007 is no 7. Eighteen digits fit into 64 bits."""

_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
_CODE = r"^[-+]?0[0-9]|^[-+]?[0-9]{19,}$"
"""Numbers of meters and cards have more digits than any number keeps."""
_TRUE = pa.array(["true", "yes", "是"])
_FALSE = pa.array(["false", "no", "否"])

_ORDER = ("integer", "real", "boolean")


def kinds_of(batches: Iterable[pa.RecordBatch]) -> dict[str, str]:
    """`integer`, `real` or `boolean` of each text column whose values all are such; others are left out."""
    open_kinds: dict[str, set[str]] = {}
    filled: set[str] = set()
    for batch in batches:
        for field, column in zip(batch.schema, batch.columns, strict=True):
            if not is_text(field.type):
                continue
            kinds = open_kinds.setdefault(field.name, set(_ORDER))
            values = _trimmed(column).drop_null()
            if kinds and len(values):
                filled.add(field.name)
                kinds.intersection_update(kind for kind in tuple(kinds) if _all_are(kind, values))
    found = {name: next((kind for kind in _ORDER if kind in kinds), "") for name, kinds in open_kinds.items()}
    return {name: kind for name, kind in found.items() if kind and name in filled}


def _all_are(kind: str, values: pa.Array) -> bool:
    if kind == "boolean":
        known = pc.is_in(pc.utf8_lower(values), value_set=pa.concat_arrays([_TRUE, _FALSE]))
        return bool(pc.all(known).as_py())
    fits = pc.match_substring_regex(values, _WHOLE if kind == "integer" else _NUMBER)
    if not pc.all(fits).as_py():
        return False
    return kind == "integer" or not pc.any(pc.match_substring_regex(values, _CODE)).as_py()


def converted(batch: pa.RecordBatch, kinds: dict[str, str]) -> pa.RecordBatch:
    """The batch with its text columns as the kinds say; empty texts are null."""
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        columns.append(_converted(column, kinds.get(field.name, "")) if is_text(field.type) else column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _converted(column: pa.Array, kind: str) -> pa.Array:
    values = _trimmed(column)
    if kind == "boolean":
        return pc.if_else(
            pc.is_null(values), pa.scalar(None, pa.bool_()), pc.is_in(pc.utf8_lower(values), value_set=_TRUE)
        )
    if not kind:
        return values
    plain = pc.replace_substring_regex(values, r"^\+", "")
    return pc.cast(plain, pa.int64() if kind == "integer" else pa.float64())


def _trimmed(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
