"""Devices over HTTP and on the command line."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import binding, cli_devices
from api import schemas_devices as schemas
from api.runtime import Runtime
from state_sync.bindings import parse
from state_sync.registry import Registry
from state_sync.routing.router import Router
from tests.api.conftest import KEY
from twin.state import Reading

FILE = "".join(
    f'[[binding]]\nobject = "{KEY}/{object_}"\nsignal = "{name}"\ntopic = "site/{object_}/{name}"\n'
    for object_, name in (("e3", "volume"), ("e3", "flow"), ("e2", "open"))
)


@pytest.fixture(autouse=True)
def reported(runtime: Runtime) -> None:
    """Two devices: a meter with one of its two signals gone silent, and a door contact that has never reported."""
    binding.bind(runtime.store, parse(FILE.encode(), "site.toml"), dry_run=False)
    numbers = {record.signal.name: record.number for record in runtime.store.signal_records()}
    now = 1_795_392_000_000_000
    runtime.store.record([Reading(numbers["volume"], 1.0, now, now), Reading(numbers["flow"], 1.0, now, now)])
    runtime.store.mark_stale([numbers["flow"]])


def test_a_device_tells_when_it_was_heard_of_and_how_many_of_its_signals_are_stale(
    client: TestClient,
) -> None:
    answer = client.get("/api/v1/devices")
    schemas.DevicePage.model_validate_json(answer.content)
    door, meter = answer.json()["items"]
    assert (meter["id"], meter["online"], meter["signals"], meter["stale"]) == ("site/e3", True, 2, 1)
    assert (meter["last_seen"], meter["objects"]) == ("2026-11-23T00:00:00Z", [f"{KEY}/e3"])
    assert (door["id"], door["online"], door["silent"]) == ("site/e2", None, 1)


def test_devices_can_be_asked_for_by_whether_they_report_and_page_by_page(client: TestClient) -> None:
    silent = client.get("/api/v1/devices", params={"online": False}).json()["items"]
    assert [device["id"] for device in silent] == ["site/e2"]
    first = client.get("/api/v1/devices", params={"limit": 1}).json()
    second = client.get("/api/v1/devices", params={"limit": 1, "cursor": first["next"]}).json()
    assert [page["items"][0]["id"] for page in (first, second)] == ["site/e2", "site/e3"]
    assert second["next"] is None


def test_the_command_line_lists_the_same(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    cli_devices.show(runtime.settings, silent=False, as_json=True)
    assert [device["id"] for device in json.loads(capsys.readouterr().out)["items"]] == ["site/e2", "site/e3"]
    cli_devices.show(runtime.settings, silent=True, as_json=False)
    told = capsys.readouterr().out
    assert "site/e2" in told
    assert "site/e3" not in told
    assert "1 of 2 devices online" in told


DEVICES = "/api/v1/devices"
SECRET = "hunter2-s3cret"


def _post(client: TestClient, path: str, **fields: object) -> Any:
    answer = client.post(f"{DEVICES}{path}", json=fields)
    assert answer.status_code < 300, answer.text
    schemas.DeviceDetail.model_validate_json(answer.content)
    return answer.json()


def _receipt(client: TestClient, object_: str, name: str, at: str) -> Any:
    reading = {"signal": f"{KEY}/{object_}/{name}", "value": 2.0, "observed_at": at}
    return client.post("/api/v1/readings", json={"readings": [reading]}).json()


def test_a_device_is_registered_read_changed_and_forgotten(administrator: TestClient) -> None:
    made = _post(administrator, "", id="site/e3", name="水表", firmware="1.0", credentials="env:METER")
    assert (made["registered"], made["name"], made["signals"], made["online"]) == (True, "水表", 2, True)
    changed = administrator.patch(f"{DEVICES}/site/e3", json={"firmware": "1.1"}).json()
    assert (changed["firmware"], changed["name"], changed["credentials"]) == ("1.1", "水表", "env:METER")
    whole = administrator.put(f"{DEVICES}/site%2Fe3", json={"name": "meter"})
    assert (whole.status_code, whole.json()["firmware"]) == (200, None)
    assert administrator.delete(f"{DEVICES}/site/e3").status_code == 204
    assert administrator.get(f"{DEVICES}/site/e3").json()["registered"] is False
    assert administrator.delete(f"{DEVICES}/site/e3").status_code == 404


def test_a_device_that_is_there_is_not_created_again(administrator: TestClient) -> None:
    _post(administrator, "", id="x")
    assert administrator.post(DEVICES, json={"id": "x"}).status_code == 409


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"credentials": SECRET}, "reference"),
        ({"note": f"mqtt://a:{SECRET}@b"}, "password"),
        ({"password": SECRET}, "no field"),
        ({"firmware": [SECRET]}, "Expected"),
    ],
)
def test_a_secret_is_refused_and_never_repeated(
    administrator: TestClient, fields: dict[str, Any], told: str
) -> None:
    answer = administrator.post(DEVICES, json={"id": "x", **fields})
    assert (answer.status_code, SECRET in answer.text) == (422, False)
    assert told in answer.text


def test_writing_needs_the_token(client: TestClient) -> None:
    assert client.post(DEVICES, json={"id": "x"}).status_code == 401
    assert client.post(f"{DEVICES}/site/e3/disable").status_code == 401
    assert client.delete(f"{DEVICES}/site/e3").status_code == 401


def test_the_signals_of_a_disabled_device_turn_stale_and_its_readings_are_refused_and_kept(
    administrator: TestClient, runtime: Runtime
) -> None:
    disabled = _post(administrator, "/site/e3/disable")
    assert (disabled["stale"], disabled["online"], disabled["refused"]) == (2, False, "disabled")
    receipt = _receipt(administrator, "e3", "volume", "2026-11-23T03:00:00Z")
    assert (receipt["accepted"], receipt["rejected"]) == (0, {"device_disabled": 1})
    (letter,) = runtime.store.rejected(limit=10)
    assert (letter.reason, "site/e3" in letter.detail) == ("device_disabled", True)
    assert _receipt(administrator, "e2", "open", "2026-11-23T03:00:00Z")["accepted"] == 1
    assert _post(administrator, "/site/e3/enable")["refused"] is None
    assert _receipt(administrator, "e3", "volume", "2026-11-23T03:00:00Z")["accepted"] == 1


def test_a_disabled_gateway_refuses_for_all_devices_behind_it(administrator: TestClient) -> None:
    _post(administrator, "", id="site", is_gateway=True)
    assert _post(administrator, "/site/disable")["carries"] == ["site/e2", "site/e3"]
    meter = administrator.get(f"{DEVICES}/site/e3").json()
    assert (meter["refused"], meter["stale"], meter["gateway"]) == ("the gateway site is disabled", 2, "site")
    assert _receipt(administrator, "e3", "volume", "2026-11-23T03:00:00Z")["rejected"] == {
        "device_disabled": 1
    }


def test_a_replaced_device_leaves_its_signals_and_their_history_to_its_successor(
    administrator: TestClient, runtime: Runtime
) -> None:
    new = _post(administrator, "/site/e3/replace", id="meter-2", address="annex/m2", serial="B")
    assert (new["signals"], new["aliases"], new["address"]) == (2, ["site/e3"], "annex/m2")
    old = administrator.get(f"{DEVICES}/site/e3").json()
    assert (old["replaced_by"], old["signals"], old["disabled"]) == ("meter-2", 0, True)
    router = Router(
        binding.stored(runtime.store),
        runtime.store.signal_records(),
        registry=Registry(runtime.store.device_registry().devices),
    )
    assert router.route("annex/m2/volume") is not None
    history = administrator.get(
        f"/api/v1/signals/{KEY}/e3/volume/history",
        params={"from": "2026-11-22T00:00:00Z", "to": "2026-11-24T00:00:00Z"},
    )
    assert len(history.json()["items"]) == 1
    assert administrator.post(f"{DEVICES}/site/e3/replace", json={"id": "m3"}).status_code == 409
    assert administrator.post(f"{DEVICES}/site/e3/enable").status_code == 409
    assert administrator.delete(f"{DEVICES}/meter-2").status_code == 409


def test_binding_the_file_again_keeps_a_replacement(administrator: TestClient, runtime: Runtime) -> None:
    _post(administrator, "/site/e3/replace", id="meter-2", address="annex/m2")
    binding.bind(runtime.store, parse(FILE.encode(), "site.toml"), dry_run=False)
    assert administrator.get(f"{DEVICES}/meter-2").json()["signals"] == 2


def test_the_command_line_registers_disables_replaces_and_forgets(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    cli_devices.write(runtime.settings, "site/e3", ["firmware=2.0", "credentials=file:/run/secrets/m"])
    cli_devices.show_one(runtime.settings, "site/e3")
    shown = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (shown["firmware"], shown["credentials"]) == ("2.0", "file:/run/secrets/m")
    cli_devices.set_disabled(runtime.settings, "site/e3", disabled=True)
    cli_devices.set_disabled(runtime.settings, "site/e3", disabled=False)
    cli_devices.replace(runtime.settings, "site/e3", "site/e4", ["serial=9"])
    cli_devices.write(runtime.settings, "spare", [])
    cli_devices.remove(runtime.settings, "spare")
    assert "site/e4 has taken the place of site/e3" in capsys.readouterr().out
    assert [device.id for device in runtime.store.device_registry().devices] == ["site/e3", "site/e4"]
