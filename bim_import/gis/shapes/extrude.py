"""Footprints pulled up into closed solids with flat roofs."""

from dataclasses import dataclass

import numpy as np

from bim_import.gis.shapes.joined import BODY, ROOF, Floats, Indexes, Shapes, cross, ranges, starts
from bim_import.gis.shapes.outlines import Outlines
from bim_import.gis.shapes.triangles import triangulated
from twin.frames import TangentPlane


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
    return Shapes(
        rows=features.rows,
        vertex_counts=6 * features.count,
        **_vertices(shape.following, low, high, up),
        **_triangles(features, triangles, _per_feature(shape, features, per_part)),
    )


def _per_feature(shape: Outlines, features: _Corners, per_part: Indexes) -> Indexes:
    """(k,) triangles of each feature."""
    place = np.searchsorted(features.rows, shape.part_rows)
    return np.bincount(place, weights=per_part, minlength=len(features.rows)).astype(np.int64)


def _vertices(following: Indexes, low: Floats, high: Floats, up: Floats) -> dict[str, np.ndarray]:
    """Six vertices a corner: below, above, and the four of the wall to the next corner."""
    positions = np.empty((len(low), 6, 3))
    normals = np.empty((len(low), 6, 3), dtype=np.float32)
    ahead, ahead_high = low[following], high[following]
    for step, corner in enumerate((low, high, low, ahead, ahead_high, high)):
        positions[:, step] = corner
    outward = cross(ahead - low, up)
    length = np.sqrt(np.einsum("ij,ij->i", outward, outward))
    outward /= np.where(length > 0.0, length, 1.0)[:, None]
    normals[:, 0], normals[:, 1] = -up, up
    normals[:, 2:] = outward[:, None]
    return {"positions": positions.reshape(-1, 3), "normals": normals.reshape(-1, 3)}


def _triangles(features: _Corners, triangles: Indexes, per_feature: Indexes) -> dict[str, np.ndarray]:
    """Walls, underside, roof; counted from the feature's own first vertex."""
    owner = np.repeat(np.arange(len(features.count)), per_feature)
    roof = ((triangles - features.first[owner][:, None]) * 6).astype(np.uint32)
    total = 2 * (features.count + per_feature)
    first = starts(total)
    result = np.empty((int(total.sum()), 3), dtype=np.uint32)
    slots = np.full(len(result), BODY, dtype=np.uint8)
    local = np.arange(len(features.of)) - features.first[features.of]
    wall = (6 * local + 2).astype(np.uint32)[:, None]
    at = first[features.of] + 2 * local
    result[at] = wall + np.array([0, 1, 2], dtype=np.uint32)
    result[at + 1] = wall + np.array([0, 2, 3], dtype=np.uint32)
    under = ranges(first + 2 * features.count, per_feature)
    result[under] = roof[:, ::-1]
    over = under + per_feature[owner]
    result[over] = roof + np.uint32(1)
    slots[over] = ROOF
    return {"triangle_counts": total, "triangles": result, "slots": slots}
