"""Which files an import means, under which keys, and whether they changed."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct, json

from api.importing.shaping import companions
from bim_import.formats import is_importable, known_suffixes
from twin.errors import SourceError, UnsupportedSource
from twin.objects import MAX_KEY_LENGTH, checked_key

RESULT_VERSION = 1
"""Part of every content hash: raised when a new version of this software makes other tiles from the same source."""


class Source(Struct, frozen=True, kw_only=True):
    """One file to import. `explicit` is true where the user chose the key."""

    path: Path
    key: str
    explicit: bool


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, folders as the importable files below them (sorted), each file once, in the order given.

    Raises SourceError for a path that does not exist and for a folder that holds nothing importable.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise SourceError(str(path), "no such file or folder", "Check the path.")
        if not path.is_dir():
            found[path] = None
            continue
        inside = sorted(_inside(path))
        if not inside:
            suffixes = ", ".join(known_suffixes())
            raise SourceError(str(path), "no importable file in this folder", f"Importable are: {suffixes}.")
        found.update(dict.fromkeys(inside))
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    """Importable files below a folder, and the folders that cannot be looked into: they fail as sources, not silently.

    Links to folders are not followed: they may lead back up.
    """
    unreadable: list[Path] = []
    for place, _, names in os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename))):
        for name in names:
            if is_importable(Path(place) / name):
                yield Path(place) / name
    yield from unreadable


def shown(path: Path) -> str:
    r"""The path as text that can be stored and printed: bytes that are not UTF-8 as `\xff`, control characters escaped."""
    text = os.fsencode(path).decode("utf-8", errors="backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def default_key(path: Path) -> str:
    """The key of a source that got none: the file name without its suffix, shortened to what a key may be.

    Raises InvalidKey where that is no key (a name such as `history.ifc`).
    """
    stem = path.stem.strip().lstrip(".")
    while len(os.fsencode(stem)) > MAX_KEY_LENGTH:
        stem = stem[:-1]
    return checked_key(stem.strip())


def content_hash(path: Path, options: Struct) -> str:
    """Hash of the source's bytes and of every option that shapes the result: equal hash, equal tiles (BLAKE2b-128).

    Raises UnsupportedSource for what is no ordinary file (a pipe would wait, a device never end), OSError where it cannot
    be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.encode([RESULT_VERSION, options], order="deterministic"))
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        raise UnsupportedSource(
            shown(path), "its path holds bytes that are not UTF-8", "Rename the file or its folder."
        ) from None
    for file in (path, *companions(path)):
        for block in _blocks(file):
            digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnsupportedSource(
                shown(path), "it is no ordinary file", "Save its content as a file and import that."
            )
        while block := file.read(1 << 20):
            yield block


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe that nobody writes to would block."""
    return os.open(path, flags | os.O_NONBLOCK)
