"""Tileset documents (3D Tiles 1.1) from a layout and a frame: transforms, oriented boxes, external tilesets.

The tree is py3dtiles' typed model; it adds what that model lacks (content groups, schema, statistics).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from py3dtiles.constants import SpecVersion
from py3dtiles.tileset import BoundingVolumeBox, Tile, TileSet
from py3dtiles.typing import TileDictType

from tiles.layout import Layout, TileLayout
from tiles.metadata import GROUP_CLASS
from tiles.publish import hashed_name, publish, write
from tiles.values import PlacedTileset
from twin.errors import TilingError
from twin.frames import Frame

LARGEST_JSON = 1_000_000
"""Bytes of one tileset document; above, subtrees move to documents of their own."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """JSON files of one tileset: `name` is the entry, `files` all of them by name."""

    name: str
    files: dict[str, bytes]


class ContentTile(Tile):
    """A tile whose content belongs to a group and has a box of its own where children make the tile's box larger."""

    def __init__(self, layout: TileLayout, transform: NDArray[np.float64]) -> None:
        box = None if layout.uri is None else _box(layout)
        super().__init__(layout.error_m, box, transform, layout.refine or "ADD", layout.uri)
        self.layout = layout

    def to_dict(self) -> TileDictType:
        """The tile as JSON (3D Tiles 1.1, "Tiles")."""
        result: Any = super().to_dict()
        if self.layout.uri is not None:
            result["content"] = {"uri": self.layout.uri, "group": self.layout.group}
            if self.children:
                result["content"]["boundingVolume"] = _box(self.layout).to_dict()
        return result  # type: ignore[no-any-return]  # py3dtiles types the 1.0 fields only


def publish_layout(layout: Layout, frame: Frame, folder: Path) -> PlacedTileset:
    """Write `layout` and the documents that place it by `frame` into `folder`."""
    data = msgspec.msgpack.encode(layout)
    layout_name = hashed_name("layout", data, "msgpack")
    write(folder / layout_name, data)
    made = documents(layout, frame, layout_name=layout_name)
    names = {name for file, data in made.files.items() for name in publish(folder, file, data).names}
    others = sorted({layout_name, *names, *layout.contents} - {made.name})
    return PlacedTileset(tileset=made.name, layout=layout_name, files=[made.name, *others])


def replace_frame(folder: Path, tileset: str, frame: Frame) -> PlacedTileset:
    """Place a published tileset anew: its contents stay, only JSON is written.

    Raises TilingError if `tileset` in `folder` was not written by this package or its layout is gone.
    """
    try:
        head = msgspec.json.decode((folder / tileset).read_bytes(), type=_Head)
        layout = msgspec.msgpack.decode((folder / head.extras["layout"]).read_bytes(), type=Layout)
    except (OSError, KeyError, msgspec.MsgspecError) as error:
        raise TilingError(f"{tileset} cannot be placed anew ({error}); import its source again") from error
    if layout.rigid and not frame.is_rigid:
        raise TilingError(
            f"{tileset} has tiles too wide for a map projection; import its source again with that reference system"
        )
    return publish_layout(layout, frame, folder)


class _Head(msgspec.Struct):
    extras: dict[str, str]


def documents(layout: Layout, frame: Frame, *, layout_name: str) -> Documents:
    """The JSON files of `layout` standing where `frame` says."""
    tileset = TileSet(layout.span_m, SpecVersion.V1_1)
    tileset.asset.extras.clear()  # py3dtiles writes the time of day: same input, same bytes
    tileset.root_tile = _tile(layout.root, frame, None)
    head: Any = tileset.to_dict()
    root = head.pop("root")
    head |= {"schemaUri": layout.schema_uri, "groups": [_group_json(g) for g in layout.groups]}
    own = {"statistics": layout.statistics, "extras": {"layout": layout_name}}
    files: dict[str, bytes] = {}
    root = _split(root, _Shared(head=head, budget=LARGEST_JSON - len(_encode({**head, **own}))), files)
    head |= {**own, "root": root}
    data = _encode(head)
    name = hashed_name("tileset", data, "json")
    return Documents(name=name, files={name: data, **files})


def _group_json(group: Any) -> Json:
    values = {key: value for key, value in msgspec.to_builtins(group).items() if value}
    return {"class": GROUP_CLASS, "properties": values}


def _box(layout: TileLayout) -> BoundingVolumeBox:
    return BoundingVolumeBox.from_mins_maxs(np.array([*layout.lower, *layout.upper]))


def _tile(layout: TileLayout, frame: Frame, parent: NDArray[np.float64] | None) -> ContentTile:
    """The tile and all below it. `parent` (4, 4): the parent's local frame in ECEF."""
    own = frame.affine_at(np.array(layout.centre))
    tile = ContentTile(layout, own if parent is None else relative(parent, own))
    tile.children = [_tile(child, frame, own) for child in layout.children]
    return tile


def relative(parent: NDArray[np.float64], child: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) with `parent @ relative == child`, computed from the difference of their origins.

    Subtracting first keeps the rounding at 1e-9 m; inverting the whole matrix would multiply it by the Earth's radius.
    """
    result = np.eye(4)
    right = np.column_stack([child[:3, :3], child[:3, 3] - parent[:3, 3]])
    result[:3, :] = np.linalg.solve(parent[:3, :3], right)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the documents of one tileset have in common: `head`, and how many bytes are left for tiles."""

    head: Json
    budget: int


def _split(tile: Json, shared: _Shared, files: dict[str, bytes]) -> Json:
    """`tile` with its largest subtrees moved into `files` until its document is small enough."""
    children = [_split(child, shared, files) for child in tile.get("children", [])]
    if not children:
        return tile
    budget = shared.budget - len(_encode({**tile, "children": []})) - len(children)
    sizes = [len(_encode(child)) for child in children]
    for at in np.argsort(sizes)[::-1].tolist():
        if sum(sizes) <= budget or "children" not in children[at]:
            break
        children[at] = _external(children[at], shared.head, files)
        sizes[at] = len(_encode(children[at]))
    return {**tile, "children": children}


def _external(tile: Json, head: Json, files: dict[str, bytes]) -> Json:
    """Write `tile` as a tileset of its own and return the tile that leads to it."""
    root = {key: value for key, value in tile.items() if key != "transform"}
    data = _encode({**head, "geometricError": tile["geometricError"], "root": root})
    name = hashed_name("subtree", data, "json")
    files[name] = data
    kept = ("boundingVolume", "geometricError", "refine", "transform")
    return {key: tile[key] for key in kept if key in tile} | {"content": {"uri": name}}


def _encode(document: Json) -> bytes:
    return msgspec.json.encode(document, enc_hook=float)


def walk(root: TileLayout) -> Iterator[TileLayout]:
    """All tiles, parents first."""
    yield root
    for child in root.children:
        yield from walk(child)
