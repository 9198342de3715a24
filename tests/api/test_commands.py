"""Commands over HTTP: what is answered, and that they go out and come back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import binding, demo
from api.app import create_app
from api.demo import DemoDevices
from api.runtime import Runtime
from api.work import Work
from state_sync.bindings import parse
from state_sync.simulation.actuators import actuators
from state_sync.simulation.signals import of_bindings
from tests.api.conftest import KEY

FILE = f"""
[defaults]
model = "{KEY}"
codec = "json"
path = "value"
time = "time"
period_s = 600

[[binding]]
class = ["IfcWall", "IfcLamp"]
signal = "level"
kind = "brightness"
unit = "%"
minimum = 0
maximum = 100
settable = true
topic = "site/{{global_id}}/level"

[[binding]]
object = "{KEY}/e3"
signal = "valve"
type = "boolean"
settable = true
dangerous = true
topic = "site/{{global_id}}/valve"
"""
LAMP = f"{KEY}/e4/level"
VALVE = f"{KEY}/e3/valve"


@contextmanager
def served(runtime: Runtime) -> Iterator[TestClient]:
    """The administrator, at a server with devices that obey."""
    binding.bind(runtime.store, parse(FILE.encode(), "site.toml"), dry_run=False)
    bound = binding.stored(runtime.store)
    signals, _ = of_bindings(bound, [record.signal for record in runtime.store.signal_records()])
    devices = DemoDevices(signals, actuators=actuators(bound, signals))
    work = Work(runtime.store, {"site": devices.source}, devices=devices.run)
    work.control.reach(None, devices.outlet)
    app = create_app(runtime, work)
    headers = {"authorization": f"Bearer {runtime.token}"}
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4711), headers=headers) as started:
        yield started


@pytest.fixture
def client(runtime: Runtime) -> Iterator[TestClient]:
    with served(runtime) as started:
        yield started


def post(client: TestClient, **body: Any) -> Any:
    return client.post("/api/v1/commands", json={"value": 40, "reason": "test", **body})


def ended(client: TestClient, identifier: str) -> Any:
    deadline = time.monotonic() + 30
    while (found := client.get(f"/api/v1/commands/{identifier}").json())["open"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def test_a_command_is_accepted_and_confirmed_by_a_reading(client: TestClient) -> None:
    answer = post(client, signal=LAMP)
    assert answer.status_code == 202, answer.text
    identifier = answer.json()["id"]
    assert answer.headers["location"] == f"/api/v1/commands/{identifier}"
    found = ended(client, identifier)
    assert found["counts"] == {"confirmed": 1}
    assert (found["by"], found["command"]["signal"], found["command"]["value"]) == (
        "administrator",
        LAMP,
        40.0,
    )
    steps = client.get(f"/api/v1/commands/{identifier}/steps").json()["items"]
    assert [step["state"] for step in steps] == ["queued", "sent", "acknowledged", "confirmed"]
    assert client.get(f"/api/v1/signals/{LAMP}").json()["value"] == 40.0


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"signal": f"{KEY}/e4/nothing"}, 404, "not_found"),
        ({"signal": "nonsense"}, 400, "signal id"),
        ({"signal": LAMP, "value": 101}, 422, "out_of_range"),
        ({"signal": LAMP, "value": "bright"}, 422, "wrong_type"),
        ({"signal": LAMP, "value": 3, "unit": "Cel"}, 422, "wrong_unit"),
        ({"signal": LAMP, "reason": ""}, 422, "reason"),
        ({"signal": LAMP, "targets": {"signals": [LAMP]}}, 400, "exactly one"),
        ({}, 400, "exactly one"),
        ({"targets": {}}, 400, "targets"),
        ({"targets": {"classes": ["IfcPump"]}}, 404, "settable"),
        ({"signal": LAMP, "priority": "urgent"}, 422, "priority"),
        ({"signal": LAMP, "expires_at": "2020-01-01T00:00:00Z"}, 422, "expired"),
    ],
)
def test_what_is_wrong_is_told(client: TestClient, body: dict[str, Any], status: int, word: str) -> None:
    answer = post(client, **body)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text


def test_a_lower_priority_is_refused_while_a_higher_one_is_held(client: TestClient) -> None:
    fire = post(client, signal=LAMP, priority="manual-life-safety").json()["id"]
    held = client.post(f"/api/v1/commands/{fire}/hold", json={"note": "drill"})
    assert [each["signal"] for each in held.json()["items"]] == [LAMP]
    ended(client, fire)
    refused = post(client, signal=LAMP)
    assert (refused.status_code, "administrator has priority" in refused.text) == (409, True)
    assert client.post(f"/api/v1/commands/{fire}/release").json()["items"] == []
    assert post(client, signal=LAMP).status_code == 202


def test_the_same_key_is_the_same_command_and_other_content_a_conflict(client: TestClient) -> None:
    first = post(client, signal=LAMP, idempotency_key="k").json()["id"]
    assert post(client, signal=LAMP, idempotency_key="k").json()["id"] == first
    assert post(client, signal=LAMP, idempotency_key="k", value=41).status_code == 409


def test_a_unit_is_converted(client: TestClient) -> None:
    identifier = post(client, signal=LAMP, value=0.25, unit="1").json()["id"]
    assert ended(client, identifier)["command"]["value"] == 25.0


def test_a_dry_run_tells_and_does_nothing(client: TestClient) -> None:
    answer = post(client, targets={"signals": [LAMP, VALVE, f"{KEY}/e4/nothing"]}, dry_run=True)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["targets"], told["refused"]) == (3, 2)
    assert {each["signal"]: [r["code"] for r in each["refusals"]] for each in told["outcomes"]} == {
        LAMP: [], VALVE: ["wrong_type"], f"{KEY}/e4/nothing": ["not_found"],
    }  # fmt: skip
    assert client.get("/api/v1/commands").json()["items"] == []


@pytest.mark.parametrize(
    ("wanted", "signals"),
    [
        ({"classes": ["IfcWall"]}, {"e1/level", "e2/level"}),
        ({"place": f"{KEY}/s3"}, {"e4/level"}),
        ({"filter": "class = 'IfcLamp'", "names": ["level"]}, {"e4/level"}),
        ({"kinds": ["brightness"]}, {"e1/level", "e2/level", "e4/level"}),
    ],
)
def test_a_command_goes_to_all_in_a_place_or_of_a_kind(
    client: TestClient, wanted: dict[str, Any], signals: set[str]
) -> None:
    answer = post(client, targets=wanted)
    assert answer.status_code == 202, answer.text
    found = ended(client, answer.json()["id"])
    assert found["counts"] == {"confirmed": len(signals)}
    items = client.get(f"/api/v1/commands/{found['id']}/targets").json()["items"]
    assert {each["signal"].removeprefix(f"{KEY}/") for each in items} == signals


def test_a_dangerous_command_is_not_approved_by_who_asked_and_can_be_taken_back(client: TestClient) -> None:
    identifier = post(client, signal=VALVE, value=True).json()["id"]
    assert client.post(f"/api/v1/commands/{identifier}/approve").status_code == 409
    assert client.get("/api/v1/commands?state=open").json()["items"][0]["id"] == identifier
    gone = client.post(f"/api/v1/commands/{identifier}/cancel", json={"note": "mistake"})
    assert gone.json()["counts"] == {"cancelled": 1}
    assert client.post(f"/api/v1/commands/{identifier}/cancel").status_code == 409


@pytest.mark.parametrize("path", ["", "/targets", "/steps"])
def test_a_command_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/commands/nothing{path}").status_code == 404


def test_an_unknown_state_is_a_bad_request(client: TestClient) -> None:
    assert client.get("/api/v1/commands?state=done").status_code == 400


def test_settable_signals_tell_how_they_are_commanded(client: TestClient) -> None:
    items = client.get("/api/v1/signals?settable=true").json()["items"]
    (valve,) = [each for each in items if each["id"] == VALVE]
    assert (valve["control"]["dangerous"], valve["control"]["confirm"], valve["control"]["interlocks"]) == (
        True, "both", [],
    )  # fmt: skip


def test_steps_come_over_the_live_channel(client: TestClient) -> None:
    with client.websocket_connect("/api/v1/live?class=IfcLamp") as socket:
        while socket.receive_json()["type"] != "snapshot":
            pass
        identifier = post(client, signal=LAMP).json()["id"]
        states: list[str] = []
        while "confirmed" not in states:
            frame = socket.receive_json()
            states += [step["state"] for step in frame.get("commands", ()) if step["command"] == identifier]
    assert states == ["queued", "sent", "acknowledged", "confirmed"]


def test_metrics_count_what_was_sent_and_answered(client: TestClient) -> None:
    ended(client, post(client, signal=LAMP).json()["id"])
    text = client.get("/metrics").text
    assert "twin_commands_sent_total 1.0" in text
    assert 'twin_command_replies_total{outcome="taken",source="site"} 1.0' in text


def test_a_command_that_comes_before_its_device_listens_waits_for_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_LOOK_EVERY_S", 0.5)  # as if the machine were busy while it starts
    with served(runtime) as client:
        identifier = post(client, signal=LAMP).json()["id"]
        assert ended(client, identifier)["counts"] == {"confirmed": 1}


def test_without_a_token_nothing_is_commanded(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/commands", json={"signal": LAMP, "value": 1, "reason": "x"}, headers={"authorization": ""}
    )
    assert answer.status_code == 401
