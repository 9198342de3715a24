"""Zip archives from anywhere: what is refused before anything of one is unpacked."""

import struct
import zipfile
import zlib
from pathlib import Path

from twin.errors import DamagedSource, UnsupportedSource

MAX_RATIO = 400
"""Unpacked to packed size. IFC text packs 5 to 30 times, generated copies up to 200; a bomb of zeros 1,030."""

RATIO_FREE_BYTES = 64 << 20
"""Below this size the ratio does not matter: unpacking it costs nothing."""

MAX_MEMBERS = 4096
"""Files in the archive. Textures may lie beside the model; a list of millions is an attack on memory."""

_MAX_DIRECTORY_BYTES = 2 << 20
"""The list of so many members, with names of 400 letters; the number of entries may lie, the list is read to its end."""

_END_RECORD = struct.Struct("<4s4H2LH")
"""End of central directory (APPNOTE 4.3.16); its fifth field counts the entries."""

_LOCATOR = struct.Struct("<4sLQL")
_END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
"""Before it in archives of more than 4 GB (APPNOTE 4.3.14, 4.3.15): the eighth field counts the entries, the ninth is the size of the list."""

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, LookupError, RuntimeError)
"""What `zipfile` raises on damaged archives, and on those with a password or packed in ways it does not know."""


def check_directory(source: str, path: Path, advice: str) -> None:
    """Refuse a list of members too long to load, before zipfile loads it.

    Raises DamagedSource where there is no list, UnsupportedSource with `advice`.
    """
    size = path.stat().st_size
    most = _END_RECORD.size + 0xFFFF + _LOCATOR.size + _END_RECORD_64.size
    with path.open("rb") as file:
        file.seek(max(0, size - most))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_RECORD.size:
        raise DamagedSource(
            source, "the archive is cut off: its list of files is missing", "Copy or pack it again."
        )
    entries, directory_bytes = _counts(tail, at)
    if entries > MAX_MEMBERS or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise UnsupportedSource(source, f"the archive holds more than {MAX_MEMBERS} files", advice)


def _counts(tail: bytes, at: int) -> tuple[int, int]:
    """Entries of the list and its bytes, found where zipfile finds them."""
    large = at - _LOCATOR.size - _END_RECORD_64.size
    if large >= 0 and tail[large + _END_RECORD_64.size :].startswith(b"PK\x06\x07"):
        fields = _END_RECORD_64.unpack_from(tail, large)
        if fields[0] == b"PK\x06\x06":
            return fields[7], fields[8]
    fields = _END_RECORD.unpack_from(tail, at)
    return fields[4], fields[5]


def check_ratio(source: str, *, unpacked: int, packed: int, advice: str) -> None:
    """Refuse what unpacks as only bombs do. The declared sizes are enough: zipfile never gives out more. Raises UnsupportedSource."""
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * max(1, packed):
        raise UnsupportedSource(
            source,
            f"the archive unpacks to more than {MAX_RATIO} times its size, as only zip bombs do",
            advice,
        )
