"""Writes the made-up city of `city_spool.py` as a map layer: realistic footprints, heights and attributes around Ningbo.

    .venv/bin/python benchmarks/city_layer.py COUNT FILE      # FILE ends in .gpkg, .geojson, .fgb or .shp

The same count makes the same city. A million buildings take a minute and 2 GB of memory to write.
"""

import argparse
from pathlib import Path

import numpy as np
import pyogrio.raw
import pyproj
import shapely
from city_spool import SHAPES, buildings

LON, LAT = 121.55, 29.87
USES = np.array(["apartments", "commercial", "house", "industrial", "residential", "school"])


def footprints(count: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) polygons in lon, lat, and (n,) heights in metres."""
    made = buildings(count, 1)
    to_degrees = pyproj.Transformer.from_crs(
        f"+proj=tmerc +lon_0={LON} +lat_0={LAT} +ellps=WGS84", "EPSG:4326", always_xy=True
    )
    polygons = np.empty(count, dtype=object)
    for kind, (_, unit, _) in enumerate(SHAPES):
        rows = np.flatnonzero(made.shape == kind)
        corners = (np.array(unit) - 0.5) * made.size[rows][:, None]
        cos, sin = np.cos(made.turn[rows])[:, None], np.sin(made.turn[rows])[:, None]
        east = corners[..., 0] * cos - corners[..., 1] * sin + made.centre[rows][:, :1]
        north = corners[..., 0] * sin + corners[..., 1] * cos + made.centre[rows][:, 1:]
        lon, lat = to_degrees.transform(east, north)
        polygons[rows] = shapely.polygons(np.stack([lon, lat], axis=-1))
    return polygons, made.height


def write_layer(count: int, file: Path) -> None:
    """Write the layer; ids are given at random, so that neighbours in space are no neighbours in order."""
    polygons, heights = footprints(count)
    draw = np.random.default_rng(2)
    named = draw.random(count) < 0.03
    columns = {
        "gid": np.char.add("B", draw.permutation(count).astype(str)).astype(object),
        "name": np.where(named, np.char.add("公寓 ", np.arange(count).astype(str)), "").astype(object),
        "height": heights,
        "levels": np.maximum((heights / 2.9).astype(np.int32), 1),
        "use": draw.choice(USES, count).astype(object),
        "year": draw.integers(1850, 2025, count).astype(np.int32),
    }
    options = {"COORDINATE_PRECISION": "9"} if file.suffix == ".geojson" else {}
    pyogrio.raw.write(
        str(file),
        geometry=shapely.to_wkb(polygons),
        field_data=list(columns.values()),
        fields=np.array(list(columns), dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4326",
        layer_options=options,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    write_layer(arguments.count, arguments.file)
