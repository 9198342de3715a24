"""Triangulation of outlines: every corner is used, so that walls fit."""

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.joined import Floats, Indexes, starts
from bim_import.gis.shapes.outlines import Outlines


def triangulated(shape: Outlines) -> tuple[Indexes, Indexes]:
    """(t, 3) indexes of corners, counter-clockwise from above, and (p,) triangles of each polygon.

    A polygon of n corners and h holes has n + 2h - 2 triangles; where earcut finds fewer, it skipped corners that lie on
    a diagonal, and a constrained Delaunay triangulation takes its place.
    """
    counts, rings = shape.part_counts, shape.part_rings
    first = starts(counts)
    pieces = _earcut(shape.flat, shape.ring_counts, counts, rings)
    found = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    for part in np.flatnonzero(found != 3 * (counts + 2 * rings - 4)).tolist():
        pieces[part] = _delaunay(shape, part, pieces[part])
        found[part] = len(pieces[part])
    if not pieces:
        return np.empty((0, 3), np.int64), found
    corners = np.concatenate(pieces).astype(np.int64) + np.repeat(first, found)
    return corners.reshape(-1, 3), found // 3


def _earcut(flat: Floats, ring_counts: Indexes, counts: Indexes, rings: Indexes) -> list[NDArray[np.uint32]]:
    """One array of corners a polygon. The library takes one polygon at a time: a microsecond each."""
    ends = np.cumsum(ring_counts) - np.repeat(starts(counts), rings)
    relative = ends.astype(np.uint32)
    cut = mapbox_earcut.triangulate_float64
    bounds = np.r_[0, np.cumsum(counts)].tolist()
    edges = np.r_[0, np.cumsum(rings)].tolist()
    return [
        cut(flat[bounds[i] : bounds[i + 1]], relative[edges[i] : edges[i + 1]]) for i in range(len(counts))
    ]


def _delaunay(shape: Outlines, part: int, instead: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Corners of the triangles of one polygon with every corner used; `instead` where that fails, too."""
    ring_first = int(shape.part_rings[:part].sum())
    begins = int(shape.ring_counts[:ring_first].sum())
    counts = shape.ring_counts[ring_first : ring_first + int(shape.part_rings[part])]
    flat = shape.flat[begins : begins + int(counts.sum())]
    rings = np.split(flat, np.cumsum(counts)[:-1])
    try:
        cut = shapely.constrained_delaunay_triangles(shapely.Polygon(rings[0], rings[1:]))
    except (
        shapely.errors.GEOSException
    ):  # holes that touch the outline: earcut's triangles cover it all the same
        return instead
    corners = shapely.get_coordinates(shapely.get_parts(cut)).reshape(-1, 4, 2)[:, :3]
    place = {tuple(corner): index for index, corner in reversed(list(enumerate(flat.tolist())))}
    try:
        found = np.array(
            [place[tuple(corner)] for corner in corners.reshape(-1, 2).tolist()], dtype=np.uint32
        )
    except KeyError:
        return instead
    triangles = found.reshape(-1, 3)
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    turned = np.where((twice < 0.0)[:, None], triangles[:, ::-1], triangles)
    return turned.reshape(-1).astype(np.uint32) if len(triangles) >= len(instead) // 3 else instead
