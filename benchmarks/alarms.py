"""What rules for alarms cost: processor time a reading beside that of recording it, and time from a reading to its alarm.

    python benchmarks/alarms.py [--signals 20000] [--batches 40] [--store postgresql]

Recording and evaluation take turns in one thread, so that other programs slow both alike; then a job evaluates beside a recorder, as in a server.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.alarm_job import AlarmJob
from benchmarks.own_postgres import database
from state_sync.alarm_watch import AlarmWatcher
from tests.twin.store.builders import imported, plain
from twin.alarms import AlarmPattern, AlarmRule, Kind
from twin.ports import AlarmQuery, TwinStore
from twin.state import Reading, Signal
from twin.store import open_store, open_store_url

RULES = (
    AlarmRule(kind=Kind.HIGH, limit=30.0, hysteresis=1.0, delay_s=5.0),
    AlarmRule(kind=Kind.HIGH_HIGH, limit=40.0, hysteresis=1.0),
    AlarmRule(kind=Kind.STALE),
)


def declared(store: TwinStore, count: int) -> list[int]:
    """Signals that three rules hold for, made by patterns."""
    names = [f"o{number:07d}" for number in range(count)]
    imported(store, "m", plain(names))
    records = store.declare_signals([Signal(model="m", global_id=name, name="t") for name in names])
    for rule in RULES:
        store.put_alarm_pattern(AlarmPattern(id=rule.kind, rule=rule, names=("t",)))
    return [record.number for record in records]


def batch(numbers: list[int], size: int, crossing: float, rng: np.random.Generator) -> list[Reading]:
    """Readings of `size` signals now; a share `crossing` of them is above the upper limit."""
    at = time.time_ns() // 1000
    chosen = rng.choice(numbers, size, replace=False).tolist()
    values = np.where(rng.random(size) < crossing, 45.0, rng.normal(20.0, 3.0, size)).tolist()
    return [Reading(number, value, at, at) for number, value in zip(chosen, values, strict=True)]


def cost(store: TwinStore, numbers: list[int], batches: int, size: int, crossing: float) -> None:
    """Microseconds of processor time a reading, recording and evaluation in turn."""
    rng = np.random.default_rng(1)
    watcher = AlarmWatcher(store)
    watcher.step(time.time_ns() // 1000)
    recording = evaluation = 0.0
    before = watcher.counts.raised, watcher.counts.cleared
    for _ in range(batches):
        readings = batch(numbers, size, crossing, rng)
        start = time.thread_time()
        store.record(readings)
        middle = time.thread_time()
        watcher.step(time.time_ns() // 1000)
        recording += middle - start
        evaluation += time.thread_time() - middle
    per = 1e6 / (batches * size)
    steps = watcher.counts.raised + watcher.counts.cleared - sum(before)
    print(
        f"crossing {crossing:6.1%}: recording {recording * per:6.2f} µs, evaluation {evaluation * per:6.2f} µs a reading "
        f"({evaluation / recording:.0%}); {steps} steps of alarms in {batches * size} readings"
    )


async def latency(store: TwinStore, numbers: list[int], seconds: float, rate: int) -> None:
    """Time from the reception of a reading to its raised alarm, beside `rate` readings a second."""
    rng = np.random.default_rng(2)
    job = AlarmJob(store)
    job.look()
    task = asyncio.create_task(job.run())
    began = time.time_ns() // 1000
    size = rate // 50
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        following = time.monotonic() + 0.02
        await asyncio.to_thread(store.record, batch(numbers, size, 0.001, rng))
        await asyncio.sleep(max(0.0, following - time.monotonic()))
    await asyncio.sleep(1.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    found = store.alarms(AlarmQuery(kinds=(Kind.HIGH_HIGH,), start=began, limit=1000)).items
    late = sorted((view.record.raised_at - view.record.since) / 1000 for view in found)
    p99 = late[int(len(late) * 0.99)]
    print(
        f"{rate} readings/s: reading to alarm p50 {statistics.median(late):.0f} ms, p99 {p99:.0f} ms ({len(late)} alarms)"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signals", type=int, default=20_000)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--size", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument(
        "--store", help="`postgresql`: one of its own; or the URL of an empty one; default: SQLite"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(given.store or "") as url:
        store = open_store_url(url) if url else open_store(Path(folder))
        with store:
            numbers = declared(store, given.signals)
            start = time.thread_time()
            ruled = store.ruled_signals()
            print(
                f"{len(ruled)} signals, {len(RULES)} rules each, found in {time.thread_time() - start:.2f} s"
            )
            for crossing in (0.0, 0.001, 0.1):
                cost(store, numbers, given.batches, given.size, crossing)
            asyncio.run(latency(store, numbers, given.seconds, given.rate))


if __name__ == "__main__":
    main()
