"""Triangulation of outlines: every corner is used, so that walls fit."""

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.joined import Floats, Indexes, ranges, starts
from bim_import.gis.shapes.outlines import Outlines


def triangulated(shape: Outlines) -> tuple[Indexes, Indexes]:
    """(t, 3) indexes of corners, counter-clockwise from above, and (p,) triangles of each polygon.

    A polygon of n corners and h holes has n + 2h - 2 triangles; where earcut finds fewer, it skipped corners that lie on
    a diagonal, and a constrained Delaunay triangulation takes its place.
    """
    counts, rings = shape.part_counts, shape.part_rings
    first = starts(counts)
    found = np.where(rings == 1, counts - 2, 0)
    quads = np.flatnonzero(_convex_quads(shape.flat, counts, rings, first))
    others = np.setdiff1d(np.arange(len(counts)), quads)
    pieces = _cut(shape, others, counts, rings)
    found[others] = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)) // 3
    result = np.empty((int(found.sum()), 3), dtype=np.int64)
    at = starts(found)
    corner = first[quads][:, None]
    result[at[quads]] = corner + np.array([0, 1, 2])
    result[at[quads] + 1] = corner + np.array([0, 2, 3])
    if len(others):
        corners = np.concatenate(pieces).astype(np.int64) + np.repeat(first[others], 3 * found[others])
        result[ranges(at[others], found[others])] = corners.reshape(-1, 3)
    return result, found


def _convex_quads(flat: Floats, counts: Indexes, rings: Indexes, first: Indexes) -> NDArray[np.bool_]:
    """(p,) polygons of four corners, each of which turns left: most buildings, and either diagonal cuts them."""
    found: NDArray[np.bool_] = (counts == 4) & (rings == 1)
    corners = flat[first[found][:, None] + np.arange(4)]
    edges = np.roll(corners, -1, axis=1) - corners
    ahead = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * ahead[..., 1] - edges[..., 1] * ahead[..., 0]
    found[found] = (turns > 0.0).all(axis=1)
    return found


def _cut(shape: Outlines, parts: Indexes, counts: Indexes, rings: Indexes) -> list[NDArray[np.uint32]]:
    """Corners of the triangles of some polygons, each counted from its first."""
    pieces = _earcut(shape, parts, counts, rings)
    found = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    for place in np.flatnonzero(found != 3 * (counts + 2 * rings - 4)[parts]).tolist():
        pieces[place] = _delaunay(shape, int(parts[place]), pieces[place])
    return pieces


def _earcut(shape: Outlines, parts: Indexes, counts: Indexes, rings: Indexes) -> list[NDArray[np.uint32]]:
    """One array of corners a polygon. The library takes one polygon at a time: a microsecond each."""
    ends = np.cumsum(shape.ring_counts) - np.repeat(starts(counts), rings)
    relative, flat = ends.astype(np.uint32), shape.flat
    cut = mapbox_earcut.triangulate_float64
    bounds = np.r_[0, np.cumsum(counts)].tolist()
    edges = np.r_[0, np.cumsum(rings)].tolist()
    return [cut(flat[bounds[i] : bounds[i + 1]], relative[edges[i] : edges[i + 1]]) for i in parts.tolist()]


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
