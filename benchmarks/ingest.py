"""How many readings a second one service takes from a broker, commits and acknowledges.

    .venv/bin/python benchmarks/ingest.py [--readings N] [--signals N] [--store sqlite|postgresql|none|URL] [--rate PER_S] [--existing ROWS] [--hold N]

Broker, publishers and service share this machine. Two runs with the same publishers: a subscriber that does nothing, with gmqtt as it
comes (it acknowledges at once, one write each); then the service: decoded by its bindings, committed, acknowledged after the commit.
Prints both rates and their ratio. Publishers hold back while 20,000 messages are under way, so that it is a steady state that is
measured and not the broker's memory. A third run publishes `--rate` readings a second and prints how long one takes from its
publication to its commit. `--store none` commits nothing: what the way to the store costs. `postgresql` starts a
server of its own; a URL names an empty database. `--existing` of history are there before, written in the same way. `--hold` is for long runs: the service alone, with its slowest minute.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import gmqtt
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.collecting import collect_rarely
from benchmarks.own_postgres import database
from state_sync.bindings.binding import Binding
from state_sync.decoding import BoundDecoder
from state_sync.ingest import Ingest, IngestOptions
from state_sync.mqtt import MqttSource
from state_sync.mqtt_settings import MqttSettings
from state_sync.routing.router import Router
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import until
from tests.state_sync.signals import declared
from twin.ports.live import Recorded, Rejected, SignalRecord
from twin.state import Reading, Signal
from twin.store import open_store, open_store_url

BACKLOG = 20_000
CONTEXT = multiprocessing.get_context("spawn")
Counter = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is published: `readings` by each of `publishers`, over `signals`; `rate` a second together, 0: as fast as it goes."""

    port: int
    readings: int
    publishers: int
    signals: int
    rate: int = 0

    @property
    def total(self) -> int:
        """Readings of all publishers."""
        return self.readings * self.publishers


class Nothing:
    """A store that keeps nothing."""

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        """Count."""
        if rejected:
            raise SystemExit(f"rejected: {rejected[0]}")
        return Recorded(changed=len(readings))

    def sweep_stale(self) -> int:
        """None."""
        return 0

    def mark_stale(self, signals: Sequence[int]) -> int:
        """None."""
        del signals
        return 0


class Timed:
    """A store that notes how old each reading is when its commit returns, in microseconds."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.ages: list[np.ndarray] = []
        self.commits: list[tuple[float, int]] = []
        """When each batch was committed, seconds, and its readings."""

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        """Record, then note."""
        if rejected:
            raise SystemExit(f"rejected: {rejected[0]}")
        recorded = self._store.record(readings, rejected)
        observed = np.fromiter((each.observed_at for each in readings), dtype=np.int64, count=len(readings))
        self.ages.append(time.time_ns() // 1000 - observed)
        self.commits.append((time.perf_counter(), len(readings)))
        return recorded

    def sweep_stale(self) -> int:
        """As the store."""
        return self._store.sweep_stale()

    def mark_stale(self, signals: Sequence[int]) -> int:
        """As the store."""
        return self._store.mark_stale(signals)


def topic(number: int) -> str:
    """Of a signal."""
    return f"community/building-{number % 40}/device-{number}/temperature"


# ------------------------------------------------------------------------------------------------- publishers
def publish(load: Load, place: int, done: Counter, go: Any) -> None:
    """A process that publishes with QoS 1 over a plain socket: a client library would cost more than the service."""
    connection = socket.create_connection(("127.0.0.1", load.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = b"publisher-%d" % place
    variable = b"\0\4MQTT\x04\x02\0\0" + struct.pack("!H", len(name)) + name
    connection.sendall(bytes([0x10, len(variable)]) + variable)
    assert connection.recv(4) == b"\x20\x02\0\0"
    topics = [topic(number).encode() for number in range(place, load.signals, load.publishers)]
    heads = [struct.pack("!H", len(each)) + each for each in topics]
    go.wait()
    _send(connection, load, heads, done)
    connection.close()


def _send(connection: socket.socket, load: Load, heads: list[bytes], done: Counter) -> None:
    window, chunk = 2_000, 250
    sent = acknowledged = 0
    began = time.perf_counter()
    while acknowledged < load.readings:
        room = min(chunk, window - (sent - acknowledged), load.readings - sent)
        if load.rate:
            room = min(room, int((time.perf_counter() - began) * load.rate / load.publishers) - sent)
        if sent * load.publishers - done.value > BACKLOG:
            room = 0
        if room > 0:
            connection.sendall(_packets(heads, sent, room))
            sent += room
        if sent - acknowledged >= window - chunk or sent == load.readings:
            acknowledged += len(connection.recv(65536)) // 4
        elif room <= 0:
            time.sleep(0.002)
        else:
            acknowledged += _ready(connection)


def _ready(connection: socket.socket) -> int:
    try:
        return len(connection.recv(65536, socket.MSG_DONTWAIT)) // 4
    except BlockingIOError:
        return 0


def _packets(heads: list[bytes], sent: int, count: int) -> bytes:
    now = time.time_ns() // 1000
    out = bytearray()
    for number in range(sent, sent + count):
        body = b'%b%b{"time": %d, "value": %d.25}' % (
            heads[number % len(heads)],
            (number % 60_000 + 1).to_bytes(2, "big"),
            now,
            number % 40,
        )
        out += bytes((0x32, len(body))) + body
    return bytes(out)


# ------------------------------------------------------------------------------------------------ subscribers
def idle(load: Load, done: Counter, ready: Any, results: Any) -> None:
    """A process that subscribes and does nothing."""

    async def work() -> None:
        finished = asyncio.Event()

        def on_message(*_: object) -> int:
            done.value += 1
            if done.value >= load.total:
                finished.set()
            return 0

        client = gmqtt.Client("idle", clean_session=True, receive_maximum=8000)
        client.on_message = on_message
        await client.connect("127.0.0.1", load.port)
        client.subscribe("community/#", qos=1)
        await asyncio.sleep(0.5)
        began = _begin(ready)
        await finished.wait()
        results.put(_result(began, load, []))
        await client.disconnect()

    asyncio.run(work())


def serve(load: Load, done: Counter, ready: Any, results: Any, where: str) -> None:
    """A process that runs the service."""

    async def work() -> None:
        collect_rarely()  # as the server does
        records, store = _store(where, load.signals)
        timed = Timed(store)
        decoder = BoundDecoder(Router([_binding(each) for each in records], records))
        source = MqttSource(MqttSettings(client_id="twin", port=load.port, session_expiry_s=0))
        options = IngestOptions(reload_every_s=0)
        async with Ingest(timed, source, load=lambda _before: decoder, options=options) as ingest:
            await until(lambda: source.link.connected)
            await asyncio.sleep(0.5)
            print("    process", os.getpid(), flush=True)
            began = _begin(ready)
            while ingest.counts.acknowledged < load.total:
                await asyncio.sleep(0.002)
                done.value = ingest.counts.acknowledged
            results.put(_result(began, load, timed.ages) | _slowest_minute(timed.commits))
        print("   ", dict(ingest.counts.readings), "batches", ingest.counts.batches)

    asyncio.run(work())


def _store(where: str, signals: int) -> tuple[list[SignalRecord], Any]:
    named = [
        Signal(model="m", global_id=f"g{number:07}", name="temperature", unit="Cel")
        for number in range(signals)
    ]
    if where == "none":
        return [SignalRecord(number=n, state_index=n, signal=each) for n, each in enumerate(named)], Nothing()
    store = open_store_url(where) if "://" in where else open_store(Path(where))
    return declared(store, named), store


def _binding(record: SignalRecord) -> Binding:
    number = int(record.signal.global_id[1:])
    signal = record.signal
    return Binding(
        model=signal.model,
        global_id=signal.global_id,
        name=signal.name,
        topic=topic(number),
        subscribe="community/#",
        codec="json",
        path="value",
        time="time",
        time_format="us",
    )


def _begin(ready: Any) -> tuple[float, float]:
    ready.set()
    return time.perf_counter(), time.process_time()


def _result(began: tuple[float, float], load: Load, ages: list[np.ndarray]) -> dict[str, float]:
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    p50, p99 = np.percentile(np.concatenate(ages), [50, 99]) / 1000 if ages else (0.0, 0.0)
    memory = psutil.Process().memory_info().rss / 2**20
    return {
        "rate": load.total / wall,
        "cpu_us": cpu / load.total * 1e6,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "rss_mib": memory,
    }


def _slowest_minute(commits: list[tuple[float, int]]) -> dict[str, float]:
    """Readings a second of the whole minute in which the fewest were committed; nothing where there is no whole minute."""
    sums: dict[int, int] = {}
    for at, count in commits:
        minute = int((at - commits[0][0]) // 60)
        sums[minute] = sums.get(minute, 0) + count
    whole = [sums[minute] / 60 for minute in range(max(sums))]
    return {"slowest_minute": min(whole)} if whole else {}


# ------------------------------------------------------------------------------------------------------- runs
def measure(load: Load, target: Any, *more: Any) -> dict[str, float]:
    """One subscriber, all publishers."""
    done: Synchronized[int] = CONTEXT.Value("q", 0, lock=False)  # type: ignore[assignment]
    ready, results = CONTEXT.Event(), CONTEXT.SimpleQueue()
    subscriber = CONTEXT.Process(target=target, args=(load, done, ready, results, *more))
    senders = [
        CONTEXT.Process(target=publish, args=(load, place, done, ready)) for place in range(load.publishers)
    ]
    for process in [*senders, subscriber]:
        process.start()
    for process in [subscriber, *senders]:
        process.join()
    return results.get()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readings", type=int, default=300_000, help="of all publishers together")
    parser.add_argument("--publishers", type=int, default=2)
    parser.add_argument("--signals", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=5_000, help="of the run that measures latency")
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--existing", type=int, default=0)
    parser.add_argument(
        "--hold", type=int, default=0, help="readings of a long run of the service alone, before the others"
    )
    parser.add_argument(
        "--repeat", type=int, default=1, help="full-load runs of each side, in turn; the medians count"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        broker.start()
        try:
            with database(arguments.store) as arguments.store:
                run(arguments, broker, Path(folder))
        finally:
            broker.stop()


def run(arguments: argparse.Namespace, broker: Broker, folder: Path) -> None:
    """All runs, in turn."""
    load = Load(
        port=broker.port,
        readings=arguments.readings // arguments.publishers,
        publishers=arguments.publishers,
        signals=arguments.signals,
    )
    where = str(folder) if arguments.store == "sqlite" else arguments.store
    if arguments.existing:
        fill(where, load.signals, arguments.existing)
    if arguments.hold:
        held = replace(load, readings=arguments.hold // load.publishers)
        tell("service, held", measure(held, serve, where))
    rates: dict[str, list[float]] = {"idle": [], "service": []}
    for _ in range(arguments.repeat):
        nothing = measure(load, idle)
        tell("subscriber that does nothing", nothing)
        rates["idle"].append(nothing["rate"])
        full = measure(load, serve, where)
        tell(f"service, store {arguments.store}", full)
        rates["service"].append(full["rate"])
    before, after = statistics.median(rates["idle"]), statistics.median(rates["service"])
    print(
        f"committed and acknowledged {after:,.0f}/s; doing nothing {before:,.0f}/s; ratio {after / before:.2f}"
    )
    if arguments.rate:
        seconds = min(20, load.total // arguments.rate)
        steady = Load(
            port=broker.port,
            readings=arguments.rate * seconds // load.publishers,
            publishers=load.publishers,
            signals=load.signals,
            rate=arguments.rate,
        )
        tell(f"service at {arguments.rate}/s", measure(steady, serve, where))


def fill(where: str, signals: int, rows: int) -> None:
    """Rows of history, ten seconds apart, that end an hour ago."""
    records, store = _store(where, signals)
    began = time.perf_counter()
    rounds = -(-rows // signals)
    start = time.time_ns() // 1000 - 3_600_000_000 - rounds * 10_000_000
    for number in range(rounds):
        at = start + number * 10_000_000
        for first in range(0, signals, 10_000):
            store.record(
                [Reading(each.number, 20.0 + number % 7, at, at) for each in records[first : first + 10_000]]
            )
    store.close()
    print(f"{rounds * signals:,} rows written before in {time.perf_counter() - began:.0f} s", flush=True)


def tell(name: str, result: dict[str, float]) -> None:
    """One line."""
    print(
        f"{name:<36} {result['rate']:>9,.0f}/s {result['cpu_us']:6.1f} us of processor each, "
        f"published to committed p50 {result['p50_ms']:.0f} ms p99 {result['p99_ms']:.0f} ms, {result['rss_mib']:.0f} MiB",
        flush=True,
    )
    if "slowest_minute" in result:
        print(f"    slowest minute {result['slowest_minute']:,.0f}/s", flush=True)


if __name__ == "__main__":
    main()
