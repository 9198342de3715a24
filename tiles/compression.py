"""Meshopt codecs as EXT_meshopt_compression 1.0 wants them, and the reordering that makes them pay.

The package `meshoptimizer` wraps the C library but not its filters, and its wrappers guess argument widths; so the
prototypes here are this module's own, bound to the library that the package loads.
"""

import ctypes
from typing import Any

import numpy as np
from meshoptimizer._loader import lib
from numpy.typing import NDArray

_POINTER = ctypes.c_void_p
_SIZE = ctypes.c_size_t

_VERTEX_CODEC_VERSION = 0
"""EXT_meshopt_compression, appendix A "Mode 0: attributes": header byte 0xa0, that is version 0."""

_INDEX_CODEC_VERSION = 1
"""EXT_meshopt_compression, appendix A "Mode 1: triangles": header byte 0xe1, that is version 1."""

EXPONENT_BITS = 24
"""The EXPONENTIAL filter keeps a signed 24-bit mantissa and an 8-bit exponent of two in 32 bits."""


def _bind(name: str, result: Any, *arguments: Any) -> Any:
    """A function of the library under a prototype of its own (the package's shared ones stay as they are)."""
    return ctypes.CFUNCTYPE(result, *arguments)((name, lib))


_encode_vertex_version = _bind("meshopt_encodeVertexVersion", None, ctypes.c_int)
_encode_index_version = _bind("meshopt_encodeIndexVersion", None, ctypes.c_int)
_encode_vertices = _bind("meshopt_encodeVertexBuffer", _SIZE, _POINTER, _SIZE, _POINTER, _SIZE, _SIZE)
_encode_vertices_bound = _bind("meshopt_encodeVertexBufferBound", _SIZE, _SIZE, _SIZE)
_encode_indices = _bind("meshopt_encodeIndexBuffer", _SIZE, _POINTER, _SIZE, _POINTER, _SIZE)
_encode_indices_bound = _bind("meshopt_encodeIndexBufferBound", _SIZE, _SIZE, _SIZE)
_filter_oct = _bind("meshopt_encodeFilterOct", None, _POINTER, _SIZE, _SIZE, ctypes.c_int, _POINTER)
_unfilter_oct = _bind("meshopt_decodeFilterOct", None, _POINTER, _SIZE, _SIZE)
_vertex_remap = _bind("meshopt_generateVertexRemap", _SIZE, _POINTER, _POINTER, _SIZE, _POINTER, _SIZE, _SIZE)
_vertex_cache = _bind("meshopt_optimizeVertexCache", None, _POINTER, _POINTER, _SIZE, _SIZE)
_fetch_remap = _bind("meshopt_optimizeVertexFetchRemap", _SIZE, _POINTER, _POINTER, _SIZE, _SIZE)

UNUSED = np.uint32(0xFFFFFFFF)
"""What a remap table says of a vertex that no triangle uses."""


def encode_attribute(values: NDArray[Any]) -> bytes:
    """Encode an (n, k) array, C-contiguous, as mode ATTRIBUTES. A row is a multiple of 4 bytes, at most 256."""
    count, stride = len(values), values.strides[0]
    _encode_vertex_version(_VERTEX_CODEC_VERSION)
    buffer = np.empty(_encode_vertices_bound(count, stride), dtype=np.uint8)
    size = _encode_vertices(buffer.ctypes.data, len(buffer), values.ctypes.data, count, stride)
    return buffer[:size].tobytes()


def encode_triangles(indices: NDArray[np.uint32], vertex_count: int) -> bytes:
    """Encode (3 m,) uint32 indices as mode TRIANGLES; a triangle's corners may be rotated, its winding is kept."""
    _encode_index_version(_INDEX_CODEC_VERSION)
    buffer = np.empty(_encode_indices_bound(len(indices), vertex_count), dtype=np.uint8)
    size = _encode_indices(buffer.ctypes.data, len(buffer), indices.ctypes.data, len(indices))
    return buffer[:size].tobytes()


def octahedral(normals: NDArray[np.float32]) -> NDArray[np.int8]:
    """(n, 3) unit vectors → (n, 4) int8 as the filter OCTAHEDRAL stores them (8 bits: 1.1° off at worst)."""
    padded = np.zeros((len(normals), 4), dtype=np.float32)
    padded[:, :3] = normals
    result = np.empty((len(normals), 4), dtype=np.int8)
    _filter_oct(result.ctypes.data, len(normals), 4, 8, padded.ctypes.data)
    return result


def from_octahedral(encoded: NDArray[np.int8]) -> NDArray[np.int8]:
    """(n, 4) int8 of `octahedral` → (n, 4) int8, x, y, z of the vector times 127: what a runtime makes of it."""
    result = encoded.copy()
    _unfilter_oct(result.ctypes.data, len(result), 4)
    return result


def exponential(mantissas: NDArray[np.int64], exponent: int) -> NDArray[np.uint32]:
    """Whole multiples of 2**exponent as the filter EXPONENTIAL stores them. Raises ValueError beyond 24 bits."""
    limit = 1 << (EXPONENT_BITS - 1)
    if mantissas.size and int(np.abs(mantissas).max()) >= limit:
        raise ValueError(f"a coordinate needs more than {EXPONENT_BITS} bits at a step of 2**{exponent} m")
    packed = (mantissas & 0xFFFFFF) | ((exponent & 0xFF) << EXPONENT_BITS)
    return packed.astype(np.uint32)


def welded(rows: NDArray[Any]) -> tuple[NDArray[np.uint32], int]:
    """Which rows are equal: (n,) new index of each row in order of first occurrence, and how many differ."""
    remap = np.empty(len(rows), dtype=np.uint32)
    sequence = np.arange(len(rows), dtype=np.uint32)
    count = _vertex_remap(
        remap.ctypes.data, sequence.ctypes.data, len(rows), rows.ctypes.data, len(rows), rows.strides[0]
    )
    return remap, int(count)


def cache_ordered(indices: NDArray[np.uint32], vertex_count: int) -> NDArray[np.uint32]:
    """The same triangles in an order that reuses vertices early: faster to draw, and what the index codec expects."""
    result = np.empty_like(indices)
    _vertex_cache(result.ctypes.data, indices.ctypes.data, len(indices), vertex_count)
    return result


def fetch_order(indices: NDArray[np.uint32], vertex_count: int) -> tuple[NDArray[np.uint32], int]:
    """(vertex_count,) new index of each vertex in order of first use (UNUSED: none uses it), and how many are used."""
    remap = np.empty(vertex_count, dtype=np.uint32)
    used = _fetch_remap(remap.ctypes.data, indices.ctypes.data, len(indices), vertex_count)
    return remap, int(used)
