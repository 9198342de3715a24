"""The service while its PostgreSQL goes away and comes back."""

import asyncio

import pytest

from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import reading, until
from tests.twin.store.postgres_server import PostgresServer

OPTIONS = IngestOptions(reload_every_s=0.2, sweep_every_s=0.2, retry_from_s=0.05, retry_to_s=0.2)
RUNNING = ("synchronous_commit=on", "full_page_writes=on")


@pytest.mark.parametrize("kill", [False, True])
def test_a_database_that_restarts_costs_no_reading(
    broker: Broker, postgres: PostgresServer, postgres_location: str, *, kill: bool
) -> None:
    child_ingest.prepare(postgres_location)
    store = child_ingest.opened(postgres_location)

    async def work() -> None:
        source = MqttSource(MqttSettings(client_id="twin", port=broker.port))
        device = MqttSettings(client_id="device", port=broker.port, session_expiry_s=0)
        service = Ingest(store, source, load=from_store(store), options=OPTIONS)
        async with service as ingest, MqttPublisher(device) as publisher:
            await until(lambda: source.link.connected)
            for at in range(3000):
                await publisher.publish(reading(at % 7, at))
                if at == 1000:
                    await until(lambda: ingest.counts.acknowledged > 0)
                    postgres.halt(kill=kill)
                if at == 2000:
                    await until(lambda: ingest.counts.retries > 1)
                    assert not ingest.health.ok
                    postgres.start(*RUNNING)
            await until(lambda: ingest.counts.acknowledged == 3000, within_s=40)
            assert ingest.health.ok

    try:
        asyncio.run(work())
    finally:
        postgres.halt()
        postgres.start(*RUNNING)
    assert sorted(child_ingest.history(store)) == list(range(3000))
    store.close()
