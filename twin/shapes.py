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

_CHUNK = 1 << 15
"""Triangles at once: what is held of them (5 MB) stays in the cache of a core."""

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
        chosen = chosen[np.argsort(meshes["offset"][chosen], kind="stable")]
        words = spool.words(part_file)
        for some in _chunks(chosen, meshes["triangles"]):
            found[some] = _moments(words, meshes[some])
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


def _moments(words: NDArray[np.uint32], meshes: NDArray[Any]) -> NDArray[Any]:
    """Of some meshes of one file."""
    vertices, triangles = meshes["vertices"].astype(np.int64), meshes["triangles"].astype(np.int64)
    starts = (meshes["offset"] // 4).astype(np.int64)
    middles = (meshes["lower"] + meshes["upper"]) / 2
    points = words[index_runs(starts, vertices * 3)].view(np.float32).reshape(-1, 3).astype(np.float64)
    points -= np.repeat(middles - meshes["origin"], vertices, axis=0)
    corners = words[index_runs(starts + vertices * 6, triangles * 3)].astype(np.int64).reshape(-1, 3)
    first_vertex = np.cumsum(vertices) - vertices
    corners += np.repeat(first_vertex, triangles)[:, None]
    moments = _integrated(points, first_vertex, corners, np.cumsum(triangles) - triangles)
    moments["centroid"] += middles
    return moments


def _integrated(
    points: NDArray[np.float64],
    first_vertex: NDArray[np.int64],
    corners: NDArray[np.int64],
    first_triangle: NDArray[np.int64],
) -> NDArray[Any]:
    """Moments of meshes whose vertices and triangles follow each other."""

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.add.reduceat(values, first_triangle, axis=0))

    a, b, c = (points[corners[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a) / 2
    area = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    sums = a + b + c
    moments = np.zeros(len(first_triangle), _MOMENTS)
    moments["area"] = summed(area)
    weight = np.maximum(moments["area"], 1e-300)[:, None]
    centroid = summed(sums * area[:, None]) / 3 / weight
    for i, j in _PAIRS:
        products = sums[:, i] * sums[:, j] + a[:, i] * a[:, j] + b[:, i] * b[:, j] + c[:, i] * c[:, j]
        spread = summed(products * area) / 12 / weight[:, 0] - centroid[:, i] * centroid[:, j]
        moments["spread"][:, i, j] = moments["spread"][:, j, i] = spread
    moments["centroid"] = centroid
    moments["volume"] = summed(np.einsum("ij,ij->i", normal, sums)) / 9
    hole = -summed(normal)
    moments["volume"] += _behind_holes(hole, moments["area"], points, first_vertex)
    return moments


def _behind_holes(
    hole: NDArray[np.float64],
    area: NDArray[np.float64],
    points: NDArray[np.float64],
    first_vertex: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Volume between the origin and the plane face that each body lacks: its vector area is what those of the others leave, and
    no vertex lies beyond it (a building without its ground face).
    """
    size = np.sqrt(np.einsum("ij,ij->i", hole, hole))
    is_open = size > _OPEN * area
    if not is_open.any():
        return np.zeros(len(hole))
    outward = hole / np.maximum(size, 1e-300)[:, None]
    counts = np.diff(np.append(first_vertex, len(points)))
    along = np.einsum("ij,ij->i", points, np.repeat(outward, counts, axis=0))
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
    (found,) = _integrated(points - middle, zero, body.triangles.astype(np.int64), zero)
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
