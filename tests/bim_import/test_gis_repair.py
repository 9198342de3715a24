"""Broken geometry is repaired or reported by reason: nothing is lost, nothing is fatal."""

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.bim_import.gis_layers import (
    NINGBO,
    block,
    feature,
    geojson,
    imported,
    metres,
    places,
    solid,
    true_area,
)

LON, LAT = NINGBO


def corners(*pairs: tuple[float, float]) -> list[list[float]]:
    return [list(corner) for corner in metres(LON, LAT, [*pairs, pairs[0]]).tolist()]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def adds_up(report: Any) -> bool:
    return bool(report.drawn + sum(report.not_drawn.values()) == report.products)


def test_a_ring_that_crosses_itself_is_repaired_and_counted(tmp_path: Path) -> None:
    bow_tie = polygon(corners((0, 0), (20, 20), (20, 0), (0, 20)))
    found = imported(geojson(tmp_path, feature(bow_tie, height=2.0)))
    assert found.report.drawn == 1
    assert solid(found, "0").volume == pytest.approx(2 * 100.0 * 2.0, rel=1e-3)
    assert any("1 features with crossing rings" in text for text in found.report.warnings)


def test_a_hole_outside_of_its_polygon_does_not_change_the_polygon(tmp_path: Path) -> None:
    strange = polygon(
        corners((0, 0), (20, 0), (20, 20), (0, 20)), corners((50, 50), (60, 50), (60, 60), (50, 60))
    )
    found = imported(geojson(tmp_path, feature(strange, height=1.0)))
    assert found.report.drawn == 1
    assert solid(found, "0").volume == pytest.approx(400.0, rel=1e-3)


def test_doubled_points_are_left_out(tmp_path: Path) -> None:
    doubled = polygon(corners((0, 0), (0, 0), (20, 0), (20, 0), (20, 20), (20, 20), (0, 20)))
    found = imported(geojson(tmp_path, feature(doubled, height=1.0)))
    assert solid(found, "0").is_watertight
    assert len(found.meshes("0")[0][1]) == 6 * 4


REASONS = {
    "no geometry": (None, "no representation"),
    "empty": ({"type": "Polygon", "coordinates": []}, "empty geometry"),
    "collapsed": (polygon([[LON, LAT], [LON + 2e-4, LAT], [LON + 1e-4, LAT], [LON, LAT]]), "empty geometry"),
    "poles apart": (polygon([[0.0, 95.0], [1.0, 95.0], [1.0, 96.0], [0.0, 95.0]]), "no place on Earth"),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_cannot_be_drawn_is_counted_with_its_reason_and_the_rest_is_drawn(
    tmp_path: Path, name: str
) -> None:
    geometry, reason = REASONS[name]
    found = imported(geojson(tmp_path, feature(block(LON, LAT), height=3.0), feature(geometry, height=3.0)))
    assert found.report.not_drawn == {reason: 1}
    assert found.report.drawn == 1
    assert adds_up(found.report)
    assert found.report.by_class["Building"].not_drawn == 1


def test_coordinates_that_are_no_numbers_are_a_reason(tmp_path: Path) -> None:
    with np.errstate(invalid="ignore"):
        torn = shapely.Polygon([(LON, LAT), (LON + 0.001, np.nan), (LON, LAT + 0.001)])
    table = geopandas.GeoDataFrame({"height": [3.0, 3.0]}, geometry=[torn, block(LON, LAT)], crs=4326)
    table.to_parquet(tmp_path / "torn.parquet")
    found = imported(tmp_path / "torn.parquet")
    assert found.report.not_drawn == {"invalid coordinates": 1}
    assert found.report.culprits == {"invalid coordinates": ["0"]}


def test_a_building_across_the_antimeridian_is_drawn_in_one_piece(tmp_path: Path) -> None:
    ring = [[179.9999, 10.0], [-179.9999, 10.0], [-179.9999, 10.0002], [179.9999, 10.0002], [179.9999, 10.0]]
    found = imported(geojson(tmp_path, feature(polygon(ring), height=10.0)))
    body = solid(found, "0")
    assert body.extents.max() < 50.0
    assert body.volume == pytest.approx(21.9 * 22.1 * 10.0, rel=0.01)
    assert any("antimeridian" in text for text in found.report.warnings)


def test_heights_of_corners_may_be_missing_here_and_there(tmp_path: Path) -> None:
    mixed = [[LON, LAT, 5.0], [LON + 0.001, LAT], [LON + 0.001, LAT + 0.001, 5.0], [LON, LAT, 5.0]]
    found = imported(geojson(tmp_path, feature(polygon(mixed), height=10.0)))
    assert found.report.drawn == 1


def test_a_geometry_collection_is_drawn_by_its_polygons(tmp_path: Path) -> None:
    mixed = shapely.GeometryCollection([shapely.Point(LON, LAT), block(LON, LAT)])
    found = imported(geojson(tmp_path, feature(mixed, height=3.0)))
    assert found.report.drawn == 1
    assert solid(found, "0").volume == pytest.approx(600.0, rel=1e-3)


@pytest.mark.slow
def test_a_polygon_of_a_million_corners_is_drawn(tmp_path: Path) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 1_000_000, endpoint=False)
    radius = 5000.0 + 1000.0 * np.sin(angle * 999.0)
    ring = metres(LON, LAT, np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None])
    table = geopandas.GeoDataFrame({"height": [3.0]}, geometry=[shapely.Polygon(ring)], crs=4326)
    table.to_file(tmp_path / "huge.gpkg")
    found = imported(tmp_path / "huge.gpkg")
    assert (found.report.drawn, found.report.not_drawn) == (1, {})


points = st.tuples(st.integers(0, 12), st.integers(0, 12))
rings = st.lists(points, min_size=0, max_size=9)
shapes = st.lists(st.lists(rings, min_size=1, max_size=3), min_size=1, max_size=5)


@settings(max_examples=40)
@given(shapes)
def test_whatever_rings_a_file_has_every_feature_is_drawn_or_has_a_reason(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[list[tuple[int, int]]]]
) -> None:
    features = []
    for each in drawn:
        closed = [[[LON + x * 1e-4, LAT + y * 1e-4] for x, y in [*ring, *ring[:1]]] for ring in each]
        features.append(feature({"type": "Polygon", "coordinates": closed}, height=7.0))
    found = imported(geojson(tmp_path_factory.mktemp("rings"), *features))
    assert found.report.products == len(features)
    assert adds_up(found.report)
    for item in found.objects:
        if found.meshes(item.global_id):
            body = solid(found, item.global_id)
            assert body.volume > 0.0


@settings(max_examples=12)
@given(rings)
@example([(3, 4), (9, 10), (7, 4), (11, 9), (6, 3), (9, 12), (5, 6), (5, 12), (12, 3)])
def test_a_repaired_polygon_has_the_area_that_shapely_repairs_it_to(
    tmp_path_factory: pytest.TempPathFactory, ring: list[tuple[int, int]]
) -> None:
    outline = [(LON + x * 1e-4, LAT + y * 1e-4) for x, y in ring]
    if len(set(outline)) < 3:
        return
    broken = shapely.Polygon(outline)
    mended = shapely.make_valid(broken, method="structure", keep_collapsed=False)
    found = imported(geojson(tmp_path_factory.mktemp("ring"), feature(broken, height=2.0)))
    expected = true_area(LON, LAT, mended) * 2.0
    volume = solid(found, "0").volume if found.report.drawn else 0.0
    assert volume == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_a_torn_file_is_an_error_with_advice(tmp_path: Path) -> None:
    file = geojson(tmp_path, *(feature(block(LON, LAT), height=3.0) for _ in range(50)))
    file.write_text(file.read_text()[:-500])
    with pytest.raises(Exception, match="cannot be read"):
        imported(file)


def test_places_of_a_drawn_feature_are_those_of_the_file(tmp_path: Path) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=3.0))
    ring = json.loads(file.read_text())["features"][0]["geometry"]["coordinates"][0]
    found = places(imported(file), "0")
    nearest = np.abs(found[:, None, :2] - np.array(ring)[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-8


def test_a_height_of_a_million_metres_is_told_and_does_not_spoil_the_scene(tmp_path: Path) -> None:
    wrong = feature(block(LON, LAT), height=1e6)
    found = imported(geojson(tmp_path, wrong, feature(block(LON + 0.001, LAT), height=9.0)))
    assert any("1 features more than 10 km high" in text for text in found.report.warnings)
    assert max(float(places(found, item.global_id)[:, 2].max()) for item in found.objects) < 20.0


@pytest.mark.parametrize("height", [None, -3, "十二"])
def test_features_without_a_height_in_a_layer_of_heights_are_told(tmp_path: Path, height: object) -> None:
    other = feature(block(LON, LAT), height=height)
    found = imported(geojson(tmp_path, other, feature(block(LON + 0.001, LAT), height=9.0)))
    assert [text for text in found.report.warnings if "1 features without a height above 0" in text]


def test_heights_that_are_not_understood_are_told_apart_from_none(tmp_path: Path) -> None:
    layer = [feature(block(LON + 0.001 * at, LAT), height=text) for at, text in enumerate(["~15", "", "9 m"])]
    report = imported(geojson(tmp_path, *layer, name="buildings.geojson")).report
    assert sum("1 features whose height or floors are told in a way" in text for text in report.warnings) == 1
    assert sum("1 features without height and floors" in text for text in report.warnings) == 1


def test_what_is_tagged_as_no_building_is_none_even_with_a_height(tmp_path: Path) -> None:
    layer = [feature(block(LON, LAT), building=tag, height=5.0) for tag in ("no", "yes", None)]
    found = imported(geojson(tmp_path, *layer))
    assert [item.class_ for item in found.objects] == ["Area", "Building", "Building"]


def test_degrees_beyond_the_circle_have_no_place(tmp_path: Path) -> None:
    ring = [[500.0, 10.0], [501.0, 10.0], [501.0, 11.0], [500.0, 10.0]]
    outside = feature({"type": "Polygon", "coordinates": [ring]}, height=5.0)
    report = imported(geojson(tmp_path, feature(block(LON, LAT), height=5.0), outside)).report
    assert (report.drawn, report.not_drawn) == (1, {"no place on Earth": 1})


def test_areas_of_many_countries_are_cut_into_a_bounded_number_of_pieces(tmp_path: Path) -> None:
    countries = [feature(shapely.Point(10.0 * index, 20.0).buffer(4.0)) for index in range(12)]
    found = imported(geojson(tmp_path, *countries))
    assert found.report.drawn == 12
    assert sum(len(places(found, item.global_id)) for item in found.objects) < 400_000
