"""The past: a month of a signal in 500 points, aggregates, what roll-ups cost.

    .venv/bin/python benchmarks/history.py [--signals N] [--days N] [--asked N] [--store sqlite|postgresql|URL]

Fills a store with N signals (default 50; 250 take five times as long) that report once a minute for N days (default 31): some 2.2 million
readings, by SQL. `postgresql` starts a server of its own. About a minute on a machine at rest. Then, each question for `--asked` signals drawn at random (default 30), medians and 95th percentiles:

- 30 days in 500 points, before there are roll-ups, and after;
- the same from plain pandas: the rows of the signal read with the engine's own driver, extremes of 250 spans taken by groupby;
- 30 days by the hour.

Then the periods that are over move to the archive (SQLite only), and 30 days of single readings are asked for again, beside
DuckDB alone on the same files. And bytes of an archived reading, all columns, of the OpenSmartHomeData series (TWIN_REAL_DATA, default
../shared/data), by how the delay from observation to reception is drawn, beside pandas' Parquet (zstd) of the same rows.

And what roll-ups cost: the job, in processor time for each reading; and `record` of in-order and of late batches with the marks that
it leaves, and without them, in turn in one run.
"""

import argparse
import contextlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest import mock

import duckdb
import numpy as np
import pandas as pd
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.collecting import collect_rarely
from benchmarks.live_store import KINDS, MINUTE, SIGNALS_OF_OBJECT, _import
from benchmarks.own_postgres import database
from twin.ports import Archived, CurveQuery, RollUpQuery
from twin.state import Reading, Signal
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url, rollups

DAY = 86_400 * 1_000_000
Rows = Callable[[int, int, int], Sequence[tuple[int, float]]]


def main() -> None:
    """Run all of it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--signals", type=int, default=50)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--asked", type=int, default=30)
    parser.add_argument(
        "--store", default="sqlite", help="postgresql: a server of its own; a URL: an empty database"
    )
    options = parser.parse_args()
    collect_rarely()  # as the server does
    with tempfile.TemporaryDirectory() as temporary, database(options.store) as where:
        folder = Path(temporary)
        url = None if where == "sqlite" else where
        with open_store_url(url) if url else open_store(folder) as store:
            numbers = _declare(store, options.signals)
            end = time.time_ns() // 1000 // DAY * DAY
            start = end - options.days * DAY
            _fill(url, folder, start, end)
            with _plain(url, folder) as rows:
                _ask(store, rows, numbers, options.asked, end)
                _roll_up(store, options.signals * options.days * 1440)
                _ask(store, rows, numbers, options.asked, end)
            _record(store, numbers, end)
            if url is None:
                _archive(store, folder, numbers, end)
    _home()


def _declare(store: SqlStore, count: int) -> list[int]:
    _import(store, count // SIGNALS_OF_OBJECT)
    declared = [
        Signal(model="city", global_id=f"{i:07}", name=kind, kind=kind)
        for i in range(count // SIGNALS_OF_OBJECT)
        for kind in KINDS
    ]
    return [record.number for record in store.declare_signals(declared)]


# A daily curve, and on it noise from the digits of a product: the same on both engines, and no generator needed.
_VALUE = "20.0 + 5.0 * ((({t} / 60000000) % 1440) / 1440.0) + (({t} / 60000000 * 7919 + number * 104729) % 1000) / 500.0"


def _fill(url: str | None, folder: Path, start: int, end: int) -> None:
    """Past the store, as its rows would be: history in its order, and the states of the last round."""
    began = time.perf_counter()
    value = _VALUE.format(t="t")
    if url:
        rounds = f"generate_series({start}::bigint, {end - MINUTE}::bigint, {MINUTE}) AS r(t)"
    else:
        rounds = f"(WITH RECURSIVE r(t) AS (SELECT {start} UNION ALL SELECT t + {MINUTE} FROM r WHERE t < {end - MINUTE}) SELECT t FROM r) AS r"  # noqa: S608 - numbers
    filled = f"INSERT INTO reading (day, signal, observed_at, received_at, value, text, code) SELECT t / {DAY}, number, t, t + 50000, {value}, NULL, 8 FROM signal_state, {rounds} ORDER BY 1, 2, 3"  # noqa: S608
    last = _VALUE.format(t=f"CAST({end - MINUTE} AS BIGINT)")
    states = f"UPDATE signal_state SET value = {last}, observed_at = {end - MINUTE}, received_at = {end}, changed_at = {end - MINUTE}, first_at = {start}"  # noqa: S608
    if url:
        with psycopg.connect(url) as server:
            server.execute(filled)
            server.execute(states)
            server.commit()
            server.autocommit = True
            server.execute("VACUUM ANALYZE reading")
    else:
        with contextlib.closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=OFF")
            file.execute(filled)
            file.execute(states)
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"{'readings of history, made in':40}{time.perf_counter() - began:10.1f} s", flush=True)


@contextlib.contextmanager
def _plain(url: str | None, folder: Path) -> Iterator[Rows]:
    """The rows of a signal by the driver alone."""
    if url:
        with psycopg.connect(url, autocommit=True) as server:
            asked = "SELECT observed_at, value FROM reading WHERE day BETWEEN %s AND %s AND signal = %s ORDER BY observed_at"
            yield lambda number, first, last: server.execute(
                asked, (first, last, number), binary=True
            ).fetchall()
    else:
        with contextlib.closing(sqlite3.connect(folder / DATABASE_NAME)) as file:
            # Day by day, as the table lies: one statement over all days would read all signals of them.
            asked = "SELECT observed_at, value FROM reading WHERE day = ? AND signal = ? ORDER BY observed_at"
            yield lambda number, first, last: [
                row for day in range(first, last + 1) for row in file.execute(asked, (day, number))
            ]


def _ask(store: SqlStore, rows: Rows, numbers: Sequence[int], count: int, end: int) -> None:
    chosen = np.random.default_rng(1).choice(numbers, count).tolist()
    start = end - 30 * DAY
    made_of: set[str] = set()

    def ours(number: int) -> None:
        found = store.curve(number, CurveQuery(start=start, end=end, points=500))
        made_of.add(f"{found.resolution}, {len(found.items)} points of {found.readings} readings")

    def plain(number: int) -> None:
        frame = pd.DataFrame(rows(number, start // DAY, (end - 1) // DAY), columns=["at", "value"])
        spans = (frame["at"] - start) // (30 * DAY // 250)
        frame.groupby(spans)["value"].agg(["idxmin", "idxmax"])

    def hours(number: int) -> None:
        store.roll_ups(number, RollUpQuery(resolution="1h", start=start, end=end, limit=1000))

    print(f"{'':40}{'median ms':>12}{'p95 ms':>12}{'processor':>12}")
    medians = {}
    for name, ask in (
        ("30 days in 500 points", ours),
        ("the same, driver and pandas", plain),
        ("30 days by the hour", hours),
    ):
        took = np.array([_timed(ask, number) for number in chosen]) * 1000
        medians[name] = np.median(took[:, 1])
        print(
            f"{name:40}{np.median(took[:, 0]):>12.1f}{np.percentile(took[:, 0], 95):>12.1f}{medians[name]:>12.1f}"
        )
    first, second, _ = medians.values()
    print(
        f"{'ratio (processor), pandas : ours':40}{second / first:>12.2f}   made of {', '.join(sorted(made_of))}",
        flush=True,
    )


def _archive(store: SqlStore, folder: Path, numbers: Sequence[int], end: int) -> None:
    chosen = np.random.default_rng(3).choice(numbers, 10).tolist()
    start = end - 30 * DAY
    wall, processor = time.perf_counter(), time.thread_time()
    steps: list[Archived] = []
    for step in store.archive(after_days=0):
        steps.append(step)
        print(
            f"  {len(steps)} files, {time.perf_counter() - wall:.0f} s", end="\r", file=sys.stderr, flush=True
        )
    rows, size = sum(one.rows for one in steps), sum(one.bytes for one in steps)
    spent = (time.thread_time() - processor) / rows * 1e6
    print(
        f"{'archived in':40}{time.perf_counter() - wall:10.1f} s, {rows:,} readings, {size / rows:.2f} bytes each, {spent:.2f} µs of the processor"
    )
    duck = duckdb.connect(config={"threads": 1})

    def ours(number: int) -> None:
        store.history(number, start=start, end=end, limit=100_000)

    def plain(number: int) -> None:
        asked = f"SELECT * FROM read_parquet('{folder}/archive/*.parquet') WHERE signal = {number}"  # noqa: S608
        duck.execute(asked).fetchall()

    print(f"{'':40}{'median ms':>12}{'processor':>12}")
    for name, ask in (("30 days of readings, archived", ours), ("DuckDB alone", plain)):
        took = np.median(np.array([_timed(ask, number) for number in chosen]), axis=0) * 1000
        print(f"{name:40}{took[0]:>12.1f}{took[1]:>12.1f}", flush=True)


def _home() -> None:
    """Bytes of an archived reading of a real home."""
    real = Path(os.environ.get("TWIN_REAL_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
    files = sorted(real.glob("iot/*OpenSmartHomeData/Measurements/*.csv"))
    if not files:
        print(f"no OpenSmartHomeData under {real}: bytes of an archived reading are not measured")
        return
    series = [np.loadtxt(path) for path in files]
    drawn = np.random.default_rng(1)
    kinds: dict[str, Callable[[int], np.ndarray]] = {
        "constant": lambda n: np.full(n, 50_000),
        "even, 20 to 250 ms, in ms": lambda n: drawn.integers(20, 250, n) * 1000,
        "log-normal, in µs": lambda n: 30_000 + drawn.lognormal(9, 0.7, n).astype(np.int64),
        "even, 20 to 250 ms, in µs": lambda n: drawn.integers(20_000, 250_000, n),
    }
    print(f"{'bytes of a reading, delay':40}{'archive':>12}{'pandas':>12}{'ratio':>12}")
    for kind, delay in kinds.items():
        with tempfile.TemporaryDirectory() as temporary, open_store(Path(temporary)) as store:
            numbers = _declare(store, 40)
            frames = []
            for number, one in zip(numbers, series, strict=False):
                at = one[:, 0].astype(np.int64) * 1_000_000
                received = at + delay(len(at))
                rows = zip(at.tolist(), received.tolist(), one[:, 1].tolist(), strict=True)
                store.record([Reading(number, value, t, r) for t, r, value in rows])
                frames.append(
                    pd.DataFrame(
                        {
                            "signal": number,
                            "observed_at": at,
                            "received_at": received,
                            "value": one[:, 1],
                            "code": 8,
                        }
                    )
                )
            while store.roll_up(seconds=60).more:
                pass
            steps = list(store.archive(after_days=0))
            count, size = sum(step.rows for step in steps), sum(step.bytes for step in steps)
            plain = Path(temporary) / "plain.parquet"
            pd.concat(frames).to_parquet(plain, compression="zstd", index=False)
            theirs = plain.stat().st_size / count
            print(
                f"{kind:40}{size / count:>12.2f}{theirs:>12.2f}{theirs * count / size:>12.2f}   {count:,} readings",
                flush=True,
            )


def _timed(task: Callable[[int], None], number: int) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.thread_time()
    task(number)
    return time.perf_counter() - wall, time.thread_time() - processor


def _roll_up(store: SqlStore, readings: int) -> None:
    wall, processor = time.perf_counter(), time.thread_time()
    longest = 0.0
    while True:
        began = time.perf_counter()
        more = store.roll_up(seconds=0.0).more
        longest = max(longest, time.perf_counter() - began)
        if not more:
            break
    spent = time.thread_time() - processor
    print(
        f"{'roll-ups made in':40}{time.perf_counter() - wall:10.1f} s, {spent / readings * 1e6:.2f} µs of the processor a reading"
    )
    print(f"{'longest piece':40}{longest * 1000:10.0f} ms", flush=True)


def _record(store: SqlStore, numbers: Sequence[int], end: int) -> None:
    """Batches with marks and without, in turn: the same readings, a little later each time."""
    drawn = np.random.default_rng(2)
    spent: dict[tuple[str, str], list[float]] = {}
    for place in range(20):
        for name, base in (
            ("in order", end + place * 2 * MINUTE),
            ("late", end - 5 * DAY + place * 2 * MINUTE),
        ):
            for offset, side in enumerate(("with marks", "without")):
                at = base + offset * MINUTE + 1
                batch = [
                    Reading(n, float(drawn.normal()), at + i, at + i + 50_000)
                    for i, n in enumerate(np.resize(numbers, 2000).tolist())
                ]
                patch = (
                    mock.patch.object(rollups, "mark", return_value=None)
                    if side == "without"
                    else contextlib.nullcontext()
                )
                with patch:
                    began = time.thread_time()
                    store.record(batch)
                    spent.setdefault((name, side), []).append((time.thread_time() - began) / len(batch) * 1e6)
    print(f"{'record, µs of the processor a reading':40}{'with marks':>12}{'without':>12}{'ratio':>12}")
    for name in ("in order", "late"):
        first, second = (float(np.median(spent[name, side])) for side in ("with marks", "without"))
        print(f"{name:40}{first:>12.2f}{second:>12.2f}{first / second:>12.2f}")


if __name__ == "__main__":
    main()
