"""Random policies over HTTP, the live channel and commands, against a plain oracle: nothing leaks, and nothing is missing."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from tests.api import town as towns
from tests.api.town import READ_AT, allows, client_with, grants_any
from twin.policy import Action, Grant
from twin.state import Reading

EXAMPLES = 8
"""Each asks some forty questions and opens a socket."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runtime, dict[str, int]]]:
    with towns.town(tmp_path_factory.mktemp("town")) as opened:
        yield opened


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
    @given(towns.policies)
    def leaks_nothing(grants: list[Grant]) -> None:
        client = client_with(runtime, app, grants)
        read = {signal for signal in ever if allows(grants, Action.READ, signal)}
        assert _signals(client.get("/api/v1/state")) == read
        assert _signals(client.get("/api/v1/signals"), "id") == read
        assert _signals(client.get("/api/v1/state", params={"at": READ_AT})) == read
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
        if grants_any(grants, Action.READ):
            assert started.portal is not None
            started.portal.call(_streams, app, client.headers["authorization"], runtime, numbers, read)

    with TestClient(app) as started:  # its background work runs once for all
        leaks_nothing()


def _reports(client: TestClient, grants: list[Grant], ever: list[str]) -> None:
    sent = [{"signal": signal, "value": 1.0, "observed_at": "2024-01-01T00:00:00Z"} for signal in ever]
    answer = client.post("/api/v1/readings", json={"readings": sent})
    allowed = sum(allows(grants, Action.INGEST, signal) for signal in ever)
    if not grants_any(grants, Action.INGEST):
        assert answer.status_code == 403
    else:
        receipt = answer.json()
        assert receipt["accepted"] + receipt["duplicate"] == allowed


def _commands(client: TestClient, grants: list[Grant], ever: list[str], read: set[str]) -> None:
    for signal in ever[1::6]:
        asked = {"signal": signal, "value": 1.0, "reason": "test", "dry_run": True}
        answer = client.post("/api/v1/commands", json=asked)
        if not grants_any(grants, Action.COMMAND):
            assert answer.status_code == 403
            continue
        (outcome,) = answer.json()["outcomes"]
        why = {refusal["code"] for refusal in outcome["refusals"]}
        if signal not in read:
            assert why == {"not_found"}
        else:
            assert ("forbidden" in why) != allows(grants, Action.COMMAND, signal)


def _follows(client: TestClient, runtime: Runtime, numbers: dict[str, int], read: set[str]) -> None:
    with client.websocket_connect("ws://localhost/api/v1/live") as socket:
        assert {state["signal"] for state in socket.receive_json()["states"]} == read
        now = time.time_ns() // 1000
        runtime.store.record([Reading(number, now % 997 + 0.5, now, now) for number in numbers.values()])
        assert {state["signal"] for state in socket.receive_json()["states"]} == read


async def _streams(app: Any, token: str, runtime: Runtime, numbers: dict[str, int], read: set[str]) -> None:
    """Server-sent events, at the application itself: the test client waits for the end of a body, and this one has none."""
    frames: asyncio.Queue[Any] = asyncio.Queue()
    asked = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked.is_set():
            await asyncio.Event().wait()
        asked.set()
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        for line in message.get("body", b"").splitlines():
            if line.startswith(b"data: "):
                frames.put_nowait(msgspec.json.decode(line.removeprefix(b"data: ")))

    serving = asyncio.create_task(app(_asking("/api/v1/live/events", token), receive, send))
    try:
        snapshot = await asyncio.wait_for(frames.get(), 30)
        assert {state["signal"] for state in snapshot["states"]} == read
        assert {alarm["signal"] for alarm in snapshot["alarms"]} <= read
        now = time.time_ns() // 1000
        await asyncio.to_thread(
            runtime.store.record, [Reading(number, now % 997 + 0.5, now, now) for number in numbers.values()]
        )
        if read:  # else nothing comes but a beat
            delta = await asyncio.wait_for(frames.get(), 30)
            assert {state["signal"] for state in delta["states"]} == read
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _asking(path: str, token: str) -> dict[str, Any]:
    """An ASGI scope."""
    return {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": b"", "headers": [(b"host", b"localhost"), (b"authorization", token.encode())],
        "client": ("192.0.2.7", 1), "server": ("localhost", 80),
    }  # fmt: skip
