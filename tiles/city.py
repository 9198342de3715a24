"""The tree of tiles of a city layer: districts of exact tiles, each under a simplified view of the whole district.

Pure: arrays in, a tree of rows out. From afar no single building is worth a byte, but all of them together are the city:
refinement by size alone (see `partition`) would show a few dozen large ones. So districts are summarised: buildings that
share a cell of a grid become one block (`overview`), and the tiles below replace it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiles.overview import BLOCK_STEP_M, Blocks, blocks_of, exact_ones
from tiles.partition import FULL_TILE, LAYER_EXTENT_M, Extents, Limits, Node, attach, halves, joined, subtrees

DISTRICT = 8 * FULL_TILE
"""Vertices of a district: some 15,000 buildings, 1.3 MB."""

MOST_BLOCKS = 250_000
"""Blocks of all districts together: 4 MB as sent (16 bytes each), about two pixels a block on a screen that shows them all."""

LEAST_CELL_M = 45.0
"""Side of a cell: half a block of streets. Smaller ones hold one building, and save nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A layer: its objects, the group of each, which are buildings, and whether its frame is exact at any distance."""

    extents: Extents
    groups: NDArray[np.intp]
    buildings: NDArray[np.bool_]
    rigid: bool


def city_tree(city: City) -> tuple[Node, float]:
    """The tree of tiles, and the side of the cells that its overviews have, metres."""
    everything = np.arange(len(city.groups))
    cell_m = cell_side_m(city.extents, np.flatnonzero(city.buildings))
    roots: list[Node] = []
    for group in np.unique(city.groups).tolist():
        here = city.groups == group
        roots += _buildings(city, everything[here & city.buildings], group, cell_m)
        others = everything[here & ~city.buildings]
        if len(others):
            limits = Limits(widest_m=_widest_m(city), sampled=True)
            roots += subtrees(city.extents, others, group, limits)
    return joined(city.extents, roots), cell_m


def _widest_m(city: City) -> float:
    return float("inf") if city.rigid else LAYER_EXTENT_M


def _buildings(city: City, members: NDArray[np.intp], group: int, cell_m: float) -> list[Node]:
    """Buildings show themselves in leaves alone: a tile of the largest ones would be emptier than the overview it replaces."""
    if not len(members):
        return []
    limits = Limits(widest_m=_widest_m(city), leaves=True)
    parts = _districts(city.extents, members)
    exact = [subtrees(city.extents, part, group, limits) for part in parts]
    if len(parts) == 1 and exact[0][0].has_content:
        return exact[0]
    return _summarised(city.extents, parts, exact, cell_m)


def cell_side_m(extents: Extents, members: NDArray[np.intp]) -> float:
    """The smallest side, LEAST_CELL_M times a power of the root of two, with which `members` are at most MOST_BLOCKS blocks."""
    centre = extents.centre_of(members)[:, :2]
    side = LEAST_CELL_M
    while True:
        cells = np.floor(centre / side).astype(np.int64)
        if len(np.unique(cells[:, 0] * (1 << 32) + cells[:, 1])) <= MOST_BLOCKS:
            return side
        side *= float(np.sqrt(2.0))


def _districts(extents: Extents, members: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    if extents.weight[members].sum() <= DISTRICT or len(members) < 2:
        return [members]
    return [
        district
        for half in halves(extents, members, by_extent=False)
        for district in _districts(extents, half)
    ]


def _summarised(
    extents: Extents, parts: list[NDArray[np.intp]], exact: list[list[Node]], cell_m: float
) -> list[Node]:
    nodes = []
    for members, children in zip(parts, exact, strict=True):
        blocks = district_blocks(extents, members, cell_m)[1]
        error_m = max(float(blocks.error_m.max(initial=0.0)), BLOCK_STEP_M)
        node = Node(members=members[:0], group=children[0].group, error_m=error_m, stands_for=members)
        attach(node, children)
        nodes.append(node)
    return nodes


def district_blocks(
    extents: Extents, members: NDArray[np.intp], cell_m: float
) -> tuple[NDArray[np.intp], Blocks]:
    """Which of `members` an overview draws as they are, and the blocks of the others."""
    exact = exact_ones(extents, members, cell_m)
    rest = np.setdiff1d(members, exact, assume_unique=True)
    return exact, blocks_of(extents.lower[rest], extents.upper[rest], rest, cell_m)
