"""What is in the tiles, against what was put into the spool."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meshoptimizer import decode_filter_oct
from numpy.typing import NDArray

from tests.tiles.conftest import Built, build
from tests.tiles.reading import Drawn, Placed, tiles_of
from tests.tiles.spools import Sample, box, picture, placed, png, sphere
from tests.tiles.validator import validate
from tiles.compression import exponential, octahedral
from tiles.materials import linear_from_srgb, srgb_from_linear
from tiles.vertices import colors, feature_ids
from twin.source import Material, Texture

QUANTUM_M = 2.0**-10
"""The coarsest lattice step of a tile that fits into 16 bits."""


def drawn_by_ordinal(
    built: Built, *, decoded: bool = False
) -> dict[int, tuple[Placed, Drawn, NDArray[np.bool_]]]:
    """Where each object is: its tile, the tile's triangles, and which of them are its own."""
    found = {}
    for tile in tiles_of(built.folder, built.result.tileset):
        if "content" not in tile.json:
            continue
        glb = built.glb(tile.json["content"]["uri"], decoded=decoded)
        drawn = glb.drawn()
        for feature, row in enumerate(glb.table(built.schema)):
            ordinal = int(row["global_id"][:6])
            assert ordinal not in found, "an object is in one tile only"
            found[ordinal] = (tile, drawn, drawn.features == feature)
    return found


def apart(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Largest distance (metres) between corners of two sets of triangles (m, 3, 3), matched by their centroids.

    Corners are compared in order, from whichever the triangle starts at: a turned-over triangle is far away.
    """
    assert len(ours) == len(theirs)
    between = ((ours.mean(axis=1)[:, None] - theirs.mean(axis=1)[None]) ** 2).sum(axis=2)
    match = between.argmin(axis=1)
    assert sorted(match.tolist()) == list(range(len(theirs)))
    turns = [
        np.linalg.norm(np.roll(ours, turn, axis=1) - theirs[match], axis=2).max(axis=1) for turn in range(3)
    ]
    return float(np.min(turns, axis=0).max())


def to_local(built: Built, tile: Placed, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the tile's frame to the source's, through ECEF and the frame's inverse at the model's origin."""
    ecef = points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
    affine = built.frame.affine_at(np.zeros(3))
    return np.linalg.solve(affine[:3, :3], (ecef - affine[:3, 3]).T).T.astype(np.float64)


def test_every_drawn_object_is_in_one_tile_with_its_own_triangles(plain: Built) -> None:
    found = drawn_by_ordinal(plain)
    expected = plain.sample.triangles()
    assert found.keys() == expected.keys()
    for ordinal, (tile, drawn, own) in found.items():
        corners = to_local(plain, tile, drawn.corners[own].reshape(-1, 3)).reshape(-1, 3, 3)
        assert apart(corners, expected[ordinal]) < 2e-4


def test_normals_point_out_of_mirrored_turned_and_scaled_objects_alike(plain: Built) -> None:
    for _, drawn, own in drawn_by_ordinal(plain).values():
        corners = drawn.corners[own]
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flat /= np.linalg.norm(flat, axis=1, keepdims=True)
        assert (np.einsum("ni,nci->nc", flat, drawn.normals[own]) > 0.9).all()


def test_colours_are_linear_and_glass_is_blended(plain: Built) -> None:
    expected = {
        "墙 0": [*linear_from_srgb(np.array([0.9, 0.9, 0.85])), 1.0],
        "房间 0": [*linear_from_srgb(np.array([0.2, 0.4, 0.6])), 0.3],
        "灯 3": [*linear_from_srgb(np.array([0.02, 0.02, 0.02])), 1.0],
    }
    names = {item.ordinal: item.name for item in plain.sample.objects}
    seen = {names[at]: drawn.colors[own] for at, (_, drawn, own) in drawn_by_ordinal(plain).items()}
    for name, color in expected.items():
        np.testing.assert_allclose(seen[name], np.tile(color, (len(seen[name]), 1)), atol=1 / 255)


def test_linear_from_srgb_follows_the_standard() -> None:
    srgb = np.array([0.0, 0.04045, 0.5, 1.0])
    np.testing.assert_allclose(linear_from_srgb(srgb), [0.0, 0.0031308, 0.2140411, 1.0], atol=1e-7)


def test_a_tile_has_few_primitives_each_of_one_kind(plain: Built) -> None:
    for tile in tiles_of(plain.folder, plain.result.tileset):
        if "content" not in tile.json:
            continue
        glb = plain.glb(tile.json["content"]["uri"]).json
        baked = [node for node in glb["nodes"] if "mesh" in node and "extensions" not in node]
        assert len(baked) <= 1
        for node in baked:
            primitives = glb["meshes"][node["mesh"]]["primitives"]
            materials = [glb["materials"][each["material"]] for each in primitives]
            kinds = [
                (m.get("alphaMode"), m.get("doubleSided"), "baseColorTexture" in m["pbrMetallicRoughness"])
                for m in materials
            ]
            assert len(kinds) == len(set(kinds))
            assert all(m["pbrMetallicRoughness"]["metallicFactor"] == 0.0 for m in materials)
            assert all("NORMAL" in each["attributes"] for each in primitives)


def test_a_texture_keeps_its_bytes_its_coordinates_and_its_wrapping(plain: Built) -> None:
    glbs = [
        plain.glb(t.json["content"]["uri"])
        for t in tiles_of(plain.folder, plain.result.tileset)
        if "content" in t.json
    ]
    (glb,) = [each for each in glbs if "images" in each.json]
    assert glb.view(glb.json["images"][0]["bufferView"]) == png()
    assert (glb.json["samplers"][0]["wrapS"], glb.json["samplers"][0]["wrapT"]) == (33071, 10497)
    (primitive,) = [
        p for mesh in glb.json["meshes"] for p in mesh["primitives"] if "TEXCOORD_0" in p["attributes"]
    ]
    uvs = glb.accessor(primitive["attributes"]["TEXCOORD_0"])
    assert sorted(map(tuple, uvs.tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.node
def test_an_image_on_a_mesh_without_coordinates_is_still_valid(tmp_path: Path, node: str) -> None:
    poster = Material(texture=Texture(media_type="image/png", data=png()))
    sample = Sample(materials=[poster], meshes=[box(), picture()])
    sample.draw(0, placed(5.0))
    built = build(sample, tmp_path / "out", compress=False)
    assert [report["serious"] for report in validate(node, built.folder / "content").values()] == [[]]


def test_repeated_spheres_are_instances_and_the_rest_is_baked(plain: Built) -> None:
    assert plain.result.instanced == 12


@pytest.mark.parametrize(("objects", "component"), [(200, 5121), (300, 5123)])
def test_feature_ids_count_from_zero_in_the_smallest_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects: int, component: int
) -> None:
    monkeypatch.setattr("tiles.geometry.SAVED_VERTICES", 10**9)
    sample = Sample(materials=[Material()], meshes=[box()])
    for at in range(objects):
        sample.draw(0, placed(at * 2.0))
    built = build(sample, tmp_path / "out", compress=False)
    (tile,) = tiles_of(built.folder, built.result.tileset)
    glb = built.glb(tile.json["content"]["uri"])
    (primitive,) = glb.json["meshes"][0]["primitives"]
    at = primitive["attributes"]["_FEATURE_ID_0"]
    assert glb.json["accessors"][at]["componentType"] == component
    assert sorted(set(glb.accessor(at).tolist())) == list(range(objects))
    (ids,) = primitive["extensions"]["EXT_mesh_features"]["featureIds"]
    assert ids == {"featureCount": objects, "attribute": 0, "propertyTable": 0}


def test_an_instanced_tile_draws_what_a_baked_one_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = Sample(materials=[Material()], meshes=[sphere(12)])
    for at in range(9):
        sample.draw(0, placed(at * 3.0, -at, at / 7, turn_deg=25.0 * at, scale=0.5 + at))
    instanced = build(sample, tmp_path / "a", compress=False)
    monkeypatch.setattr("tiles.geometry.SAVED_VERTICES", 10**9)
    baked = build(sample, tmp_path / "b", compress=False)
    assert (instanced.result.instanced, baked.result.instanced) == (9, 0)
    for (_, ours, mine), (_, theirs, other) in zip(
        drawn_by_ordinal(instanced).values(), drawn_by_ordinal(baked).values(), strict=True
    ):
        assert apart(ours.corners[mine], theirs.corners[other]) < 1e-4


@pytest.mark.node
def test_decoded_tiles_are_valid_gltf_without_a_warning(packed: Built, plain: Built, node: str) -> None:
    for built in (packed, plain):
        reports = validate(node, built.folder / "content")
        assert len(reports) == built.result.tile_count
        assert {name: report["serious"] for name, report in reports.items() if report["count"]} == {}


def shown(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of these colours (n, 4) as a screen has it: sRGB and opacity, 0…1."""
    mean = linear.mean(axis=0)
    return np.append(srgb_from_linear(mean[:3]), mean[3])


@pytest.mark.node
def test_decoded_tiles_equal_plain_ones_within_the_lattice(packed: Built, plain: Built, node: str) -> None:
    validate(node, packed.folder / "content")
    ours, theirs = drawn_by_ordinal(packed, decoded=True), drawn_by_ordinal(plain)
    assert ours.keys() == theirs.keys()
    for ordinal, (tile, drawn, own) in ours.items():
        other_tile, other, others_own = theirs[ordinal]
        np.testing.assert_allclose(tile.to_ecef, other_tile.to_ecef)
        assert apart(drawn.corners[own], other.corners[others_own]) <= QUANTUM_M * np.sqrt(3) / 2 + 1e-5
        np.testing.assert_allclose(
            shown(drawn.colors[own]),
            shown(other.colors[others_own]),
            atol=2.0
            / 255.0,  # packed colours are of as few bits as show no difference, plain ones are floats
        )


@pytest.mark.node
def test_every_decoded_vertex_lies_in_the_box_of_its_tile_and_of_all_above(packed: Built, node: str) -> None:
    validate(node, packed.folder / "content")
    for tile in tiles_of(packed.folder, packed.result.tileset):
        if "content" not in tile.json:
            continue
        points = packed.glb(tile.json["content"]["uri"], decoded=True).drawn().corners.reshape(-1, 3)
        ecef = points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        above: Placed | None = tile
        while above is not None:
            assert above.outside(above.from_ecef(ecef)) <= 1e-6
            above = above.parent


def test_meshopt_buffers_have_the_versions_that_the_extension_names(packed: Built) -> None:
    heads = {"ATTRIBUTES": set(), "TRIANGLES": set()}  # type: dict[str, set[int]]
    for tile in tiles_of(packed.folder, packed.result.tileset):
        if "content" in tile.json:
            glb = packed.glb(tile.json["content"]["uri"])
            views = [
                v["extensions"]["EXT_meshopt_compression"]
                for v in glb.json["bufferViews"]
                if "extensions" in v
            ]
            for view in views:
                heads[view["mode"]].add(glb.binary[view["byteOffset"]])
    assert heads == {"ATTRIBUTES": {0xA0}, "TRIANGLES": {0xE1}}


def test_a_vertex_shared_by_two_colours_is_doubled(tmp_path: Path) -> None:
    mesh = box(lid=1)
    sample = Sample(materials=[Material(color=(1, 0, 0, 1)), Material(color=(0, 1, 0, 1))], meshes=[mesh])
    mesh.triangles[10:] = mesh.triangles[0:2]
    sample.draw(0)
    built = build(sample, tmp_path / "out", compress=False)
    ((_, drawn, _),) = drawn_by_ordinal(built).values()
    greens = drawn.corners[drawn.colors[:, 1] == 1.0]
    assert len(greens) == 2


def wide(*, balls: int = 3) -> Sample:
    """Balls over 600 m: more than 16 bits at a millimetre."""
    sample = Sample(
        materials=[Material(color=(0.5, 0.1, 0.7, 1.0))], meshes=[sphere(6), sphere(7), sphere(8)]
    )
    for at in range(balls):
        sample.draw(at, placed(at * 300.0 - 300.0, at * 7.3, at * 11.1, turn_deg=20.0 * at))
    return sample


@pytest.mark.node
def test_a_wide_tile_keeps_its_millimetres(tmp_path: Path, node: str) -> None:
    built, exact = build(wide(), tmp_path / "packed"), build(wide(), tmp_path / "plain", compress=False)
    reports = validate(node, built.folder / "content")
    assert [report["count"] for report in reports.values()] == [0]
    (tile,) = tiles_of(built.folder, built.result.tileset)
    (glb,) = [built.glb(tile.json["content"]["uri"], decoded=True)]
    assert {a["componentType"] for a in glb.json["accessors"] if "min" in a} == {5126}
    theirs = drawn_by_ordinal(exact)
    for ordinal, (_, drawn, own) in drawn_by_ordinal(built, decoded=True).items():
        _, other, others_own = theirs[ordinal]
        assert apart(drawn.corners[own], other.corners[others_own]) <= QUANTUM_M * np.sqrt(3) / 2 + 5e-5


@pytest.mark.node
def test_one_object_of_many_vertices_has_long_indices_and_is_valid(tmp_path: Path, node: str) -> None:
    sample = Sample(materials=[Material()], meshes=[sphere(190, radius=20.0)])
    sample.draw(0)
    built = build(sample, tmp_path / "out")
    reports = validate(node, built.folder / "content")
    assert [report["count"] for report in reports.values()] == [0]
    (tile,) = tiles_of(built.folder, built.result.tileset)
    glb = built.glb(tile.json["content"]["uri"])
    (primitive,) = glb.json["meshes"][0]["primitives"]
    assert glb.json["accessors"][primitive["indices"]]["componentType"] == 5125


def test_a_tile_above_the_limit_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiles.build.LARGEST_TILE", 1_000)
    built = build(wide(), tmp_path / "out")
    assert len(built.result.warnings) == 1
    assert "bytes as sent" in built.result.warnings[0]


@pytest.mark.parametrize(("largest", "dtype"), [(255, np.uint8), (256, np.uint16), (65_536, np.float32)])
def test_feature_ids_become_floats_where_shorts_end(largest: int, dtype: type) -> None:
    attribute = feature_ids(np.array([0, largest]))
    assert attribute.values.dtype == dtype
    assert attribute.rows.strides[0] % 4 == 0
    assert attribute.values.tolist() == [0, largest]


def test_dark_colours_get_the_bits_they_need() -> None:
    bright, dark = (linear_from_srgb(np.array([[value] * 3 + [1.0]])) for value in (0.9, 0.03))
    entry = np.zeros(4, dtype=np.int64)
    assert colors(bright, entry).values.dtype == np.uint8
    assert colors(dark, entry).values.dtype == np.uint16


@given(st.lists(st.integers(-(2**23) + 1, 2**23 - 1), min_size=1, max_size=50), st.integers(-20, 4))
def test_the_exponential_filter_keeps_every_mantissa(values: list[int], exponent: int) -> None:
    packed = exponential(np.array(values), exponent)
    mantissa = (packed << 8).view(np.int32) >> 8
    power = packed.view(np.int32) >> 24
    assert (mantissa * 2.0**power).tolist() == [value * 2.0**exponent for value in values]


def test_octahedral_normals_are_within_a_degree_or_so() -> None:
    random = np.random.default_rng(1).normal(size=(2_000, 3))
    unit = (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float32)
    decoded = decode_filter_oct(octahedral(unit), len(unit), 4)
    found = decoded[:, :3] / np.linalg.norm(decoded[:, :3].astype(float), axis=1, keepdims=True)
    assert np.degrees(np.arccos(np.clip((found * unit).sum(axis=1), -1, 1))).max() < 1.1


def test_surfaces_of_one_colour_each_need_one_kind_of_material(packed: Built) -> None:
    kinds = {
        frozenset(material["pbrMetallicRoughness"])
        for tile in tiles_of(packed.folder, packed.result.tileset)
        if "content" in tile.json
        for material in packed.glb(tile.json["content"]["uri"]).json["materials"]
        if "baseColorTexture" not in material["pbrMetallicRoughness"]
    }
    assert kinds == {frozenset({"metallicFactor", "roughnessFactor"})}
