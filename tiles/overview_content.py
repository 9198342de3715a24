"""The content of an overview: blocks and large buildings, drawn without features, since the tiles below have them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tiles.content import Content, Recipe, finished, upright
from tiles.geometry import Geometry
from tiles.gltf import GlbBuilder
from tiles.materials import Palette, palette_of, srgb_from_linear
from tiles.overview import Blocks, block_soup, mean_colors
from tiles.primitives import Box, MeshWriter
from twin.geometry import unique_rows
from twin.source import Material

SHADES = 24
"""Levels of a colour channel: what joins hundreds of roofs needs no more, and few colours compress."""

_FINEST, _COARSEST = -1, 4
"""Exponents of the steps of blocks: BLOCK_STEP_M; 16 bits of it reach over 32 km."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an overview draws: the objects `exact` (ordinals) as they are, and `blocks`, whose rows are places in `ordinals`."""

    exact: NDArray[np.intp]
    blocks: Blocks
    ordinals: NDArray[np.intp]


def encode_overview(recipe: Recipe, summary: Summary, centre: NDArray[np.float64]) -> Content:
    """Encode an overview into one .glb around `centre` (3,) local metres."""
    builder = GlbBuilder()
    upright(builder)
    boxes: list[Box] = []
    if len(summary.blocks.lower):
        palette, wall, roof = _colored(recipe.geometry, summary)
        packing = replace(recipe.packing, finest=_FINEST, coarsest=_COARSEST)
        soup = block_soup(summary.blocks, centre, wall, roof)
        boxes.append(MeshWriter(builder, palette, packing).draw(soup, None))
    if len(summary.exact):
        soup = recipe.geometry.soup(recipe.geometry.rows_of(summary.exact), centre)
        boxes.append(MeshWriter(builder, recipe.geometry.palette, recipe.packing).draw(soup, None))
    return finished(builder, boxes, instanced=0)


def _colored(geometry: Geometry, summary: Summary) -> tuple[Palette, NDArray[np.int64], NDArray[np.int64]]:
    """A palette for the blocks, and the entries of their walls and roofs: the mean colours of what they stand for."""
    blocks = summary.blocks
    entries = geometry.first_and_last_entry(summary.ordinals[blocks.rows])
    colors = np.concatenate([mean_colors(blocks, geometry.palette.linear[each, :3]) for each in entries])
    shades = np.rint(srgb_from_linear(colors) * (SHADES - 1)).astype(np.int64)
    first, entry = unique_rows(shades)
    palette = palette_of(
        [Material(color=(*(shades[row] / (SHADES - 1)).tolist(), 1.0), double_sided=False) for row in first]
    )
    of_block = palette.entry_of[entry]
    return palette, of_block[: len(blocks.lower)], of_block[len(blocks.lower) :]
