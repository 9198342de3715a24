"""Tokens, policies and the audit over HTTP: who sees and does what, and nobody anything else."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api import rights_work
from api.app import create_app
from api.rights import NEEDS
from api.rights_work import NewToken
from api.runtime import Runtime
from api.settings import Settings
from tests.api.conftest import KEY
from tests.twin.store.builders import building, published, staged
from twin.alarms import AlarmPattern, AlarmRule, Kind
from twin.policy import Scope, read_policy
from twin.ports import AlarmQuery
from twin.state import Reading, Signal
from twin.store import DATABASE_NAME

OTHER = "2号楼"
SOCKET = "ws://localhost/api/v1/live"
POLICY = """
[[roles.meters.grants]]
actions = ["read", "command", "ingest"]
models = ["1号楼"]
classes = ["IfcFlowMeter"]

[[roles.first.grants]]
actions = ["read"]
models = ["1号楼"]

[[roles.storey.grants]]
actions = ["read"]
places = ["1号楼/s2"]

[[roles.levels.grants]]
actions = ["read"]
signals = ["level"]

[[roles.nothing.grants]]
actions = ["approve"]
"""

Open = Callable[..., TestClient]


@pytest.fixture
def numbers(runtime: Runtime) -> dict[str, int]:
    """A second house, and signals of both."""
    revision, _ = staged(runtime.store, OTHER, building())
    published(runtime.store, revision, tileset=None)
    rights_work.replace_policy(runtime.store, read_policy(POLICY))
    declared = runtime.store.declare_signals(
        [
            Signal(model=key, global_id=global_id, name=name)
            for key in (KEY, OTHER)
            for global_id in ("e1", "e3")
            for name in ("level", "flow")
        ]
    )
    found = {record.signal.id: record.number for record in declared}
    at = 1_700_000_000_000_000
    runtime.store.record([Reading(number, float(number), at, at) for number in found.values()])
    return found


@pytest.fixture
def open_as(runtime: Runtime, numbers: dict[str, int]) -> Iterator[Open]:
    """Clients on another machine, with a token of these roles."""
    with ExitStack() as stack:

        def opened(*roles: str, within: Scope | None = None, days: float | None = 1) -> TestClient:
            new = NewToken(name="test", roles=roles, scope=within or Scope(), days=days)
            record, secret = rights_work.create_token(runtime.store, new, by="test")
            client = TestClient(
                create_app(runtime),
                base_url="http://localhost",
                client=("192.0.2.7", 4711),
                headers={"authorization": f"Bearer {secret.text}"},
            )
            client.app_state = {"id": record.id}
            runtime.guard.look(now=True)
            return stack.enter_context(client)

        yield opened


def _ids(answer: Any) -> set[str]:
    return {item["id"] for item in answer.json()["items"]}


def test_every_route_has_its_need_in_the_table(runtime: Runtime) -> None:
    page = create_app(runtime).openapi()
    routes = {(method.upper(), path) for path, item in page["paths"].items() for method in item}
    assert routes <= NEEDS.keys()


def test_objects_are_those_of_the_role(open_as: Open) -> None:
    assert _ids(open_as("meters").get("/api/v1/objects")) == {f"{KEY}/e3"}


def test_whoever_sees_a_part_is_not_told_which_names_there_are(open_as: Open) -> None:
    answer = open_as("meters").get("/api/v1/state", params={"filter": "no_such_name > 3"})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_scope_narrows_the_token(open_as: Open) -> None:
    client = open_as("reader", within=Scope(places=(f"{KEY}/s2",)))
    assert _ids(client.get("/api/v1/objects")) == {f"{KEY}/{g}" for g in ("s2", "e1", "e2")}


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/objects/{KEY}/e1",
        f"/api/v1/objects/{KEY}/s2/children",
        f"/api/v1/objects/{KEY}/e1/trace?direction=upstream",
        f"/api/v1/signals/{KEY}/e1/level",
        f"/api/v1/signals/{KEY}/e1/level/history",
        f"/api/v1/signals/{OTHER}/e3/level",
        f"/api/v1/models/{KEY}",
        f"/api/v1/models/{KEY}/classes",
        f"/api/v1/models/{KEY}/storeys",
        f"/api/v1/models/{KEY}/revisions",
        f"/api/v1/models/{KEY}/diff?from=1&to=1",
        f"/tiles/{KEY}/tileset.json",
        f"/tiles/{KEY}/0123456789abcdef.glb",
    ],
)
def test_what_is_beyond_the_scope_is_as_if_it_were_not_there(open_as: Open, path: str) -> None:
    answer = open_as("meters").get(path)
    assert answer.status_code == 404


def test_states_are_those_of_the_role(open_as: Open) -> None:
    client = open_as("meters")
    states = client.get("/api/v1/state").json()["items"]
    assert {state["signal"] for state in states} == {f"{KEY}/e3/level", f"{KEY}/e3/flow"}
    asked = {"signals": [f"{KEY}/e1/level", f"{KEY}/e3/level"]}
    found = client.post("/api/v1/state/query", json=asked).json()["items"]
    assert [state["signal"] for state in found] == [f"{KEY}/e3/level"]


def test_a_scene_at_an_instant_holds_what_is_seen(open_as: Open) -> None:
    client = open_as("levels")
    scene = client.get("/api/v1/state", params={"at": "2026-01-01T00:00:00Z"}).json()["items"]
    assert {state["signal"].rpartition("/")[2] for state in scene} == {"level"}
    assert len(scene) == 4


def test_sums_count_what_is_seen(open_as: Open) -> None:
    totals = open_as("meters").get("/api/v1/state/aggregate").json()["items"]
    assert sum(total["signals"] for total in totals) == 2


def test_whole_models_are_listed_and_their_tiles_alone(open_as: Open) -> None:
    client = open_as("first")
    assert [model["key"] for model in client.get("/api/v1/models").json()["items"]] == [KEY]
    scene = client.get("/tiles/tileset.json")
    assert OTHER not in scene.text
    assert scene.headers["cache-control"].startswith("private")


def test_readings_are_taken_for_the_signals_of_the_role_only(open_as: Open) -> None:
    sent = [
        {"signal": f"{KEY}/{g}/level", "value": 9.0, "observed_at": "2026-01-01T00:00:00Z"}
        for g in ("e1", "e3")
    ]
    receipt = open_as("meters").post("/api/v1/readings", json={"readings": sent}).json()
    assert (receipt["accepted"], receipt["rejected"]) == (1, {"unknown_signal": 1})


def test_a_reader_may_not_report(open_as: Open) -> None:
    assert open_as("reader").post("/api/v1/readings", json={"readings": []}).status_code == 403


def test_a_gateway_may_not_read(open_as: Open) -> None:
    assert open_as("gateway").get("/api/v1/objects").status_code == 403


@pytest.mark.parametrize(("method", "path"), sorted(key for key, need in NEEDS.items() if need.action))
def test_a_token_without_the_right_gets_nowhere(open_as: Open, method: str, path: str) -> None:
    filled = path.replace("{key}", KEY).replace("{model}", KEY).replace("{global_id}", "e1")
    filled = filled.replace("{name}", "level").replace("{alarm}", "1")
    answer = open_as("nothing").request(method, filled)
    assert answer.status_code in ({404} if path.endswith("/live") else {403, 404, 422})


def test_nobody_but_the_administrator_makes_tokens(open_as: Open) -> None:
    asked = {"name": "mine", "roles": ["administrator"]}
    assert open_as("operator").post("/api/v1/tokens", json=asked).status_code == 403


def test_a_token_is_shown_once_and_not_kept(administrator: TestClient, runtime: Runtime) -> None:
    made = administrator.post("/api/v1/tokens", json={"name": "维修", "roles": ["reader"]}).json()
    secret = made["token"].rpartition("_")[2]
    assert secret not in administrator.get("/api/v1/tokens").text
    runtime.store.close()
    files = [path for path in runtime.settings.data.rglob("*") if path.is_file()]
    assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_a_revoked_token_is_refused(open_as: Open, administrator: TestClient) -> None:
    client = open_as("reader")
    assert client.get("/api/v1/models").status_code == 200
    administrator.delete(f"/api/v1/tokens/{client.app_state['id']}")
    assert client.get("/api/v1/models").status_code == 401


def test_an_expired_token_is_refused(open_as: Open) -> None:
    client = open_as("reader", days=1e-9)
    assert client.get("/api/v1/models").status_code == 401


def test_a_token_with_another_secret_is_refused(open_as: Open) -> None:
    client = open_as("reader")
    client.headers["authorization"] = client.headers["authorization"][:-4] + "AAAA"
    assert client.get("/api/v1/models").status_code == 401


def test_a_policy_counts_at_once(open_as: Open, administrator: TestClient) -> None:
    client = open_as("meters")
    roles = {"meters": {"grants": [{"actions": ["read"], "classes": ["IfcWall"], "models": [KEY]}]}}
    assert administrator.put("/api/v1/policy", json={"roles": roles}).status_code == 200
    assert _ids(client.get("/api/v1/objects")) == {f"{KEY}/e1", f"{KEY}/e2"}


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ({"action": "read"}, True),
        ({"action": "approve"}, False),
        ({"action": "command", "object": f"{KEY}/e3"}, True),
        ({"action": "command", "object": f"{KEY}/e1"}, False),
        ({"action": "read", "signal": f"{KEY}/e3/flow"}, True),
        ({"action": "read", "signal": f"{OTHER}/e3/flow"}, False),
        ({"action": "read", "model": KEY}, False),
    ],
)
def test_can_i_tells_what_the_caller_may(open_as: Open, query: dict[str, str], *, allowed: bool) -> None:
    assert open_as("meters").get("/api/v1/can-i", params=query).json()["allowed"] is allowed


def test_the_live_channel_tells_what_is_seen(
    open_as: Open, runtime: Runtime, numbers: dict[str, int]
) -> None:
    with open_as("meters").websocket_connect(SOCKET) as socket:
        snapshot = socket.receive_json()
        assert {state["signal"] for state in snapshot["states"]} == {f"{KEY}/e3/level", f"{KEY}/e3/flow"}
        now = time.time_ns() // 1000
        runtime.store.record([Reading(number, -1.0, now, now) for number in numbers.values()])
        delta = socket.receive_json()
        assert {state["signal"] for state in delta["states"]} == {f"{KEY}/e3/level", f"{KEY}/e3/flow"}


def test_a_follower_of_alarms_is_told_of_those_that_are_seen(open_as: Open, runtime: Runtime) -> None:
    runtime.store.put_alarm_pattern(AlarmPattern(id="any", rule=AlarmRule(kind=Kind.HIGH, limit=-1.0)))
    alarms: list[Any] = []
    with open_as("meters").websocket_connect(f"{SOCKET}?format=alarms") as socket:
        while len(runtime.store.alarms(AlarmQuery()).items) < 8 or len(alarms) < 2:
            alarms = socket.receive_json().get("alarms", alarms)
    assert {alarm["signal"] for alarm in alarms} == {f"{KEY}/e3/level", f"{KEY}/e3/flow"}


def test_a_token_without_the_right_opens_no_socket(open_as: Open) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, open_as("gateway").websocket_connect(SOCKET):
        pass
    assert refused.value.code == 1008


def test_a_ticket_carries_the_rights_of_its_token(open_as: Open, runtime: Runtime) -> None:
    ticket = open_as("levels").post("/api/v1/live/tickets").json()["ticket"]
    stranger = TestClient(create_app(runtime), base_url="http://localhost", client=("192.0.2.9", 4711))
    with stranger, stranger.websocket_connect(f"{SOCKET}?ticket={ticket}") as socket:
        assert {state["signal"].rpartition("/")[2] for state in socket.receive_json()["states"]} == {"level"}


def test_a_socket_is_closed_within_seconds_when_another_process_revokes_its_token(
    open_as: Open, runtime: Runtime
) -> None:
    client = open_as("reader")
    with client.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        with Runtime(Settings(data=runtime.settings.data)) as elsewhere:
            elsewhere.store.revoke_token(client.app_state["id"])
        started = time.monotonic()
        message = socket.receive()
        assert (message["type"], message["code"]) == ("websocket.close", 1008)
        assert time.monotonic() - started < 10  # two looks, on a busy machine


def test_a_socket_is_closed_when_its_rights_change(open_as: Open, runtime: Runtime) -> None:
    with open_as("meters").websocket_connect(SOCKET) as socket:
        socket.receive_json()
        threading.Timer(0.1, runtime.store.replace_roles, [{}]).start()
        assert socket.receive()["type"] == "websocket.close"


def test_an_event_stream_ends_when_its_token_is_revoked(open_as: Open, runtime: Runtime) -> None:
    client = open_as("reader")
    threading.Timer(0.1, runtime.store.revoke_token, [client.app_state["id"]]).start()
    assert client.get("/api/v1/live/events").text.count("snapshot") == 1


def test_an_alarm_is_acknowledged_in_the_name_of_the_token(open_as: Open, numbers: dict[str, int]) -> None:
    assert open_as("reader").post("/api/v1/alarms/1/acknowledge").status_code == 403


def test_acts_are_in_the_audit_with_who_and_from_where(open_as: Open, administrator: TestClient) -> None:
    client = open_as("administrator")
    client.delete(f"/api/v1/models/{OTHER}")
    (entry, *_) = administrator.get("/api/v1/audit").json()["items"]
    assert (entry["action"], entry["target"], entry["origin"]) == ("model.remove", OTHER, "192.0.2.7")
    assert client.app_state["id"] in entry["who"]


def test_an_act_that_failed_is_not_in_the_audit(administrator: TestClient) -> None:
    administrator.delete("/api/v1/models/gone")
    assert administrator.get("/api/v1/audit").json()["items"] == []


def test_a_whole_audit_is_told_as_whole_and_a_changed_one_by_its_entry(
    runtime: Runtime, administrator: TestClient
) -> None:
    administrator.put("/api/v1/devices/one", json={})
    administrator.put("/api/v1/devices/two", json={})
    verdict = administrator.get("/api/v1/audit/verify").json()
    assert (verdict["entries"], verdict["findings"]) == (2, [])
    with sqlite3.connect(runtime.settings.data / DATABASE_NAME) as database:
        database.execute("UPDATE audit SET who = 'somebody else' WHERE seq = 1")
    assert [each["seq"] for each in administrator.get("/api/v1/audit/verify").json()["findings"]] == [1]


def test_the_audit_is_for_administrators(open_as: Open) -> None:
    assert open_as("operator").get("/api/v1/audit").status_code == 403
