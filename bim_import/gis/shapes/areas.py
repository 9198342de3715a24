"""Polygons as flat surfaces: water, green, squares."""

import numpy as np

from bim_import.gis.shapes.extrude import corners_of
from bim_import.gis.shapes.joined import BODY, Floats, Shapes
from bim_import.gis.shapes.outlines import Outlines
from bim_import.gis.shapes.triangles import triangulated
from twin.frames import TangentPlane


def areas(shape: Outlines, heights: Floats, plane: TangentPlane) -> Shapes:
    """One vertex a corner, seen from above. `heights` (v,) are of the corners, metres above the ellipsoid."""
    features = corners_of(shape)
    positions, up = plane.local_and_up(np.column_stack([shape.points[:, :2], heights]))
    triangles, per_part = triangulated(shape)
    place = np.searchsorted(features.rows, shape.part_rows)
    per_feature = np.bincount(place, weights=per_part, minlength=len(features.rows)).astype(np.int64)
    owner = np.repeat(np.arange(len(features.rows)), per_feature)
    return Shapes(
        rows=features.rows,
        vertex_counts=features.count,
        triangle_counts=per_feature,
        positions=positions,
        normals=up.astype(np.float32),
        triangles=triangles - features.first[owner][:, None],
        slots=np.full(len(triangles), BODY, dtype=np.uint8),
    )
