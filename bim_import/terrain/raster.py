"""A raster of heights as the ground: sampled bilinearly, block by block, voids left out of the mean.

Rasters are read in blocks, so that a DEM of a country costs no more memory than the places asked for. Heights go through
the vertical reference of the raster to ellipsoidal ones, like those of any source.
"""

import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.errors
import rasterio.windows
from numpy.typing import NDArray

from bim_import.archives import DAMAGED, check_directory
from bim_import.elsewhere import HEAD_BYTES, WHAT, lies_elsewhere
from bim_import.ground import Ground
from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.override import PlacementOverrides
from twin.errors import DamagedSource, SourceError, UnsupportedSource

Floats = NDArray[np.float64]

_BLOCK = 1024
"""Pixels along a side of a block: 8 MB of float64."""
_BLOCKS_KEPT = 24
_TEXTS = (b"<", b"{", b"[")
"""No raster of heights begins so, but descriptions of rasters elsewhere do."""
_SRTM_HEIGHTS = "EPSG:5773"
"""SRTM's heights are above EGM96 (user guide, 2.1); its files do not say so."""
_LOWEST_M, _HIGHEST_M = -12_000.0, 9_000.0
"""Nothing of the Earth's surface is beyond: such a value is a void that the file does not declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where a raster lies (degrees of WGS 84), and the size of its pixels in metres there."""

    west: float
    south: float
    east: float
    north: float
    pixel_m: float


class Terrain:
    """A raster of heights. `diagnosis` tells its CRS and what is doubtful about its heights."""

    def __init__(self, dataset: Any, frame: LayerFrame, source: Path) -> None:
        self._dataset, self._frame = dataset, frame
        self._inverse = ~dataset.transform
        self._blocks: OrderedDict[tuple[int, int], Floats] = OrderedDict()
        self.source = source
        self.diagnosis = frame.diagnosis(None)

    def close(self) -> None:
        """Close the file."""
        self._dataset.close()

    def extent(self) -> Extent:
        """The bounds of the raster, from points along its edges."""
        dataset = self._dataset
        steps = np.linspace(0.0, 1.0, 33)
        edge = np.vstack(
            [
                np.column_stack([steps, np.zeros(33)]),
                np.column_stack([steps, np.ones(33)]),
                np.column_stack([np.zeros(33), steps]),
                np.column_stack([np.ones(33), steps]),
            ]
        ) * [dataset.width, dataset.height]
        x, y = _moved(dataset.transform, edge[:, 0], edge[:, 1])
        place = self._frame.to_geographic(np.column_stack([x, y, np.zeros(len(x))]))[:, :2]
        west, south = np.nanmin(place, axis=0)
        east, north = np.nanmax(place, axis=0)
        height_m = (north - south) * 111_200.0
        return Extent(
            west=float(west),
            south=float(south),
            east=float(east),
            north=float(north),
            pixel_m=float(height_m / dataset.height),
        )

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """See `bim_import.ground.Ground`."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        result = np.full(len(lon), np.nan)
        known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90.0))
        if not len(known):
            return result
        east_north = self._frame.from_geographic(np.column_stack([lon[known], lat[known]]))
        finite = np.isfinite(east_north).all(axis=1)
        known, east_north = known[finite], east_north[finite]
        columns, rows = _moved(self._inverse, east_north[:, 0], east_north[:, 1])
        raw = self._sampled(columns - 0.5, rows - 0.5)
        there = ~np.isnan(raw)
        native = np.column_stack([east_north[there], raw[there]])
        result[known[there]] = self._frame.of_east_north(native)[:, 2] if there.any() else raw[there]
        return result

    def _sampled(self, columns: Floats, rows: Floats) -> Floats:
        """Heights as the raster has them at pixel centres' coordinates; NaN outside and where all four around are void."""
        width, height = self._dataset.width, self._dataset.height
        inside = (columns >= -0.5) & (rows >= -0.5) & (columns <= width - 0.5) & (rows <= height - 0.5)
        columns, rows = np.clip(columns, 0.0, width - 1.0), np.clip(rows, 0.0, height - 1.0)
        left = np.minimum(columns.astype(np.int64), max(width - 2, 0))
        top = np.minimum(rows.astype(np.int64), max(height - 2, 0))
        result = np.full(len(columns), np.nan)
        block = (top // _BLOCK) * (width // _BLOCK + 1) + left // _BLOCK
        for number in np.unique(block[inside]):
            chosen = np.flatnonzero(inside & (block == number))
            first_row, first_column = divmod(int(number), width // _BLOCK + 1)
            values = self._block(first_row, first_column)
            result[chosen] = _bilinear(
                values, columns[chosen] - first_column * _BLOCK, rows[chosen] - first_row * _BLOCK
            )
        return result

    def _block(self, row: int, column: int) -> Floats:
        """One block with a pixel more at its right and lower edges, voids as NaN."""
        key = (row, column)
        if key in self._blocks:
            self._blocks.move_to_end(key)
            return self._blocks[key]
        window = rasterio.windows.Window(
            column * _BLOCK,
            row * _BLOCK,
            min(_BLOCK + 1, self._dataset.width - column * _BLOCK),
            min(_BLOCK + 1, self._dataset.height - row * _BLOCK),
        )
        try:
            band = self._dataset.read(1, window=window, masked=True)
        except rasterio.errors.RasterioIOError as error:
            raise _damaged(self.source, error) from error
        values: Floats = np.ma.filled(band.astype(np.float64), np.nan)
        values *= self._dataset.scales[0]
        values += self._dataset.offsets[0]
        values[(values < _LOWEST_M) | (values > _HIGHEST_M)] = np.nan
        self._blocks[key] = values
        if len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        return values


def _moved(matrix: Any, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Points through the six coefficients of a raster's transform."""
    return matrix.a * x + matrix.b * y + matrix.c, matrix.d * x + matrix.e * y + matrix.f


def _bilinear(values: Floats, columns: Floats, rows: Floats) -> Floats:
    """Bilinear mean of the four values around; those that are void do not count, a void alone is NaN."""
    height, width = values.shape
    left, top = columns.astype(np.int64), rows.astype(np.int64)
    left, top = np.minimum(left, max(width - 2, 0)), np.minimum(top, max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    x, y = columns - left, rows - top
    weights = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
    around = np.stack([values[top, left], values[top, right], values[bottom, left], values[bottom, right]])
    there = ~np.isnan(around)
    weights = np.where(there, weights, 0.0)
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, around * weights, 0.0).sum(axis=0) / total
    return np.where(total > 1e-12, mean, np.nan)


def open_ground(path: Path, *, height_offset_m: float | None = None) -> Ground:
    """The ground of a digital elevation model. Raises like `open_terrain`."""
    return open_terrain(path, height_offset_m=height_offset_m)


def open_terrain(path: Path, *, height_offset_m: float | None = None) -> Terrain:
    """Open a raster of heights: GeoTIFF, SRTM's .hgt (also in a zip), and other formats of GDAL's that hold the heights themselves.

    `height_offset_m` is added to its heights, as to those of the sources (the geoid's height, say). Raises SourceError
    where there is no such file, UnsupportedSource for what is no raster with a CRS, DamagedSource, PlacementError.
    """
    if not path.is_file():
        raise SourceError(str(path), "no such elevation model", "Check the path that --terrain names.")
    try:
        dataset = rasterio.open(_gdal_path(path))
    except rasterio.errors.RasterioIOError as error:
        raise UnsupportedSource(
            str(path), f"it is no raster that can be read ({str(error)[:120]})", "Give a GeoTIFF of heights."
        ) from error
    try:
        return Terrain(dataset, _frame_of(dataset, path, height_offset_m), path)
    except BaseException:
        dataset.close()
        raise


def _gdal_path(path: Path) -> str:
    """The raster as GDAL names it, after a look at how it begins."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            _check_head(path, file.read(HEAD_BYTES))
        return str(path.resolve())
    check_directory(str(path), path, "Unpack it and give the GeoTIFF.")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith((".hgt", ".tif", ".tiff"))]
            if names:
                with archive.open(names[0]) as member:
                    _check_head(path, member.read(HEAD_BYTES))
    except DAMAGED as error:
        raise _damaged(path, error) from error
    if not names:
        raise UnsupportedSource(str(path), "there is no .hgt or .tif in it", "Give a GeoTIFF of heights.")
    return f"/vsizip/{path.resolve()}/{names[0]}"


def _check_head(path: Path, head: bytes) -> None:
    if lies_elsewhere(head) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_TEXTS):
        raise UnsupportedSource(
            str(path), f"it is no raster of heights: {WHAT}", "Give a GeoTIFF of heights."
        )


def _damaged(path: Path, error: Exception) -> DamagedSource:
    return DamagedSource(str(path), f"it cannot be read ({str(error)[:120]})", "Get the file again.")


def _frame_of(dataset: Any, path: Path, height_offset_m: float | None) -> LayerFrame:
    declared: LayerCrs | None = None
    if dataset.crs is not None:
        code = dataset.crs.to_epsg()
        name = f"EPSG:{code}" if code else dataset.crs.to_wkt()
        vertical = _SRTM_HEIGHTS if dataset.driver == "SRTMHGT" else ""
        declared = LayerCrs(what="raster", name=name, vertical=vertical)
    left, bottom, right, top = dataset.bounds
    box = np.array([[left, bottom, 0.0], [right, top, 0.0]])
    overrides = PlacementOverrides(height_offset_m=height_offset_m)
    return layer_frame(str(path), declared, overrides=overrides, box=box)
