"""A service without the web: `python -m tests.state_sync.child_ingest PORT LOCATION`. Says `connected`, then works until SIGTERM.

LOCATION: a data folder, or the URL of a PostgreSQL database; `prepare` makes its signals, 0 to `SIGNALS` - 1 of topics `r/{number}`.
"""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from state_sync.ingest import Ingest, IngestOptions
from state_sync.mqtt import MqttSource
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync.fakes import NumberDecoder, until
from twin.ports.live import Recorded, Rejected
from twin.state import Reading

SIGNALS = 50


class TableStore:
    def __init__(self, location: str) -> None:
        self._db = sqlite3.connect(Path(location) / "fake.db", check_same_thread=False)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=full")
        self._db.execute("create table if not exists h(s int, t int, v real, unique(s,t,v))")

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        with self._db:
            before = self._db.total_changes
            self._db.executemany(
                "insert or ignore into h values(?,?,?)",
                [(each.signal, each.observed_at, each.value) for each in readings],
            )
            new = self._db.total_changes - before
        return Recorded(changed=new, duplicate=len(readings) - new)

    def sweep_stale(self) -> int:
        return 0

    def mark_stale(self, signals: Sequence[int]) -> int:
        return 0


def prepare(location: str) -> None:
    TableStore(location)


def history(location: str) -> list[tuple[int, int]]:
    """(signal, time) of every row of history."""
    return TableStore(location)._db.execute("select s,t from h").fetchall()


async def work(port: int, location: str) -> None:
    store = TableStore(location)
    source = MqttSource(MqttSettings(client_id="twin", port=port, reconnect_from_s=0.05))
    options = IngestOptions(reload_every_s=0, sweep_every_s=0.5)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with Ingest(store, source, load=lambda _before: NumberDecoder(), options=options) as ingest:
        await until(lambda: source.link.connected)
        print("connected", flush=True)  # noqa: T201 -- what the parent waits for
        await ended.wait()
    print("duplicates", ingest.counts.readings["duplicate"], flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1]), sys.argv[2]))
