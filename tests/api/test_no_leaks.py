"""Random policies over HTTP, the live channel and commands, against a plain oracle: nothing leaks, and nothing is missing."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api import rights_work
from api.app import create_app
from api.rights_work import NewToken
from api.runtime import Runtime
from api.settings import Settings
from tests.twin.store.builders import PARENTS, building, published, staged
from twin.policy import Action, Grant, Policy, Role
from twin.state import Reading, Signal

HOUSES = ("1号楼", "2号楼")
CLASSES = {item.global_id: item.class_ for item in building()}
NAMES = ("level", "set")
EXAMPLES = 8
"""Each asks some forty questions and opens a socket."""

THEN = 1_700_000_000_000_000

_grants = st.builds(
    Grant,
    actions=st.lists(
        st.sampled_from([Action.READ, Action.COMMAND, Action.INGEST]), min_size=1, max_size=3
    ).map(tuple),
    models=st.lists(st.sampled_from(HOUSES), max_size=1).map(tuple),
    places=st.lists(st.sampled_from(["1号楼/s2", "2号楼/b", "1号楼/e3"]), max_size=1).map(tuple),
    classes=st.lists(st.sampled_from(["IfcWall", "IfcFlowMeter", "IfcLamp"]), max_size=2).map(tuple),
    signals=st.lists(st.sampled_from([*NAMES, "2号楼/e1/level"]), max_size=1).map(tuple),
)
_policies = st.lists(_grants, min_size=1, max_size=3)


def _above(global_id: str) -> set[str]:
    found, at = {global_id}, global_id
    while at in PARENTS:
        at = PARENTS[at]
        found.add(at)
    return found


def _allows(grants: list[Grant], action: Action, signal: str) -> bool:
    """The oracle: as the documentation says it, signal by signal."""
    model, global_id, name = signal.split("/")
    return any(
        action in grant.actions
        and (not grant.models or model in grant.models)
        and (not grant.classes or CLASSES[global_id] in grant.classes)
        and (not grant.places or any(f"{model}/{one}" in grant.places for one in _above(global_id)))
        and (not grant.signals or name in grant.signals or signal in grant.signals)
        for grant in grants
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runtime, dict[str, int]]]:
    """Two houses; each object has a signal and one that can be set, both with a past."""
    with Runtime(Settings(data=Path(tmp_path_factory.mktemp("town")))) as runtime:
        for key in HOUSES:
            revision, _ = staged(runtime.store, key, building())
            published(runtime.store, revision, tileset=None)
        declared = runtime.store.declare_signals(
            [
                Signal(model=key, global_id=global_id, name=name, settable=name == "set")
                for key in HOUSES
                for global_id in CLASSES
                for name in NAMES
            ]
        )
        numbers = {record.signal.id: record.number for record in declared}
        runtime.store.record([Reading(number, float(number), THEN, THEN) for number in numbers.values()])
        yield runtime, numbers


def _client(runtime: Runtime, app: Any, grants: list[Grant]) -> TestClient:
    rights_work.replace_policy(runtime.store, Policy({"some": Role(tuple(grants))}))
    _, secret = rights_work.create_token(runtime.store, NewToken(name="any", roles=("some",)), by="test")
    runtime.guard.look(now=True)
    headers = {"authorization": f"Bearer {secret.text}"}
    return TestClient(app, base_url="http://localhost", client=("192.0.2.7", 1), headers=headers)


def _signals(answer: Any, key: str = "signal") -> set[str]:
    return {item[key] for item in answer.json()["items"]} if answer.status_code == 200 else set()


def test_whatever_the_policy_nothing_leaks(town: tuple[Runtime, dict[str, int]]) -> None:
    runtime, numbers = town
    app = create_app(runtime)
    ever = list(numbers)

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(_policies)
    def leaks_nothing(grants: list[Grant]) -> None:
        client = _client(runtime, app, grants)
        read = {signal for signal in ever if _allows(grants, Action.READ, signal)}
        assert _signals(client.get("/api/v1/state")) == read
        assert _signals(client.get("/api/v1/signals"), "id") == read
        assert _signals(client.get("/api/v1/state", params={"at": "2026-01-01T00:00:00Z"})) == read
        assert _signals(client.post("/api/v1/state/query", json={"signals": ever})) == read
        for signal in ever[::5]:
            past = client.get(
                f"/api/v1/signals/{quote(signal)}/history", params={"from": "2023-01-01T00:00:00Z"}
            )
            assert past.is_success == (signal in read)
        _reports(client, grants, ever)
        _commands(client, grants, ever, read)
        if read:
            _follows(client, runtime, numbers, read)

    with TestClient(app):  # its background work runs once for all
        leaks_nothing()


def _reports(client: TestClient, grants: list[Grant], ever: list[str]) -> None:
    sent = [{"signal": signal, "value": 1.0, "observed_at": "2024-01-01T00:00:00Z"} for signal in ever]
    answer = client.post("/api/v1/readings", json={"readings": sent})
    allowed = sum(_allows(grants, Action.INGEST, signal) for signal in ever)
    if not any(Action.INGEST in grant.actions for grant in grants):
        assert answer.status_code == 403
    else:
        receipt = answer.json()
        assert receipt["accepted"] + receipt["duplicate"] == allowed


def _commands(client: TestClient, grants: list[Grant], ever: list[str], read: set[str]) -> None:
    for signal in ever[1::6]:
        asked = {"signal": signal, "value": 1.0, "reason": "test", "dry_run": True}
        answer = client.post("/api/v1/commands", json=asked)
        if not any(Action.COMMAND in grant.actions for grant in grants):
            assert answer.status_code == 403
            continue
        (outcome,) = answer.json()["outcomes"]
        why = {refusal["code"] for refusal in outcome["refusals"]}
        if signal not in read:
            assert why == {"not_found"}
        else:
            assert ("forbidden" in why) != _allows(grants, Action.COMMAND, signal)


def _follows(client: TestClient, runtime: Runtime, numbers: dict[str, int], read: set[str]) -> None:
    with client.websocket_connect("ws://localhost/api/v1/live") as socket:
        assert {state["signal"] for state in socket.receive_json()["states"]} == read
        now = time.time_ns() // 1000
        runtime.store.record([Reading(number, now % 997 + 0.5, now, now) for number in numbers.values()])
        assert {state["signal"] for state in socket.receive_json()["states"]} == read
