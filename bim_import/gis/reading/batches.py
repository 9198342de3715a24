"""A layer and its features, as readers give them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bim_import.placement.layer import LayerCrs

ROWS = 8_000
"""Features a batch: their arrays (some 4 MB each of buildings) stay in the cache of a core and in the memory that the process has
already; 20,000 take a third longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Some features of one layer, in the order of the source.

    fids: (n,) int64, the source's own numbers. geometry: (n,) WKB or null. table: the columns, one row a feature; a layer
    without any gets its numbers as one, `fid`: a table of no columns would have no rows.
    """

    fids: NDArray[np.int64]
    geometry: pa.Array
    table: pa.RecordBatch

    def __post_init__(self) -> None:
        if not self.table.num_columns:
            numbers = pa.RecordBatch.from_arrays([pa.array(self.fids)], names=["fid"])
            object.__setattr__(self, "table", numbers)

    def __len__(self) -> int:
        return len(self.fids)

    def shapes(self, most: int | None = None) -> NDArray[np.object_]:
        """(n,) shapely geometries (the first `most`), None where there is none or the WKB is not readable.

        Coordinates may be no numbers.
        """
        wkb = self.geometry[:most].to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            return np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A layer being read. crs: what the file says of its coordinates, None where it says nothing.

    id_column: the column that holds the features' own ids where the format has such (GeoJSON's `id` member), None where
    they are `fids`.
    """

    crs: LayerCrs | None
    features: Iterator[Features]
    id_column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of a file. `read()` starts from its beginning; features come a batch at a time."""

    name: str
    read: Callable[[], Reading]


def nothing(crs: LayerCrs | None = None) -> Reading:
    """A layer without features."""
    return Reading(crs=crs, features=iter(()))
