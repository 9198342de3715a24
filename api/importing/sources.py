"""Which files an import means, under which keys, and whether they changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, json

from twin.errors import SourceError
from twin.objects import MAX_KEY_LENGTH, checked_key

IMPORTABLE_SUFFIXES = frozenset({".ifc", ".ifczip", ".ifcxml"})
"""What is taken from a folder. `.ifcxml` is taken too, so that it is refused by name and not passed over."""

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
        inside = sorted(
            file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in IMPORTABLE_SUFFIXES
        )
        if not inside:
            suffixes = ", ".join(sorted(IMPORTABLE_SUFFIXES))
            raise SourceError(str(path), "no importable file in this folder", f"Importable are: {suffixes}.")
        found.update(dict.fromkeys(inside))
    return list(found)


def default_key(path: Path) -> str:
    """The key of a source that got none: the file name without its suffix, shortened to what a key may be.

    Raises InvalidKey where that is no key (a name such as `history.ifc`).
    """
    stem = path.stem.strip().lstrip(".")
    while len(stem.encode()) > MAX_KEY_LENGTH:
        stem = stem[:-1]
    return checked_key(stem.strip())


def content_hash(path: Path, options: Struct) -> str:
    """Hash of the source's bytes and of every option that shapes the result: equal hash, equal tiles (BLAKE2b-128)."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.encode([RESULT_VERSION, options], order="deterministic"))
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
