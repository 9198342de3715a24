"""Whether what a glTF header declares fits to what is there: trimesh makes as much as it is told, zeros where there is no data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from twin.errors import DamagedSource

Json = dict[str, Any]

FREE_BYTES = 64 << 20
MOST_TIMES = 16
"""Bytes that may be declared: so many times those of the file and of those beside it; parts of a buffer may be used by several accessors."""

_COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
"""glTF 2.0, 3.6.2.2 and 3.6.2.3."""


def check_sizes(path: Path, header: Json) -> None:
    """Raises DamagedSource for a header that declares far more than there is."""
    beside = list(_beside(path, header))
    there = path.stat().st_size + sum(size for _, size in set(beside))
    read = sum(size for _, size in beside)
    views = sum(_count(view, "byteLength") for view in _items(header, "bufferViews"))
    values = sum(map(_accessor_bytes, _items(header, "accessors")))
    declared = max(read, views, values)
    if declared > FREE_BYTES + MOST_TIMES * there:
        raise DamagedSource(
            str(path),
            f"it declares {declared:,} bytes of geometry and has {there:,}",
            "Export it again.",
        )


def _items(header: Json, name: str) -> Iterator[Json]:
    found = header.get(name)
    yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


def _count(item: Json, name: str) -> int:
    """A number of the header; what is none is left to trimesh, which refuses it."""
    value = item.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _accessor_bytes(accessor: Json) -> int:
    size = _COMPONENT_BYTES.get(_count(accessor, "componentType"), 4)
    return _count(accessor, "count") * size * _COMPONENTS.get(str(accessor.get("type")), 16)


def _beside(path: Path, header: Json) -> Iterator[tuple[Path, int]]:
    """Files of buffers in or below the folder of the source, with their sizes, as often as they are named."""
    folder = path.parent.resolve()
    for buffer in _items(header, "buffers"):
        uri = buffer.get("uri")
        if not isinstance(uri, str) or uri.startswith("data:"):
            continue
        try:
            file = (folder / unquote(uri)).resolve()
            if file.is_relative_to(folder) and file.is_file():
                yield file, file.stat().st_size
        except (OSError, ValueError):  # a name that no file can have
            continue
