"""From source batches to published 3D Tiles 1.1; knows no source format.

What makes tiles is loaded when it is first asked for: codecs and encoders take 0.2 s, and processes that only say how tiles are to
be made, or hand them out, do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tiles.scene import SceneEntry, scene_entry, scene_tileset
from tiles.values import BuiltTileset, PlacedTileset, TileOptions

if TYPE_CHECKING:
    from tiles.build import build_tileset, object_bounds
    from tiles.tileset import replace_frame

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

_MODULES = {
    "build_tileset": "tiles.build",
    "object_bounds": "tiles.build",
    "replace_frame": "tiles.tileset",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
