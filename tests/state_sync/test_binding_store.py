"""Binding files against objects of a real store: found, bound, kept, and found again after another import."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from state_sync.bindings import StoreFinder, from_documents, parse, resolve, to_document
from state_sync.pipeline import decode_message
from state_sync.routing import Router
from tests.state_sync.bindings_builders import NOW
from tests.twin.store.builders import imported
from twin.objects import Attributes, Property, SourceObject
from twin.store import SqlStore, open_store

FILE = b"""
[[binding]]
class = ["IfcSensor"]
signal = "temperature"
unit = "Cel"
device_unit = "K"
topic = "site/{storey}/{tag}/temperature"

[[binding]]
property = "Pset_Meter.Serial=W-7"
signal = "volume"
unit = "m3"
topic = "meters/{Pset_Meter.Serial}"

[[binding]]
tag = "SD 1"
signal = "smoke"
type = "boolean"
topic = "smoke/1"
"""


def source(*, sensors: int = 2) -> list[SourceObject]:
    serial = {"Pset_Meter": {"Serial": Property(value="W-7", type="IfcLabel")}}
    rows: list[tuple[str, str, Attributes, int | None]] = [
        ("a", "IfcBuildingStorey", Attributes(), None),
        ("b", "IfcFlowMeter", Attributes(tag="M 1", properties=serial), 0),
        ("c", "IfcSensor", Attributes(tag="SD 1", long_name="near b"), 0),
        *((f"d{i:04}", "IfcSensor", Attributes(tag=f"SD 1{i}"), 0) for i in range(sensors)),
    ]
    return [
        SourceObject(
            ordinal=ordinal,
            global_id=global_id,
            class_=class_,
            name="2F" if class_ == "IfcBuildingStorey" else f"{class_} {global_id}",
            parent=parent,
            storey=parent,
            attributes=attributes,
        )
        for ordinal, (global_id, class_, attributes, parent) in enumerate(rows)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with open_store(tmp_path) as opened:
        yield opened


def test_objects_of_a_store_are_found_and_their_messages_become_readings(store: SqlStore) -> None:
    imported(store, "house", source())
    resolution = resolve(parse(FILE, "site.toml"), StoreFinder(store))
    records = store.declare_signals(resolution.signals)
    store.replace_bindings("site.toml", [to_document(one) for one in resolution.bindings])
    routes = Router(from_documents(store.bindings()), records)

    readings, _, _ = decode_message(routes, "site/2F/SD 1/temperature", b"293.15", NOW)

    assert resolution.report.clean
    assert [one.id for one in resolution.signals] == [
        "house/c/temperature",
        "house/d0000/temperature",
        "house/d0001/temperature",
        "house/b/volume",
        "house/c/smoke",
    ]
    assert [(one.signal, one.value) for one in readings] == [(records[0].number, 20.0)]
    assert routes.subscriptions() == ["meters/+", "site/+/+/temperature", "site/status", "smoke/1"]


def test_a_tag_is_the_whole_tag_and_not_the_words_in_it(store: SqlStore) -> None:
    imported(store, "house", source())

    assert [one.id for one in StoreFinder(store).by_tag("SD 1", ())] == ["house/c"]
    assert StoreFinder(store).by_tag("SD", ()) == []
    assert StoreFinder(store).by_tag("x" * 1000, ()) == []


def test_a_global_id_is_found_in_every_model_that_has_it(store: SqlStore) -> None:
    imported(store, "house", source())
    imported(store, "pipes", source())
    finder = StoreFinder(store)

    assert [one.id for one in finder.by_global_id("b", ())] == ["house/b", "pipes/b"]
    assert [one.id for one in finder.by_global_id("b", ("pipes",))] == ["pipes/b"]
    assert finder.by_id("house", "nothing") is None


def test_bindings_live_through_another_import_and_what_is_gone_is_an_orphan(store: SqlStore) -> None:
    imported(store, "house", source(sensors=2))
    before = resolve(parse(FILE, "site.toml"), StoreFinder(store))
    numbers = [one.number for one in store.declare_signals(before.signals)]
    imported(store, "house", source(sensors=1), "2")

    after = resolve(parse(FILE, "site.toml"), StoreFinder(store), before.bindings)
    routes = Router(before.bindings, store.signal_records())

    assert after.report.orphans == ("house/d0001/temperature",)
    assert after.bindings == tuple(one for one in before.bindings if one.global_id != "d0001")
    assert [one.number for one in store.signal_records()] == sorted(numbers)
    assert decode_message(routes, "site/2F/SD 10/temperature", b"300", NOW)[1] == []


def test_more_objects_than_a_page_holds_are_all_found(store: SqlStore) -> None:
    imported(store, "house", source(sensors=1100))

    found = list(StoreFinder(store).search((), ("IfcSensor",), None))

    assert len({one.id for one in found}) == 1101
    assert {one.storey for one in found} == {"2F"}
