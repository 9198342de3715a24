"""The hot set: which properties of a source are worth a typed column in the tiles. The rest stays in the database."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from twin.objects import PropertyType, SourceObject

Kind = Literal["number", "boolean", "text"]

Value = bool | int | float | str

MOST_TEXTS = 64
"""Distinct values up to which a text is an enumeration; more are names or remarks, and cost as much as GlobalIds."""

LEAST_SHARE = 0.05
"""Share of the drawn objects that must have a property for it to be hot."""

_STANDARD_SETS = ("Pset_", "Qto_", "BaseQuantities")
"""Sets of the IFC standard: what they say means the same in every model."""

_CLASS_BITS = 2
"""Presence is compared in classes of half a doubling, so that a small edit does not change the choice."""

EXACT_INTEGERS = 2**53
"""Larger integers are identifiers, not amounts, and FLOAT64 would round them."""

_WORTH = {"number": 2, "boolean": 1, "text": 0}

_KINDS: dict[type, Kind] = {bool: "boolean", int: "number", float: "number", str: "text"}

_Key = tuple[str, str, Kind, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotProperty:
    """One chosen property: `set_name` and `name` as the source has them, `unit` where all values agree on it."""

    set_name: str
    name: str
    kind: Kind
    unit: str | None

    def accepts(self, value: PropertyType, unit: str | None) -> bool:
        """Whether a value found under this name is of the right type and unit."""
        return unit == self.unit and kind_of(value) == self.kind


def kind_of(value: PropertyType) -> Kind | None:
    """Type class of a value; None for lists, missing values, empty texts and numbers that FLOAT64 cannot hold."""
    kind = _KINDS.get(type(value))
    if kind == "number":
        assert isinstance(value, int | float)
        return (
            kind if abs(value) <= EXACT_INTEGERS or (type(value) is float and math.isfinite(value)) else None
        )
    return None if value == "" else kind


@dataclass(slots=True)
class _Seen:
    count: int
    values: set[Value]


def choose_hot(objects: Sequence[SourceObject], *, limit: int) -> list[HotProperty]:
    """The properties that most objects have and that tell them apart: numbers, booleans, and texts of few values.

    Those of standard sets come first. In order of set and name.
    """
    worthy = {
        key: seen for key, seen in _seen(objects).items() if _is_worth_a_column(key[2], seen, len(objects))
    }

    def rank(key: _Key) -> tuple[bool, int, int, str, str, str]:
        presence = math.floor(math.log2(worthy[key].count) * _CLASS_BITS)
        standard = key[0].startswith(_STANDARD_SETS)
        return (not standard, -presence, -_WORTH[key[2]], key[0], key[1], key[3] or "")

    chosen: dict[tuple[str, str], HotProperty] = {}
    for set_name, name, kind, unit in sorted(worthy, key=rank):
        if len(chosen) < limit:
            hot = HotProperty(set_name=set_name, name=name, kind=kind, unit=unit)
            chosen.setdefault((set_name, name), hot)
    return [chosen[key] for key in sorted(chosen)]


def _seen(objects: Sequence[SourceObject]) -> dict[_Key, _Seen]:
    """How often each property occurs by type and unit, and its values. Written for speed: models have 10⁴ in a sample."""
    seen: dict[_Key, _Seen] = {}
    for item in objects:
        for set_name, properties in item.attributes.properties.items():
            for name, found in properties.items():
                value = found.value
                kind = _KINDS.get(type(value))
                if kind is None or value == "":
                    continue
                key = (set_name, name, kind, found.unit)
                entry = seen.get(key)
                if entry is None:
                    entry = seen[key] = _Seen(0, set())
                entry.count += 1
                if len(entry.values) <= MOST_TEXTS:
                    entry.values.add(value)  # type: ignore[arg-type]  # lists have no kind
    return seen


def _is_worth_a_column(kind: Kind, seen: _Seen, objects: int) -> bool:
    if (
        seen.count < max(2, LEAST_SHARE * objects)
        or sum(kind_of(value) is not None for value in seen.values) < 2
    ):
        return False
    if kind != "text":
        return True
    return len(seen.values) <= MOST_TEXTS and len(seen.values) * 2 <= seen.count
