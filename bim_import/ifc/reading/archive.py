"""Takes the one .ifc out of an .ifczip into a private file. Nothing is ever written under a name from the archive."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from bim_import.archives import DAMAGED, check_directory, check_ratio
from twin.errors import DamagedSource, UnsupportedSource

ZIP_MAGIC = b"PK\x03\x04"
MAX_UNPACKED_BYTES = 8 << 30
"""More than any IFC file that the parser could hold (it takes four to five times the file in memory)."""

_CHUNK_BYTES = 1 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_DEFLATE64 = 9
_ENCRYPTED = 0x1
_REPACK = "Unpack it and import the .ifc, or pack it again with ordinary Deflate."


def is_zip(path: Path) -> bool:
    """Whether the content is a zip archive, whatever the name says."""
    with path.open("rb") as file:
        return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC


def unpack_ifc(source: str, path: Path, target: IO[bytes]) -> None:
    """Write the one .ifc inside the archive to the open file `target`.

    Raises UnsupportedSource (none or several .ifc inside, ifcXML, Deflate64, encrypted, far too large) or DamagedSource
    (not a whole archive, or its content does not match its checksum). `source` is what errors call the file.
    """
    check_directory(source, path, _REPACK)
    try:
        with zipfile.ZipFile(path) as archive:
            member = _only_ifc(source, archive)
            _check_member(source, member)
            with archive.open(member) as packed:
                shutil.copyfileobj(packed, target, _CHUNK_BYTES)
    except (*DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DamagedSource(source, f"the archive is damaged ({error})", "Copy or pack it again.") from error


def _only_ifc(source: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [info for info in archive.infolist() if not info.is_dir() and not _is_litter(info.filename)]
    models = [info for info in files if info.filename.lower().endswith(".ifc")]
    if len(models) == 1:
        return models[0]
    if models:
        names = ", ".join(sorted(info.filename for info in models)[:5])
        raise UnsupportedSource(
            source,
            f"the archive holds {len(models)} IFC files ({names})",
            "Unpack it and import them one by one.",
        )
    if any(info.filename.lower().endswith((".ifcxml", ".xml")) for info in files):
        raise UnsupportedSource(source, "the archive holds ifcXML", "Export it as .ifc (STEP text).")
    raise UnsupportedSource(source, "there is no .ifc file in the archive", "Pack exactly one .ifc file.")


def _is_litter(name: str) -> bool:
    """What file managers add: resource forks and hidden files."""
    path = PurePosixPath(name.replace("\\", "/"))
    return "__MACOSX" in path.parts or path.name.startswith(".")


def _check_member(source: str, member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise UnsupportedSource(source, "the archive is encrypted", "Unpack it and import the .ifc.")
    if member.compress_type not in _METHODS:
        method = (
            "Deflate64"
            if member.compress_type == _DEFLATE64
            else f"compression method {member.compress_type}"
        )
        raise UnsupportedSource(source, f"the archive uses {method}, which cannot be unpacked here", _REPACK)
    _check_size(source, member)


def _check_size(source: str, member: zipfile.ZipInfo) -> None:
    """Refuse what would unpack too large. The declared size is enough: zipfile never gives out more than that."""
    size = member.file_size
    if size > MAX_UNPACKED_BYTES:
        raise UnsupportedSource(
            source, f"the IFC file inside is larger than {MAX_UNPACKED_BYTES >> 30} GiB", "Split the model."
        )
    check_ratio(source, unpacked=size, packed=member.compress_size, advice=_REPACK)
