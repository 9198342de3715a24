"""Polygons of many features as clean rings in metres: repaired, unrolled, without doubled and collinear corners."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.joined import Floats, Indexes, ranges, starts

_SAME_M = 1e-4
"""Corners nearer to each other, or to the line between their neighbours, than this are not corners: a hundredth of what
positions are promised to, above what float32 makes of a coordinate in a block of houses (1e-5 m)."""

_PASSES = 4
"""Rounds of taking corners out; of neighbouring ones each round takes only one."""

_POLYGON = 3
"""Type of a polygon in shapely (GEOS); the others that come here are multipolygons."""

_SEMI_MAJOR_M = 6378137.0
_ECCENTRICITY_SQUARED = 0.0066943799901413165


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """Rings of the polygons of many features.

    points: (v, 3) lon, lat in degrees, height; flat: (v, 2) metres east and north of the feature's first corner. A ring is
    not closed by its first point; exteriors run counter-clockwise seen from above, holes clockwise.
    ring_counts: (r,) corners of each ring; part_rings: (p,) rings of each polygon, exterior first; part_rows: (p,) row of the
    feature each polygon is of, ascending; part_scale: (p, 2) metres of `flat` in a degree east and north.
    """

    points: Floats
    flat: Floats
    ring_counts: Indexes
    part_rings: Indexes
    part_rows: Indexes
    part_scale: Floats

    @property
    def part_counts(self) -> Indexes:
        """(p,) corners of each polygon."""
        if not len(self.part_rings):
            return np.empty(0, np.int64)
        return np.add.reduceat(self.ring_counts, starts(self.part_rings))

    @property
    def following(self) -> Indexes:
        """(v,) index of the next corner in the same ring."""
        result = np.arange(1, len(self.points) + 1)
        first = starts(self.ring_counts)
        result[first + self.ring_counts - 1] = first
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeRings:
    """Rings as the source has them: (v, 3) coordinates, closing points left out, and the counts of `Outlines`."""

    points: Floats
    ring_counts: Indexes
    part_rings: Indexes
    part_rows: Indexes


def native_rings(polygons: NDArray[np.object_], rows: Indexes) -> NativeRings:
    """Rings of valid polygons and multipolygons; a coordinate without height has NaN there."""
    parts, part_rows = polygons, rows
    if (shapely.get_type_id(polygons) != _POLYGON).any():
        parts, part_of = shapely.get_parts(polygons, return_index=True)
        part_rows = rows[part_of]
    deep = bool(shapely.has_z(polygons).any())
    points = shapely.get_coordinates(parts, include_z=deep)
    if not deep:
        points = np.column_stack([points, np.full(len(points), np.nan)])
    part_rings = shapely.get_num_interior_rings(parts).astype(np.int64) + 1
    counts = _ring_counts(parts, part_rings)
    keep = np.ones(len(points), dtype=bool)
    keep[starts(counts) + counts - 1] = False
    return NativeRings(
        points=points[keep],
        ring_counts=counts - 1,
        part_rings=part_rings,
        part_rows=part_rows,
    )


def _ring_counts(parts: NDArray[np.object_], part_rings: Indexes) -> Indexes:
    """(r,) coordinates of each ring. Rings are taken out of polygons with holes alone: that takes as long as all the rest."""
    counts = np.empty(int(part_rings.sum()), dtype=np.int64)
    holed = part_rings > 1
    of_holed = np.repeat(holed, part_rings)
    counts[~of_holed] = shapely.get_num_coordinates(parts[~holed])
    if holed.any():
        counts[of_holed] = shapely.get_num_coordinates(shapely.get_rings(parts[holed]))
    return counts


def outlines(rings: NativeRings, points: Floats) -> Outlines:
    """Clean outlines from rings and what became of their `points`: (v, 3) lon, lat, height.

    Rings that collapse are left out, polygons that lose their exterior too: their rows are then missing in `part_rows`.
    """
    scale = _scales(rings, points)
    flat = _flat(rings, points, scale)
    counts, keep = rings.ring_counts, np.ones(len(points), dtype=bool)
    drop = _needless(flat, counts)
    if not drop.any():  # most batches: nothing is copied
        return _oriented(_Kept(points=points, flat=flat, counts=counts), rings, scale)
    for _ in range(_PASSES):
        kept = np.flatnonzero(keep)
        keep[kept[drop]] = False
        ring_of = np.repeat(np.arange(len(counts)), counts)
        counts = counts - np.bincount(ring_of[drop], minlength=len(counts))
        counts, keep = _without_collapsed(counts, keep)
        drop = _needless(flat[keep], counts)
        if not drop.any():
            break
    return _oriented(_Kept(points=points[keep], flat=flat[keep], counts=counts), rings, scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The corners that stay, and (r,) how many of each ring."""

    points: Floats
    flat: Floats
    counts: Indexes


def _first_corners(rings: NativeRings) -> Indexes:
    """(p,) index of the first corner of each polygon's feature."""
    changes = np.r_[True, np.diff(rings.part_rows) != 0] if len(rings.part_rows) else np.empty(0, bool)
    part_first = np.r_[0, np.cumsum(rings.ring_counts)][starts(rings.part_rings)]
    return np.asarray(part_first[changes][np.cumsum(changes) - 1])


def _scales(rings: NativeRings, points: Floats) -> Floats:
    """(p, 2) metres in a degree east and north at the first corner of each polygon's feature."""
    first = _first_corners(rings)
    lat = np.radians(points[first, 1])
    bent = 1.0 - _ECCENTRICITY_SQUARED * np.sin(lat) ** 2
    east_m = np.radians(_SEMI_MAJOR_M / np.sqrt(bent) * np.cos(lat))
    north_m = np.radians(_SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / bent**1.5)
    return np.column_stack([east_m, north_m])


def _flat(rings: NativeRings, points: Floats, scale: Floats) -> Floats:
    """(v, 2) metres east and north of the first corner of each corner's feature."""
    part = np.repeat(np.repeat(np.arange(len(rings.part_rings)), rings.part_rings), rings.ring_counts)
    first = _first_corners(rings)
    over = points[:, :2] - points[first, :2][part]
    over[:, 0] -= 360.0 * np.rint(over[:, 0] / 360.0)
    return np.asarray(over * scale[part])


def _neighbours(counts: Indexes) -> tuple[Indexes, Indexes]:
    """(v,) indexes of the corner before and after each, around its ring."""
    total = int(counts.sum())
    filled = counts[counts > 0]
    first = starts(filled)
    after, before = np.arange(1, total + 1), np.arange(-1, total - 1)
    after[first + filled - 1] = first
    before[first] = first + filled - 1
    return before, after


def _needless(flat: Floats, counts: Indexes) -> NDArray[np.bool_]:
    """(v,) corners that coincide with the one before or lie between their neighbours, never two neighbours at once."""
    before, after = _neighbours(counts)
    back, ahead = flat - flat[before], flat[after] - flat
    across = flat[after] - flat[before]
    doubled = np.abs(back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0])
    span = np.hypot(across[:, 0], across[:, 1])
    near = np.hypot(back[:, 0], back[:, 1]) < _SAME_M
    drop: NDArray[np.bool_] = near | (doubled < _SAME_M * np.maximum(span, _SAME_M))
    if not drop.any():
        return drop
    return np.asarray(drop & ~_too_close(drop, before))


def _too_close(drop: NDArray[np.bool_], before: Indexes) -> NDArray[np.bool_]:
    """Corners to be dropped whose predecessor is dropped in the same round: those at odd places of a run of such."""
    place = np.arange(len(drop))
    last_kept = np.maximum.accumulate(np.where(drop, -1, place))
    odd = (place - last_kept) % 2 == 0
    first_of_ring = before > place
    return np.asarray(drop & np.where(first_of_ring, drop[before], odd))


def _without_collapsed(counts: Indexes, keep: NDArray[np.bool_]) -> tuple[Indexes, NDArray[np.bool_]]:
    """Rings of fewer than three corners lose the rest of them."""
    dead = (counts < 3) & (counts > 0)
    if dead.any():
        kept = np.flatnonzero(keep)
        keep[kept[np.repeat(dead, counts)]] = False
        counts = np.where(dead, 0, counts)
    return counts, keep


def _oriented(kept: _Kept, rings: NativeRings, scale: Floats) -> Outlines:
    """Rings that are left, turned the right way round; polygons without exterior go with their holes."""
    points, flat, counts = kept.points, kept.flat, kept.counts
    part = np.repeat(np.arange(len(rings.part_rings)), rings.part_rings)
    exterior = np.zeros(len(part), dtype=bool)
    exterior[starts(rings.part_rings)] = True
    alive = np.zeros(len(rings.part_rings), dtype=bool)
    alive[part[exterior & (counts > 0)]] = True
    stays = alive[part] & (counts > 0)
    if not stays.all():
        taken = ranges(starts(counts)[stays], counts[stays])
        points, flat, counts = points[taken], flat[taken], counts[stays]
    _, after = _neighbours(counts)
    twice = flat[:, 0] * flat[after, 1] - flat[after, 0] * flat[:, 1]
    area = np.add.reduceat(twice, starts(counts)) if len(counts) else np.empty(0)
    wrong = (area < 0.0) == exterior[stays]
    if wrong.any():
        order = np.arange(len(points))
        first, of_ring = starts(counts), np.repeat(np.arange(len(counts)), counts)
        mirrored = 2 * first[of_ring] + counts[of_ring] - 1 - order
        order = np.where(wrong[of_ring], mirrored, order)
        points, flat = points[order], flat[order]
    return Outlines(
        points=points,
        flat=flat,
        ring_counts=counts,
        part_rings=np.bincount(part[stays], minlength=len(alive))[alive],
        part_rows=rings.part_rows[alive],
        part_scale=scale[alive],
    )
