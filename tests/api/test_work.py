"""What a server does beside answering: broker and settings, sweeps, health and metrics, the demo's devices, the whole path."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api import binding, demo
from api.app import create_app
from api.broker import BrokerAddressError, broker_settings
from api.runtime import Runtime
from api.settings import Settings
from api.work import SWEEP, Work
from sample_models import sample_sources
from sample_models.bindings import binding_file
from state_sync.bindings import parse
from state_sync.bus import Bus
from state_sync.messages import Publication
from state_sync.mqtt_settings import MqttSettings
from tests.api.conftest import KEY
from tests.state_sync.broker import Broker, free_port, require_mosquitto_pub
from twin.ports import Rejected, StateQuery
from twin.state import Quality, Reading, Signal

TWIN = Path(sys.executable).with_name("twin")
METER = f"{KEY}/e3/volume"
BINDING = f"""
[[binding]]
object = "{KEY}/e3"
signal = "volume"
unit = "m3"
topic = "meters/+"
codec = "json"
path = "v"
"""


def _eventually(found: Callable[[], Any], within_s: float = 30) -> Any:
    deadline = time.monotonic() + within_s
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return result


@pytest.fixture
def bound(runtime: Runtime) -> Runtime:
    """With one signal bound to a topic."""
    assert binding.bind(runtime.store, parse(BINDING.encode(), "site.toml"), dry_run=False).report.clean
    return runtime


def _settings(tmp_path: Path, address: str, **more: Any) -> MqttSettings:
    found = broker_settings(Settings(data=tmp_path, mqtt=SecretStr(address), **more))
    assert found is not None
    return found


def test_an_address_says_host_port_user_and_password(tmp_path: Path) -> None:
    found = _settings(tmp_path, "mqtt://user%40site:p%2Fw@broker.example:1999", mqtt_share="g")
    assert (found.host, found.port, found.username, found.password, found.share) == (
        "broker.example",
        1999,
        "user@site",
        "p/w",
        "g",
    )
    assert _settings(tmp_path, "mqtt://[::1]").port == 1883
    assert (_settings(tmp_path, "mqtts://b").port, _settings(tmp_path, "mqtts://b").tls is None) == (
        8883,
        False,
    )


def test_the_session_at_the_broker_has_the_same_name_after_every_start_and_another_in_every_folder(
    tmp_path: Path,
) -> None:
    first, again, other = (_settings(tmp_path / folder, "mqtt://b").client_id for folder in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize(
    "address",
    ["host:1883", "http://u:secret@h", "mqtt://u:secret@", "mqtt://u:secret@h:99999", "mqtt://u:sec/ret@h"],
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_it(tmp_path: Path, address: str) -> None:
    with pytest.raises(BrokerAddressError) as caught:
        _settings(tmp_path, address)
    assert "sec" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_for_tls_that_is_no_certificate_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(BrokerAddressError, match=r"ca\.pem"):
        _settings(tmp_path, "mqtts://h", mqtt_authority=file)


def test_the_password_is_in_no_representation_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, mqtt=SecretStr("mqtt://user:secret@h"))
    shown = [
        repr(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        repr(broker_settings(settings)),
    ]
    assert not [text for text in shown if "secret" in text]


def test_a_silent_signal_turns_stale_without_any_broker(runtime: Runtime) -> None:
    (record,) = runtime.store.declare_signals([Signal(model=KEY, global_id="e3", name="v", period_s=1.0)])
    then = time.time_ns() // 1000 - 5_000_000
    runtime.store.record([Reading(record.number, 1.0, then, then)])
    with TestClient(
        create_app(runtime, Work(runtime.store, sweep_every_s=0.05)), base_url="http://localhost"
    ):
        _eventually(lambda: runtime.store.states(StateQuery(qualities=(Quality.STALE,))).items)


def test_one_process_sweeps_for_all_and_gives_it_back_when_it_stops(runtime: Runtime) -> None:
    code = (
        "import sys; from pathlib import Path; from twin.store import open_store\n"
        f"with open_store(Path(sys.argv[1])) as store: print(store.take_job({SWEEP!r}))"
    )

    def another() -> str:
        command = [sys.executable, "-c", code, str(runtime.settings.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with TestClient(create_app(runtime, Work(runtime.store, sweep_every_s=0.05))):
        _eventually(lambda: another() == "False")
    assert another() == "True"
    # That one has died without giving it back.
    assert runtime.store.take_job(SWEEP)


def test_a_source_that_is_not_connected_degrades_the_answer_and_refuses_nothing(bound: Runtime) -> None:
    from state_sync.mqtt import MqttSource  # noqa: PLC0415 - as the server does

    source = MqttSource(MqttSettings(client_id="t", port=free_port()))
    with TestClient(
        create_app(bound, Work(bound.store, {"mqtt": source})), base_url="http://localhost"
    ) as client:
        _eventually(lambda: client.get("/readyz").json().get("detail") == ["mqtt: not connected"])
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_what_comes_in_is_counted_by_outcome_and_by_reason(bound: Runtime) -> None:
    bus = Bus()
    source = bus.source()
    app = create_app(bound, Work(bound.store, {"bus": source}))
    loopback = ("127.0.0.1", 4711)
    with TestClient(app, base_url="http://localhost", client=loopback) as client:
        assert client.portal is not None
        _eventually(lambda: source.wants("meters/1"))
        for payload in (b'{"v": 1}', b'{"v": 1}', b"{", b'{"w": 1}'):
            client.portal.call(bus.deliver, Publication("meters/1", payload))
        client.portal.call(bus.acknowledged)
        text = client.get("/metrics").text
        told = client.get("/api/v1/ingest").json()
        assert client.get("/readyz").json() == {"status": "ready"}
    assert 'twin_ingest_messages_total{source="bus"} 4.0' in text
    assert 'twin_ingest_readings_total{outcome="changed",source="bus"} 1.0' in text
    assert 'twin_ingest_rejected_total{reason="malformed",source="bus"} 1.0' in text
    assert 'twin_ingest_rejected_total{reason="missing",source="bus"} 1.0' in text
    assert 'twin_ingest_ok{source="bus"} 1.0' in text
    (of_bus,) = told["sources"]
    assert (of_bus["ok"], of_bus["messages"], told["complaints"]) == (True, 4, [])
    assert of_bus["readings"]["changed"] == 1
    assert of_bus["rejected"] == {"malformed": 1, "missing": 1}


def test_what_became_no_reading_is_told_to_administrators_with_its_reason(
    bound: Runtime, client: TestClient, administrator: TestClient
) -> None:
    letter = Rejected(reason="malformed", detail="no JSON", topic="meters/1", payload=b"{\xff", received_at=1)
    bound.store.record([], [letter])
    assert administrator.get("/api/v1/ingest/rejected").json()["items"] == [
        {"reason": "malformed", "detail": "no JSON", "topic": "meters/1", "payload": "{\ufffd",
         "received_at": "1970-01-01T00:00:00.000001Z"}
    ]  # fmt: skip
    assert client.get("/api/v1/ingest/rejected").status_code == 403


def test_a_binding_that_was_damaged_stops_the_ingest_and_not_the_server(bound: Runtime) -> None:
    bound.store.replace_bindings("broken", ["{"])
    with TestClient(
        create_app(bound, Work(bound.store, {"bus": Bus().source()})), base_url="http://localhost"
    ) as client:
        assert client.get("/readyz").json()["detail"] == ["bus: not started"]
        assert client.get("/healthz").status_code == 200


def test_the_binding_file_of_the_sample_is_in_order_and_the_same_every_time() -> None:
    assert binding_file() == binding_file()
    assert len(parse(binding_file().encode(), "sample.toml").rules) == 10


@contextlib.contextmanager
def _serving(data: Path, *options: str, **environment: str) -> Iterator[str]:
    """`twin serve` in a child process; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(TWIN), "serve", "--data", str(data), "--port", str(port), *options]
    log = (data.parent / "serve.log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment}) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _eventually(lambda: _get(address, "/readyz"), 60)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert process.returncode == 0, (data.parent / "serve.log").read_text()


def _get(address: str, path: str) -> Any:
    with contextlib.suppress(OSError), urllib.request.urlopen(address + path, timeout=10) as answer:
        return json.load(answer)
    return None


def test_a_message_published_at_a_real_broker_is_the_state_that_the_api_answers(
    bound: Runtime, tmp_path: Path
) -> None:
    publisher = require_mosquitto_pub()
    broker = Broker(tmp_path)
    broker.start()
    try:
        with _serving(bound.settings.data, TWIN_MQTT=f"mqtt://127.0.0.1:{broker.port}") as address:
            _eventually(lambda: _get(address, "/readyz") == {"status": "ready"})
            command = [publisher, "-p", str(broker.port), "-q", "1", "-t", "meters/7", "-m", '{"v": 12.5}']
            path = f"/api/v1/signals/{quote(METER)}"

            def value() -> Any:
                subprocess.run(command, check=True)
                return _get(address, path)["value"]

            assert _eventually(value) == 12.5
            # Bound anew while it runs: the same message now means another value.
            file = BINDING.replace('unit = "m3"', 'unit = "L"\ndevice_unit = "m3"')
            binding.bind(bound.store, parse(file.encode(), "site.toml"), dry_run=False)
            _eventually(lambda: value() == pytest.approx(12_500.0))
    finally:
        broker.stop()


@pytest.mark.slow
def test_the_demo_binds_the_devices_of_the_sample_and_has_all_of_them_report(tmp_path: Path) -> None:
    # The whole community takes a minute (tests/api/test_community.py): one building of it is there already here.
    (building,) = sample_sources(tmp_path / "sample")
    subprocess.run([TWIN, "import", building, "--data", tmp_path / "data"], check=True, capture_output=True)
    with _serving(tmp_path / "data", "--demo") as address:
        items = _eventually(
            lambda: (
                [
                    item
                    for item in _get(address, "/api/v1/state?limit=1000")["items"]
                    if item["quality"] == "good"
                ][99:]
                and _get(address, "/api/v1/state?limit=1000")["items"]
            )
        )
        kinds = Counter(item["kind"] for item in items)
    assert sum(kinds.values()) >= 200
    assert {"smoke", "temperature", "switch", "power", "energy", "water", "noise"} <= set(kinds)


def test_devices_of_bindings_send_what_those_bindings_understand(runtime: Runtime) -> None:
    file = f"""
[[binding]]
object = "{KEY}/e3"
signal = "power"
kind = "power"
unit = "W"
topic = "site/power/7"
codec = "json"
path = "value"
time = "time"
"""
    binding.bind(runtime.store, parse(file.encode(), demo.SOURCE), dry_run=False)
    devices = demo.DemoDevices(demo.sample_devices(runtime.store))
    work = Work(runtime.store, {"demo": devices.source}, devices=devices.run)
    with TestClient(create_app(runtime, work), base_url="http://localhost"):
        _eventually(lambda: runtime.store.states(StateQuery(qualities=(Quality.GOOD,))).items)
    assert sum(work.counts["demo"].rejected.values()) == 0
