"""quantized-mesh 1.0: one tile of terrain as bytes. Positions stay in double precision until they are quantised.

Every tile is the same grid, so that neighbours of one level share all points of their edges; between levels CesiumJS hangs
skirts. The grid's triangles, their order and the edges are made once.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.frames import ecef_from_geographic

Floats = NDArray[np.float64]

SIDE = 65
"""Points along a side: what CesiumJS estimates the error of a level for."""

_TOP = 32_767
_HEADER = struct.Struct("<3d2f3d1d3d")
_RADII = np.array([6378137.0, 6378137.0, 6356752.3142451793])
_NORMALS_ID = 1
"""Extension `octvertexnormals`."""
_NEVER_HIDDEN = 1e9
"""Scale of the horizon point of a tile as wide as the horizon itself: it is above everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A grid of SIDE x SIDE points, rows from south to north, columns from west to east.

    Bounds in degrees; heights: (SIDE, SIDE) ellipsoidal metres; normals: (SIDE, SIDE, 3) unit vectors in ECEF.
    """

    west: float
    south: float
    east: float
    north: float
    heights: Floats
    normals: Floats


@dataclass(frozen=True, slots=True)
class _Grid:
    order: NDArray[np.int64]
    indices: bytes
    edges: bytes


def encode_patch(patch: Patch) -> bytes:
    """The bytes of a tile, with the extension octvertexnormals."""
    grid = _grid()
    steps = np.linspace(0.0, 1.0, SIDE)
    lon, lat = np.meshgrid(
        patch.west + (patch.east - patch.west) * steps, patch.south + (patch.north - patch.south) * steps
    )
    points = ecef_from_geographic(np.column_stack([lon.ravel(), lat.ravel(), patch.heights.ravel()]))
    lowest, highest = float(patch.heights.min()), float(patch.heights.max())
    u, v = np.meshgrid(np.rint(steps * _TOP), np.rint(steps * _TOP))
    rise = (
        (patch.heights - lowest) / (highest - lowest) * _TOP if highest > lowest else np.zeros((SIDE, SIDE))
    )
    columns = [each.ravel().astype(np.int64)[grid.order] for each in (u, v, np.rint(rise))]
    vertices = b"".join(_zigzag(np.diff(column, prepend=0)).tobytes() for column in columns)
    count = SIDE * SIDE
    normals = _octahedral(patch.normals.reshape(-1, 3)[grid.order]).tobytes()
    return b"".join(
        [
            _header(points, lowest, highest),
            struct.pack("<I", count),
            vertices,
            grid.indices,
            grid.edges,
            struct.pack("<BI", _NORMALS_ID, len(normals)),
            normals,
        ]
    )


def _header(points: Floats, lowest: float, highest: float) -> bytes:
    centre = (points.min(axis=0) + points.max(axis=0)) / 2.0
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    horizon = _horizon_point(points, centre)
    return _HEADER.pack(*centre, lowest, highest, *centre, radius, *horizon)


def _horizon_point(points: Floats, centre: Floats) -> Floats:
    """The point, in space scaled to a unit sphere, below the horizon of which all of the tile is hidden.

    Method of "Horizon Culling 2" (K. Ring, 2013), as the format's specification refers to it.
    """
    direction = centre / _RADII
    direction = direction / np.linalg.norm(direction)
    scaled = points / _RADII
    length = np.maximum(np.linalg.norm(scaled, axis=1), 1.0)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    cos_a, sin_a = unit @ direction, np.linalg.norm(np.cross(unit, direction), axis=1)
    cos_b = 1.0 / length
    sin_b = np.sqrt(length * length - 1.0) * cos_b
    depth = cos_a * cos_b - sin_a * sin_b
    scale = _NEVER_HIDDEN if depth.min() <= 1e-9 else float((1.0 / depth).max())
    return np.asarray(direction * scale)


def _zigzag(deltas: NDArray[np.int64]) -> NDArray[np.uint16]:
    return ((deltas << 1) ^ (deltas >> 63)).astype("<u2")


def _octahedral(normals: Floats) -> NDArray[np.uint8]:
    """(n, 3) unit vectors → (n, 2) as the format stores them (Cigolle et al., 2014)."""
    flat = normals / np.abs(normals).sum(axis=1, keepdims=True)
    folded = np.where(
        flat[:, 2:] < 0.0,
        (1.0 - np.abs(flat[:, 1::-1])) * np.where(flat[:, :2] < 0.0, -1.0, 1.0),
        flat[:, :2],
    )
    return np.rint((np.clip(folded, -1.0, 1.0) * 0.5 + 0.5) * 255.0).astype(np.uint8)


@lru_cache(maxsize=1)
def _grid() -> _Grid:
    """Vertices in the order in which triangles first use them, as the high-water mark of the indices wants it."""
    cells = np.arange((SIDE - 1) * (SIDE - 1))
    corner = cells // (SIDE - 1) * SIDE + cells % (SIDE - 1)
    # Alternate diagonals: ridges look the same whichever way they run.
    other = (cells // (SIDE - 1) + cells % (SIDE - 1)) % 2 == 1
    a, b, c, d = corner, corner + 1, corner + SIDE + 1, corner + SIDE
    first = np.where(other[:, None], np.column_stack([a, b, d]), np.column_stack([a, b, c]))
    second = np.where(other[:, None], np.column_stack([b, c, d]), np.column_stack([a, c, d]))
    triangles = np.stack([first, second], axis=1).reshape(-1)
    _, first_use = np.unique(triangles, return_index=True)
    order = np.argsort(first_use)
    place = np.empty(SIDE * SIDE, dtype=np.int64)
    place[order] = np.arange(SIDE * SIDE)
    renamed = place[triangles]
    highest = np.maximum.accumulate(np.r_[0, renamed[:-1] + 1])
    highest[0] = 0
    codes = (highest - renamed).astype("<u2")
    rows = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    edges = b"".join(
        struct.pack("<I", SIDE) + place[edge].astype("<u2").tobytes()
        for edge in (rows[:, 0], rows[0], rows[:, -1], rows[-1])
    )
    return _Grid(order, struct.pack("<I", len(renamed) // 3) + codes.tobytes(), edges)
