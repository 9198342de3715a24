"""What goes to the child processes of an import and comes back: loaded by both sides, so without readers and kernels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tiles import TileOptions
from twin.frames import Placement
from twin.shapes import Shapes

READ = "api.importing.steps.read"
TILE = "api.importing.steps.tile"
"""The two steps, by name: this process does not load what they need."""

_BOUNDS, _GEOGRAPHIC, _SHAPES = "bounds.npy", "geographic.npy", "shapes.npy"


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
    """What tiling says before it encodes: boxes of objects by ordinal, (n, 6) float64, NaN where nothing is drawn; and what
    the bodies are like. In files: those of a million objects are 150 MB, which would go through a pipe in small pieces.
    """

    folder: Path

    @classmethod
    def kept(
        cls, folder: Path, *, bounds: NDArray[np.float64], geographic: NDArray[np.float64], shapes: Shapes
    ) -> Self:
        """Written into `folder`, which stays as long as they are needed."""
        np.save(folder / _BOUNDS, bounds)
        np.save(folder / _GEOGRAPHIC, geographic)
        np.save(folder / _SHAPES, shapes)
        return cls(folder=folder)

    @property
    def bounds(self) -> NDArray[np.float64]:
        """In the source's local metres."""
        return np.asarray(np.load(self.folder / _BOUNDS, mmap_mode="r"))

    @property
    def geographic(self) -> NDArray[np.float64]:
        """West, south, lowest, east, north, highest in degrees and metres (WGS 84, ellipsoidal)."""
        return np.asarray(np.load(self.folder / _GEOGRAPHIC, mmap_mode="r"))

    @property
    def shapes(self) -> Shapes:
        """By ordinal."""
        return np.asarray(np.load(self.folder / _SHAPES, mmap_mode="r"))
