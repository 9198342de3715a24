"""Lines of many features as joined points: without doubled ones, long stretches divided."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.joined import Floats, Indexes, starts, unit

_SAME_M = 1e-3
"""Points of a line nearer to each other than this are one: a millimetre, far below any pipe's diameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Runs of points: (v, 3) `points`, `counts` (k,) of each line (≥ 2), `rows` (k,) of its feature, ascending.

    `closed` (k,): the line ends where it began; the point is not repeated then.
    """

    points: Floats
    counts: Indexes
    rows: Indexes
    closed: NDArray[np.bool_]


def native_lines(shapes: NDArray[np.object_], rows: Indexes) -> Lines:
    """Lines and multilines as the source has them; a coordinate without height has NaN there."""
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    deep = bool(shapely.has_z(shapes).any())
    points, line_of = shapely.get_coordinates(parts, include_z=deep, return_index=True)
    if not deep:
        points = np.column_stack([points, np.full(len(points), np.nan)])
    counts = np.bincount(line_of, minlength=len(parts)).astype(np.int64)
    return Lines(points=points, counts=counts, rows=rows[part_of], closed=np.zeros(len(parts), dtype=bool))


def along(lines: Lines, places: Floats) -> Floats:
    """(v,) share of the length of its feature's line at which each point lies, 0 … 1; `places` (v, 3) metres."""
    step = np.r_[0.0, np.linalg.norm(np.diff(places, axis=0), axis=1)]
    first = starts(lines.counts)
    step[first] = 0.0
    run = np.cumsum(step)
    begin = np.repeat(run[first], lines.counts)
    last = first + lines.counts - 1
    length = np.repeat(run[last] - run[first], lines.counts)
    return np.asarray((run - begin) / np.where(length > 0.0, length, 1.0))


def kept_points(lines: Lines, places: Floats) -> tuple[Lines, NDArray[np.bool_]]:
    """The lines without points that repeat the one before, those of a single place left out, and (v,) which points stay.

    `places` (v, 3) are the points in metres.
    """
    first = starts(lines.counts)
    step = np.r_[np.inf, np.linalg.norm(np.diff(places, axis=0), axis=1)]
    step[first] = np.inf
    keep = step > _SAME_M
    last = first + lines.counts - 1
    ends_meet = np.linalg.norm(places[last] - places[first], axis=1) <= _SAME_M
    counts = np.add.reduceat(keep.astype(np.int64), first)
    closed = ends_meet & (counts > 3)
    drop_last = closed & keep[last]
    keep[last[drop_last]] = False
    counts = counts - drop_last
    alive = counts >= 2
    keep &= np.repeat(alive, lines.counts)
    kept = Lines(
        points=lines.points[keep], counts=counts[alive], rows=lines.rows[alive], closed=closed[alive]
    )
    return kept, keep


def divided(lines: Lines, places: Floats, longest_m: float) -> Lines:
    """The lines with points added so that no stretch is longer than `longest_m`; coordinates are interpolated linearly."""
    first = starts(lines.counts)
    pieces = np.ones(len(places), dtype=np.int64)
    length = np.linalg.norm(np.diff(places, axis=0), axis=1)
    pieces[:-1] = np.maximum(np.ceil(length / longest_m), 1)
    pieces[first + lines.counts - 1] = 1
    if pieces.max(initial=1) == 1:
        return lines
    owner = np.repeat(np.arange(len(places)), pieces)
    share = (np.arange(len(owner)) - np.repeat(starts(pieces), pieces)) / pieces[owner]
    after = np.minimum(owner + 1, len(places) - 1)
    start, end = lines.points[owner], lines.points[after].copy()
    over = end[:, 0] - start[:, 0]
    points = start + share[:, None] * (end - start)
    points[:, 0] = start[:, 0] + share * over
    return Lines(
        points=points,
        counts=np.add.reduceat(pieces, first),
        rows=lines.rows,
        closed=lines.closed,
    )


_TURNS_BACK = -0.85
"""Cosine of a bend (148°) from which a line is drawn as two that end there: no mitre reaches around it."""


def unbent(lines: Lines, places: Floats) -> tuple[Lines, Indexes]:
    """The lines cut where they turn back on themselves, and for each point the one it was; both pieces have the point there."""
    bends = joints(lines, places)
    back = np.einsum("ij,ij->i", bends.into, bends.out) < _TURNS_BACK
    back &= ~np.repeat(lines.closed, lines.counts)
    if not back.any():
        return lines, np.arange(len(places))
    source = np.repeat(np.arange(len(places)), 1 + back)
    begins = np.zeros(len(source), dtype=bool)
    begins[starts(1 + back)[starts(lines.counts)]] = True
    begins[starts(1 + back)[back] + 1] = True
    first = np.flatnonzero(begins)
    line = np.repeat(np.arange(len(lines.rows)), lines.counts)[source[first]]
    pieces = Lines(
        points=lines.points[source],
        counts=np.diff(np.r_[first, len(source)]),
        rows=lines.rows[line],
        closed=lines.closed[line],
    )
    return pieces, source


@dataclass(frozen=True, slots=True, kw_only=True)
class Joints:
    """Directions at each point of lines: (v, 3) unit `into` it and `out` of it; at an open end both are the same.

    before, after: (v,) indexes of the neighbours, the point itself at an open end.
    """

    into: Floats
    out: Floats
    before: Indexes
    after: Indexes


def joints(lines: Lines, places: Floats) -> Joints:
    """Directions of lines whose points are `places` (v, 3) metres."""
    first = starts(lines.counts)
    last = first + lines.counts - 1
    index = np.arange(len(places))
    before, after = index - 1, index + 1
    before[first] = np.where(lines.closed, last, first)
    after[last] = np.where(lines.closed, first, last)
    out, into = unit(places[after] - places), unit(places - places[before])
    open_start, open_end = first[~lines.closed], last[~lines.closed]
    into[open_start] = out[open_start]
    out[open_end] = into[open_end]
    return Joints(into=into, out=out, before=before, after=after)
