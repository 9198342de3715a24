"""Transforms that only move, turn and scale evenly: what GPU instances can say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIGID = 1e-5
"""Relative departure from a rotation with uniform scale that is rounding, not shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """Transforms split into uniform `scale` (k,), `rotation` (k, 4) quaternions x, y, z, w; `exact` (k,) whether that is
    all there is to them: no shear, no mirror, no stretch along one axis.
    """

    scale: NDArray[np.float64]
    rotation: NDArray[np.float64]
    exact: NDArray[np.bool_]


def similarity(linear: NDArray[np.float64]) -> Similarity:
    """Split (k, 3, 3) matrices. Rows that are not `exact` have no meaningful rotation."""
    determinant = np.linalg.det(linear)
    scale = np.cbrt(np.abs(determinant))
    safe = np.where(scale > 0.0, scale, 1.0)
    rotation = linear / safe[:, None, None]
    gram = np.einsum("kij,kil->kjl", rotation, rotation)
    departure = np.abs(gram - np.eye(3)).max(axis=(1, 2))
    exact = (determinant > 0.0) & (departure < RIGID)
    return Similarity(scale=scale, rotation=_quaternions(rotation), exact=exact)


def _quaternions(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 4) x, y, z, w of (k, 3, 3), each from its largest component (the numerically safe one of four ways)."""
    m = rotation
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    squares = np.stack([1 + 2 * m[:, i, i] - trace for i in range(3)] + [1 + trace], axis=1)
    yz, zx, xy = m[:, 2, 1] + m[:, 1, 2], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 0] + m[:, 0, 1]
    wx, wy, wz = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    rows = np.stack(
        [
            np.stack([squares[:, 0], xy, zx, wx], axis=1),
            np.stack([xy, squares[:, 1], yz, wy], axis=1),
            np.stack([zx, yz, squares[:, 2], wz], axis=1),
            np.stack([wx, wy, wz, squares[:, 3]], axis=1),
        ],
        axis=1,
    )
    chosen = rows[np.arange(len(rows)), np.argmax(squares, axis=1)]
    length = np.linalg.norm(chosen, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.where(
        length > 0.0, chosen / np.where(length > 0.0, length, 1.0), [0.0, 0.0, 0.0, 1.0]
    )
    return unit
