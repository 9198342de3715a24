"""Staging and querying many objects: how long, and how long a live writer waits meanwhile.

    .venv/bin/python benchmarks/objects.py [--objects N] [--properties N] [--data DIR | --database URL] [--http]

Imports a made city of N objects (default 100,000) with 10 properties each into an empty store, a third of them repeated from
object to object as a type's properties are, the others all different; imports it again with a hundredth changed; then asks.
Times are medians and 95th percentiles of 300 calls with random objects, by the wall clock and, for a machine that is busy with
other things, the processor time of this process. `--http` asks one server process through loopback as well.
"""

import argparse
import gc
import http.client
import multiprocessing
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from twin.frames import Diagnosis, Placement
from twin.objects import Attributes, Property, SourceObject
from twin.ports import Boxes, ImportRequest, StagedRevision, TilesetFiles
from twin.queries import ObjectQuery, parse_condition
from twin.source import SourceReport
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url
from twin.store.database import Database, opened
from twin.store.dialect import Dialect
from twin.store.postgres import PostgresDialect
from twin.store.sqlite import SqliteDialect

CALLS = 300
BATCH = 1000
STOREYS = 20
CLASSES = (
    "IfcWall",
    "IfcSlab",
    "IfcDoor",
    "IfcWindow",
    "IfcPipeSegment",
    "IfcFlowMeter",
    "IfcLamp",
    "IfcSensor",
)
NAMES = ("Basic Wall:Exterior", "楼板", "门 甲级防火", "窗", "给水管", "水表", "照明灯具", "烟感探测器")


def main() -> None:
    """Run all of it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--properties", type=int, default=10)
    parser.add_argument("--data", type=Path, help="an empty folder; default: a temporary one")
    parser.add_argument("--database", help="postgresql:// URL of an empty database, instead of SQLite")
    parser.add_argument("--http", action="store_true", help="ask a server process as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(options.data or Path(temporary) / "data", options.database)
        with place.opened() as store:
            _import(store, place, options.objects, options.properties)
        with place.opened() as store:
            _ask(store, options.objects)
        if options.http:
            _ask_server(place, options.objects)


class Place(NamedTuple):
    """Where the store is."""

    data: Path
    url: str | None

    def opened(self) -> SqlStore:
        """The store."""
        return open_store(self.data) if self.url is None else open_store_url(self.url)

    def database(self) -> Database:
        """The database below it."""
        dialect: Dialect = (
            SqliteDialect(self.data / DATABASE_NAME) if self.url is None else PostgresDialect(self.url)
        )
        return opened(dialect, create=False, clock=lambda: datetime.now(UTC))

    def size(self) -> int:
        """Bytes on disk."""
        if self.url is None:
            return sum(file.stat().st_size for file in self.data.glob(f"{DATABASE_NAME}*"))
        database = self.database()
        with database.read() as connection:
            size: int = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        database.close()
        return size


def global_id(ordinal: int) -> str:
    """22 characters, in the order of ordinals."""
    return f"{ordinal:022d}"


def city(count: int, properties: int, seed: int = 0) -> Iterator[SourceObject]:
    """A project, storeys, and elements on them. Another seed changes a hundredth of the elements."""
    for ordinal in range(count):
        changed = random.Random(ordinal).random() < 0.01  # noqa: S311 - made data
        yield _object(ordinal, properties, seed if changed else 0)


def _object(ordinal: int, properties: int, seed: int) -> SourceObject:
    if ordinal == 0:
        return SourceObject(ordinal=0, global_id=global_id(0), class_="IfcProject", name="城", product=False)
    if ordinal <= STOREYS:
        level = {"Elevation": Property(value=3.3 * ordinal, type="IfcLengthMeasure", unit="m")}
        about = Attributes(properties={"Attributes": level})
        return SourceObject(
            ordinal=ordinal,
            global_id=global_id(ordinal),
            class_="IfcBuildingStorey",
            name=f"{ordinal}F",
            parent=0,
            attributes=about,
        )
    chance = random.Random(f"{ordinal} {seed}")  # noqa: S311 - made data
    kind, storey = chance.randrange(len(CLASSES)), 1 + ordinal % STOREYS
    return SourceObject(
        ordinal=ordinal,
        global_id=global_id(ordinal),
        class_=CLASSES[kind],
        name=f"{NAMES[kind]}:{chance.randrange(10**7)}",
        parent=storey,
        storey=storey,
        attributes=Attributes(tag=str(ordinal), properties=_properties(properties, kind, chance)),
    )


def _properties(count: int, kind: int, chance: random.Random) -> dict[str, dict[str, Property]]:
    shared = count // 3
    common = {f"Common{i}": Property(value=f"{kind}-{i}", type="IfcLabel") for i in range(shared)}
    own = {
        f"Own{i}": Property(value=round(chance.uniform(0, 100), 6), type="IfcReal")
        for i in range(count - shared)
    }
    return {"Pset_Type": common, "Qto_Base": own}


def boxes(count: int) -> tuple[Boxes, Boxes]:
    """Local and geographic boxes on a square kilometre of Ningbo; spatial parts have none of their own."""
    chance = np.random.default_rng(7)
    corner = chance.uniform(0, 1000, (count, 3)) * (1, 1, 0.06)
    local = np.hstack([corner, corner + chance.uniform(0.1, 3, (count, 3))])
    local[: STOREYS + 1] = np.nan
    metres = np.array([96_500.0, 110_850.0, 1.0] * 2)  # of a degree at 29.87° N
    return local, np.array([121.5, 29.87, 4.0] * 2) + local / metres


def _import(store: SqlStore, place: Place, count: int, properties: int) -> None:
    local, geographic = boxes(count)
    print(f"{count:,} objects × {properties} properties")
    for label, seed in (("first import", 0), ("again, 1 % changed", 1)):
        objects = list(city(count, properties, seed))
        gc.collect()
        gc.freeze()  # an import holds one batch at a time; here the collector would walk over all of them again and again
        with Watch(place) as watch:
            started = time.perf_counter()
            staged = store.begin_revision(
                ImportRequest(key="city", explicit=True, source="made", kind="ifc", content_hash=label)
            )
            assert isinstance(staged, StagedRevision)
            for first in range(0, count, BATCH):
                store.stage_objects(staged, objects[first : first + BATCH])
            objects_done = time.perf_counter()
            store.stage_bounds(staged, local, geographic)
            bounds_done = time.perf_counter()
            _publish(store, staged)
            done = time.perf_counter()
        print(
            f"{label:22}objects {objects_done - started:6.2f} s ({count / (objects_done - started):,.0f}/s)"
            f"   boxes {bounds_done - objects_done:5.2f} s   publish {done - bounds_done:5.2f} s"
        )
        print(f"{'':22}a live writer waited {watch}")
    print(f"{'database':22}{place.size() / 1e6:.0f} MB\n")


def _publish(store: SqlStore, staged: StagedRevision) -> None:
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.87, 4.0))
    store.publish(
        staged,
        tiles=TilesetFiles(tileset="tileset.json", files=tuple(f"content/{i}.glb" for i in range(500))),
        diagnosis=Diagnosis(placement=placement, used="default", confidence="none"),
        report=SourceReport(source="made", key="city"),
    )


class Watch:
    """A process that takes the write lock every 20 ms, as live ingest does, and says how long it waited."""

    def __init__(self, place: Place) -> None:
        self._stop = multiprocessing.Event()
        self._answers: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
        self._process = multiprocessing.Process(target=_watch, args=(place, self._stop, self._answers))
        self._waits: list[float] = []

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._waits = sorted(self._answers.get())
        self._process.join()

    def __str__(self) -> str:
        if not self._waits:
            return "never asked"
        return f"{_quantile(self._waits, 0.5)}, p99 {_quantile(self._waits, 0.99)}, at most {self._waits[-1] * 1e3:.0f} ms"


def _watch(place: Place, stop: Event, answers: "multiprocessing.Queue[list[float]]") -> None:
    database = place.database()
    waits: list[float] = []
    while not stop.is_set():
        started = time.perf_counter()
        with database.write(lane="live"):
            waits.append(time.perf_counter() - started)
        time.sleep(0.02)
    database.close()
    answers.put(waits)


def _quantile(values: list[float], part: float) -> str:
    return f"{values[int(len(values) * part)] * 1e3:.2f} ms"


def _ask(store: SqlStore, count: int) -> None:
    chance = random.Random(3)  # noqa: S311 - made data
    page = store.children("city", global_id(1), limit=100)
    middle = chance.randrange(10**7)

    def box() -> tuple[float, float, float, float]:
        west, south = 121.5 + chance.uniform(0, 0.01), 29.87 + chance.uniform(0, 0.008)
        return west, south, west + 0.0003, south + 0.0003

    def searching(**query: object) -> Callable[[], object]:
        return lambda: store.objects(ObjectQuery(**query))  # type: ignore[arg-type]

    _measure("object by id", lambda: store.object("city", global_id(chance.randrange(count))))
    _measure("children, first 100", lambda: store.children("city", global_id(1), limit=100))
    _measure("children, next 100", lambda: store.children("city", global_id(1), limit=100, cursor=page.next))
    _measure("text, found often", searching(text="水表"))
    _measure("text, found once", searching(text=f"lamp {middle}"), 30)
    _measure("class, 100", searching(classes=("IfcSensor",)))
    _measure("storey, 100", searching(storey=f"city/{global_id(3)}"))
    _measure("property =, rare", lambda: store.objects(ObjectQuery(properties=(parse_condition("Own1=50"),))))
    _measure("property >, 1 %", searching(properties=(parse_condition("Qto_Base.Own1>99"),)))
    _measure("property >, half", searching(properties=(parse_condition("Qto_Base.Own1>50"),)), 30)
    _measure("property =, shared", searching(properties=(parse_condition("Common1=3-1"),)))
    _measure("bbox 30 m × 30 m", lambda: store.objects(ObjectQuery(bbox=box())))
    _measure("bbox, everything", searching(bbox=(121.0, 29.0, 122.0, 30.0)))
    _measure("classes", lambda: store.classes("city"))
    _measure("storeys", lambda: store.storeys("city"), 30)
    _measure("models", store.models)


def _measure(label: str, call: Callable[[], object], calls: int = CALLS) -> None:
    wall, processor = [], []
    for _ in range(calls):
        started, worked = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
    wall.sort()
    processor.sort()
    print(
        f"{label:24}p50 {_quantile(wall, 0.5):>10}   p95 {_quantile(wall, 0.95):>10}"
        f"   processor p50 {_quantile(processor, 0.5):>9}"
    )


def _ask_server(place: Place, count: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from api.cli import main; main()",
        "serve",
        "--data",
        str(place.data),
        "--port",
        str(port),
    ]
    environment = os.environ | ({} if place.url is None else {"TWIN_DATABASE": place.url})
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        # Not httpx: a client that computes as long as the server does would be half of what is measured.
        client = http.client.HTTPConnection("127.0.0.1", port)
        _wait_for(client)
        chance = random.Random(5)  # noqa: S311 - made data
        path = "/api/v1/objects/city/"
        _measure("HTTP nothing (healthz)", lambda: _get(client, "/healthz"))
        _measure("HTTP object by id", lambda: _get(client, path + global_id(chance.randrange(count))))
        _measure("HTTP children, 100", lambda: _get(client, f"{path}{global_id(1)}/children?limit=100"))
        client.close()
    finally:
        server.terminate()
        server.wait()


def _get(client: http.client.HTTPConnection, path: str) -> bytes:
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise SystemExit(f"{path} answers {answer.status}: {body[:200]!r}")
    return body


def _wait_for(client: http.client.HTTPConnection) -> None:
    for _ in range(300):
        try:
            _get(client, "/healthz")
        except OSError:
            client.close()
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
