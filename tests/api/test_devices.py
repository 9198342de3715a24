"""Devices over HTTP and on the command line."""

import json

import pytest
from starlette.testclient import TestClient

from api import binding, cli_devices
from api import schemas_bindings as schemas
from api.runtime import Runtime
from state_sync.bindings import parse
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
