"""Lines as tubes: pipes and cables, closed at their ends, mitred at bends."""

import numpy as np

from bim_import.gis.shapes.joined import BODY, Floats, Indexes, Shapes, cross, merged, starts, unit
from bim_import.gis.shapes.lines import Joints, Lines, joints

SIDES = 12
"""Sides of a tube. Corners lie so that a section has the area of the circle; they are then 2.3 % of the radius outside it."""

_MITRE = 4.0
"""Stretch of a section at a bend, at most: bends sharper than 151° are cut off there."""


def tubes(lines: Lines, places: Floats, up: Floats, radius_m: Floats) -> Shapes:
    """Rings of SIDES vertices at each point, and caps with vertices of their own; one mesh a feature.

    places, up: (v, 3) local metres and unit vectors; radius_m: (v,).
    """
    ring, normal, axis = _rings(lines, places, up, radius_m)
    first = starts(lines.counts)
    last = first + lines.counts - 1
    caps = np.where(lines.closed, 0, 2 * SIDES)
    counts = lines.counts * SIDES + caps
    positions, normals = np.empty((int(counts.sum()), 3)), np.empty((int(counts.sum()), 3))
    begin = starts(counts)
    line = np.repeat(np.arange(len(lines.counts)), lines.counts)
    at = begin[line] + SIDES * (np.arange(len(places)) - first[line])
    for side in range(SIDES):
        positions[at + side], normals[at + side] = ring[:, side], normal[:, side]
    is_open = np.flatnonzero(~lines.closed)
    for end, sign, step in ((first, -1.0, 0), (last, 1.0, SIDES)):
        at_end = begin[is_open] + lines.counts[is_open] * SIDES + step
        for side in range(SIDES):
            positions[at_end + side] = ring[end[is_open], side]
            normals[at_end + side] = sign * axis[end[is_open]]
    triangles, per_line = _triangles(lines)
    return merged(
        Shapes(
            rows=lines.rows,
            vertex_counts=counts,
            triangle_counts=per_line,
            positions=positions,
            normals=normals.astype(np.float32),
            triangles=triangles,
            slots=np.full(len(triangles), BODY, dtype=np.uint8),
        )
    )


def _rings(lines: Lines, places: Floats, up: Floats, radius_m: Floats) -> tuple[Floats, Floats, Floats]:
    """(v, SIDES, 3) points and outward normals of the section at each point, and (v, 3) the direction across it.

    A section lies in the plane that halves the bend and is stretched within it, so that both tubes keep their radius.
    """
    bends = joints(lines, places)
    axis = unit(bends.into + bends.out, bends.into)
    side = unit(cross(axis, up))
    upright = np.abs(np.einsum("ij,ij->i", axis, up)) > 1.0 - 1e-8
    side[upright] = unit(_across(axis[upright]))
    above = cross(side, axis)
    turn = _untwisted(lines, bends, side, above, axis)
    bend = unit(bends.into - axis * np.einsum("ij,ij->i", axis, bends.into)[:, None])
    cosine = np.clip(np.einsum("ij,ij->i", axis, bends.into), 1.0 / _MITRE, 1.0)
    angle = 2.0 * np.pi * np.arange(SIDES) / SIDES + turn[:, None]
    corner = np.sqrt(2.0 * np.pi / SIDES / np.sin(2.0 * np.pi / SIDES))
    normal = np.cos(angle)[..., None] * side[:, None] + np.sin(angle)[..., None] * above[:, None]
    spoke = normal * (radius_m * corner)[:, None, None]
    stretch = np.einsum("ijk,ik->ij", spoke, bend) * (1.0 / cosine - 1.0)[:, None]
    spoke = spoke + stretch[..., None] * bend[:, None]
    return places[:, None] + spoke, normal, axis


def _untwisted(lines: Lines, bends: Joints, side: Floats, above: Floats, axis: Floats) -> Floats:
    """(v,) angle to add at each point so that corner k of one section leads to corner k of the next straight along the tube."""
    first = starts(lines.counts)
    along = bends.into
    denominator = np.einsum("ij,ij->i", along, axis)
    before = side[bends.before]
    carried = (
        before
        - along
        * (np.einsum("ij,ij->i", before, axis) / np.where(denominator > 0.1, denominator, 1.0))[:, None]
    )
    step = np.arctan2(np.einsum("ij,ij->i", carried, above), np.einsum("ij,ij->i", carried, side))
    closing = np.where(lines.closed, step[first], 0.0)
    step[first] = 0.0
    total = np.cumsum(step)
    turn = total - np.repeat(total[first], lines.counts)
    left_over = turn[first + lines.counts - 1] + closing
    left_over = np.where(lines.closed, left_over - 2.0 * np.pi * np.rint(left_over / (2.0 * np.pi)), 0.0)
    place = np.arange(len(turn)) - np.repeat(first, lines.counts)
    return np.asarray(turn - np.repeat(left_over / lines.counts, lines.counts) * place)


def _across(axis: Floats) -> Floats:
    """Some direction at right angles to each axis."""
    reference = np.zeros_like(axis)
    smallest = np.argmin(np.abs(axis), axis=1)
    reference[np.arange(len(axis)), smallest] = 1.0
    return cross(axis, reference)


def _triangles(lines: Lines) -> tuple[Indexes, Indexes]:
    """Mantles and caps of all lines, counted from the first vertex of each, and (k,) how many."""
    stretches = lines.counts - 1 + lines.closed
    line = np.repeat(np.arange(len(lines.counts)), stretches)
    here = np.arange(len(line)) - np.repeat(starts(stretches), stretches)
    there = (here + 1) % lines.counts[line]
    side = np.arange(SIDES)
    after = (side + 1) % SIDES
    a, b = (SIDES * here)[:, None] + side, (SIDES * here)[:, None] + after
    c, d = (SIDES * there)[:, None] + after, (SIDES * there)[:, None] + side
    mantle = np.stack([np.stack([a, c, b], axis=-1), np.stack([a, d, c], axis=-1)], axis=2).reshape(-1, 3)
    fan = np.arange(1, SIDES - 1)
    start_cap = np.column_stack([np.zeros_like(fan), fan, fan + 1])
    end_cap = np.column_stack([np.zeros_like(fan), fan + 1, fan]) + SIDES
    caps = np.concatenate([start_cap, end_cap])
    is_open = ~lines.closed
    per_line = stretches * 2 * SIDES + is_open * len(caps)
    result = np.empty((int(per_line.sum()), 3), dtype=np.int64)
    begin = starts(per_line)
    at = np.repeat(begin - starts(stretches) * 2 * SIDES, stretches * 2 * SIDES) + np.arange(len(mantle))
    result[at] = mantle
    behind = (begin + stretches * 2 * SIDES)[is_open]
    ring_end = (lines.counts * SIDES)[is_open]
    for step, corners in enumerate(caps):
        result[behind + step] = corners + ring_end[:, None]
    return result, per_line
