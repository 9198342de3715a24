"""Commands over a real Mosquitto: MQTT 5 request and response, plain topics of 3.1.1, Sparkplug."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from api import binding
from state_sync.bindings import parse
from state_sync.codecs.sparkplug.payload import Payload, decode
from state_sync.codecs.sparkplug.schema import messages
from state_sync.control import Control
from state_sync.decoding import from_store
from state_sync.ingest import Ingest
from state_sync.messages import InDoubt, Message, NotSent, Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_outlet import MqttOutlet
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Version
from state_sync.simulation.actuators import Manner
from tests.state_sync.broker import Broker
from tests.state_sync.command_plant import OPTIONS, Plant, bound, plant, running
from tests.state_sync.fakes import until
from tests.twin.store.builders import imported, plain
from twin.commands import Status
from twin.ports import Order, Target, TwinStore
from twin.store import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TwinStore]:
    with open_store(tmp_path) as opened:
        yield opened


def settings(broker: Broker, name: str, version: Version = "5") -> MqttSettings:
    return MqttSettings(
        client_id=name, port=broker.port, version=version, reconnect_from_s=0.05, reconnect_to_s=0.2
    )


@asynccontextmanager
async def broker_plant(
    store: TwinStore, broker: Broker, version: Version = "5", manner: Manner | None = None
) -> AsyncIterator[Plant]:
    source = MqttSource(settings(broker, "twin", version))
    outlet = MqttOutlet(settings(broker, "twin", version))
    commands = MqttSource(settings(broker, "lamps", version))
    says = MqttPublisher(replace(settings(broker, "lamps-say", version), session_expiry_s=0))
    async with says, plant(store, (source, outlet, commands, says), manner) as made:
        await until(lambda: outlet.connected and source.link.connected and commands.link.connected)
        await asyncio.sleep(0.1)  # the subscriptions are on their way
        yield made


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_commands_are_confirmed_over_a_real_broker(
    store: TwinStore, broker: Broker, version: Version
) -> None:
    names = [f"{number:02}" for number in range(50)]
    bound(store, names)

    async def work() -> None:
        async with broker_plant(store, broker, version) as plant:
            one = await plant.order(40.0, "00")
            assert await plant.ends(one) == {Status.CONFIRMED: 1}
            assert plant.path(one) == ["queued", "sent", "acknowledged", "confirmed"]
            many = await plant.order(60.0, *names)
            assert await plant.ends(many) == {Status.CONFIRMED: 50}
            assert set(plant.actuators.executed.values()) == {1}

    asyncio.run(work())


def test_a_device_of_mqtt_5_finds_where_to_answer_and_what_to_in_the_message(broker: Broker) -> None:
    async def work() -> None:
        device = MqttSource(settings(broker, "device"))
        outlet = MqttOutlet(settings(broker, "twin"))
        device.subscribe(["d/set"])
        async with running(device.run, outlet.run):
            await until(lambda: outlet.connected and device.link.connected)
            await asyncio.sleep(0.1)
            sent = Publication("d/set", b"{}", response_topic="d/answers", correlation=b"c1", expiry_s=5)
            await outlet.send(sent)
            (got,) = await device.take(1, linger_s=0)
            assert (got.response_topic, got.correlation, got.payload) == ("d/answers", b"c1", b"{}")

    asyncio.run(work())


def test_commands_that_a_wide_subscription_brings_back_are_no_readings(
    store: TwinStore, broker: Broker
) -> None:
    """The service subscribes to everything below `lamps`; its own command says the wanted value and must not confirm itself."""
    imported(store, "a", plain("x"))
    file = """
[[binding]]
object = "a/x"
signal = "level"
settable = true
codec = "json"
path = "value"
topic = "lamps/x/#"
command_topic = "lamps/x/set"
ack_s = 1
confirm_s = 1
"""
    binding.bind(store, parse(file.encode(), "b.toml"), dry_run=False)

    async def work() -> None:
        source = MqttSource(settings(broker, "twin"))
        outlet = MqttOutlet(settings(broker, "twin"))
        control = Control(store, {None: outlet}, every_s=0.02)
        async with (
            Ingest(store, source, load=from_store(store), options=OPTIONS) as ingest,
            running(control.run),
        ):
            await until(lambda: outlet.connected and source.link.connected)
            await asyncio.sleep(0.1)
            order = Order(by="ada", reason="test", targets=[Target("a/x/level", 40.0)])
            placed = store.place_command(order)
            await until(lambda: ingest.counts.messages == 1)
            assert placed.id is not None
            assert store.command(placed.id).counts == {Status.SENT: 1}
            assert not ingest.counts.rejected

    asyncio.run(work())


def test_sparkplug_devices_are_commanded_and_confirmed_by_their_data(
    store: TwinStore, broker: Broker
) -> None:
    imported(store, "a", plain("x"))
    file = """
[[binding]]
object = "a/x"
signal = "speed"
settable = true
codec = "sparkplug"
path = "Speed"
topic = "spBv1.0/G/+/N/D"
"""
    binding.bind(store, parse(file.encode(), "b.toml"), dry_run=False)

    def payload(seq: int, value: float, **more: object) -> bytes:
        made = messages().payload(timestamp=_now_ms(), seq=seq)
        made.metrics.add(name="Speed", datatype=10, double_value=value, timestamp=_now_ms())
        return bytes(made.SerializeToString())

    async def work() -> None:
        source = MqttSource(settings(broker, "twin"))
        outlet = MqttOutlet(settings(broker, "twin"))
        device = MqttSource(settings(broker, "edge"))
        device.subscribe(["spBv1.0/G/DCMD/N/D"])
        says = MqttPublisher(replace(settings(broker, "edge-says"), session_expiry_s=0))
        control = Control(store, {None: outlet}, every_s=0.02)
        async with (
            says,
            Ingest(store, source, load=from_store(store), options=OPTIONS),
            running(control.run, device.run),
        ):
            await until(lambda: outlet.connected and source.link.connected and device.link.connected)
            await asyncio.sleep(0.1)
            await says.publish(Publication("spBv1.0/G/NBIRTH/N", payload(0, 0.0)))
            await says.publish(Publication("spBv1.0/G/DBIRTH/N/D", payload(1, 3.0)))
            order = Order(by="ada", reason="test", targets=[Target("a/x/speed", 7.5)])
            placed = store.place_command(order)
            (got,) = await device.take(1, linger_s=0)
            assert _written(got) == ("Speed", 7.5)
            await says.publish(Publication("spBv1.0/G/DDATA/N/D", payload(2, 7.5)))
            assert placed.id is not None
            identifier = placed.id
            await until(lambda: store.command(identifier).counts == {Status.CONFIRMED: 1})

    asyncio.run(work())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _written(message: Message) -> tuple[str | None, object]:
    read = decode(message.payload)
    assert isinstance(read, Payload)
    (metric,) = read.metrics
    return metric.name, metric.raw


def test_an_outlet_without_a_broker_sends_nothing_and_says_so(broker: Broker) -> None:
    async def work() -> None:
        outlet = MqttOutlet(settings(broker, "twin"))
        with pytest.raises(NotSent):
            await outlet.send(Publication("t", b""))
        async with running(outlet.run):
            await until(lambda: outlet.connected)
            broker.stop()
            await until(lambda: not outlet.connected)
            with pytest.raises((NotSent, InDoubt)):
                await outlet.send(Publication("t", b""))
            broker.start()
            await until(lambda: outlet.connected)
            await outlet.send(Publication("t", b""))

    asyncio.run(work())
