"""What goes into a tileset build and what comes out of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TileOptions:
    """How tiles are made. `compress=False` writes plain float32 glTF for runtimes that decode neither meshopt nor
    quantised attributes; `workers` encode at the same time; `hot_properties` is how many properties go into the tiles.
    """

    compress: bool = True
    workers: int = 1
    hot_properties: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltTileset:
    """One revision of a model as files in its folder. Names are relative to that folder.

    `files` is every file of the revision, the tileset first, `.gz` and `.br` companions included; `bounds` is (n, 6)
    float64 by ordinal in the source's local metres (minimum x, y, z, maximum x, y, z; NaN where nothing is drawn).
    `sent_bytes` counts each content as its smallest form on the wire, `stored_bytes` as written.
    """

    tileset: str
    layout: str
    files: list[str]
    bounds: NDArray[np.float64]
    tile_count: int
    feature_count: int
    instanced: int
    stored_bytes: int
    sent_bytes: int
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTileset:
    """A tileset under a new frame: its JSON files are new, contents and schema are the old ones."""

    tileset: str
    layout: str
    files: list[str]
