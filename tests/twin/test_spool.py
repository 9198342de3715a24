"""The spool on disk: what is written is read, dead writers cost only what they had not flushed, luck does not show."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from twin.objects import SourceObject
from twin.source import Instance, Material, Mesh
from twin.spool import INSTANCE_ROW, GeometryWriter, ObjectWriter, Spool, drawn_ordinals

RED = Material(name="red", color=(1.0, 0.0, 0.0, 1.0))
BLUE = Material(name="blue", color=(0.0, 0.0, 1.0, 1.0))


def mesh(
    material: int = 0, *, size: float = 1.0, origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Mesh:
    """One triangle."""
    return Mesh(
        positions=np.array([[0, 0, 0], [size, 0, 0], [0, size, 0]], dtype=np.float32),
        origin=np.array(origin),
        normals=np.tile(np.array([0, 0, 1], dtype=np.float32), (3, 1)),
        triangles=np.array([[0, 1, 2]], dtype=np.uint32),
        parts=np.array([[material, 0, 1]], dtype=np.uint32),
    )


def at(x: float) -> NDArray[np.float64]:
    return np.hstack([np.eye(3), [[x], [0.0], [0.0]]])


def put(
    writer: GeometryWriter, ordinal: int, made: Mesh, transform: NDArray[np.float64] | None = None
) -> None:
    place = at(float(ordinal)) if transform is None else transform
    writer.add_instance(Instance(ordinal=ordinal, mesh=writer.add_mesh(made), transform=place))


def corners(spool: Spool) -> dict[int, NDArray[np.float64]]:
    """World positions of each product."""
    found = {}
    for row in spool.instances:
        one = spool.mesh(int(row["mesh"]))
        local = one.positions.astype(np.float64) + one.origin
        found[int(row["ordinal"])] = local @ row["transform"][:, :3].T + row["transform"][:, 3]
    return found


def test_objects_are_read_in_the_order_written(tmp_path: Path) -> None:
    batches = [
        [SourceObject(ordinal=n, global_id=str(n), class_="IfcWall", name=f"墙 {n}") for n in pair]
        for pair in ((0, 1), (2,))
    ]
    with ObjectWriter(tmp_path) as writer:
        for batch in batches:
            writer.write(batch)
    assert list(Spool(tmp_path).objects()) == batches


def test_an_empty_folder_is_a_spool_without_anything(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert (len(spool.instances), len(spool.meshes), len(spool.parts), spool.materials) == (0, 0, 0, [])
    assert list(spool.objects()) == []


def test_a_mesh_comes_back_as_it_was(tmp_path: Path) -> None:
    given = mesh(size=2.5, origin=(500_000.0, 3.0, -7.0))
    with GeometryWriter(tmp_path, 0) as writer:
        writer.add_material(RED)
        put(writer, 4, given)
    spool = Spool(tmp_path)
    found = spool.mesh(0)
    for name in ("positions", "normals", "triangles", "parts", "origin"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    assert spool.materials == [RED]
    assert spool.instances["ordinal"].tolist() == [4]


def test_texture_coordinates_come_back(tmp_path: Path) -> None:
    plain = mesh()
    uvs = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32)
    textured = Mesh(
        positions=plain.positions,
        origin=plain.origin,
        normals=plain.normals,
        triangles=plain.triangles,
        parts=plain.parts,
        uvs=uvs,
    )
    with GeometryWriter(tmp_path, 0) as writer:
        writer.add_material(RED)
        put(writer, 0, plain)
        put(writer, 1, textured)
    spool = Spool(tmp_path)
    assert spool.mesh(0).uvs is None
    np.testing.assert_array_equal(spool.mesh(1).uvs, uvs)


def test_equal_meshes_of_two_writers_are_one(tmp_path: Path) -> None:
    for part in (0, 1):
        with GeometryWriter(tmp_path, part) as writer:
            writer.add_material(RED)
            put(writer, part, mesh())
    spool = Spool(tmp_path)
    assert len(spool.meshes) == 1
    assert spool.materials == [RED]
    assert spool.instances["mesh"].tolist() == [0, 0]


def test_meshes_that_differ_only_by_material_stay_two(tmp_path: Path) -> None:
    with GeometryWriter(tmp_path, 0) as writer:
        for number, material in enumerate((RED, BLUE)):
            put(writer, number, mesh(writer.add_material(material)))
    assert len(Spool(tmp_path).meshes) == 2


def test_equal_meshes_with_different_origins_are_one_and_stay_in_place(tmp_path: Path) -> None:
    turn = np.array([[0.0, -1.0, 0.0, 10.0], [1.0, 0.0, 0.0, 20.0], [0.0, 0.0, 1.0, 30.0]])
    with GeometryWriter(tmp_path, 0) as writer:
        writer.add_material(RED)
        put(writer, 0, mesh(origin=(1.0, 2.0, 3.0)), turn)
        put(writer, 1, mesh(origin=(5.0, -2.0, 0.5)), turn)
    spool = Spool(tmp_path)
    assert len(spool.meshes) == 1
    np.testing.assert_allclose(corners(spool)[1][0], turn[:, :3] @ [5.0, -2.0, 0.5] + turn[:, 3])
    np.testing.assert_allclose(corners(spool)[0][0], turn[:, :3] @ [1.0, 2.0, 3.0] + turn[:, 3])


def test_what_is_read_does_not_depend_on_who_wrote_what(tmp_path: Path) -> None:
    products = [(0, BLUE, 1.0), (1, RED, 2.0), (2, BLUE, 3.0), (3, RED, 1.0), (4, BLUE, 1.0)]
    shares = {"a": [[0, 1, 2, 3, 4], []], "b": [[4, 2], [3, 1, 0]]}
    for name, share in shares.items():
        for part, numbers in enumerate(share):
            with GeometryWriter(tmp_path / name, part) as writer:
                for number in numbers:
                    ordinal, material, size = products[number]
                    made = mesh(writer.add_material(material), size=size, origin=(float(part), 0.0, 0.0))
                    put(writer, ordinal, made, at(ordinal - part))
    one, other = Spool(tmp_path / "a"), Spool(tmp_path / "b")
    assert one.materials == other.materials
    np.testing.assert_array_equal(one.instances["mesh"], other.instances["mesh"])
    np.testing.assert_array_equal(one.parts, other.parts)
    for number in range(len(one.meshes)):
        np.testing.assert_array_equal(one.mesh(number).positions, other.mesh(number).positions)
        np.testing.assert_array_equal(one.mesh(number).parts, other.mesh(number).parts)
    for ordinal, place in corners(one).items():
        np.testing.assert_array_equal(place, corners(other)[ordinal])


def test_a_writer_that_dies_keeps_what_it_flushed(tmp_path: Path) -> None:
    writer = GeometryWriter(tmp_path, 0)
    writer.add_material(RED)
    put(writer, 1, mesh())
    writer.flush()
    put(writer, 2, mesh(size=9.0))
    assert drawn_ordinals(tmp_path, 0).tolist() == [1]
    assert Spool(tmp_path).instances["ordinal"].tolist() == [1]
    writer.close()


def test_a_torn_last_row_is_ignored(tmp_path: Path) -> None:
    with GeometryWriter(tmp_path, 0) as writer:
        writer.add_material(RED)
        put(writer, 1, mesh())
        put(writer, 2, mesh(size=9.0))
    path = tmp_path / "part-0.instances"
    path.write_bytes(path.read_bytes()[: INSTANCE_ROW.itemsize + 5])
    assert drawn_ordinals(tmp_path, 0).tolist() == [1]
    assert len(Spool(tmp_path).meshes) == 1


@pytest.mark.parametrize("lost", ["materials", "parts"])
def test_a_mesh_that_no_instance_uses_may_lack_its_materials(tmp_path: Path, lost: str) -> None:
    with GeometryWriter(tmp_path, 0) as writer:
        put(writer, 1, mesh(writer.add_material(RED)))
        writer.add_mesh(mesh(writer.add_material(BLUE), size=3.0))
    path = tmp_path / f"part-0.{lost}"
    path.write_bytes(path.read_bytes()[:-4])
    spool = Spool(tmp_path)
    assert spool.materials == [RED]
    assert spool.mesh(0).parts.tolist() == [[0, 0, 1]]


def test_instances_are_sorted_by_ordinal_across_parts(tmp_path: Path) -> None:
    for part, ordinals in enumerate(([5, 1], [3, 0])):
        with GeometryWriter(tmp_path, part) as writer:
            writer.add_material(RED)
            for ordinal in ordinals:
                put(writer, ordinal, mesh(size=1.0 + ordinal))
    assert Spool(tmp_path).instances["ordinal"].tolist() == [0, 1, 3, 5]
