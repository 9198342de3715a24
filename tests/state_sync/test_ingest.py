"""The ingest over the bus in process and a store in memory: what is acknowledged, when, and what a failure costs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from state_sync.bus import Bus, BusSource
from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Decoder, Publication
from tests.state_sync.fakes import MemoryStore, NumberDecoder, reading, until
from twin.errors import StoreError

FAST = IngestOptions(linger_s=0.001, sweep_every_s=0, reload_every_s=0, retry_from_s=0.01, retry_to_s=0.02)


def make(store: MemoryStore, source: BusSource, options: IngestOptions = FAST) -> Ingest:
    return Ingest(store, source, load=lambda _before: NumberDecoder(), options=options)


async def publish(bus: Bus, *publications: Publication) -> None:
    publisher = bus.publisher()
    for publication in publications:
        await publisher.publish(publication)


def test_every_message_is_recorded_and_then_acknowledged() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        async with make(store, bus.source()) as ingest:
            await publish(bus, *(reading(1, at) for at in range(5000)))
            await bus.acknowledged()
            assert [each.observed_at for each in store.readings] == list(range(5000))
            assert ingest.counts.acknowledged == ingest.counts.messages == 5000
            assert ingest.counts.readings["changed"] == 5000
            assert max(store.batches) <= 2000
            assert ingest.health.ok

    asyncio.run(work())


def test_nothing_is_acknowledged_before_the_commit() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        store.gate.clear()
        async with make(store, bus.source()) as ingest:
            await publish(bus, reading(1, 1))
            await asyncio.sleep(0.1)
            assert ingest.counts.acknowledged == 0
            store.gate.set()
            await bus.acknowledged()
            assert ingest.counts.acknowledged == 1

    asyncio.run(work())


def test_a_store_that_fails_is_tried_again_and_health_says_so() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        store.failures = 10**9
        async with make(store, bus.source()) as ingest:
            await publish(bus, *(reading(1, at) for at in range(10)))
            await until(lambda: ingest.counts.retries > 2)
            assert ingest.health.failing is not None
            assert "disk is full" in ingest.health.failing
            assert not ingest.health.ok
            assert ingest.counts.acknowledged == 0
            store.failures = 0
            await bus.acknowledged()
            await until(lambda: ingest.health.ok)
            assert len(store.readings) == 10
            assert ingest.counts.messages == 10, "a second attempt decodes nothing again"

    asyncio.run(work())


def test_an_ingest_stopped_while_the_store_fails_leaves_its_messages_to_the_next_one() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        source = bus.source()
        store.failures = 10**9
        async with make(store, source) as ingest:
            await publish(bus, *(reading(1, at) for at in range(10)))
            await until(lambda: ingest.counts.retries > 0)
        assert ingest.counts.acknowledged == 0
        store.failures = 0
        async with make(store, source):
            await bus.acknowledged()
        assert [each.observed_at for each in store.readings] == list(range(10))

    asyncio.run(work())


def test_a_commit_under_way_when_the_ingest_stops_is_finished_and_acknowledged() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        store.gate.clear()
        ingest = make(store, bus.source())
        await ingest.start()
        await publish(bus, reading(1, 1))
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(ingest.stop())
        await asyncio.sleep(0.1)
        assert not stopping.done()
        store.gate.set()
        await stopping
        assert ingest.counts.acknowledged == len(store.readings) == 1

    asyncio.run(work())


def test_one_bad_message_costs_one_counter_and_is_acknowledged() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        async with make(store, bus.source()) as ingest:
            bad = [Publication("r/1", b"\xff not json"), Publication("r/1", b"crash")]
            await publish(bus, reading(1, 1), *bad, reading(1, 2))
            await bus.acknowledged()
            assert [each.observed_at for each in store.readings] == [1, 2]
            assert ingest.counts.rejected == {"malformed": 1, "decoder_failed": 1}
            assert [each.payload for each in store.rejected] == [b"\xff not json", b"crash"]

    asyncio.run(work())


def test_a_value_that_the_store_cannot_hold_costs_itself_only() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        store.refuse = lambda each: each.observed_at in {3, 7}
        async with make(store, bus.source()) as ingest:
            await publish(bus, *(reading(1, at) for at in range(10)))
            await bus.acknowledged()
            assert [each.observed_at for each in store.readings] == [0, 1, 2, 4, 5, 6, 8, 9]
            assert ingest.counts.rejected == {"refused_by_store": 2}
            assert len(store.rejected) == 2

    asyncio.run(work())


def test_a_slow_store_holds_the_publisher_back_and_memory_stays_flat() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        source = bus.source(limit=50)
        store.gate.clear()
        options = IngestOptions(batch=10, linger_s=0, sweep_every_s=0, reload_every_s=0)
        async with make(store, source, options) as ingest:
            sending = asyncio.create_task(publish(bus, *(reading(1, at) for at in range(500))))
            await asyncio.sleep(0.2)
            assert not sending.done()
            assert source.link.waiting <= 50
            store.gate.set()
            await sending
            await bus.acknowledged()
            assert ingest.counts.acknowledged == 500
            assert [each.observed_at for each in store.readings] == list(range(500))

    asyncio.run(work())


def test_a_gateway_s_death_silences_its_signals_but_not_readings_after_it() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        options = IngestOptions(linger_s=0.1, sweep_every_s=0, reload_every_s=0)
        async with make(store, bus.source(), options) as ingest:
            await publish(bus, reading(1, 1), Publication("dead/1", b""), reading(1, 2))
            await bus.acknowledged()
        assert store.events == ["record", "mark", "record"]
        assert store.stale == [1]
        assert ingest.counts.silenced == 1

    asyncio.run(work())


def test_changed_bindings_are_taken_over_without_losing_a_message() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()
        decoders: list[Decoder] = [NumberDecoder(["r/1"]), NumberDecoder(["r/1", "r/2"])]
        asked: list[Decoder | None] = []

        def load(before: Decoder | None) -> Decoder:
            asked.append(before)
            return decoders[min(len(asked), 2) - 1]

        options = IngestOptions(linger_s=0.001, sweep_every_s=0, reload_every_s=0.05)
        async with Ingest(store, bus.source(), load=load, options=options) as ingest:
            await publish(bus, reading(1, 1), reading(2, 1))
            await until(lambda: len(asked) > 3)
            await publish(bus, reading(1, 2), reading(2, 2))
            await bus.acknowledged()
            assert {(each.signal, each.observed_at) for each in store.readings} == {(1, 1), (1, 2), (2, 2)}
            assert ingest.counts.reloads == 1
            assert not await ingest.reload()

    asyncio.run(work())


def test_bindings_that_cannot_be_loaded_again_leave_the_old_ones() -> None:
    async def work() -> None:
        bus, store = Bus(), MemoryStore()

        def load(before: Decoder | None) -> Decoder:
            if before is not None:
                raise StoreError("the database is locked. Wait")
            return NumberDecoder()

        options = IngestOptions(linger_s=0.001, sweep_every_s=0, reload_every_s=0.02)
        async with Ingest(store, bus.source(), load=load, options=options) as ingest:
            await until(lambda: ingest.counts.reloads_failed > 1)
            await publish(bus, reading(1, 1))
            await bus.acknowledged()
            assert len(store.readings) == 1

    asyncio.run(work())


def test_silent_signals_are_looked_for_at_intervals() -> None:
    async def work() -> None:
        store = MemoryStore()
        options = IngestOptions(sweep_every_s=0.02, reload_every_s=0)
        async with make(store, Bus().source(), options):
            await until(lambda: store.sweeps > 2)

    asyncio.run(work())


def test_a_shared_writer_thread_is_used_and_left_running() -> None:
    async def work() -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="shared") as writer:
            bus, store = Bus(), MemoryStore()
            async with Ingest(
                store, bus.source(), load=lambda _before: NumberDecoder(), options=FAST, writer=writer
            ):
                await publish(bus, reading(1, 1))
                await bus.acknowledged()
            assert writer.submit(lambda: 1).result() == 1

    asyncio.run(work())


def test_a_job_that_fails_for_an_unknown_reason_is_done_again() -> None:
    async def work() -> None:
        store = MemoryStore()
        calls: list[int] = []

        def sweep() -> int:
            calls.append(1)
            raise RuntimeError("a mistake")

        store.sweep_stale = sweep  # type: ignore[method-assign]
        async with make(store, Bus().source(), IngestOptions(sweep_every_s=0.02, reload_every_s=0)) as ingest:
            await until(lambda: len(calls) > 2)
            assert ingest.health.ok

    asyncio.run(work())


def test_health_tells_of_a_part_that_has_ended() -> None:
    class Broken(BusSource):
        async def run(self) -> None:
            raise RuntimeError("a mistake")

    async def work() -> None:
        async with make(MemoryStore(), Broken(limit=10)) as ingest:
            await until(lambda: not ingest.health.ok)

    asyncio.run(work())
