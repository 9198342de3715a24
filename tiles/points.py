"""Point clouds as 3D Tiles 1.1: glTF points in an octree, quantised and compressed like meshes are."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tiles.catalogue import read_catalogue
from tiles.content import Content, finished, upright
from tiles.gltf import GlbBuilder
from tiles.groups import Group, group_objects
from tiles.layout import Layout, TileLayout, Triple
from tiles.materials import linear_from_srgb
from tiles.metadata import FeatureTable, feature_table
from tiles.octree import PointNode, octree
from tiles.primitives import QUANTIZATION
from tiles.publish import Published, hashed_name, publish
from tiles.structural import MESH_FEATURES, feature_set, write_table
from tiles.tileset import publish_layout
from tiles.values import BuiltTileset, TileOptions
from tiles.vertices import Attribute, feature_ids, lattice_positions, padded, plain_positions
from twin.errors import TilingError
from twin.frames import Frame
from twin.spool import Spool
from twin.spool.points import STEP_M, PointFacts, read_points

_POINTS = 0
"""glTF 2.0, primitive.mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud: its rows (POINT_ROW), what holds for all of them, and the table of its objects."""

    facts: PointFacts
    rows: NDArray[Any]
    table: FeatureTable
    schema_uri: str
    compress: bool

    def positions(self, members: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, 3) local metres of some points."""
        cells = np.asarray(self.rows["cell"][members], dtype=np.float64)
        return cells * STEP_M + np.array(self.facts.origin, dtype=np.float64)

    def ordinals(self, members: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) objects of some points."""
        table = np.array(self.facts.ordinals, dtype=np.int64)
        return np.asarray(table[self.rows["classification"][members]])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    centre: Triple
    content: Content
    published: Published


def has_points(spool: Spool) -> bool:
    """Whether a spool holds a point cloud."""
    return read_points(spool.folder) is not None


def point_bounds(spool: Spool, count: int) -> NDArray[np.float64]:
    """(count, 6) bounds by ordinal, local metres; NaN where an object has no points."""
    found = read_points(spool.folder)
    return np.full((count, 6), np.nan) if found is None else _bounds(*found, count)


def build_point_tileset(
    spool: Spool, *, frame: Frame, state_index: NDArray[np.uint32], folder: Path, options: TileOptions
) -> BuiltTileset:
    """Tile the cloud of a spool; arguments and errors are those of `build_tileset`."""
    found = read_points(spool.folder)
    if found is None or not len(found[1]):
        raise TilingError("nothing in this source can be drawn; its report says why")
    facts, rows = found
    bounds = _bounds(facts, rows, len(state_index))
    drawn = ~np.isnan(bounds[:, 0])
    catalogue = read_catalogue(spool, drawn=drawn, hot_properties=options.hot_properties)
    table = feature_table(catalogue, state_index)
    schema = msgspec.json.encode(table.schema())
    described = publish(folder, hashed_name("schema", schema, "json"), schema)
    cloud = Cloud(
        facts=facts,
        rows=rows,
        table=table,
        schema_uri=f"../{described.names[0]}",
        compress=options.compress,
    )
    tree = octree(rows["cell"])
    nodes = tree.walk()
    with ThreadPoolExecutor(max(1, options.workers)) as pool:
        tiles = list(pool.map(lambda node: _tile(cloud, node, folder), nodes))
    of_node = {id(node): tile for node, tile in zip(nodes, tiles, strict=True)}
    ordinals = np.flatnonzero(drawn)
    weights = np.full(len(ordinals), float(len(rows)))
    groups: list[Group] = group_objects(catalogue, ordinals, weights)[0][:1]
    whole = bounds[ordinals]
    layout = Layout(
        root=_layout(tree, of_node),
        span_m=float(np.linalg.norm(whole[:, 3:].max(axis=0) - whole[:, :3].min(axis=0))),
        schema_uri=described.names[0],
        groups=groups,
        statistics=table.statistics(ordinals),
        contents=sorted({*described.names, *(name for tile in tiles for name in tile.published.names)}),
    )
    placed = publish_layout(layout, frame, folder)
    return BuiltTileset(
        tileset=placed.tileset,
        layout=placed.layout,
        files=placed.files,
        bounds=bounds,
        tile_count=len(tiles),
        feature_count=len(ordinals),
        instanced=0,
        stored_bytes=sum(tile.published.stored_bytes for tile in tiles),
        sent_bytes=sum(tile.published.sent_bytes for tile in tiles),
    )


def _bounds(facts: PointFacts, rows: NDArray[Any], count: int) -> NDArray[np.float64]:
    """(count, 6) bounds by ordinal, local metres; NaN where an object has no points."""
    result = np.full((count, 6), np.nan)
    classes = np.asarray(rows["classification"])
    for code in np.flatnonzero(np.bincount(classes)):
        cells = rows["cell"][classes == code].astype(np.float64) * STEP_M + np.array(facts.origin)
        row = result[facts.ordinals[code]]
        row[:3] = np.fmin(row[:3], cells.min(axis=0))
        row[3:] = np.fmax(row[3:], cells.max(axis=0))
    return result


def _tile(cloud: Cloud, node: PointNode, folder: Path) -> _Tile:
    positions = cloud.positions(node.members)
    middle = np.rint((positions.min(axis=0) + positions.max(axis=0)) / 2.0)
    content = encode_points(cloud, node.members, middle)
    published = publish(folder, f"content/{hashed_name('', content.data, 'glb')}", content.data, quick=True)
    return _Tile(centre=_triple(middle), content=content, published=published)


def encode_points(cloud: Cloud, members: NDArray[np.int64], centre: NDArray[np.float64]) -> Content:
    """Encode points into one .glb around `centre` (3,) local metres."""
    rows = cloud.rows[members]
    positions = cloud.positions(members) - centre
    lattice = lattice_positions(positions) if cloud.compress else plain_positions(positions)
    distinct, features = np.unique(cloud.ordinals(members), return_inverse=True)
    builder = GlbBuilder()
    upright(builder)
    attributes = [lattice.attribute, _colors(rows["color"]), feature_ids(features.reshape(-1))]
    if cloud.facts.has_intensity:
        attributes.append(_plain("_INTENSITY", rows["intensity"]))
    if cloud.facts.has_classes:
        attributes.append(_plain("_CLASSIFICATION", rows["classification"]))
    order = np.arange(len(members))
    if cloud.compress:
        builder.used.add(QUANTIZATION)
        builder.required.add(QUANTIZATION)
    primitive: dict[str, Any] = {
        "mode": _POINTS,
        "attributes": {each.name: each.write(builder, order, packed=cloud.compress) for each in attributes},
        "material": 0,
        "extensions": feature_set(builder, MESH_FEATURES, count=len(distinct)),
    }
    builder.materials.append({"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0}})
    builder.meshes.append({"primitives": [primitive]})
    builder.nodes.append({"mesh": 0} | lattice.node())
    write_table(
        builder, cloud.table.rows(distinct.astype(np.intp)), count=len(distinct), schema_uri=cloud.schema_uri
    )
    return finished(builder, [(lattice.lower, lattice.upper)], instanced=0)


def _colors(srgb: NDArray[np.uint8]) -> Attribute:
    """Linear colours of 16 bits a channel: 8 would show steps in the dark."""
    linear = linear_from_srgb(srgb.astype(np.float64) / 255.0)
    values = np.rint(linear * 65_535.0).astype(np.uint16)
    rows = padded(values)
    return Attribute(name="COLOR_0", values=rows[:, :3], rows=rows, normalized=True)


def _plain(name: str, values: NDArray[Any]) -> Attribute:
    rows = padded(np.ascontiguousarray(values)[:, None])
    return Attribute(name=name, values=rows[:, 0], rows=rows)


def _layout(node: PointNode, tiles: dict[int, _Tile]) -> TileLayout:
    tile = tiles[id(node)]
    return TileLayout(
        centre=tile.centre,
        error_m=node.error * STEP_M,
        uri=tile.published.names[0],
        group=0,
        lower=_triple(tile.content.lower),
        upper=_triple(tile.content.upper),
        children=[_layout(child, tiles) for child in node.children],
    )


def _triple(values: NDArray[np.float64]) -> Triple:
    x, y, z = values.tolist()
    return (x, y, z)
