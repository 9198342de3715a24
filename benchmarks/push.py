"""Live push: how long from a commit to a frame at a client, with many clients, and with one that has stopped reading.

    .venv/bin/python benchmarks/push.py [--clients 500] [--signals 5000] [--per-second 1000] [--seconds 10] [--repeat 3] [--mqtt]

One server process (`twin serve`), one process of clients: each follows a fiftieth of the objects (`place=`). Readings carry the time at which they
were made; a client takes the time at which their frame is there. Rounds as it is and with one client that never
reads take turns, in an order that turns round each time, `--repeat` of each, so that what drifts falls on both; their medians make the ratio. A last one has clients of
codes instead (`format=codes`). By default readings are committed to the database by this process, in batches of a twentieth of a second; with `--mqtt` they are
published to a Mosquitto of its own, so that the whole way is measured. Prints milliseconds, frames and the processor time and memory of the server.
"""

import argparse
import asyncio
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psutil
from websockets.asyncio.client import ClientConnection, connect

from api.binding import bind
from state_sync.bindings import from_entries
from twin.frames import Diagnosis, Placement
from twin.objects import SourceObject
from twin.ports import ImportRequest, StagedRevision, TilesetFiles
from twin.source import SourceReport
from twin.state import Reading, Signal
from twin.store import SqlStore, open_store

ROOT = Path(__file__).parents[1]
PLACES = 50
TICK_S = 0.05


class Side(NamedTuple):
    """A round: how it is called, clients that never read, whether the others follow codes."""

    name: str
    stalled: int
    codes: bool


class _State(msgspec.Struct):
    observed_at: str | None = None
    value: float | None = None


class _Frame(msgspec.Struct):
    type: str
    more: bool = False
    states: list[_State] = []


_decode = msgspec.json.Decoder(_Frame).decode


def main() -> None:
    """Both sides in turn, a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--signals", type=int, default=5_000)
    parser.add_argument("--per-second", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=3, help="rounds of each side")
    parser.add_argument("--mqtt", action="store_true", help="publish over a real Mosquitto")
    options = parser.parse_args()
    print(
        f"{'':24}{'p50 ms':>9}{'p99 ms':>9}{'states':>10}{'server s':>10}{'MB before':>11}{'MB after':>10}",
        flush=True,
    )
    taken: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
    for number in range(options.repeat):
        for stalled in (0, 1) if number % 2 == 0 else (1, 0):
            side = Side("JSON, one stalled" if stalled else "JSON", stalled, codes=False)
            taken[stalled].append(_measured(side, options))
    _measured(Side("codes", 0, codes=True), options)
    plain, held = (
        [statistics.median(column) for column in zip(*taken[side], strict=True)] for side in (0, 1)
    )
    print(
        f"medians of {options.repeat}: p50 {plain[0]:.1f} ms and {held[0]:.1f} with one stalled, p99 {plain[1]:.1f} and {held[1]:.1f}; "
        f"ratio of p99 {held[1] / plain[1]:.2f}"
    )


def _measured(side: Side, options: argparse.Namespace) -> tuple[float, float]:
    """A round with a twin, a broker and a server of its own; p50 and p99 in ms."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        records = _twin(store, options.signals)
        with (
            _broker(folder, enabled=options.mqtt) as broker,
            _server(Path(folder), broker) as (port, process),
        ):
            return asyncio.run(_round(side, options, (store, records), (port, process, broker)))


async def _round(side: Side, options: Any, twin: Any, server: Any) -> tuple[float, float]:
    name, stalled, codes = side
    store, records = twin
    port, process, broker = server
    heard: list[tuple[float, float]] = []
    ready = asyncio.Semaphore(50)
    kind = "&format=codes&theme=temperature" if codes else ""

    async def client(place: int, begun: asyncio.Event, *, reads: bool) -> None:
        address = f"ws://127.0.0.1:{port}/api/v1/live?place=city/p{place % PLACES:02}{kind}"
        async with ready:
            live = await connect(
                address, max_size=None, ping_interval=None, compression=None, open_timeout=60
            )
            await _snapshot(live, codes=codes)
        begun.set()
        while reads:
            _heard(await live.recv(), heard)
        await asyncio.sleep(3600)

    begun = [asyncio.Event() for _ in range(options.clients + stalled)]
    tasks = [asyncio.create_task(client(n, one, reads=n >= stalled)) for n, one in enumerate(begun)]
    await asyncio.gather(*(event.wait() for event in begun))
    before, used = process.memory_info().rss, sum(process.cpu_times()[:2])
    made: dict[int, float] = {}
    await (_publish(broker, records, options) if broker else _commit(store, records, options, made))
    await asyncio.sleep(1.0)
    used = sum(process.cpu_times()[:2]) - used
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Frames of codes carry no times, but the number of the commit.
    late = sorted(now - (made.get(int(what), now) if codes else what) for now, what in heard)
    p50, p99 = (late[int(len(late) * part)] * 1000 if late else float("nan") for part in (0.5, 0.99))
    after = process.memory_info().rss
    print(
        f"{name:24}{p50:9.1f}{p99:9.1f}{len(late):10,}{used:10.1f}{before / 1e6:11.0f}{after / 1e6:10.0f}",
        flush=True,
    )
    return p50, p99


async def _snapshot(live: ClientConnection, *, codes: bool) -> None:
    if codes:
        await live.recv()
        return
    while _decode(await live.recv()).more:
        pass


def _heard(data: Any, late: list[tuple[float, float]]) -> None:
    now = time.time()
    if isinstance(data, bytes):
        late.append((now, int.from_bytes(data[8:16], "little")))
        return
    made = (state.value for state in _decode(data).states)
    late.extend((now, value) for value in made if value is not None and value > 1e6)


async def _commit(store: SqlStore, records: list[int], options: Any, made: dict[int, float]) -> None:
    """In this process: one commit a tick. The value is the time at which the reading was made."""
    dice = random.Random(1)  # noqa: S311
    size = max(int(options.per_second * TICK_S), 1)
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        started = time.monotonic()
        now = time.time()
        batch = [
            Reading(n, now, int(now * 1e6), int(now * 1e6))
            for n in dice.sample(records, min(size, len(records)))
        ]
        recorded = await asyncio.to_thread(store.record, batch)
        made[recorded.seq or 0] = now
        await asyncio.sleep(max(0.0, TICK_S - (time.monotonic() - started)))


async def _publish(broker: str, records: list[int], options: Any) -> None:
    """Over MQTT, QoS 1, spread evenly."""
    from state_sync.messages import Publication  # noqa: PLC0415
    from state_sync.mqtt_publisher import MqttPublisher  # noqa: PLC0415
    from state_sync.mqtt_settings import MqttSettings  # noqa: PLC0415

    dice = random.Random(1)  # noqa: S311
    host, _, port = broker.removeprefix("mqtt://").partition(":")
    async with MqttPublisher(MqttSettings(host=host, port=int(port), client_id="bench")) as publisher:
        until = time.monotonic() + options.seconds
        while time.monotonic() < until:
            started = time.monotonic()
            for n in dice.sample(range(len(records)), min(int(options.per_second * 0.01), len(records))):
                now = time.time()
                payload = msgspec.json.encode({"value": now, "time": datetime.fromtimestamp(now, UTC)})
                await publisher.publish(Publication(topic=f"city/s{n:06}", payload=payload))
            await asyncio.sleep(max(0.0, 0.01 - (time.monotonic() - started)))


def _twin(store: SqlStore, count: int) -> list[int]:
    """Places with objects below them, a temperature each."""
    request = ImportRequest(key="city", explicit=True, source="/city.ifc", kind="ifc", content_hash="1")
    revision = store.begin_revision(request)
    assert isinstance(revision, StagedRevision)
    names = sorted([f"p{i:02}" for i in range(PLACES)] + [f"s{i:06}" for i in range(count)])
    objects = [
        SourceObject(
            ordinal=place, global_id=name, class_="IfcSpace", name=name,
            parent=None if name[0] == "p" else int(name[1:]) % PLACES,
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    for first in range(0, len(objects), 1000):
        store.stage_objects(revision, objects[first : first + 1000])
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.9, 0.0))
    report = SourceReport(source="x", key="city", schema="IFC4", products=count, drawn=0)
    nowhere = Diagnosis(placement=placement, used="default", confidence="none")
    store.publish(revision, tiles=TilesetFiles(tileset=None), diagnosis=nowhere, report=report)
    signals = [
        Signal(model="city", global_id=name, name="t", kind="temperature") for name in names if name[0] == "s"
    ]
    numbers = [record.number for record in store.declare_signals(signals)]
    entry = {"class": ["IfcSpace"], "signal": "t", "kind": "temperature", "topic": "city/{global_id}"}
    bind(
        store,
        from_entries([{**entry, "codec": "json", "path": "value", "time": "time"}], "bench"),
        dry_run=False,
    )
    return numbers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(folder: Path, broker: str) -> Iterator[tuple[int, psutil.Process]]:
    port = _free_port()
    arguments = ["serve", "--data", str(folder), "--port", str(port)]
    environment = {**os.environ, "TWIN_MQTT": broker} if broker else None
    code = "from api.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as running:
        try:
            for _ in range(600):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield port, psutil.Process(running.pid)
        finally:
            running.terminate()


@contextmanager
def _broker(folder: str, *, enabled: bool) -> Iterator[str]:
    if not enabled:
        yield ""
        return
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
    port, config = _free_port(), Path(folder) / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
    )
    with subprocess.Popen(
        [shutil.which("mosquitto", path=path) or "mosquitto", "-c", str(config)], stderr=subprocess.DEVNULL
    ) as running:
        try:
            time.sleep(0.5)
            yield f"mqtt://127.0.0.1:{port}"
        finally:
            running.terminate()


if __name__ == "__main__":
    main()
