"""Vertex attributes as a tile stores them: positions on a lattice, octahedral normals, linear colours, feature ids."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles import compression
from tiles.gltf import GlbBuilder
from tiles.materials import srgb_from_linear

FINEST_STEP = -11
"""Exponent of two of the finest lattice step, metres (0.49 mm): kernels tessellate curves to 1 mm."""

SHARED_STEP = -12
"""Exponent of the step of meshes that are drawn as instances: they are stored once, and looked at from near."""

COARSEST_STEP = -10
"""Exponent of the coarsest step (0.98 mm). A tile too wide for it in 16 bits stores 24."""

LAYER_STEP = -8
"""Exponent of the coarsest step of city layers (3.9 mm: 2 mm off at most): surveys and footprints are good to centimetres."""

UV_STEP = -13
"""Exponent of the texture coordinate step: half a texel of a 4096 pixel image."""

FEATURE_ID = "_FEATURE_ID_0"

_COLOR_TOLERANCE = 2.0 / 255.0
"""Error of the displayed colour up to which 8 bits a channel are enough; dark colours need 16 in linear space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One vertex attribute: `values` (n, k) as an accessor describes them, `rows` (n, …) the bytes that are stored.

    `rows` differ from `values` by padding to 4 bytes or by a filter that runtimes undo.
    """

    name: str
    values: NDArray[Any]
    rows: NDArray[Any]
    normalized: bool = False
    filter: str | None = None
    bounded: bool = False

    def taken(self, source: NDArray[np.int64]) -> "Attribute":
        """The same attribute of the vertices `source`, ascending and distinct where they are as many as there are."""
        if len(source) == len(self.rows):
            return self
        return replace(self, values=self.values[source], rows=self.rows[source])

    def write(self, builder: GlbBuilder, order: NDArray[np.int64] | slice, *, packed: bool) -> int:
        """Write the vertices `order` and return the accessor."""
        rows = np.ascontiguousarray(self.rows[order])
        view = builder.attribute_view(rows, packed=packed, filtered=self.filter)
        extra: dict[str, Any] = {"normalized": True} if self.normalized else {}
        if self.bounded:
            lower, upper = bounds_of(self.values[order])
            extra |= {"min": lower.tolist(), "max": upper.tolist()}
        return builder.accessor(view, self.values, count=len(rows), **extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Where quantised positions lie: metres = `offset` + stored · `scale` (both applied by a node)."""

    attribute: Attribute
    scale: float
    offset: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    """Bounds of what a runtime decodes, metres, (3,)."""

    def node(self) -> dict[str, Any]:
        """The transform of a glTF node that turns stored positions into metres."""
        if self.scale == 1.0:
            return {}
        return {"translation": self.offset.tolist(), "scale": [self.scale] * 3}


def bounds_of(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Minimum and maximum of each column, by columns: numpy is ten times slower along the short axis."""
    columns = np.ascontiguousarray(rows.T)
    return columns.min(axis=1), columns.max(axis=1)


def padded(values: NDArray[Any]) -> NDArray[Any]:
    """Rows filled up with zeros to a multiple of 4 bytes (glTF 2.0, 3.6.2.4)."""
    size = values.strides[0]
    missing = -size % 4 // values.itemsize
    if not missing:
        return values
    return np.concatenate([values, np.zeros((len(values), missing), dtype=values.dtype)], axis=1)


def plain_positions(positions: NDArray[np.float64]) -> Lattice:
    """float32 as they are, metres."""
    values = positions.astype(np.float32)
    attribute = Attribute(name="POSITION", values=values, rows=values, bounded=True)
    return _lattice(attribute, values.astype(np.float64), scale=1.0, offset=np.zeros(3))


def shared_positions(positions: NDArray[np.float64], *, largest_scale: float) -> Lattice:
    """Positions of a mesh that instances scale by at most `largest_scale`: 24 bits by a filter, so that no node is
    needed to place them (it would act outside the instances' own transforms).
    """
    return _wide_positions(positions, SHARED_STEP - max(0, math.ceil(math.log2(largest_scale))))


def lattice_positions(
    positions: NDArray[np.float64], *, finest: int = FINEST_STEP, coarsest: int = COARSEST_STEP
) -> Lattice:
    """Positions on the finest power-of-two lattice that 16 bits span, with steps of 2**finest to 2**coarsest m; else 24 bits
    by a filter.

    Tiles share the lattice where their steps agree, so that elements in different tiles still meet.
    """
    lower, upper = bounds_of(positions)
    extent = float((upper - lower).max())
    steps = range(finest, coarsest + 1)
    exponent = next((e for e in steps if extent / 2.0**e < 65_535), None)
    if exponent is None:
        return _wide_positions(positions, coarsest)
    step = 2.0**exponent
    cells = np.rint(positions / step)
    first = np.rint(lower / step)
    values = (cells - first).astype(np.uint16)
    attribute = Attribute(name="POSITION", values=values, rows=padded(values), bounded=True)
    return _lattice(attribute, cells * step, scale=step, offset=first * step)


def _wide_positions(positions: NDArray[np.float64], exponent: int) -> Lattice:
    largest = float(np.abs(positions).max())
    while largest / 2.0**exponent >= 2 ** (compression.EXPONENT_BITS - 1) - 1:
        exponent += 1
    cells = np.rint(positions / 2.0**exponent).astype(np.int64)
    decoded = (cells * 2.0**exponent).astype(np.float32)
    rows = compression.exponential(cells, exponent)
    attribute = Attribute(name="POSITION", values=decoded, rows=rows, filter="EXPONENTIAL", bounded=True)
    return _lattice(attribute, decoded.astype(np.float64), scale=1.0, offset=np.zeros(3))


def _lattice(
    attribute: Attribute, decoded: NDArray[np.float64], *, scale: float, offset: NDArray[np.float64]
) -> Lattice:
    lower, upper = bounds_of(decoded)
    return Lattice(attribute=attribute, scale=scale, offset=offset, lower=lower, upper=upper)


def normals(vectors: NDArray[np.float32], *, packed: bool) -> Attribute:
    """Unit normals: int8 through the octahedral filter, or float32."""
    if not packed:
        return Attribute(name="NORMAL", values=vectors, rows=vectors)
    rows = compression.octahedral(vectors)
    return Attribute(name="NORMAL", values=rows[:, :3], rows=rows, normalized=True, filter="OCTAHEDRAL")


def texture_coordinates(uvs: NDArray[np.float32], *, packed: bool) -> Attribute:
    """Texture coordinates, float32; packed on a lattice where they are near enough to the origin for it."""
    cells = np.rint(uvs.astype(np.float64) / 2.0**UV_STEP)
    if not packed or np.abs(cells).max(initial=0.0) >= 2 ** (compression.EXPONENT_BITS - 1):
        return Attribute(name="TEXCOORD_0", values=uvs, rows=uvs)
    rows = compression.exponential(cells.astype(np.int64), UV_STEP)
    values = (cells * 2.0**UV_STEP).astype(np.float32)
    return Attribute(name="TEXCOORD_0", values=values, rows=rows, filter="EXPONENTIAL")


def colors(linear: NDArray[np.float64], entry: NDArray[np.int64]) -> Attribute:
    """Colours of the vertices from palette `linear` (entries, 4): 8 bits a channel where that shows, else 16."""
    used = linear[np.flatnonzero(np.bincount(entry))]
    shown = srgb_from_linear(used[:, :3])
    coarse = srgb_from_linear(np.rint(used[:, :3] * 255.0) / 255.0)
    enough = float(np.abs(coarse - shown).max(initial=0.0)) <= _COLOR_TOLERANCE
    top, dtype = (255.0, np.uint8) if enough else (65_535.0, np.uint16)
    width = 3 if bool((used[:, 3] >= 1.0).all()) else 4
    table = np.rint(linear[:, :width] * top).astype(dtype)
    rows = padded(table)[entry]
    return Attribute(name="COLOR_0", values=rows[:, :width], rows=rows, normalized=True)


def feature_ids(ids: NDArray[np.int64]) -> Attribute:
    """Feature ids: UINT8 or UINT16, FLOAT above (EXT_mesh_features: UINT32 is no vertex attribute type)."""
    largest = int(ids.max(initial=0))
    dtype = np.uint8 if largest <= 0xFF else np.uint16 if largest <= 0xFFFF else np.float32
    rows = padded(ids.astype(dtype)[:, None])
    return Attribute(name=FEATURE_ID, values=rows[:, 0], rows=rows)
