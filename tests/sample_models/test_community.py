"""The files of the whole community: enough of each kind, sound, in two languages, the same every time."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx  # type: ignore[import-untyped]  # types-networkx knows less than the tests need
import numpy as np
import pytest
import rasterio
import shapely

from sample_models import MODELS, site_file, write_community
from sample_models.community import BINDINGS, BUILDINGS, LAYERS
from sample_models.ifc_writing import global_id
from sample_models.layers.features import bent
from sample_models.layers.streets import streets
from sample_models.layers.terrain import PLAIN_M, heights
from state_sync.themes import THEMES
from state_sync.units import conversion

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
PLOTS = {
    "community_centre": shapely.box(-16, -22, 90, 30),
    "tower": shapely.box(-16, 42, 90, 106),
    "pump_house": shapely.box(-75, -9, -39, 22),
}
"""In the axes of the streets, metres: what the three buildings' sites cover."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("community")
    write_community(folder)
    return folder


@pytest.fixture(scope="module")
def layers(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: json.loads((folder / f"{name}.geojson").read_text("utf-8"))["features"] for name in LAYERS}


def test_the_folder_holds_what_the_models_are_made_of(folder: Path) -> None:
    there = {path.name for path in folder.iterdir()}
    assert {*BUILDINGS, *(f"{name}.geojson" for name in LAYERS), "terrain.tif"} <= there
    assert len(MODELS) == 13


def test_every_kind_of_signal_has_a_theme_on_whose_scale_its_values_come() -> None:
    bound = tomllib.loads(site_file(BINDINGS))["binding"]
    kinds = {(each["kind"], each.get("unit")) for each in bound}
    themes = {kind: theme for theme in THEMES for kind in theme.kinds}
    assert {kind for kind, _ in kinds} - set(themes) == set()
    for kind, unit in kinds:
        scale = themes[kind].unit
        assert (unit is None) == (scale is None)
        if unit is not None and scale is not None:
            conversion(unit, scale)  # raises where it is no unit of the same quantity


def test_scripts_and_files_of_the_sample_are_small_in_git() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "sample_models"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert sum((ROOT / name).stat().st_size for name in tracked) <= 2 * 1024 * 1024


def test_writing_again_leaves_every_file_alone(folder: Path) -> None:
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
    write_community(folder)
    after = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert after == before


@pytest.mark.slow
def test_another_process_with_another_hash_seed_and_zone_writes_the_same_bytes(
    folder: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/Lima"}
    code = "import sys, pathlib, sample_models; sample_models.write_community(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True)
    assert [path.name for path in sorted(folder.iterdir())] == [
        path.name for path in sorted(tmp_path.iterdir())
    ]
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_there_are_about_two_thousand_buildings_and_exactly_300_lamp_poles(
    layers: dict[str, list[dict[str, Any]]],
) -> None:
    assert 1800 <= len(layers["surrounding_buildings"]) <= 2500
    assert len(layers["lamp_poles"]) == 300
    assert len(layers["trees"]) >= 3000
    kinds = Counter(feature["properties"]["kind"] for feature in layers["storm_drainage"])
    assert kinds["outfall"] == 20
    assert min(kinds["manhole"], kinds["gully"]) >= 400


@pytest.mark.parametrize("name", LAYERS)
def test_features_are_valid_have_ids_of_their_own_and_lie_in_haishu(
    layers: dict[str, list[dict[str, Any]]], name: str
) -> None:
    features = layers[name]
    assert len({feature["id"] for feature in features}) == len(features)
    for feature in features:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid, feature["id"]
        west, south, east, north = shape.bounds
        assert 121.43 < west <= east < 121.47, feature["id"]
        assert 29.85 < south <= north < 29.89, feature["id"]


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "road_markings"])
def test_features_are_named_in_chinese_and_in_english(
    layers: dict[str, list[dict[str, Any]]], name: str
) -> None:
    for feature in layers[name]:
        properties = feature["properties"]
        assert re.search("[\u4e00-\u9fff]", properties["name"]), feature["id"]
        assert not re.search("[\u4e00-\u9fff]", properties["name_en"]), feature["id"]


def _street_axes() -> list[shapely.Polygon]:
    from sample_models.layers.buildings import buildings  # noqa: PLC0415 - of the layers only here

    return [shapely.Polygon(feature.points) for feature in buildings()]


def test_no_building_stands_on_a_street_in_the_canal_or_on_the_plots_of_the_community() -> None:
    taken = [*PLOTS.values(), shapely.box(-104, -820, -86, 890)]
    for street in streets():
        low, high = street.place(-800.0, street.width_m / 2), street.place(800.0, -street.width_m / 2)
        if street.key in {"N6", "L1"}:
            continue
        taken.append(
            shapely.box(
                min(low[0], high[0]), min(low[1], high[1]), max(low[0], high[0]), max(low[1], high[1])
            )
        )
    ways = shapely.union_all(taken)
    shapely.prepare(ways)
    assert [shape.bounds for shape in _street_axes() if ways.intersects(shape)] == []


def _flows(features: list[dict[str, Any]]) -> nx.DiGraph:
    """Lines and points by where they are, by the levels of their ends."""
    graph = nx.DiGraph()
    for feature in features:
        kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        if kind == "LineString":
            ends = [tuple(np.round(coordinates[end], 7)) for end in (0, -1)]
            properties = feature["properties"]
            assert properties["us_invert"] > properties["ds_invert"], feature["id"]
            graph.add_edge(ends[0], ends[1])
        else:
            graph.add_node(tuple(np.round(coordinates, 7)), kind=feature["properties"]["kind"])
    return graph


@pytest.mark.parametrize("name", ["storm_drainage", "sewers"])
def test_every_manhole_and_gully_drains_to_an_outfall(
    layers: dict[str, list[dict[str, Any]]], name: str
) -> None:
    graph = _flows(layers[name])
    outfalls = [node for node, kind in graph.nodes(data="kind") if kind == "outfall"]
    drained = set(outfalls).union(*(nx.ancestors(graph, node) for node in outfalls))
    assert set(graph) - drained == set()
    assert nx.is_directed_acyclic_graph(graph)


def test_drains_lie_below_ground_with_cover(layers: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("storm_drainage", "sewers"):
        for feature in layers[name]:
            properties = feature["properties"]
            if "us_invert" in properties and not feature["id"].startswith("YS-L"):
                crown = properties["us_invert"] + properties["diameter"] / 1000
                assert crown < PLAIN_M - 0.1, feature["id"]


def test_terrain_is_flat_under_the_town_and_has_hills_around(folder: Path) -> None:
    with rasterio.open(folder / "terrain.tif") as raster:
        values = raster.read(1)
        assert raster.crs.to_epsg() == 4549
    assert 100.0 < values.max() < 250.0
    middle = values.shape[0] // 2
    town = values[middle - 40 : middle + 40, middle - 40 : middle + 40]
    assert town.min() == town.max() == np.float32(PLAIN_M)
    assert heights(np.array([0.0]), np.array([0.0])) == pytest.approx(PLAIN_M)


def test_streets_are_straight_within_the_community_and_bend_outside() -> None:
    points = np.array([[0.0, 0.0], [90.0, 110.0], [-75.0, 20.0], [800.0, 700.0]])
    moved = np.hypot(*(bent(points) - points).T)
    assert moved[:3].max() == 0.0
    assert moved[3] > 5.0


def test_interlocks_name_sensors_of_the_pump_houses_and_tanks() -> None:
    entries = tomllib.loads(site_file("community.bindings.toml"))["binding"]
    named = {
        interlock.split("/")[1]
        for entry in entries
        for interlock in entry.get("interlocks", ())
        if "/" in interlock
    }
    wells = ("pump-house/B1/level/1", "tower/B1/level/1", "B2/level/1")
    assert named == {global_id(path) for path in wells}
