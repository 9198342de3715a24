"""Heights of the ground: against rasterio's own reading, voids, references, and what is no elevation model."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.transform
import rasterio.warp

from bim_import import ImportOptions
from bim_import.gis.importer import import_gis
from bim_import.terrain import Terrain, open_ground, open_terrain
from tests.bim_import.city_models import read_back
from twin.errors import SourceError, UnsupportedSource
from twin.frames import Frame

_ORIGIN = (678_000.0, 5_403_000.0)


def _write(
    path: Path, values: np.ndarray, *, crs: str | None = "EPSG:32632", nodata: float | None = -9999.0
) -> Path:
    transform = rasterio.transform.from_origin(_ORIGIN[0], _ORIGIN[1] + 10.0 * len(values), 10.0, 10.0)
    height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype="float32", crs=crs, nodata=nodata,
        transform=transform,
    ) as file:  # fmt: skip
        file.write(values.astype(np.float32), 1)
    return path


def _lon_lat(x: list[float], y: list[float]) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = rasterio.warp.transform("EPSG:32632", "EPSG:4326", x, y)[:2]
    return np.array(lon), np.array(lat)


def test_heights_are_bilinear_between_the_centres_of_pixels(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:40, 0:60]
    ground = open_ground(_write(tmp_path / "dem.tif", 100.0 + columns + 2.0 * rows))
    x, y = (
        [_ORIGIN[0] + 5.0, _ORIGIN[0] + 100.0, _ORIGIN[0] + 333.0],
        [_ORIGIN[1] + 395.0, _ORIGIN[1] + 300.0, _ORIGIN[1] + 123.0],
    )
    lon, lat = _lon_lat(x, y)
    expected = [
        100.0 + (a - _ORIGIN[0]) / 10.0 - 0.5 + 2.0 * (40.0 - (b - _ORIGIN[1]) / 10.0 - 0.5)
        for a, b in zip(x, y, strict=True)
    ]
    assert np.allclose(ground.heights(lon, lat), expected, atol=0.01)


def test_outside_and_in_voids_nothing_is_known_and_beside_a_void_its_neighbours_count(tmp_path: Path) -> None:
    values = np.full((20, 20), 50.0)
    values[5:9, 5:9] = -9999.0
    values[15, 15] = -32768.0  # a void that the file does not declare
    ground = open_ground(_write(tmp_path / "dem.tif", values))
    lon, lat = _lon_lat(
        [_ORIGIN[0] + 70.0, _ORIGIN[0] - 50.0, _ORIGIN[0] + 48.0, _ORIGIN[0] + 160.0],
        [_ORIGIN[1] + 130.0, _ORIGIN[1] + 50.0, _ORIGIN[1] + 130.0, _ORIGIN[1] + 50.0],
    )
    found = ground.heights(lon, lat)
    assert np.isnan(found[:2]).all()
    assert np.allclose(found[2:], 50.0)
    assert np.isnan(ground.heights(np.array([np.nan, 9.0]), np.array([48.0, np.inf]))).all()


def test_heights_across_blocks_are_those_of_one_reading(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    values = rng.uniform(0.0, 500.0, (1100, 2100))
    terrain = open_terrain(_write(tmp_path / "dem.tif", values))
    columns, rows = rng.uniform(1.0, 2098.0, 500), rng.uniform(1.0, 1098.0, 500)
    columns[:3], rows[:3] = [1023.4, 1024.0, 1023.99], [1023.5, 1023.99, 5.0]
    x = _ORIGIN[0] + (columns + 0.5) * 10.0
    y = _ORIGIN[1] + 10.0 * len(values) - (rows + 0.5) * 10.0
    left, top = columns.astype(int), rows.astype(int)
    a, b = columns - left, rows - top
    v = values.astype(np.float32)
    expected = (
        v[top, left] * (1 - a) * (1 - b) + v[top, left + 1] * a * (1 - b)
        + v[top + 1, left] * (1 - a) * b + v[top + 1, left + 1] * a * b
    )  # fmt: skip
    lon, lat = _lon_lat(x.tolist(), y.tolist())
    assert np.allclose(terrain.heights(lon, lat), expected, atol=0.05)
    terrain.close()


def test_an_offset_lifts_all_heights(tmp_path: Path) -> None:
    path = _write(tmp_path / "dem.tif", np.full((4, 4), 10.0))
    lon, lat = _lon_lat([_ORIGIN[0] + 20.0], [_ORIGIN[1] + 20.0])
    assert open_ground(path, height_offset_m=12.5).heights(lon, lat)[0] == pytest.approx(22.5)


def test_heights_without_a_reference_are_said_to_be_doubtful(tmp_path: Path) -> None:
    terrain = open_terrain(_write(tmp_path / "dem.tif", np.full((4, 4), 10.0)))
    assert any("--height-offset" in warning for warning in terrain.diagnosis.warnings)
    terrain.close()


def test_a_raster_without_crs_and_what_is_no_raster_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSource):
        open_terrain(_write(tmp_path / "dem.tif", np.zeros((4, 4)), crs=None))
    (tmp_path / "no.tif").write_text("hello")
    with pytest.raises(UnsupportedSource, match="no raster"):
        open_terrain(tmp_path / "no.tif")
    with pytest.raises(SourceError, match="--terrain"):
        open_terrain(tmp_path / "missing.tif")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UnsupportedSource, match=r"no \.hgt"):
        open_terrain(tmp_path / "a.zip")


def _real(real_data: Path, name: str) -> Terrain:
    found = sorted((real_data / "gis").rglob(name))
    if not found:
        pytest.skip(f"{name} is not among the real data")
    return open_terrain(found[0])


@pytest.mark.parametrize("name", ["dem.tif", "N43E007.hgt.zip"])
def test_real_models_agree_with_rasterio_at_their_pixels(real_data: Path, name: str) -> None:
    terrain = _real(real_data, name)
    dataset = terrain._dataset
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(0, dataset.height, 300), rng.integers(0, dataset.width, 300)
    values = dataset.read(1).astype(np.float64)[rows, columns]
    x, y = rasterio.transform.xy(dataset.transform, rows, columns)
    lon, lat = rasterio.warp.transform(dataset.crs, "EPSG:4326", np.array(x).tolist(), np.array(y).tolist())[
        :2
    ]
    found = terrain.heights(np.array(lon), np.array(lat))
    there = (values > -1000.0) & ~np.isnan(found)
    assert there.sum() > 250
    # The two datum operations differ by about a metre on the ground: two on a slope of 2:1.
    assert np.median(np.abs(found[there] - values[there])) < 2.0
    terrain.close()


def test_features_of_a_layer_stand_on_the_lowest_ground_under_them(tmp_path: Path) -> None:
    columns = np.tile(np.arange(60.0), (40, 1))
    dem = _write(tmp_path / "dem.tif", 100.0 + 2.0 * columns)
    lon, lat = _lon_lat([_ORIGIN[0] + 205.0, _ORIGIN[0] + 305.0], [_ORIGIN[1] + 100.0, _ORIGIN[1] + 150.0])
    corners = [[lon[0], lat[0]], [lon[1], lat[0]], [lon[1], lat[1]], [lon[0], lat[1]], [lon[0], lat[0]]]
    feature = {
        "type": "Feature",
        "id": "b",
        "properties": {"building": "yes", "height": 12.0},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    }
    source = tmp_path / "buildings.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    options = ImportOptions(workers=1, terrain=dem)
    result = import_gis(source, tmp_path / "spool", options=options, progress=lambda _: None)
    found = read_back(result, tmp_path / "spool")
    ((_, positions),) = found.meshes(found.objects[0].global_id)
    heights = Frame(result.diagnosis.placement).to_geographic(positions)[:, 2]
    assert heights.min() == pytest.approx(140.0, abs=0.5)
    assert np.ptp(heights) == pytest.approx(12.0, abs=0.5) or heights.max() == pytest.approx(152.0, abs=0.6)


def test_features_in_voids_and_beside_the_terrain_stand_as_high_as_what_is_nearest(tmp_path: Path) -> None:
    heights = np.full((40, 60), 100.0)
    heights[10:20, 20:40] = -9999.0
    dem = _write(tmp_path / "dem.tif", heights)
    east = [_ORIGIN[0] + 300.0, _ORIGIN[0] - 200.0, _ORIGIN[0] - 5_000.0, _ORIGIN[0] + 100.0]
    lon, lat = _lon_lat(east, [_ORIGIN[1] + 250.0] * 4)
    trees = [
        {
            "type": "Feature",
            "id": name,
            "properties": {"natural": "tree", "height": 5.0},
            "geometry": {"type": "Point", "coordinates": [x, y]},
        }
        for name, x, y in zip(("void", "beside", "far", "on"), lon.tolist(), lat.tolist(), strict=True)
    ]
    source = tmp_path / "trees.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": trees}))
    options = ImportOptions(workers=1, terrain=dem)
    result = import_gis(source, tmp_path / "spool", options=options, progress=lambda _: None)
    found = read_back(result, tmp_path / "spool")
    frame = Frame(result.diagnosis.placement)
    feet = {
        name: float(frame.to_geographic(found.meshes(name)[0][1])[:, 2].min())
        for name in ("void", "beside", "far", "on")
    }
    assert feet == pytest.approx({"void": 100.0, "beside": 100.0, "far": 0.0, "on": 100.0}, abs=0.01)
    told = [text for text in result.report.warnings if "terrain" in text]
    assert [text.split(" features")[0] for text in told] == ["2", "1"]
