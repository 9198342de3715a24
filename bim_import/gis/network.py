"""Who feeds whom in a layer of lines (pipes, cables, roads). Pure.

A line feeds every line that starts where it ends: at the node of the same name where both name it, whatever their geometry, else
within a tolerance. A point feature at that place (a manhole, a valve) stands between them. The direction of a line is, in this
order: from the columns that name its nodes; from its higher end to its lower one, by the columns that tell the levels of both, else
by the heights of its geometry; as it was digitised.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.rules.names import ELEVATION, END_ELEVATION

TOLERANCE_M = 0.05
"""Ends that are as near as this are one place: surveys are exact to some centimetres, manholes a metre apart."""

FROM_NODES = (
    "from_node",
    "us_node",
    "start_node",
    "startnode",
    "fnode",
    "from_id",
    "upstream",
    "起点编号",
    "起点点号",
)
TO_NODES = (
    "to_node",
    "ds_node",
    "end_node",
    "endnode",
    "tnode",
    "to_id",
    "downstream",
    "终点编号",
    "终点点号",
)
"""Names of columns, as sewer registers and road graphs have them; compared without case."""

START_LEVELS = (
    *(name for name in ELEVATION if name not in ("invert", "elevation")),
    "us_il",
    "start_z",
    "起点管底标高",
    "起点标高",
)
END_LEVELS = (*END_ELEVATION, "ds_il", "end_z", "终点管底标高", "终点标高")
"""Names of columns with the level of each end; a lone level of a whole pipe says nothing of its fall."""

_FALL_M = 1e-3
"""Heights of two ends that differ by less say nothing about the way that water takes."""

Pairs = NDArray[np.int64]
"""(k, 2): feeds, is fed."""


def directed(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) which lines flow against the way they were digitised: their end is higher. Heights of NaN say nothing."""
    rise = ends[:, 2] - starts[:, 2]
    return np.asarray(np.nan_to_num(rise) > _FALL_M)


def told(from_nodes: Sequence[str | None], to_nodes: Sequence[str | None]) -> NDArray[np.bool_]:
    """(n,) which lines name the nodes at both of their ends."""
    return np.array([bool(a) and bool(b) for a, b in zip(from_nodes, to_nodes, strict=True)], dtype=np.bool_)


def turned_by_names(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    from_nodes: Sequence[str | None],
    to_nodes: Sequence[str | None],
) -> NDArray[np.bool_]:
    """(n,) which lines were digitised against their nodes: a node is where most of the lines that name it end."""
    if not any(from_nodes) and not any(to_nodes):
        return np.zeros(len(starts), dtype=bool)
    places = _places(np.nan_to_num(np.vstack([starts, ends])[:, :2]), TOLERANCE_M).tolist()
    first, last = places[: len(starts)], places[len(starts) :]
    seen: Counter[tuple[str | None, int]] = Counter()
    for names in (from_nodes, to_nodes):
        for name, *spots in zip(names, first, last, strict=True):
            seen.update((name, spot) for spot in spots)
    against = [
        seen[a, there] + seen[b, here] > seen[a, here] + seen[b, there]
        for a, b, here, there in zip(from_nodes, to_nodes, first, last, strict=True)
    ]
    return np.array(against, dtype=np.bool_) & told(from_nodes, to_nodes)


def with_names(spots: Pairs, from_nodes: Sequence[str | None], to_nodes: Sequence[str | None]) -> Pairs:
    """What places come to (`spots`, points numbered from the number of lines on) and what the names of nodes say, together.

    Where a line names its last node and another its first one, the names decide whether the one feeds the other.
    """
    count = len(from_nodes)
    named = by_nodes(from_nodes, to_nodes)
    if not len(named) and not any(to_nodes):
        return spots
    leaves, enters = (np.array([bool(name) for name in names]) for names in (to_nodes, from_nodes))
    of_lines = (spots < count).all(axis=1)
    settled = np.zeros(len(spots), dtype=bool)
    settled[of_lines] = leaves[spots[of_lines, 0]] & enters[spots[of_lines, 1]]
    spots = spots[~settled]
    into, out = spots[spots[:, 1] >= count], spots[spots[:, 0] >= count]
    through = _joined(into[:, 0], into[:, 1], out[:, 1], out[:, 0])
    size = max(count, 1)
    direct = ~np.isin(named[:, 0] * size + named[:, 1], through[:, 0] * size + through[:, 1])
    return _distinct(np.vstack([spots, named[direct]]))


def by_nodes(starts: Sequence[str | None], ends: Sequence[str | None]) -> Pairs:
    """Lines that name the nodes at their ends: each feeds those that start at its last one."""
    leaving: dict[str, list[int]] = {}
    for row, name in enumerate(starts):
        if name:
            leaving.setdefault(name, []).append(row)
    pairs = [(row, other) for row, name in enumerate(ends) if name for other in leaving.get(name, ())]
    return _distinct(np.array(pairs, np.int64).reshape(-1, 2))


def by_place(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    points: NDArray[np.float64],
    tolerance_m: float = TOLERANCE_M,
) -> Pairs:
    """(n, 3) both ends of n lines and (p, 3) points, metres → pairs of rows, points numbered from n on.

    Places are compared in the plane: pipes enter a manhole at several heights.
    """
    count = len(starts)
    places = _places(np.vstack([starts, ends, points])[:, :2], tolerance_m)
    first, last, at = places[:count], places[count : 2 * count], places[2 * count :]
    lines, nodes = np.arange(count), np.arange(count, count + len(points))
    direct = _joined(lines, last, lines, first)
    between = np.isin(last[direct[:, 0]], at)
    into = _joined(lines, last, nodes, at)
    out = _joined(nodes, at, lines, first)
    return _distinct(np.vstack([direct[~between], into, out]))


def _joined(
    one: NDArray[np.int64], at: NDArray[np.int64], other: NDArray[np.int64], there: NDArray[np.int64]
) -> Pairs:
    """All pairs of rows at the same place."""
    order = np.argsort(there, kind="stable")
    low, high = np.searchsorted(there[order], at, "left"), np.searchsorted(there[order], at, "right")
    counts = high - low
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.column_stack([np.repeat(one, counts), other[order][np.repeat(low, counts) + offsets]])


def _places(points: NDArray[np.float64], tolerance_m: float) -> NDArray[np.int64]:
    """(n,) number of the place of each point: points within the tolerance of one another, or of some between, are at one."""
    if not len(points):
        return np.empty(0, np.int64)
    unique, place = np.unique(points, axis=0, return_inverse=True)
    geometries: NDArray[np.object_] = np.asarray(shapely.points(unique))
    left, right = shapely.STRtree(geometries).query(geometries, predicate="dwithin", distance=tolerance_m)
    label = np.arange(len(unique))
    while True:  # every round a label travels over all near points, and from there to its root
        lowest = label.copy()
        np.minimum.at(lowest, left, label[right])
        lowest = lowest[lowest]
        if (lowest == label).all():
            return np.asarray(label[place.reshape(-1)])
        label = lowest


def _distinct(pairs: Pairs) -> Pairs:
    """Each pair once, without what feeds itself."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return np.unique(pairs, axis=0) if len(pairs) else pairs
