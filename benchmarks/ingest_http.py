"""How many readings a second one server takes over HTTP as NDJSON, each request answered after its commit.

    .venv/bin/python benchmarks/ingest_http.py [--readings N] [--signals N] [--lines N] [--store sqlite|postgresql|URL]

Clients and server share this machine. Two runs with the same clients: a server of the same framework that reads each body, counts its
lines and answers; then `twin serve`'s application: parsed, resolved, folded, committed, answered. Prints both rates and their ratio.
Bodies are made before the clock starts, readings ten seconds apart, each of another signal in a request.
"""

import argparse
import http.client
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from fastapi import FastAPI, Request
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from benchmarks.own_postgres import database
from tests.state_sync.signals import declared
from twin.state import Signal

CONTEXT = multiprocessing.get_context("spawn")
CLIENTS = 2
ROUTE = "/api/v1/readings"


def counting() -> FastAPI:
    """A server that only counts."""
    app = FastAPI()

    @app.post(ROUTE)
    async def count(request: Request) -> dict[str, int]:
        return {"accepted": (await request.body()).count(b"\n")}

    return app


def serve(settings: Settings | None, said: Any) -> None:
    """A process that serves until it is ended; `said` gets its port."""
    if settings is None:
        run(counting(), said)
        return
    with Runtime(settings) as runtime:
        run(create_app(runtime), said)


def run(app: FastAPI, said: Any) -> None:
    """Serve at a free port."""
    config = uvicorn.Config(app, port=0, http="httptools", log_level="warning", access_log=False)
    listener = config.bind_socket()
    said.put(listener.getsockname()[1])
    uvicorn.Server(config).run(sockets=[listener])


def bodies(arguments: argparse.Namespace, place: int, run_number: int) -> list[bytes]:
    """Requests of one client, with readings that are new in this run."""
    start = datetime.now(UTC) - timedelta(days=2) + timedelta(hours=6 * run_number)
    signals = [f"m/g{number:07}/temperature" for number in range(place, arguments.signals, CLIENTS)]
    made, lines = [], []
    for number in range(arguments.readings // CLIENTS):
        turn, at = divmod(number, len(signals))
        observed_at = (start + timedelta(seconds=10 * turn)).isoformat()
        reading = {"signal": signals[at], "value": 20.25 + number % 7, "observed_at": observed_at}
        lines.append(json.dumps(reading).encode() + b"\n")
        if len(lines) == arguments.lines:
            made.append(b"".join(lines))
            lines = []
    return made


def post(port: int, token: str, requests: list[bytes], go: Any, accepted: Any) -> None:
    """A process that posts one request after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"content-type": "application/x-ndjson", "authorization": f"Bearer {token}"}
    connection.connect()
    go.wait()
    total, times = 0, []
    for body in requests:
        began = time.perf_counter()
        connection.request("POST", ROUTE, body, headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {document}")
        total += document["accepted"]
        if document["accepted"] != body.count(b"\n"):
            print(document, flush=True)
        times.append(time.perf_counter() - began)
    accepted.put((total, times))


def measure(arguments: argparse.Namespace, settings: Settings | None, token: str, run_number: int) -> float:
    """Readings a second, all accepted."""
    said, accepted, go = CONTEXT.SimpleQueue(), CONTEXT.SimpleQueue(), CONTEXT.Event()
    server = CONTEXT.Process(target=serve, args=(settings, said), daemon=True)
    server.start()
    port = said.get()
    work = [bodies(arguments, place, run_number) for place in range(CLIENTS)]
    clients = [CONTEXT.Process(target=post, args=(port, token, each, go, accepted)) for each in work]
    for client in clients:
        client.start()
    time.sleep(2)
    used = psutil.Process(server.pid).cpu_times()
    began = time.perf_counter()
    go.set()
    answers = [accepted.get() for _ in clients]
    wall = time.perf_counter() - began
    process = psutil.Process(server.pid)
    now = process.cpu_times()
    total = sum(count for count, _ in answers)
    expected = sum(map(len, work)) * arguments.lines
    if total != expected:
        raise SystemExit(f"{total} accepted of {expected}")
    times = [each for _, several in answers for each in several]
    spent = (now.user + now.system - used.user - used.system) / total * 1e6
    name = "server that counts lines" if settings is None else "service"
    print(
        f"{name:<28} {total / wall:>9,.0f}/s {spent:6.1f} us of processor each, a request of {arguments.lines:,} takes "
        f"{statistics.median(times) * 1000:.0f} ms, {process.memory_info().rss / 2**20:.0f} MiB",
        flush=True,
    )
    for process_ in [*clients, server]:
        process_.terminate()
        process_.join()
    return total / wall


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readings", type=int, default=400_000, help="of all clients together")
    parser.add_argument("--signals", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=5_000, help="readings of one request")
    parser.add_argument(
        "--store", default="sqlite", help="postgresql: a server of its own; a URL: an empty database"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side, in turn; the medians count")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(arguments.store) as where:
        secret = SecretStr(where) if "://" in where else None
        compare(arguments, Settings(data=Path(folder), database=secret))


def compare(arguments: argparse.Namespace, settings: Settings) -> None:
    """Both sides, in turn."""
    rates: tuple[list[float], list[float]] = ([], [])
    with Runtime(settings) as runtime:
        names = [f"g{number:07}" for number in range(arguments.signals)]
        declared(
            runtime.store,
            [Signal(model="m", global_id=name, name="temperature", unit="Cel") for name in names],
        )
        token = runtime.token
    for number in range(arguments.repeat):
        rates[0].append(measure(arguments, None, token, number))
        rates[1].append(measure(arguments, settings, token, number))
    plain, service = map(statistics.median, rates)
    print(
        f"committed and answered {service:,.0f}/s; only counted {plain:,.0f}/s; ratio {service / plain:.2f}"
    )


if __name__ == "__main__":
    main()
