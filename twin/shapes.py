"""What a body is like, in a few numbers: enough to tell whether it has changed between two imports, and by how much.

All are integrals over the surface, so neither the order of vertices nor how faces are cut into triangles matters, and noise of a
micrometre stays one: they are compared with a tolerance, never as digests.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.spool import Spool
from twin.tables import index_runs

SHAPE_ROW = np.dtype([("centroid", "<f8", 3), ("area", "<f4"), ("volume", "<f4"), ("spread", "<f4", 6)])
"""A body in the local frame of its source: centre of gravity of its surface in metres; area in m²; volume in m³ (of a closed body,
or one of which a plane face at the rim is missing); second central moments of the surface over its area (xx, yy, zz, xy, xz, yz)
in m². NaN: not drawn."""

Shapes = NDArray[np.void]
"""(n,) SHAPE_ROW; row i belongs to the object with ordinal i."""

_CHUNK = 1 << 14
"""Triangles at once: what is held of them (7 MB) stays in the cache of a core."""

_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
_OPEN = 1e-5
"""Vector area of a body over its area from which on it counts as open: float32 leaves 1e-7."""

_SIMILAR = 1e-6
_MOMENTS = np.dtype([("centroid", "f8", 3), ("area", "f8"), ("volume", "f8"), ("spread", "f8", (3, 3))])


def no_shapes(count: int) -> Shapes:
    """Of objects that are not drawn."""
    rows = np.empty(count, SHAPE_ROW)
    for name in SHAPE_ROW.names or ():
        rows[name] = np.nan
    return rows


def shapes_of(spool: Spool, count: int) -> Shapes:
    """The shapes of `count` objects of a spooled source."""
    drawn = spool.instances
    if not len(drawn):
        return no_shapes(count)
    bodies = _placed(spool, _of_meshes(spool))
    ordinals, first = np.unique(drawn["ordinal"], return_index=True)
    whole = _united(bodies, first)
    rows = no_shapes(count)
    rows["centroid"][ordinals] = whole["centroid"]
    rows["area"][ordinals] = whole["area"]
    rows["volume"][ordinals] = np.abs(whole["volume"])
    for place, (i, j) in enumerate(_PAIRS):
        rows["spread"][ordinals, place] = whole["spread"][:, i, j]
    return rows


def _of_meshes(spool: Spool) -> NDArray[Any]:
    """(m,) _MOMENTS of each mesh in its own frame; files are gone through from beginning to end, and not held in memory."""
    meshes = spool.meshes
    found = np.zeros(len(meshes), _MOMENTS)
    for part_file in np.unique(meshes["part_file"]).tolist():
        chosen = np.flatnonzero((meshes["part_file"] == part_file) & (meshes["triangles"] > 0))
        chosen = chosen[np.argsort(meshes["position_row"][chosen], kind="stable")]
        rows = spool.rows(part_file)
        for some in _chunks(chosen, meshes["triangles"]):
            found[some] = _moments(rows, meshes[some])
            spool.release()
    return found


def _chunks(chosen: NDArray[np.int64], triangles: NDArray[np.integer[Any]]) -> Iterator[NDArray[np.int64]]:
    """Meshes in pieces of some `_CHUNK` triangles."""
    total = np.cumsum(triangles[chosen], dtype=np.int64)
    at = 0
    while at < len(chosen):
        before = total[at - 1] if at else 0
        end = max(int(np.searchsorted(total, before + _CHUNK, "right")), at + 1)
        yield chosen[at:end]
        at = end


def _moments(rows: NDArray[np.uint32], meshes: NDArray[Any]) -> NDArray[Any]:
    """Of some meshes of one file."""
    vertices, triangles = meshes["vertices"].astype(np.int64), meshes["triangles"].astype(np.int64)
    middles = (meshes["lower"] + meshes["upper"]) / 2
    points = _runs(rows, meshes["position_row"], vertices).view(np.float32).T.astype(np.float64)
    points -= np.repeat((middles - meshes["origin"]).T, vertices, axis=1)
    first_vertex = np.cumsum(vertices) - vertices
    corners = _runs(rows, meshes["triangle_row"], triangles).T.astype(np.int64)
    corners += np.repeat(first_vertex, triangles)
    moments = _integrated(points, first_vertex, corners, np.cumsum(triangles) - triangles)
    moments["centroid"] += middles
    return moments


def _runs(
    rows: NDArray[np.uint32], first: NDArray[np.uint64], counts: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Some runs of rows, joined. Those of a batch follow one another: nothing is copied."""
    starts = first.astype(np.int64)
    if (starts[1:] == starts[:-1] + counts[:-1]).all():
        return rows[starts[0] : starts[-1] + counts[-1]]
    return rows[index_runs(starts, counts)]


def _integrated(
    points: NDArray[np.float64],
    first_vertex: NDArray[np.int64],
    corners: NDArray[np.int64],
    first_triangle: NDArray[np.int64],
) -> NDArray[Any]:
    """Moments of meshes whose vertices and triangles follow each other.

    `points` (3, n), `corners` (3, m): numpy goes through rows of three several times slower than through three rows.
    """
    a, b, c = (np.take(points, corners[k], axis=1) for k in range(3))
    normal = _cross(b - a, c - a) / 2
    area = np.sqrt((normal * normal).sum(axis=0))
    sums = a + b + c
    products = np.stack([sums[i] * sums[j] + a[i] * a[j] + b[i] * b[j] + c[i] * c[j] for i, j in _PAIRS])
    # of each triangle: area, centre, second moments, volume, vector area
    shares = np.concatenate(
        [area[None], sums * area, products * area, (normal * sums).sum(axis=0)[None], normal]
    )
    total = np.add.reduceat(shares, first_triangle, axis=1)
    moments = np.zeros(len(first_triangle), _MOMENTS)
    moments["area"] = total[0]
    weight = np.maximum(total[0], 1e-300)
    centroid = total[1:4] / 3 / weight
    moments["centroid"] = centroid.T
    for place, (i, j) in enumerate(_PAIRS, 4):
        spread = total[place] / 12 / weight - centroid[i] * centroid[j]
        moments["spread"][:, i, j] = moments["spread"][:, j, i] = spread
    moments["volume"] = total[10] / 9 + _behind_holes(-total[11:], total[0], points, first_vertex)
    return moments


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cross products of the columns of two (3, n)."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _behind_holes(
    hole: NDArray[np.float64],
    area: NDArray[np.float64],
    points: NDArray[np.float64],
    first_vertex: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Volume between the origin and the plane face that each body lacks: its vector area is what those of the others leave, and
    no vertex lies beyond it (a building without its ground face).
    """
    size = np.sqrt((hole * hole).sum(axis=0))
    is_open = size > _OPEN * area
    if not is_open.any():
        return np.zeros(hole.shape[1])
    outward = hole / np.maximum(size, 1e-300)
    counts = np.diff(np.append(first_vertex, points.shape[1]))
    along = (points * np.repeat(outward, counts, axis=1)).sum(axis=0)
    return np.asarray(np.where(is_open, size * np.maximum.reduceat(along, first_vertex) / 3, 0.0))


def _placed(spool: Spool, meshes: NDArray[Any]) -> NDArray[Any]:
    """(i,) _MOMENTS of each instance in the local frame."""
    instances = spool.instances
    linear, shift = instances["transform"][:, :, :3], instances["transform"][:, :, 3]
    found: NDArray[Any] = meshes[instances["mesh"]]
    turned = np.flatnonzero((linear != np.eye(3)).any(axis=(1, 2)))
    if len(turned):
        found[turned] = _turned(found[turned], linear[turned])
        uneven = turned[~_is_similar(linear[turned])]
        for row in uneven.tolist():
            found[row] = _stretched(spool, int(instances["mesh"][row]), linear[row])
    found["centroid"] += shift
    return found


def _turned(bodies: NDArray[Any], linear: NDArray[np.float64]) -> NDArray[Any]:
    """Turned, mirrored and scaled by one factor."""
    determinant = np.linalg.det(linear)
    square = np.cbrt(determinant) ** 2
    turned = bodies.copy()
    turned["centroid"] = np.einsum("nij,nj->ni", linear, bodies["centroid"])
    turned["area"] = bodies["area"] * square
    turned["volume"] = bodies["volume"] * determinant
    turned["spread"] = linear @ bodies["spread"] @ linear.transpose(0, 2, 1)
    return turned


def _is_similar(linear: NDArray[np.float64]) -> NDArray[np.bool_]:
    product = linear @ linear.transpose(0, 2, 1)
    scale = np.trace(product, axis1=1, axis2=2)[:, None, None] / 3
    return np.asarray((np.abs(product - scale * np.eye(3)) <= _SIMILAR * scale).all(axis=(1, 2)))


def _stretched(spool: Spool, mesh: int, linear: NDArray[np.float64]) -> Any:
    """Scaled differently by direction: areas of faces change, so that its triangles are gone through again."""
    body = spool.mesh(mesh)
    points = (body.positions.astype(np.float64) + body.origin) @ linear.T
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    zero = np.zeros(1, np.int64)
    (found,) = _integrated((points - middle).T, zero, body.triangles.T.astype(np.int64), zero)
    found["centroid"] += middle
    return found


def _united(bodies: NDArray[Any], first: NDArray[np.int64]) -> NDArray[Any]:
    """One body of those from each `first` on to the next."""
    if len(first) == len(bodies):
        return bodies
    counts = np.diff(np.append(first, len(bodies)))
    whole = np.zeros(len(first), _MOMENTS)
    weight = bodies["area"]
    whole["area"] = np.add.reduceat(weight, first)
    whole["volume"] = np.add.reduceat(np.abs(bodies["volume"]), first)
    total = np.maximum(whole["area"], 1e-300)
    whole["centroid"] = np.add.reduceat(bodies["centroid"] * weight[:, None], first) / total[:, None]
    away = bodies["centroid"] - np.repeat(whole["centroid"], counts, axis=0)
    spread = (bodies["spread"] + away[:, :, None] * away[:, None, :]) * weight[:, None, None]
    whole["spread"] = np.add.reduceat(spread, first) / total[:, None, None]
    return whole
