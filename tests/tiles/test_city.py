"""City layers: every feature once, districts as blocks from afar, the same bytes whoever did the work."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tiles.layers import FIRST_INDEX, build_layer, frame, grid, table, write_layer
from tests.tiles.reading import Glb, Placed, tiles_of
from tests.tiles.spools import frame as projected
from tests.tiles.spools import sphere
from tests.tiles.test_tileset import snapshot
from tests.tiles.validator import validate
from tiles import BuiltTileset, replace_frame
from tiles.city import City, cell_side_m, city_tree
from tiles.overview import blocks_of
from tiles.partition import Extents
from twin.errors import TilingError
from twin.source import Material
from twin.spool import GeometryWriter, ObjectWriter, Spool
from twin.tables import Coded, PropertyColumn, TextArray, Values

COUNT = 600


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of at most 20 houses, districts of at most 100."""
    for name in ("tiles.partition.FULL_TILE", "tiles.weights.FULL_TILE"):
        monkeypatch.setattr(name, 480)
    monkeypatch.setattr("tiles.partition.KEPT_BY_PARENT", 400)
    monkeypatch.setattr("tiles.city.DISTRICT", 2_400)
    monkeypatch.setattr("tiles.overview.EXACT_VERTICES", 100)


@pytest.fixture
def city(small_tiles: None, tmp_path: Path) -> tuple[Path, BuiltTileset]:
    spool = write_layer(tmp_path / "spool", grid(COUNT))
    return tmp_path / "out", build_layer(spool, tmp_path / "out", COUNT, compress=False)


def content(folder: Path, tile: Placed) -> Glb:
    return Glb((folder / tile.json["content"]["uri"]).read_bytes())


def rows_of(folder: Path, built: BuiltTileset) -> list[dict[str, Any]]:
    document = json.loads((folder / built.tileset).read_bytes())
    schema = json.loads((folder / document["schemaUri"]).read_bytes())
    glbs = [content(folder, tile) for tile in tiles_of(folder, built.tileset) if "content" in tile.json]
    return [
        row
        for glb in glbs
        if "EXT_structural_metadata" in glb.json.get("extensions", {})
        for row in glb.table(schema)
    ]


def overviews(folder: Path, built: BuiltTileset) -> list[Placed]:
    return [tile for tile in tiles_of(folder, built.tileset) if tile.json.get("refine") == "REPLACE"]


def test_every_building_is_one_feature_of_one_tile_with_its_state(city: tuple[Path, BuiltTileset]) -> None:
    found = {row["global_id"]: row["state_index"] for row in rows_of(*city)}

    assert Counter(row["global_id"] for row in rows_of(*city)).most_common(1)[0][1] == 1
    assert found == {f"way/{at:06d}": FIRST_INDEX + at for at in range(COUNT)}


def test_districts_are_seen_as_blocks_without_features_that_their_tiles_replace(
    city: tuple[Path, BuiltTileset],
) -> None:
    folder, built = city
    found = overviews(folder, built)

    assert len(found) >= COUNT / 100
    for tile in found:
        glb = content(folder, tile)
        assert "EXT_structural_metadata" not in glb.json.get("extensions", {})
        assert (glb.drawn().features == -1).all()
        assert tile.json["children"]


def test_errors_decrease_strictly_down_to_zero(city: tuple[Path, BuiltTileset]) -> None:
    for tile in tiles_of(city[0], city[1].tileset):
        if tile.parent is not None:
            assert tile.json["geometricError"] < tile.parent.json["geometricError"]
        if "children" not in tile.json:
            assert tile.json["geometricError"] == 0.0


def test_the_error_of_an_overview_is_no_less_than_what_it_is_off(city: tuple[Path, BuiltTileset]) -> None:
    folder, built = city
    for tile in overviews(folder, built):
        own = content(folder, tile).drawn().corners.reshape(-1, 3)
        below = [
            each
            for each in tiles_of(folder, built.tileset)
            if each.parent is not None and each.parent.json is tile.json
        ]
        for child in below:
            corners = content(folder, child).drawn().corners.reshape(-1, 3)
            here = tile.from_ecef(corners @ child.to_ecef[:3, :3].T + child.to_ecef[:3, 3])
            nearest = np.sqrt(((here[:, None] - own[None]) ** 2).sum(axis=2)).min(axis=1)
            assert nearest.max() <= tile.json["geometricError"]


def test_every_vertex_lies_in_the_box_of_its_tile_and_of_all_above(city: tuple[Path, BuiltTileset]) -> None:
    folder, built = city
    for tile in tiles_of(folder, built.tileset):
        if "content" not in tile.json:
            continue
        points = content(folder, tile).drawn().corners.reshape(-1, 3)
        ecef = points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        at: Placed | None = tile
        while at is not None:
            assert at.outside(at.from_ecef(ecef)) <= 1e-6
            at = at.parent


def test_a_layer_tens_of_kilometres_wide_stands_within_a_centimetre(
    small_tiles: None, tmp_path: Path
) -> None:
    houses = grid(100, pitch_m=4_000.0)
    spool = write_layer(tmp_path / "spool", houses)
    built = build_layer(spool, tmp_path / "out", len(houses), compress=False)
    exact = frame().to_ecef(np.concatenate([houses[:, :3], houses[:, :3] + houses[:, 3:]]))
    found = []
    for tile in tiles_of(tmp_path / "out", built.tileset):
        if "content" in tile.json and tile.json.get("refine") != "REPLACE":
            points = content(tmp_path / "out", tile).drawn().corners.reshape(-1, 3)
            found.append(points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3])
    drawn = np.concatenate(found)
    for corner in exact:
        assert np.linalg.norm(drawn - corner, axis=1).min() < 0.01


def test_the_same_bytes_whatever_the_workers_and_the_writers(small_tiles: None, tmp_path: Path) -> None:
    for name, parts, workers in (("a", 1, 1), ("b", 3, 2), ("c", 1, 2)):
        build_layer(
            write_layer(tmp_path / f"{name}-spool", grid(COUNT), parts=parts),
            tmp_path / name,
            COUNT,
            workers=workers,
        )

    assert snapshot(tmp_path / "a") == snapshot(tmp_path / "b") == snapshot(tmp_path / "c")


@pytest.mark.node
@pytest.mark.parametrize("arranged", [False, True])
def test_decoded_tiles_of_a_layer_are_valid_gltf_and_draw_what_plain_ones_draw(
    small_tiles: None, tmp_path: Path, node: str, *, arranged: bool
) -> None:
    spool = write_layer(tmp_path / "spool", grid(200), arranged=arranged)
    plain = build_layer(spool, tmp_path / "plain", 200, compress=False)
    packed = build_layer(spool, tmp_path / "packed", 200)
    reports = validate(node, tmp_path / "packed" / "content")

    assert {name: report["serious"] for name, report in reports.items() if report["count"]} == {}
    pairs = zip(
        tiles_of(tmp_path / "plain", plain.tileset),
        tiles_of(tmp_path / "packed", packed.tileset),
        strict=True,
    )
    for one, other in pairs:
        if "content" in one.json and one.json.get("refine") != "REPLACE":
            path = tmp_path / "packed" / other.json["content"]["uri"]
            decoded = Glb((path.parent / "decoded" / path.name).read_bytes()).drawn()
            expected = content(tmp_path / "plain", one).drawn()
            assert sorted_corners(decoded.corners) == pytest.approx(
                sorted_corners(expected.corners), abs=0.003
            )


def sorted_corners(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middles of triangles, in an order that a few millimetres do not change."""
    middles: NDArray[np.float64] = corners.mean(axis=1)
    order = np.lexsort(np.round(middles, 1).T)
    return np.asarray(middles[order])


def test_a_layer_of_one_tile_has_no_overview(tmp_path: Path) -> None:
    build = build_layer(write_layer(tmp_path / "spool", grid(50)), tmp_path / "out", 50)

    assert (build.tile_count, overviews(tmp_path / "out", build)) == (1, [])


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "truth": st.booleans(),
    "count": st.integers(-(2**40), 2**40),
    "size": st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 2)),
    "kind": st.sampled_from(["砖", "steel", "木"]),
    "word": st.sampled_from(["a", "bb", "ccc"]),
}


SURE: dict[str, list[Any]] = {
    "truth": [True, False],
    "count": [1, 2],
    "size": [0.5, 1.5],
    "kind": ["砖", "木"],
    "word": ["a", "bb"],
}
"""Two values of each, so that every column is worth a place in tiles, if it is of few texts or none."""


def column(name: str, values: list[Any]) -> PropertyColumn:
    valid = np.array([value is not None for value in values])
    filled: Values
    if name in {"kind", "word"}:
        texts = [value or "" for value in values]
        filled = Coded.of(texts) if name == "kind" else TextArray.of(texts)
    else:
        filled = np.array(
            [value or 0 for value in values], dtype={"truth": bool, "count": np.int64}.get(name, np.float64)
        )
    return PropertyColumn(set_name="attributes", name=name, type=name, values=filled, valid=valid)


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_properties_of_every_type_come_back_with_their_gaps(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("layer")
    count = 24
    given_values = {
        name: data.draw(st.lists(st.none() | each, min_size=count - 4, max_size=count - 4))
        + [None, None]
        + SURE[name]
        for name, each in VALUES.items()
    }
    halves = [
        table(
            first,
            count // 2,
            [column(name, values[first : first + count // 2]) for name, values in given_values.items()],
        )
        for first in (0, count // 2)
    ]
    built = build_layer(
        write_layer(folder / "spool", grid(count), halves), folder / "out", count, compress=False
    )
    rows = {row["global_id"]: row for row in rows_of(folder / "out", built)}

    names = {key for row in rows.values() for key in row if key.startswith("attributes_")}
    for at in range(count):
        for key in names:
            expected = given_values[key.removeprefix("attributes_")][at]
            if isinstance(expected, bool):
                expected = {True: "TRUE", False: "FALSE"}[expected]
            assert rows[f"way/{at:06d}"][key] == expected
    assert {"attributes_size", "attributes_count", "attributes_truth"} <= names


def test_wide_tiles_are_not_placed_by_a_map_projection(city: tuple[Path, BuiltTileset]) -> None:
    folder, built = city
    again = replace_frame(folder, built.tileset, frame())

    assert again.tileset == built.tileset
    with pytest.raises(TilingError, match="import its source again"):
        replace_frame(folder, built.tileset, projected())


def test_columns_that_no_object_fills_are_left_out_of_the_schema(tmp_path: Path) -> None:
    nameless = table(0, 9, names=TextArray.of([""] * 9))
    built = build_layer(
        write_layer(tmp_path / "spool", grid(9), [nameless]), tmp_path / "out", 9, compress=False
    )

    assert {"name", "storey", "storey_id"}.isdisjoint(rows_of(tmp_path / "out", built)[0])


def test_a_hundred_thousand_like_points_show_a_share_of_them_from_afar(tmp_path: Path) -> None:
    count, side = 20_000, 150
    at = np.arange(count)
    transforms = np.tile(np.eye(3, 4), (count, 1, 1))
    transforms[:, 0, 3], transforms[:, 1, 3] = at % side * 25.0, at // side * 25.0
    with GeometryWriter(tmp_path / "spool", 0) as writer:
        writer.add_material(Material())
        shared = writer.add_mesh(sphere(6))
        writer.add_instances(shared, at, transforms)
    with ObjectWriter(tmp_path / "spool") as objects:
        objects.write_table(table(0, count))
    built = build_layer(Spool(tmp_path / "spool"), tmp_path / "out", count)
    root = next(iter(tiles_of(tmp_path / "out", built.tileset)))

    assert built.instanced == built.feature_count == count
    assert "content" in root.json
    assert max(path.stat().st_size for path in (tmp_path / "out" / "content").glob("*.glb")) < 2_000_000
    for tile in tiles_of(tmp_path / "out", built.tileset):
        if tile.parent is not None:
            assert tile.json["geometricError"] < tile.parent.json["geometricError"]


def extents_of(count: int, spread_m: float) -> Extents:
    draw = np.random.default_rng(count)
    lower = draw.uniform(-spread_m, spread_m, (count, 3)) * [1.0, 1.0, 0.0]
    return Extents(
        lower=lower, upper=lower + draw.uniform(3.0, 30.0, (count, 3)), weight=np.full(count, 30.0)
    )


def test_cells_are_no_larger_than_the_number_of_blocks_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    extents = extents_of(5_000, 4_000.0)
    sides = []
    for most in (10_000, 500, 50):
        monkeypatch.setattr("tiles.city.MOST_BLOCKS", most)
        side = cell_side_m(extents, np.arange(5_000))
        assert len(np.unique(np.floor(extents.centre_of(np.arange(5_000))[:, :2] / side), axis=0)) <= most
        sides.append(side)

    assert sides == sorted(sides)


def test_members_of_a_tree_of_two_frames_are_all_objects_once() -> None:
    for rigid in (True, False):
        extents = extents_of(40_000, 8_000.0)
        groups = np.zeros(40_000, dtype=np.intp)
        city = City(extents=extents, groups=groups, buildings=np.arange(40_000) % 9 > 0, rigid=rigid)
        tree, _ = city_tree(city)

        assert sorted(np.concatenate([node.members for node in tree.walk()]).tolist()) == list(range(40_000))


def test_tiles_in_a_map_projection_stay_narrow_enough_for_a_centimetre() -> None:
    extents = extents_of(2_000, 8_000.0)
    city = City(
        extents=extents,
        groups=np.zeros(2_000, dtype=np.intp),
        buildings=np.ones(2_000, dtype=bool),
        rigid=False,
    )
    tree, _ = city_tree(city)

    for node in tree.walk():
        if len(node.members) > 1:
            assert np.ptp(extents.centre_of(node.members), axis=0).max() <= 504.0


def test_a_block_has_the_mean_height_and_lies_around_its_buildings() -> None:
    lower = np.array([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [500.0, 0.0, 0.0]])
    upper = lower + np.array([[10.0, 10.0, 10.0], [10.0, 10.0, 30.0], [10.0, 10.0, 5.0]])
    blocks = blocks_of(lower, upper, np.arange(3), 64.0)

    assert blocks.of_row.tolist() == [0, 0, 1]
    assert blocks.upper[:, 2].tolist() == [20.0, 5.0]
    assert (blocks.lower[0, 0] >= 0.0, blocks.upper[0, 0] <= 30.0) == (True, True)
