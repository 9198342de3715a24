"""Which IFC schema a file names, and which of the schemas that can be read is nearest to it.

ifcopenshell 0.9 reads IFC2X3, IFC4 and IFC4X3_ADD2 (ISO 16739-1:2024). Each has nearly every class of its own drafts,
addenda and predecessors, with the same attributes in the same places, so a file of a sibling is read as the nearest one,
with a warning. IFC4X1 and IFC4X2 lie between two: they have the alignments and bridges of 4.3 and the classes that 4.3
dropped. Which of the two leaves out less depends on the file.
"""

import re
from dataclasses import dataclass

READABLE = ("IFC2X3", "IFC4", "IFC4X3_ADD2")
"""Schemas that the reader knows, oldest first."""

_NEAREST: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"IFC4X[12]([_ ].*)?"), ("IFC4X3_ADD2", "IFC4")),
    (re.compile(r"IFC4X[34]([_ ].*)?"), ("IFC4X3_ADD2",)),
    (re.compile(r"IFC4([_ ].*)?"), ("IFC4",)),
    (re.compile(r"IFC2X3([_ ].*)?"), ("IFC2X3",)),
    (re.compile(r"IFC2X2?([_ ].*)?"), ("IFC2X3",)),
)
"""Drafts, addenda and predecessors, by the name in FILE_SCHEMA (upper case), and what to try, best first."""

_RENAMED_IN_4X3 = {
    "IFCBEAMSTANDARDCASE": "IFCBEAM",
    "IFCBUILDINGELEMENT": "IFCBUILTELEMENT",
    "IFCCOLUMNSTANDARDCASE": "IFCCOLUMN",
    "IFCDOORSTANDARDCASE": "IFCDOOR",
    "IFCMEMBERSTANDARDCASE": "IFCMEMBER",
    "IFCOPENINGSTANDARDCASE": "IFCOPENINGELEMENT",
    "IFCPLATESTANDARDCASE": "IFCPLATE",
    "IFCSLABELEMENTEDCASE": "IFCSLAB",
    "IFCSLABSTANDARDCASE": "IFCSLAB",
    "IFCSOLIDSTRATUM": "IFCGEOTECHNICALSTRATUM",
    "IFCVOIDSTRATUM": "IFCGEOTECHNICALSTRATUM",
    "IFCWALLELEMENTEDCASE": "IFCWALL",
    "IFCWATERSTRATUM": "IFCGEOTECHNICALSTRATUM",
    "IFCWINDOWSTANDARDCASE": "IFCWINDOW",
}
"""Classes of IFC4X1, IFC4X2 and the release candidates of 4.3 that live on under another name with the same attributes."""

_SKIPPED = re.compile(rb"'(?:[^']|'')*'|/\*.*?\*/", re.DOTALL)
_FILE_SCHEMA = re.compile(rb"\bFILE_SCHEMA\s*\(\s*\(([^;]*?)\)\s*\)\s*;", re.IGNORECASE)
_STRING = re.compile(rb"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSchema:
    """What FILE_SCHEMA says. `names` are upper case in the file's order; `start`/`end` delimit the list between the inner
    parentheses, as byte offsets into the header. `is_plain`: one name without spaces, as the parser wants it.
    """

    names: tuple[str, ...]
    is_plain: bool
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
    known = tuple(name for name in names if name)
    is_plain = [name.encode("latin-1") for name in known] == [header[start:end].strip().strip(b"'").upper()]
    return NamedSchema(names=known, is_plain=is_plain, start=start, end=end)


def nearest_schemas(names: tuple[str, ...]) -> tuple[str, ...]:
    """The schemas to try for a file that names `names`, best first; none where nothing near is known.

    A name that can be read as it stands wins over one that is only near.
    """
    for name in names:
        if name in READABLE:
            return (name,)
    for name in names:
        for pattern, schemas in _NEAREST:
            if pattern.fullmatch(name):
                return schemas
    return ()


def renamed_classes(schema: str) -> dict[str, str]:
    """Old name → new name of classes, both upper case, for files of siblings that are read as `schema`."""
    return _RENAMED_IN_4X3 if schema == "IFC4X3_ADD2" else {}


def _blanked(match: re.Match[bytes]) -> bytes:
    """Comments become spaces and strings lose their text, so that offsets stay; quotes stay to be found again."""
    text = match.group()
    if text.startswith(b"/*"):
        return b" " * len(text)
    return b"'" + b"_" * (len(text) - 2) + b"'"
