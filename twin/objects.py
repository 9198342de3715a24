"""The nouns: model, revision, object, property. Pure values, no storage."""

import re
import unicodedata
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from twin.errors import InvalidKey

RESERVED_SEGMENTS = frozenset({"history", "trace", "children"})
"""Words that follow an id in URLs, so that no id segment may be one."""

MAX_KEY_LENGTH = 128

PropertyType = bool | int | float | str | list[bool | int | float | str] | None

_FORBIDDEN_IN_KEY = re.compile(r"[/\\]")
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
_JOINERS = "\u200c\u200d"
"""Unicode categories that make two keys look the same or a list lie about its order; the two joiners belong to the
spelling of Persian and of several Indian languages."""


class Property(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One typed property value.

    `type` is the source's own name of the type (an IFC measure such as `IfcThermalTransmittanceMeasure`, a column type
    of a GIS layer). `unit` is a UCUM-like symbol (`m`, `mm`, `W/(m2.K)`) of `value` as it stands; None: no unit.
    """

    value: PropertyType
    type: str
    unit: str | None = None


class GroupRef(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A system, zone or other group that an object belongs to. `kind` is its class (`IfcDistributionSystem`)."""

    kind: str
    name: str
    global_id: str | None = None


class ClassificationRef(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A reference into a classification system (`Uniclass`, `GB/T 51269`)."""

    system: str | None = None
    code: str | None = None
    name: str | None = None


class Attributes(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an object card shows beside identity and place."""

    description: str | None = None
    long_name: str | None = None
    object_type: str | None = None
    predefined_type: str | None = None
    tag: str | None = None
    type_name: str | None = None
    materials: list[str] = []
    classifications: list[ClassificationRef] = []
    groups: list[GroupRef] = []
    properties: dict[str, dict[str, Property]] = {}
    """Property set name → property name → value. Quantities are sets too (`Qto_…`); a type's sets are inherited, the
    occurrence's own value wins."""


class SourceObject(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One object of a source, as an importer yields it.

    `ordinal` is its place in the order of `global_id` (plain string order) among all objects of the source: 0…n-1.
    `parent` is the ordinal of the parent in the spatial tree (project → site → building → storey → space → element),
    None for the root. `storey` is the ordinal of the storey (or facility part) that holds it.
    `product` is false for objects that stand only in the tree (IfcProject): they do not count as products.
    """

    ordinal: int
    global_id: str
    class_: str
    name: str
    parent: int | None = None
    storey: int | None = None
    discipline: str = "other"
    hidden: bool = False
    product: bool = True
    attributes: Attributes = Attributes()


RevisionStatus = Literal["staged", "published", "superseded", "discarded"]


class Model(Struct, frozen=True, kw_only=True):
    """One imported source under its key. `current_revision` is None until the first one is published."""

    key: str
    source: str
    kind: str
    current_revision: int | None
    created_at: datetime


class Revision(Struct, frozen=True, kw_only=True):
    """One import of a model. `content_hash` is of the source's bytes and of the options that shape its result."""

    model: str
    number: int
    status: RevisionStatus
    content_hash: str
    tileset: str | None
    created_at: datetime
    published_at: datetime | None


def checked_key(key: str) -> str:
    """Return `key` in NFC, or raise InvalidKey.

    Keys are one path segment: they name folders and stand in URLs. So no separators, no control or invisible
    characters, not `.` or `..`, no reserved word, at most 128 bytes of UTF-8, no space at either end.
    """
    normal = unicodedata.normalize("NFC", key)
    if any(unicodedata.category(letter) == "Cs" for letter in normal):
        raise InvalidKey(key, "it is no text (bytes that are not UTF-8)")
    if not normal or normal != normal.strip():
        raise InvalidKey(key, "it is empty or has spaces at an end")
    if len(normal.encode()) > MAX_KEY_LENGTH:
        raise InvalidKey(key, f"it is longer than {MAX_KEY_LENGTH} bytes in UTF-8")
    if _FORBIDDEN_IN_KEY.search(normal):
        raise InvalidKey(key, "it has a slash or a backslash")
    if any(unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS for letter in normal):
        raise InvalidKey(key, "it has control or invisible characters")
    if normal.startswith("."):
        raise InvalidKey(key, "it starts with a dot")
    if normal in RESERVED_SEGMENTS:
        raise InvalidKey(key, "it is a reserved word")
    return normal


def object_id(model: str, global_id: str) -> str:
    """The id `"{model}/{global_id}"` that bodies, tiles and commands use."""
    return f"{model}/{global_id}"


def url_path(model: str, global_id: str) -> str:
    """The same id for a URL: each segment in NFC and percent-encoded (RFC 3986, section 2.1)."""
    segments = (unicodedata.normalize("NFC", part) for part in (model, global_id))
    return "/".join(quote(part, safe="") for part in segments)
