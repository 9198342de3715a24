"""Which IFC schema a file names, and which of the schemas that can be read is nearest to it.

ifcopenshell 0.9 reads IFC2X3, IFC4 and IFC4X3_ADD2 (ISO 16739-1:2024); each is a superset of its own drafts and
corrigenda for nearly every class, so a file of a sibling is read as the nearest one, with a warning.
"""

import re
from dataclasses import dataclass

READABLE = ("IFC2X3", "IFC4", "IFC4X3_ADD2")
"""Schemas that the reader knows, oldest first."""

_NEAREST: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"IFC4X[123]([_ ].*)?|IFC4X4.*"), "IFC4X3_ADD2"),
    (re.compile(r"IFC4([_ ].*)?"), "IFC4"),
    (re.compile(r"IFC2X3([_ ].*)?"), "IFC2X3"),
    (re.compile(r"IFC2X2?([_ ].*)?"), "IFC2X3"),
)
"""Drafts, addenda and predecessors, by the name in FILE_SCHEMA (upper case)."""

_SKIPPED = re.compile(rb"'(?:[^']|'')*'|/\*.*?\*/", re.DOTALL)
_FILE_SCHEMA = re.compile(rb"\bFILE_SCHEMA\s*\(\s*\(([^;]*?)\)\s*\)\s*;", re.IGNORECASE)
_STRING = re.compile(rb"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSchema:
    """What FILE_SCHEMA says. `names` are upper case in the file's order; `start`/`end` delimit the list between the inner
    parentheses, as byte offsets into the header.
    """

    names: tuple[str, ...]
    start: int
    end: int


def find_schema(header: bytes) -> NamedSchema | None:
    """The FILE_SCHEMA entity of a Part 21 header (ISO 10303-21, 8.2.5), or None where there is none.

    Comments and strings that merely contain the word are not mistaken for it.
    """
    visible = _SKIPPED.sub(_blanked, header)
    found = _FILE_SCHEMA.search(visible)
    if found is None:
        return None
    start, end = found.span(1)
    names = (
        match.group(1).decode("latin-1").strip().upper() for match in _STRING.finditer(header, start, end)
    )
    return NamedSchema(names=tuple(name for name in names if name), start=start, end=end)


def nearest_schema(names: tuple[str, ...]) -> str | None:
    """The schema to read a file as that names `names`, or None where nothing near is known.

    A name that can be read as it stands wins over one that is only near.
    """
    for name in names:
        if name in READABLE:
            return name
    for name in names:
        for pattern, schema in _NEAREST:
            if pattern.fullmatch(name):
                return schema
    return None


def _blanked(match: re.Match[bytes]) -> bytes:
    """Comments become spaces and strings lose their text, so that offsets stay; quotes stay to be found again."""
    text = match.group()
    if text.startswith(b"/*"):
        return b" " * len(text)
    return b"'" + b"_" * (len(text) - 2) + b"'"
