"""Writes a repaired copy of an IFC file: another schema name, no byte order mark, raw bytes and backslashes as escapes.

ISO 10303-21 text is ASCII; other characters are escapes (6.4.3). Many exporters write raw UTF-8, GBK or Latin-1 all the
same, and the parser drops each such byte without a word (`Façade` becomes `Faade`, a Chinese name nothing). So raw bytes
are decoded and written as the escapes that the standard asks for, which keeps every other byte as it is.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bim_import.ifc.reading.escapes import escaped, mended, whole_escapes
from bim_import.ifc.reading.numbers import without_words
from bim_import.ifc.reading.scan import CHUNK_BYTES

_RAW_CHARACTER = re.compile(rb"([\x81-\xfe][\x80-\xfe])|[\x80-\xff]")
_RAW_TEXT = re.compile(r"[^\x00-\x7f]+")
_UTF8_BOM = b"\xef\xbb\xbf"

_GB_SHARE = 0.5
"""Share of pairs among the raw characters from which a text is taken for GB 18030: nearly all characters of GB 2312 are two
raw bytes; in Latin-1 most raw bytes stand alone between ASCII letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What to change while copying. `encoding` is a Python codec name, or None for pure ASCII; `schema` replaces the bytes
    `schema_span` (offsets without the byte order mark), or None to keep them; `renamed` maps class names, upper case;
    `no_numbers`: words such as NaN become numbers that are infinite.
    """

    has_bom: bool = False
    encoding: str | None = None
    has_bad_escapes: bool = False
    no_numbers: bool = False
    schema: str | None = None
    schema_span: tuple[int, int] = (0, 0)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> bool:
        """Whether the file cannot go to the parser as it is."""
        changes = (self.has_bom, self.has_bad_escapes, self.no_numbers, self.encoding, self.schema)
        return any(change not in (False, None) for change in changes)


def guess_encoding(path: Path) -> str:
    """The encoding of the raw bytes in a file: `utf-8`, `gb18030` or `cp1252`; read in one or two passes."""
    if _is_utf8(path):
        return "utf-8"
    pairs = singles = 0
    for part in _whole_parts(_chunks(path)):
        for match in _RAW_CHARACTER.finditer(part):
            if match.group(1):
                pairs += 1
            else:
                singles += 1
    return "gb18030" if pairs > _GB_SHARE * (pairs + singles) else "cp1252"


def write_repaired(path: Path, target: IO[bytes], repair: Repair) -> None:
    """Copy `path` to the open file `target` with the changes of `repair`, in constant memory."""
    chunks = _with_header(_chunks(path), repair)
    if repair.encoding is not None or repair.has_bad_escapes:
        chunks = _escaped(chunks, repair.encoding or "ascii")
    if repair.no_numbers:
        chunks = without_words(chunks)
    if repair.renamed:
        chunks = _with_new_names(chunks, repair.renamed)
    target.writelines(chunks)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _with_header(chunks: Iterator[bytes], repair: Repair) -> Iterator[bytes]:
    """The same bytes with the header changed; the header lies in the first chunk."""
    first = next(chunks, b"").removeprefix(_UTF8_BOM)
    if repair.schema is not None:
        start, end = repair.schema_span
        first = first[:start] + f"'{repair.schema}'".encode("ascii") + first[end:]
    yield first
    yield from chunks


def _with_new_names(chunks: Iterator[bytes], renamed: dict[str, str]) -> Iterator[bytes]:
    """Other class names at the start of statements; the same words in strings stay."""
    names = {old.encode("ascii"): new.encode("ascii") for old, new in renamed.items()}
    statement = re.compile(rb"(?<==)(\s*)(" + b"|".join(names) + rb")(?=\s*\()")
    for part in _whole_parts(chunks):
        yield statement.sub(lambda match: match.group(1) + names[match.group(2)], part)


def _whole_parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut where no escape and no character is cut."""
    rest = b""
    for chunk in chunks:
        end = whole_escapes(chunk)
        if end:
            yield rest + chunk[:end]
            rest = b""
        rest += chunk[end:]
    yield rest


def _escaped(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """ASCII bytes: lone backslashes doubled, what is not ASCII as an escape, what does not decode as U+FFFD."""
    for part in _whole_parts(chunks):
        text = mended(part.decode(encoding, errors="replace"))
        yield _RAW_TEXT.sub(lambda match: escaped(match.group()), text).encode("ascii")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
