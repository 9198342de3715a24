"""Polygons of city objects, and how many of them at a time become triangles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.polygons import Loops, triangulated_faces
from twin.source import Material

Indexes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """The polygons of one object.

    points: (c, 3) float64 in the source's coordinates, one for each corner of a ring, rings not closed; counts: (r,)
    corners of each ring; faces: (r,) the face of each ring, ascending from 0; outer: (r,) whether it bounds its face from
    outside; slots: (f,) index into `materials` of each face; shells: (f,) number of the solid or surface that a face
    belongs to; uvs: (c, 2) float32 with v upwards, or None.
    """

    points: Floats
    counts: Indexes
    faces: Indexes
    outer: NDArray[np.bool_]
    slots: Indexes
    shells: Indexes
    materials: list[Material]
    uvs: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangulated:
    """Triangles of one object: (m, 3) corners into its points, and the face of each."""

    triangles: Indexes
    faces: Indexes


def triangulate(many: list[Surfaces], local: list[Floats]) -> list[Triangulated]:
    """Triangles of several objects in one go; `local` are their points in metres. Faces that cannot be cut have none."""
    points = np.concatenate(local)
    corner_starts = np.cumsum([0, *(len(each.points) for each in many)])
    face_starts = np.cumsum([0, *(len(each.slots) for each in many)])
    ring_counts = [len(each.counts) for each in many]
    loops = Loops(
        corners=np.arange(len(points)),
        counts=np.concatenate([each.counts for each in many]),
        faces=np.concatenate([each.faces for each in many]) + np.repeat(face_starts[:-1], ring_counts),
        outer=np.concatenate([each.outer for each in many]),
    )
    triangles, faces = triangulated_faces(points, _numbered(loops))
    ends = np.searchsorted(faces, face_starts)
    return [
        Triangulated(
            triangles=triangles[ends[k] : ends[k + 1]] - corner_starts[k],
            faces=faces[ends[k] : ends[k + 1]] - face_starts[k],
        )
        for k in range(len(many))
    ]


def _numbered(loops: Loops) -> Loops:
    """Rings of fewer than three corners are lines: they bound nothing, and a face of none but those has no triangles."""
    kept = loops.counts >= 3
    if kept.all():
        return loops
    return Loops(
        corners=loops.corners[np.repeat(kept, loops.counts)],
        counts=loops.counts[kept],
        faces=loops.faces[kept],
        outer=loops.outer[kept],
    )
