"""Lines: placed, and drawn as ribbons or tubes."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import Floats
from bim_import.gis.drawing.context import Batch, Note
from bim_import.gis.rules.names import INVERT, TOP
from bim_import.gis.rules.values import LANE_M, Measure, Rule
from bim_import.gis.shapes.joined import Indexes, Shapes
from bim_import.gis.shapes.lines import Lines, along, divided, kept_points, native_lines, unbent
from bim_import.gis.shapes.ribbons import ribbons
from bim_import.gis.shapes.tubes import tubes
from twin.source import NotDrawn

_LONGEST_M = 300.0
"""A straight stretch leaves the curved ground by its length squared over 8 R: 1.8 mm at 300 m."""

_LONGEST_ON_GROUND_M = 20.0
"""Where a terrain is given, stretches are about as long as its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Lines as lon, lat, height above the ellipsoid; `row_of` (v,) is the row of each point; `told` (v,): with own heights.

    `shift` (n,) by row: metres from heights of the source to those above the ellipsoid.
    """

    lines: Lines
    row_of: Indexes
    told: NDArray[np.bool_]
    shift: Floats


def roads(batch: Batch, rule: Rule, rows: Indexes) -> list[Shapes]:
    """Lines as flat ribbons of their width."""
    placed = _placed(batch, rule, rows)
    if placed is None:
        return []
    lines, row_of = placed.lines, placed.row_of
    heights = np.where(placed.told, lines.points[:, 2], _ground(batch, placed)) + rule.offset
    places, up = batch.frame.plane.local_and_up(np.column_stack([lines.points[:, :2], heights]))
    half = _widths(batch, rule, rows)[row_of] / 2.0
    kept, keep = _kept(batch, lines, places)
    return [ribbons(kept, places[keep], up[keep], half[keep])] if len(kept.rows) else []


def pipes(batch: Batch, rule: Rule, rows: Indexes) -> list[Shapes]:
    """Lines as tubes at their depth."""
    placed = _placed(batch, rule, rows)
    if placed is None:
        return []
    lines, row_of = placed.lines, placed.row_of
    radius_of = _diameters(batch, rule, rows) / 2.0
    radius = radius_of[row_of]
    level = batch.frame.plane.local(np.column_stack([lines.points[:, :2], np.zeros(len(row_of))]))
    share = along(lines, level)
    heights = _pipe_heights(batch, rule, placed, share, radius_of)
    places, up = batch.frame.plane.local_and_up(np.column_stack([lines.points[:, :2], heights]))
    kept, keep = _kept(batch, lines, places)
    return [tubes(kept, places[keep], up[keep], radius[keep])] if len(kept.rows) else []


def _kept(batch: Batch, lines: Lines, places: Floats) -> tuple[Lines, Indexes]:
    """The lines to be drawn, and which points they have: without repeated ones, cut where they turn back.

    Lines of a single place are not drawn; a feature of only such has its reason.
    """
    kept, keep = kept_points(lines, places)
    batch.refuse(np.setdiff1d(lines.rows, kept.rows), NotDrawn.EMPTY_GEOMETRY)
    stays = np.flatnonzero(keep)
    pieces, source = unbent(kept, places[stays])
    return pieces, stays[source]


def _placed(batch: Batch, rule: Rule, rows: Indexes) -> Placed | None:
    """Lines of `rows` in degrees and metres, divided where they are long; rows that have no place get their reason."""
    rows = _usable(batch, rows)
    if not len(rows):
        return None
    native = native_lines(batch.shapes[rows], rows)
    native, told = _with_heights(batch, rule, native)
    geographic = batch.frame.to_geographic(native.points)
    lost = ~np.isfinite(geographic).all(axis=1)
    line_of = np.repeat(np.arange(len(native.rows)), native.counts)
    if lost.any():
        gone = np.unique(native.rows[line_of[lost]])
        batch.refuse(gone, NotDrawn.NOWHERE)
        stays = ~np.isin(native.rows, gone)
        keep = stays[line_of]
        native = Lines(
            points=native.points[keep],
            counts=native.counts[stays],
            rows=native.rows[stays],
            closed=native.closed[stays],
        )
        geographic, told = geographic[keep], told[stays]
        if not len(native.rows):
            return None
    shift = np.zeros(len(batch.columns))
    first = np.cumsum(native.counts) - native.counts
    shift[native.rows] = geographic[first, 2] - native.points[first, 2]
    lines = replace(native, points=_unrolled(native, geographic))
    longest = _LONGEST_M if batch.ground is None else _LONGEST_ON_GROUND_M
    lines = divided(lines, batch.frame.plane.local(lines.points), longest)
    row_of = np.repeat(lines.rows, lines.counts)
    return Placed(lines=lines, row_of=row_of, told=np.repeat(told, lines.counts), shift=shift)


def _usable(batch: Batch, rows: Indexes) -> Indexes:
    mixed = rows[shapely.get_type_id(batch.shapes[rows]) == 7]
    if len(mixed):
        batch.shapes[mixed] = [_lines_of(shape) for shape in batch.shapes[mixed]]
        batch.notes[Note.COLLECTION] += len(mixed)
    points, row_of = shapely.get_coordinates(batch.shapes[rows], return_index=True)
    wrong = ~np.isfinite(points).all(axis=1)
    if not wrong.any():
        return rows
    gone = np.unique(row_of[wrong])
    batch.refuse(rows[gone], NotDrawn.INVALID_COORDINATES)
    return np.delete(rows, gone)


def _lines_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiLineString([part for part in parts if shapely.get_type_id(part) in {1, 2}])


def _with_heights(batch: Batch, rule: Rule, lines: Lines) -> tuple[Lines, NDArray[np.bool_]]:
    """Lines with a height at each point, and (k,) whether their geometry or a base column gives it; else it is 0.

    A geometry whose heights are all 0 has none: software writes 0 where it knows nothing.
    """
    line_of = np.repeat(np.arange(len(lines.rows)), lines.counts)
    heights = np.where(np.isfinite(lines.points[:, 2]), lines.points[:, 2], 0.0)
    told = np.bincount(line_of, weights=heights != 0.0, minlength=len(lines.rows)) > 0
    base = batch.measured(rule.base, lines.rows)
    stated = np.isfinite(base)
    heights = np.where(stated[line_of], np.where(stated, base, 0.0)[line_of], heights)
    points = np.column_stack([lines.points[:, :2], heights])
    return replace(lines, points=points), told | stated


def _unrolled(lines: Lines, points: Floats) -> Floats:
    """Longitudes that do not jump by 360° within a line."""
    step = np.r_[0.0, np.diff(points[:, 0])]
    first = np.cumsum(lines.counts) - lines.counts
    step[first] = 0.0
    turns = np.cumsum(-360.0 * np.rint(step / 360.0))
    turns -= np.repeat(turns[first], lines.counts)
    return np.column_stack([points[:, 0] + turns, points[:, 1:]])


def _ground(batch: Batch, placed: Placed) -> Floats:
    """(v,) height of the ground: of the terrain, else what the points have."""
    points = placed.lines.points
    if batch.ground is None:
        return points[:, 2]
    ground = batch.ground.heights(points[:, 0], points[:, 1])
    off = ~np.isfinite(ground) & ~placed.told
    ground[off] = batch.near_ground(points[off], placed.row_of[off])
    return np.where(np.isfinite(ground), ground, points[:, 2])


def _pipe_heights(batch: Batch, rule: Rule, placed: Placed, share: Floats, radius_of: Floats) -> Floats:
    """(v,) height of the axis at each point. `radius_of` (n,) by row.

    Elevations of columns come first, then heights of the geometry, then the ground less the depth.
    """
    row_of, points = placed.row_of, placed.lines.points
    start, end = (_of_axis(batch, rule, each, radius_of) for each in (rule.elevation, rule.end_elevation))
    elevation = _between(start, end, row_of, share)
    deep, deeper = (_of_axis(batch, rule, each, -radius_of) for each in (rule.depth, rule.end_depth))
    depth = _between(deep, deeper, row_of, share)
    by_depth = ~np.isfinite(elevation) & ~placed.told
    unknown = by_depth & ~np.isfinite(depth)
    batch.notes[Note.NO_DEPTH] += len(np.unique(row_of[unknown]))
    lift = LIFT.get(rule.reference, 0.0) * radius_of[row_of]
    depth = np.where(np.isfinite(depth), depth, rule.default_depth - lift)
    elevation = elevation + placed.shift[row_of]
    return np.where(
        np.isfinite(elevation),
        elevation,
        np.where(by_depth, _ground(batch, placed) - depth, points[:, 2] + lift),
    )


LIFT = {"axis": 0.0, "top": -1.0, "invert": 1.0}
"""Radii from what an elevation is told to up to the axis."""


def _of_axis(batch: Batch, rule: Rule, measure: Measure, radius_of: Floats) -> Floats:
    """(n,) by row: a measure of elevation as that of the axis; of depth with a negative radius."""
    values = batch.measured(measure, np.arange(len(batch.columns)))
    lift = np.full(len(values), LIFT.get(rule.reference, 0.0))
    if rule.reference == "by column":
        waiting = np.ones(len(values), dtype=bool)
        for name in measure.columns:
            here = waiting & np.isfinite(batch.columns.numbers(name, measure.unit_m))
            lift[here] = LIFT["top" if TOP.search(name) else "invert" if INVERT.search(name) else "axis"]
            waiting &= ~here
    return values + lift * radius_of


def _between(start: Floats, end: Floats, row_of: Indexes, share: Floats) -> Floats:
    """Values at points along lines from one at each end (by row); one that is missing is the other's."""
    first = np.where(np.isfinite(start), start, end)
    last = np.where(np.isfinite(end), end, start)
    return np.asarray(first[row_of] + share * (last - first)[row_of])


def _widths(batch: Batch, rule: Rule, rows: Indexes) -> Floats:
    """(n,) by row: metres."""
    width, lanes = batch.measured(rule.width, rows), batch.measured(rule.lanes, rows)
    width = np.where(np.isfinite(width) & (width > 0.0), width, lanes * LANE_M)
    missing = ~np.isfinite(width) | (width <= 0.0)
    if rule.width.columns or rule.lanes.columns:
        batch.notes[Note.NO_WIDTH] += int(missing.sum())
    return _by_row(batch, rows, np.where(missing, rule.default_width, width))


def _diameters(batch: Batch, rule: Rule, rows: Indexes) -> Floats:
    diameter = batch.measured(rule.diameter, rows)
    missing = ~np.isfinite(diameter) | (diameter <= 0.0)
    unread = batch.unread(rule.diameter, rows)
    batch.notes[Note.NO_DIAMETER] += int((missing & ~unread).sum())
    batch.notes[Note.NO_SUCH_DIAMETER] += int((missing & unread).sum())
    return _by_row(batch, rows, np.where(missing, rule.default_diameter, diameter))


def _by_row(batch: Batch, rows: Indexes, values: Floats) -> Floats:
    result = np.full(len(batch.columns), np.nan)
    result[rows] = values
    return result
