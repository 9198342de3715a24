"""Values of the hot properties as columns, from objects one by one and from tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.hot import EXACT_INTEGERS, HotProperty, Kind
from twin.objects import Property
from twin.tables import Coded, ObjectTable, PropertyColumn, TextArray, joined_codes

Values = NDArray[np.float64] | NDArray[np.bool_] | Coded
"""Numbers, booleans, texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotColumn:
    """Values of one hot property by ordinal; where `valid` (n,) is false they are missing, or of another type."""

    hot: HotProperty
    values: Values
    valid: NDArray[np.bool_]


_Part = tuple[Values, NDArray[np.bool_]]


class HotReader:
    """Gathers the columns of `chosen` from batches of objects, which `getters` read, and from tables."""

    def __init__(
        self, chosen: Sequence[HotProperty], getters: Sequence[Callable[[Any], Property | None]]
    ) -> None:
        self._chosen = chosen
        self._getters = getters
        self._parts: list[list[_Part]] = [[] for _ in chosen]

    def add_objects(self, batch: Sequence[Any], drawn: NDArray[np.bool_]) -> None:
        """Add a batch of objects, read as `lean_shape` says; `drawn` by ordinal."""
        sets = [item.attributes.properties if drawn[item.ordinal] else None for item in batch]
        for hot, getter, parts in zip(self._chosen, self._getters, self._parts, strict=True):
            found = [None if properties is None else getter(properties) for properties in sets]
            accepted = [
                each.value if each is not None and hot.accepts(each.value, each.unit) else None
                for each in found
            ]
            valid = np.array([value is not None for value in accepted], dtype=bool)
            parts.append((_from_list(hot.kind, accepted), valid))

    def add_table(self, table: ObjectTable, drawn: NDArray[np.bool_]) -> None:
        """Add a table; `drawn` (n,) by its rows."""
        for hot, parts in zip(self._chosen, self._parts, strict=True):
            named = [c for c in table.properties if (c.set_name, c.name) == (hot.set_name, hot.name)]
            parts.append(_of_columns(hot, named, drawn))

    def columns(self) -> list[HotColumn]:
        """All that was added."""
        return [
            HotColumn(
                hot=hot,
                values=_joined(hot.kind, [values for values, _ in parts]),
                valid=np.concatenate([valid for _, valid in parts]),
            )
            for hot, parts in zip(self._chosen, self._parts, strict=True)
        ]


def _from_list(kind: Kind, values: Sequence[Any]) -> Values:
    if kind == "text":
        return Coded.of([value or "" for value in values])
    if kind == "boolean":
        return np.array([bool(value) for value in values], dtype=bool)
    return np.array([float(value or 0) for value in values], dtype=np.float64)


def _of_columns(hot: HotProperty, named: Sequence[PropertyColumn], drawn: NDArray[np.bool_]) -> _Part:
    """Of the columns of that name, the first valid one counts, and it counts if it is of the right type and unit."""
    left = drawn.copy()
    result, valid = _missing(hot.kind, len(drawn)), np.zeros(len(drawn), dtype=bool)
    for column in named:
        here = left if column.valid is None else left & column.valid
        left = left & ~here
        found = _matching(hot, column)
        if found is not None:
            here = here & found[1]
            result = _replaced(result, found[0], here)
            valid |= here
    return result, valid


def _missing(kind: Kind, count: int) -> Values:
    if kind == "text":
        return Coded.same("", count)
    return np.zeros(count, dtype=bool if kind == "boolean" else np.float64)


def _replaced(old: Values, new: Values, here: NDArray[np.bool_]) -> Values:
    """`old` with the values of `new` where `here` says."""
    if isinstance(old, Coded) and isinstance(new, Coded):
        both = joined_codes([old, new])
        codes = np.where(here, both.codes[len(old) :], both.codes[: len(old)])
        return Coded(codes=codes, vocabulary=both.vocabulary)
    return np.where(here, new, old)  # type: ignore[arg-type]  # both are numbers or both booleans


def _matching(hot: HotProperty, column: PropertyColumn) -> _Part | None:
    """The column as `hot` wants it and which of its values can be said; None where it is of another type or unit."""
    values = column.values
    if column.unit != hot.unit or _kind(values) != hot.kind:
        return None
    if isinstance(values, Coded):
        return values, (np.array([text != "" for text in values.vocabulary], dtype=bool))[values.codes]
    if isinstance(values, TextArray):
        return Coded.of(values.tolist()), values.lengths > 0
    if values.dtype == np.int64:
        return values.astype(np.float64), (values <= EXACT_INTEGERS) & (values >= -EXACT_INTEGERS)
    usable = np.isfinite(values) if values.dtype == np.float64 else np.ones(len(values), dtype=bool)
    return values, usable  # type: ignore[return-value]  # integers are gone


def _kind(values: object) -> Kind:
    if isinstance(values, Coded | TextArray):
        return "text"
    assert isinstance(values, np.ndarray)
    return "boolean" if values.dtype == np.bool_ else "number"


def _joined(kind: Kind, parts: Sequence[Values]) -> Values:
    if kind == "text":
        return joined_codes([part for part in parts if isinstance(part, Coded)])
    return np.concatenate([part for part in parts if isinstance(part, np.ndarray)])
