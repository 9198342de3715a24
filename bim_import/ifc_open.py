"""Opens an IFC file, or says in one sentence why it cannot be read and what to do.

Read: .ifc and .ifczip (told apart by content) of IFC 2x3, 4 and 4.3 and, with a warning, their drafts and siblings as the
nearest of them. Tolerated with a warning: a missing end mark after a whole DATA section, a byte order mark, raw bytes that
are not ASCII, classes that the schema lacks, more than one name in FILE_SCHEMA. Refused: everything else that is wrong with
the text; half a building is worse than an error.
"""

import mmap
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import ifcopenshell
from ifcopenshell import ifcopenshell_wrapper

from bim_import.ifc_fork import can_reopen, open_descriptors, reopen_after_fork
from bim_import.ifc_recode import Repair, count_bad_escapes, guess_encoding, write_repaired
from bim_import.ifc_scan import Scan, check_first_bytes, scan
from bim_import.ifc_schema import READABLE, find_schema, nearest_schema
from bim_import.ifc_zip import is_zip, unpack_ifc
from twin.errors import DamagedSource, UnsupportedSource

_UNKNOWN_CLASS = re.compile(r"Entity with name '(\w+)' not found in schema")
_ENCODING_NAMES: dict[str | None, str] = {
    "utf-8": "UTF-8",
    "gb18030": "GBK / GB 18030",
    "cp1252": "Latin-1 / Windows-1252",
}
_EXPORT_AGAIN = "Export the file again."
_MAX_NAMED = 8
"""Classes named in one warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIfc:
    """A file ready to be read. `schema` is the one it is read as (`IFC2X3`, `IFC4`, `IFC4X3_ADD2`), `declared_schema` the
    one that it names. The file is lazy: attributes are parsed when first read (RuntimeError where their text is damaged).
    It may be used in forked children, each with its own view of the file. `text` is what the parser read, mapped (ASCII
    bytes); it costs memory only while someone reads it.
    """

    file: ifcopenshell.file
    schema: str
    declared_schema: str
    warnings: list[str]
    text: mmap.mmap


def open_ifc(path: Path, *, scratch: Path | None = None) -> OpenedIfc:
    """Open `path`; a temporary copy, where one is needed, goes to `scratch` (default: the system's) and is removed.

    Raises UnsupportedSource (another format or schema) or DamagedSource (broken, cut off, unreadable).
    """
    source = str(path)
    try:
        if is_zip(path):
            with _temporary(scratch) as target:
                unpack_ifc(source, path, target)
                target.flush()
                return _open_text(source, Path(target.name), scratch)
        return _open_text(source, path, scratch)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror or error})"
        raise DamagedSource(
            source, reason, "Check the path, its permissions and the free disk space."
        ) from error


@contextmanager
def _temporary(scratch: Path | None) -> Iterator[IO[bytes]]:
    """A private file, gone afterwards (what has it open keeps reading it)."""
    with tempfile.NamedTemporaryFile(prefix="twin-", suffix=".ifc", dir=scratch) as file:
        yield file


def _open_text(source: str, path: Path, scratch: Path | None) -> OpenedIfc:
    with path.open("rb") as file:
        check_first_bytes(source, file.read(512))
    looked = scan(source, path)
    schemas, span = _schemas(source, looked)
    repair, warnings = _plan(path, looked, schemas, span)
    if not repair.needed:
        return _parse(source, path, schemas, warnings)
    with _temporary(scratch) as target:
        write_repaired(path, target, repair)
        target.flush()
        return _parse(source, Path(target.name), schemas, warnings)


def _schemas(source: str, looked: Scan) -> tuple[tuple[str, str], tuple[int, int]]:
    """The schema that is named and the one to read it as, and where in the header the name stands."""
    found = find_schema(looked.head)
    if found is None or not found.names:
        raise DamagedSource(source, "the header names no schema (FILE_SCHEMA)", _EXPORT_AGAIN)
    declared = ", ".join(found.names)
    schema = nearest_schema(found.names)
    if schema is None:
        advice = f"Export the model as {', '.join(READABLE[:2])} or IFC4X3."
        raise UnsupportedSource(source, f"its schema {declared} cannot be read", advice)
    return (declared, schema), (found.start, found.end)


def _plan(
    path: Path, looked: Scan, schemas: tuple[str, str], schema_span: tuple[int, int]
) -> tuple[Repair, list[str]]:
    """What to repair before the parser gets the text, and the warnings about that."""
    declared, schema = schemas
    encoding = None if looked.is_ascii else guess_encoding(path)
    data_start = max(
        0, looked.head.find(b"ENDSEC", schema_span[1])
    )  # the parser takes header texts as they are
    bad_escapes = count_bad_escapes(path, data_start) if looked.has_backslash and looked.is_ascii else 0
    told = {
        f"schema {declared} is read as {schema}, the nearest that is supported": declared != schema,
        "the end mark END-ISO-10303-21 is missing; the data before it are whole": not looked.has_end_mark,
        f"the text has raw bytes where the standard asks for escapes; read as {_ENCODING_NAMES.get(encoding)}": encoding,
        f"{bad_escapes} backslashes begin no valid escape and are taken as they stand": bad_escapes,
    }
    repair = Repair(
        has_bom=looked.has_bom,
        encoding=encoding,
        has_bad_escapes=bad_escapes > 0,
        schema=None if declared == schema else schema,
        schema_span=schema_span,
    )
    return repair, [warning for warning, holds in told.items() if holds]


def _parse(source: str, path: Path, schemas: tuple[str, str], warnings: list[str]) -> OpenedIfc:
    """Hand the text to the parser. `schemas`: the declared one and the one to read it as."""
    logger = ifcopenshell_wrapper.logger()
    # A lazy file goes on writing to its log: it must outlive every reference to the file, so it is never freed.
    logger.thisown = False  # type: ignore[attr-defined]
    logger.output_format(ifcopenshell_wrapper.logger.FMT_INMEMORY)
    logger.verbosity(ifcopenshell_wrapper.logger.LOG_WARNING)
    before = open_descriptors() if can_reopen() else None
    file = ifcopenshell.file.create_uninitialized(logger)
    file.lazy_loading(before is not None)
    try:
        file.initialize(str(path))
    except RuntimeError as error:
        raise DamagedSource(source, _syntax_reason(logger), _EXPORT_AGAIN) from error
    if file.good().value() != ifcopenshell_wrapper.file_open_status.SUCCESS:
        raise DamagedSource(source, _syntax_reason(logger), _EXPORT_AGAIN)
    file.post_init()
    if before is not None:
        reopen_after_fork(path, before)
    if not file.types():
        raise DamagedSource(source, "its DATA section is empty", _EXPORT_AGAIN)
    with path.open("rb") as content:
        text = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
    return OpenedIfc(
        file=file,
        schema=schemas[1],
        declared_schema=schemas[0],
        warnings=warnings + _class_warnings(logger, schemas[1]),
        text=text,
    )


def _syntax_reason(logger: ifcopenshell_wrapper.logger) -> str:
    """The parser's last word, without control characters: it quotes the text that it stumbled over."""
    messages = [str(message.message) for message in logger.log_messages()]
    last = (
        "".join(character if character.isprintable() else "·" for character in messages[-1][:120])
        if messages
        else ""
    )
    return f"its text is not valid IFC ({last})" if last else "its text is not valid IFC"


def _class_warnings(logger: ifcopenshell_wrapper.logger, schema: str) -> list[str]:
    """What the parser left out because the schema has no such class."""
    unknown = Counter(
        match.group(1)
        for message in logger.log_messages()
        if (match := _UNKNOWN_CLASS.search(str(message.message)))
    )
    if not unknown:
        return []
    named = ", ".join(f"{name} ({count})" for name, count in unknown.most_common(_MAX_NAMED))
    more = f" and {len(unknown) - _MAX_NAMED} more classes" if len(unknown) > _MAX_NAMED else ""
    return [f"{unknown.total()} entities of classes that {schema} lacks were left out: {named}{more}"]
