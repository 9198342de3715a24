"""How values lie in the files of a spool: length-prefixed frames, and rows of numbers."""

import io
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

RELATIONS = "relations"
"""File of pairs of ordinals, uint32."""

STATE_INDEX = "state_index"
"""File of state indexes by ordinal, uint32."""

_LENGTH = struct.Struct("<Q")


def append_frame(file: IO[bytes], value: object) -> None:
    """Write one value as a length and MessagePack."""
    payload = msgspec.msgpack.encode(value)
    file.write(_LENGTH.pack(len(payload)))
    file.write(payload)


def frames(path: Path) -> Iterator[bytes]:
    """The whole frames of a file, still encoded; none where there is no file, and a torn last one is ignored."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            payload = file.read(length)
            if len(payload) < length:
                return
            yield payload


def rows(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """All whole rows of a file; a torn last row is ignored."""
    return rows_of_all([path], dtype)[0]


def rows_of_all(paths: Sequence[Path], dtype: np.dtype[Any]) -> tuple[NDArray[Any], list[int]]:
    """All whole rows of some files, one after the other in one array, and how many there are of each."""
    counts = [path.stat().st_size // dtype.itemsize if path.exists() else 0 for path in paths]
    found = np.empty(sum(counts), dtype)
    at = 0
    for path, count in zip(paths, counts, strict=True):
        if count:
            with path.open("rb", buffering=0) as file:
                _read_into(file, found[at : at + count].view(np.uint8))
        at += count
    return found, counts


def _read_into(file: io.RawIOBase, target: NDArray[np.uint8]) -> None:
    """Fill `target`; a read gives at most 2 GB at a time."""
    view, at = target.data, 0
    while at < len(view):
        read = file.readinto(view[at:])
        if not read:
            raise EOFError(f"a file of a spool ends {len(view) - at} bytes early")
        at += read


def mapped(path: Path) -> NDArray[np.uint8]:
    """The bytes of a file, read-only and not loaded; none where there is no file or nothing in it."""
    if not path.exists() or not path.stat().st_size:
        return np.empty(0, np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r")


def write_relations(folder: Path, pairs: NDArray[np.integer[Any]]) -> None:
    """Write (k, 2) ordinals of objects of which the first feeds the second; what was there is replaced."""
    (folder / RELATIONS).write_bytes(np.ascontiguousarray(pairs, "u4").tobytes())


def write_state_index(folder: Path, indexes: NDArray[np.uint32]) -> None:
    """Write (n,) state indexes by ordinal; what was there is replaced."""
    (folder / STATE_INDEX).write_bytes(np.ascontiguousarray(indexes, "u4").tobytes())
