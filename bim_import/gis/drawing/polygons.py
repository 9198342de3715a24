"""Polygons: repaired, placed, and drawn as solids or surfaces."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import Floats
from bim_import.gis.drawing.context import Batch, Note
from bim_import.gis.drawing.pitched import pitched, some
from bim_import.gis.rules.values import Measure, Rule
from bim_import.gis.shapes.areas import areas
from bim_import.gis.shapes.extrude import Heights, extruded
from bim_import.gis.shapes.joined import Indexes, Shapes, starts
from bim_import.gis.shapes.outlines import NativeRings, Outlines, native_rings, outlines
from bim_import.gis.shapes.plans import gridded, joined_outlines
from twin.source import NotDrawn

_CELL_M, _CELL_ON_GROUND_M = 500.0, 40.0
"""Surfaces have corners at least so often: a plane of 500 m leaves the curved ground by 1 cm at its diagonal's middle; on a
terrain, by what the ground does between its own cells.
"""

_HIGHEST_M = 10_000.0
"""One wrong number of 10⁹ m would have the whole scene seen from space: ten times the highest building is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Outlines with what their foot stands on: by row of the batch, metres above the ellipsoid; NaN where nothing is drawn.

    `told` says whether the source itself gives that height.
    """

    shape: Outlines
    foot: Floats
    told: NDArray[np.bool_]


def solids(batch: Batch, rule: Rule, rows: Indexes) -> list[Shapes]:
    """Footprints pulled up to their height."""
    placed = placed_outlines(batch, rule.base, rows)
    if not len(placed.shape.part_rows):
        return []
    heights, by_floors = _heights(batch, rule, rows, placed)
    made, flat = pitched(batch, rule, placed.shape, heights, by_floors)
    if len(flat.part_rows):
        made.append(extruded(flat, heights, batch.frame.plane))
    return made


def surfaces(batch: Batch, rule: Rule, rows: Indexes) -> list[Shapes]:
    """Polygons as they lie."""
    placed = placed_outlines(batch, rule.base, rows)
    if not len(placed.shape.part_rows):
        return []
    if rule.height.columns:
        flat = np.isfinite(placed.foot[rows]) & ~(batch.measured(rule.height, rows) > 0.0)
        batch.notes[Note.FLAT] += int(flat.sum())
    cell_m = _CELL_M if batch.ground is None else _CELL_ON_GROUND_M
    shape = _with_inside(placed, cell_m)
    row_of = np.repeat(shape.part_rows, shape.part_counts)
    heights = np.where(placed.told[row_of], shape.points[:, 2], placed.foot[row_of])
    if batch.ground is not None:
        ground = batch.ground.heights(shape.points[:, 0], shape.points[:, 1])
        drape = ~placed.told[row_of] & np.isfinite(ground)
        heights = np.where(drape, ground, heights)
    return [areas(shape, heights + rule.offset, batch.frame.plane)]


def _with_inside(placed: Placed, cell_m: float) -> Outlines:
    """Outlines with corners inside; those whose corners have heights of their own stay as they are."""
    shape = placed.shape
    told = placed.told[shape.part_rows]
    if told.all():
        return shape
    return joined_outlines(some(shape, told), gridded(some(shape, ~told), cell_m))


def placed_outlines(batch: Batch, base: Measure, rows: Indexes) -> Placed:
    """Clean outlines of `rows`; those that cannot be drawn get their reason."""
    usable = _repaired(batch, rows)
    rings = native_rings(batch.shapes[usable], usable)
    row_of = np.repeat(np.repeat(rings.part_rows, rings.part_rings), rings.ring_counts)
    told = _told_heights(batch, base, rings, row_of)
    native = rings.points
    native[:, 2] = np.where(np.isfinite(told[row_of]), told[row_of], 0.0)
    points = batch.frame.to_geographic(native)
    lost = ~np.isfinite(points).all(axis=1)
    if lost.any():
        gone = np.unique(row_of[lost])
        batch.refuse(gone, NotDrawn.NOWHERE)
        rings, points = _without(rings, points, gone)
    shape = outlines(rings, points)
    collapsed = np.setdiff1d(rings.part_rows, shape.part_rows)
    batch.refuse(collapsed, NotDrawn.EMPTY_GEOMETRY)
    return _on_foot(batch, shape, np.isfinite(told))


def _told_heights(batch: Batch, base: Measure, rings: NativeRings, row_of: Indexes) -> Floats:
    """(n,) by row: the base that a column says, else the lowest height of the geometry, NaN where all of that is 0 or none.

    Software writes 0 where it knows no height.
    """
    told = np.full(len(batch.columns), np.nan)
    heights = rings.points[:, 2]
    if np.isfinite(heights).any():
        np.fmin.at(told, row_of, heights)
        told[told == 0.0] = np.nan
    stated = batch.measured(base, np.arange(len(batch.columns)))
    return np.where(np.isfinite(stated), stated, told)


def _on_foot(batch: Batch, shape: Outlines, told: NDArray[np.bool_]) -> Placed:
    """The foot of each feature: as told, else the lowest ground under its corners, else height 0."""
    foot = np.full(len(batch.columns), np.nan)
    if len(shape.part_rows):
        first = starts(shape.part_counts)
        foot[shape.part_rows[::-1]] = shape.points[first, 2][::-1]
    if batch.ground is not None and len(shape.part_rows):
        ground = batch.ground.heights(shape.points[:, 0], shape.points[:, 1])
        lowest = np.full(len(foot), np.nan)
        row_of = np.repeat(shape.part_rows, shape.part_counts)
        np.fmin.at(lowest, row_of, ground)
        there = ~told & np.isfinite(foot)
        off = (there & np.isnan(lowest))[row_of]
        np.fmin.at(lowest, row_of[off], batch.near_ground(shape.points[off], row_of[off]))
        foot = np.where(there & np.isfinite(lowest), lowest, foot)
    return Placed(shape=shape, foot=foot, told=told)


def _without(rings: NativeRings, points: Floats, gone: Indexes) -> tuple[NativeRings, Floats]:
    """The rings of all but some rows."""
    keep_part = ~np.isin(rings.part_rows, gone)
    keep_ring = np.repeat(keep_part, rings.part_rings)
    keep = np.repeat(keep_ring, rings.ring_counts)
    kept = NativeRings(
        points=rings.points[keep],
        ring_counts=rings.ring_counts[keep_ring],
        part_rings=rings.part_rings[keep_part],
        part_rows=rings.part_rows[keep_part],
    )
    return kept, points[keep]


def _repaired(batch: Batch, rows: Indexes) -> Indexes:
    """The rows that are polygons now, in order; the shapes of the batch are replaced where they were repaired."""
    _unrolled(batch, rows)
    mixed = rows[shapely.get_type_id(batch.shapes[rows]) == 7]
    if len(mixed):
        batch.shapes[mixed] = [_polygons_of(shape) for shape in batch.shapes[mixed]]
        batch.notes[Note.COLLECTION] += len(mixed)
    with np.errstate(invalid="ignore"):
        broken = rows[~shapely.is_valid(batch.shapes[rows])]
    if not len(broken):
        return rows
    finite = np.array([np.isfinite(shapely.get_coordinates(shape)).all() for shape in batch.shapes[broken]])
    batch.refuse(broken[~finite], NotDrawn.INVALID_COORDINATES)
    mending = broken[finite]
    made = shapely.make_valid(batch.shapes[mending], method="structure", keep_collapsed=False)
    batch.shapes[mending] = [
        _within_shells(_polygons_of(shape), before)
        for shape, before in zip(made, batch.shapes[mending], strict=True)
    ]
    empty = shapely.is_empty(batch.shapes[mending])
    batch.refuse(mending[empty], NotDrawn.EMPTY_GEOMETRY)
    batch.notes[Note.REPAIRED] += int((~empty).sum())
    dropped = np.concatenate([broken[~finite], mending[empty]])
    return rows[~np.isin(rows, dropped)]


def _within_shells(made: shapely.Geometry, before: shapely.Geometry) -> shapely.Geometry:
    """A repaired shape without the pieces that GEOS makes of holes which lie outside of all shells: they are no ground."""
    polygons, pieces = shapely.get_parts(before), shapely.get_parts(made)
    if len(pieces) == 1 or not shapely.get_num_interior_rings(polygons).any():
        return made
    filled = shapely.MultiPolygon([shapely.Polygon(each.exterior) for each in polygons.tolist()])
    shells = shapely.make_valid(filled, method="structure", keep_collapsed=False)
    shapely.prepare(shells)
    return shapely.MultiPolygon(list(pieces[shapely.intersects(shells, shapely.point_on_surface(pieces))]))


def _unrolled(batch: Batch, rows: Indexes) -> None:
    """Shapes in degrees that are wider than half the Earth lie across the antimeridian: their west side is moved past it."""
    if not batch.frame.angular:
        return
    bounds = shapely.bounds(batch.shapes[rows])
    wide = rows[(bounds[:, 2] - bounds[:, 0]) > 180.0]
    if not len(wide):
        return
    pieces = [shapely.get_num_geometries(shape) for shape in batch.shapes[wide]]
    bent = np.array(
        [count == 1 or _crosses(shape) for count, shape in zip(pieces, batch.shapes[wide], strict=True)]
    )
    crossing = wide[bent]
    if len(crossing):
        batch.shapes[crossing] = [
            shapely.transform(s, _eastward, include_z=bool(shapely.has_z(s))) for s in batch.shapes[crossing]
        ]
        batch.notes[Note.ANTIMERIDIAN] += len(crossing)


def _crosses(shape: shapely.Geometry) -> bool:
    """Whether one of several pieces is itself wider than half the Earth; pieces on both sides are no crossing."""
    bounds = shapely.bounds(shapely.get_parts(shape))
    return bool(((bounds[:, 2] - bounds[:, 0]) > 180.0).any())


def _eastward(points: Floats) -> Floats:
    moved = points.copy()
    moved[:, 0] = np.where(moved[:, 0] < 0.0, moved[:, 0] + 360.0, moved[:, 0])
    return moved


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry, whatever else is in it."""
    if shapely.get_type_id(shape) in {3, 6}:
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))
    nested = [part for part in parts if shapely.get_type_id(part) == 7]
    flat = [part for part in parts if shapely.get_type_id(part) == 3]
    flat += [each for part in nested for each in shapely.get_parts(_polygons_of(part))]
    return shapely.MultiPolygon(flat)


def _heights(batch: Batch, rule: Rule, rows: Indexes, placed: Placed) -> tuple[Heights, NDArray[np.bool_]]:
    """Underside and top of each row, metres above the ellipsoid, and (n,) whether the top is that of floors."""
    total = batch.measured(rule.height, rows)
    storey = batch.measured(rule.storey_height, rows)
    floors = batch.measured(rule.floors, rows)
    said = np.isfinite(total) & (total != 0.0)
    total = np.where(said, total, floors * storey)
    absurd = total > _HIGHEST_M
    missing = ~np.isfinite(total) | (total == 0.0)
    total = np.where(missing | absurd, rule.default_height, total)
    least = batch.measured(rule.min_height, rows)
    least = np.where(np.isfinite(least), least, batch.measured(rule.min_floors, rows) * storey)
    least = np.where(np.isfinite(least), least, 0.0)
    drawn = np.isfinite(placed.foot[rows])
    unread = batch.unread(rule.height, rows) | batch.unread(rule.floors, rows)
    batch.notes[Note.NO_HEIGHT] += int((missing & drawn & ~unread).sum())
    batch.notes[Note.NO_SUCH_HEIGHT] += int((missing & drawn & unread).sum())
    batch.notes[Note.FAR_TOO_HIGH] += int((absurd & drawn).sum())
    total = np.where((missing | absurd) & (total <= least), least + rule.default_height, total)
    over = total < least
    batch.notes[Note.UPSIDE_DOWN] += int((over & drawn).sum())
    lower, upper = np.full(len(batch.columns), np.nan), np.full(len(batch.columns), np.nan)
    lower[rows] = placed.foot[rows] + np.minimum(least, total)
    upper[rows] = placed.foot[rows] + np.maximum(least, total)
    flat = drawn & (total == least)
    upper[rows[flat]] += rule.default_height
    by_floors = np.zeros(len(batch.columns), dtype=bool)
    by_floors[rows] = ~said & ~missing & ~absurd
    return Heights(lower=lower, upper=upper), by_floors
