"""From a device's message over a real broker to the alarm on a screen: gateways that die, devices that are disabled and replaced."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from api.work import Work
from state_sync.messages import Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Will
from tests.api.conftest import KEY
from tests.state_sync.broker import Broker
from tests.twin.store.builders import building, published, staged
from tests.twin.store.conftest import (  # noqa: F401 - fixtures
    postgres_database,
    postgres_programs,
    postgres_server,
    postgres_template,
    postgres_url,
)

BINDINGS = f"""
[defaults]
codec = "json"
path = "v"

[[binding]]
object = "{KEY}/e1"
signal = "smoke"
type = "boolean"
topic = "site/fire/7/smoke"
[[binding.alarm]]
kind = "state"
states = [true]
severity = "critical"
message = "smoke: {{signal}}"
[[binding.alarm]]
kind = "stale"

[[binding]]
object = "{KEY}/e3"
signal = "volume"
topic = "site/water/1/volume"
"""
SMOKE, VOLUME = f"{KEY}/e1/smoke", f"{KEY}/e3/volume"
SOCKET = "ws://localhost/api/v1/live"


@pytest.fixture(params=["sqlite", "postgres"])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """A data folder with the model `1号楼`, its database on each engine."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    settings = Settings(data=tmp_path / "data", database=url and SecretStr(url))
    with Runtime(settings) as opened:
        revision, _ = staged(opened.store, KEY, building())
        published(opened.store, revision, tileset=None)
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def served(runtime: Runtime, broker: Broker) -> Iterator[TestClient]:
    """An administrator of a server that takes in what the broker has."""
    source = MqttSource(MqttSettings(client_id="twin", port=broker.port))
    app = create_app(runtime, Work(runtime.store, {"mqtt": source}))
    headers = {"authorization": f"Bearer {runtime.token}"}
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4711), headers=headers) as client:
        made = client.post("/api/v1/devices", json={"id": "site/fire", "is_gateway": True})
        assert made.status_code == 201, made.text
        answer = client.post(
            "/api/v1/bindings", params={"source": "site.toml"}, content=BINDINGS, headers=TOML
        )
        assert answer.json()["complete"], answer.text
        _until(lambda: client.get("/readyz").json()["status"] == "ready")
        yield client


TOML = {"content-type": "application/toml"}


class Gateway:
    """A connection of a gateway in a loop of its own."""

    def __init__(self, broker: Broker, will: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        settings = MqttSettings(
            client_id=will, port=broker.port, session_expiry_s=0, will=Will(topic=will, payload=b"offline")
        )
        self._publisher = MqttPublisher(settings)
        self._do(self._publisher.__aenter__())

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def say(self, topic: str, value: Any) -> Any:
        """Returns when the broker has acknowledged."""
        self._do(self._publisher.publish(Publication(topic, json.dumps({"v": value}).encode())))
        self._do(self._publisher.drained())

    def die(self) -> None:
        self._do(self._publisher.die())

    def close(self) -> None:
        self._do(self._publisher.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()


def _until(found: Callable[[], Any], within_s: float = 30) -> Any:
    deadline = time.monotonic() + within_s
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return result


def _alarm(socket: Any, kind: str) -> Any:
    """The next step of an alarm of this kind."""
    while True:
        for alarm in socket.receive_json().get("alarms", ()):
            if alarm["kind"] == kind:
                return alarm


def _value(client: TestClient, signal: str) -> Any:
    return client.get(f"/api/v1/signals/{signal}").json()["value"]


def test_smoke_is_an_alarm_on_the_screen_and_a_dead_gateway_another(
    served: TestClient, broker: Broker
) -> None:
    with (
        contextlib.closing(Gateway(broker, "site/fire/status")) as gateway,
        served.websocket_connect(SOCKET) as socket,
    ):
        assert socket.receive_json()["type"] == "snapshot"
        _until(lambda: gateway.say("site/fire/7/smoke", True) or _value(served, SMOKE))
        raised = _alarm(socket, "state")
        assert (raised["signal"], raised["state"], raised["severity"]) == (SMOKE, "raised", "critical")
        assert raised["message"] == f"smoke: {SMOKE}"
        gateway.die()
        assert _alarm(socket, "stale")["state"] == "raised"
    device = served.get("/api/v1/devices/site/fire/7").json()
    assert (device["gateway"], device["online"], device["stale"]) == ("site/fire", False, 1)
    open_alarms = served.get("/api/v1/alarms", params={"state": "open"}).json()["items"]
    assert {alarm["kind"] for alarm in open_alarms} == {"state", "stale"}


def test_messages_of_a_disabled_device_are_refused_and_a_replaced_one_is_read_at_its_new_address(
    served: TestClient, broker: Broker
) -> None:
    with contextlib.closing(Gateway(broker, "other/status")) as gateway:
        _until(lambda: gateway.say("site/water/1/volume", 1) or _value(served, VOLUME) == 1)
        served.post("/api/v1/devices/site/water/1/disable")

        def refused() -> bool:
            gateway.say("site/water/1/volume", 2)
            return 'reason="device_disabled"' in served.get("/metrics").text

        _until(refused)
        state = served.get(f"/api/v1/signals/{VOLUME}").json()
        assert state["quality"] == "stale"
        new = {"id": "meter 2", "address": "annex/9", "serial": "B-2"}
        assert served.post("/api/v1/devices/site/water/1/replace", json=new).status_code == 201

        def read() -> bool:
            gateway.say("annex/9/volume", 3)
            return bool(_value(served, VOLUME) == 3)

        _until(read)
        history = served.get(f"/api/v1/signals/{VOLUME}/history").json()["items"]
        assert 1 in [row["value"] for row in history]
