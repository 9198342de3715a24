"""Texts as people look for them and as they sort them. Pure."""

import re
import struct
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from twin.objects import Attributes, SourceObject
from twin.tables import Coded

SORT_KEY_LENGTH = 80
"""Characters of a name that decide the order in the tree; equal beginnings are ordered by GlobalId."""

_RANKS = (
    ("IfcProject",),
    ("IfcSite",),
    ("IfcBuilding", "IfcFacility", "IfcBridge", "IfcRoad", "IfcRailway", "IfcMarineFacility", "IfcTunnel"),
    (
        "IfcBuildingStorey",
        "IfcFacilityPart",
        "IfcFacilityPartCommon",
        "IfcBridgePart",
        "IfcRoadPart",
        "IfcRailwayPart",
    ),
    ("IfcSpatialZone", "IfcSpace"),
)
_RANK_OF = {name: rank for rank, names in enumerate(_RANKS) for name in names}
_STOREY_RANK = 3

_METRES = {None: 1.0, "m": 1.0, "mm": 0.001, "cm": 0.01, "dm": 0.1, "ft": 0.3048, "in": 0.0254}
"""Metres of the length units that a source may state an elevation in."""

_DIRECT = "Attributes"
"""Set in which importers put what the source states of the object itself; it goes before sets that users made."""

_DIGITS = re.compile(r"\d+")

_BETWEEN = "\0"
"""Between texts that are folded together: it is neither composed with what stands beside it, nor folded, nor a digit."""


def folded(text: str) -> str:
    """What two texts have in common if a person calls them the same: compatibility forms and case are gone."""
    return unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()


def search_text(item: SourceObject) -> str:
    """What the text search looks through: name, long name, tag, type, object type, each once, folded."""
    about = item.attributes
    parts = (item.name, about.long_name, about.tag, about.type_name, about.object_type)
    return "\n".join(dict.fromkeys(folded(part) for part in parts if part))


def search_texts(names: Sequence[str]) -> list[str]:
    """The same of objects of which nothing but the name is looked through, many at once."""
    return _at_once(folded, names)


def sort_keys(classes: Coded, names: Sequence[str], about: Callable[[int], Attributes]) -> list[str]:
    """What `sort_key` gives, of many at once; `about(row)` tells of a storey what is known."""
    beginnings = (
        [name[:SORT_KEY_LENGTH] for name in names]
        if max(map(len, names), default=0) > SORT_KEY_LENGTH
        else names
    )
    ranks = [f"{_RANK_OF.get(name, 9)}" for name in classes.vocabulary]
    keys = [
        f"{ranks[code]} {natural}"
        for code, natural in zip(classes.codes.tolist(), _at_once(_numbered, beginnings), strict=True)
    ]
    storeys = [code for code, name in enumerate(classes.vocabulary) if _RANK_OF.get(name) == _STOREY_RANK]
    for row in np.flatnonzero(np.isin(classes.codes, storeys)).tolist() if storeys else ():
        height = elevation_m(about(row))
        keys[row] = f"{_STOREY_RANK}{'' if height is None else _ordered_hex(height)} {keys[row][2:]}"
    return keys


def _at_once(change: Callable[[str], str], texts: Sequence[str]) -> list[str]:
    """`change` of each text; as one long text, since it leaves alone what stands between them."""
    if not any(texts):
        return [""] * len(texts)
    changed = change(_BETWEEN.join(texts)).split(_BETWEEN)
    return changed if len(changed) == len(texts) else [change(text) for text in texts]


def search_words(text: str) -> list[str]:
    """Words of a query, folded; all of them must occur."""
    return folded(text).split()


def elevation_m(about: Attributes) -> float | None:
    """The elevation that a storey's source states, in metres; None where there is none."""
    direct = about.properties.get(_DIRECT, {})
    for properties in (direct, *about.properties.values()):
        stated = properties.get("Elevation")
        if stated is not None and isinstance(stated.value, int | float) and stated.unit in _METRES:
            return float(stated.value) * _METRES[stated.unit]
    return None


def sort_key(item: SourceObject) -> str:
    """Order among siblings: spatial parts first, storeys from below, then names with their numbers as numbers."""
    rank = _RANK_OF.get(item.class_, 9)
    elevation = elevation_m(item.attributes) if rank == _STOREY_RANK else None
    height = "" if elevation is None else _ordered_hex(elevation)
    return f"{rank}{height} {_natural(item.name)}"


def _natural(name: str) -> str:
    """Digits are preceded by their count, so that 2 comes before 10 (and 02 before 2)."""
    return _numbered(name[:SORT_KEY_LENGTH])


def _numbered(text: str) -> str:
    return _DIGITS.sub(lambda m: f"{min(len(m[0].lstrip('0')), 99):02d}{m[0]}", folded(text))


def _ordered_hex(value: float) -> str:
    """Hexadecimal digits that sort as the number does (IEEE 754 with the sign folded in)."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", value))
    return f"{bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63):016x}"
