"""From a spooled source to a published tileset."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tiles.catalogue import read_catalogue
from tiles.city import City, city_tree, district_blocks
from tiles.content import Recipe, encode_content
from tiles.geometry import Geometry
from tiles.groups import Group, group_objects
from tiles.layout import Layout, TileLayout, Triple
from tiles.metadata import FeatureTable, feature_table
from tiles.overview_content import Summary, encode_overview
from tiles.partition import Extents, Node, diagonal_m, partition
from tiles.points import build_point_tileset, has_points, point_bounds
from tiles.primitives import Packing
from tiles.publish import Published, hashed_name, publish
from tiles.tileset import publish_layout
from tiles.values import BuiltTileset, TileOptions
from tiles.vertices import LAYER_STEP, bounds_of
from tiles.weights import are_buildings, drawn_vertices, tile_weights
from twin.errors import TilingError
from twin.forked import forked_map
from twin.frames import Frame
from twin.spool import Spool

LARGEST_TILE = 2_000_000
"""Bytes as sent above which a tile is reported."""


_FORK_TILES = 8
"""Tiles of a layer from which it pays to fork: 20 ms, as long as one takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is decided before anything is encoded. Members of `tree` are positions in `ordinals`, the drawn objects."""

    ordinals: NDArray[np.intp]
    bounds: NDArray[np.float64]
    tree: Node
    groups: list[Group]
    table: FeatureTable
    extents: Extents
    city: bool
    """Whether it is a city layer: objects in tables, many and alike."""
    cell_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    """One encoded and published tile."""

    centre: Triple
    lower: Triple
    upper: Triple
    instanced: int
    published: Published


def object_bounds(spool: Spool, count: int) -> NDArray[np.float64]:
    """Bounds of the `count` objects of a spool as BuiltTileset has them, before there are tiles. Raises TilingError where a
    coordinate is not finite.
    """
    return point_bounds(spool, count) if has_points(spool) else _bounds(Geometry(spool), count)


def _bounds(geometry: Geometry, count: int) -> NDArray[np.float64]:
    if not np.isfinite(geometry.instance_bounds).all():
        raise TilingError("a coordinate of a drawn object is not finite; import the source again")
    return geometry.bounds(count)


def build_tileset(
    spool: Spool, *, frame: Frame, state_index: NDArray[np.uint32], folder: Path, options: TileOptions
) -> BuiltTileset:
    """Tile everything that `spool` draws and write it into `folder`.

    Forks for city layers if it may have several workers: call it in a process without other threads then. `state_index` (n,) uint32 by ordinal. Raises TilingError where nothing is drawn or a coordinate is not finite.
    """
    if has_points(spool):
        return build_point_tileset(
            spool, frame=frame, state_index=state_index, folder=folder, options=options
        )
    geometry = Geometry(spool)
    plan = make_plan(spool, geometry, state_index, options, rigid=frame.is_rigid)
    schema = msgspec.json.encode(plan.table.schema())
    described = publish(folder, hashed_name("schema", schema, "json"), schema)
    recipe = Recipe(
        geometry=geometry,
        table=plan.table,
        schema_uri=f"../{described.names[0]}",
        packing=_packing(plan, options),
    )
    nodes = [node for node in plan.tree.walk() if node.has_content]
    tiles = _all_tiles(recipe, plan, nodes, folder, workers=options.workers)
    of_node = {id(node): tile for node, tile in zip(nodes, tiles, strict=True)}
    layout = Layout(
        root=_layout(plan, plan.tree, of_node),
        span_m=_span_m(plan),
        schema_uri=described.names[0],
        groups=plan.groups,
        statistics=plan.table.statistics(plan.ordinals),
        rigid=(plan.city and frame.is_rigid) or msgspec.UNSET,
        contents=sorted({*described.names, *(name for tile in tiles for name in tile.published.names)}),
    )
    placed = publish_layout(layout, frame, folder)
    return BuiltTileset(
        tileset=placed.tileset,
        layout=placed.layout,
        files=placed.files,
        bounds=plan.bounds,
        tile_count=len(tiles),
        feature_count=len(plan.ordinals),
        instanced=sum(tile.instanced for tile in tiles),
        stored_bytes=sum(tile.published.stored_bytes for tile in tiles),
        sent_bytes=sum(tile.published.sent_bytes for tile in tiles),
        warnings=_warnings(tiles, nodes),
    )


def make_plan(
    spool: Spool,
    geometry: Geometry,
    state_index: NDArray[np.uint32],
    options: TileOptions,
    *,
    rigid: bool = False,
) -> Plan:
    """Decide the tree of tiles and the columns of their tables. `rigid`: the frame is exact at any distance.

    Raises TilingError like `build_tileset`.
    """
    bounds = _bounds(geometry, len(state_index))
    drawn = ~np.isnan(bounds[:, 0])
    ordinals = np.flatnonzero(drawn)
    if not len(ordinals):
        raise TilingError("nothing in this source can be drawn; its report says why")
    catalogue = read_catalogue(spool, drawn=drawn, hot_properties=options.hot_properties)
    vertices, weight = drawn_vertices(geometry, len(drawn)), tile_weights(geometry, len(drawn))
    groups, of_object = group_objects(catalogue, ordinals, vertices[ordinals])
    extents = Extents(lower=bounds[ordinals, :3], upper=bounds[ordinals, 3:], weight=weight[ordinals])
    if catalogue.layer:
        buildings = are_buildings(geometry, bounds, ordinals)
        city = City(extents=extents, groups=of_object, buildings=buildings, rigid=rigid)
        tree, cell_m = city_tree(city)
    else:
        tree, cell_m = partition(extents, of_object), 0.0
    return Plan(
        ordinals=ordinals,
        bounds=bounds,
        tree=tree,
        groups=groups,
        table=feature_table(catalogue, state_index),
        extents=extents,
        city=catalogue.layer,
        cell_m=cell_m,
    )


def _packing(plan: Plan, options: TileOptions) -> Packing:
    if not plan.city:
        return Packing(compress=options.compress)
    return Packing(compress=options.compress, coarsest=LAYER_STEP, by_plan=options.compress)


def _all_tiles(recipe: Recipe, plan: Plan, nodes: list[Node], folder: Path, *, workers: int) -> list[_Tile]:
    """Encode and publish `nodes`, in their order.

    The thousands of small tiles of a city layer are shared out over forked processes: half of their time the interpreter is
    held. Those of models are few and large, and codecs and compressors leave it free: threads have no price.
    """
    if workers <= 1 or len(nodes) <= 1:
        return [_tile(recipe, plan, node, folder) for node in nodes]
    if plan.city and len(nodes) >= _FORK_TILES:
        return forked_map(lambda place: _tile(recipe, plan, nodes[place], folder), len(nodes), workers)
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda node: _tile(recipe, plan, node, folder), nodes))


def _tile(recipe: Recipe, plan: Plan, node: Node, folder: Path) -> _Tile:
    shown = node.members if node.stands_for is None else node.stands_for
    centre = _centre(plan, plan.ordinals[shown])
    if node.stands_for is None:
        content = encode_content(recipe, plan.ordinals[shown], np.array(centre))
    else:
        exact, blocks = district_blocks(plan.extents, shown, plan.cell_m)
        summary = Summary(exact=plan.ordinals[exact], blocks=blocks, ordinals=plan.ordinals)
        content = encode_overview(recipe, summary, np.array(centre))
    recipe.geometry.release()
    published = publish(
        folder, f"content/{hashed_name('', content.data, 'glb')}", content.data, quick=plan.city
    )
    return _Tile(
        centre=centre,
        lower=_triple(content.lower),
        upper=_triple(content.upper),
        instanced=content.instanced,
        published=published,
    )


def _centre(plan: Plan, ordinals: NDArray[np.intp]) -> Triple:
    """Origin of a tile: the middle of its objects in whole metres, a multiple of every lattice step."""
    lower, upper = bounds_of(plan.bounds[ordinals])
    return _triple(np.rint((lower[:3] + upper[3:]) / 2.0))


def _layout(plan: Plan, node: Node, tiles: dict[int, _Tile]) -> TileLayout:
    children = [_layout(plan, child, tiles) for child in node.children]
    tile = tiles.get(id(node))
    if tile is None:
        below = np.concatenate([each.members for each in node.walk()])
        return TileLayout(centre=_centre(plan, plan.ordinals[below]), error_m=node.error_m, children=children)
    return TileLayout(
        centre=tile.centre,
        error_m=node.error_m,
        uri=tile.published.names[0],
        refine="REPLACE" if node.stands_for is not None else msgspec.UNSET,
        group=node.group,
        lower=tile.lower,
        upper=tile.upper,
        children=children,
    )


def _span_m(plan: Plan) -> float:
    boxes = plan.bounds[plan.ordinals]
    return float(diagonal_m(boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)))


def _triple(values: NDArray[np.float64]) -> Triple:
    x, y, z = values.tolist()
    return (x, y, z)


def _warnings(tiles: list[_Tile], nodes: list[Node]) -> list[str]:
    return [
        f"tile {tile.published.names[0]} has {tile.published.sent_bytes} bytes as sent, more than {LARGEST_TILE}: "
        + ("its one object is that large" if len(node.members) == 1 else "its images are that large")
        for tile, node in zip(tiles, nodes, strict=True)
        if tile.published.sent_bytes > LARGEST_TILE
    ]
