"""Attributes of city objects as typed properties."""

from typing import Any

import msgspec

from twin.objects import Property

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "double", str: "string"}

_LARGEST = 2**63
"""Integers beyond are kept as text: no column holds them."""

ATTRIBUTES = "attributes"
"""Name of the property set of what a feature has of its own."""


def property_of(value: Any) -> Property:
    """A value of JSON as a property. Objects `{"value", "uom"}` are measures; other nested values are kept as JSON text."""
    if isinstance(value, dict):
        unit = value.get("uom", value.get("unit"))
        inner = value.get("value")
        if isinstance(inner, int | float) and isinstance(unit, str) and not isinstance(inner, bool):
            return Property(value=_scalar(inner), type="measure", unit=unit)
    if isinstance(value, list) and value and all(type(item) in _TYPES for item in value):
        kinds = {_TYPES[type(item)] for item in value}
        return Property(value=[_scalar(item) for item in value], type=f"list of {' or '.join(sorted(kinds))}")
    if value is None:
        return Property(value=None, type="null")
    if type(value) in _TYPES:
        return Property(value=_scalar(value), type=_TYPES[type(value)])
    return Property(value=msgspec.json.encode(value).decode(), type="json")


def _scalar(value: Any) -> bool | int | float | str:
    if type(value) is int and not -_LARGEST <= value < _LARGEST:
        return str(value)
    return value  # type: ignore[no-any-return]  # one of the four types, as the caller has checked


def name_of(attributes: dict[str, Any], otherwise: str) -> str:
    """What an object is called: the first of the usual attributes that holds a text."""
    for key in _NAMES:
        value = attributes.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return otherwise


_NAMES = ("name", "Name", "gml:name", "naam", "bezeichnung", "名称", "nom", "title", "label")


def gather(sets: dict[str, dict[str, Property]], set_name: str, name: str, found: Property) -> None:
    """Put what a surface of an object says among the object's properties: one value where all say the same, else a list of
    the different ones in the order in which they came up. Surfaces are no objects of their own.
    """
    values = sets.setdefault(set_name, {})
    before = values.get(name)
    if before is None or before.value is None:
        values[name] = found
        return
    known = before.value if isinstance(before.value, list) else [before.value]
    further = found.value if isinstance(found.value, list) else [found.value]
    told = {(type(value), value) for value in known}
    new = [value for value in further if value is not None and (type(value), value) not in told]
    if new:
        values[name] = Property(value=[*known, *dict.fromkeys(new)], type=before.type, unit=before.unit)
