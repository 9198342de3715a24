"""Tileset documents: where tiles stand, their boxes and errors, documents that stay small, new places."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import py3dtiles.tileset
import pytest

from tests.tiles.conftest import Built, build
from tests.tiles.reading import tiles_of
from tests.tiles.spools import Sample, box, frame, house, placed
from tiles import replace_frame
from tiles.tileset import relative
from twin.errors import TilingError
from twin.source import Material


def street(houses: int = 400, *, length_m: float = 10.0) -> Sample:
    """A row of boxes heavy enough for many tiles, every one larger than the one before."""
    sample = Sample(materials=[Material()], meshes=[])
    storeys = [sample.add("IfcBuildingStorey", f"层 {at}") for at in range(2)]
    for at in range(houses):
        sample.meshes.append(box((1.0 + at / 100.0, 2.0, 3.0), material=0))
        sample.draw(at, placed(at * length_m, at % 7), storey=storeys[at % 2])
    return sample


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of at most 20 boxes."""
    monkeypatch.setattr("tiles.partition.FULL_TILE", 480)
    monkeypatch.setattr("tiles.partition.KEPT_BY_PARENT", 400)
    monkeypatch.setattr("tiles.weights.FULL_TILE", 480)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_known_corner_stands_where_the_frame_says(plain: Built) -> None:
    """Corner of the first wall: position and height against the frame's own exact transform, within a millimetre."""
    from tests.tiles.test_content import drawn_by_ordinal  # noqa: PLC0415  # a helper, not a fixture

    for ordinal, (tile, drawn, own) in drawn_by_ordinal(plain).items():
        corners = drawn.corners[own].reshape(-1, 3)
        ecef = corners @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        expected = plain.frame.to_ecef(plain.sample.triangles()[ordinal].reshape(-1, 3))
        order = [np.lexsort(np.round(points, 2).T) for points in (ecef, expected)]
        assert np.linalg.norm(ecef[order[0]] - expected[order[1]], axis=1).max() < 0.02
        np.testing.assert_allclose(ecef.mean(axis=0), expected.mean(axis=0), atol=1e-3)


def test_the_root_stands_turned_as_the_frame_is(plain: Built) -> None:
    root = next(iter(tiles_of(plain.folder, plain.result.tileset)))
    at = root.to_ecef[:3, 3]
    up = root.to_ecef[:3, 2] / np.linalg.norm(root.to_ecef[:3, 2])
    assert up @ (at / np.linalg.norm(at)) > 0.99999
    east = np.cross([0.0, 0.0, 1.0], up)
    north = np.cross(up, east)
    x = root.to_ecef[:3, 0]
    azimuth_deg = np.degrees(np.arctan2(x @ north, x @ east / np.linalg.norm(east) * np.linalg.norm(north)))
    assert azimuth_deg == pytest.approx(33.0, abs=1.0)  # within the meridian convergence of the zone


def test_relative_transforms_compose_to_nanometres() -> None:
    place = frame()
    parent, child = (
        place.affine_at(np.array([0.0, 0.0, 0.0])),
        place.affine_at(np.array([433.0, -812.0, 57.0])),
    )
    np.testing.assert_allclose(parent @ relative(parent, child), child, atol=5e-9)


def test_errors_decrease_strictly_down_to_zero(small_tiles: None, tmp_path: Path) -> None:
    built = build(street(), tmp_path / "out", compress=False)
    tiles = list(tiles_of(built.folder, built.result.tileset))
    assert len(tiles) > 20
    for tile in tiles:
        if tile.parent is not None:
            assert tile.json["geometricError"] < tile.parent.json["geometricError"]
        if not tile.json.get("children") and "content" in tile.json:
            assert tile.json["geometricError"] == 0.0
    assert built.document["geometricError"] >= tiles[0].json["geometricError"]


def test_every_box_is_tight_and_inside_its_parent(small_tiles: None, tmp_path: Path) -> None:
    built = build(street(), tmp_path / "out", compress=False)
    corners = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    for tile in tiles_of(built.folder, built.result.tileset):
        points = tile.box[0] + corners @ tile.box[1:]
        if tile.parent is not None:
            ecef = points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
            assert tile.parent.outside(tile.parent.from_ecef(ecef)) < 1e-6
        if "content" in tile.json and "children" not in tile.json:
            drawn = built.glb(tile.json["content"]["uri"]).drawn().corners.reshape(-1, 3)
            extent = np.ptp(drawn, axis=0)
            np.testing.assert_allclose(np.abs(tile.box[1:]).sum(axis=0) * 2, extent, atol=0.01)


def test_every_tile_has_one_content_with_a_group(plain: Built) -> None:
    for tile in tiles_of(plain.folder, plain.result.tileset):
        assert "contents" not in tile.json
        assert tile.json.get("refine", "ADD") == "ADD"
        if "content" in tile.json:
            assert 0 <= tile.json["content"]["group"] < len(plain.document["groups"])


def test_a_large_tileset_is_split_into_documents_that_say_the_same(
    small_tiles: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(street(900, length_m=2.0), tmp_path / "whole", compress=False)
    monkeypatch.setattr("tiles.tileset.LARGEST_JSON", 16_000)
    split = build(street(900, length_m=2.0), tmp_path / "split", compress=False)
    documents = [
        name for name in split.result.files if name.endswith(".json") and not name.startswith("schema")
    ]
    assert len(documents) > 2
    assert max((split.folder / name).stat().st_size for name in documents) <= 16_000
    ours, theirs = (list(tiles_of(each.folder, each.result.tileset)) for each in (split, whole))
    assert [tile.json.get("content") for tile in ours] == [tile.json.get("content") for tile in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.to_ecef, other.to_ecef, rtol=1e-15)


def test_uris_are_relative_and_every_file_of_the_revision_is_there(plain: Built) -> None:
    assert plain.result.files[0] == plain.result.tileset
    assert set(snapshot(plain.folder)) - {
        name for name in snapshot(plain.folder) if "decoded" in name
    } == set(plain.result.files)
    for tile in tiles_of(plain.folder, plain.result.tileset):
        assert not tile.json.get("content", {}).get("uri", "").startswith(("/", "http", "."))


def test_py3dtiles_reads_the_tileset(plain: Built) -> None:
    read = py3dtiles.tileset.TileSet.from_file(plain.folder / plain.result.tileset)
    assert read.asset.version.value == "1.1"
    assert len(read.root_tile.get_all_children()) == plain.result.tile_count


def test_the_same_source_gives_the_same_bytes_whoever_wrote_the_spool(tmp_path: Path) -> None:
    variants: list[dict[str, Any]] = [{}, {}, {"parts": 2}, {"parts": 3, "backwards": True}, {"workers": 2}]
    built = [build(house(), tmp_path / f"out{at}", **each) for at, each in enumerate(variants)]
    first, *others = [snapshot(each.folder) for each in built]
    assert all(other == first for other in others)


def test_another_place_rewrites_documents_only(plain: Built, tmp_path: Path) -> None:
    built = build(house(), tmp_path / "out", compress=False)
    before = snapshot(built.folder)
    moved = frame(origin=(600_000.0, 3_300_000.0, 50.0), rotation_deg=-10.0)
    placed_anew = replace_frame(built.folder, built.result.tileset, moved)
    added = snapshot(built.folder).keys() - before.keys()
    assert {Path(name).suffix for name in added} <= {".json", ".br", ".gz"}
    assert not any("content" in name for name in added)
    assert set(placed_anew.files) <= set(snapshot(built.folder))
    fresh = build(house(), tmp_path / "fresh", compress=False)
    assert fresh.result.tileset != placed_anew.tileset
    point = np.zeros((1, 3))
    root = next(iter(tiles_of(built.folder, placed_anew.tileset)))
    centre = np.linalg.solve(
        moved.affine_at(np.zeros(3))[:3, :3], root.to_ecef[:3, 3] - moved.to_ecef(point)[0]
    )
    assert np.abs(centre - np.rint(centre)).max() < 1e-3


def test_the_old_place_again_gives_the_old_tileset(tmp_path: Path) -> None:
    built = build(house(), tmp_path / "out", compress=False)
    moved = replace_frame(built.folder, built.result.tileset, frame(rotation_deg=5.0))
    back = replace_frame(built.folder, moved.tileset, frame())
    assert (back.tileset, back.files) == (built.result.tileset, built.result.files)


def test_a_foreign_tileset_cannot_be_placed_anew(tmp_path: Path) -> None:
    (tmp_path / "tileset.json").write_text(json.dumps({"asset": {"version": "1.1"}}))
    with pytest.raises(TilingError, match="import its source again"):
        replace_frame(tmp_path, "tileset.json", frame())


def test_bounds_are_exact_by_ordinal(plain: Built) -> None:
    expected = plain.sample.triangles()
    for ordinal in range(len(plain.sample.objects)):
        bounds = plain.result.bounds[ordinal]
        if ordinal not in expected:
            assert np.isnan(bounds).all()
            continue
        corners = expected[ordinal].reshape(-1, 3)
        np.testing.assert_allclose(bounds, [*corners.min(axis=0), *corners.max(axis=0)], atol=1e-6)


def test_nothing_drawn_is_an_error_that_says_so(tmp_path: Path) -> None:
    sample = Sample(materials=[], meshes=[])
    sample.add("IfcProject")
    with pytest.raises(TilingError, match="nothing in this source"):
        build(sample, tmp_path / "out")


def test_a_coordinate_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    sample = Sample(materials=[Material()], meshes=[box()])
    sample.draw(0, placed(float("inf")))
    with pytest.raises(TilingError, match="not finite"):
        build(sample, tmp_path / "out")
