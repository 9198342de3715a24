"""JSON that GDAL does not read as it stands, or of which it would lose some in silence.

A bare list of features, as map libraries' samples have it; one feature a line, of which some may be broken; text that is not
UTF-8.
"""

import codecs
import json
import mmap
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from twin.errors import DamagedSource

_CHUNK = 1 << 20
_HEAD = 1 << 16

_LINES = frozenset({".geojsonl", ".geojsons", ".ndjson", ".jsonl"})

_SPACE = " \t\r\n"
_RECORD_SEPARATOR = "\x1e"
"""RFC 8142: a GeoJSON text sequence puts one before each text."""

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Longest first: the mark of UTF-16 begins that of UTF-32."""

_GEOMETRIES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_NAMED = 10
"""Lines that are named in a message, at most."""


class Look(Struct, frozen=True, kw_only=True):
    """What the beginning of a JSON file shows.

    kind: `list` (a bare list of features), `lines` (one feature a line, or a text sequence) or `document`. text_ids: the
    first feature has an `id` of its own that is a text. is_object: it begins as a JSON object does. crs: the collection's
    member of that name (of GeoJSON 2008).
    """

    kind: str
    text_ids: bool = False
    is_object: bool = True
    crs: Any = None


def looked_at(path: Path) -> Look:
    """Tell by the first 64 KB, and by the suffixes of files that have one feature a line."""
    with path.open("rb") as file:
        head = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(file.read(_HEAD))
        file.seek(max(file.tell(), path.stat().st_size - _HEAD))
        tail = file.read().decode("utf-8", "replace") or head
    text = head.lstrip(_SPACE)
    if text.startswith(_RECORD_SEPARATOR):
        return Look(kind="lines", text_ids=_has_text_id(text[1:]))
    if path.suffix.lower() in _LINES:
        whole_lines = (line for line in text.splitlines() if _first_value(line) is not None)
        return Look(kind="lines", text_ids=_has_text_id(next(whole_lines, "")))
    if text.startswith("["):
        return Look(kind="list")
    whole = _first_value(text)
    if whole is not None and text[whole[1] :].lstrip(_SPACE).startswith("{"):
        return Look(kind="lines", text_ids=_has_text_id(text))
    return Look(
        kind="document",
        text_ids=_has_text_id(_from_first_feature(text)),
        is_object=text.startswith("{"),
        crs=_crs_member(text, tail),
    )


def _crs_member(text: str, tail: str) -> Any:
    """The member of a collection, before or behind its features."""
    for part in (text.partition('"features"')[0], tail.rpartition("]")[2]):
        if found := re.search(r'"crs"\s*:\s*(?=\{)', part):
            value = _first_value(part[found.end() :])
            return value[0] if value is not None else None
    return None


def _first_value(text: str) -> tuple[object, int] | None:
    try:
        return json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):  # broken, or nested without end
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
    count = others = 0
    with target.open("w", encoding="utf-8") as file:
        for text in _values(source):
            if not text.startswith("{"):
                others += 1
                continue
            file.write(text.replace("\n", " ").replace("\r", " "))
            file.write("\n")
            count += 1
    if others:
        warnings.warn(
            f"{others:,} values of its list are no GeoJSON feature and were left out.", stacklevel=2
        )
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
            except RecursionError as error:
                raise DamagedSource(
                    str(source), f"its feature {place} is nested too deeply", "Export it again."
                ) from error
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


def as_utf8(source: Path, workspace: Path) -> Path:
    """The file, or a copy of it in UTF-8 in `workspace` where it is UTF-16, UTF-32 or GB 18030 (GBK).

    Raises DamagedSource where it is none of these.
    """
    with source.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if marked is None and _decodes(source, "utf-8"):
        return source
    encoding = marked or "gb18030"
    workspace.mkdir(parents=True, exist_ok=True)
    copy = workspace / f"as-utf-8{source.suffix.lower()}"
    try:
        with (
            source.open(encoding=encoding, newline="") as read,
            copy.open("w", encoding="utf-8", newline="") as write,
        ):
            while text := read.read(_CHUNK):
                write.write(text)
    except UnicodeError as error:
        raise DamagedSource(
            str(source), "its text is neither UTF-8 nor GB 18030", "Export it again in UTF-8."
        ) from error
    warnings.warn(f"Its text is not UTF-8; it was read as {encoding.upper()}.", stacklevel=2)
    return copy


def _decodes(source: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with source.open("rb") as file:
        try:
            while block := file.read(_CHUNK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def sound_lines(source: Path, target: Path) -> int:
    """Write the features of a file that has one a line (or of a text sequence) one a line to `target`: how many.

    What is no feature is told in a warning, with the numbers of the first such lines.
    """
    count, broken = 0, list[int]()
    with target.open("wb") as file:
        for number, text in _texts(source):
            feature = _feature(text)
            if feature is None:
                broken.append(number)
                continue
            file.write(feature)
            file.write(b"\n")
            count += 1
    if broken:
        named = ", ".join(map(str, broken[:_NAMED])) + (" …" if len(broken) > _NAMED else "")
        warnings.warn(
            f"{len(broken):,} lines are no GeoJSON feature and were left out: {named}.", stacklevel=2
        )
    return count


def _texts(source: Path) -> Iterator[tuple[int, bytes]]:
    """Number of the first line, and bytes, of each text of a file: lines, or what stands behind record separators."""
    separator = _RECORD_SEPARATOR.encode()
    with source.open("rb") as file:
        kept, first, sequence = b"", 1, False
        for number, line in enumerate(file, 1):
            bare = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if bare.lstrip().startswith(separator):
                sequence = True
                if kept.strip():
                    yield first, kept
                kept, first = bare.lstrip()[1:], number
            elif sequence:
                kept += bare
            elif bare.strip():
                yield number, bare
        if kept.strip():
            yield first, kept


def _feature(text: bytes) -> bytes | None:
    """A feature or geometry on one line; None where the text is none."""
    stripped = text.strip()
    try:
        value: Any = msgspec.json.decode(stripped)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("type") not in ("Feature", *_GEOMETRIES):
        return None
    return stripped if b"\n" not in stripped else msgspec.json.encode(value)


_LARGE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d{19,}(?=\s*[,\]}])')
"""Texts, which may hold anything, and whole numbers that may be too large for 64 bits."""


def large_as_texts(source: Path, workspace: Path) -> Path:
    """A copy in `workspace` whose whole numbers beyond 64 bits are texts: GDAL refuses a file with some of them."""
    workspace.mkdir(parents=True, exist_ok=True)
    copy = workspace / f"large-numbers-as-texts{source.suffix.lower()}"
    with (
        source.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
        copy.open("wb") as write,
    ):
        at = 0
        for found in _LARGE.finditer(whole):
            if found[0].startswith(b'"') or -(2**63) <= int(found[0]) < 2**63:
                continue
            write.write(whole[at : found.start()] + b'"' + found[0] + b'"')
            at = found.end()
        write.write(whole[at:])
    return copy
