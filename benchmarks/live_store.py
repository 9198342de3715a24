"""Recording readings, and asking for them: how many a second, beside what the driver alone does with the same rows.

    .venv/bin/python benchmarks/live_store.py [--signals N] [--existing ROWS] [--batch N] [--batches N] [--spread N]
                                              [--data DIR | --database URL]

Declares N signals (default 100,000, ten to an object), fills history with ROWS readings (default 1,000,000; one round of all
signals after the other, a minute apart), then records batches from one thread, each of different signals drawn from `--spread` of
them (default: all). Beside it, in the same run: `executemany` of the same rows into a plain table of another SQLite file, one
durable transaction a batch. Rates by the wall clock and, for a machine that is busy with other things, by the processor time of
the thread. Then questions: medians and 95th percentiles.
"""

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin.frames import Diagnosis, Placement
from twin.objects import SourceObject
from twin.ports import ImportRequest, StagedRevision, StateQuery, TilesetFiles
from twin.source import SourceReport
from twin.state import Quality, Reading, Signal
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url

SIGNALS_OF_OBJECT = 10
KINDS = ("temperature", "humidity", "power", "energy", "co2", "light", "noise", "smoke", "water", "door")
MINUTE = 60 * 1_000_000
START = 1_767_225_600 * 1_000_000
"""2026-01-01 UTC, where history starts."""

PIECE = 200_000


class Rate(NamedTuple):
    """Seconds by the wall clock and of the processor."""

    wall: float
    processor: float


def main() -> None:
    """Run all of it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--signals", type=int, default=100_000)
    parser.add_argument("--existing", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--spread", type=int, help="signals that report")
    parser.add_argument("--data", type=Path, help="a folder; one that holds a filled store is used as it is")
    parser.add_argument("--database", help="postgresql:// URL of an empty database, instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        filled = (folder / DATABASE_NAME).exists()
        with open_store_url(options.database) if options.database else open_store(folder) as store:
            if not filled:
                _fill(store, folder, options)
            numbers = [record.number for record in store.signal_records()]
            batches = list(_batches(numbers[: options.spread], options.batch, options.batches))
            _record(store, batches, Path(temporary))
            _ask(store, numbers)


def _fill(store: SqlStore, folder: Path, options: argparse.Namespace) -> None:
    started = time.perf_counter()
    count = options.signals // SIGNALS_OF_OBJECT
    _import(store, count)
    _say(f"{count:,} objects", time.perf_counter() - started)
    started = time.perf_counter()
    declared = [
        Signal(model="city", global_id=f"{i:07}", name=kind, kind=kind, period_s=1e9)
        for i in range(count)
        for kind in KINDS
    ]
    numbers = [record.number for record in store.declare_signals(declared)]
    _say(f"{len(numbers):,} signals declared", time.perf_counter() - started)
    started = time.perf_counter()
    rounds = options.existing // len(numbers)
    if options.database:
        for place in range(rounds):
            at = START + place * MINUTE
            for first in range(0, len(numbers), PIECE):
                store.record([Reading(n, 20.5, at, at) for n in numbers[first : first + PIECE]])
    else:
        _fill_history(folder, rounds)
    _say(f"{rounds * len(numbers):,} readings of history", time.perf_counter() - started)


def _import(store: SqlStore, count: int) -> None:
    request = ImportRequest(key="city", explicit=True, source="/city.ifc", kind="ifc", content_hash="1")
    revision = store.begin_revision(request)
    assert isinstance(revision, StagedRevision)
    objects = [
        SourceObject(ordinal=i, global_id=f"{i:07}", class_="IfcSensor", name=f"Sensor {i}")
        for i in range(count)
    ]
    for first in range(0, count, 1000):
        store.stage_objects(revision, objects[first : first + 1000])
        store.keep_alive(revision)
    at = np.arange(count)
    west, south = 121.5 + (at % 500) * 1e-4, 29.8 + (at // 500) * 1e-4
    low, high = at * 0.0, at * 0.0 + 3
    store.stage_bounds(
        revision,
        np.column_stack([low, low, low, high, high, high]),
        np.column_stack([west, south, low, west + 5e-5, south + 5e-5, high]),
    )
    nowhere = Diagnosis(
        placement=Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.9, 0.0)),
        used="default",
        confidence="none",
    )
    report = SourceReport(source="x", key="city", schema="IFC4", products=count, drawn=count)
    store.publish(revision, tiles=TilesetFiles(tileset=None), diagnosis=nowhere, report=report)


def _fill_history(folder: Path, rounds: int) -> None:
    """Past the store, as its rows would be: history in its order, and the states of the last round."""
    connection = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    day = 24 * 60
    for first in range(0, rounds, day):
        connection.execute("BEGIN")
        connection.execute(
            "WITH RECURSIVE round(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM round WHERE n < ?) "
            "INSERT INTO reading SELECT (? + n * ?) / 86400000000, number, ? + n * ?, ? + n * ? + 50000, "
            "20.5 + number % 7, NULL, 8 FROM signal_state, round ORDER BY 1, 2, 3",
            (first, min(first + day, rounds) - 1, *(START, MINUTE) * 3),
        )
        connection.execute("COMMIT")
    if rounds:
        connection.execute(
            "UPDATE signal_state SET value = 20.5 + number % 7, observed_at = ?1, received_at = ?1 + 50000, "
            "changed_at = ?2, first_at = ?2",
            (START + (rounds - 1) * MINUTE, START),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _batches(numbers: Sequence[int], size: int, count: int) -> Iterator[list[Reading]]:
    """Different signals each, all newer than what is there; every third says the same as before."""
    drawn = np.random.default_rng(1)
    now = time.time_ns() // 1000
    for place in range(count):
        chosen = drawn.choice(numbers, min(size, len(numbers)), replace=False).tolist()
        at = now + place * size
        yield [
            Reading(n, 21.0 if n % 3 else 20.5 + n % 7, at + i, at + 40_000, Quality.GOOD)
            for i, n in enumerate(chosen)
        ]


def _record(store: SqlStore, batches: Sequence[Sequence[Reading]], temporary: Path) -> None:
    total = sum(map(len, batches))
    latencies: list[float] = []

    def ours() -> None:
        for batch in batches:
            started = time.perf_counter()
            store.record(batch)
            latencies.append(time.perf_counter() - started)

    record, bare = _timed(ours), _timed(lambda: _executemany(temporary / "bare.sqlite", batches))
    print(f"{'':34}{'wall':>12}{'processor':>12}")
    for name, rate in (("record", record), ("bare executemany", bare)):
        print(f"{name + ', readings/s':34}{total / rate.wall:>12,.0f}{total / rate.processor:>12,.0f}")
    print(f"{'ratio':34}{bare.wall / record.wall:>12.2f}{bare.processor / record.processor:>12.2f}")
    low, high = np.percentile(np.array(latencies) * 1000, [50, 95])
    print(f"a batch: median {low:.0f} ms, p95 {high:.0f} ms, longest {max(latencies) * 1000:.0f} ms")


def _timed(task: Callable[[], None]) -> Rate:
    wall, processor = time.perf_counter(), time.thread_time()
    task()
    return Rate(time.perf_counter() - wall, time.thread_time() - processor)


def _executemany(path: Path, batches: Sequence[Sequence[Reading]]) -> None:
    """What SQLite's driver alone does with these rows: appended to a table without an index, as durable."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE reading (signal, observed_at, received_at, value, quality)")
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        rows = [(r.signal, r.observed_at, r.received_at, r.value, r.quality) for r in batch]
        connection.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    connection.close()
    path.unlink()


def _ask(store: SqlStore, numbers: Sequence[int]) -> None:
    rng = random.Random(1)  # noqa: S311 - no secret
    ids = [record.signal.id for record in store.signal_records()]
    middle = START + 30 * MINUTE
    some = rng.sample(ids, min(10_000, len(ids)))

    def box() -> object:
        west, south = 121.5 + rng.random() * 0.04, 29.8 + rng.random() * 0.001
        return store.states(
            StateQuery(bbox=(west, south, west + 0.002, south + 0.002), kinds=("temperature",))
        )

    asked: list[tuple[str, int, Callable[[], object]]] = [
        ("10,000 states by id", 5, lambda: store.states_of(some)),
        ("1,000 states, first page", 20, lambda: store.states(StateQuery(limit=1000))),
        ("states by box and kind", 50, box),
        ("states of a kind, 1,000", 20, lambda: store.states(StateQuery(kinds=("smoke",), limit=1000))),
        ("stale ones, first page", 3, lambda: store.states(StateQuery(qualities=(Quality.STALE,)))),
        (
            "a signal's history, all of it",
            30,
            lambda: store.history(rng.choice(numbers), start=0, end=1 << 60, limit=100_000),
        ),
        ("scene now", 2, lambda: store.scene_at(time.time_ns() // 1000)),
        ("scene half-way", 2, lambda: store.scene_at(middle)),
        ("sweep, nothing silent", 3, store.sweep_stale),
        ("all signals", 1, store.signal_records),
    ]
    print(f"{'':34}{'median ms':>12}{'p95 ms':>12}")
    for name, calls, ask in asked:
        took = [_timed(lambda ask=ask: ask()).wall * 1000 for _ in range(calls)]  # type: ignore[misc]
        print(f"{name:34}{np.median(took):>12,.1f}{np.percentile(took, 95):>12,.1f}", flush=True)


def _say(what: str, seconds: float) -> None:
    print(f"{what:40}{seconds:8.1f} s", flush=True)


if __name__ == "__main__":
    main()
