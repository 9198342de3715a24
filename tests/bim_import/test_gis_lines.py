"""Pipes lie at their depth with their diameter, roads have their width, models stand where their points are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from bim_import import ImportOptions
from bim_import.gis.importer import import_gis
from bim_import.gis.shapes.joined import starts
from bim_import.gis.shapes.lines import Lines, unbent
from bim_import.gis.shapes.prefabs import PREFABS, prefab
from bim_import.gis.shapes.tubes import tubes
from tests.bim_import.city_models import Imported, read_back
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
from twin.errors import SourceError

LON, LAT = NINGBO


def line(*corners: tuple[float, ...]) -> shapely.LineString:
    flat = metres(LON, LAT, [corner[:2] for corner in corners])
    if len(corners[0]) == 3:
        flat = np.column_stack([flat, [corner[2] for corner in corners]])
    return shapely.LineString(flat)


def heights(found: Imported, global_id: str = "0") -> tuple[float, float]:
    at = places(found, global_id)
    return float(at[:, 2].min()), float(at[:, 2].max())


def pipe(folder: Path, course: shapely.Geometry, **columns: Any) -> Imported:
    return imported(geojson(folder, feature(course, **columns), name="sewer pipes.geojson"))


def test_a_pipe_is_a_closed_tube_of_its_diameter_below_ground(tmp_path: Path) -> None:
    found = pipe(tmp_path, line((0, 0), (50, 0), (50, 30)), diameter=300, depth=2.0)
    (item,) = found.objects
    body = solid(found, "0")
    assert item.class_ == "Pipe"
    assert body.is_watertight
    assert body.volume == pytest.approx(np.pi * 0.15**2 * 80.0, rel=0.01)
    assert np.mean(heights(found)) == pytest.approx(-2.0, abs=0.001)


def test_depths_and_elevations_may_differ_at_both_ends(tmp_path: Path) -> None:
    by_depth = pipe(tmp_path / "a", line((0, 0), (100, 0)), 管径="DN200", 起点埋深=1.0, 终点埋深=2.0)
    by_level = pipe(tmp_path / "b", line((0, 0), (100, 0)), DN=200, us_invert=3.0, ds_invert=2.5)
    assert heights(by_depth) == pytest.approx((-2.1, -0.9), abs=0.01)
    assert heights(by_level) == pytest.approx((2.5, 3.2), abs=0.01)


def test_heights_of_the_geometry_are_those_of_the_axis_unless_rules_say_otherwise(tmp_path: Path) -> None:
    found = pipe(tmp_path, line((0, 0, -3.0), (100, 0, -4.0)), diameter=0.5)
    assert heights(found) == pytest.approx((-4.25, -2.75), abs=0.01)


def test_each_column_says_itself_what_of_the_pipe_it_tells(tmp_path: Path) -> None:
    course = line((0, 0), (100, 0))
    told = [
        {"depth": 2.0},
        {"cover": 1.0},
        {"管底埋深": 3.0},
        {"us_invert": -4.0, "ds_invert": -4.0},
        {"起点管顶高程": -1.0, "终点管底高程": -2.0},
    ]
    layer = [feature(course, diameter=0.5, **columns) for columns in told]
    found = imported(geojson(tmp_path, *layer, name="sewer pipes.geojson"))
    middles = [float(np.mean(heights(found, str(at)))) for at in range(len(told))]
    assert middles == pytest.approx([-2.0, -1.25, -2.75, -3.75, (-1.25 - 1.75) / 2], abs=0.005)


def test_a_diameter_that_is_not_understood_is_told_apart_from_none(tmp_path: Path) -> None:
    course = line((0, 0), (100, 0))
    layer = [feature(course, 断面尺寸=text, depth=1.0) for text in ("800X600", None, "300")]
    report = imported(geojson(tmp_path, *layer, name="sewer pipes.geojson")).report
    assert sum("1 features whose diameter is told in a way" in text for text in report.warnings) == 1
    assert sum("1 features without diameter" in text for text in report.warnings) == 1


def test_a_pipe_without_depth_and_diameter_is_drawn_with_defaults_and_counted(tmp_path: Path) -> None:
    found = pipe(tmp_path, line((0, 0), (100, 0)))
    assert sum("default" in text for text in found.report.warnings) == 2


def test_a_road_is_as_wide_as_its_lanes(tmp_path: Path) -> None:
    course = line((0, 0), (100, 0))
    found = imported(geojson(tmp_path, feature(course, highway="primary", lanes="4")))
    ((mesh, positions),) = found.meshes("0")
    a, b, c = (positions[mesh.triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0
    assert found.objects[0].class_ == "Road"
    assert area == pytest.approx(100.0 * 14.0, rel=1e-3)
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_long_straight_roads_follow_the_curve_of_the_earth(tmp_path: Path) -> None:
    found = imported(geojson(tmp_path, feature(line((0, 0), (50_000, 0)), highway="primary")))
    ((mesh, positions),) = found.meshes("0")
    middles = positions[mesh.triangles].mean(axis=1)
    frame = found.result.diagnosis.placement
    from twin.frames import Frame  # noqa: PLC0415 - used once

    below = Frame(frame).to_geographic(middles)[:, 2]
    assert np.abs(below - 0.15).max() < 0.01


def test_a_wide_lake_follows_the_curve_of_the_earth_and_covers_its_area(tmp_path: Path) -> None:
    outline = metres(LON, LAT, [(0, 0), (9000, 0), (9000, 5000), (4000, 5000), (4000, 9000), (0, 9000)])
    hole = metres(LON, LAT, [(1000, 1000), (2000, 1000), (2000, 2500), (1000, 2500)])
    lake = shapely.Polygon(outline, [hole])
    found = imported(geojson(tmp_path, feature(lake, natural="water")))
    ((mesh, positions),) = found.meshes("0")
    corners = positions[mesh.triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    from twin.frames import Frame  # noqa: PLC0415

    levels = Frame(found.result.diagnosis.placement).to_geographic(corners.mean(axis=1))[:, 2]
    assert np.abs(levels - 0.1).max() < 0.02
    area = np.linalg.norm(across, axis=1).sum() / 2.0
    assert area == pytest.approx(true_area(LON, LAT, lake), rel=1e-3)


LINES = {
    "two equal points": ([[LON, LAT], [LON, LAT]], "empty geometry"),
    "off the Earth": ([[LON, 95.0], [LON, 96.0]], "no place on Earth"),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_that_cannot_be_drawn_have_a_reason(tmp_path: Path, name: str) -> None:
    course, reason = LINES[name]
    good = feature(line((0, 0), (10, 0)), highway="service")
    bad = feature({"type": "LineString", "coordinates": course}, highway="service")
    found = imported(geojson(tmp_path, good, bad))
    assert (found.report.drawn, found.report.not_drawn) == (1, {reason: 1})


courses = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(-20, 20), st.integers(-5, 5)),
    min_size=2,
    max_size=12,
    unique=True,
)


@settings(max_examples=80)
@given(courses)
def test_any_course_makes_a_closed_tube(course: list[tuple[int, int, int]]) -> None:
    import trimesh  # noqa: PLC0415

    points = np.array(course, dtype=float)
    lines = Lines(points=points, counts=np.array([len(points)]), rows=np.array([0]), closed=np.array([False]))
    pieces, source = unbent(lines, points)
    pieces = replace(pieces, rows=np.arange(len(pieces.rows)))
    up, radius = np.tile([0.0, 0.0, 1.0], (len(source), 1)), np.full(len(source), 0.05)
    made = tubes(pieces, points[source], up, radius)
    volume, first = 0.0, starts(made.triangle_counts)
    for at, begin, count in zip(starts(made.vertex_counts), first, made.triangle_counts, strict=True):
        faces = made.triangles[begin : begin + count] + at
        body = trimesh.Trimesh(made.positions, faces, process=False)
        body.merge_vertices(merge_norm=True)
        assert body.is_watertight
        volume += body.volume
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    assert volume == pytest.approx(np.pi * 0.05**2 * length, rel=0.35)


def test_points_become_instances_with_heading_and_size(tmp_path: Path) -> None:
    features = [
        feature(shapely.Point(LON, LAT), heading=0, height=6.0),
        feature(shapely.Point(LON + 0.001, LAT), heading=90, height=12.0),
    ]
    found = imported(geojson(tmp_path, *features, name="lamp poles.geojson"))
    assert [item.class_ for item in found.objects] == ["Lamp", "Lamp"]
    assert found.report.instanced == 2
    assert len(found.spool.meshes) == 1
    assert heights(found, "0") == pytest.approx((0.0, 6.0), abs=0.01)
    assert heights(found, "1") == pytest.approx((0.0, 12.0), abs=0.01)
    first, second = found.spool.instances["transform"]
    ahead = second[:, 1] / np.linalg.norm(second[:, 1])
    east = first[:, 0] / np.linalg.norm(first[:, 0])
    assert ahead == pytest.approx(east, abs=1e-4)


def test_a_gltf_file_that_rules_name_stands_at_each_point(tmp_path: Path) -> None:
    import trimesh  # noqa: PLC0415

    (tmp_path / "models").mkdir()
    pole = trimesh.creation.box(bounds=[[-0.1, 0.0, -0.1], [0.1, 4.0, 0.1]])
    red = trimesh.visual.material.PBRMaterial(baseColorFactor=[255, 0, 0, 255])
    pole.visual = trimesh.visual.TextureVisuals(material=red)
    (tmp_path / "models" / "pole.glb").write_bytes(pole.export(file_type="glb"))
    rules = tmp_path / "rules.toml"
    rules.write_text(
        "[[rule]]\nas = 'instance'\nmodel = { column = 'kind', default = 'models/pole.glb' }\nsize = 8\n"
    )
    points = [feature(shapely.Point(LON, LAT)), feature(shapely.Point(LON, LAT), kind="unheard of")]
    found = imported(geojson(tmp_path, *points), rules=rules)
    assert heights(found, "0") == pytest.approx((0.0, 8.0), abs=0.01)
    assert list(found.colors("0")) == [pytest.approx((1.0, 0.0, 0.0, 1.0))]
    assert found.report.instanced == 2
    assert any("1 features with a model that cannot be found" in text for text in found.report.warnings)


def test_a_model_that_is_not_there_is_an_error_before_anything_is_drawn(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nas = 'instance'\nmodel = '../secret.glb'\n")
    with pytest.raises(SourceError, match="not there"):
        imported(geojson(tmp_path, feature(shapely.Point(LON, LAT))), rules=rules)


@pytest.mark.parametrize("name", sorted(PREFABS))
def test_built_in_models_are_closed_and_stand_on_the_ground(name: str) -> None:
    import trimesh  # noqa: PLC0415

    materials, mesh, height = prefab(name)
    body = trimesh.Trimesh(mesh.positions, mesh.triangles, process=False)
    body.merge_vertices(merge_norm=True)
    assert body.is_watertight
    assert body.volume > 0.0
    assert height == pytest.approx(float(mesh.positions[:, 2].max()))
    assert {part[0] for part in mesh.parts.tolist()} == set(range(len(materials)))


def slope(folder: Path) -> Path:
    """A ground that rises by 10 m in 0.01° eastwards, 50 m at the lamp."""
    file = folder / "dem.tif"
    columns = 50.0 + (np.arange(200) - 99.5) * 1e-4 * 1000.0
    shape = {"width": 200, "height": 200, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    corner = from_origin(LON - 0.01, LAT + 0.01, 1e-4, 1e-4)
    with rasterio.open(file, "w", driver="GTiff", transform=corner, **shape) as raster:
        raster.write(np.tile(columns, (200, 1)).astype(np.float32), 1)
    return file


def test_features_stand_on_the_terrain(tmp_path: Path) -> None:
    features = [
        feature(block(LON, LAT), height=10.0),
        feature(line((0, 0), (100, 0)), highway="primary"),
        feature(shapely.Point(LON, LAT)),
    ]
    file, folder = geojson(tmp_path, *features), tmp_path / "spool"
    options = ImportOptions(terrain=slope(tmp_path), workers=1)
    found = read_back(import_gis(file, folder, options=options, progress=lambda _: None), folder)
    assert heights(found, "0") == pytest.approx((50.0, 60.0), abs=0.05)
    low, high = heights(found, "1")
    assert (low, high) == pytest.approx((50.15, 50.15 + 1.04), abs=0.05)
    assert heights(found, "2")[0] == pytest.approx(50.0, abs=0.05)
