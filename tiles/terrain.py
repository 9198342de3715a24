"""A ground as quantized-mesh terrain: which tiles there are, what heights they have, and the files.

Beyond the elevation model the ground falls off to the ellipsoid over a distance like its own size, so that no cliff stands
around it; voids take the height of what is nearest. Both only depend on the place: tiles that meet agree.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tiles.publish import publish
from tiles.quantized_mesh import SIDE, Patch, encode_patch
from twin.frames import ecef_from_geographic

Floats = NDArray[np.float64]

_METRES_PER_DEGREE = 111_320.0
_DEEPEST = 18
_MOST_TILES = 6_000
"""Tiles of the deepest level; above, that level is left out. A minute's work, some 200 MB."""
_COARSE = 129
"""Points along a side of the grid that fills voids and what lies beyond the edges."""
_LEAST_FADE_DEG = 0.01


class Heights(Protocol):
    """What is asked of a ground."""

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """(n,) ellipsoidal metres, NaN where nothing is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a ground is known (degrees), and how far apart its heights are (metres)."""

    west: float
    south: float
    east: float
    north: float
    pixel_m: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One tile: level, column from the west, row from the south (TMS over longitude and latitude, two tiles at level 0)."""

    level: int
    x: int
    y: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        size = 180.0 / 2**self.level
        return (
            self.x * size - 180.0,
            self.y * size - 90.0,
            (self.x + 1) * size - 180.0,
            (self.y + 1) * size - 90.0,
        )


class Surface:
    """A ground without gaps."""

    def __init__(self, ground: Heights, area: Area) -> None:
        self._ground, self._area = ground, area
        self._fade = max(_LEAST_FADE_DEG, (area.east - area.west) / 2.0, (area.north - area.south) / 2.0)
        lon, lat = np.meshgrid(
            np.linspace(area.west, area.east, _COARSE), np.linspace(area.south, area.north, _COARSE)
        )
        self._coarse = filled(ground.heights(lon.ravel(), lat.ravel()).reshape(_COARSE, _COARSE))

    @property
    def reach(self) -> Area:
        """The area with what the ground falls off over."""
        area, fade = self._area, self._fade
        return Area(
            west=max(-180.0, area.west - fade),
            south=max(-90.0, area.south - fade),
            east=min(180.0, area.east + fade),
            north=min(90.0, area.north + fade),
            pixel_m=area.pixel_m,
        )

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """(n,) ellipsoidal metres, everywhere."""
        area = self._area
        inside = (lon >= area.west) & (lon <= area.east) & (lat >= area.south) & (lat <= area.north)
        result = np.zeros(len(lon))
        if inside.any():
            result[inside] = self._ground.heights(lon[inside], lat[inside])
        gaps = ~inside | np.isnan(result)
        if gaps.any():
            result[gaps] = self._beyond(lon[gaps], lat[gaps])
        return result

    def _beyond(self, lon: Floats, lat: Floats) -> Floats:
        area = self._area
        near_lon, near_lat = np.clip(lon, area.west, area.east), np.clip(lat, area.south, area.north)
        far = np.hypot((lon - near_lon) * np.cos(np.radians(near_lat)), lat - near_lat)
        share = np.clip(1.0 - far / self._fade, 0.0, 1.0)
        x = (near_lon - area.west) / (area.east - area.west) * (_COARSE - 1)
        y = (near_lat - area.south) / (area.north - area.south) * (_COARSE - 1)
        left, low = np.minimum(x.astype(int), _COARSE - 2), np.minimum(y.astype(int), _COARSE - 2)
        a, b, grid = x - left, y - low, self._coarse
        there = (
            grid[low, left] * (1 - a) * (1 - b) + grid[low, left + 1] * a * (1 - b)
            + grid[low + 1, left] * (1 - a) * b + grid[low + 1, left + 1] * a * b
        )  # fmt: skip
        return np.asarray(there * share * share * (3.0 - 2.0 * share))


def filled(grid: Floats) -> Floats:
    """A grid whose NaN take the mean of the nearest known values, ring by ring; zeros where nothing is known at all."""
    grid = grid.copy()
    while np.isnan(grid).any():
        around = np.pad(grid, 1, constant_values=np.nan)
        shifted = np.stack(
            [around[1 + dy : 1 + dy + grid.shape[0], 1 + dx : 1 + dx + grid.shape[1]]
             for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
        )  # fmt: skip
        known = ~np.isnan(shifted)
        count = known.sum(axis=0)
        new = np.isnan(grid) & (count > 0)
        if not new.any():
            return np.nan_to_num(grid)
        grid[new] = np.where(known, shifted, 0.0).sum(axis=0)[new] / count[new]
    return grid


def levels_of(area: Area) -> int:
    """The deepest level: where a cell of the grid is as wide as a pixel, or the tiles become too many."""
    level = 0
    while level < _DEEPEST:
        spacing_m = 180.0 / 2**level / (SIDE - 1) * _METRES_PER_DEGREE
        if spacing_m <= area.pixel_m or _count(area, level + 1) > _MOST_TILES:
            break
        level += 1
    return level


def cells_of(area: Area, level: int) -> Iterator[Cell]:
    """Tiles of a level that meet an area; both halves of the Earth at level 0."""
    left, low, right, high = _range(area, level)
    for y in range(low, high + 1):
        for x in range(left, right + 1):
            yield Cell(level, x, y)


def _range(area: Area, level: int) -> tuple[int, int, int, int]:
    if level == 0:
        return 0, 0, 1, 0
    size = 180.0 / 2**level
    last_x, last_y = 2 ** (level + 1) - 1, 2**level - 1
    return (
        max(0, math.floor((area.west + 180.0) / size)),
        max(0, math.floor((area.south + 90.0) / size)),
        min(last_x, math.floor((area.east + 180.0) / size)),
        min(last_y, math.floor((area.north + 90.0) / size)),
    )


def _count(area: Area, level: int) -> int:
    left, low, right, high = _range(area, level)
    return (right - left + 1) * (high - low + 1)


def patch_of(surface: Surface, cell: Cell) -> Patch:
    """The grid of one tile, with normals from the points around it, so that light has no seams."""
    west, south, east, north = cell.bounds
    step_lon, step_lat = (east - west) / (SIDE - 1), (north - south) / (SIDE - 1)
    lon = west + step_lon * np.arange(-1, SIDE + 1)
    lat = np.clip(south + step_lat * np.arange(-1, SIDE + 1), -90.0, 90.0)
    x, y = np.meshgrid(lon, lat)
    wrapped = (x.ravel() + 180.0) % 360.0 - 180.0
    heights = surface.heights(np.where(x.ravel() == 180.0, 180.0, wrapped), y.ravel()).reshape(x.shape)
    points = ecef_from_geographic(np.column_stack([x.ravel(), y.ravel(), heights.ravel()]))
    grid = points.reshape(*x.shape, 3)
    across, along = grid[1:-1, 2:] - grid[1:-1, :-2], grid[2:, 1:-1] - grid[:-2, 1:-1]
    normals = np.cross(across, along)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    outward = grid[1:-1, 1:-1] / np.linalg.norm(grid[1:-1, 1:-1], axis=2, keepdims=True)
    return Patch(
        west=west,
        south=south,
        east=east,
        north=north,
        heights=heights[1:-1, 1:-1],
        normals=np.where(length > 1e-9, normals / np.where(length > 1e-9, length, 1.0), outward),
    )


def build_terrain(ground: Heights, area: Area, folder: Path, *, uri: str) -> dict[str, Any]:
    """Write all tiles below `folder`; returns the layer description (TileJSON with quantized-mesh's members).

    `uri`: prefix of the tiles' addresses in the description.
    """
    surface = Surface(ground, area)
    deepest = levels_of(area)
    available = []
    for level in range(deepest + 1):
        # The finest levels are only worth it where heights are known; coarser ones carry the slope around.
        covered = surface.reach if level < deepest - 1 else area
        left, low, right, high = _range(covered, level)
        available.append([{"startX": left, "startY": low, "endX": right, "endY": high}])
        cells = list(cells_of(covered, level))
        for cell in cells:
            data = encode_patch(patch_of(surface, cell))
            publish(folder, f"{cell.level}/{cell.x}/{cell.y}.terrain", data, quick=True)
    return {
        "tilejson": "2.1.0",
        "name": "ground",
        "version": "1.0.0",
        "format": "quantized-mesh-1.0",
        "scheme": "tms",
        "projection": "EPSG:4326",
        "extensions": ["octvertexnormals"],
        "tiles": [f"{uri}{{z}}/{{x}}/{{y}}.terrain"],
        "bounds": [area.west, area.south, area.east, area.north],
        "minzoom": 0,
        "maxzoom": deepest,
        "available": available,
    }
