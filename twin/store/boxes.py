"""Boxes of many objects as arrays. Pure; see `twin.ports.Boxes` for the columns."""

import numpy as np
from numpy.typing import NDArray

from twin.ports import Boxes

WHOLE_ROUND = (-180.0, 180.0)
"""West and east of a box in a union with one that crosses the antimeridian: a superset, and rare."""

MAX_DEPTH = 256
"""Deeper trees are loops: a building has six levels, an assembly in it a few more."""


def is_box(boxes: Boxes) -> NDArray[np.bool_]:
    """(n,) whether the row is a box: no number missing."""
    lacking = np.isnan(boxes[:, 0])
    for column in boxes.T[1:]:  # across the rows, six numbers at a time, it takes several times as long
        lacking |= np.isnan(column)
    return np.asarray(~lacking, dtype=np.bool_)


def with_descendants(boxes: Boxes, parents: NDArray[np.int64]) -> Boxes:
    """The union of every object's own box and those of all below it.

    `parents`: (n,) row of each object's parent, -1 for a root. A loop among parents does no harm: its members get a box
    of what hangs below them as far as the walk went.
    """
    whole = np.where(is_box(boxes)[:, None], boxes, np.nan)
    if (parents < 0).all():
        return whole
    low, high = whole[:, :3].copy(), whole[:, 3:].copy()
    for level in reversed(_levels(parents)):
        order = level[np.argsort(parents[level], kind="stable")]
        target, starts = np.unique(parents[order], return_index=True)
        low[target] = np.fmin(low[target], np.fmin.reduceat(low[order], starts, axis=0))
        high[target] = np.fmax(high[target], np.fmax.reduceat(high[order], starts, axis=0))
    return np.hstack([low, high])


def _levels(parents: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows by their depth below the roots, the roots left out."""
    depth = np.zeros(len(parents), np.int64)
    ancestor = parents.copy()
    active = np.flatnonzero(ancestor >= 0)
    while len(active) and depth.max() < MAX_DEPTH:
        depth[active] += 1
        ancestor[active] = parents[ancestor[active]]
        active = active[ancestor[active] >= 0]
    return [np.flatnonzero(depth == d) for d in range(1, int(depth.max(initial=0)) + 1)]


def unrolled(geographic: Boxes) -> Boxes:
    """Boxes fit for a union: those across the antimeridian go around the globe."""
    boxes = geographic.copy()
    crossing = boxes[:, 0] > boxes[:, 3]
    boxes[crossing, 0], boxes[crossing, 3] = WHOLE_ROUND
    return boxes


def union(boxes: Boxes) -> tuple[float, ...] | None:
    """The box around all of them; None if there is none."""
    there = boxes[is_box(boxes)]
    if not len(there):
        return None
    return (*map(float, there[:, :3].min(axis=0)), *map(float, there[:, 3:].max(axis=0)))
