"""A service without the web: `python -m tests.state_sync.child_ingest PORT LOCATION`. Says `connected`, then works until SIGTERM.

LOCATION: a data folder, or the URL of a PostgreSQL database; `prepare` makes its signals, with bindings to the topics `r/{number}`.
"""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from api.alarm_job import AlarmJob
from state_sync.bindings.binding import Binding, to_document
from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.mqtt import MqttSource
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync.fakes import until
from tests.state_sync.signals import declared
from twin.alarms import AlarmRule, Kind
from twin.ports import AlarmQuery
from twin.state import Signal
from twin.store import SqlStore, open_store, open_store_url

SIGNALS = 50
ALARMED, LIMIT = 2, 49.5
"""The first signals have a rule: above the limit is an alarm."""
ALL_TIME = 4_000_000_000_000_000
"""Beyond every reading, in microseconds since 1970."""


def opened(location: str) -> SqlStore:
    """The store of a location."""
    return open_store_url(location) if "://" in location else open_store(Path(location))


def prepare(location: str) -> None:
    """Make signals and bindings."""
    store = opened(location)
    rules = (AlarmRule(kind=Kind.HIGH, limit=LIMIT),)
    signals = [
        Signal(model="m", global_id=f"g{number:03}", name="v", alarms=rules if number < ALARMED else ())
        for number in range(SIGNALS)
    ]
    documents = [_document(record.signal, number) for number, record in enumerate(declared(store, signals))]
    store.replace_bindings("test", documents)
    store.close()


def _document(each: Signal, number: int) -> str:
    return to_document(
        Binding(
            model=each.model,
            global_id=each.global_id,
            name=each.name,
            topic=f"r/{number}",
            subscribe="r/#",
            codec="json",
            path="v",
            time="t",
            time_format="us",
        )
    )


def history(store: SqlStore) -> list[int]:
    """Times of every row of history."""
    times: list[int] = []
    for record in store.signal_records():
        cursor: str | None = None
        while True:
            page = store.history(record.number, start=0, end=ALL_TIME, limit=1000, cursor=cursor)
            times += [row.observed_at for row in page.items]
            cursor = page.next
            if cursor is None:
                break
    return times


def alarms(store: SqlStore) -> list[int]:
    """Since when each alarm's reason held."""
    times: list[int] = []
    query = AlarmQuery(limit=1000)
    while True:
        page = store.alarms(query)
        times += [view.record.since for view in page.items]
        if page.next is None:
            return times
        query = replace(query, cursor=page.next)


async def work(port: int, location: str) -> None:
    store = opened(location)
    source = MqttSource(MqttSettings(client_id="twin", port=port, reconnect_from_s=0.05))
    options = IngestOptions(sweep_every_s=0.5, reload_every_s=0.5)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with Ingest(store, source, load=from_store(store), options=options) as ingest:
        await until(lambda: source.link.connected)
        job = AlarmJob(store)
        # The first look ever is where evaluation begins: what comes after it is not to be missed.
        await asyncio.to_thread(job.look)
        watching = asyncio.create_task(job.run())
        print("connected", flush=True)  # noqa: T201 -- what the parent waits for
        await ended.wait()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    store.close()
    print(ingest.health, ingest.counts, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1]), sys.argv[2]))
