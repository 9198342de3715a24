"""The MQTT source against a real Mosquitto: what it acknowledges, what it keeps, how it comes back."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

import gmqtt
import pytest

from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Message, Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_client import Client, opened
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings, Version, Will
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import MemoryStore, NumberDecoder, reading, until

OPTIONS = IngestOptions(linger_s=0.001, sweep_every_s=0, reload_every_s=0, retry_from_s=0.02, retry_to_s=0.05)
VERSIONS: Sequence[Version] = ("5", "3.1.1")


def settings(broker: Broker, name: str, **more: Any) -> MqttSettings:
    return MqttSettings(client_id=name, port=broker.port, reconnect_from_s=0.05, reconnect_to_s=0.2, **more)


def device(broker: Broker, **more: Any) -> MqttPublisher:
    return MqttPublisher(settings(broker, more.pop("name", "device"), session_expiry_s=0, **more))


def make(store: MemoryStore, source: MqttSource) -> Ingest:
    return Ingest(store, source, load=lambda _before: NumberDecoder(), options=OPTIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_readings_over_a_real_broker_arrive_in_order(broker: Broker, version: Version) -> None:
    async def work() -> None:
        store = MemoryStore()
        source = MqttSource(settings(broker, "twin", version=version))
        async with make(store, source) as ingest:
            await until(lambda: source.link.connected)
            async with device(broker, version=version) as publisher:
                for at in range(3000):
                    await publisher.publish(reading(1, at))
                await publisher.drained()
                assert publisher.acknowledged == 3000
            await until(lambda: ingest.counts.acknowledged == 3000)
        assert [each.observed_at for each in store.readings] == list(range(3000))
        assert source.link.connects == 1

    asyncio.run(work())


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_committed_stays_at_the_broker(broker: Broker, version: Version) -> None:
    """The proof that no PUBACK leaves before the commit: a second client of the session gets all of it again."""

    async def work() -> None:
        store = MemoryStore()
        store.failures = 10**9
        async with make(store, MqttSource(settings(broker, "twin", version=version))) as ingest:
            await until(lambda: ingest.health.link.connected)
            async with device(broker, version=version) as publisher:
                for at in range(100):
                    await publisher.publish(reading(1, at))
                await publisher.drained()
            await until(lambda: ingest.counts.retries > 0)
        assert store.readings == []
        store.failures = 0
        async with make(store, MqttSource(settings(broker, "twin", version=version))) as ingest:
            await until(lambda: ingest.counts.acknowledged >= 100)
        assert sorted(each.observed_at for each in store.readings) == list(range(100))

        again = MemoryStore()
        async with make(again, MqttSource(settings(broker, "twin", version=version))) as ingest:
            await until(lambda: ingest.health.link.connected)
            await asyncio.sleep(0.2)
        assert again.readings == [], "what was acknowledged does not come again"

    asyncio.run(work())


def test_gmqtt_by_itself_would_lose_them(broker: Broker) -> None:
    """Why its own acknowledging is not used: a client that dies in its handler has lost the message."""

    async def session(handler: Any) -> None:
        client = gmqtt.Client("naive", clean_session=False, session_expiry_interval=3600)
        client.on_message = handler
        await client.connect("127.0.0.1", broker.port)
        client.subscribe("r/#", qos=1)
        await asyncio.sleep(0.1)
        async with device(broker) as publisher:
            await publisher.publish(reading(1, 1))
            await publisher.drained()
        await asyncio.sleep(0.2)
        client.reconnect_retries = 0
        await client.disconnect()

    async def work() -> None:
        async def dies(*_: object) -> int:
            raise SystemError("killed before the commit")

        seen: list[bytes] = []

        async def sees(_client: object, _topic: str, payload: bytes, *_: object) -> int:
            seen.append(payload)
            return 0

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        await session(dies)
        await session(sees)
        assert len(seen) == 1, "the second reading only: the first was acknowledged before it was handled"

    asyncio.run(work())


@pytest.mark.parametrize("how", [signal.SIGTERM])
def test_a_broker_that_restarts_is_found_again_and_has_kept_what_was_published(
    broker: Broker, how: signal.Signals
) -> None:
    async def work() -> None:
        store = MemoryStore()
        source = MqttSource(settings(broker, "twin"))
        async with make(store, source) as ingest, device(broker) as publisher:
            await until(lambda: source.link.connected)
            for at in range(500):
                await publisher.publish(reading(1, at))
            await publisher.drained()
            store.gate.clear()
            for at in range(500, 1000):
                await publisher.publish(reading(1, at))
            await publisher.drained()
            broker.stop(how)
            await until(lambda: not source.link.connected)
            assert not ingest.health.ok
            broker.start()
            store.gate.set()
            await until(lambda: source.link.connected)
            for at in range(1000, 1500):
                await publisher.publish(reading(1, at))
            await publisher.drained()
            await until(lambda: len(store.readings) == 1500)
            assert source.link.connects == 2
        assert {each.observed_at for each in store.readings} == set(range(1500))

    asyncio.run(work())


def test_what_is_published_while_the_service_is_away_waits_for_it(broker: Broker) -> None:
    async def work() -> None:
        store = MemoryStore()
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest:
            await until(lambda: ingest.health.link.connected)
        async with device(broker) as publisher:
            # More than the 1,000 that Mosquitto queues unless told otherwise.
            for at in range(2500):
                await publisher.publish(reading(1, at))
            await publisher.drained()
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest:
            await until(lambda: ingest.counts.acknowledged == 2500)
        assert [each.observed_at for each in store.readings] == list(range(2500))

    asyncio.run(work())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stalled_store_leaves_the_messages_at_the_broker(broker: Broker, version: Version) -> None:
    async def work() -> None:
        store = MemoryStore()
        store.gate.clear()
        source = MqttSource(settings(broker, "twin", version=version, receive_maximum=500), limit=500)
        async with make(store, source) as ingest, device(broker) as publisher:
            try:
                await until(lambda: source.link.connected)
                padding = b" " * 2000
                for at in range(6000):
                    each = reading(1, at)
                    await publisher.publish(Publication(each.topic, each.payload + padding))
                await publisher.drained()
                assert source.link.waiting <= 500 + 150, "the limit, and one read of the socket: 256 KiB"
            finally:
                store.gate.set()  # closing waits for the writer
            await until(lambda: ingest.counts.acknowledged == 6000)
            assert [each.observed_at for each in store.readings] == list(range(6000))

    asyncio.run(work())


def test_a_device_that_vanishes_leaves_its_will_and_one_that_closes_does_not(broker: Broker) -> None:
    async def work() -> None:
        store = MemoryStore()
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest:
            await until(lambda: ingest.health.link.connected)
            polite = device(broker, name="polite", will=Will(topic="dead/1", payload=b""))
            async with polite:
                await until(lambda: polite.connected)
            dying = device(broker, name="dying", will=Will(topic="dead/2", payload=b""))
            async with dying:
                await until(lambda: dying.connected)
                await dying.die()
            await until(lambda: bool(store.stale))
            await asyncio.sleep(0.1)
        assert store.stale == [2]

    asyncio.run(work())


def test_services_that_share_a_subscription_divide_the_messages(broker: Broker) -> None:
    async def work() -> None:
        stores = [MemoryStore(), MemoryStore()]
        first, second = (
            make(store, MqttSource(settings(broker, f"twin-{place}", share="twin")))
            for place, store in enumerate(stores)
        )
        async with first, second, device(broker) as publisher:
            await until(lambda: first.health.link.connected and second.health.link.connected)
            await asyncio.sleep(0.1)
            for at in range(1000):
                await publisher.publish(reading(1, at))
            await publisher.drained()
            await until(lambda: first.counts.acknowledged + second.counts.acknowledged == 1000)
        assert all(len(store.readings) > 100 for store in stores)
        assert sorted(each.observed_at for store in stores for each in store.readings) == list(range(1000))

    asyncio.run(work())


def test_a_request_to_a_device_goes_out_after_the_commit(broker: Broker) -> None:
    async def work() -> None:
        store = MemoryStore()
        heard: list[Message] = []
        listener = Client(settings(broker, "listener", session_expiry_s=0), number=1, receive=heard.extend)
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest, opened(listener):
            listener.want(["answer"])
            await until(lambda: ingest.health.link.connected)
            async with device(broker) as publisher:
                await publisher.publish(Publication("ask", b"rebirth"))
                await until(lambda: bool(heard))
        assert (heard[0].topic, heard[0].payload, heard[0].receipt) == ("answer", b"rebirth", 0)

    asyncio.run(work())


def test_a_retained_message_without_a_time_is_not_shown_as_fresh(broker: Broker) -> None:
    async def work() -> None:
        async with device(broker) as publisher:
            await publisher.publish(Publication("r/1", b"21.5", retain=True))
            old = reading(2, 1)
            await publisher.publish(Publication(old.topic, old.payload, retain=True))
            await publisher.drained()
        store = MemoryStore()
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest:
            await until(lambda: ingest.counts.acknowledged == 2)
        assert [(each.signal, each.observed_at) for each in store.readings] == [(2, 1)]
        assert ingest.counts.rejected == {"retained_without_time": 1}

    asyncio.run(work())


def test_changed_filters_are_subscribed_and_others_given_up(broker: Broker) -> None:
    async def work() -> None:
        source = MqttSource(settings(broker, "twin"))
        running = asyncio.create_task(source.run())
        source.subscribe(["a", "b"])
        await until(lambda: source.link.connected)
        source.subscribe(["b", "c"])
        async with device(broker) as publisher:
            await until(lambda: publisher.connected)
            await asyncio.sleep(0.1)
            for topic in ("a", "b", "c"):
                await publisher.publish(Publication(topic, b""))
            await publisher.drained()
        taken = await source.take(10, linger_s=0.2)
        assert [each.topic for each in taken] == ["b", "c"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def test_a_publisher_that_is_cut_off_sends_again_what_got_no_acknowledgement(broker: Broker) -> None:
    async def work() -> None:
        store = MemoryStore()
        async with make(store, MqttSource(settings(broker, "twin"))) as ingest:
            await until(lambda: ingest.health.link.connected)
            async with device(broker) as publisher:
                for at in range(2000):
                    await publisher.publish(reading(1, at))
                    if at % 500 == 250:
                        publisher.cut()
                await publisher.drained()
            await until(lambda: len(store.readings) == 2000)
        assert publisher.acknowledged == 2000

    asyncio.run(work())
