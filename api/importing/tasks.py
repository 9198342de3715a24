"""What goes to the child processes of an import and comes back: loaded by both sides, so without readers and kernels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiles import BuiltTileset, TileOptions
from twin.frames import Placement
from twin.shapes import Shapes

READ = "api.importing.steps.read"
TILE = "api.importing.steps.tile"
"""The two steps, by name: this process does not load what they need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TilingTask:
    """What tiling needs: the spool, where its frame lies, where tiles go."""

    spool: Path
    placement: Placement
    folder: Path
    options: TileOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiled:
    """A tileset with the bounds of its objects: by ordinal, (n, 6) float64, NaN where nothing is drawn.

    `geographic` is (west, south, lowest, east, north, highest) in degrees and metres (WGS 84, ellipsoidal).
    """

    tileset: BuiltTileset
    geographic: NDArray[np.float64]
    shapes: Shapes
    """What the bodies are like, by ordinal."""
