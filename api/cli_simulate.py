"""`twin simulate`: devices for what is bound, at a real broker."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import get_args

import msgspec
import typer

from api import binding
from api.broker import connection
from api.runtime import Runtime
from api.settings import Settings
from state_sync.messages import Publisher
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Will
from state_sync.simulation.faults import Fault, FaultKind
from state_sync.simulation.signals import SimulatedSignal, of_bindings
from state_sync.simulator import Simulator
from twin.errors import TwinError

CONNECT_S = 10.0
"""Longest wait for the first connection; later ones are tried for ever."""

_LOOK_EVERY_S = 0.05


class NothingToSimulate(TwinError):
    """Nothing is bound that simulated devices could send."""

    def __init__(self, passed_over: int) -> None:
        self.passed_over = passed_over
        super().__init__(
            f"Nothing is bound that could be simulated ({passed_over} bindings expect other messages). Bind topics with codec json, "
            'path "value" and time "time" by `twin bind FILE`; `twin serve --demo` does so for the sample.'
        )


class BrokerAway(TwinError):
    """No broker answers."""

    def __init__(self, settings: MqttSettings) -> None:
        super().__init__(
            f"No connection to {settings.host}, port {settings.port}, in {CONNECT_S:.0f} s. Is the broker running?"
        )


def run(settings: Settings, address: str, *, faults: Sequence[str], seconds: float | None) -> None:
    """Publish until interrupted, or for `seconds`. Raises BadParameter, NothingToSimulate, BrokerAddressError, BrokerAway."""
    began = time.time_ns() // 1000
    wanted = [parse_fault(text, began) for text in faults]
    broker = connection(settings, address, client_id="twin-simulator")
    with Runtime(settings) as runtime:
        records = runtime.store.signal_records()
        signals, passed_over = of_bindings(
            binding.stored(runtime.store), (record.signal for record in records)
        )
    if not signals:
        raise NothingToSimulate(passed_over)
    gateways = len({each.gateway for each in signals})
    typer.echo(
        f"{len(signals)} signals through {gateways} gateways to {broker.host}, port {broker.port} (Ctrl-C stops)"
    )
    sent = asyncio.run(_simulate(signals, broker, wanted, began=began, seconds=seconds))
    typer.echo(f"{sent} messages sent and acknowledged")


async def _simulate(
    signals: Sequence[SimulatedSignal],
    broker: MqttSettings,
    faults: Sequence[Fault],
    *,
    began: int,
    seconds: float | None,
) -> int:
    gateways = _Gateways(broker)
    simulator = Simulator(signals, gateways.connect, faults=faults)
    await simulator.run(until=None if seconds is None else began + round(seconds * 1e6))
    return simulator.counts.sent


class _Gateways:
    """One connection for each gateway, with its last will on `GATEWAY/status`."""

    def __init__(self, broker: MqttSettings) -> None:
        self._broker = broker
        self._own = secrets.token_hex(4)
        self._was_there = False

    async def connect(self, gateway: str) -> Publisher:
        """As `state_sync.simulator.Connect`. Raises BrokerAway if the first connection does not come about."""
        settings = msgspec.structs.replace(
            self._broker,
            client_id=f"{self._broker.client_id}-{self._own}-{gateway.replace('/', '-')}",
            session_expiry_s=0,
            share=None,
            will=Will(topic=f"{gateway}/status", payload=b"offline"),
        )
        publisher = await MqttPublisher(settings).__aenter__()
        deadline = time.monotonic() + CONNECT_S
        while not self._was_there and not publisher.connected:
            if time.monotonic() > deadline:
                await publisher.close()
                raise BrokerAway(settings)
            await asyncio.sleep(_LOOK_EVERY_S)
        self._was_there = True
        return publisher


def parse_fault(text: str, began: int) -> Fault:
    """`KIND[:key=value,…]` with `share` (0 to 1), `after` and `for` in seconds, `gateway`. Raises typer.BadParameter."""
    kind, _, rest = text.partition(":")
    pairs = dict(part.partition("=")[::2] for part in rest.split(",") if part)
    known = {"share": "1", "after": "0", "for": "1e9"}
    try:
        share, after, length = (float(pairs.pop(name, default)) for name, default in known.items())
        gateway = pairs.pop("gateway", None)
    except ValueError:
        pairs = {"": ""}
        share = after = length = 0.0
        gateway = None
    if (
        kind not in get_args(FaultKind)
        or pairs
        or not (0 < share <= 1 and 0 <= after < 1e9 and 0 < length <= 1e9)
    ):
        raise typer.BadParameter(
            f"{text!r} is no fault; write {'|'.join(get_args(FaultKind))}[:share=0.2,after=30,for=60,gateway=site/fire]",
            param_hint="--fault",
        )
    start = began + round(after * 1e6)
    return Fault(kind=kind, start=start, end=start + round(length * 1e6), gateway=gateway, share=share)  # type: ignore[arg-type]  # looked at above
