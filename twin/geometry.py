"""Arithmetic on triangle meshes as whole arrays: no loop over vertices.

Positions are (n, 3) float, metres; triangles (m, 3) integer, counter-clockwise seen from outside. Functions take many
meshes at once where that pays: put their arrays back to back and give every vertex the number of its mesh.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
Triangles = NDArray[np.integer]

CREASE_DEG = 35.0
"""Faces that meet at a smaller angle are shaded as one curved surface. Above the 28.6° (0.5 rad) that tessellators turn
per segment of a circle at most, below the 45° of a chamfer."""

SNAP_M = 1e-6
"""Grid of welding and of positions: coarser than the noise of exporters (1e-9), finer than any wall."""

_MIN_HEIGHT_M = 1e-6
"""A triangle that is nowhere higher than this is a line."""

_MAX_CRACKS, _MAX_IMBALANCE = 0.2, 1e-5
"""Of the edges of a closed shell, the share that may lack a partner; of its area, the share that may be missing: what thin
triangles leave, far from what an open tube lacks (a third of its edges) or a box without lid (a sixth of its area)."""

_HASH = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], dtype=np.uint64
)
"""Odd 64-bit multipliers (golden ratio and primes of xxHash), one per column of a row that is hashed."""


def transformed(positions: NDArray[np.floating], transform: Floats) -> Floats:
    """Apply a (3, 4) or (4, 4) affine transform to (n, 3) points in double precision."""
    matrix = np.asarray(transform, dtype=np.float64)
    return np.asarray(positions, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def is_mirrored(transform: Floats) -> bool:
    """Whether a transform turns triangles inside out (negative determinant)."""
    return bool(np.linalg.det(np.asarray(transform)[:3, :3]) < 0.0)


def unique_rows(rows: NDArray[np.int64]) -> tuple[Indexes, Indexes]:
    """First index of each distinct row of (n, k ≤ 4) integers, in order of first appearance, and (n,) index into these.

    Rows are compared by a 64-bit hash first; should two different rows ever share one, by all columns.
    """
    hashed = (rows.astype(np.uint64) * _HASH[: rows.shape[1]]).sum(axis=1, dtype=np.uint64)
    hashed ^= hashed >> np.uint64(29)
    _, first, inverse = np.unique(hashed, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first[inverse]], rows):
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse.reshape(-1)]


def welded(positions: Floats, owner: Indexes) -> tuple[Indexes, Indexes]:
    """Vertices that coincide (same `owner`, same cell of the SNAP_M grid): index of the one kept, and (n,) index into these.

    `owner` is (n,) integer: vertices of different owners stay apart.
    """
    cells = np.rint(positions / SNAP_M).astype(np.int64)
    return unique_rows(np.column_stack([cells, owner]))


def face_normals(positions: Floats, triangles: Triangles) -> tuple[Floats, Floats]:
    """(m, 3) unit normals, zero where there is no area, and (m,) twice the areas in square metres."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    doubled = np.sqrt(np.einsum("ij,ij->i", normals, normals))
    normals /= np.where(doubled > 0.0, doubled, 1.0)[:, None]
    return np.asarray(normals), np.asarray(doubled)


def has_area(positions: Floats, triangles: Triangles) -> NDArray[np.bool_]:
    """(m,) whether a triangle is one: three corners, none NaN or infinite, and higher than a micrometre over its base."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    with np.errstate(invalid="ignore", over="ignore"):
        doubled = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        longest = np.sqrt(np.max([((p - q) ** 2).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0))
        return np.asarray(np.isfinite(doubled) & (doubled > _MIN_HEIGHT_M * longest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Pairs of triangles that meet in an edge which no third one touches.

    Half-edge 3·t + k runs from corner k of triangle t to its next corner. `left` and `right` are (e,) half-edges of the
    same edge; `opposed` tells whether they run against each other, as in a consistently oriented surface. `single` is
    (3m,): the half-edge has no such partner.
    """

    left: Indexes
    right: Indexes
    opposed: NDArray[np.bool_]
    single: NDArray[np.bool_]


def edges_of(triangles: Triangles) -> Edges:
    """Match the half-edges of (m, 3) triangles."""
    start = np.ascontiguousarray(triangles, dtype=np.int64).reshape(-1)
    end = np.roll(triangles.astype(np.int64), -1, axis=1).reshape(-1)
    low, high = np.minimum(start, end), np.maximum(start, end)
    key = low * (int(high.max()) + 1 if len(high) else 1) + high
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    begins = (
        np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, np.int64)
    )
    counts = np.diff(np.r_[begins, len(ordered)])
    pairs = begins[counts == 2]
    left, right = order[pairs], order[pairs + 1]
    single = np.ones(len(start), dtype=bool)
    single[left] = single[right] = False
    return Edges(left=left, right=right, opposed=start[left] != start[right], single=single)


def consistent(triangles: Triangles, edges: Edges, areas: Floats | None = None) -> Indexes:
    """The (m, 3) triangles with some turned round, so that neighbours agree on which side is outside.

    Each connected surface follows what most of it says, by (m,) `areas` or, without these, by the number of triangles; one
    that cannot agree (a Möbius strip) stays as it is.
    """
    count = len(triangles)
    left, right = edges.left // 3, edges.right // 3
    turned = np.where(edges.opposed, 0, count)
    # Node t stands for triangle t as it is, node count + t for the same turned round.
    side = _components(2 * count, np.r_[left, left + count], np.r_[right + turned, right + count - turned])
    flip = side[count:] < side[:count]
    surface = np.minimum(side[:count], side[count:])
    votes = np.bincount(
        surface, np.where(flip, 1.0, -1.0) * (1.0 if areas is None else areas), minlength=2 * count
    )
    flip ^= (votes[surface] > 0.0) & (side[:count] != side[count:])
    return np.where(flip[:, None], triangles[:, ::-1], triangles).astype(np.int64)


def surfaces_of(count: int, edges: Edges) -> Indexes:
    """(count,) a number for each triangle, the same for those that hang together by edges."""
    return _components(count, edges.left // 3, edges.right // 3)


def inverted_shells(
    positions: Floats, triangles: Triangles, edges: Edges, shell: Indexes
) -> NDArray[np.bool_]:
    """(s,) whether shell s is closed, consistently oriented, and inside out (its signed volume is negative).

    Cracks of no width count as closed: a triangle without area, where faces meet between corners, is often left out.
    `shell` is (m,) integer 0…s-1 per triangle. Positions should be relative to a point near the shell.
    """
    count = int(shell.max()) + 1 if len(shell) else 0
    first = np.zeros(count, dtype=np.int64)
    first[shell[::-1]] = triangles[::-1, 0]
    a, b, c = (positions[triangles[:, k]] - positions[first[shell]] for k in range(3))
    volume = np.bincount(shell, weights=np.einsum("ij,ij->i", a, np.cross(b, c)), minlength=count)
    singles = np.bincount(np.repeat(shell, 3)[edges.single], minlength=count)
    cracked = (singles > 0) & (singles <= _MAX_CRACKS * 3 * np.bincount(shell, minlength=count))
    closed = singles == 0
    if cracked.any():
        chosen = cracked[shell]
        closed |= cracked & _is_balanced(np.cross(b - a, c - a)[chosen], shell[chosen], count)
    closed &= np.bincount(shell[edges.left // 3][~edges.opposed], minlength=count) == 0
    return np.asarray(closed & (volume < 0.0))


def _is_balanced(areas: NDArray[np.floating], shell: Indexes, count: int) -> NDArray[np.bool_]:
    """(count,) whether the (m, 3) vector areas of each shell add up to nothing, as those of a closed surface do."""
    sums = np.stack([np.bincount(shell, weights=column, minlength=count) for column in areas.T], axis=1)
    total = np.bincount(shell, weights=np.linalg.norm(areas, axis=1), minlength=count)
    return np.asarray(np.linalg.norm(sums, axis=1) <= _MAX_IMBALANCE * total)


def _components(count: int, a: Indexes, b: Indexes) -> Indexes:
    """Smallest member of the connected component of each of `count` nodes under the links a[i]–b[i]."""
    label = np.arange(count)
    while True:
        left, right = label[a], label[b]
        apart = left != right
        if not apart.any():
            return label
        a, b, left, right = a[apart], b[apart], left[apart], right[apart]
        np.minimum.at(label, np.maximum(left, right), np.minimum(left, right))
        while True:
            shorter = label[label]
            if np.array_equal(shorter, label):
                break
            label = shorter


def _corner_angles(positions: Floats, triangles: Triangles) -> Floats:
    """(m, 3) inner angles in radians."""
    corners = positions[triangles]
    forward = np.roll(corners, -1, axis=1) - corners
    length = np.linalg.norm(forward, axis=2, keepdims=True)
    forward /= np.where(length > 0.0, length, 1.0)
    backward = -np.roll(forward, 1, axis=1)
    return np.asarray(np.arccos(np.clip(np.einsum("ijk,ijk->ij", forward, backward), -1.0, 1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Creased:
    """Vertices split where faces meet at a crease.

    `source` (k,) is the input vertex of each output vertex, `normals` (k, 3) their unit normals, `triangles` (m, 3) the
    input triangles in output vertices, numbered in order of first use.
    """

    source: Indexes
    normals: Floats
    triangles: Indexes


def creased(
    positions: Floats, triangles: Triangles, edges: Edges, *, crease_deg: float = CREASE_DEG
) -> Creased:
    """Normals for shading: smooth over edges flatter than `crease_deg`, split at the others.

    Corners of triangles that meet in a smooth edge share a vertex; its normal is the mean of their face normals, weighted
    by the angle of the corner, so that it does not depend on how a flat face happens to be cut into triangles. A triangle
    without area points up.
    """
    faces, _ = face_normals(positions, triangles)
    cosine = np.einsum("ij,ij->i", faces[edges.left // 3], faces[edges.right // 3])
    smooth = edges.opposed & (cosine >= np.cos(np.radians(crease_deg)))
    left, right = edges.left[smooth], edges.right[smooth]
    ends = [edge - edge % 3 + (edge + 1) % 3 for edge in (left, right)]
    corner = _components(triangles.size, np.concatenate([left, ends[0]]), np.concatenate([ends[1], right]))
    used, vertex = np.unique(corner, return_inverse=True)
    weight = _corner_angles(positions, triangles).reshape(-1)
    sums = np.column_stack(
        [
            np.bincount(vertex, weights=np.repeat(faces[:, k], 3) * weight, minlength=len(used))
            for k in range(3)
        ]
    )
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    flat = faces[used // 3]
    flat[~flat.any(axis=1)] = (0.0, 0.0, 1.0)
    normals = np.where(length > 1e-9, sums / np.where(length > 1e-9, length, 1.0), flat)
    source = np.ascontiguousarray(triangles, dtype=np.int64).reshape(-1)[used]
    return Creased(source=source, normals=normals, triangles=vertex.reshape(-1, 3))
