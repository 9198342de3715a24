"""Footprints pulled up into closed solids with flat roofs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bim_import.gis.shapes.joined import BODY, ROOF, Floats, Indexes, Shapes, cross, ranges, starts
from bim_import.gis.shapes.outlines import Outlines
from bim_import.gis.shapes.triangles import triangulated
from twin.frames import TangentPlane

_Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heights:
    """By row of the batch: metres above the ellipsoid of the underside and of the top."""

    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corners:
    """Corners by feature: `first` and `count` (k,) of each feature's corners, `of` (v,) its place among the features."""

    rows: Indexes
    first: Indexes
    count: Indexes
    of: Indexes


def corners_of(shape: Outlines) -> _Corners:
    """Corners of all polygons of a feature, which follow one another, as one run."""
    changes = np.diff(shape.part_rows) != 0
    begins = np.flatnonzero(np.r_[True, changes]) if len(shape.part_rows) else np.empty(0, np.int64)
    count = np.add.reduceat(shape.part_counts, begins) if len(begins) else np.empty(0, np.int64)
    return _Corners(
        rows=shape.part_rows[begins],
        first=starts(count),
        count=count,
        of=np.repeat(np.arange(len(begins)), count),
    )


def extruded(shape: Outlines, heights: Heights, plane: TangentPlane) -> Shapes:
    """Closed solids: underside, roof and four vertices for every wall. One mesh a feature, all its polygons in it."""
    features = corners_of(shape)
    ground, up = plane.local_and_up(np.column_stack([shape.points[:, :2], np.zeros(len(shape.points))]))
    low = ground + up * heights.lower[features.rows][features.of][:, None]
    high = ground + up * heights.upper[features.rows][features.of][:, None]
    triangles, per_part = triangulated(shape)
    turned = (np.arange(len(features.of)) - features.first[features.of]) % 2 == 1
    return Shapes(
        rows=features.rows,
        vertex_counts=6 * features.count,
        origins=low[features.first],
        **_vertices(features, shape.following, (low, high), up, turned),
        **_triangles(features, shape.following, triangles, _per_feature(shape, features, per_part), turned),
        arranged=True,
    )


def _per_feature(shape: Outlines, features: _Corners, per_part: Indexes) -> Indexes:
    """(k,) triangles of each feature."""
    place = np.searchsorted(features.rows, shape.part_rows)
    return np.bincount(place, weights=per_part, minlength=len(features.rows)).astype(np.int64)


def _vertices(
    features: _Corners, following: Indexes, ends: tuple[Floats, Floats], up: Floats, turned: NDArray[np.bool_]
) -> _Arrays:
    """Six vertices a corner: underside, wall to the next corner, wall from the one before, and the same above in the opposite
    order: head and foot of an edge lie side by side, which compresses well. `turned` (v,): corners that begin above.

    `ends`: (v, 3) foot and head of each corner. Positions are relative to the foot of the feature's first corner.
    """
    low, high = ends
    positions = np.empty((len(low), 6, 3), dtype=np.float32)
    normals = np.empty((len(low), 6, 3), dtype=np.float32)
    above = turned[:, None]
    origin = low[features.first][features.of]
    foot, head = (low - origin).astype(np.float32), (high - origin).astype(np.float32)
    positions[:, :3] = np.where(above, head, foot)[:, None]
    positions[:, 3:] = np.where(above, foot, head)[:, None]
    outward = cross(low[following] - low, up)
    length = np.sqrt(np.einsum("ij,ij->i", outward, outward))
    outward /= np.where(length > 0.0, length, 1.0)[:, None]
    wall, flat = outward.astype(np.float32), up.astype(np.float32)
    normals[:, 0] = np.where(above, flat, -flat)
    normals[:, 5] = -normals[:, 0]
    normals[:, 1] = normals[:, 4] = wall
    normals[following, 2] = normals[following, 3] = wall
    return {"positions": positions.reshape(-1, 3), "normals": normals.reshape(-1, 3)}


def _triangles(
    features: _Corners,
    following: Indexes,
    triangles: Indexes,
    per_feature: Indexes,
    turned: NDArray[np.bool_],
) -> _Arrays:
    """Walls, underside, roof; counted from the feature's own first vertex."""
    owner = np.repeat(np.arange(len(features.count)), per_feature)
    own = 6 * (np.arange(len(features.of)) - features.first[features.of])

    def vertex(corners: Indexes, step: int) -> NDArray[np.uint32]:
        return np.asarray(own[corners] + np.where(turned[corners], 5 - step, step), dtype=np.uint32)

    total = 2 * (features.count + per_feature)
    first = starts(total)
    result = np.empty((int(total.sum()), 3), dtype=np.uint32)
    slots = np.full(len(result), BODY, dtype=np.uint8)
    corners = np.arange(len(own))
    foot, next_foot = vertex(corners, 1), vertex(following, 2)
    next_head, head = vertex(following, 3), vertex(corners, 4)
    # Two triangles a wall, and an even number for each feature: a wall is one row of six corners.
    walls = np.stack([foot, next_foot, next_head, foot, next_head, head], axis=1)
    result.reshape(-1, 6)[(first[features.of] + own // 3) // 2] = walls
    under = ranges(first + 2 * features.count, per_feature)
    result[under] = vertex(triangles[:, ::-1], 0)
    over = under + per_feature[owner]
    result[over] = vertex(triangles, 5)
    slots[over] = ROOF
    return {"triangle_counts": total, "triangles": result, "slots": slots}
