"""An octree of points in which every point is in one tile: parents hold a thinned view, children what it leaves out.

Pure: cells in, nodes out. Points are put in Morton order, so that a cube of any size is a run of them.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]

MOST_POINTS = 40_000
"""Points of a tile that is not thinned: some 0.3 MB compressed."""

_BITS = 21
"""Bits per axis in a Morton code of 64."""


@dataclass(slots=True, kw_only=True)
class PointNode:
    """One tile. `members`: indexes of its points. `error`: the largest distance, in cells, from a point that it leaves to its
    children to the point that stands for it here; 0 for a leaf.
    """

    members: Indexes
    error: float = 0.0
    children: list["PointNode"] = field(default_factory=list)

    def walk(self) -> "list[PointNode]":
        """This node and all below it, parents first."""
        found = [self]
        for child in self.children:
            found += child.walk()
        return found


def octree(cells: NDArray[np.int32]) -> PointNode:
    """The tree of (n, 3) points; errors fall from parents to children."""
    lower = cells.min(axis=0).astype(np.int64)
    size = int((cells.max(axis=0).astype(np.int64) - lower).max()) + 1
    shift = max(0, size.bit_length() - _BITS)
    codes = _morton((cells.astype(np.int64) - lower) >> shift)
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    depth = min(_BITS, max(1, (size >> shift).bit_length()))
    return _node(_Sorted(cells, order, sorted_codes), np.arange(len(order)), 3 * depth)


@dataclass(frozen=True, slots=True)
class _Sorted:
    cells: NDArray[np.int32]
    order: Indexes
    codes: NDArray[np.uint64]


def _node(points: _Sorted, at: Indexes, bits: int) -> PointNode:
    """The node of the points `at` (places in Morton order), which agree in all but their last `bits`."""
    if len(at) <= MOST_POINTS or bits <= 0:
        return PointNode(members=points.order[at])
    codes = points.codes[at]
    first, group = _thinned(codes, bits)
    chosen = at[first]
    left = np.ones(len(at), dtype=bool)
    left[first] = False
    here = points.cells[points.order[at]].astype(np.float64)
    gaps = np.linalg.norm(here - here[first][group], axis=1)
    rest = at[left]
    octants = points.codes[rest] >> np.uint64(bits - 3)
    starts = np.flatnonzero(np.r_[True, octants[1:] != octants[:-1]])
    children = [_node(points, part, bits - 3) for part in np.split(rest, starts[1:])]
    deepest = max((child.error for child in children), default=0.0)
    # A child's cube is half as wide: its error is smaller but for luck, and tiles need it to be.
    error = max(float(gaps.max()), deepest * 1.0001, 1e-3)
    return PointNode(members=points.order[chosen], error=error, children=children)


def _thinned(codes: NDArray[np.uint64], bits: int) -> tuple[Indexes, Indexes]:
    """One point for each cube of a grid: their places, and for every point the number of the one that stands for it.

    The grid is the finest that leaves at most MOST_POINTS; a coarser one where all points are in few cubes.
    """
    best: tuple[Indexes, Indexes] | None = None
    for shift in range(bits - 3, -1, -3):
        cubes = codes >> np.uint64(shift)
        new = np.r_[True, cubes[1:] != cubes[:-1]]
        count = int(new.sum())
        if count > MOST_POINTS and best is not None:
            break
        best = (np.flatnonzero(new), np.cumsum(new) - 1)
        if count > MOST_POINTS // 4:
            break
    assert best is not None
    return best


def _morton(cells: Indexes) -> NDArray[np.uint64]:
    """Interleaved bits of (n, 3) numbers below 2**21."""
    x, y, z = (_spread(cells[:, k].astype(np.uint64)) for k in range(3))
    return (x << np.uint64(2)) | (y << np.uint64(1)) | z


def _spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Two zero bits after each of the lowest 21 bits (the usual masks for 64-bit Morton codes)."""
    for shift, mask in (
        (32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F), (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):  # fmt: skip
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values
