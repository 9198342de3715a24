"""Filters over HTTP: what is found, what is refused, and that the page about them is right."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import schemas_live as schemas
from api.runtime import Runtime
from tests.api.conftest import KEY
from tests.twin.store.builders import boxes, building, published, staged
from twin.filters import parse_filter
from twin.ports import StateQuery
from twin.queries import ObjectQuery
from twin.state import Quality, Reading, Signal

STATE, QUERY, OBJECTS = "/api/v1/state", "/api/v1/state/query", "/api/v1/objects"
AT = 1_700_000_000_000_000


@pytest.fixture
def measured(runtime: Runtime) -> None:
    """Three rooms with temperatures, one of them also humid; object `e1` stands at 1° E, 1° N, the rest nowhere."""
    revision, _ = staged(runtime.store, KEY, building(), "2")
    rows = [(1.0, 1.0, 0.0, 1.1, 1.1, 3.0) if item.global_id == "e1" else None for item in building()]
    runtime.store.stage_bounds(
        revision, boxes([row and (0.0, 0.0, 0.0, 1.0, 1.0, 1.0) for row in rows]), boxes(rows)
    )
    published(runtime.store, revision, tileset=None)
    signals = [
        ("e1", "temperature", 35.0),
        ("e1", "humidity", 40.0),
        ("e2", "temperature", 20.0),
        ("e3", "temperature", 50.0),
    ]
    records = runtime.store.declare_signals([Signal(model=KEY, global_id=g, name=n) for g, n, _ in signals])
    runtime.store.record(
        [
            Reading(record.number, value, AT, AT, Quality.BAD if global_id == "e3" else Quality.GOOD)
            for record, (global_id, _, value) in zip(records, signals, strict=True)
        ]
    )


def _signals(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["signal"].removeprefix(f"{KEY}/") for item in answer.json()["items"]]


@pytest.mark.usefixtures("measured")
def test_states_of_the_signals_that_a_filter_names(client: TestClient) -> None:
    hot = {"filter": "temperature > 30 AND temperature.quality = 'good'"}
    assert _signals(client.get(STATE, params=hot)) == ["e1/temperature"]
    assert _signals(client.get(STATE, params={**hot, "name": "humidity"})) == ["e1/humidity"]
    assert _signals(client.get(STATE, params={"filter": "name = 'Wall 10'"})) == [
        "e1/temperature",
        "e1/humidity",
    ]


@pytest.mark.usefixtures("measured")
def test_objects_by_what_their_signals_say(client: TestClient) -> None:
    items = client.get(OBJECTS, params={"filter": "temperature > 30", "class": "IfcWall"}).json()["items"]
    assert [item["global_id"] for item in items] == ["e1"]


@pytest.mark.usefixtures("measured")
def test_a_body_takes_a_filter_and_a_polygon(client: TestClient) -> None:
    ring = [[0, 0], [1.9, 0], [0, 1.9], [0, 0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    assert _signals(client.post(QUERY, json={"polygon": polygon, "names": ["temperature"]})) == []
    ring[2] = [2, 2]
    found = client.post(QUERY, json={"polygon": polygon, "filter": "temperature > 30"})
    assert _signals(found) == ["e1/temperature"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"polygon": {"type": "Point", "coordinates": [0, 0]}}, 400),
        ({"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}, 400),
        ({"polygon": {"type": "Polygon", "coordinates": "x"}}, 400),
        ({"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}}, 400),
        ({"signals": [], "filter": "a = 1"}, 400),
        ({"filter": "a ="}, 400),
        ({"unknown": 1}, 422),
        ({"limit": 0}, 422),
    ],
)
def test_a_body_that_cannot_be_answered_is_refused(client: TestClient, body: Any, status: int) -> None:
    assert client.post(QUERY, json=body).status_code == status


@pytest.mark.parametrize("path", [STATE, OBJECTS, "/api/v1/signals"])
def test_a_problem_points_at_the_place_in_the_filter(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"filter": "class > 3"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert (fault["where"], fault["position"], fault["near"]) == (["filter"], 8, "class > 3")


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("path", [STATE, OBJECTS, "/api/v1/signals", "/api/v1/state/aggregate"])
def test_a_name_that_nothing_has_is_refused_with_a_near_one(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"filter": "class = 'IfcWall' AND humidty > 3", "by": "class"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert (fault["where"], fault["position"]) == (["filter"], 22)
    assert "did you mean `humidity`?" in answer.json()["detail"]


@pytest.mark.usefixtures("measured")
def test_the_live_channel_refuses_a_name_that_nothing_has(client: TestClient) -> None:
    with client.websocket_connect("ws://localhost/api/v1/live?filter=humidty.kind = 'x'") as socket:
        told = socket.receive_json()
    assert told["type"] == "error"
    assert "humidity" in str(told)


def test_objects_cannot_be_asked_for_the_value_of_a_signal_without_its_name(client: TestClient) -> None:
    answer = client.get(OBJECTS, params={"filter": "value > 3"})
    assert answer.status_code == 400
    assert "name the signal" in answer.json()["detail"]


@pytest.mark.usefixtures("measured")
def test_the_live_channel_takes_what_lasts_and_refuses_what_changes(client: TestClient) -> None:
    live = "ws://localhost/api/v1/live"
    with client.websocket_connect(f"{live}?filter=name = 'Wall 10'") as socket:
        assert len(socket.receive_json()["states"]) == 2
    with client.websocket_connect(f"{live}?filter=temperature > 3") as socket:
        assert socket.receive_json()["type"] == "error"


PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
EXAMPLES = [
    line for block in re.findall(r"```cql2\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_documentation_runs(runtime: Runtime, text: str) -> None:
    given = parse_filter(text)
    runtime.store.states(StateQuery(filter=given))
    if not given.asks_rows:
        runtime.store.objects(ObjectQuery(filter=given))


@pytest.mark.usefixtures("measured")
def test_the_documents_of_the_page_are_what_the_server_says_and_takes(client: TestClient) -> None:
    problem, question = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    assert client.get(OBJECTS, params={"filter": "class > 3"}).json() == problem
    assert client.post(QUERY, json=question).status_code == 200


@pytest.mark.usefixtures("measured")
def test_an_aggregate_by_class_is_what_the_openapi_page_promises(client: TestClient) -> None:
    answer = client.get("/api/v1/state/aggregate", params={"name": "temperature", "by": "class"})
    totals = schemas.StateTotals.model_validate_json(answer.content, strict=False)
    found = {total.key: (total.count, total.mean, total.qualities["bad"]) for total in totals.items}
    assert found == {"IfcWall": (2, 27.5, 0), "IfcFlowMeter": (0, None, 1)}
    assert client.get("/api/v1/state/aggregate", params={"by": "colour"}).status_code == 422
