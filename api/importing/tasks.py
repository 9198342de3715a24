"""What goes to the child processes of an import and comes back: loaded by both sides, so without readers and kernels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiles import TileOptions
from twin.frames import Placement
from twin.shapes import Shapes

READ = "api.importing.steps.read"
TILE = "api.importing.steps.tile"
"""The two steps, by name: this process does not load what they need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TilingTask:
    """What tiling needs: the spool and how many objects are in it, where its frame lies, where tiles go."""

    spool: Path
    count: int
    placement: Placement
    folder: Path
    options: TileOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What tiling says before it encodes: boxes of objects by ordinal, (n, 6) float64, NaN where nothing is drawn.

    `bounds` are in the source's local metres, `geographic` (west, south, lowest, east, north, highest) in degrees and metres
    (WGS 84, ellipsoidal).
    """

    bounds: NDArray[np.float64]
    geographic: NDArray[np.float64]
    shapes: Shapes
    """What the bodies are like, by ordinal."""
