"""Map layers made for tests, what an import of one leaves behind, and where things are by another road."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
import trimesh
from numpy.typing import NDArray

from bim_import import ImportOptions, PlacementOverrides
from bim_import.gis.importer import import_gis
from tests.bim_import.city_models import Imported, read_back
from twin.frames import Frame

Floats = NDArray[np.float64]
NINGBO = (121.5440, 29.8683)


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    """One GeoJSON feature; `geometry` is a shapely geometry, a GeoJSON one or None."""
    if isinstance(geometry, shapely.Geometry):
        geometry = json.loads(shapely.to_geojson(geometry))
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(folder: Path, *features: dict[str, Any], name: str = "layer.geojson") -> Path:
    """A FeatureCollection on disk."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False))
    return file


def imported(file: Path, *, rules: Path | None = None, workers: int = 1, **placement: Any) -> Imported:
    """Import a file into a spool beside it, and read that back."""
    folder = file.parent / f"spool of {file.name}"
    options = ImportOptions(placement=PlacementOverrides(**placement), workers=workers, rules=rules)
    return read_back(import_gis(file, folder, options=options, progress=lambda _: None), folder)


def metres(lon: float, lat: float, corners: Any) -> Floats:
    """Corners in metres east and north of a place → lon, lat (an equal-area map, so that areas are true)."""
    east, north = np.asarray(corners, dtype=float).T
    return np.column_stack(_map(lon, lat).transform(east, north, direction="INVERSE"))


def true_area(lon: float, lat: float, polygon: shapely.Geometry) -> float:
    """Square metres of a polygon in lon, lat, by PROJ's equal-area projection."""
    to_map = _map(lon, lat)
    flat = shapely.transform(polygon, lambda points: np.column_stack(to_map.transform(*points.T)))
    return float(shapely.area(flat))


def _map(lon: float, lat: float) -> pyproj.Transformer:
    crs = f"+proj=laea +lon_0={lon} +lat_0={lat} +datum=WGS84 +units=m"
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def block(lon: float, lat: float, *, width: float = 20.0, depth: float = 10.0) -> shapely.Polygon:
    """A rectangle in lon, lat with its first corner at a place."""
    return shapely.Polygon(metres(lon, lat, [(0, 0), (width, 0), (width, depth), (0, depth)]))


def solid(found: Imported, global_id: str) -> trimesh.Trimesh:
    """The mesh of a feature, vertices that coincide joined."""
    ((mesh, positions),) = found.meshes(global_id)
    body = trimesh.Trimesh(positions - positions[0], mesh.triangles, process=False)
    body.merge_vertices(merge_norm=True, merge_tex=True)
    return body


def places(found: Imported, global_id: str) -> Floats:
    """(n, 3) lon, lat, height of the vertices of a feature, by pyproj."""
    frame = Frame(found.result.diagnosis.placement)
    ecef = np.concatenate([frame.to_ecef(positions) for _, positions in found.meshes(global_id)])
    to_geographic = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    return np.column_stack(to_geographic.transform(*ecef.T))
