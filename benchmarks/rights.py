"""What the check of rights costs in lists: processor time of this thread for each object, with and without a reach.

python benchmarks/rights.py [--objects 100000] [--url postgresql://…]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from msgspec.structs import replace

from twin.frames import Diagnosis, Placement
from twin.objects import SourceObject
from twin.policy import EVERYTHING, Facts, Reach, Scope
from twin.ports import ImportRequest, StagedRevision, StateQuery, TilesetFiles
from twin.queries import ObjectQuery
from twin.source import SourceReport
from twin.state import Reading, Signal
from twin.store import SqlStore, open_store, open_store_url

PAGE = 1_000
STOREY = 10_000
"""Objects below one place."""
ROUNDS = 15

CLASSES = ("IfcWall", "IfcFlowMeter", "IfcLamp", "IfcDoor")


def _fill(store: SqlStore, count: int) -> None:
    root = SourceObject(ordinal=0, global_id="0", class_="IfcBuilding", name="B")
    storeys = count // STOREY + 1
    objects = [root]
    names = [f"1{n:07}" for n in range(storeys)] + [f"2{n:07}" for n in range(count)]
    for ordinal, name in enumerate(names, 1):
        is_storey = ordinal <= storeys
        parent = 0 if is_storey else 1 + (ordinal - storeys - 1) // STOREY
        class_ = "IfcBuildingStorey" if is_storey else CLASSES[ordinal % len(CLASSES)]
        objects.append(SourceObject(ordinal=ordinal, global_id=name, class_=class_, name=name, parent=parent))
    wish = ImportRequest(key="m", explicit=True, source="/m", kind="ifc", content_hash="1")
    revision = store.begin_revision(wish)
    assert isinstance(revision, StagedRevision)
    for start in range(0, len(objects), 10_000):
        store.stage_objects(revision, objects[start : start + 10_000])
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.9, 0.0))
    store.publish(
        revision,
        tiles=TilesetFiles(tileset=None),
        diagnosis=Diagnosis(placement=placement, used="default", confidence="none"),
        report=SourceReport(source="x", key="m", schema="IFC4", products=count, drawn=0),
    )
    declared = store.declare_signals(
        [Signal(model="m", global_id=name, name="level") for name in names[storeys:]]
    )
    now = time.time_ns() // 1000
    for start in range(0, len(declared), 10_000):
        store.record([Reading(one.number, 1.0, now, now) for one in declared[start : start + 10_000]])


def _cost(work: Callable[[], int]) -> tuple[float, int]:
    """Median of milliseconds of processor time, and how many were found."""
    times, found = [], 0
    for _ in range(ROUNDS):
        started = time.thread_time()
        found = work()
        times.append((time.thread_time() - started) * 1e3)
    return median(times), found


def _reaches() -> dict[str, Reach]:
    places = tuple(f"m/1{n:07}" for n in range(2))
    return {
        "everything": EVERYTHING,
        "a model": Reach(((Scope(models=("m",)),),)),
        "two classes": Reach(((Scope(classes=("IfcWall", "IfcLamp")),),)),
        "two places of 10,000 objects": Reach(((Scope(places=places),),)),
        "a place and a class within a token's scope": Reach(
            ((Scope(models=("m",), classes=("IfcWall",)), Scope(places=places)),)
        ),
        "signals by name": Reach(((Scope(signals=("level", "flow")),),)),
    }


def main() -> None:
    """Fill a store and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--objects", type=int, default=100_000)
    options.add_argument("--url")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store_url(asked.url) if asked.url else open_store(Path(folder))
        with store:
            _fill(store, asked.objects)
            _measure(store)


def _measure(store: SqlStore) -> None:
    objects, states = ObjectQuery(limit=PAGE), StateQuery(limit=PAGE)
    print(f"{'reach':45} {'objects: ms, µs each':>24} {'states: ms, µs each':>24}")
    base: list[float] = []
    for name, reach in _reaches().items():
        cells = []
        for place, work in enumerate(
            (
                lambda reach=reach: len(store.objects(replace(objects, reach=reach)).items),
                lambda reach=reach: len(store.states(replace(states, reach=reach)).items),
            )
        ):
            cost, found = _cost(work)
            if name == "everything":
                base.append(cost)
            added = (cost - base[place]) * 1e3 / found if found else float("nan")
            cells.append(f"{cost:7.2f} {added:+7.2f} ({found})")
        print(f"{name:45} {cells[0]:>24} {cells[1]:>24}")
    facts = Facts("m", "IfcWall", frozenset(f"m/{n}" for n in range(6)))
    reach = _reaches()["a place and a class within a token's scope"]
    started = time.thread_time()
    for _ in range(100_000):
        reach.takes_object(facts)
    print(f"one object in the core: {(time.thread_time() - started) * 10:.2f} µs")
    started = time.thread_time()
    seen = store.visible_signals(reach)
    print(f"all signals, for push: {(time.thread_time() - started) * 1e3:.0f} ms, {len(seen)} seen")
    assert np.isfinite(base).all()


if __name__ == "__main__":
    main()
