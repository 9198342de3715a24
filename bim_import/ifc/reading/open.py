"""Opens an IFC file, or says in one sentence why it cannot be read and what to do.

Read: .ifc and .ifczip (told apart by content) of IFC 2x3, 4 and 4.3 and, with a warning, their drafts and siblings as the
nearest of them. Tolerated with a warning: a missing end mark after a whole DATA section, a byte order mark, raw bytes that
are not ASCII, classes that the schema lacks, more than one name in FILE_SCHEMA. Refused: everything else that is wrong with
the text; half a building is worse than an error.
"""

import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import ifcopenshell
from ifcopenshell import ifcopenshell_wrapper

from bim_import.ifc.reading.archive import is_zip, unpack_ifc
from bim_import.ifc.reading.fork import can_reopen, open_descriptors, reopen_after_fork
from bim_import.ifc.reading.log import read_log, syntax_reason
from bim_import.ifc.reading.recode import Repair, guess_encoding, write_repaired
from bim_import.ifc.reading.scan import Scan, check_first_bytes, scan
from bim_import.ifc.reading.schema import READABLE, NamedSchema, find_schema, nearest_schemas, renamed_classes
from twin.errors import DamagedSource, UnsupportedSource

_ENCODING_NAMES: dict[str | None, str] = {
    "utf-8": "UTF-8",
    "gb18030": "GBK / GB 18030",
    "cp1252": "Latin-1 / Windows-1252",
}
_EXPORT_AGAIN = "Export the file again."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIfc:
    """A file ready to be read. `schema` is the one it is read as (`IFC2X3`, `IFC4`, `IFC4X3_ADD2`), `declared_schema` the
    one that it names, `left_out` counts the entities of classes that `schema` lacks. The file is lazy: attributes are parsed when first read (RuntimeError where their text is damaged).
    It may be used in forked children, each with its own view of the file. `text` is what the parser read, mapped (ASCII
    bytes); it costs memory only while someone reads it.
    """

    file: ifcopenshell.file
    schema: str
    declared_schema: str
    warnings: list[str]
    left_out: int
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
    found = find_schema(looked.head)
    if found is None or not found.names:
        raise DamagedSource(source, "the header names no schema (FILE_SCHEMA)", _EXPORT_AGAIN)
    schemas = nearest_schemas(found.names)
    if not schemas:
        advice = f"Export the model as {', '.join(READABLE[:2])} or IFC4X3."
        raise UnsupportedSource(source, f"its schema {', '.join(found.names)} cannot be read", advice)
    repair, warnings = _plan(path, looked)
    best: OpenedIfc | None = None
    for schema in schemas:
        wanted = _as_schema(repair, found, schema)
        opened = _open_repaired(
            source, path, wanted, scratch, _Plan(names=found.names, schema=schema, warnings=warnings)
        )
        if best is None or opened.left_out < best.left_out:
            best = opened
        if best.left_out == 0:
            break
    assert best is not None
    return best


def _plan(path: Path, looked: Scan) -> tuple[Repair, list[str]]:
    """What to repair before the parser gets the text, whatever schema it is read as, and the warnings about that."""
    encoding = None if looked.is_ascii else guess_encoding(path)
    told = {
        "the end mark END-ISO-10303-21 is missing; the data before it are whole": not looked.has_end_mark,
        f"the text has raw bytes where the standard asks for escapes; read as {_ENCODING_NAMES.get(encoding)}": encoding,
        f"{looked.bad_escapes} backslashes begin no valid escape and are taken as they stand": looked.bad_escapes,
        "words such as NaN stand where numbers belong: what they are part of is left out": looked.no_numbers,
    }
    repair = Repair(
        has_bom=looked.has_bom,
        encoding=encoding,
        has_bad_escapes=looked.bad_escapes > 0,
        no_numbers=looked.no_numbers,
    )
    return repair, [warning for warning, holds in told.items() if holds]


def _as_schema(repair: Repair, found: NamedSchema, schema: str) -> Repair:
    """The same repair, and another name in FILE_SCHEMA where the file does not name just `schema`."""
    is_exact = found.names == (schema,)
    if is_exact and found.is_plain:
        return repair
    renamed = {} if is_exact else renamed_classes(schema)
    return replace(repair, schema=schema, schema_span=(found.start, found.end), renamed=renamed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is known of a file before it is parsed."""

    names: tuple[str, ...]
    schema: str
    warnings: list[str]

    @property
    def is_exact(self) -> bool:
        """Whether the file is read as the one schema that it names."""
        return self.names == (self.schema,)


def _open_repaired(source: str, path: Path, repair: Repair, scratch: Path | None, plan: _Plan) -> OpenedIfc:
    if not repair.needed:
        return _parse(source, path, plan)
    with _temporary(scratch) as target:
        write_repaired(path, target, repair)
        target.flush()
        return _parse(source, Path(target.name), plan)


def _parse(source: str, path: Path, plan: _Plan) -> OpenedIfc:
    """Hand the text to the parser: lazily, unless the schema is not quite the file's own. Then every statement is parsed
    now, so that what does not fit is known.
    """
    logger = ifcopenshell_wrapper.logger()
    # A lazy file goes on writing to its log: it must outlive every reference to the file, so it is never freed.
    logger.thisown = False  # type: ignore[attr-defined]
    logger.output_format(ifcopenshell_wrapper.logger.FMT_INMEMORY)
    logger.verbosity(ifcopenshell_wrapper.logger.LOG_WARNING)
    before = open_descriptors() if plan.is_exact and can_reopen() else None
    file = ifcopenshell.file.create_uninitialized(logger)
    file.lazy_loading(before is not None)
    try:
        file.initialize(str(path))
    except RuntimeError as error:
        raise DamagedSource(source, syntax_reason(logger), _EXPORT_AGAIN) from error
    if file.good().value() != ifcopenshell_wrapper.file_open_status.SUCCESS:
        raise DamagedSource(source, syntax_reason(logger), _EXPORT_AGAIN)
    file.post_init()
    if before is not None:
        reopen_after_fork(path, before)
    if not file.types():
        raise DamagedSource(source, "its DATA section is empty", _EXPORT_AGAIN)
    with path.open("rb") as content:
        text = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
    left_out, misfits = read_log(logger, file, text)
    declared = ", ".join(plan.names)
    nearest = (
        []
        if plan.is_exact
        else [f"schema {declared} is read as {plan.schema}, the nearest that is supported"]
    )
    return OpenedIfc(
        file=file,
        schema=plan.schema,
        declared_schema=declared,
        warnings=nearest + plan.warnings + misfits,
        left_out=left_out,
        text=text,
    )
