"""`twin simulate`: faults as they are written, and devices at a real broker."""

from pathlib import Path

import pytest
import typer

from api import binding, cli_simulate, demo
from api.cli_simulate import NothingToSimulate, parse_fault
from api.runtime import Runtime
from state_sync.bindings import parse
from state_sync.mqtt_settings import MqttSettings
from tests.api.conftest import KEY
from tests.state_sync.broker import Broker, free_port

FILE = f"""
[defaults]
codec = "json"
path = "value"
time = "time"
period_s = 0.4

[[binding]]
object = "{KEY}/e3"
signal = "power"
kind = "power"
topic = "site/power/7"

[[binding]]
object = "{KEY}/e3"
signal = "other"
path = "v"
topic = "site/other/7"
"""


def test_a_fault_is_written_as_its_kind_with_share_time_and_gateway() -> None:
    fault = parse_fault("silence:share=0.2,after=30,for=60,gateway=site/fire", 1_000_000)
    assert (fault.kind, fault.share, fault.gateway) == ("silence", 0.2, "site/fire")
    assert (fault.start, fault.end) == (31_000_000, 91_000_000)
    assert (parse_fault("death", 0).start, parse_fault("death", 0).gateway) == (0, None)


@pytest.mark.parametrize(
    "text", ["", "noise", "silence:share=2", "silence:share=x", "silence:until=7", "late:for=0"]
)
def test_a_fault_that_cannot_be_understood_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"share=0\.2"):
        parse_fault(text, 0)


def test_without_anything_bound_there_is_advice_instead_of_silence(runtime: Runtime) -> None:
    with pytest.raises(NothingToSimulate, match="twin bind"):
        cli_simulate.run(runtime.settings, "mqtt://127.0.0.1", faults=[], seconds=1)


def test_a_broker_that_is_not_there_is_told_instead_of_waited_for(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_simulate, "CONNECT_S", 0.3)
    binding.bind(runtime.store, parse(FILE.encode(), "site.toml"), dry_run=False)
    with pytest.raises(cli_simulate.BrokerAway, match="Is the broker running"):
        cli_simulate.run(runtime.settings, f"mqtt://127.0.0.1:{free_port()}", faults=[], seconds=5)


def test_devices_of_what_is_bound_publish_at_a_real_broker(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binding.bind(runtime.store, parse(FILE.encode(), demo.SOURCE), dry_run=False)
    broker = Broker(tmp_path)
    broker.start()
    try:
        cli_simulate.run(
            runtime.settings, f"mqtt://127.0.0.1:{broker.port}", faults=["duplicates"], seconds=1.5
        )
    finally:
        broker.stop()
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("1 signals through 1 gateways")
    # Every 0.2 s, each twice.
    assert 10 <= int(last.split()[0]) <= 16
    assert MqttSettings(client_id="twin-simulator").client_id in broker.log()
