"""Lines as flat ribbons: roads, railways, streams."""

import numpy as np

from bim_import.gis.shapes.joined import BODY, Floats, Shapes, cross, merged, starts, unit
from bim_import.gis.shapes.lines import Joints, Lines, joints

_MITRE = 2.0
"""How much farther than half its width a ribbon may reach at a bend: what renderers have as their default or less."""


def ribbons(lines: Lines, places: Floats, up: Floats, half_width_m: Floats) -> Shapes:
    """Two vertices a point and two triangles a stretch, mitred at bends; one mesh a feature.

    places, up: (v, 3) local metres and unit vectors; half_width_m: (v,).
    """
    left = places + _sideways(joints(lines, places), up, half_width_m)
    right = 2.0 * places - left
    vertices = np.stack([left, right], axis=1).reshape(-1, 3)
    stretches = lines.counts - 1 + lines.closed
    line = np.repeat(np.arange(len(lines.counts)), stretches)
    here = np.arange(len(line)) - np.repeat(starts(stretches), stretches)
    there = (here + 1) % lines.counts[line]
    a, b = 2 * here, 2 * there
    triangles = np.stack(
        [np.stack([a + 1, b + 1, b], axis=1), np.stack([a + 1, b, a], axis=1)], axis=1
    ).reshape(-1, 3)
    return merged(
        Shapes(
            rows=lines.rows,
            vertex_counts=2 * lines.counts,
            triangle_counts=2 * stretches,
            positions=vertices,
            normals=np.repeat(up, 2, axis=0).astype(np.float32),
            triangles=triangles,
            slots=np.full(len(triangles), BODY, dtype=np.uint8),
        )
    )


def _sideways(bends: Joints, up: Floats, half_width_m: Floats) -> Floats:
    """(v, 3) from each point to the left edge: along the bisector of the two directions, as far as the mitre allows."""
    left_in, left_out = unit(cross(up, bends.into)), unit(cross(up, bends.out))
    middle = unit(left_in + left_out, left_in)
    cosine = np.einsum("ij,ij->i", middle, left_in)
    reach = np.minimum(1.0 / np.maximum(cosine, 1e-6), _MITRE)
    return np.asarray(middle * (half_width_m * reach)[:, None])
