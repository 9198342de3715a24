"""Arithmetic on meshes: welding, triangles without area, edges, orientation, creases."""

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.geometry import (
    consistent,
    creased,
    edges_of,
    face_normals,
    has_area,
    inverted_shells,
    is_mirrored,
    surfaces_of,
    transformed,
    unique_rows,
    welded,
)

Points = NDArray[np.float64]
Corners = NDArray[np.int64]


def box() -> tuple[Points, Corners]:
    made = trimesh.creation.box(extents=(2.0, 3.0, 4.0))
    return np.array(made.vertices, dtype=np.float64), np.array(made.faces, dtype=np.int64)


def cylinder(sections: int = 24) -> tuple[Points, Corners]:
    made = trimesh.creation.cylinder(radius=0.5, height=2.0, sections=sections)
    return np.array(made.vertices, dtype=np.float64), np.array(made.faces, dtype=np.int64)


def one_shell(triangles: Corners) -> Corners:
    return np.zeros(len(triangles), dtype=np.int64)


def test_a_transform_is_applied_in_double_precision_far_from_the_origin() -> None:
    move = np.column_stack([np.eye(3), np.array([500_000.0, 3_000_000.0, 10.0])])
    point = np.array([[0.001, 0.002, 0.003]], dtype=np.float32)
    expected = point.astype(np.float64) + move[:, 3]
    np.testing.assert_array_equal(transformed(point, move), expected)


def test_a_reflection_is_recognised_as_mirrored_and_a_turn_is_not() -> None:
    assert is_mirrored(np.diag([1.0, -1.0, 1.0, 1.0])[:3])
    assert not is_mirrored(np.diag([-1.0, -1.0, 1.0, 1.0])[:3])


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2)), min_size=1, max_size=60)
)
def test_unique_rows_keep_each_distinct_row_once_in_order_of_appearance(
    rows: list[tuple[int, int, int]],
) -> None:
    table = np.array(rows, dtype=np.int64)
    first, inverse = unique_rows(table)
    assert [tuple(row) for row in table[first].tolist()] == list(dict.fromkeys(rows))
    np.testing.assert_array_equal(table[first][inverse], table)


def test_points_a_nanometre_apart_are_welded_and_points_a_tenth_of_a_millimetre_apart_are_not() -> None:
    points = np.array([[1.0, 2.0, 3.0], [1.0 + 1e-9, 2.0, 3.0], [1.0001, 2.0, 3.0]])
    kept, renamed = welded(points, np.zeros(3, dtype=np.int64))
    assert kept.tolist() == [0, 2]
    assert renamed.tolist() == [0, 0, 1]


def test_equal_points_of_different_owners_stay_apart() -> None:
    points = np.zeros((2, 3))
    kept, _ = welded(points, np.array([0, 1]))
    assert len(kept) == 2


@pytest.mark.parametrize(
    "corners",
    [
        [[0, 0, 0], [1, 0, 0], [2, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [1, 0, 0], [0, np.nan, 0]],
        [[0, 0, 0], [1, 0, 0], [0, np.inf, 0]],
        [[0, 0, 0], [1000, 0, 0], [500, 1e-7, 0]],
    ],
    ids=["collinear", "repeated point", "NaN", "infinite", "a tenth of a micrometre high"],
)
def test_what_is_no_triangle_has_no_area(corners: list[list[float]]) -> None:
    assert not has_area(np.array(corners, dtype=np.float64), np.array([[0, 1, 2]])).any()


def test_a_triangle_of_a_millimetre_has_area() -> None:
    corners = np.array([[0.0, 0.0, 0.0], [0.001, 0.0, 0.0], [0.0, 0.001, 0.0]])
    assert has_area(corners, np.array([[0, 1, 2]])).all()


def test_face_normals_and_areas_agree_with_trimesh() -> None:
    points, triangles = cylinder()
    normals, doubled = face_normals(points, triangles)
    made = trimesh.Trimesh(points, triangles, process=False)
    np.testing.assert_allclose(normals, made.face_normals, atol=1e-12)
    np.testing.assert_allclose(doubled / 2, made.area_faces, atol=1e-12)


def test_every_edge_of_a_closed_mesh_has_one_partner() -> None:
    _, triangles = box()
    edges = edges_of(triangles)
    assert len(edges.left) == 18
    assert edges.opposed.all()
    assert not edges.single.any()


def test_the_rim_of_an_open_mesh_has_no_partner() -> None:
    _, triangles = box()
    assert edges_of(triangles[1:]).single.sum() == 3


def test_three_triangles_on_one_edge_are_no_pair() -> None:
    fan = np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]])
    assert len(edges_of(fan).left) == 0


def test_no_triangles_have_no_edges() -> None:
    edges = edges_of(np.empty((0, 3), dtype=np.int64))
    assert len(edges.left) == len(edges.single) == 0


def test_a_closed_shell_inside_out_is_found_and_one_right_way_out_is_not() -> None:
    points, triangles = box()
    for corners, expected in ((triangles, False), (triangles[:, ::-1], True)):
        found = inverted_shells(points, corners, edges_of(corners), one_shell(corners))
        assert found.tolist() == [expected]


def test_an_open_shell_is_never_called_inverted() -> None:
    points, triangles = box()
    corners = triangles[1:, ::-1]
    assert not inverted_shells(points, corners, edges_of(corners), one_shell(corners)).any()


def test_only_the_inverted_one_of_two_shells_is_found() -> None:
    points, triangles = box()
    both = np.concatenate([triangles, triangles[:, ::-1] + len(points)])
    far = np.concatenate([points, points + 10.0])
    shell = np.repeat([0, 1], len(triangles))
    assert inverted_shells(far, both, edges_of(both), shell).tolist() == [False, True]


@given(st.sets(st.integers(0, 11)))
def test_neighbours_agree_after_any_triangles_of_a_box_were_turned(turned: set[int]) -> None:
    points, triangles = box()
    mixed = triangles.copy()
    mixed[sorted(turned)] = mixed[sorted(turned), ::-1]
    agreed = consistent(mixed, edges_of(mixed))
    assert edges_of(agreed).opposed.all()
    volume = abs(trimesh.Trimesh(points, agreed, process=False).volume)
    assert volume == pytest.approx(24.0)


def test_an_open_surface_follows_what_most_of_it_says() -> None:
    _, triangles = box()
    lidless = triangles[2:].copy()
    lidless[0] = lidless[0, ::-1]
    agreed = consistent(lidless, edges_of(lidless))
    np.testing.assert_array_equal(agreed, triangles[2:])


def test_large_faces_count_for_more_than_small_ones() -> None:
    quad = np.array([[0, 1, 2], [0, 3, 2]])
    agreed = consistent(quad, edges_of(quad), np.array([1.0, 5.0]))
    np.testing.assert_array_equal(agreed, [[2, 1, 0], [0, 3, 2]])


def test_surfaces_are_what_hangs_together_by_edges() -> None:
    _, triangles = box()
    both = np.concatenate([triangles, triangles + 8])
    assert len(np.unique(surfaces_of(len(both), edges_of(both)))) == 2


def test_a_moebius_strip_is_left_as_it_is() -> None:
    strip = np.array([[0, 1, 2], [2, 1, 3], [2, 3, 4], [4, 3, 5], [4, 5, 1], [1, 5, 0]])
    agreed = consistent(strip, edges_of(strip))
    np.testing.assert_array_equal(np.sort(agreed, axis=1), np.sort(strip, axis=1))


def test_a_box_gets_four_vertices_a_side_with_the_normal_of_the_side() -> None:
    points, triangles = box()
    shaded = creased(points, triangles, edges_of(triangles))
    assert len(shaded.source) == 24
    faces, _ = face_normals(points, triangles)
    np.testing.assert_allclose(
        shaded.normals[shaded.triangles], np.repeat(faces[:, None], 3, axis=1), atol=1e-12
    )


def test_the_wall_of_a_cylinder_is_smooth_and_its_caps_are_flat() -> None:
    points, triangles = cylinder()
    shaded = creased(points, triangles, edges_of(triangles))
    wall = np.abs(shaded.normals[:, 2]) < 0.5
    radial = points[shaded.source[wall]] * [2.0, 2.0, 0.0]
    np.testing.assert_allclose(shaded.normals[wall], radial, atol=1e-9)
    np.testing.assert_allclose(np.abs(shaded.normals[~wall][:, 2]), 1.0, atol=1e-12)


def test_an_octagonal_column_keeps_its_edges() -> None:
    points, triangles = cylinder(sections=8)
    shaded = creased(points, triangles, edges_of(triangles))
    faces, _ = face_normals(points, triangles)
    np.testing.assert_allclose(
        shaded.normals[shaded.triangles], np.repeat(faces[:, None], 3, axis=1), atol=1e-9
    )


def test_normals_do_not_depend_on_how_a_flat_side_is_cut() -> None:
    points, triangles = cylinder(sections=16)
    wall = ~(np.abs(face_normals(points, triangles)[0][:, 2]) > 0.5)
    first = creased(points, triangles[wall], edges_of(triangles[wall]))
    turned = points * [1.0, 1.0, -1.0]
    mirror = triangles[wall][:, ::-1]
    second = creased(turned, mirror, edges_of(mirror))
    for shaded, place in ((first, points), (second, turned)):
        radial = place[shaded.source] * [2.0, 2.0, 0.0]
        np.testing.assert_allclose(shaded.normals, radial, atol=1e-9)


def test_vertices_are_numbered_in_order_of_first_use() -> None:
    points, triangles = cylinder()
    shaded = creased(points, triangles, edges_of(triangles))
    flat = shaded.triangles.reshape(-1)
    _, first = np.unique(flat, return_index=True)
    assert (np.diff(first) > 0).all()


def test_a_triangle_without_area_gets_a_unit_normal() -> None:
    points = np.zeros((3, 3))
    triangles = np.array([[0, 1, 2]])
    shaded = creased(points, triangles, edges_of(triangles))
    np.testing.assert_allclose(np.linalg.norm(shaded.normals, axis=1), 1.0)
