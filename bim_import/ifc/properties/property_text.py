"""Reads single values, simple quantities, their sets and relations straight from the text of a file.

Most statements about objects have one of five shapes. Asking the parser for one costs three to five microseconds an
attribute, one regular expression over the mapped text two for the whole statement. What does not match exactly (comments
inside, rare value types) is left to the parser, so that nothing depends on this module but time.
"""

import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from twin.objects import Property

_STRING = r"'[^']{0,4096}+(?:''[^']{0,4096}+){0,64}+'"
"""Bounded and without backtracking: a comment full of half statements must not make the scan quadratic. What is longer is
left to the parser."""

_OPTIONAL = rf"(?:\$|{_STRING})"
_ROOT = rf"\s*\(\s*{_STRING}\s*,\s*(?:\$|\#\d+)\s*,\s*"
_MEMBERS = r"\(([\s\#\d,]*)\)"
_END = r"\s*\)\s*;"

_STATEMENT = re.compile(
    rf"""IFC(?:
    PROPERTYSINGLEVALUE\s*\(\s*(\$|{_STRING})\s*,\s*{_OPTIONAL}\s*,
        \s*(?:\$|(\w+)\s*\(\s*({_STRING}|[-+.\w]+)\s*\))\s*,\s*(\$|\#\d+){_END}
    | QUANTITY(LENGTH|AREA|VOLUME|WEIGHT|COUNT|TIME)\s*\(\s*(\$|{_STRING})\s*,\s*{_OPTIONAL}\s*,
        \s*(\$|\#\d+)\s*,\s*([-+.\w]+)(?:\s*,\s*{_OPTIONAL})?{_END}
    | PROPERTYSET{_ROOT}(\$|{_STRING})\s*,\s*{_OPTIONAL}\s*,\s*{_MEMBERS}{_END}
    | ELEMENTQUANTITY{_ROOT}(\$|{_STRING})\s*,\s*{_OPTIONAL}\s*,\s*{_OPTIONAL}\s*,\s*{_MEMBERS}{_END}
    | RELDEFINESBYPROPERTIES{_ROOT}{_OPTIONAL}\s*,\s*{_OPTIONAL}\s*,\s*{_MEMBERS}\s*,\s*\#(\d+){_END}
    )""".encode("ascii"),
    re.VERBOSE,
)
"""The five shapes; the number of the last group tells which one matched."""

_VALUE, _QUANTITY, _SET, _QUANTITY_SET, _RELATION = 4, 8, 10, 12, 14
_VALUES = frozenset({_VALUE, _QUANTITY})

_EQUALS = ord("=")
_DIGITS = re.compile(rb"\d+")
_BEFORE = re.compile(rb"#(\d+)\s*=\s*\Z")
_ID_BYTES = 14
"""How far before a class name its STEP id begins at most in the usual spelling (`#4294967295= `)."""

_WIDE_ID_BYTES = 64
"""The same where someone aligns columns with spaces or line ends."""

RawValue = tuple[bytes, bytes | None, bytes | None, bytes]
"""Name (`$` for none), type name in upper case and value (both None where there is no value), unit (`$` or `#12`), all as
they stand. The type of a quantity is its class after `*`: `*IFCQUANTITYLENGTH`."""

Named = tuple[str, Property]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDefinitions:
    """What matched, by STEP id: values, sets (raw name, raw members), relations (definition, raw objects)."""

    values: dict[int, Named] = field(default_factory=dict)
    sets: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    relations: dict[int, tuple[int, bytes]] = field(default_factory=dict)


def read_definitions(
    content: mmap.mmap | bytes, resolve: Callable[[RawValue], Named | None]
) -> TextDefinitions:
    """Scan the text of a file once. `resolve` turns a value into a property, or None where only the parser can; it is asked
    once for equal values, which share what it answers.
    """
    found = TextDefinitions()
    values, sets, relations = found.values, found.sets, found.relations
    known: dict[RawValue, Named | None] = {}
    for match in _STATEMENT.finditer(content):
        step_id = _step_id(content, match.start())
        if step_id is None:
            continue
        shape = match.lastindex
        if shape in _VALUES:
            raw = _value(match) if shape == _VALUE else _quantity(match)
            if raw not in known:
                known[raw] = resolve(raw)
            if (named := known[raw]) is not None:
                values[step_id] = named
        elif shape == _RELATION:
            relations[step_id] = (int(match.group(14)), match.group(13))
        else:
            first = 9 if shape == _SET else 11
            sets[step_id] = (match.group(first), match.group(first + 1))
    return found


def references(raw: bytes) -> list[int]:
    """The STEP ids in a list of references (`#1,#2`)."""
    return [*map(int, _DIGITS.findall(raw))]


def _value(match: re.Match[bytes]) -> RawValue:
    name, kind, value, unit = match.group(1, 2, 3, 4)
    return name, kind, value, unit


def _quantity(match: re.Match[bytes]) -> RawValue:
    kind, name, unit, value = match.group(5, 6, 7, 8)
    return name, b"*IFCQUANTITY" + kind, value, unit


def _step_id(content: mmap.mmap | bytes, class_at: int) -> int | None:
    """The id before a class name; None where the name stands in a string or a comment instead."""
    digits = content[class_at - _ID_BYTES : class_at].rpartition(b"#")[2].removesuffix(b"=")
    if digits.isdigit() and content[class_at - 1] == _EQUALS:
        return int(digits)
    found = _BEFORE.search(content[max(0, class_at - _WIDE_ID_BYTES) : class_at])
    return int(found.group(1)) if found is not None else None
