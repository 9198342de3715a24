"""Broker, service and SQLite store, all real: what messes with messages, clocks and disks does to what is kept."""

import asyncio
import random
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Publication
from state_sync.mqtt import MqttSource
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker, require_mosquitto_pub
from tests.state_sync.fakes import reading, until
from tests.state_sync.unkind_proxy import UnkindProxy
from twin.store import SqlStore

OPTIONS = IngestOptions(linger_s=0.005, reload_every_s=0.1, retry_from_s=0.05, retry_to_s=0.2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    folder = tmp_path / "data"
    folder.mkdir()
    child_ingest.prepare(str(folder))
    opened = child_ingest.opened(str(folder))
    yield opened
    opened.close()


def service(broker: Broker, store: SqlStore) -> Ingest:
    source = MqttSource(MqttSettings(client_id="twin", port=broker.port, reconnect_from_s=0.05))
    return Ingest(store, source, load=from_store(store), options=OPTIONS)


def device(broker: Broker) -> MqttPublisher:
    return MqttPublisher(MqttSettings(client_id="device", port=broker.port, session_expiry_s=0))


async def publish(broker: Broker, ingest: Ingest, publications: list[Publication]) -> None:
    """Publish all, and wait until the service has settled them."""
    before = ingest.counts.acknowledged
    await until(lambda: ingest.health.link.connected)
    async with device(broker) as publisher:
        for each in publications:
            await publisher.publish(each)
        await publisher.drained()
    await until(lambda: ingest.counts.acknowledged >= before + len(publications))


def test_doubled_and_shuffled_messages_give_each_reading_once_and_the_newest_state(
    broker: Broker, store: SqlStore
) -> None:
    times = [child_ingest.SIGNALS + at for at in range(1000)]
    publications = [reading(at % 5, at, float(at)) for at in times] * 2
    random.Random(7).shuffle(publications)

    async def work() -> None:
        async with service(broker, store) as ingest:
            await publish(broker, ingest, publications)

    asyncio.run(work())
    assert sorted(child_ingest.history(store)) == times
    states = store.states_of([f"m/g{number:03}/v" for number in range(5)])
    assert [state.value for state in states] == [
        float(max(at for at in times if at % 5 == n)) for n in range(5)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_link_that_doubles_shuffles_and_breaks_costs_nothing(
    broker: Broker, store: SqlStore, seed: int
) -> None:
    times = range(10, 4010)

    async def work() -> UnkindProxy:
        async with UnkindProxy(broker.port, seed=seed, packets_per_life=700) as proxy:
            settings = MqttSettings(client_id="twin", port=proxy.port, reconnect_from_s=0.02)
            ingest = Ingest(store, MqttSource(settings), load=from_store(store), options=OPTIONS)
            async with ingest, device(broker) as publisher:
                await until(lambda: ingest.health.link.connected)
                for at in times:
                    await publisher.publish(reading(at % 5, at, float(at)))
                await publisher.drained()
                await until(lambda: len(child_ingest.history(store)) >= len(times), within_s=60)
            return proxy

    proxy = asyncio.run(work())
    assert sorted(child_ingest.history(store)) == list(times)
    states = store.states_of([f"m/g{number:03}/v" for number in range(5)])
    assert [state.value for state in states] == [4005.0, 4006.0, 4007.0, 4008.0, 4009.0]
    assert min(proxy.cuts, proxy.doubled, proxy.shuffled) > 0


def test_a_device_whose_clock_jumps_ahead_is_refused_until_it_is_right_again(
    broker: Broker, store: SqlStore
) -> None:
    now = time.time_ns() // 1000

    async def work() -> None:
        async with service(broker, store) as ingest:
            clock = [now, now + 3_600_000_000, now + 1, now + 7_200_000_000, now + 2]
            await publish(broker, ingest, [reading(0, at, float(at - now)) for at in clock])
            assert ingest.counts.rejected == {"future": 2}

    asyncio.run(work())
    assert [state.value for state in store.states_of(["m/g000/v"])] == [2.0]
    assert len(store.rejected(limit=10)) == 2


def test_bad_messages_are_kept_as_dead_letters_and_the_others_get_through(
    broker: Broker, store: SqlStore
) -> None:
    bad = [
        b"",
        b"\xff",
        b'{"t": 1, "v": NaN}',
        b'{"t": 1, "v": "text"}',
        b'{"t": "x", "v": 1}',
        b"[[[[",
        b"{}",
    ]
    publications = [Publication("r/1", payload) for payload in bad]
    publications += [Publication("r/999", b'{"t": 1, "v": 1}'), reading(1, 5, 2.0)]

    async def work() -> None:
        async with service(broker, store) as ingest:
            await publish(broker, ingest, publications)
            assert ingest.counts.rejected.total() == len(bad) + 1
            assert ingest.counts.rejected["unknown_topic"] == 1

    asyncio.run(work())
    assert child_ingest.history(store) == [5]
    assert sorted(letter.payload for letter in store.rejected(limit=100)) == sorted(
        [*bad, b'{"t": 1, "v": 1}']
    )


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow: writes fail as they do on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_nothing_is_lost_while_the_disk_is_full(broker: Broker, store: SqlStore) -> None:
    async def work() -> None:
        async with service(broker, store) as ingest:
            await publish(broker, ingest, [reading(1, at) for at in range(100)])
            async with device(broker) as publisher:
                await until(lambda: publisher.connected)
                with full_disk():
                    for at in range(100, 1100):
                        await publisher.publish(reading(1, at))
                    await publisher.drained()
                    await until(lambda: ingest.counts.retries > 1)
                    assert not ingest.health.ok
                    assert ingest.counts.acknowledged == 100
            await until(lambda: ingest.counts.acknowledged >= 1100)
            assert ingest.health.ok

    asyncio.run(work())
    assert sorted(child_ingest.history(store)) == list(range(1100))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root and a machine that lets it")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_nothing_is_lost_while_a_small_disk_is_really_full(broker: Broker, small_disk: Path) -> None:
    child_ingest.prepare(str(small_disk))
    store = child_ingest.opened(str(small_disk))
    filler = small_disk / "filler"

    async def work() -> None:
        async with service(broker, store) as ingest:
            await publish(broker, ingest, [reading(1, at) for at in range(100)])
            async with device(broker) as publisher:
                await until(lambda: publisher.connected)
                with suppress(OSError), filler.open("wb", buffering=0) as file:
                    while True:
                        file.write(bytes(4096))
                for at in range(100, 5100):
                    await publisher.publish(reading(at % 5, at))
                await publisher.drained()
                await until(lambda: ingest.counts.retries > 1)
                assert not ingest.health.ok
            filler.unlink()
            await until(lambda: ingest.counts.acknowledged >= 5100)
            assert ingest.health.ok

    asyncio.run(work())
    assert sorted(child_ingest.history(store)) == list(range(5100))
    store.close()


def test_readings_of_mosquitto_pub_are_taken(broker: Broker, store: SqlStore) -> None:
    program = require_mosquitto_pub()

    async def work() -> None:
        async with service(broker, store) as ingest:
            await until(lambda: ingest.health.link.connected)
            arguments = ["-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", "r/3"]
            process = await asyncio.create_subprocess_exec(program, *arguments, "-m", '{"t": 77, "v": 1.5}')
            assert await process.wait() == 0
            await until(lambda: ingest.counts.acknowledged == 1)

    asyncio.run(work())
    assert child_ingest.history(store) == [77]


def test_bindings_stored_by_another_process_are_taken_over(broker: Broker, store: SqlStore) -> None:
    async def work() -> None:
        documents = [document for _, document in store.bindings()]
        store.replace_bindings("test", documents[:1])
        async with service(broker, store) as ingest:
            await publish(broker, ingest, [reading(0, 1)])
            store.replace_bindings("test", documents)
            await until(lambda: ingest.counts.reloads == 1)
            await publish(broker, ingest, [reading(7, 2)])
            assert not ingest.counts.rejected

    asyncio.run(work())
    assert sorted(child_ingest.history(store)) == [1, 2]


def test_a_value_that_the_database_cannot_hold_is_a_dead_letter(broker: Broker, store: SqlStore) -> None:
    huge = Publication("r/2", b'{"t": 1, "v": %d}' % 2**70)

    async def work() -> None:
        async with service(broker, store) as ingest:
            await publish(broker, ingest, [reading(2, 3), huge, reading(2, 4)])
            assert sum(ingest.counts.readings.values()) + ingest.counts.rejected.total() == 3

    asyncio.run(work())
    assert {3, 4} <= set(child_ingest.history(store))
