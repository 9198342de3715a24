"""`twin diff` and its route find the changes that were made to a file, and nothing else. Through the real command line."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from tests.bim_import.bodies import Bodies
from tests.bim_import.gis_layers import NINGBO, feature, geojson, metres

TWIN = Path(sys.executable).with_name("twin")

House = tuple[float, float, float, float, float, dict[str, Any]]
"""West and south corner in metres, width, depth, height, properties."""

HOUSES: Mapping[str, House] = {
    f"h{i:03}": (40.0 * (i % 10), 30.0 * (i // 10), 8 + i % 7, 10 + i % 5, 6 + i % 9, {"use": "住宅", "n": i})
    for i in range(60)
}


def twin(*arguments: object) -> str:
    run = subprocess.run(
        [TWIN, *map(str, arguments)], capture_output=True, text=True, timeout=200, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def houses(file: Path, rows: Mapping[str, House]) -> Path:
    features = []
    for name, (x, y, width, depth, height, about) in rows.items():
        corners = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
        shape = shapely.Polygon(metres(*NINGBO, corners))
        features.append({"id": name, **feature(shape, name=f"House {name}", height=height, **about)})
    return geojson(file.parent, *features, name=file.name)


def diff(data: Path, key: str, *revisions: int, **options: Any) -> dict[str, Any]:
    extra = [part for name, value in options.items() for part in (f"--{name}", value)]
    found: dict[str, Any] = json.loads(twin("diff", key, *revisions, "--data", data, "--json", *extra))
    return found


def changes(found: dict[str, Any]) -> dict[str, list[str]]:
    return {item["id"].partition("/")[2]: item["changes"] for item in found["items"]}


def test_planted_changes_of_a_layer_are_found_and_nothing_else(tmp_path: Path) -> None:
    file, data = tmp_path / "layer.geojson", tmp_path / "data"
    twin("import", houses(file, HOUSES), "--data", data)
    later = dict(HOUSES)
    del later["h007"]
    later["new"] = (500.0, 10.0, 9, 9, 9, {"use": "商业", "n": 1})
    x, y, width, depth, height, about = later["h020"]
    later["h020"] = (x, y, width, depth, height + 3.2, about)
    x, y, width, depth, height, about = later["h021"]
    later["h021"] = (x + 3, y + 4, width, depth, height, about)
    x, y, width, depth, height, about = later["h022"]
    later["h022"] = (x, y, width + 2, depth, height, about)
    *place, about = later["h023"]
    later["h023"] = (*place, {**about, "use": "工业"})  # type: ignore[assignment]
    twin("import", houses(file, dict(reversed(later.items()))), "--data", data)
    found = diff(data, "layer", 1, 2)
    assert changes(found) == {
        "h007": ["removed"],
        "h020": ["reshaped", "properties"],
        "h021": ["moved"],
        "h022": ["reshaped"],
        "h023": ["properties"],
        "new": ["added"],
    }
    assert found["counts"]["unchanged"] == 55
    told = {item["id"].partition("/")[2]: item for item in found["items"]}
    storey, moved = told["h020"]["reshaped"], told["h021"]["moved"]
    area = HOUSES["h020"][2] * HOUSES["h020"][3]
    assert storey["height_m"]["difference"] == pytest.approx(3.2, abs=0.001)
    assert storey["volume_m3"]["difference"] == pytest.approx(3.2 * area, rel=0.002)
    assert (moved["distance_m"], moved["bearing_deg"]) == (
        pytest.approx(5, abs=0.01),
        pytest.approx(36.9, abs=0.2),
    )
    assert told["h023"]["properties"] == [
        {"set": "attributes", "name": "use", "before": "住宅", "after": "工业"}
    ]
    assert "height +3.2 m" in twin("diff", "layer", 1, 2, "--data", data)


def test_a_layer_imported_again_or_placed_anew_has_not_changed(tmp_path: Path) -> None:
    file, data = houses(tmp_path / "layer.geojson", HOUSES), tmp_path / "data"
    for _ in range(2):
        twin("import", file, "--data", data, "--force")
    twin("place", "layer", "--data", data, "--origin", "121.6,29.9,3")
    found = diff(data, "layer", 1, 2)
    assert found["items"] == []
    assert found["counts"]["unchanged"] == len(HOUSES)


def test_a_layer_whose_origin_followed_its_data_has_not_moved(tmp_path: Path) -> None:
    file, data = tmp_path / "layer.geojson", tmp_path / "data"
    twin("import", houses(file, HOUSES), "--data", data)
    far = {f"z{i}": (30_000.0 + 50 * i, 20_000.0, 9.0, 9.0, 9.0, {"use": "x", "n": i}) for i in range(3)}
    twin("import", houses(file, {**far, **HOUSES}), "--data", data)
    found = diff(data, "layer", 1, 2)
    assert changes(found) == {"z0": ["added"], "z1": ["added"], "z2": ["added"]}


def model(folder: Path, *, grown: float = 0, moved: float = 0, extra: bool = False) -> Path:
    """Two boxes and a cut wall; the second box grows upwards, the wall moves along x; lengths in millimetres."""
    bodies = Bodies()
    bodies.element(bodies.box((4000, 5000, 3000)))
    bodies.element(
        bodies.box((4000, 5000, 3000 + grown)), placement=bodies.placement((20_000, 0, 0)), name="IFCWALL"
    )
    wall = bodies.brep(
        [(0, 0, 0), (6000, 0, 0), (0, 3000, 0), (0, 0, 9000)], [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
    )
    bodies.element(wall, placement=bodies.placement((moved, 30_000, 0)))
    if extra:
        bodies.element(bodies.box((1000, 1000, 1000)))
    folder.mkdir(exist_ok=True)
    return bodies.write(folder)


def test_planted_changes_of_a_building_model_are_found_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    twin("import", model(tmp_path / "in"), "--data", data, "--key", "b")
    twin("import", model(tmp_path / "in"), "--data", data, "--key", "b", "--force")
    assert diff(data, "b", 1, 2)["items"] == []
    changed = model(tmp_path / "in", grown=3200, moved=2500, extra=True)
    twin("import", changed, "--data", data, "--key", "b")
    found = diff(data, "b", 2, 3)
    assert sorted(item["changes"] for item in found["items"]) == [["added"], ["moved"], ["reshaped"]]
    told = {item["changes"][0]: item for item in found["items"]}
    shape = told["reshaped"]["reshaped"]
    assert shape["height_m"] == {"before": 3.0, "after": 6.2, "difference": 3.2}
    assert shape["volume_m3"] == {"before": 60.0, "after": 124.0, "difference": 64.0}
    assert told["moved"]["moved"]["distance_m"] == 2.5


def test_the_route_answers_pages_of_the_same(tmp_path: Path) -> None:
    file, data = tmp_path / "layer.geojson", tmp_path / "data"
    twin("import", houses(file, HOUSES), "--data", data)
    twin("import", houses(file, dict(list(HOUSES.items())[10:])), "--data", data)
    with (
        Runtime(Settings(data=data)) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as client,
    ):
        path = "/api/v1/models/layer/diff"
        asked = {"from": 1, "to": 2, "limit": 4}
        ids: list[str] = []
        while True:
            answer = client.get(path, params=asked)
            assert answer.status_code == 200, answer.text
            ids += [item["id"] for item in answer.json()["items"]]
            if answer.json()["next"] is None:
                break
            asked["cursor"] = answer.json()["next"]
        assert ids == [f"layer/h{i:03}" for i in range(10)]
        backwards = client.get(path, params={"from": 2, "to": 1}).json()
        assert (backwards["from"], backwards["counts"]["added"]) == (2, 10)
        only = client.get(path, params={"from": 1, "to": 2, "change": "moved"}).json()
        assert (only["items"], only["counts"]["removed"]) == ([], 10)
        assert client.get(path, params={"from": 1, "to": 9}).status_code == 404
        assert client.get(path, params={"from": 1, "to": 2, "cursor": "x"}).status_code == 400
        assert client.get(path, params={"from": 1}).status_code == 422
