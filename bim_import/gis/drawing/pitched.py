"""Which features get which pitched roof, and how high it rises."""

import numpy as np
from numpy.typing import NDArray

from bim_import.gis.columns import Floats
from bim_import.gis.drawing.context import Batch, Note
from bim_import.gis.rules.measures import texts
from bim_import.gis.rules.values import Rule
from bim_import.gis.shapes.extrude import Heights, corners_of
from bim_import.gis.shapes.joined import Indexes, Shapes
from bim_import.gis.shapes.outlines import Outlines
from bim_import.gis.shapes.roofs import SHAPES, Pitch, Plan, plan_of, roofed

_COMPASS = {
    name: 22.5 * place
    for place, name in enumerate(
        ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
    )
}

_ANGLE_DEG = 30.0
"""Pitch where neither height nor angle is said: the middle of what tiled roofs have (22 … 45°)."""

_LEAST_WALL_M = 0.1
"""Roofs leave at least so much of wall, so that no wall has no height."""

_FLAT = frozenset({"flat", "", "no", "none", "yes"})


def pitched(
    batch: Batch, rule: Rule, shape: Outlines, heights: Heights, lifted: NDArray[np.bool_]
) -> tuple[list[Shapes], Outlines]:
    """Solids with pitched roofs, and the outlines that are left for flat ones.

    `lifted` (n,) by row: the height is of floors, to which that of the roof is added.
    """
    code = _codes(batch, rule, shape)
    wanted = code[shape.part_rows] > 0
    if not wanted.any():
        return [], shape
    chosen = some(shape, wanted)
    rows = corners_of(chosen).rows
    direction = _directions(batch, rule, rows)
    across = texts(rule.roof.orientation, batch.columns)[rows] == "across"
    plan = plan_of(chosen, direction, across.astype(bool))
    rise = _rises(batch, rule, rows, plan)
    lower, upper = heights.lower[rows], heights.upper[rows]
    upper = np.where(lifted[rows], upper + rise, upper)
    rise = np.clip(rise, 0.0, np.maximum(upper - lower - _LEAST_WALL_M, 0.0))
    pitch = Pitch(shape=code[rows], rise_m=rise, direction=direction, across=across.astype(bool))
    made, bad = roofed(chosen, pitch, plan, (lower, upper - rise), batch.frame.plane)
    batch.notes[Note.PLAIN_ROOF] += len(bad)
    flat = ~wanted | np.isin(shape.part_rows, rows[bad])
    return [made] if made is not None else [], some(shape, flat)


def some(shape: Outlines, parts: NDArray[np.bool_]) -> Outlines:
    """The polygons of outlines that are chosen."""
    rings = np.repeat(parts, shape.part_rings)
    corners = np.repeat(rings, shape.ring_counts)
    return Outlines(
        points=shape.points[corners],
        flat=shape.flat[corners],
        ring_counts=shape.ring_counts[rings],
        part_rings=shape.part_rings[parts],
        part_rows=shape.part_rows[parts],
        part_scale=shape.part_scale[parts],
    )


def _codes(batch: Batch, rule: Rule, shape: Outlines) -> NDArray[np.int64]:
    """(n,) by row: code of the roof's shape, 0 for flat ones and those that are not drawn, which are counted."""
    said = texts(rule.roof.shape, batch.columns)
    codes = np.zeros(len(said), dtype=np.int64)
    drawn = np.unique(shape.part_rows)
    words, place = np.unique(said[drawn].astype(str), return_inverse=True)
    known = [word.strip().casefold() for word in words.tolist()]
    table = np.array([SHAPES.get(word, 0) for word in known], dtype=np.int64)
    other = np.array([word not in SHAPES and word not in _FLAT for word in known])
    codes[drawn] = table[place.reshape(-1)]
    batch.notes[Note.PLAIN_ROOF] += int(other[place.reshape(-1)].sum())
    return codes


def _directions(batch: Batch, rule: Rule, rows: Indexes) -> Floats:
    """(k, 2) unit east, north of the direction in which roofs fall; NaN where it is not said."""
    said = texts(rule.roof.direction, batch.columns)[rows]
    degrees = np.array([_degrees(text) for text in said], dtype=np.float64)
    return np.column_stack([np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])


def _degrees(text: str) -> float:
    named = _COMPASS.get(text.strip().casefold())
    if named is not None:
        return named
    try:
        return float(text.replace("°", ""))
    except ValueError:
        return np.nan


def _rises(batch: Batch, rule: Rule, rows: Indexes, plan: Plan) -> Floats:
    """(k,) metres from the eaves to the ridge: as said, of the roof's levels, by its angle, else by the usual angle."""
    said = batch.measured(rule.roof.height, rows)
    levels = batch.measured(rule.roof.levels, rows) * batch.measured(rule.storey_height, rows)
    angle = batch.measured(rule.roof.angle, rows)
    angle = np.where(np.isfinite(angle) & (angle > 0.0) & (angle < 85.0), angle, _ANGLE_DEG)
    run = np.minimum(plan.across, plan.along)
    by_angle = np.tan(np.radians(angle)) * run
    rise = np.where(np.isfinite(said) & (said > 0.0), said, levels)
    return np.where(np.isfinite(rise) & (rise > 0.0), rise, by_angle)
