"""The ground: the plain on which the town stands, and hills in the south-west and the north, as a GeoTIFF."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin

from sample_models.georeference import COMMUNITY_CENTRE

PLAIN_M = 2.6
"""Height of the plain above the ellipsoid: half a metre below the lawns of the three plots, so that those, and the surfaces of streets
and greens, which the rules lay 0.3 to 0.5 m above it, stay clear of it as far as one sees."""

SIZE_M, PIXEL_M = 9000.0, 30.0
_FLAT_M, _RISE_M = 1750.0, 700.0
"""Within this distance of the community it is flat; over the next it begins to rise where there are hills."""

# Middle (east, north of the community, m), height (m), radii along and across (m), turn (radians).
_HILLS = (
    (-3300.0, -2300.0, 165.0, 1500.0, 700.0, 0.6),
    (-2300.0, -3200.0, 118.0, 1100.0, 600.0, 0.3),
    (-3900.0, -900.0, 92.0, 900.0, 560.0, 1.1),
    (-2900.0, 2900.0, 74.0, 1000.0, 480.0, -0.5),
    (1100.0, 3700.0, 58.0, 1300.0, 520.0, 0.1),
    (3500.0, -3100.0, 44.0, 900.0, 520.0, -0.7),
)


def heights(east: NDArray[np.float64], north: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres above the ellipsoid at places told from the community centre, metres to the east and north of the map."""
    ground = np.zeros_like(east)
    for x, y, top, length, width, turn in _HILLS:
        cos, sin = np.cos(turn), np.sin(turn)
        a = ((east - x) * cos + (north - y) * sin) / length
        b = ((north - y) * cos - (east - x) * sin) / width
        ridges = 1.0 + 0.22 * np.sin(east / 210.0 + y) * np.cos(north / 260.0 - x)
        ground += top * np.exp(-(a * a + b * b)) * ridges
    ground += 0.8 * (1.0 + np.sin(east / 900.0) * np.cos(north / 1100.0))
    far = np.clip((np.hypot(east, north) - _FLAT_M) / _RISE_M, 0.0, 1.0)
    return np.asarray(PLAIN_M + ground * far * far * (3.0 - 2.0 * far))


def write_terrain(path: Path) -> None:
    """Write the GeoTIFF (EPSG:4549, float32); an existing file is replaced. Raises `OSError`."""
    count, half = int(SIZE_M / PIXEL_M), SIZE_M / 2
    middles = (np.arange(count) + 0.5) * PIXEL_M - half
    east, north = np.meshgrid(middles, middles[::-1])
    values = heights(east, north).astype(np.float32).round(2)
    corner = (COMMUNITY_CENTRE.easting_m - half, COMMUNITY_CENTRE.northing_m + half)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=count,
        height=count,
        count=1,
        dtype="float32",
        crs="EPSG:4549",
        transform=from_origin(*corner, PIXEL_M, PIXEL_M),
        compress="deflate",
        predictor=3,
    ) as target:
        target.write(values, 1)
