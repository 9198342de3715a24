"""Digital elevation models: heights of the ground at any point, from any raster that GDAL reads."""

from bim_import.terrain.raster import Terrain, open_ground, open_terrain

__all__ = ["Terrain", "open_ground", "open_terrain"]
