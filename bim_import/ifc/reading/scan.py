"""A cheap look at the bytes of an IFC file before the parser gets them: constant memory, a few milliseconds per 25 MB.

The parser is trusted with well-formed text of any size, not with everything: a string of 300 MB costs it 2.4 GB and
ten seconds, zero bytes can make it stop in the middle without a word, and half a file opens as if it were whole.
"""

from dataclasses import dataclass
from pathlib import Path

from bim_import.ifc.reading.escapes import EscapeCounter
from bim_import.ifc.reading.numbers import has_no_numbers
from twin.errors import DamagedSource, UnsupportedSource

CHUNK_BYTES = 1 << 20
"""Read at a time: buffers of this size are reused by the allocator, of 4 MiB not (25 MB: 4 ms against 36)."""

HEADER_BYTES = CHUNK_BYTES
"""Where FILE_SCHEMA is looked for, and the first chunk of a repaired copy; real headers have a few kilobytes."""

TAIL_BYTES = 64 << 10
"""Where the end mark is looked for: signatures (ISO 10303-21:2016, clause 10) may follow it."""

MAX_STATEMENT_BYTES = 128 << 20
"""Longest text without a semicolon. The largest real statements are point and triangle lists, about 40 bytes an entry:
this holds three million points."""

MAX_NESTING = 32
"""Opening parentheses in a row. IFC nests lists two deep (three with a typed value); each level costs the parser 200
bytes, so that a file of parentheses only would take all memory."""

_BORDER = 32
"""Bytes of two chunks that are looked at once more together: longer than any word for what is no number."""

_UTF8_BOM = b"\xef\xbb\xbf"

_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xfe", "it is UTF-16 text", "Save it as plain IFC (ISO 10303-21 text in ASCII or UTF-8)."),
    (b"\xfe\xff", "it is UTF-16 text", "Save it as plain IFC (ISO 10303-21 text in ASCII or UTF-8)."),
    (b"I\0S\0O\0", "it is UTF-16 text", "Save it as plain IFC (ISO 10303-21 text in ASCII or UTF-8)."),
    (b"\x1f\x8b", "it is compressed with gzip", "Unpack it first (gunzip), or pack it as .ifczip."),
    (b"BZh", "it is compressed with bzip2", "Unpack it first (bunzip2), or pack it as .ifczip."),
    (b"7z\xbc\xaf", "it is a 7-Zip archive", "Unpack it first, or pack it as .ifczip."),
    (b"Rar!", "it is a RAR archive", "Unpack it first, or pack it as .ifczip."),
    (b"SQLite format 3", "it is an SQLite database", "Export it as .ifc (STEP text)."),
    (b"\x89HDF", "it is HDF5", "Export it as .ifc (STEP text)."),
    (b"glTF", "it is glTF", "Give the IFC file that it was made from."),
)
"""First bytes of what people take for IFC."""

_XML_ADVICE = "Export it as .ifc (STEP text), which every tool that writes ifcXML can."
_JSON_ADVICE = "Export it as .ifc (IFC 2x3, 4 or 4.3 as STEP text); IFC5 and ifcJSON cannot be read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the bytes of a whole Part 21 file look like. `head` has the byte order mark removed; `bad_escapes`
    counts what is wrong with the escapes of an ASCII file; `no_numbers`: words such as NaN stand where numbers belong.
    """

    head: bytes
    has_bom: bool
    is_ascii: bool
    bad_escapes: int
    has_end_mark: bool
    no_numbers: bool = False


def check_first_bytes(source: str, first: bytes) -> None:
    """Raise UnsupportedSource where the first bytes of a file are those of another format."""
    for magic, reason, advice in _FOREIGN:
        if first.startswith(magic):
            raise UnsupportedSource(source, reason, advice)
    text = first.removeprefix(_UTF8_BOM).lstrip()
    if text[:1] == b"<":
        if text[:5].lower() in {b"<html", b"<!doc"}:
            raise UnsupportedSource(
                source, "it is a web page", "Download the model itself, not the page about it."
            )
        raise UnsupportedSource(source, "it is XML (ifcXML)", _XML_ADVICE)
    if text[:1] in {b"{", b"["}:
        raise UnsupportedSource(source, "it is JSON", _JSON_ADVICE)


def scan(source: str, path: Path) -> Scan:
    """Look through the file once.

    Raises DamagedSource (empty, zero bytes inside, a statement or nesting beyond all reason, cut off before its end)
    or UnsupportedSource (another format). `source` is what errors call the file.
    """
    size = path.stat().st_size
    if size == 0:
        raise DamagedSource(source, "the file is empty", "Export or copy it again.")
    with path.open("rb", buffering=0) as file:
        first = file.read(HEADER_BYTES)
        _check_start(source, first)
        file.seek(max(0, size - TAIL_BYTES))
        has_end_mark = _check_end(source, file.read(TAIL_BYTES))
        file.seek(0)
        is_ascii, gap, quiet, escapes = True, 0, 0, EscapeCounter()
        no_numbers, end = False, b""
        while chunk := file.read(CHUNK_BYTES):
            _check_chunk(source, chunk)
            text = chunk.removeprefix(_UTF8_BOM) if file.tell() == len(chunk) else chunk
            is_ascii = is_ascii and text.isascii()
            if is_ascii:
                escapes.feed(text)
            gap = _gap_after(source, chunk, gap)
            quiet = _quiet_after(source, path, chunk, (quiet, file.tell()))
            no_numbers = no_numbers or has_no_numbers(chunk) or has_no_numbers(end + chunk[:_BORDER])
            end = chunk[-_BORDER:]
    return Scan(
        head=first.removeprefix(_UTF8_BOM),
        has_bom=first.startswith(_UTF8_BOM),
        is_ascii=is_ascii,
        bad_escapes=escapes.finish() if is_ascii else 0,
        has_end_mark=has_end_mark,
        no_numbers=no_numbers,
    )


def _check_start(source: str, first: bytes) -> None:
    check_first_bytes(source, first)
    text = first.removeprefix(_UTF8_BOM).lstrip()
    if not text:
        raise DamagedSource(source, "the file is empty", "Export or copy it again.")
    while text.startswith(b"/*"):
        text = text.partition(b"*/")[2].lstrip()
    if not text.upper().startswith(b"ISO-10303-21"):
        reason = "it does not start with ISO-10303-21, so it is not an IFC file"
        raise UnsupportedSource(source, reason, "Give an .ifc or .ifczip file.")


def _check_end(source: str, tail: bytes) -> bool:
    """Whether the end mark is there. Text that stops after a whole section lacks the mark only: nothing is lost."""
    upper = tail.upper()
    if b"END-ISO-10303-21" in upper:
        return True
    if upper.rstrip().endswith(b"ENDSEC;"):
        return False
    raise DamagedSource(
        source,
        "the file is cut off: its end (END-ISO-10303-21) is missing",
        "Copy, download or export it again.",
    )


def _check_chunk(source: str, chunk: bytes) -> None:
    if b"\0" in chunk:
        raise DamagedSource(
            source,
            "there are zero bytes in the text, as after an interrupted copy",
            "Copy or export it again.",
        )
    if b"(" * MAX_NESTING in chunk:
        raise DamagedSource(source, f"lists are nested more than {MAX_NESTING} deep", "Export it again.")


def _gap_after(source: str, chunk: bytes, gap: int) -> int:
    """Bytes since the last semicolon, at the end of `chunk`; `gap` is the same at its start."""
    first = chunk.find(b";")
    longest = gap + (len(chunk) if first < 0 else first)
    if longest > MAX_STATEMENT_BYTES:
        raise DamagedSource(
            source,
            f"one statement is longer than {MAX_STATEMENT_BYTES >> 20} MiB",
            "Export it again without embedded data, or with the largest mesh split.",
        )
    return longest if first < 0 else len(chunk) - chunk.rfind(b";") - 1


def _quiet_after(source: str, path: Path, chunk: bytes, before: tuple[int, int]) -> int:
    """Bytes since the last chunk with a quote; `before`: the same before `chunk`, and the offset after it.

    A string may hold semicolons, and so pass for many statements. Where nothing was quoted for long, the quotes up to there
    are counted: an odd number means that a string is open.
    """
    quiet, offset = before
    if b"'" in chunk:
        return 0
    longer = quiet + len(chunk)
    if quiet <= MAX_STATEMENT_BYTES < longer and _quotes(path, offset - longer) % 2:
        raise DamagedSource(
            source, f"one text is longer than {MAX_STATEMENT_BYTES >> 20} MiB", "Export it again."
        )
    return longer


def _quotes(path: Path, end: int) -> int:
    """Quotes in the first `end` bytes."""
    count = 0
    with path.open("rb", buffering=0) as file:
        while end > 0 and (chunk := file.read(min(CHUNK_BYTES, end))):
            count += chunk.count(b"'")
            end -= len(chunk)
    return count
