"""Meshes of many features as joined arrays, on their way into the spool."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]

BODY, ROOF = 0, 1
"""Slots of materials: walls and all else, and what is seen from above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """One mesh for each of `rows`, back to back.

    rows: (k,) row of its feature in the batch, ascending. vertex_counts, triangle_counts: (k,), each ≥ 1.
    positions: (v, 3) float64, local metres, or, where `origins` (k, 3) are given, float32 relative to that of their mesh: solids are
    made so, which have six vertices for each place. normals: (v, 3) float32, unit length.
    triangles: (t, 3) counted from the first vertex of their own mesh, counter-clockwise seen from outside.
    slots: (t,) uint8 BODY or ROOF, ascending within a mesh.
    arranged: as in `twin.source.MeshBatch`.
    """

    rows: Indexes
    vertex_counts: Indexes
    triangle_counts: Indexes
    positions: NDArray[np.floating]
    normals: NDArray[np.float32]
    triangles: NDArray[np.integer]
    slots: NDArray[np.uint8]
    arranged: bool = False
    origins: Floats | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def placed(self) -> tuple[Floats, NDArray[np.float32]]:
        """Origins (k, 3), local metres, and positions (v, 3) relative to them."""
        if self.origins is not None:
            return self.origins, self.positions.astype(np.float32, copy=False)
        origins = self.positions[starts(self.vertex_counts)].astype(np.float64, copy=False)
        relative = self.positions - np.repeat(origins, self.vertex_counts, axis=0)
        return origins, relative.astype(np.float32)


def starts(counts: NDArray[np.integer]) -> Indexes:
    """(k,) index of the first element of each run, given the lengths of the runs."""
    result = np.zeros(len(counts), dtype=np.int64)
    np.cumsum(counts[:-1], out=result[1:])
    return result


def ranges(first: NDArray[np.integer], counts: NDArray[np.integer]) -> Indexes:
    """The indices first, first + 1, …, first + count - 1 of each run, joined."""
    total = int(counts.sum())
    return np.asarray(np.repeat(first - starts(counts), counts) + np.arange(total))


def cross(a: Floats, b: Floats) -> Floats:
    """Cross products row by row; numpy's own takes four times as long."""
    result = np.empty_like(a)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        result[:, k] = a[:, i] * b[:, j] - a[:, j] * b[:, i]
    return result


def unit(vectors: Floats, instead: Floats | None = None) -> Floats:
    """Unit vectors of (n, 3); `instead` (zero) where there is no direction to speak of."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    other = np.zeros_like(vectors) if instead is None else instead
    return np.where(length > 1e-6, vectors / np.where(length > 0.0, length, 1.0), other)


def by_row(shapes: Shapes, order: Indexes) -> Shapes:
    """The meshes `order` of `shapes`, in that order."""
    vertices = ranges(starts(shapes.vertex_counts)[order], shapes.vertex_counts[order])
    triangles = ranges(starts(shapes.triangle_counts)[order], shapes.triangle_counts[order])
    return Shapes(
        rows=shapes.rows[order],
        vertex_counts=shapes.vertex_counts[order],
        triangle_counts=shapes.triangle_counts[order],
        positions=shapes.positions[vertices],
        normals=shapes.normals[vertices],
        triangles=shapes.triangles[triangles],
        slots=shapes.slots[triangles],
    )


def joined(several: list[Shapes]) -> Shapes:
    """Meshes of several makers as one, in order of row; a row that several of them made has one mesh of all its parts.

    Within such a mesh triangles are put in order of slot again.
    """
    if len(several) == 1:
        return several[0]
    whole = Shapes(
        rows=np.concatenate([shapes.rows for shapes in several]),
        vertex_counts=np.concatenate([shapes.vertex_counts for shapes in several]),
        triangle_counts=np.concatenate([shapes.triangle_counts for shapes in several]),
        positions=np.concatenate([shapes.positions for shapes in several]),
        normals=np.concatenate([shapes.normals for shapes in several]),
        triangles=np.concatenate([shapes.triangles for shapes in several]),
        slots=np.concatenate([shapes.slots for shapes in several]),
    )
    return merged(by_row(whole, np.argsort(whole.rows, kind="stable")))


def merged(shapes: Shapes) -> Shapes:
    """Meshes of the same row, which follow one another, as one."""
    begins = np.flatnonzero(np.r_[True, np.diff(shapes.rows) != 0]) if len(shapes) else np.empty(0, np.int64)
    if len(begins) == len(shapes):
        return shapes
    group = np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, len(shapes)]))
    first = starts(shapes.vertex_counts)
    shift = first - first[begins][group]
    triangles = shapes.triangles + np.repeat(shift, shapes.triangle_counts)[:, None]
    owner = np.repeat(group, shapes.triangle_counts)
    order = np.lexsort((shapes.slots, owner))
    return replace(
        shapes,
        rows=shapes.rows[begins],
        vertex_counts=np.add.reduceat(shapes.vertex_counts, begins),
        triangle_counts=np.add.reduceat(shapes.triangle_counts, begins),
        triangles=triangles[order],
        slots=shapes.slots[order],
    )
