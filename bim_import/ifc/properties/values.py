"""Reads single attributes so that a damaged or mistyped one costs itself only, and texts so that they can be stored."""

import math
from collections.abc import Iterable
from typing import Any

from ifcopenshell import entity_instance

from twin.objects import PropertyType

_LINE_BREAKS = "\n\t"


def attribute(entity: entity_instance, index: int) -> Any:
    """Attribute number `index` as ifcopenshell gives it; None where its text is damaged (a lazy file parses it now) or the
    class has fewer attributes.
    """
    try:
        return entity.get_argument(index)
    except (RuntimeError, IndexError):
        return None


def entities(value: object) -> tuple[entity_instance, ...]:
    """The entity or entities that an attribute refers to; whatever else stands there is left out."""
    if isinstance(value, entity_instance):
        return (value,)
    if isinstance(value, tuple):
        return tuple(item for item in value if isinstance(item, entity_instance))
    return ()


def text(value: object) -> str | None:
    r"""A string that any store and JSON can hold, None for an absent, empty or blank one. Control characters (line breaks
    excepted) and lone surrogates, which escapes such as `\X2\D83D\X0\` can bring in, become U+FFFD.
    """
    if not isinstance(value, str):
        return None
    if not value.isprintable():
        value = "".join(c if c.isprintable() or c in _LINE_BREAKS or c.isspace() else "\ufffd" for c in value)
    return value if value and not value.isspace() else None


def scalar(value: object) -> bool | int | float | str | None:
    """A simple value; None for what JSON has no number for (an overflowing real reads as infinite)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return text(value) or ""
    return None


def plain(value: object) -> PropertyType:
    """A simple value or a flat list of them; typed values are unwrapped, references to entities left out."""
    if isinstance(value, entity_instance):
        return None if value.id() else plain(attribute(value, 0))
    if isinstance(value, tuple):
        return flat(value)
    return scalar(value)


def flat(values: Iterable[object]) -> list[bool | int | float | str]:
    """All simple values of a list, nested lists in order."""
    found: list[bool | int | float | str] = []
    for value in values:
        one = plain(value)
        if isinstance(one, list):
            found.extend(one)
        elif one is not None:
            found.append(one)
    return found
