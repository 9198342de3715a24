"""`--terrain` from the command's options to the bytes that a viewer gets."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.transform
import shapely
import trimesh
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings
from tests.bim_import.gis_layers import feature, geojson
from twin.errors import SourceError, UnsupportedSource
from twin.source import SourceReport

_PLACE = (121.55, 29.87, 20.0)


def _dem(path: Path, height_m: float = 20.0) -> Path:
    transform = rasterio.transform.from_origin(121.54, 29.88, 0.0005, 0.0005)
    with rasterio.open(
        path, "w", driver="GTiff", width=40, height=40, count=1, dtype="float32", crs="EPSG:4326", transform=transform
    ) as file:  # fmt: skip
        file.write(np.full((40, 40), height_m, dtype=np.float32), 1)
    return path


def _import(folder: Path, terrain: Path) -> list[SourceReport]:
    box = folder / "box.glb"
    box.write_bytes(trimesh.Scene([trimesh.creation.box()]).export(file_type="glb"))
    request = ImportRequest(sources=[box], origin=_PLACE, terrain=terrain)
    return import_sources(Settings(data=folder / "data"), request, lambda _: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terrain")
    (report,) = _import(made, _dem(made / "dem.tif"))
    assert report.status == "imported"
    assert any("--height-offset" in warning for warning in report.warnings)
    assert any("keeps its own heights" in warning for warning in report.warnings)
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with (
        Runtime(Settings(data=folder / "data")) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as started,
    ):
        yield started


def test_the_description_leads_to_tiles_that_are_cached_for_ever(client: TestClient) -> None:
    layer = client.get("/terrain/layer.json")
    assert layer.headers["cache-control"] == "private, no-cache"
    template = layer.json()["tiles"][0]
    ranges = layer.json()["available"][-1][0]
    level = layer.json()["maxzoom"]
    name = template.format(z=level, x=ranges["startX"], y=ranges["startY"])
    tile = client.get(f"/terrain/{name}")
    assert tile.status_code == 200
    assert tile.headers["content-type"] == "application/vnd.quantized-mesh"
    assert "immutable" in tile.headers["cache-control"]


def test_nothing_else_of_the_folder_is_handed_out(client: TestClient) -> None:
    prefix = client.get("/terrain/layer.json").json()["tiles"][0].split("/")[0]
    for name in (f"{prefix}/layer.json", "../twin.sqlite", "%2e%2e/admin.token", f"{prefix}/0/0/99.terrain"):
        assert client.get(f"/terrain/{name}").status_code == 404


def test_without_an_elevation_model_the_description_has_no_tiles(client: TestClient, tmp_path: Path) -> None:
    with (
        Runtime(Settings(data=tmp_path / "empty")) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as bare,
    ):
        assert bare.get("/terrain/layer.json").json()["tiles"] == []


def test_another_model_becomes_the_terrain_and_the_same_one_is_not_made_again(folder: Path) -> None:
    terrain = folder / "data" / "terrain"
    before = (terrain / "layer.json").read_bytes()
    made = {path: path.stat().st_mtime_ns for path in terrain.rglob("*.terrain")}
    _import(folder, folder / "dem.tif")
    assert {path: path.stat().st_mtime_ns for path in terrain.rglob("*.terrain")} == made
    _import(folder, _dem(folder / "other.tif", 50.0))
    assert (terrain / "layer.json").read_bytes() != before


def test_a_model_that_cannot_be_read_stops_the_import_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.tif"):
        _import(tmp_path, tmp_path / "missing.tif")
    (tmp_path / "bad.tif").write_text("no raster")
    with pytest.raises(UnsupportedSource, match="no raster"):
        _import(tmp_path, tmp_path / "bad.tif")


def test_a_map_layer_stands_on_the_terrain_and_is_not_told_otherwise(tmp_path: Path) -> None:
    place = shapely.box(121.55, 29.87, 121.5502, 29.8702)
    layer = geojson(tmp_path, feature(place, height=5.0))
    request = ImportRequest(sources=[layer], terrain=_dem(tmp_path / "dem.tif"))
    (report,) = import_sources(Settings(data=tmp_path / "data"), request, lambda _: None)
    assert not any("keeps its own heights" in warning for warning in report.warnings)
    with Runtime(Settings(data=tmp_path / "data")) as runtime:
        bounds = runtime.store.object("layer", "0").record.bounds
    assert bounds is not None
    assert [bounds[2], bounds[5]] == pytest.approx([20.0, 25.0], abs=0.05)
