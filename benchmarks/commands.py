"""What commands cost and how long they take: over a real Mosquitto to simulated lamps and back.

    python benchmarks/commands.py [--lamps 10000] [--singles 200] [--store postgresql] [--rate 200] [--seconds 20]

`over HTTP`: commands at a fixed rate, each to another lamp, to `twin serve`'s application in a process of its own; the time of each counts from when it should have been sent, so that a server
that cannot keep up shows. `accepted`: recorded durably; `round trip`: from asking to the reading that confirms, as the log of the command has it; `bulk`: one request for all lamps. Processor time is
that of this process (service and devices together). `beside readings`: what looking for commands costs a reading while none is under way.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import socket
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from msgspec.structs import replace
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from benchmarks.own_postgres import database
from state_sync.mqtt import MqttSource
from state_sync.mqtt_outlet import MqttOutlet
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings
from tests.state_sync.broker import Broker
from tests.state_sync.command_plant import Plant, bound, plant
from tests.state_sync.fakes import until
from twin.ports import TwinStore
from twin.state import Reading
from twin.store import command_outcomes, open_store, open_store_url
from twin.store.readings import prepare

CONNECTIONS = 32


def quantiles(name: str, seconds: list[float]) -> None:
    """Print the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    print(
        f"{name:<28} p50 {statistics.median(ordered) * 1e3:7.1f} ms   p99 {p99 * 1e3:7.1f} ms   ({len(ordered)})"
    )


async def singles(made: Plant, names: list[str], count: int) -> None:
    """Commands one after another, each to another lamp."""
    accepted, trips = [], []
    for number in range(count):
        start = time.perf_counter()
        identifier = await made.order(float(number % 100), names[number])
        accepted.append(time.perf_counter() - start)
        await made.ends(identifier)
        steps = await asyncio.to_thread(made.store.command_steps, identifier)
        trips.append((steps[-1].at - steps[0].at) / 1e6)
        assert steps[-1].status == "confirmed", steps
    quantiles("accepted", accepted)
    quantiles("round trip", trips)


async def bulk(made: Plant, names: list[str]) -> None:
    """One request for all."""
    used, start = time.process_time(), time.perf_counter()
    identifier = await made.order(77.0, *names)
    accepted = time.perf_counter() - start
    print(
        f"bulk of {len(names)}: accepted in {accepted:.2f} s, {time.process_time() - used:.2f} s of processor"
    )
    counts = await made.ends(identifier, within_s=600)
    took = time.perf_counter() - start
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    print(
        f"bulk of {len(names)}: all over after {took:.1f} s, {time.process_time() - used:.1f} s of processor: {told}"
    )


def lamps(args: argparse.Namespace) -> list[str]:
    """GlobalIds of the lamps."""
    return [f"{number:06}" for number in range(args.lamps)]


async def measured(store: TwinStore, broker: Broker, args: argparse.Namespace) -> None:
    """Everything that needs devices."""
    names = lamps(args)
    bound(store, names, deadline_s=300)

    def settings(name: str) -> MqttSettings:
        return MqttSettings(client_id=name, port=broker.port)

    source, outlet = MqttSource(settings("twin")), MqttOutlet(settings("twin"))
    listens, says = MqttSource(settings("lamps")), MqttPublisher(replace(settings("say"), session_expiry_s=0))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(says)
        made = await stack.enter_async_context(plant(store, (source, outlet, listens, says)))
        await until(lambda: outlet.connected and source.link.connected and listens.link.connected)
        await asyncio.sleep(2)
        await singles(made, names, args.singles)
        await bulk(made, names)


def serve(settings: Settings, said: Any) -> None:
    """A process that serves until it is ended; `said` gets its port and its token."""
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # as `twin serve`: asyncio sends small answers at once
    with Runtime(settings) as runtime, listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(CONNECTIONS)  # before anybody is told
        server = uvicorn.Server(
            uvicorn.Config(create_app(runtime), log_level="error", access_log=False, timeout_keep_alive=60)
        )
        said.put((listener.getsockname()[1], runtime.token))
        server.run([listener])


class Asking:
    """Commands at a fixed rate over connections that stay open, each in a thread: whichever is free takes the next one."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._mine = threading.local()

    def all(self, names: list[str], rate: float) -> list[float]:
        """Each command at its time, whatever the ones before do; returns seconds from that time to the answer."""
        begin = time.perf_counter() + 0.5
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(lambda each: self._one(*each, begin, rate), enumerate(names)))

    def _one(self, number: int, name: str, begin: float, rate: float) -> float:
        due = begin + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(self._mine, "connection"):
            self._mine.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        body = {"signal": f"a/{name}/level", "value": float(number % 100), "reason": "measured"}
        self._mine.connection.request("POST", "/api/v1/commands", json.dumps(body), self._headers)
        answer = self._mine.connection.getresponse()
        said = answer.read()
        assert answer.status == HTTPStatus.ACCEPTED, said
        return time.perf_counter() - due


def over_http(settings: Settings, names: list[str], args: argparse.Namespace) -> None:
    """Accepted at a fixed rate. The server has no devices: what it does beside accepting is to look after what waits."""
    context = multiprocessing.get_context("spawn")
    said: Any = context.Queue()
    server = context.Process(target=serve, args=(settings, said), daemon=True)
    server.start()
    port, token = said.get(timeout=120)
    count = min(len(names), round(args.rate * args.seconds))

    asking = Asking(port, token)
    asking.all(names[:20], args.rate)
    process = psutil.Process(server.pid)
    try:
        before = process.cpu_times()
        seconds = asking.all(names[20:count], args.rate)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        quantiles(f"over HTTP at {args.rate:g}/s", seconds)
        print(f"over HTTP: {used / len(seconds) * 1e3:.2f} ms of the server's processor a command")
    finally:
        server.terminate()
        server.join(20)


def beside_readings(store: TwinStore) -> None:
    """Processor time of the look for commands, for batches of 2,000."""
    numbers = [record.number for record in store.signal_records()][:2_000]
    at = time.time_ns() // 1000
    groups = prepare([Reading(number, 1.0, at, at) for number in numbers]).groups
    used = 0.0
    for _ in range(200):
        with store._database.write(lane="live") as connection:  # noqa: SLF001  # what is measured is a part of its transaction
            start = time.thread_time()
            command_outcomes.confirm(store._database, connection, groups, at)  # noqa: SLF001
            used += time.thread_time() - start
    print(
        f"beside readings: {used / 200 * 1e6:.0f} µs a batch of {len(numbers)}, {used / 200 / len(numbers) * 1e6:.3f} µs a reading"
    )


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lamps", type=int, default=10_000)
    parser.add_argument("--singles", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    args = parser.parse_args()
    print(f"load {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} processors, {args.store}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "broker").mkdir()
        broker = Broker(Path(folder) / "broker")
        broker.start()
        try:
            if args.store == "sqlite":
                with open_store(Path(folder)) as store:
                    asyncio.run(measured(store, broker, args))
                    beside_readings(store)
                over_http(Settings(data=Path(folder), rate=0), lamps(args), args)
            else:
                with database(args.store) as url:
                    with open_store_url(url) as store:
                        asyncio.run(measured(store, broker, args))
                        beside_readings(store)
                    settings = Settings(data=Path(folder), rate=0, database=SecretStr(url))
                    over_http(settings, lamps(args), args)
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
