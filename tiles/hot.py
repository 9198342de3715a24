"""The hot set: which properties of a source are worth a typed column in the tiles. The rest stays in the database."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from twin.objects import Property, PropertyType, SourceObject

Kind = Literal["number", "boolean", "text"]

MOST_TEXTS = 64
"""Distinct values up to which a text is an enumeration; more are names or remarks, and cost as much as GlobalIds."""

LEAST_SHARE = 0.05
"""Share of the drawn objects that must have a property for it to be hot."""

_STANDARD_SETS = ("Pset_", "Qto_", "BaseQuantities")
"""Sets of the IFC standard: what they say means the same in every model."""

_CLASS_BITS = 2
"""Presence is compared in classes of a quarter of a doubling, so that a small edit does not change the choice."""

_EXACT_INTEGERS = 2**53
"""Larger integers are identifiers, not amounts, and FLOAT64 would round them."""

_WORTH = {"number": 2, "boolean": 1, "text": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class HotProperty:
    """One chosen property: `set_name` and `name` as the source has them, `unit` where all values agree on it."""

    set_name: str
    name: str
    kind: Kind
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Values of one hot property by ordinal; None where missing or of another type."""

    hot: HotProperty
    values: list[bool | int | float | str | None]

    def put(self, ordinal: int, properties: dict[str, dict[str, Property]]) -> None:
        """Take the value of one object, if it has one of the right type (and unit)."""
        within = properties.get(self.hot.set_name)
        found = within.get(self.hot.name) if within else None
        if found is None or kind_of(found.value) != self.hot.kind or found.unit != self.hot.unit:
            return
        value = found.value
        if isinstance(value, bool | int | float | str):
            self.values[ordinal] = value


def kind_of(value: PropertyType) -> Kind | None:
    """Type class of a value; None for lists, missing values, empty texts and numbers that FLOAT64 cannot hold."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number" if abs(value) <= _EXACT_INTEGERS else None
    if isinstance(value, float):
        return "number" if math.isfinite(value) else None
    return "text" if isinstance(value, str) and value else None


@dataclass(slots=True)
class _Seen:
    count: int
    values: set[bool | int | float | str]


def choose_hot(objects: Sequence[SourceObject], *, limit: int) -> list[HotProperty]:
    """The properties that most objects have and that tell them apart: numbers, booleans, and texts of few values.

    Those of standard sets come first. In order of set and name.
    """
    seen: dict[tuple[str, str, Kind, str | None], _Seen] = {}
    for item in objects:
        for set_name, properties in item.attributes.properties.items():
            for name, found in properties.items():
                kind = kind_of(found.value)
                if kind is not None and not isinstance(found.value, list | None):
                    entry = seen.setdefault((set_name, name, kind, found.unit), _Seen(0, set()))
                    entry.count += 1
                    if len(entry.values) <= MOST_TEXTS:
                        entry.values.add(found.value)
    worthy = {key: entry for key, entry in seen.items() if _is_worth_a_column(key[2], entry, len(objects))}

    def rank(key: tuple[str, str, Kind, str | None]) -> tuple[bool, int, int, str, str, str]:
        presence = math.floor(math.log2(worthy[key].count) * _CLASS_BITS)
        standard = key[0].startswith(_STANDARD_SETS)
        return (not standard, -presence, -_WORTH[key[2]], key[0], key[1], key[3] or "")

    chosen: dict[tuple[str, str], HotProperty] = {}
    for set_name, name, kind, unit in sorted(worthy, key=rank):
        if len(chosen) < limit:
            hot = HotProperty(set_name=set_name, name=name, kind=kind, unit=unit)
            chosen.setdefault((set_name, name), hot)
    return [chosen[key] for key in sorted(chosen)]


def _is_worth_a_column(kind: Kind, seen: _Seen, objects: int) -> bool:
    if seen.count < max(2, LEAST_SHARE * objects) or len(seen.values) < 2:
        return False
    if kind != "text":
        return True
    return len(seen.values) <= MOST_TEXTS and len(seen.values) * 2 <= seen.count
