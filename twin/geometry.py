"""Arithmetic on triangle meshes as whole arrays: no loop over vertices.

Positions are (n, 3) float, metres; triangles (m, 3) integer, counter-clockwise seen from outside.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def transformed(positions: NDArray[np.floating], transform: Floats) -> Floats:
    """Apply a (3, 4) or (4, 4) affine transform to (n, 3) points in double precision."""
    matrix = np.asarray(transform, dtype=np.float64)
    return np.asarray(positions, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def is_mirrored(transform: Floats) -> bool:
    """Whether a transform turns triangles inside out (negative determinant)."""
    return bool(np.linalg.det(np.asarray(transform)[:3, :3]) < 0.0)
