"""Writes a repaired copy of an IFC file: another schema name, no byte order mark, raw bytes as escapes.

ISO 10303-21 text is ASCII; other characters are escapes (6.4.3). Many exporters write raw UTF-8, GBK or Latin-1 all the
same, and the parser drops each such byte without a word (`Façade` becomes `Faade`, a Chinese name nothing). So raw bytes
are decoded and written as the escapes that the standard asks for, which keeps every other byte as it is.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bim_import.ifc_scan import CHUNK_BYTES

_RAW_BYTES = re.compile(rb"[\x80-\xff]+")
_RAW_TEXT = re.compile(r"[^\x00-\x7f]+")
_UTF8_BOM = b"\xef\xbb\xbf"

_GB_PAIRS_SHARE = 0.9
"""Share of runs of raw bytes with an even length from which a text is taken for GB 18030. In GB 2312 text both bytes of
a character are raw, so runs are even; in Latin-1 most raw bytes stand alone between ASCII letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What to change while copying. `encoding` is a Python codec name, or None for pure ASCII; `schema` replaces the bytes
    `schema_span` (offsets without the byte order mark), or None to keep them.
    """

    has_bom: bool = False
    encoding: str | None = None
    schema: str | None = None
    schema_span: tuple[int, int] = (0, 0)

    @property
    def needed(self) -> bool:
        """Whether the file cannot go to the parser as it is."""
        return self.has_bom or self.encoding is not None or self.schema is not None


def guess_encoding(path: Path) -> str:
    """The encoding of the raw bytes in a file: `utf-8`, `gb18030` or `cp1252`; read in one or two passes."""
    if _is_utf8(path):
        return "utf-8"
    even = odd = 0
    for chunk in _chunks(path):
        for match in _RAW_BYTES.finditer(chunk):
            if (match.end() - match.start()) % 2:
                odd += 1
            else:
                even += 1
    return "gb18030" if even >= _GB_PAIRS_SHARE * (even + odd) else "cp1252"


def write_repaired(path: Path, target: IO[bytes], repair: Repair) -> None:
    """Copy `path` to the open file `target` with the changes of `repair`, in constant memory."""
    chunks = _with_header(_chunks(path), repair)
    target.writelines(_escaped(chunks, repair.encoding) if repair.encoding else chunks)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
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


def _escaped(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """ASCII bytes: what is not ASCII as an escape, what does not decode as U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield _RAW_TEXT.sub(_escape, decoder.decode(chunk)).encode("ascii")
    yield _RAW_TEXT.sub(_escape, decoder.decode(b"", final=True)).encode("ascii")


def _escape(match: re.Match[str]) -> str:
    r"""One run of characters as `\X2\` (basic plane) or `\X4\` (all others) escapes (ISO 10303-21, 6.4.3.3)."""
    text = match.group()
    if max(text) <= "\uffff":
        return f"\\X2\\{text.encode('utf-16-be').hex().upper()}\\X0\\"
    return f"\\X4\\{text.encode('utf-32-be').hex().upper()}\\X0\\"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
