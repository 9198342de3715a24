"""Networks and differences of files made by others: traces as networkx has them, planted changes and nothing else."""

import json
import random
from pathlib import Path

import networkx as nx  # type: ignore[import-untyped]  # types-networkx knows less than the tests need
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings

pytestmark = pytest.mark.timeout(600)


def run(data: Path, source: Path) -> None:
    (report,) = import_sources(
        Settings(data=data, workers=2), ImportRequest(sources=[source]), lambda _: None
    )
    assert report.status == "imported", report.reason


def one(real_data: Path, name: str) -> Path:
    found = sorted(real_data.glob(f"gis/**/{name}"))
    if not found:
        pytest.skip(f"no {name} among the real data")
    return found[0]


def test_traces_of_the_railways_of_berlin_are_those_of_networkx(real_data: Path, tmp_path: Path) -> None:
    source = one(real_data, "berlin-railway.geojson")
    lines = [each["geometry"]["coordinates"] for each in json.loads(source.read_text())["features"]]
    leaving: dict[tuple[float, ...], list[int]] = {}
    for row, line in enumerate(lines):
        leaving.setdefault(tuple(line[0][:2]), []).append(row)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(lines)))
    graph.add_edges_from(
        (row, to)
        for row, line in enumerate(lines)
        for to in leaving.get(tuple(line[-1][:2]), ())
        if to != row
    )
    run(tmp_path / "data", source)
    chosen = random.Random(3).sample(range(len(lines)), 12)
    with (
        Runtime(Settings(data=tmp_path / "data")) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as client,
    ):
        reached = 0
        for direction, directed in (("downstream", graph), ("upstream", graph.reverse())):
            for row in chosen:
                answer = client.get(
                    f"/api/v1/objects/berlin-railway/{row}/trace",
                    params={"direction": direction, "depth": 12, "limit": 1000},
                ).json()
                told = {int(item["global_id"]): item["depth"] for item in answer["items"]}
                expected = nx.single_source_shortest_path_length(directed, row, cutoff=12)
                assert not answer["truncated"]
                assert told == {to: depth for to, depth in expected.items() if to != row}
                reached += len(told)
    assert reached > 200


def test_planted_changes_of_a_real_layer_are_found_and_nothing_else(real_data: Path, tmp_path: Path) -> None:
    document = json.loads(one(real_data, "bd_demo_2.json").read_text())
    source, features = tmp_path / "suzhou.json", document["features"]
    for number, feature in enumerate(features):
        feature["id"] = f"b{number}"
    source.write_text(json.dumps(document))
    run(tmp_path / "data", source)
    storey, moved, renamed = features[100], features[200], features[300]
    height = storey["properties"]["height"]
    storey["properties"]["height"] = height + 3.0
    moved["geometry"]["coordinates"] = [
        [[x + 1e-4, y] for x, y, *_ in ring] for ring in moved["geometry"]["coordinates"]
    ]
    renamed["properties"]["Floor"] += 1
    gone = features.pop(400)
    document["features"] = features[::-1]
    source.write_text(json.dumps(document))
    run(tmp_path / "data", source)
    with (
        Runtime(Settings(data=tmp_path / "data")) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as client,
    ):
        found = client.get("/api/v1/models/suzhou/diff", params={"from": 1, "to": 2}).json()
    assert {item["id"].partition("/")[2]: item["changes"] for item in found["items"]} == {
        "b100": ["reshaped", "properties"],
        "b200": ["moved"],
        "b300": ["properties"],
        gone["id"]: ["removed"],
    }
    told = {item["id"].partition("/")[2]: item for item in found["items"]}
    assert told["b100"]["reshaped"]["height_m"]["difference"] == pytest.approx(3.0, abs=0.001)
    assert told["b200"]["moved"]["distance_m"] == pytest.approx(9.5, abs=0.2)
    assert found["counts"]["unchanged"] == len(features) - 3
