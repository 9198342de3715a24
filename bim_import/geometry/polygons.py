"""Faces with any number of corners, and with holes, cut into triangles; many at a time."""

from dataclasses import dataclass

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """Rings of points. `corners` are indexes of points, ring after ring; `counts` corners per ring; `faces` the face of
    each ring (ascending); `outer` whether it bounds its face from outside.
    """

    corners: Indexes
    counts: Indexes
    faces: Indexes
    outer: NDArray[np.bool_]


def triangulated_faces(points: Floats, loops: Loops) -> tuple[Indexes, Indexes]:
    """(m, 3) triangles that keep the sense of the outer rings, and (m,) the face of each, ascending."""
    starts = np.cumsum(loops.counts) - loops.counts
    rings_of_face = np.bincount(loops.faces)[loops.faces]
    triangles: list[Indexes] = []
    faces: list[Indexes] = []
    hard = [np.flatnonzero(rings_of_face > 1)]
    for size in np.unique(loops.counts[rings_of_face == 1]):
        rings = np.flatnonzero((loops.counts == size) & (rings_of_face == 1))
        if size < 3:
            continue
        corners = loops.corners[starts[rings][:, None] + np.arange(size)]
        convex = np.ones(len(rings), dtype=bool) if size == 3 else _are_convex(points[corners])
        triangles.append(_fans(points, corners[convex]))
        faces.append(np.repeat(loops.faces[rings[convex]], size - 2))
        hard.append(rings[~convex])
    cut, owners = _earcut(points, np.concatenate(hard), loops)
    triangles.append(cut)
    faces.append(owners)
    owner = np.concatenate(faces)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order]


def _are_convex(corners: Floats) -> NDArray[np.bool_]:
    """(k,) whether each (n, 3) polygon turns the same way at all corners."""
    forward = np.roll(corners, -1, axis=1) - corners
    turns = np.cross(forward, np.roll(forward, -1, axis=1))
    normals = np.cross(corners - corners[:, :1], np.roll(corners, -1, axis=1) - corners[:, :1]).sum(axis=1)
    against = np.einsum("knj,kj->kn", turns, normals)
    return np.asarray((against >= -1e-9 * np.abs(against).max(axis=1, keepdims=True)).all(axis=1))


def _fans(points: Floats, corners: Indexes) -> Indexes:
    """Triangles of convex polygons of one size; four corners are cut along the shorter diagonal."""
    if corners.shape[1] == 4 and len(corners):
        a, b, c, d = (points[corners[:, k]] for k in range(4))
        longer = ((c - a) ** 2).sum(axis=1) > ((d - b) ** 2).sum(axis=1) * (1.0 + 1e-9)
        corners = np.where(longer[:, None], np.roll(corners, -1, axis=1), corners)
    fan = [corners[:, [0, k, k + 1]] for k in range(1, corners.shape[1] - 1)]
    return np.stack(fan, axis=1).reshape(-1, 3)


def _earcut(points: Floats, rings: Indexes, loops: Loops) -> tuple[Indexes, Indexes]:
    """Triangles of the faces that `rings` bound, concave or with holes, and the face of each."""
    rings = rings[np.lexsort((rings, ~loops.outer[rings], loops.faces[rings]))]
    if not len(rings):
        return np.empty((0, 3), dtype=np.int64), np.empty(0, dtype=np.int64)
    starts = (np.cumsum(loops.counts) - loops.counts)[rings]
    counts = loops.counts[rings]
    ends = np.cumsum(counts)
    corners = loops.corners[np.repeat(starts - ends + counts, counts) + np.arange(ends[-1])]
    first_ring = np.flatnonzero(np.r_[True, np.diff(loops.faces[rings]) > 0])
    normals = ring_normals(points[corners], ends - counts, counts)[first_ring]
    face_starts = np.r_[(ends - counts)[first_ring], ends[-1]]
    flat = _flattened(points[corners], np.repeat(np.argmax(np.abs(normals), axis=1), np.diff(face_starts)))
    made: list[NDArray[np.uint32]] = []
    ring_ends = np.split(ends.astype(np.uint32), first_ring[1:])
    for start, stop, bounds in zip(
        face_starts[:-1].tolist(), face_starts[1:].tolist(), ring_ends, strict=True
    ):
        made.append(mapbox_earcut.triangulate_float64(flat[start:stop], bounds - np.uint32(start)))
    sizes = np.array([len(cut) // 3 for cut in made], dtype=np.int64)
    face = np.repeat(np.arange(len(made)), sizes)
    cut = np.concatenate(made).astype(np.int64).reshape(-1, 3) + face_starts[face][:, None]
    a, b, c = (points[corners[cut[:, k]]] for k in range(3))
    backward = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[face]) < 0.0
    cut = np.where(backward[:, None], cut[:, ::-1], cut)
    return corners[cut], loops.faces[rings][first_ring][face]


def ring_normals(corners: Floats, starts: Indexes, counts: Indexes) -> Floats:
    """(r, 3) vector areas of rings of points that lie one after another (Newell); not finite where a point is not."""
    following = np.arange(len(corners)) + 1
    following[starts + counts - 1] = starts
    base = np.repeat(corners[starts], counts, axis=0)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.add.reduceat(np.cross(corners - base, corners[following] - base), starts))


def _flattened(points: Floats, dropped: Indexes) -> Floats:
    """(n, 2) points without the coordinate `dropped` of each."""
    kept = np.array([[1, 2], [0, 2], [0, 1]])[dropped]
    flat = np.take_along_axis(points, kept, axis=1)
    return np.ascontiguousarray(np.where(np.isfinite(flat), flat, 0.0))
