"""Staging a city layer as tables beside staging it object by object: processor time an object, bytes, and questions.

    .venv/bin/python benchmarks/tables.py [--objects N] [--beside N] [--data DIR | --database URL]

Makes a layer of N buildings (default 200,000) with six properties each (year, height, storeys, use, street, note) whose GlobalIds,
names and values are all different as a cadastre's are, and stages it as tables of 50,000. The first `--beside` of them
(default 20,000) are staged as objects too, the way of BIM models, so that both sides are measured in one run. Then it asks the
layer. Processor time is that of this process; with `--database` the server's own is not in it.

A live writer takes the lock meanwhile and says how long it waited. On a busy machine that is mostly the time that the holder of the
lock waited for a processor; what staging itself does to it is how long its transactions hold the lock in processor time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from objects import Place, Watch
from sqlalchemy import Connection

from twin.frames import Diagnosis, Placement
from twin.ports import Boxes, ImportRequest, StagedRevision, TilesetFiles
from twin.queries import ObjectQuery, parse_condition
from twin.source import SourceReport
from twin.store import SqlStore
from twin.store.database import Database
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray, Values

TABLE = 50_000
CALLS = 30
STREETS = tuple(
    f"{name}路"
    for name in [
        "中山",
        "人民",
        "解放",
        "江南",
        "环城",
        "药行",
        "百丈",
        "兴宁",
        "彩虹",
        "曙光",
        "通途",
        "世纪",
    ]
)
USES = ("住宅", "商业", "工业", "学校", "医院", "other")
METRES = np.array([96_500.0, 110_850.0, 1.0] * 2)  # of a degree at 29.87° N


def main() -> None:
    """Run all of it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--beside", type=int, default=20_000)
    parser.add_argument("--data", type=Path, help="an empty folder; default: a temporary one")
    parser.add_argument("--database", help="postgresql:// URL of an empty database, instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(options.data or Path(temporary) / "data", options.database)
        with place.opened():
            pass
        empty = place.size()
        with place.opened() as store:
            objects = _stage(store, place, options.beside, "objects", as_objects=True)
        between = place.size()  # of a closed database: an open one has a log of up to 64 MB beside it
        with place.opened() as store:
            tables = _stage(store, place, options.objects, "tables", as_objects=False)
        first = place.size()
        with place.opened() as store:
            again = _stage(store, place, options.objects, "tables", as_objects=False)
        sizes = (between - empty) / options.beside, (first - between) / options.objects
        print(f"processor time, objects / tables   {objects / tables:.1f}   again {objects / again:.1f}")
        print(
            f"bytes an object   objects {sizes[0]:,.0f}   tables {sizes[1]:,.0f}   "
            f"another revision {(place.size() - first) / options.objects:,.0f}"
        )
        with place.opened() as store:
            _ask(store, options.objects)


def layer(count: int) -> list[ObjectTable]:
    """The buildings, in the order of their ids."""
    return [_table(first, min(TABLE, count - first)) for first in range(0, count, TABLE)]


def _table(first: int, count: int) -> ObjectTable:
    chance = np.random.default_rng(first)
    rows = range(first, first + count)
    street = chance.integers(0, len(STREETS), count)
    number = chance.integers(1, 2000, count)
    names = [f"{STREETS[s]}{n}号" for s, n in zip(street.tolist(), number.tolist(), strict=True)]
    notes = [f"宗地 {n:07d}-{i}" for n, i in zip(number.tolist(), rows, strict=True)]
    nobody = np.full(count, NO_ORDINAL, np.int64)
    return ObjectTable(
        first=first,
        global_ids=TextArray.of(f"330200{i:09d}" for i in rows),
        names=TextArray.of(names),
        classes=Coded.same("Building", count),
        disciplines=Coded.same("architecture", count),
        parents=nobody,
        storeys=nobody,
        hidden=np.zeros(count, np.bool_),
        products=np.ones(count, np.bool_),
        properties=(
            _column("year", chance.integers(1900, 2025, count), valid=chance.random(count) < 0.8),
            _column("height", np.round(chance.gamma(2.0, 8.0, count), 2), unit="m"),
            _column("storeys", chance.integers(1, 40, count)),
            _column(
                "use", Coded(codes=chance.integers(0, len(USES), count).astype(np.uint8), vocabulary=USES)
            ),
            _column("street", Coded(codes=street.astype(np.uint8), vocabulary=STREETS)),
            _column("note", TextArray.of(notes)),
        ),
    )


def _column(
    name: str, values: Values, unit: str | None = None, valid: NDArray[np.bool_] | None = None
) -> PropertyColumn:
    kind = str(getattr(values, "dtype", "text"))
    return PropertyColumn(set_name="buildings", name=name, type=kind, unit=unit, values=values, valid=valid)


def boxes(count: int) -> tuple[Boxes, Boxes]:
    """Local and geographic boxes over a city of as many buildings, 2,500 a square kilometre, in no order."""
    chance = np.random.default_rng(7)
    side = (count / 2500) ** 0.5 * 1000
    corner = chance.uniform(0, side, (count, 3)) * (1, 1, 0)
    local = np.hstack([corner, corner + chance.uniform(5, 30, (count, 3))])
    return local, np.array([121.5, 29.87, 4.0] * 2) + local / METRES


def _stage(store: SqlStore, place: Place, count: int, key: str, *, as_objects: bool) -> float:
    """Processor time an object, in microseconds."""
    tables, (local, geographic) = layer(count), boxes(count)
    objects = [table.objects() for table in tables] if as_objects else []
    with Watch(place) as watch, _held() as held:
        times = [time.process_time()]
        staged = store.begin_revision(
            ImportRequest(
                key=key, explicit=True, source="made", kind="geojson", content_hash=str(times[0]), force=True
            )
        )
        assert isinstance(staged, StagedRevision)
        for batch in objects:
            for start in range(0, len(batch), 1000):
                store.stage_objects(staged, batch[start : start + 1000])
        for table in () if as_objects else tables:
            store.stage_table(staged, table)
        times.append(time.process_time())
        store.stage_bounds(staged, local, geographic)
        times.append(time.process_time())
        _publish(store, staged)
        times.append(time.process_time())
    parts = np.diff(times) / count * 1e6
    total = float(parts.sum())
    print(
        f"{key:12}{count:>9,}   staging {parts[0]:6.1f}   boxes {parts[1]:5.1f}   publish {parts[2]:5.1f}   "
        f"all {total:6.1f} us an object   a live writer waited {watch}"
    )
    for what, column in (("processor time", 0), ("clock", 1)):
        longest = sorted(each[column] * 1e3 for each in held)
        print(
            f"{'':12}{len(held)} transactions held the lock, {what}: half of them {longest[len(held) // 2]:.1f} ms, "
            f"p99 {longest[int(len(held) * 0.99)]:.1f} ms, at most {longest[-1]:.1f} ms"
        )
    return total


@contextmanager
def _held() -> Iterator[list[tuple[float, float]]]:
    """Seconds that each transaction of this process held the lock: of the processor, and by the clock."""
    held: list[tuple[float, float]] = []
    write = Database.write

    @contextmanager
    def timed(database: Database, **chosen: Any) -> Iterator[Connection]:
        with write(database, **chosen) as connection:
            started = time.thread_time(), time.perf_counter()
            yield connection
            held.append((time.thread_time() - started[0], time.perf_counter() - started[1]))

    Database.write = timed  # type: ignore[assignment, method-assign]  # for this measurement alone
    try:
        yield held
    finally:
        Database.write = write  # type: ignore[method-assign]


def _publish(store: SqlStore, staged: StagedRevision) -> None:
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.87, 4.0))
    store.publish(
        staged,
        tiles=TilesetFiles(tileset="tileset.json"),
        diagnosis=Diagnosis(placement=placement, used="default", confidence="none"),
        report=SourceReport(source="made", key=staged.key),
    )


def _ask(store: SqlStore, count: int) -> None:
    chance = np.random.default_rng(3)
    side = (count / 2500) ** 0.5 * 1000

    def street() -> tuple[float, float, float, float]:
        x, y = chance.uniform(0, side, 2)
        west, south = 121.5 + x / METRES[0], 29.87 + y / METRES[1]
        return west, south, west + 300 / METRES[0], south + 50 / METRES[1]

    def searching(*conditions: str, **query: object) -> Callable[[], object]:
        asked = tuple(map(parse_condition, conditions))
        return lambda: store.objects(ObjectQuery(models=("tables",), properties=asked, **query))  # type: ignore[arg-type]

    _measure("object by id", lambda: store.object("tables", f"330200{chance.integers(count):09d}"))
    _measure("page of 100", searching())
    _measure("roots", searching(roots=True))
    _measure("text", searching(text="世纪 199"))
    _measure("text, nothing", searching(text="nowhere"))
    _measure("bbox of a street", lambda: store.objects(ObjectQuery(bbox=street())))
    _measure("bbox, everything", searching(bbox=(121.0, 29.0, 123.0, 31.0)))
    _measure("height>80", searching("height>80"))
    _measure("year=1950", searching("year=1950"))
    _measure("note= one", searching(f"note=宗地 {1:07d}-{count // 2}"))
    _measure("use and storeys", searching("use=医院", "storeys>=39"))
    _measure("use, roots in order", searching("use=医院", roots=True))
    _measure("height>80, text", searching("height>80", text="nowhere"))
    _measure("height>80 in a street", searching("height>80", bbox=street()))


def _measure(label: str, call: Callable[[], object]) -> None:
    wall, processor = [], []
    for _ in range(CALLS):
        started, worked = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
    print(
        f"{label:24}median {np.median(wall) * 1e3:8.1f} ms   p95 {np.quantile(wall, 0.95) * 1e3:8.1f} ms   "
        f"processor {np.median(processor) * 1e3:8.1f} ms"
    )


if __name__ == "__main__":
    main()
