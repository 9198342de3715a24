"""The scene: one tileset whose children are the tilesets of the models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.errors import TilingError

_UNIT_CORNERS = np.array(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0])).reshape(3, -1).T

_EARTH_RADIUS_M = 6_378_137.0


class SceneEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the scene says of one model. `box` is its root's bounding volume in ECEF metres (12 numbers: centre, then
    three half axes); `error_m` the geometric error of not showing it; `uri` relative to the scene.
    """

    uri: str
    box: tuple[float, ...]
    error_m: float


class _Volume(msgspec.Struct):
    box: list[float]


class _Root(msgspec.Struct):
    bounding_volume: _Volume = msgspec.field(name="boundingVolume")
    transform: list[float] = []


class _Tileset(msgspec.Struct):
    geometric_error: float = msgspec.field(name="geometricError")
    root: _Root


def scene_entry(key: str, path: Path) -> SceneEntry:
    """The entry of model `key`, whose current tileset document lies at `path`. Its uri is `{key}/tileset.json`.

    Raises TilingError if the document cannot be read.
    """
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Tileset)
    except (OSError, msgspec.MsgspecError) as error:
        raise TilingError(
            f"the tileset of {key!r} cannot be read ({error}); import its source again"
        ) from error
    transform = np.array(document.root.transform or np.eye(4).ravel()).reshape(4, 4).T
    parts = np.array(document.root.bounding_volume.box).reshape(4, 3)
    turned = parts @ transform[:3, :3].T
    turned[0] += transform[:3, 3]
    return SceneEntry(
        uri=f"{quote(key, safe='')}/tileset.json",
        box=tuple(turned.ravel().tolist()),
        error_m=document.geometric_error,
    )


def scene_tileset(entries: Sequence[SceneEntry]) -> dict[str, Any]:
    """The scene's tileset document (3D Tiles 1.1, "External tilesets"). Without entries it is valid and empty."""
    if not entries:
        volume: dict[str, Any] = {"sphere": [0.0, 0.0, 0.0, _EARTH_RADIUS_M]}
        root = {"boundingVolume": volume, "geometricError": 0.0, "refine": "ADD"}
        return {"asset": {"version": "1.1"}, "geometricError": 0.0, "root": root}
    box = _enclosing([entry.box for entry in entries])
    span = 2.0 * float(np.linalg.norm([np.linalg.norm(axis) for axis in box[1:]]))
    children = [
        {
            "boundingVolume": {"box": list(each.box)},
            "geometricError": each.error_m,
            "content": {"uri": each.uri},
        }
        for each in entries
    ]
    root = {
        "boundingVolume": {"box": box.ravel().tolist()},
        "geometricError": max(span, *(2.0 * each.error_m for each in entries)),
        "refine": "ADD",
        "children": children,
    }
    return {"asset": {"version": "1.1"}, "geometricError": root["geometricError"], "root": root}


def _enclosing(boxes: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """(4, 3) centre and half axes of a box around `boxes` that stands upright where they are."""
    parts = np.array(boxes, dtype=np.float64).reshape(-1, 4, 3)
    corners = (parts[:, None, 0] + np.einsum("cj,bjk->bck", _UNIT_CORNERS, parts[:, 1:])).reshape(-1, 3)
    middle = corners.mean(axis=0)
    axes = _upright(middle)
    along = (corners - middle) @ axes.T
    lower, upper = along.min(axis=0), along.max(axis=0)
    centre = middle + (lower + upper) / 2.0 @ axes
    return np.vstack([centre, axes * ((upper - lower) / 2.0)[:, None]])


def _upright(point: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) rows: unit vectors roughly east, north and up at `point` (ECEF); any where that has no direction."""
    length = float(np.linalg.norm(point))
    up = point / length if length > 1.0 else np.array([0.0, 0.0, 1.0])
    east = np.cross([0.0, 0.0, 1.0], up)
    size = float(np.linalg.norm(east))
    east = east / size if size > 1e-9 else np.array([1.0, 0.0, 0.0])
    return np.vstack([east, np.cross(up, east), up])
