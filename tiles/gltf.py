"""Writing binary glTF 2.0: buffers, views, accessors and the JSON around them; knows nothing of tiles."""

import struct
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tiles import compression

ARRAY_BUFFER = 34962
ELEMENT_ARRAY_BUFFER = 34963
"""glTF 2.0, bufferView.target."""

_COMPONENT = {"b": 5120, "B": 5121, "h": 5122, "H": 5123, "I": 5125, "f": 5126}
"""glTF 2.0, accessor.componentType by numpy type character."""

_SHAPE = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}

_ALIGNMENT = 8
"""EXT_structural_metadata asks for the size of the component, FLOAT64 at most; glTF itself for 4."""

_GLB_HEADER = struct.Struct("<4sII")
_CHUNK_HEADER = struct.Struct("<I4s")

MESHOPT = "EXT_meshopt_compression"


@dataclass(slots=True)
class GlbBuilder:
    """Collects one glTF asset. Indices that methods return are positions in the JSON arrays of the same names."""

    accessors: list[dict[str, Any]] = field(default_factory=list)
    buffer_views: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    textures: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    samplers: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    _blocks: list[bytes] = field(default_factory=list)
    _size: int = 0
    _unpacked_size: int = 0

    def view(self, data: bytes, **properties: int) -> int:
        """A view of `data` as it is; `properties` are byteStride and target."""
        offset = self._append(data)
        self.buffer_views.append({"buffer": 0, "byteOffset": offset, "byteLength": len(data), **properties})
        return len(self.buffer_views) - 1

    def packed_view(self, data: bytes, layout: dict[str, Any], **properties: int) -> int:
        """A view of meshopt-encoded `data`; `layout` has count, byteStride, mode and perhaps filter.

        Its uncompressed place is in a second buffer without data (EXT_meshopt_compression, "Fallback buffers").
        """
        size = layout["count"] * layout["byteStride"]
        packed = {"buffer": 0, "byteOffset": self._append(data), "byteLength": len(data), **layout}
        view = {"buffer": 1, "byteOffset": self._unpacked_size, "byteLength": size, **properties}
        self._unpacked_size += -(-size // _ALIGNMENT) * _ALIGNMENT
        self.buffer_views.append({**view, "extensions": {MESHOPT: packed}})
        self.used.add(MESHOPT)
        self.required.add(MESHOPT)
        return len(self.buffer_views) - 1

    def attribute_view(self, rows: NDArray[Any], *, packed: bool, filtered: str | None = None) -> int:
        """A view of vertex attributes: (n, k) rows of a multiple of 4 bytes each."""
        stride = rows.strides[0]
        if not packed:
            return self.view(rows.tobytes(), byteStride=stride, target=ARRAY_BUFFER)
        layout = {"count": len(rows), "byteStride": stride, "mode": "ATTRIBUTES"}
        if filtered:
            layout["filter"] = filtered
        return self.packed_view(
            compression.encode_attribute(rows), layout, byteStride=stride, target=ARRAY_BUFFER
        )

    def accessor(self, view: int, values: NDArray[Any], **properties: Any) -> int:
        """An accessor over a whole view; `values` (n,) or (n, k) gives count, shape and component type, `properties` the rest."""
        width = 1 if values.ndim == 1 else values.shape[1]
        kind = _COMPONENT[values.dtype.char]
        given = {"bufferView": view, "componentType": kind, "count": len(values), "type": _SHAPE[width]}
        self.accessors.append(given | properties)
        return len(self.accessors) - 1

    def indices(self, indices: NDArray[np.uint32], vertex_count: int, *, packed: bool) -> int:
        """An accessor of triangle corners, UINT16 where they fit (65,535 restarts a strip: glTF 2.0, 3.7.2.1)."""
        narrow = indices.astype(np.uint16 if vertex_count <= 0xFFFF else np.uint32)
        if not packed:
            return self.accessor(self.view(narrow.tobytes(), target=ELEMENT_ARRAY_BUFFER), narrow)
        layout = {"count": len(indices), "byteStride": narrow.itemsize, "mode": "TRIANGLES"}
        data = compression.encode_triangles(indices, vertex_count)
        return self.accessor(self.packed_view(data, layout, target=ELEMENT_ARRAY_BUFFER), narrow)

    def finish(self, root: int) -> bytes:
        """The bytes of the .glb with node `root` as its scene."""
        binary = b"".join(self._blocks)
        buffers: list[dict[str, Any]] = [{"byteLength": len(binary)}]
        if self._unpacked_size:
            buffers.append({"byteLength": self._unpacked_size, "extensions": {MESHOPT: {"fallback": True}}})
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "city-twin"},
            "extensionsUsed": sorted(self.used),
            "extensionsRequired": sorted(self.required),
            "extensions": self.extensions,
            "scene": 0,
            "scenes": [{"nodes": [root]}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": self.materials,
            "textures": self.textures,
            "images": self.images,
            "samplers": self.samplers,
            "accessors": self.accessors,
            "bufferViews": self.buffer_views,
            "buffers": buffers,
        }
        text = msgspec.json.encode({key: value for key, value in document.items() if value not in ([], {})})
        text += b" " * (-len(text) % 4)
        total = _GLB_HEADER.size + 2 * _CHUNK_HEADER.size + len(text) + len(binary)
        head = _GLB_HEADER.pack(b"glTF", 2, total)
        return b"".join(
            [
                head,
                _CHUNK_HEADER.pack(len(text), b"JSON"),
                text,
                _CHUNK_HEADER.pack(len(binary), b"BIN\0"),
                binary,
            ]
        )

    def _append(self, data: bytes) -> int:
        offset = self._size
        padded = data + b"\0" * (-len(data) % _ALIGNMENT)
        self._blocks.append(padded)
        self._size += len(padded)
        return offset
