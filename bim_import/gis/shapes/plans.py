"""Outlines as polygons in flat metres, cut there, and back."""

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.extrude import corners_of
from bim_import.gis.shapes.joined import Floats, Indexes, ranges, starts
from bim_import.gis.shapes.outlines import Outlines

Pieces = tuple[NDArray[np.object_], Indexes]
"""Polygons and the place of the feature that each is of."""


def polygons_of(shape: Outlines) -> NDArray[np.object_]:
    """One geometry a feature, in its flat metres."""
    features = corners_of(shape)
    ring_of = np.repeat(np.arange(len(shape.ring_counts)), shape.ring_counts)
    rings = np.asarray(shapely.linearrings(shape.flat, indices=ring_of))
    part_of_ring = np.repeat(np.arange(len(shape.part_rings)), shape.part_rings)
    parts = np.asarray(shapely.polygons(rings, indices=part_of_ring))
    place = np.searchsorted(features.rows, shape.part_rows)
    return np.asarray(shapely.multipolygons(parts, indices=place))


def unflattened(flat: Floats, feature: Indexes, shape: Outlines) -> Floats:
    """(v, 2) lon, lat of flat metres."""
    features = corners_of(shape)
    scale = shape.part_scale[np.searchsorted(shape.part_rows, features.rows)]
    offset = (flat - shape.flat[features.first][feature]) / scale[feature]
    return np.asarray(shape.points[features.first, :2][feature] + offset)


def cut_outlines(pieces: NDArray[np.object_], owner: Indexes, more: Pieces | None = None) -> Outlines:
    """Outlines of what cutting left, in order of feature; `part_rows` are places of features, `points` are left empty.

    `more` are triangles that need no cutting.
    """
    parts, part_of = shapely.get_parts(pieces, return_index=True)
    areal = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    parts, of = parts[areal], owner[part_of[areal]]
    if more is not None:
        parts, of = np.concatenate([parts, more[0]]), np.concatenate([of, more[1]])
    order = np.argsort(of, kind="stable")
    parts, of = shapely.orient_polygons(parts[order]), of[order]
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    flat, ring_of = shapely.get_coordinates(rings, return_index=True)
    counts = np.bincount(ring_of, minlength=len(rings))
    keep = np.ones(len(flat), dtype=bool)
    keep[starts(counts) + counts - 1] = False
    return Outlines(
        points=np.empty((int(keep.sum()), 0)),
        flat=flat[keep],
        ring_counts=counts - 1,
        part_rings=np.bincount(ring_part, minlength=len(parts)),
        part_rows=of,
        part_scale=np.zeros((len(parts), 2)),
    )


def gridded(shape: Outlines, cell_m: float) -> Outlines:
    """The outlines with those that are larger than a cell cut along a grid, so that their inside has corners, too.

    Heights of corners that are new are those of the feature's first corner.
    """
    features = corners_of(shape)
    low = np.column_stack([np.minimum.reduceat(shape.flat[:, k], features.first) for k in (0, 1)])
    high = np.column_stack([np.maximum.reduceat(shape.flat[:, k], features.first) for k in (0, 1)])
    large = np.flatnonzero((high - low).max(axis=1) > cell_m)
    if not len(large):
        return shape
    whole = polygons_of(shape)
    pieces, owners = [whole], [np.arange(len(whole))]
    most = max(_FEWEST_CELLS, _MOST_CELLS // len(large))
    for place in large.tolist():
        cells = _cells(low[place], high[place], cell_m, most)
        shapely.prepare(whole[place])
        inside = shapely.contains_properly(whole[place], cells)
        edge = cells[~inside & shapely.intersects(whole[place], cells)]
        cut_there = shapely.intersection(whole[place], edge, grid_size=1e-3)
        pieces += [cells[inside], cut_there]
        owners.append(np.full(int(inside.sum()) + len(edge), place))
    kept = np.ones(len(whole), dtype=bool)
    kept[large] = False
    pieces[0], owners[0] = whole[kept], owners[0][kept]
    cut = cut_outlines(np.concatenate(pieces), np.concatenate(owners))
    place = np.repeat(cut.part_rows, cut.part_counts)
    points = np.column_stack([unflattened(cut.flat, place, shape), shape.points[features.first, 2][place]])
    scale = shape.part_scale[np.searchsorted(shape.part_rows, features.rows)]
    return Outlines(
        points=points,
        flat=cut.flat,
        ring_counts=cut.ring_counts,
        part_rings=cut.part_rings,
        part_rows=features.rows[cut.part_rows],
        part_scale=scale[cut.part_rows],
    )


def joined_outlines(first: Outlines, second: Outlines) -> Outlines:
    """Outlines of two sets of features as one, in order of their rows."""
    if not len(first.part_rows) or not len(second.part_rows):
        return first if len(first.part_rows) else second
    rows = np.concatenate([first.part_rows, second.part_rows])
    order = np.argsort(rows, kind="stable")
    rings_of = np.concatenate([first.part_rings, second.part_rings])
    counts_of = np.concatenate([first.ring_counts, second.ring_counts])
    rings = ranges(starts(rings_of)[order], rings_of[order])
    corners = ranges(starts(counts_of)[rings], counts_of[rings])
    return Outlines(
        points=np.concatenate([first.points, second.points])[corners],
        flat=np.concatenate([first.flat, second.flat])[corners],
        ring_counts=counts_of[rings],
        part_rings=rings_of[order],
        part_rows=rows[order],
        part_scale=np.concatenate([first.part_scale, second.part_scale])[order],
    )


_MOST_CELLS, _FEWEST_CELLS = 40_000, 400
"""Cells of all features of a batch, and of one among many: a lake of 100 km by itself has cells of 500 m, a country coarser ones,
and those of a map of the world are coarser still.
"""


def _cells(low: Floats, high: Floats, cell_m: float, most: int) -> NDArray[np.object_]:
    """Boxes of a grid over a plan, some `most` at most."""
    size = high - low
    cell = max(cell_m, float(np.sqrt(size[0] * size[1] / most)), float(size.max() / most))
    east, north = (low[k] + cell * np.arange(int(np.ceil(size[k] / cell)) or 1) for k in (0, 1))
    x, y = (each.reshape(-1) for each in np.meshgrid(east, north))
    return np.asarray(shapely.box(x - 1e-3, y - 1e-3, x + cell, y + cell))
