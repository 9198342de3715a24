"""`twin command` as scripts run it: what it prints, what it exits with; and the demo's lamps, which obey."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import binding
from api.app import create_app
from api.cli import app
from api.demo import DemoDevices
from api.runtime import Runtime
from api.work import Work
from state_sync.bindings import parse
from state_sync.simulation.actuators import Manner, actuators
from state_sync.simulation.signals import of_bindings
from tests.api.conftest import KEY

LAMP = f"{KEY}/e4/on"
FILE = f"""
[[binding]]
object = "{KEY}/e4"
signal = "on"
type = "boolean"
settable = true
codec = "json"
path = "value"
time = "time"
topic = "site/lamp"
ack_s = 5
"""


@pytest.fixture(autouse=True)
def bound(runtime: Runtime) -> None:
    binding.bind(runtime.store, parse(FILE.encode(), "site.toml"), dry_run=False)


def run(runtime: Runtime, *arguments: str) -> tuple[int, str, Any]:
    result = CliRunner().invoke(
        app, ["command", *arguments, "--reason", "test", "--data", str(runtime.settings.data)]
    )
    return result.exit_code, result.output, result.exception


@pytest.fixture
def server(runtime: Runtime, request: pytest.FixtureRequest) -> Iterator[None]:
    """A server whose lamp is of the manner given."""
    bindings = binding.stored(runtime.store)
    signals, _ = of_bindings(bindings, [record.signal for record in runtime.store.signal_records()])
    manner = Manner(kind=getattr(request, "param", "obeys"))
    devices = DemoDevices(signals, actuators=actuators(bindings, signals, manner))
    work = Work(runtime.store, {"site": devices.source}, devices=devices.run)
    work.control.reach("site.toml", devices.outlet)
    with TestClient(create_app(runtime, work)):
        yield


def test_without_a_server_the_command_waits(runtime: Runtime) -> None:
    code, output, _ = run(runtime, LAMP, "on")
    assert (code, "is queued" in output) == (0, True), output


def test_with_wait_it_is_over_when_the_lamp_shows_it(runtime: Runtime, server: None) -> None:
    code, output, error = run(runtime, LAMP, "true", "--wait", "--json")
    assert code == 0, error
    told = json.loads(output)
    assert (told["state"], told["value"], told["signal"]) == ("confirmed", True, LAMP)


@pytest.mark.parametrize("server", ["refuses"], indirect=True)
def test_with_wait_a_lamp_that_refuses_is_a_failure_with_its_words(runtime: Runtime, server: None) -> None:
    code, _, error = run(runtime, LAMP, "on", "--wait")
    assert (code, "rejected: not by remote" in str(error)) == (1, True), error


@pytest.mark.parametrize(
    ("signal", "value", "word"), [(LAMP, "bright", "neither"), (f"{LAMP}x", "on", "not_found")]
)
def test_what_is_refused_exits_with_1_and_says_why(
    runtime: Runtime, signal: str, value: str, word: str
) -> None:
    code, _, error = run(runtime, signal, value)
    assert (code, word in str(error)) == (1, True), error


def test_a_dry_run_tells_as_json_and_asks_for_nothing(runtime: Runtime) -> None:
    code, output, _ = run(runtime, LAMP, "off", "--dry-run")
    assert (code, json.loads(output)["refusals"]) == (0, [])
    assert not runtime.store.commands_due()


def test_a_lamp_that_was_switched_reports_what_was_commanded_from_then_on(
    runtime: Runtime, server: None
) -> None:
    run(runtime, LAMP, "on", "--wait")
    run(runtime, LAMP, "off", "--wait")
    time.sleep(0.2)
    (state,) = runtime.store.states_of([LAMP])
    assert state.value is False
