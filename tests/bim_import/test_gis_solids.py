"""Footprints become closed solids of the right size at the right place, against shapely, trimesh and pyproj."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_import.gis.shapes.extrude import Heights, extruded
from bim_import.gis.shapes.joined import starts
from bim_import.gis.shapes.outlines import native_rings, outlines
from bim_import.gis.shapes.triangles import triangulated
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
from twin.frames import TangentPlane

LON, LAT = NINGBO


def test_volume_is_area_times_height_and_the_solid_is_closed(tmp_path: Path) -> None:
    court = shapely.Polygon(
        metres(LON, LAT, [(0, 0), (40, 0), (40, 15), (15, 15), (15, 30), (0, 30)]),
        [metres(LON, LAT, [(5, 5), (10, 5), (10, 10), (5, 10)])],
    )
    found = imported(geojson(tmp_path, feature(court, height=12.5)))
    body = solid(found, "0")
    assert body.is_watertight
    assert body.is_winding_consistent
    assert body.volume == pytest.approx(true_area(LON, LAT, court) * 12.5, rel=1e-4)


def test_corners_stand_where_pyproj_says(tmp_path: Path) -> None:
    crs, east, north = "EPSG:4549", 649757.0, 3306711.0
    footprint = shapely.box(east, north, east + 30.0, north + 20.0)
    file = geojson(tmp_path, feature(footprint, height=9.0))
    found = imported(file, crs=crs)
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
        *shapely.get_coordinates(footprint).T
    )
    expected = {(round(x, 8), round(y, 8), h) for x, y in zip(lon, lat, strict=True) for h in (0.0, 9.0)}
    at = {(round(x, 8), round(y, 8), round(h, 3)) for x, y, h in places(found, "0").tolist()}
    assert len(at) == len(expected) == 8
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    wanted = np.column_stack(to_ecef.transform(*np.array(sorted(expected)).T))
    got = np.column_stack(to_ecef.transform(*np.array(sorted(at)).T))
    assert np.linalg.norm(wanted - got, axis=1).max() < 0.01


def test_a_layer_as_wide_as_a_country_is_right_everywhere(tmp_path: Path) -> None:
    towns = [(75.0, 39.0), (121.5, 29.9), (134.0, 48.0), (109.5, 18.3)]
    features = [feature(block(lon, lat), height=10.0) for lon, lat in towns]
    found = imported(geojson(tmp_path, *features))
    for number, (lon, lat) in enumerate(towns):
        corner = places(found, str(number))
        first = np.abs(corner[:, :2] - (lon, lat)).max(axis=1).argmin()
        assert corner[first, :2] == pytest.approx((lon, lat), abs=1e-8)
        assert corner[:, 2].min() == pytest.approx(0.0, abs=0.001)
        assert corner[:, 2].max() == pytest.approx(10.0, abs=0.001)


def test_a_multipolygon_is_one_object_of_several_solids(tmp_path: Path) -> None:
    pair = shapely.MultiPolygon([block(LON, LAT), block(LON + 0.001, LAT)])
    found = imported(geojson(tmp_path, feature(pair, height=3.0)))
    assert (found.report.products, found.report.drawn) == (1, 1)
    body = solid(found, "0")
    assert body.is_watertight
    assert body.volume == pytest.approx(2 * 200.0 * 3.0, rel=1e-4)


def test_walls_face_outwards_whichever_way_the_rings_run(tmp_path: Path) -> None:
    clockwise = shapely.Polygon(shapely.get_coordinates(block(LON, LAT))[::-1])
    found = imported(geojson(tmp_path, feature(clockwise, height=3.0)))
    assert solid(found, "0").volume > 0.0


def test_shading_normals_agree_with_the_faces(tmp_path: Path) -> None:
    found = imported(geojson(tmp_path, feature(block(LON, LAT), height=3.0)))
    ((mesh, positions),) = found.meshes("0")
    corners = positions[mesh.triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    assert np.einsum("ij,ikj->ik", faces, mesh.normals[mesh.triangles].astype(float)).min() > 0.9999


stars = st.tuples(
    st.lists(st.floats(3.0, 30.0), min_size=3, max_size=40),
    st.booleans(),
    st.sampled_from([0.0, 17.0, 45.0]),
    st.floats(1.0, 300.0),
)


@settings(max_examples=60)
@given(stars)
def test_any_star_shaped_footprint_becomes_a_closed_solid_of_its_volume(
    drawn: tuple[list[float], bool, float, float],
) -> None:
    radii, with_hole, turn, height = drawn
    angle = np.linspace(0.0, 2.0 * np.pi, len(radii), endpoint=False) + np.radians(turn)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    holes = [metres(LON, LAT, ring * 1.0)] if with_hole and len(radii) > 6 else []
    footprint = shapely.Polygon(metres(LON, LAT, ring * np.array(radii)[:, None]), holes)
    rings = native_rings(np.array([footprint]), np.array([0]))
    points = np.nan_to_num(rings.points)
    made = extruded(
        outlines(rings, points),
        Heights(lower=np.array([0.0]), upper=np.array([height])),
        TangentPlane.near(LON, LAT),
    )
    import trimesh  # noqa: PLC0415 - half a second, for this test only

    body = trimesh.Trimesh(made.positions - made.positions[0], made.triangles, process=False)
    body.merge_vertices(merge_norm=True)
    assert body.is_watertight
    assert body.volume == pytest.approx(true_area(LON, LAT, footprint) * height, rel=1e-3)


def test_corners_on_the_line_between_their_neighbours_leave_no_cracks() -> None:
    comb = [(0, 0), (10, 0), (20, 0), (20, 10), (15, 10), (15, 5), (10, 5), (10, 10), (5, 10), (5, 5), (0, 5)]
    footprint = shapely.Polygon(metres(LON, LAT, comb))
    rings = native_rings(np.array([footprint] * 3), np.arange(3))
    made = extruded(
        outlines(rings, np.nan_to_num(rings.points)),
        Heights(lower=np.zeros(3), upper=np.full(3, 4.0)),
        TangentPlane.near(LON, LAT),
    )
    import trimesh  # noqa: PLC0415

    first = starts(made.vertex_counts)
    faces = made.triangles[: made.triangle_counts[0]]
    body = trimesh.Trimesh(made.positions[first[0] : first[1]] - made.positions[0], faces, process=False)
    body.merge_vertices(merge_norm=True)
    assert body.is_watertight
    assert body.volume == pytest.approx(true_area(LON, LAT, footprint) * 4.0, rel=1e-4)


def test_vertices_of_a_solid_lie_edge_by_edge_and_none_is_there_twice() -> None:
    court = shapely.Polygon(
        metres(LON, LAT, [(0, 0), (40, 0), (40, 15), (15, 15), (0, 30)]),
        [metres(LON, LAT, [(5, 5), (10, 5), (10, 10)])],
    )
    rings = native_rings(np.array([court]), np.arange(1))
    made = extruded(
        outlines(rings, np.nan_to_num(rings.points)),
        Heights(lower=np.zeros(1), upper=np.full(1, 4.0)),
        TangentPlane.near(LON, LAT),
    )
    edges = made.positions.reshape(-1, 6, 3)
    assert made.arranged
    assert np.ptp(edges[:, :, :2], axis=1).max() < 0.005
    assert np.ptp(edges[:, :3], axis=1).max() == np.ptp(edges[:, 3:], axis=1).max() == 0.0
    assert np.abs(np.diff(edges[:, [2, 3], 2])).min() > 3.9
    assert len(np.unique(np.hstack([made.positions, made.normals]), axis=0)) == len(made.positions)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=4, max_size=4, unique=True))
def test_any_quadrilateral_is_cut_into_its_own_area(corners: list[tuple[float, float]]) -> None:
    polygon = shapely.Polygon(metres(LON, LAT, corners))
    if not polygon.is_valid or true_area(LON, LAT, polygon) < 1.0:
        return
    rings = native_rings(np.array([polygon]), np.arange(1))
    shape = outlines(rings, np.nan_to_num(rings.points))
    triangles, count = triangulated(shape)
    a, b, c = (shape.flat[triangles[:, k]] for k in range(3))
    twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert count.tolist() == [len(shape.flat) - 2]
    assert (twice > -1e-9).all()
    assert twice.sum() / 2.0 == pytest.approx(true_area(LON, LAT, polygon), rel=1e-4)
