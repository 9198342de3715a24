"""A real Sparkplug edge node (pysparkplug) and the service, over a real broker into a real store."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pysparkplug as psp
import pytest

from state_sync.bindings.binding import Binding, to_document
from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.mqtt import MqttSource
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import until
from twin.state import Quality
from twin.store import SqlStore

OPTIONS = IngestOptions(linger_s=0.005, reload_every_s=0, sweep_every_s=0)
SIGNAL = "m/g000/v"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    folder = tmp_path / "data"
    folder.mkdir()
    child_ingest.prepare(str(folder))
    opened = child_ingest.opened(str(folder))
    binding = Binding(
        model="m",
        global_id="g000",
        name="v",
        topic="spBv1.0/Plant/+/Gateway/Meter",
        codec="sparkplug",
        path="Temperature",
    )
    opened.replace_bindings("test", [to_document(binding)])
    yield opened
    opened.close()


def temperature(value: float) -> psp.Metric:
    now = psp.get_current_timestamp()
    return psp.Metric(timestamp=now, name="Temperature", datatype=psp.DataType.DOUBLE, value=value)


class Gateway:
    """An edge node with one device."""

    def __init__(self, broker: Broker) -> None:
        self.commands: list[psp.Message] = []
        self._node = psp.EdgeNode("Plant", "Gateway", [], cmd_callback=self._command)
        self._node.register(psp.Device("Meter", [temperature(20.0)]))
        self._port = broker.port

    def _command(self, _node: psp.EdgeNode, message: psp.Message) -> None:
        self.commands.append(message)

    async def connect(self) -> None:
        await asyncio.to_thread(self._node.connect, "127.0.0.1", port=self._port)

    async def report(self, value: float) -> None:
        await asyncio.to_thread(self._node.update_device, "Meter", [temperature(value)])

    def die(self) -> None:
        """Vanish without goodbye."""
        client = self._node._client._client
        client._thread_terminate = True
        client._sock_close()
        client.loop_stop()

    async def disconnect(self) -> None:
        await asyncio.to_thread(self._node.disconnect)


def service(broker: Broker, store: SqlStore) -> Ingest:
    source = MqttSource(MqttSettings(client_id="twin", port=broker.port, session_expiry_s=0))
    return Ingest(store, source, load=from_store(store), options=OPTIONS)


def shown(store: SqlStore) -> tuple[object, Quality | None]:
    state = store.states_of([SIGNAL])[0]
    return state.value, state.quality


def test_birth_data_and_death_of_an_edge_node_are_seen(broker: Broker, store: SqlStore) -> None:
    async def work() -> None:
        gateway = Gateway(broker)
        async with service(broker, store) as ingest:
            await until(lambda: ingest.health.link.connected)
            await gateway.connect()
            await until(lambda: shown(store) == (20.0, Quality.GOOD))
            time.sleep(0.005)  # noqa: ASYNC251 -- Sparkplug counts milliseconds
            await gateway.report(21.5)
            await until(lambda: shown(store) == (21.5, Quality.GOOD))
            gateway.die()
            await until(lambda: shown(store) == (21.5, Quality.STALE))
            assert ingest.counts.silenced == 1
            assert not ingest.counts.rejected

    asyncio.run(work())


def test_a_service_that_missed_the_birth_asks_for_another(broker: Broker, store: SqlStore) -> None:
    async def work() -> None:
        gateway = Gateway(broker)
        await gateway.connect()
        async with service(broker, store) as ingest:
            await until(lambda: ingest.health.link.connected)
            async with asyncio.timeout(15):
                # The first reports may come before the subscription.
                while not gateway.commands:
                    await gateway.report(22.0)
                    await asyncio.sleep(0.05)
            command = gateway.commands[0].payload
            assert isinstance(command, psp.NCmd)
            assert [metric.name for metric in command.metrics] == ["Node Control/Rebirth"]
        await gateway.disconnect()

    asyncio.run(work())
