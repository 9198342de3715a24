"""Shapes of bodies, compared with trimesh."""

from pathlib import Path

import numpy as np
import pytest
import shapely
import trimesh
from numpy.typing import NDArray

from twin.shapes import shapes_of
from twin.source import Instance, Material, Mesh
from twin.spool import GeometryWriter, Spool

TURN = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3))[:3, :3]
CORNER = shapely.Polygon([(0, 0), (9, 0), (9, 3), (4, 3), (4, 8), (0, 8)])

BODIES = {
    "box": trimesh.creation.box((3, 4, 12)),
    "cylinder": trimesh.creation.cylinder(2, 9, sections=40),
    "ring": trimesh.creation.annulus(2, 5, 3),
    "ball": trimesh.creation.icosphere(2),
}


def mesh_of(body: trimesh.Trimesh, origin: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    """Vertices of each face on their own, as flat normals have them."""
    points = body.vertices[body.faces].reshape(-1, 3) - origin
    return Mesh(
        positions=points.astype(np.float32),
        origin=np.array(origin, np.float64),
        normals=np.repeat(body.face_normals, 3, axis=0).astype(np.float32),
        triangles=np.arange(len(points), dtype=np.uint32).reshape(-1, 3),
        parts=np.array([[0, 0, len(body.faces)]], np.uint32),
    )


def spooled(folder: Path, *drawn: tuple[int, trimesh.Trimesh, NDArray[np.float64]]) -> Spool:
    with GeometryWriter(folder, 0) as writer:
        writer.add_material(Material())
        for ordinal, body, transform in drawn:
            middle = tuple(body.bounds.mean(axis=0).tolist())
            mesh = writer.add_mesh(mesh_of(body, middle))
            writer.add_instance(Instance(ordinal=ordinal, mesh=mesh, transform=transform))
    return Spool(folder)


def placed(linear: NDArray[np.float64], shift: tuple[float, float, float]) -> NDArray[np.float64]:
    return np.column_stack([linear, np.array(shift)])


def assert_like(row: np.void, body: trimesh.Trimesh) -> None:
    assert row["volume"] == pytest.approx(body.volume, rel=1e-5)
    assert row["area"] == pytest.approx(body.area, rel=1e-5)
    np.testing.assert_allclose(row["centroid"], body.centroid, atol=1e-4)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("linear", [np.eye(3), TURN, TURN * 2, np.diag([1, 1, -1.0]), np.diag([1, 2, 0.5])])
def test_a_body_is_measured_as_trimesh_measures_it(
    tmp_path: Path, name: str, linear: NDArray[np.float64]
) -> None:
    transform = placed(linear, (500_000, 3_000_000, 20))
    rows = shapes_of(spooled(tmp_path, (1, BODIES[name], transform)), 3)
    moved = BODIES[name].copy().apply_transform(np.vstack([transform, [0, 0, 0, 1]]))
    assert rows["volume"][1] == pytest.approx(abs(moved.volume), rel=1e-5)
    assert rows["area"][1] == pytest.approx(moved.area, rel=1e-5)
    np.testing.assert_allclose(rows["centroid"][1], moved.centroid, atol=2e-3)
    assert np.isnan(rows["area"][[0, 2]]).all()


def test_a_prism_without_its_ground_face_has_its_volume(tmp_path: Path) -> None:
    corner = trimesh.creation.extrude_polygon(CORNER, 7.5).apply_transform(
        trimesh.transformations.rotation_matrix(0.1, (1, 1, 0))
    )
    volume = corner.volume
    ground = corner.face_normals @ corner.face_normals[np.argmin(corner.face_normals[:, 2])] > 0.999
    corner.update_faces(~ground)
    assert not corner.is_watertight
    (row,) = shapes_of(spooled(tmp_path, (0, corner, placed(np.eye(3), (9, 9, 9)))), 1)
    assert row["volume"] == pytest.approx(volume, rel=1e-5)


def test_how_faces_are_cut_makes_no_difference(tmp_path: Path) -> None:
    coarse = trimesh.creation.box((3, 4, 12))
    fine = coarse.subdivide().subdivide()
    fine.faces = fine.faces[np.random.default_rng(1).permutation(len(fine.faces))]
    one, other = (
        shapes_of(spooled(tmp_path / name, (0, body, placed(TURN, (1, 2, 3)))), 1)
        for name, body in (("coarse", coarse), ("fine", fine))
    )
    np.testing.assert_allclose(one["spread"], other["spread"], rtol=1e-5)
    np.testing.assert_allclose(one["centroid"], other["centroid"], atol=1e-5)


def test_parts_of_one_object_are_one_body(tmp_path: Path) -> None:
    low, high = trimesh.creation.box((2, 2, 2)), trimesh.creation.box((1, 1, 5))
    high.apply_translation((6, 0, 0))
    rows = shapes_of(
        spooled(tmp_path, (0, low, placed(np.eye(3), (0, 0, 0))), (0, high, placed(np.eye(3), (0, 0, 0)))), 1
    )
    assert_like(rows[0], low + high)
