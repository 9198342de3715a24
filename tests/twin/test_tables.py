"""Tables of objects: what goes into columns comes out as the same objects, through the spool too."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from twin.objects import Attributes, Property, PropertyType, SourceObject
from twin.source import Material, Mesh, MeshBatch
from twin.spool import GeometryWriter, ObjectWriter, Spool
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray, Values, index_runs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(TEXT))
def test_texts_come_back_from_their_bytes(texts: list[str]) -> None:
    assert TextArray.of(texts).tolist() == texts


@given(st.lists(TEXT, min_size=1), st.data())
def test_texts_taken_are_those_asked_for(texts: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1)))
    chosen = np.array(rows, dtype=np.int64)
    wanted = [texts[row] for row in rows]

    assert TextArray.of(texts).take(chosen).tolist() == wanted
    assert Coded.of(texts).take(chosen).tolist() == wanted


def test_a_slice_of_an_arrow_array_is_an_array_of_texts() -> None:
    whole = TextArray.of(["鄞州", "b", "海曙"])
    part = TextArray(data=whole.data, offsets=whole.offsets[1:])

    assert part.tolist() == ["b", "海曙"]


def test_runs_of_indices_are_joined() -> None:
    assert index_runs(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]


def column(
    values: Values, valid: list[bool] | None = None, *, name: str = "p", kind: str = "t"
) -> PropertyColumn:
    mask = None if valid is None else np.array(valid)
    return PropertyColumn(set_name="s", name=name, type=kind, unit="m", values=values, valid=mask)


def table(count: int, *properties: PropertyColumn, first: int = 0) -> ObjectTable:
    ids = [f"{first + row:04}" for row in range(count)]
    return ObjectTable(
        first=first,
        global_ids=TextArray.of(ids),
        names=TextArray.of([f"楼 {each}" for each in ids]),
        classes=Coded.same("Building", count),
        disciplines=Coded.same("other", count),
        parents=np.full(count, NO_ORDINAL),
        storeys=np.full(count, NO_ORDINAL),
        hidden=np.zeros(count, dtype=bool),
        products=np.ones(count, dtype=bool),
        properties=properties,
    )


KINDS: dict[type, st.SearchStrategy[PropertyType]] = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: TEXT,
}


def as_values(kind: type, found: list[PropertyType]) -> Values:
    if kind is str:
        return TextArray.of([str(each or "") for each in found])
    return np.array(
        [kind(each or 0) for each in found], dtype={bool: np.bool_, int: np.int64, float: np.float64}[kind]
    )


@settings(max_examples=30)
@given(data=st.data(), kind=st.sampled_from(list(KINDS)))
def test_properties_of_every_type_come_back_through_the_spool_with_their_gaps(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: type
) -> None:
    found = data.draw(st.lists(st.none() | KINDS[kind], min_size=1, max_size=6))
    folder = tmp_path_factory.mktemp("spool")
    with ObjectWriter(folder) as writer:
        writer.write_table(
            table(len(found), column(as_values(kind, found), [each is not None for each in found]))
        )
    objects = [item for batch in Spool(folder).objects() for item in batch]

    assert [item.attributes.properties for item in objects] == [
        {} if value is None else {"s": {"p": Property(value=value, type="t", unit="m")}} for value in found
    ]


def test_coded_properties_come_back_as_texts() -> None:
    found = table(2, column(Coded.of(["砖", "钢"]))).objects()

    assert [item.attributes.properties["s"]["p"].value for item in found] == ["砖", "钢"]


def test_the_first_valid_column_of_a_name_counts() -> None:
    both = (column(np.array([1.0, 2.0]), [False, True]), column(TextArray.of(["a", "b"])))

    assert [item.attributes.properties["s"]["p"].value for item in table(2, *both).objects()] == ["a", 2.0]


def test_batches_and_tables_are_read_in_the_order_written(tmp_path: Path) -> None:
    single = SourceObject(ordinal=2, global_id="0002", class_="IfcWall", name="墙", parent=0)
    with ObjectWriter(tmp_path) as writer:
        writer.write_table(table(2))
        writer.write([single])
        writer.write_table(table(1, first=3))
    spool = Spool(tmp_path)

    assert [item.ordinal for batch in spool.objects() for item in batch] == [0, 1, 2, 3]
    assert [len(found) for found in spool.tables()] == [2, 1]
    assert [single] in list(spool.objects())


def test_an_object_of_a_table_has_its_place_in_the_tree() -> None:
    given = table(1)
    placed = ObjectTable(
        first=7,
        global_ids=given.global_ids,
        names=given.names,
        classes=given.classes,
        disciplines=Coded.same("water", 1),
        parents=np.array([3]),
        storeys=np.array([4]),
        hidden=np.array([True]),
        products=np.array([False]),
    )

    assert placed.objects() == [
        SourceObject(
            ordinal=7, global_id="0000", class_="Building", name="楼 0000", parent=3, storey=4,
            discipline="water", hidden=True, product=False, attributes=Attributes(),
        )
    ]  # fmt: skip


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        table(3, column(np.array([1.0])))


def wedge(height: float) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, height]], dtype=np.float32)
    return corners, np.array([[0, 2, 1], [0, 1, 3]], dtype=np.uint32)


def batch(ordinals: list[int], materials: tuple[int, int]) -> MeshBatch:
    made = [wedge(1.0 + ordinal) for ordinal in ordinals]
    count = len(ordinals)
    return MeshBatch(
        ordinals=np.array(ordinals),
        origins=np.array([[10.0 * ordinal, 4e6, -1.0] for ordinal in ordinals]),
        vertex_counts=np.full(count, 4),
        triangle_counts=np.full(count, 2),
        part_counts=np.full(count, 2),
        positions=np.concatenate([positions for positions, _ in made]),
        normals=np.tile(np.array([0, 0, 1], dtype=np.float32), (4 * count, 1)),
        triangles=np.concatenate([triangles for _, triangles in made]),
        parts=np.tile([[materials[0], 0, 1], [materials[1], 1, 1]], (count, 1)),
    )


def spool_of(folder: Path, ordinals: list[int]) -> Spool:
    with GeometryWriter(folder, 0) as writer:
        materials = writer.add_material(Material(name="wall")), writer.add_material(Material(name="a roof"))
        writer.add_meshes(batch(ordinals, materials))
    return Spool(folder)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_meshes_of_a_batch_come_back_each_as_it_was(tmp_path: Path, order: list[int]) -> None:
    spool = spool_of(tmp_path, order)
    for ordinal in (0, 1, 2):
        found = spool.mesh(int(spool.instances["mesh"][ordinal]))
        positions, triangles = wedge(1.0 + ordinal)
        assert_array_equal(found.positions, positions)
        assert_array_equal(found.triangles, triangles)
        assert found.origin.tolist() == [10.0 * ordinal, 4e6, -1.0]
        assert [spool.materials[part[0]].name for part in found.parts] == ["wall", "a roof"]
        assert found.parts[:, 1:].tolist() == [[0, 1], [1, 1]]


def test_bounds_of_a_mesh_of_a_batch_are_in_the_frame_of_the_source(tmp_path: Path) -> None:
    row = spool_of(tmp_path, [1]).meshes[0]

    assert (row["lower"].tolist(), row["upper"].tolist()) == ([10.0, 4e6, -1.0], [11.0, 4e6 + 1.0, 1.0])


def test_equal_meshes_of_a_batch_stay_apart(tmp_path: Path) -> None:
    with GeometryWriter(tmp_path, 0) as writer:
        material = writer.add_material(Material())
        writer.add_meshes(batch([0], (material, material)))
        writer.add_meshes(batch([0], (material, material)))

    assert len(Spool(tmp_path).meshes) == 2


def test_instances_in_bulk_share_one_mesh(tmp_path: Path) -> None:
    positions, triangles = wedge(2.0)
    transforms = np.tile(np.eye(3, 4), (3, 1, 1))
    transforms[:, 0, 3] = [1.0, 2.0, 3.0]
    with GeometryWriter(tmp_path, 0) as writer:
        material = writer.add_material(Material())
        shared = writer.add_mesh(
            Mesh(
                positions=positions,
                origin=np.zeros(3),
                normals=positions,
                triangles=triangles,
                parts=np.array([[material, 0, 2]], dtype=np.uint32),
            )
        )
        writer.add_instances(shared, np.array([4, 2, 9]), transforms)
    spool = Spool(tmp_path)

    assert len(spool.meshes) == 1
    assert spool.instances["ordinal"].tolist() == [2, 4, 9]
    assert_array_equal(spool.instances["transform"], transforms[[1, 0, 2]])
