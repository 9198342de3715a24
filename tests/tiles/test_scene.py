"""The scene around the models."""

from pathlib import Path

import numpy as np
import pytest

from tests.tiles.conftest import Built
from tests.tiles.reading import Placed
from tiles import scene_entry, scene_tileset
from twin.errors import TilingError


def corners_of(box: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    parts = np.array(box, dtype=np.float64).reshape(4, 3)
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    result: np.ndarray[tuple[int, int], np.dtype[np.float64]] = parts[0] + signs @ parts[1:]
    return result


def test_models_are_external_tilesets_by_key(plain: Built) -> None:
    path = plain.folder / plain.result.tileset
    scene = scene_tileset([scene_entry("一号楼 a", path), scene_entry("b", path)])
    uris = [child["content"]["uri"] for child in scene["root"]["children"]]
    assert uris == ["%E4%B8%80%E5%8F%B7%E6%A5%BC%20a/tileset.json", "b/tileset.json"]
    assert scene["asset"] == {"version": "1.1"}


def test_the_box_of_a_model_is_its_roots_in_ecef(plain: Built) -> None:
    entry = scene_entry("a", plain.folder / plain.result.tileset)
    drawn = np.concatenate(list(plain.sample.triangles().values())).reshape(-1, 3)
    ecef = plain.frame.to_ecef(drawn)
    child = Placed({"boundingVolume": {"box": list(entry.box)}}, np.eye(4), None)
    assert child.outside(ecef) < 1e-3
    assert np.linalg.norm(np.array(entry.box[:3]) - ecef.mean(axis=0)) < 20.0


def test_the_scene_holds_every_model_and_has_the_larger_error(plain: Built) -> None:
    entry = scene_entry("a", plain.folder / plain.result.tileset)
    far = np.array(entry.box)
    far[:3] += [300.0, -200.0, 400.0]
    other = type(entry)(uri="b/tileset.json", box=tuple(far.tolist()), error_m=entry.error_m)
    scene = scene_tileset([entry, other])
    root = Placed(scene["root"], np.eye(4), None)
    for child in scene["root"]["children"]:
        assert root.outside(corners_of(child["boundingVolume"]["box"])) < 1e-6
        assert child["geometricError"] < scene["root"]["geometricError"]


def test_the_scene_of_no_model_is_valid_and_empty() -> None:
    scene = scene_tileset([])
    assert "children" not in scene["root"]
    assert scene["root"]["geometricError"] == 0.0


def test_a_lost_tileset_is_named(tmp_path: Path) -> None:
    with pytest.raises(TilingError, match="'a'"):
        scene_entry("a", tmp_path / "tileset.json")
