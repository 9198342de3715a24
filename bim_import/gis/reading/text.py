"""JSON that GDAL does not read as it stands: a bare list of features, as map libraries' samples have it."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from twin.errors import DamagedSource

_CHUNK = 1 << 20
_HEAD = 1 << 16

_SPACE = " \t\r\n"
_RECORD_SEPARATOR = "\x1e"
"""RFC 8142: a GeoJSON text sequence puts one before each text."""


class Look(Struct, frozen=True, kw_only=True):
    """What the beginning of a JSON file shows.

    kind: `list` (a bare list of features), `lines` (one feature a line, or a text sequence) or `document`. text_ids: the
    first feature has an `id` of its own that is a text.
    """

    kind: str
    text_ids: bool = False


def looked_at(path: Path) -> Look:
    """Tell by the first 64 KB."""
    with path.open("rb") as file:
        head = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(file.read(_HEAD))
    text = head.lstrip(_SPACE)
    if text.startswith("["):
        return Look(kind="list")
    if text.startswith(_RECORD_SEPARATOR):
        return Look(kind="lines", text_ids=_has_text_id(text[1:]))
    whole = _first_value(text)
    if whole is not None and text[whole[1] :].lstrip(_SPACE).startswith("{"):
        return Look(kind="lines", text_ids=_has_text_id(text))
    return Look(kind="document", text_ids=_has_text_id(_from_first_feature(text)))


def _first_value(text: str) -> tuple[object, int] | None:
    try:
        return json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None


def _from_first_feature(text: str) -> str:
    """The text from the first feature of a collection on."""
    start = text.find('"features"')
    if start < 0:
        return text
    return text[text.find("[", start) + 1 :]


def _has_text_id(text: str) -> bool:
    found = _first_value(text.lstrip(_SPACE))
    if found is None or not isinstance(found[0], dict):
        return False
    feature = found[0]
    properties = feature.get("properties")
    return isinstance(feature.get("id"), str) and "id" not in (properties or {})


def as_sequence(source: Path, target: Path) -> int:
    """Write the features of a bare list one a line to `target`, and return how many. Raises DamagedSource."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        for text in _values(source):
            if text.startswith("{"):
                file.write(text.replace("\n", " ").replace("\r", " "))
                file.write("\n")
                count += 1
    return count


def _values(source: Path) -> Iterator[str]:
    """The texts of the values of a list, read a piece at a time."""
    decoder, rest, place = json.JSONDecoder(), "", 0
    with source.open(encoding="utf-8-sig", errors="strict") as file:
        rest = file.read(_CHUNK).lstrip(_SPACE)[1:]
        while True:
            rest = rest.lstrip(_SPACE + ",")
            if rest.startswith("]"):
                return
            try:
                _, end = decoder.raw_decode(rest) if rest else (None, 0)
            except ValueError:
                end = 0
            if not end or end == len(rest):
                more = file.read(_CHUNK)
                if not more and not end:
                    raise _torn(source, place)
                rest += more
                if more:
                    continue
            yield rest[:end]
            place += 1
            rest = rest[end:]


def _torn(source: Path, place: int) -> DamagedSource:
    return DamagedSource(
        str(source),
        f"its list of features breaks off or is no JSON after {place} features",
        "Export it again, or repair it with a JSON editor.",
    )
