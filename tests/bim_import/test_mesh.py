"""Meshes: nodes as objects, axes, units, colours, images, instances; files made with trimesh and by hand."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import trimesh
from trimesh.visual.material import PBRMaterial

from bim_import import ImportOptions, PlacementOverrides
from bim_import.mesh.importer import import_mesh
from tests.bim_import.city_models import Imported, read_back, volume
from twin.errors import DamagedSource, UnsupportedSource
from twin.frames import Frame, ecef_from_geographic

_PLACE = (121.5, 29.8, 5.0)


def _import(source: Path, folder: Path, **options: Any) -> Imported:
    overrides = PlacementOverrides(origin=_PLACE)
    result = import_mesh(
        source, folder, options=ImportOptions(placement=overrides, **options), progress=lambda _: None
    )
    return read_back(result, folder)


def _east_north_up(found: Imported, id_: str) -> np.ndarray:
    """Corners of an object in metres east, north and up of the place."""
    ((_, positions),) = found.meshes(id_)
    ecef = Frame(found.result.diagnosis.placement).to_ecef(positions)
    lon, lat = np.radians(_PLACE[:2])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    origin = ecef_from_geographic(np.array([_PLACE]))[0]
    return np.asarray((ecef - origin) @ np.column_stack([east, np.cross(up, east), up]))


def _scene() -> trimesh.Scene:
    """A box of 2 x 6 x 4 (y up: 4 deep) below a group, and a ball twice."""
    scene = trimesh.Scene()
    box = trimesh.creation.box((2.0, 6.0, 4.0))
    scene.add_geometry(box, node_name="tower", geom_name="box", parent_node_name=None,
                       transform=trimesh.transformations.translation_matrix((10.0, 3.0, -20.0)))  # fmt: skip
    scene.geometry["ball"] = trimesh.creation.icosphere(subdivisions=1)
    for number in range(2):
        there = trimesh.transformations.translation_matrix((0.0, 1.0, 5.0 * number))
        scene.graph.update(frame_from="world", frame_to=f"球-{number}", geometry="ball", matrix=there)
    return scene


def test_nodes_of_glb_are_objects_and_its_y_is_up(tmp_path: Path) -> None:
    source = tmp_path / "model.glb"
    source.write_bytes(_scene().export(file_type="glb"))
    found = _import(source, tmp_path / "spool")
    assert found.report.drawn == found.report.products == 3
    assert {"tower", "球-0", "球-1"} <= {item.global_id for item in found.objects}
    corners = _east_north_up(found, "tower")
    assert np.allclose(corners.min(axis=0), [9.0, 18.0, 0.0], atol=1e-3)
    assert np.allclose(corners.max(axis=0), [11.0, 22.0, 6.0], atol=1e-3)
    ((mesh, positions),) = found.meshes("tower")
    assert volume(mesh, positions) == pytest.approx(48.0, rel=1e-5)


def test_a_geometry_that_several_nodes_show_is_one_mesh(tmp_path: Path) -> None:
    source = tmp_path / "model.glb"
    source.write_bytes(_scene().export(file_type="glb"))
    found = _import(source, tmp_path / "spool")
    assert found.report.instanced == 2
    ((first, here),), ((second, there),) = found.meshes("球-0"), found.meshes("球-1")
    assert np.array_equal(first.positions, second.positions)
    assert np.linalg.norm(there.mean(axis=0) - here.mean(axis=0)) == pytest.approx(5.0, abs=1e-4)


def test_groups_stand_in_the_tree_and_are_no_products(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.graph.update(frame_from="world", frame_to="block")
    scene.add_geometry(trimesh.creation.box(), node_name="house", parent_node_name="block")
    source = tmp_path / "model.glb"
    source.write_bytes(scene.export(file_type="glb"))
    found = _import(source, tmp_path / "spool")
    assert found.of("house").parent == found.of("block").ordinal
    assert found.report.by_class.keys() == {"Mesh"}


def test_an_image_comes_through_as_it_lies_in_the_file_and_upright(tmp_path: Path) -> None:
    image = PIL.Image.new("RGB", (4, 4), (200, 10, 10))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    square = trimesh.Trimesh(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]], process=False
    )
    material = PBRMaterial(baseColorTexture=PIL.Image.open(io.BytesIO(buffer.getvalue())), doubleSided=True)
    square.visual = trimesh.visual.TextureVisuals(
        uv=np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), material=material
    )
    source = tmp_path / "model.glb"
    source.write_bytes(trimesh.Scene([square]).export(file_type="glb"))
    found = _import(source, tmp_path / "spool")
    (look,) = found.spool.materials
    assert look.texture is not None
    assert look.texture.data in source.read_bytes()
    corners = _east_north_up(found, found.objects[0].global_id)
    ((mesh, _),) = found.meshes(found.objects[0].global_id)
    assert mesh.uvs is not None
    lowest = np.argmin(corners[:, 2] + corners[:, 0])
    assert mesh.uvs[lowest].tolist() == [0.0, 1.0]


def test_colours_of_glb_are_linear_and_become_srgb(tmp_path: Path) -> None:
    box = trimesh.creation.box()
    box.visual = trimesh.visual.TextureVisuals(material=PBRMaterial(baseColorFactor=[55, 55, 55, 255]))
    source = tmp_path / "model.glb"
    source.write_bytes(trimesh.Scene([box]).export(file_type="glb"))
    found = _import(source, tmp_path / "spool")
    (material,) = found.spool.materials
    assert material.color[0] == pytest.approx(0.502, abs=0.01)


def test_coloured_vertices_colour_their_triangles(tmp_path: Path) -> None:
    box = trimesh.creation.box()
    box.visual.vertex_colors = np.tile([255, 0, 0, 255], (8, 1))
    source = tmp_path / "model.ply"
    source.write_bytes(box.export(file_type="ply"))
    found = _import(source, tmp_path / "spool")
    (id_,) = [item.global_id for item in found.objects]
    assert found.colors(id_) == {(1.0, 0.0, 0.0, 1.0): 12}


def test_objects_and_materials_of_obj_are_kept_and_its_z_is_up(tmp_path: Path) -> None:
    (tmp_path / "m.mtl").write_text("newmtl red\nKd 1 0 0\n")
    text = "mtllib m.mtl\n"
    for name, east in (("a", 0.0), ("b", 10.0)):
        text += f"o {name}\n" + "".join(
            f"v {east + x} {y} {z}\n" for x, y, z in ((0, 0, 0), (1, 0, 0), (0, 0, 3))
        )
        first = 1 if name == "a" else 4
        text += f"usemtl red\nf {first} {first + 1} {first + 2}\n"
    source = tmp_path / "model.obj"
    source.write_text(text)
    found = _import(source, tmp_path / "spool")
    assert found.report.drawn == 2
    assert [item.name for item in found.objects] == ["a", "b"]
    assert np.ptp(_east_north_up(found, "b")[:, 2]) == pytest.approx(3.0, abs=1e-4)
    assert {material.color for material in found.spool.materials} == {(1.0, 0.0, 0.0, 1.0)}


@pytest.mark.parametrize(("unit", "size"), [(None, 2.0), ("mm", 0.002), ("ft", 0.6096)])
def test_units_are_metres_unless_told_otherwise(tmp_path: Path, unit: str | None, size: float) -> None:
    source = tmp_path / "model.stl"
    source.write_bytes(trimesh.creation.box((2.0, 2.0, 2.0)).export(file_type="stl"))
    found = _import(source, tmp_path / "spool", unit=unit)
    corners = _east_north_up(found, found.objects[0].global_id)
    assert np.allclose(np.ptp(corners, axis=0), size, rtol=1e-3)


def test_a_mesh_needs_a_place(tmp_path: Path) -> None:
    source = tmp_path / "model.stl"
    source.write_bytes(trimesh.creation.box().export(file_type="stl"))
    with pytest.raises(UnsupportedSource, match="--origin"):
        import_mesh(source, tmp_path / "spool", options=ImportOptions(), progress=lambda _: None)


def test_points_without_faces_are_counted_as_such(tmp_path: Path) -> None:
    source = tmp_path / "model.ply"
    source.write_bytes(trimesh.PointCloud([[0, 0, 0], [1, 1, 1]]).export(file_type="ply"))
    assert _import(source, tmp_path / "spool").report.not_drawn == {"only points or lines": 1}


def _glb(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode().ljust(4)
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text


@pytest.mark.parametrize(
    ("header", "match"),
    [
        (
            {"asset": {"version": "2.0"}, "extensionsRequired": ["KHR_draco_mesh_compression"]},
            "gltf-transform",
        ),
        ({"asset": {"version": "1.0"}}, "2.0 is read"),
        ({}, "2.0 is read"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_advice(
    tmp_path: Path, header: dict[str, Any], match: str
) -> None:
    source = tmp_path / "model.glb"
    source.write_bytes(_glb(header))
    with pytest.raises(UnsupportedSource, match=match):
        _import(source, tmp_path / "spool")


@pytest.mark.parametrize("kind", ["glb", "ply", "stl", "obj", "gltf"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"\0" * 100, b"glTF\x02\0\0\0"])
def test_garbage_is_damage_or_nothing_to_draw(tmp_path: Path, kind: str, content: bytes) -> None:
    source = tmp_path / f"model.{kind}"
    source.write_bytes(content)
    try:
        found = _import(source, tmp_path / "spool")
    except (DamagedSource, UnsupportedSource):
        return
    assert found.report.drawn == 0


def test_a_buffer_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"\0" * 36)
    header = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": "../secret.bin", "byteLength": 36}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    }
    source = inside / "model.gltf"
    source.write_text(json.dumps(header))
    with pytest.raises(DamagedSource):
        _import(source, tmp_path / "spool")
