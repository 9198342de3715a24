"""A district from afar: large buildings as they are, the others joined to blocks on a grid. Pure: arrays in, arrays out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiles.geometry import Soup
from tiles.partition import Extents

BLOCK_STEP_M = 0.5
"""Blocks lie on multiples of this: a hundredth of their side."""

EXACT_VERTICES = 6_000
"""Vertices of large buildings that an overview shows as they are: 100 to 200 towers and halls, 15 kB."""

_FACES = np.array(
    [
        [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]],
        [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1]],
        [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]],
        [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]],
    ]
)
_NORMALS = np.array([[0, -1, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, 0, 1]], dtype=np.float32)
"""Four walls and a roof of a box: corners counter-clockwise from outside; nobody looks at a city from below."""

WALLS, ROOF = 4, 1

_ARRANGED = np.array([0, 13, 14, 3, 16, 17, 2, 7, 4, 1, 5, 8, 11, 6, 18, 19, 10, 15, 12, 9])
"""The corners of all faces edge by edge, foot beside head, up and down in turn: how they take least when compressed."""
_PLACE = np.argsort(_ARRANGED)

_SPREAD = 0.125
"""Power of the share of the ground that gives a block's side: looked at on the made-up city of benchmarks/tiles_city.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """k boxes: `lower`, `upper` (k, 3) metres, `error_m` (k,) how far a surface of a block is from that of a building at most.

    Block `of_row[i]` stands for row `rows[i]` with weight `share[i]` (square metres of footprint).
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    error_m: NDArray[np.float64]
    rows: NDArray[np.intp]
    of_row: NDArray[np.int64]
    share: NDArray[np.float64]


def exact_ones(extents: Extents, members: NDArray[np.intp], cell_m: float) -> NDArray[np.intp]:
    """Those larger than a cell, from the largest down, as many as EXACT_VERTICES allow; ascending."""
    diagonal = extents.diagonal_of(members)
    large = np.flatnonzero(diagonal > cell_m)
    order = large[np.argsort(-diagonal[large], kind="stable")]
    return np.sort(members[order[np.cumsum(extents.weight[members[order]]) <= EXACT_VERTICES]])


def blocks_of(
    lower: NDArray[np.float64], upper: NDArray[np.float64], rows: NDArray[np.intp], cell_m: float
) -> Blocks:
    """One block for the boxes (n, 3) whose middles lie in one cell of a grid of `cell_m`, in their middle, as high as their
    mean, weighted by footprint. On the ground it takes most of the box around them, since gaps of a pixel look like no city
    at all, and less where they are few: the fourth root of the share that they take themselves.

    Both a block and its buildings lie in the box around the buildings, so its diagonal is more than any error.
    """
    cells = np.floor((lower[:, :2] + upper[:, :2]) / (2.0 * cell_m)).astype(np.int64)
    key = cells[:, 1] * (1 << 32) + cells[:, 0]
    _, of_row = np.unique(key, return_inverse=True)
    count = int(of_row.max(initial=-1)) + 1
    order = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(of_row[order], np.arange(count))
    low = np.minimum.reduceat(lower[order], starts) if count else np.empty((0, 3))
    high = np.maximum.reduceat(upper[order], starts) if count else np.empty((0, 3))
    share = np.maximum(np.prod((upper - lower)[:, :2], axis=1), 1e-6)
    footprint = np.bincount(of_row, weights=share, minlength=count)
    top = np.bincount(of_row, weights=share * upper[:, 2], minlength=count) / footprint
    room = np.maximum(np.prod((high - low)[:, :2], axis=1), 1e-6)
    half = (high - low)[:, :2] / 2.0 * (np.minimum(footprint / room, 1.0) ** _SPREAD)[:, None]
    middle = (low + high)[:, :2] / 2.0
    foot = _stepped(np.column_stack([middle - half, low[:, 2]]))
    head = np.maximum(_stepped(np.column_stack([middle + half, top])), foot + BLOCK_STEP_M)
    return Blocks(
        lower=foot,
        upper=head,
        error_m=np.sqrt(((high - low) ** 2).sum(axis=1)) + BLOCK_STEP_M,
        rows=rows,
        of_row=of_row.astype(np.int64),
        share=share,
    )


def _stepped(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.rint(corners / BLOCK_STEP_M) * BLOCK_STEP_M)


def mean_colors(blocks: Blocks, linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 3) linear colour of each block: the mean of `linear` (n, 3), those of its buildings, by their footprints."""
    count = len(blocks.lower)
    total = np.bincount(blocks.of_row, weights=blocks.share, minlength=count)
    sums = [
        np.bincount(blocks.of_row, weights=blocks.share * linear[:, k], minlength=count) for k in range(3)
    ]
    return np.stack(sums, axis=1) / total[:, None]


def block_soup(
    blocks: Blocks, centre: NDArray[np.float64], wall: NDArray[np.int64], roof: NDArray[np.int64]
) -> Soup:
    """The blocks as triangles relative to `centre`; `wall`, `roof` (k,) are their entries of a palette."""
    count, faces = len(blocks.lower), WALLS + ROOF
    size = blocks.upper - blocks.lower
    corners = blocks.lower[:, None, :] - centre + size[:, None, :] * _FACES.reshape(1, -1, 3)[:, _ARRANGED]
    quads = np.arange(faces)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])
    triangles = np.arange(count)[:, None, None] * faces * 4 + _PLACE[quads.reshape(-1, 3)]
    entry = np.concatenate([np.repeat(wall[:, None], WALLS, axis=1), roof[:, None]], axis=1)
    return Soup(
        positions=corners.reshape(-1, 3),
        normals=np.tile(np.repeat(_NORMALS, 4, axis=0)[_ARRANGED], (count, 1)),
        uvs=None,
        triangles=triangles.reshape(-1, 3).astype(np.uint32),
        material=np.repeat(entry.reshape(-1), 2).astype(np.int64),
        vertex_instance=np.repeat(np.arange(count), faces * 4),
        arranged=True,
    )
