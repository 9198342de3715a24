"""Attributes of CityGML features as typed properties: generic ones by their type, others by their text.

Without the schema of an extension a value shows its type only by how it is written: whole numbers, decimal numbers, true
and false. Codes of a code list stay text, and so do numbers with leading zeros.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from bim_import.citygml.document import XLINK, Element, children, local, text_of
from bim_import.citygml.geometry import is_geometry
from bim_import.citymodel.attributes import ATTRIBUTES
from twin.objects import Property

_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,18})")
_DOUBLE = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?|INF|-INF|NaN")
_CODES = frozenset({"class", "function", "usage", "roofType", "species"})
"""Attributes of CityGML that are codes even where no code list is named."""

_GENERIC = {
    "stringAttribute": "string",
    "intAttribute": "integer",
    "doubleAttribute": "double",
    "dateAttribute": "date",
    "uriAttribute": "uri",
    "measureAttribute": "measure",
}
GENERIC_SET = "genericAttributeSet"
_DEEPEST = 8
"""Levels of nested data types that are kept; deeper ones are joined to the last."""


@dataclass(slots=True)
class Sets:
    """Property sets being filled. A name that comes again gets a number; equal plain names make a list."""

    sets: dict[str, dict[str, Property]] = field(default_factory=dict)

    def put(self, set_name: str, name: str, value: Property) -> None:
        """Put one value; a further one of the same name makes a list of both."""
        values = self.sets.setdefault(set_name, {})
        if name not in values:
            values[name] = value
            return
        before = values[name].value
        joined: list[Any] = [*before] if isinstance(before, list) else [before]
        further = value.value if isinstance(value.value, list) else [value.value]
        joined += [each for each in further if each is not None]
        values[name] = Property(value=joined, type=value.type, unit=value.unit)

    def fresh(self, name: str) -> str:
        """A set name that is not in use: the name itself, or with a number."""
        if name not in self.sets:
            return name
        number = 2
        while f"{name} {number}" in self.sets:
            number += 1
        return f"{name} {number}"


def read_generic(sets: Sets, element: Element, set_name: str = ATTRIBUTES) -> bool:
    """Take a generic attribute of CityGML 1.0 to 3.0 (`gen:intAttribute`, `gen:IntAttribute`); false for what is none."""
    name = local(element)
    key = name[:1].lower() + name[1:]
    if key == GENERIC_SET:
        inner = sets.fresh(element.get("name") or _child(element, "name") or GENERIC_SET)
        sets.sets.setdefault(inner, {})
        for child in children(element):
            member = next(children(child), None) if local(child) == "genericAttribute" else child
            if member is not None:
                read_generic(sets, member, inner)
        return True
    if key not in _GENERIC:
        return False
    value = next((child for child in children(element) if local(child) == "value"), None)
    label = element.get("name") or _child(element, "name")
    if value is not None and label:
        sets.put(set_name, label, _typed(_GENERIC[key], text_of(value), value.get("uom")))
    return True


def _child(element: Element, name: str) -> str:
    return next((text_of(child) for child in children(element) if local(child) == name), "")


def _typed(kind: str, text: str, unit: str | None) -> Property:
    """A value of a stated type; what is not of it stays text."""
    if kind == "integer" and _is_whole(text):
        return Property(value=int(text), type=kind)
    if kind in ("double", "measure") and _DOUBLE.fullmatch(text) and _is_number(text):
        return Property(value=float(text), type=kind, unit=unit)
    if kind in ("integer", "double", "measure"):
        return Property(value=text or None, type="string" if text else kind, unit=unit)
    return Property(value=text or None, type=kind)


def _is_whole(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63


def _is_number(text: str) -> bool:
    return text.lstrip("+-").upper() not in ("INF", "NAN")


def typed_text(element: Element) -> Property:
    """The value of a simple element."""
    text = text_of(element)
    unit = element.get("uom")
    if unit is not None:
        return _typed("measure", text, unit)
    if element.get("codeSpace") is not None or local(element) in _CODES:
        return Property(value=text or None, type="code")
    if not text:
        return Property(value=None, type="string")
    if _is_whole(text):
        return Property(value=int(text), type="integer")
    if _DOUBLE.fullmatch(text) and _is_number(text) and not re.match(r"[+-]?0\d", text):
        return Property(value=float(text), type="double")
    if text in ("true", "false"):
        return Property(value=text == "true", type="boolean")
    return Property(value=text, type="string")


def read_nested(sets: Sets, element: Element, depth: int = 0) -> None:
    """Take a data type (an object without geometry and identity) as a property set of its name."""
    name = sets.fresh(local(element))
    sets.sets.setdefault(name, {})
    for child in children(element):
        inner = list(children(child))
        if any(is_geometry(each) for each in inner):
            continue
        if not inner:
            href = child.get(XLINK)
            value = Property(value=str(href), type="link") if href else typed_text(child)
            sets.put(name, local(child), value)
        elif depth < _DEEPEST and all(list(children(each)) for each in inner):
            for each in inner:
                read_nested(sets, each, depth + 1)
        else:
            for leaf in child.iter():
                if isinstance(leaf.tag, str) and not len(leaf) and text_of(leaf):
                    sets.put(name, local(leaf), typed_text(leaf))
    if not sets.sets[name]:
        del sets.sets[name]
