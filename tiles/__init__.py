"""From source batches to published 3D Tiles 1.1; knows no source format."""

from tiles.build import build_tileset, object_bounds
from tiles.scene import SceneEntry, scene_entry, scene_tileset
from tiles.tileset import replace_frame
from tiles.values import BuiltTileset, PlacedTileset, TileOptions

__all__ = [
    "BuiltTileset",
    "PlacedTileset",
    "SceneEntry",
    "TileOptions",
    "build_tileset",
    "object_bounds",
    "replace_frame",
    "scene_entry",
    "scene_tileset",
]
