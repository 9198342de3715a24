"""CityJSON: what is read, how it looks, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bim_import import ImportOptions
from bim_import.cityjson.importer import import_cityjson
from bim_import.citymodel.levels import chosen_level
from bim_import.citymodel.looks import surface_material
from tests.bim_import.city_models import (
    BOX,
    BOX_FACES,
    building,
    city,
    import_json,
    solid,
    volume,
)
from twin.errors import DamagedSource, UnsupportedSource

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
_ROOF, _WALL = (surface_material(name, "Building").color for name in ("RoofSurface", "WallSurface"))
_SEMANTICS = {
    "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}],
    "values": [[0, 1, 2, 2, 2, None]],
}


def test_a_solid_has_its_volume_and_faces_outward(tmp_path: Path) -> None:
    found = import_json(tmp_path, city({"a": building(solid())}))
    ((mesh, positions),) = found.meshes("a")
    assert volume(mesh, positions) == pytest.approx(1200.0, rel=1e-3)
    assert found.report.schema == "CityJSON 2.0"


def test_the_inner_shell_of_a_solid_is_a_void(tmp_path: Path) -> None:
    inner = [[2, 2, 2], [4, 2, 2], [2, 4, 2], [2, 2, 4]]
    void = [[[8, 9, 10]], [[8, 11, 9]], [[9, 11, 10]], [[10, 11, 8]]]
    holed = solid(boundaries=[BOX_FACES, void])
    found = import_json(tmp_path, city({"a": building(holed)}, vertices=BOX + inner))
    ((mesh, positions),) = found.meshes("a")
    assert volume(mesh, positions) == pytest.approx((1200.0 - 8.0 / 6.0) * 1200.137 / 1200.0, rel=1e-5)


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "2.0.1"])
def test_versions_that_are_read(tmp_path: Path, version: str) -> None:
    assert import_json(tmp_path, city({"a": building(solid())}, version=version)).report.drawn == 1


@pytest.mark.parametrize("version", ["0.9", "3.0", "", None, 2])
def test_other_versions_are_refused_with_advice(tmp_path: Path, version: object) -> None:
    with pytest.raises(UnsupportedSource, match="cjio"):
        import_json(tmp_path, city({"a": building(solid())}, version=version))


def test_semantic_surfaces_are_coloured_roof_wall_and_ground(tmp_path: Path) -> None:
    found = import_json(tmp_path, city({"a": building(solid(semantics=_SEMANTICS))}))
    counts = found.colors("a")
    assert counts[_ROOF] == 2
    assert counts[_WALL] == 6
    assert len(counts) == 4


def test_attributes_of_semantic_surfaces_are_told_of_their_object_by_kind(tmp_path: Path) -> None:
    surfaces = [
        {"type": "RoofSurface", "slope": 30.5, "material": "瓦"},
        {"type": "RoofSurface", "slope": 12, "material": "瓦", "solar": True},
        {"type": "WallSurface", "parent": 0},
    ]
    semantics = {"surfaces": surfaces, "values": [[2, 0, 1, 2, 2, 2]]}
    found = import_json(tmp_path, city({"a": building(solid(semantics=semantics))}))
    told = found.of("a").attributes.properties
    assert {name: (each.value, each.type) for name, each in told["RoofSurface"].items()} == {
        "slope": ([30.5, 12], "double"),
        "material": ("瓦", "string"),
        "solar": (True, "boolean"),
    }
    assert "WallSurface" not in told


def test_every_address_of_an_object_is_kept(tmp_path: Path) -> None:
    addresses = [{"City": "宁波", "location": {"type": "MultiPoint"}}, {"City": "杭州"}]
    found = import_json(tmp_path, city({"a": building(solid(), address=addresses)}))
    sets = found.of("a").attributes.properties
    assert [sets[name]["City"].value for name in ("Address", "Address 2")] == ["宁波", "杭州"]


def test_materials_of_the_file_win_over_default_colours(tmp_path: Path) -> None:
    appearance = {"materials": [{"name": "m", "diffuseColor": [1.0, 0.0, 0.5], "transparency": 0.25}]}
    geometry = solid(semantics=_SEMANTICS, material={"theme": {"values": [[0, 0, None, None, None, None]]}})
    found = import_json(tmp_path, city({"a": building(geometry)}, appearance=appearance))
    assert found.colors("a")[1.0, 0.0, 0.5, 0.75] == 4
    whole = import_json(
        tmp_path, city({"a": building(solid(material={"theme": {"value": 0}}))}, appearance=appearance)
    )
    assert whole.colors("a") == {(1.0, 0.0, 0.5, 0.75): 12}


def test_textures_are_shown_where_the_corners_say(tmp_path: Path) -> None:
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "roof").write_bytes(_PNG)
    appearance = {
        "textures": [{"type": "PNG", "image": "look\\roof"}],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    }
    texture = {"t": {"values": [[[[None]], [[0, 0, 1, 2, 3]], [[None]], [[None]], [[None]], [[None]]]]}}
    found = import_json(tmp_path, city({"a": building(solid(texture=texture))}, appearance=appearance))
    ((mesh, positions),) = found.meshes("a")
    assert mesh.uvs is not None
    textured = [m for m in mesh.parts.tolist() if found.spool.materials[m[0]].texture]
    assert [count for _, _, count in textured] == [2]
    first = textured[0][1]
    corners = np.unique(mesh.triangles[first : first + 2])
    top = positions[:, 2].max()
    assert np.allclose(positions[corners, 2], top, atol=0.02)
    assert {tuple(uv) for uv in mesh.uvs[corners].tolist()} == {(0, 1), (1, 1), (1, 0), (0, 0)}


def test_an_image_that_is_not_there_or_leads_out_of_the_folder_is_counted(tmp_path: Path) -> None:
    (tmp_path.parent / "secret.png").write_bytes(_PNG)
    appearance = {
        "textures": [{"image": "../secret.png"}],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    }
    texture = {"t": {"values": [[[[None]], [[0, 0, 1, 2, 3]], [[None]], [[None]], [[None]], [[None]]]]}}
    found = import_json(tmp_path, city({"a": building(solid(texture=texture))}, appearance=appearance))
    assert all(material.texture is None for material in found.spool.materials)
    assert any("image not found" in warning for warning in found.report.warnings)


def test_the_highest_level_of_detail_is_drawn_unless_another_is_asked_for(tmp_path: Path) -> None:
    flat = {"type": "MultiSurface", "lod": "1.2", "boundaries": [BOX_FACES[0]]}
    found = import_json(tmp_path, city({"a": building(flat, solid())}))
    assert sum(found.colors("a").values()) == 12
    found = import_json(tmp_path, city({"a": building(flat, solid())}), lod="1")
    assert sum(found.colors("a").values()) == 2


@pytest.mark.parametrize(
    ("levels", "wanted", "chosen"),
    [
        (["0", "1.3", "2.2"], None, "2.2"),
        (["0", "1.3", "2.2"], "2", "2.2"),
        (["0", "1.3", "2.2"], "2.0", "1.3"),
        (["2.2", "3"], "1", "2.2"),
        (["10", "9"], None, "10"),
        (["", "1"], None, "1"),
    ],
)
def test_levels_are_compared_as_numbers(levels: list[str], wanted: str | None, chosen: str) -> None:
    assert chosen_level(levels, wanted) == chosen


def test_types_with_shells_at_any_depth_are_drawn(tmp_path: Path) -> None:
    shapes: dict[str, Any] = {
        "MultiSurface": BOX_FACES,
        "CompositeSurface": BOX_FACES,
        "Solid": [BOX_FACES],
        "MultiSolid": [[BOX_FACES], [BOX_FACES]],
        "CompositeSolid": [[BOX_FACES]],
    }
    objects = {
        name: building({"type": name, "lod": "1", "boundaries": shape}) for name, shape in shapes.items()
    }
    found = import_json(tmp_path, city(objects))
    assert found.report.drawn == 5
    assert {name: sum(found.colors(name).values()) for name in shapes} == {
        "MultiSurface": 12,
        "CompositeSurface": 12,
        "Solid": 12,
        "MultiSolid": 24,
        "CompositeSolid": 12,
    }


def test_points_and_lines_alone_are_counted_as_such(tmp_path: Path) -> None:
    objects = {
        "line": building({"type": "MultiLineString", "lod": "0", "boundaries": [[0, 1]]}),
        "nothing": building(),
    }
    assert import_json(tmp_path, city(objects)).report.not_drawn == {
        "no representation": 1,
        "only points or lines": 1,
    }


def test_a_hole_in_a_face_stays_a_hole(tmp_path: Path) -> None:
    vertices = [[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0], [2, 2, 0], [8, 2, 0], [8, 8, 0], [2, 8, 0]]
    ring = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3], [7, 6, 5, 4]]]}
    found = import_json(tmp_path, city({"a": building(ring)}, vertices=vertices))
    ((mesh, positions),) = found.meshes("a")
    a, b, c = (positions[mesh.triangles[:, k]] for k in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(64.0, rel=1e-3)


def test_templates_are_instances_of_one_mesh_turned_and_placed(tmp_path: Path) -> None:
    turned = [0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.0, 0.0, 1.0]
    objects = {
        "a": building({"type": "GeometryInstance", "template": 0, "boundaries": [0]}),
        "b": building(
            {"type": "GeometryInstance", "template": 0, "boundaries": [2], "transformationMatrix": turned}
        ),
    }
    templates = {
        "templates": [solid()],
        "vertices-templates": [[0.1 * x for x in v] for v in city({})["vertices"]],
    }
    found = import_json(tmp_path, city(objects, **{"geometry-templates": templates}))
    assert found.report.instanced == 2
    ((mesh, first),), ((same, second),) = found.meshes("a"), found.meshes("b")
    assert np.array_equal(mesh.positions, same.positions)
    assert np.allclose(np.ptp(first, axis=0), [1.0, 2.0, 0.6], atol=0.05)
    assert np.allclose(np.ptp(second, axis=0), [2.0, 1.0, 0.6], atol=0.05)
    assert second[:, 2].min() - first[:, 2].min() == pytest.approx(5.0, abs=0.02)


def test_children_stand_below_their_parents_and_circles_are_cut(tmp_path: Path) -> None:
    objects = {
        "whole": building(children=["part"]),
        "part": building(solid(), parents=["whole"], type="BuildingPart"),
        "x": building(parents=["y"]),
        "y": building(parents=["x"]),
        "self": building(parents=["self"]),
        "orphan": building(parents=["nobody"]),
    }
    found = import_json(tmp_path, city(objects))
    assert found.of("part").parent == found.of("whole").ordinal
    assert found.of("self").parent is None
    assert [found.of(name).parent for name in "xy"].count(None) == 1
    assert any("circle of parents" in text for text in found.report.warnings)
    assert any("a parent that is not in the file" in text for text in found.report.warnings)


def test_attributes_keep_their_types(tmp_path: Path) -> None:
    attributes = {
        "name": "市民中心",
        "floors": 12,
        "height": 38.5,
        "listed": True,
        "nothing": None,
        "area": {"value": 12.5, "uom": "m2"},
        "tags": ["a", "b"],
        "deep": {"a": [1, {"b": 2}]},
        "huge": 2**70,
    }
    item = import_json(tmp_path, city({"a": building(solid(), attributes=attributes)})).of("a")
    found = item.attributes.properties["attributes"]
    assert item.name == "市民中心"
    assert found["floors"].value == 12
    assert found["floors"].type == "integer"
    assert found["height"].value == 38.5
    assert found["listed"].value is True
    assert found["nothing"].value is None
    assert (found["area"].value, found["area"].unit) == (12.5, "m2")
    assert found["tags"].value == ["a", "b"]
    assert json.loads(str(found["deep"].value)) == {"a": [1, {"b": 2}]}
    assert found["huge"].value == str(2**70)


def test_a_type_of_an_extension_is_kept_with_its_members(tmp_path: Path) -> None:
    extended = building(solid(), type="+NoiseBuilding", **{"+noise": {"value": 55, "uom": "dB"}})
    item = import_json(tmp_path, city({"a": extended})).of("a")
    assert item.class_ == "+NoiseBuilding"
    assert item.attributes.properties["Extension"]["+noise"].unit == "dB"


def test_a_text_sequence_is_read_line_by_line_each_with_its_own_vertices(tmp_path: Path) -> None:
    header = city({}, vertices=[])
    lines = [
        {"type": "CityJSONFeature", "id": name, "CityObjects": {name: building(solid())},
         "vertices": [[x + shift, y, z] for x, y, z in city({})["vertices"]]}
        for name, shift in (("a", 0), ("b", 100))
    ]  # fmt: skip
    found = import_json(tmp_path, header, *lines)
    assert found.report.drawn == 2
    ((_, first),), ((_, second),) = found.meshes("a"), found.meshes("b")
    assert np.linalg.norm(second.mean(axis=0) - first.mean(axis=0)) == pytest.approx(100.0, abs=0.1)


def test_a_text_sequence_without_its_header_is_told_so(tmp_path: Path) -> None:
    features = [{"type": "CityJSONFeature", "id": "a", "CityObjects": {}, "vertices": []}] * 2
    with pytest.raises(DamagedSource, match="without the CityJSON header"):
        import_json(tmp_path, *features)


def test_corners_that_are_not_in_the_file_cost_their_surface_only(tmp_path: Path) -> None:
    broken = {
        "type": "MultiSurface",
        "lod": "1",
        "boundaries": [[[0, 1, 99]], [[0, 1, -2]], [["x"]], BOX_FACES[0]],
    }
    lost = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 99]]]}
    found = import_json(tmp_path, city({"a": building(broken), "b": building(lost)}))
    assert found.report.not_drawn == {"empty geometry": 1}
    assert found.report.culprits == {"empty geometry": ["b"]}
    assert any(text.startswith("4 × a surface whose corners") for text in found.report.warnings)


def test_vertices_that_are_no_numbers_are_invalid_coordinates(tmp_path: Path) -> None:
    vertices = [[None, 0, 0]] * 8
    found = import_json(tmp_path, city({"a": building(solid()), "b": building()}, vertices=vertices))
    assert found.report.drawn == 0
    assert sum(found.report.not_drawn.values()) == 2


@pytest.mark.parametrize(
    "text", ['{"type":"CityJSON","version":"2.0","CityObj', "[]", "", '{"type":"CityJSON"', "\xff"]
)
def test_what_is_cut_off_or_no_object_is_damaged(tmp_path: Path, text: str) -> None:
    source = tmp_path / "model.json"
    source.write_text(text, "latin-1")
    with pytest.raises((DamagedSource, UnsupportedSource)):
        import_cityjson(source, tmp_path / "spool", options=ImportOptions(), progress=lambda _: None)


@pytest.mark.parametrize(
    "members", [{"CityObjects": []}, {"vertices": {}}, {"transform": {"scale": "x"}}, {"transform": 1}]
)
def test_members_of_a_wrong_kind_are_damage(tmp_path: Path, members: dict[str, Any]) -> None:
    with pytest.raises(DamagedSource):
        import_json(tmp_path, city({"a": building(solid())}, **members))


def test_an_empty_model_is_imported_with_nothing_in_it(tmp_path: Path) -> None:
    assert import_json(tmp_path, city({}, vertices=[])).report.products == 0


def test_lists_nested_beyond_reason_end_in_an_error_not_in_a_crash(tmp_path: Path) -> None:
    source = tmp_path / "model.json"
    source.write_text('{"type":"CityJSON","version":"2.0","CityObjects":' + "[" * 100_000)
    with pytest.raises(DamagedSource):
        import_cityjson(source, tmp_path / "spool", options=ImportOptions(), progress=lambda _: None)
