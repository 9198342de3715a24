"""Questions about the state of a big twin: by place and filter, many by id, aggregates, the scene now and at an instant.

    .venv/bin/python benchmarks/state.py [--objects N] [--rows N] [--minutes N] [--data DIR] [--store sqlite|postgresql]

Makes N objects (default 20,000; the promise is for 200,000) with five signals each, and ROWS readings a signal (default 50), a round
every MINUTES (default 20: fifty rounds are most of a day). A folder that is filled already is used as it is; `postgresql` starts a server of
its own. Prints the processor time of this process (of PostgreSQL: without the server's) and the time by the clock, median and 95th percentile over
random questions, and the process's memory. On a machine that is busy, processor time is what counts.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import psycopg
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api import representations_live as representations
from api.collecting import collect_rarely
from api.compact import scene_frame
from benchmarks.own_postgres import database
from twin.filters import parse_filter
from twin.frames import Diagnosis, Placement
from twin.objects import SourceObject
from twin.ports import ImportRequest, StagedRevision, StateQuery, TilesetFiles
from twin.source import SourceReport
from twin.state import Signal
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url
from twin.times import from_microseconds

KINDS = ("temperature", "humidity", "power", "co2", "light")
CLASSES = ("IfcSpace", "IfcSensor", "IfcLamp", "IfcFlowMeter")
MINUTE_US = 60 * 1_000_000
START = 1_767_225_600 * 1_000_000
"""2026-01-01 UTC, where history starts."""
ACROSS = 500
"""Objects in a row; neighbours are 1e-4 degrees apart."""
STEP = 1e-4


def main() -> None:
    """Fill what is empty, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--times", type=int, default=40, help="questions of each kind")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--store", default="sqlite")
    options = parser.parse_args()
    collect_rarely()  # as the server does
    end = START + options.rows * options.minutes * MINUTE_US

    def clock() -> datetime:
        return from_microseconds(end)

    with tempfile.TemporaryDirectory() as temporary, database(options.store) as where:
        folder = options.data or Path(temporary)
        filled = where == "sqlite" and (folder / DATABASE_NAME).exists()
        opened = open_store(folder, clock=clock) if where == "sqlite" else open_store_url(where, clock=clock)
        with opened as store:
            if not filled:
                _fill(store, _Sqlite(folder) if where == "sqlite" else _Postgres(where), options)
            _ask(store, options, end)


class _Sqlite:
    """Writes rows past the store."""

    update = "UPDATE signal_state SET value=?, code=8, observed_at=?, received_at=?, changed_at=?, first_at=? WHERE number=?"

    def __init__(self, folder: Path) -> None:
        self.connection: Any = sqlite3.connect(folder / DATABASE_NAME)
        self.connection.execute("PRAGMA synchronous=OFF")

    def insert(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Into history."""
        self.connection.executemany("INSERT INTO reading VALUES (?,?,?,?,?,?,?)", rows)


class _Postgres:
    """The same."""

    update = _Sqlite.update.replace("?", "%s")

    def __init__(self, url: str) -> None:
        self.connection: Any = psycopg.connect(url)

    def insert(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Into history."""
        with (
            self.connection.cursor() as cursor,
            cursor.copy("COPY reading FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["int4", "int8", "int8", "int8", "float8", "text", "int2"])
            for row in rows:
                copy.write_row(row)


def _fill(store: SqlStore, direct: _Sqlite | _Postgres, options: argparse.Namespace) -> None:
    started = time.perf_counter()
    _import(store, options.objects)
    names = [(f"{i:07}", kind) for i in range(options.objects) for kind in KINDS]
    store.declare_signals(
        [Signal(model="city", global_id=g, name=k, kind=k, unit="1", period_s=86_400) for g, k in names]
    )
    connection = direct.connection
    states = connection.execute("SELECT number, state_index FROM signal_state ORDER BY number").fetchall()
    dice = np.random.default_rng(1)
    days: dict[int, list[int]] = {}
    for row in range(options.rows):
        at = START + row * options.minutes * MINUTE_US
        days.setdefault(at // (86_400 * 1_000_000), []).append(at)
    last = START
    for day, times in days.items():
        values = dice.normal(20, 8, (len(states), len(times))).round(2).tolist()
        rows = (
            (day, number, at, at, v, None, 8)
            for (number, _), of in zip(states, values, strict=True)
            for at, v in zip(times, of, strict=True)
        )
        direct.insert(rows)
        newest = [
            (of[-1], times[-1], times[-1], times[-1], START, n)
            for (n, _), of in zip(states, values, strict=True)
        ]
        connection.cursor().executemany(direct.update, newest)
        connection.commit()
        last = times[-1]
    if isinstance(direct, _Postgres):
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")  # as autovacuum does in the course of time
    connection.close()
    print(
        f"{len(states):,} signals, {len(states) * options.rows:,} readings until {from_microseconds(last)}: {time.perf_counter() - started:.0f} s to fill"
    )


def _import(store: SqlStore, count: int) -> None:
    request = ImportRequest(key="city", explicit=True, source="/city.ifc", kind="ifc", content_hash="1")
    revision = store.begin_revision(request)
    assert isinstance(revision, StagedRevision)
    for first in range(0, count, 1000):
        ordinals = range(first, min(first + 1000, count))
        store.stage_objects(
            revision,
            [
                SourceObject(
                    ordinal=i,
                    global_id=f"{i:07}",
                    class_=CLASSES[i % 4],
                    name=f"Thing {i}",
                    parent=None if i == 0 else 0,
                )
                for i in ordinals
            ],
        )
        store.keep_alive(revision)
    at = np.arange(count)
    west, south = 121.5 + (at % ACROSS) * STEP, 29.8 + (at // ACROSS) * STEP
    low, high = at * 0.0, at * 0.0 + 3
    local = np.column_stack([low, low, low, high, high, high])
    store.stage_bounds(
        revision, local, np.column_stack([west, south, low, west + STEP / 2, south + STEP / 2, high])
    )
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.9, 0.0))
    report = SourceReport(source="x", key="city", schema="IFC4", products=count, drawn=count)
    nowhere = Diagnosis(placement=placement, used="default", confidence="none")
    store.publish(revision, tiles=TilesetFiles(tileset=None), diagnosis=nowhere, report=report)


def _ask(store: SqlStore, options: argparse.Namespace, end: int) -> None:
    dice = random.Random(2)  # noqa: S311 - the same questions in every run
    ids = [f"city/{dice.randrange(options.objects):07}/{dice.choice(KINDS)}" for _ in range(10_000)]
    past = START + (options.rows // 2) * options.minutes * MINUTE_US + 1
    hot = parse_filter("temperature > 30 AND temperature.quality = 'good'")
    rare = parse_filter("class = 'IfcSpace' AND temperature > 38 AND humidity < 12")

    def box(part: float) -> tuple[float, float, float, float]:
        """A square with about this part of the objects."""
        rows = max(options.objects // ACROSS, 1)
        side = (options.objects * part) ** 0.5
        x, y = dice.uniform(0, max(ACROSS - side, 0)), dice.uniform(0, max(rows - side, 0))
        return 121.5 + x * STEP, 29.8 + y * STEP, 121.5 + (x + side) * STEP, 29.8 + (y + side) * STEP

    def page(**asked: object) -> bytes:
        found = store.states(StateQuery(**asked))  # type: ignore[arg-type]
        return msgspec.json.encode([representations.state(record) for record in found.items])

    def triangle(part: float) -> bytes:
        west, south, east, north = box(2 * part)
        return bytes(shapely.to_wkb(shapely.Polygon([(west, south), (east, south), (west, north)])))

    questions: list[tuple[str, Callable[[], object], int]] = [
        ("box of 0.1 % of the objects, filter", lambda: page(bbox=box(0.001), filter=hot), options.times),
        ("box of 1 %, filter", lambda: page(bbox=box(0.01), filter=hot), options.times),
        ("box of 1 %, a page of 1,000", lambda: page(bbox=box(0.01)), options.times),
        ("box of 5 %, filter", lambda: page(bbox=box(0.05), filter=hot), options.times),
        ("polygon of 1 %, filter", lambda: page(polygon=triangle(0.01), filter=hot), options.times),
        ("filter alone, many pass", lambda: page(filter=hot), options.times),
        ("filter alone, few pass", lambda: page(filter=rare), 5),
        (
            "latest of 10,000 signals, as JSON",
            lambda: msgspec.json.encode([representations.state(r) for r in store.states_of(ids)]),
            10,
        ),
        ("scene now, compact", lambda: scene_frame(store.scene_at(end)), 3),
        ("scene in the past, compact", lambda: scene_frame(store.scene_at(past)), 3),
    ]
    print(f"{'':40} processor ms, p95   clock ms, p95      bytes")
    for name, ask, times in questions:
        answer = ask()
        both = [_taken(ask) for _ in range(times)]
        size = len(answer) if isinstance(answer, bytes) else 0
        print(
            f"{name:40} {_percentiles([one[0] for one in both])}   {_percentiles([one[1] for one in both])} {size:10,}",
            flush=True,
        )
    print(f"memory of the process: {psutil.Process().memory_info().rss / 1e6:,.0f} MB")


def _taken(ask: Callable[[], object]) -> tuple[float, float]:
    """Processor and clock, milliseconds."""
    started, began = time.process_time(), time.perf_counter()
    ask()
    return (time.process_time() - started) * 1000, (time.perf_counter() - began) * 1000


def _percentiles(taken: list[float]) -> str:
    return f"{statistics.median(taken):9.1f} {sorted(taken)[int(0.95 * (len(taken) - 1))]:8.1f}"


if __name__ == "__main__":
    main()
