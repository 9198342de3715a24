"""The whole sample community in a data folder: nothing dropped, every device bound once, drains and cables traced, tiles valid."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api import binding, demo
from api.app import create_app
from api.demo_site import requests, set_up
from api.importing.batch import import_sources
from api.runtime import Runtime
from api.settings import Settings
from sample_models import MODELS, site_file, write_community
from state_sync.bindings import parse
from state_sync.simulation.signals import value_at
from tests.tiles.validator import validate
from twin.source import SourceReport

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOT_DRAWN = {"no representation", "opening", "annotation"}
"""What may have no picture in a building: what has no body, holes, lines on a plan."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("community")


@pytest.fixture(scope="module")
def reports(data: Path) -> list[SourceReport]:
    community = write_community(data / "sample")
    found = []
    for request in requests(community):
        found += import_sources(Settings(data=data), request, lambda _event: None)
    return found


@pytest.fixture(scope="module")
def runtime(data: Path, reports: list[SourceReport]) -> Iterator[Runtime]:
    assert reports
    with Runtime(Settings(data=data)) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as opened:
        yield opened


def test_every_source_is_imported_and_nothing_but_bodiless_things_goes_undrawn(
    reports: list[SourceReport],
) -> None:
    assert {report.key for report in reports} == set(MODELS)
    for report in reports:
        assert report.status == "imported", (report.key, report.reason)
        assert report.drawn + sum(report.not_drawn.values()) == report.products
        assert set(report.not_drawn) <= (NOT_DRAWN if report.schema == "IFC4" else set()), report.key
        assert report.warnings == [], report.key


def test_every_binding_matches_and_each_signal_is_bound_once(runtime: Runtime) -> None:
    file = parse(site_file(demo.SOURCE).encode(), demo.SOURCE)
    outcome = binding.bind(runtime.store, file, dry_run=True)
    assert outcome.doubts == []
    assert outcome.report.clean
    assert outcome.signals == outcome.report.matched >= 3000


def test_every_device_is_simulated_and_its_day_stays_in_range_and_is_not_flat(runtime: Runtime) -> None:
    demo.bind_sample(runtime.store)
    devices = demo.sample_devices(runtime.store)
    assert len(devices) >= 3000
    noon = 1_795_752_000_000_000
    for each in devices[::23]:
        signal = each.signal
        if signal.type == "number":
            values = [float(value_at(each, noon + quarter * 900_000_000)) for quarter in range(96)]
            low = signal.minimum if signal.minimum is not None else float("-inf")
            high = signal.maximum if signal.maximum is not None else float("inf")
            assert low <= min(values) <= max(values) <= high, signal.id
            if signal.kind not in {"valve", "current", "water"}:
                assert min(values) < max(values), signal.id


def _traced(client: TestClient, identifier: str, direction: str) -> list[dict[str, Any]]:
    path = f"/api/v1/objects/{quote(identifier)}/trace"
    answer = client.get(path, params={"direction": direction, "limit": 1000})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_gully_is_traced_through_drain_and_manhole_to_the_outfall(client: TestClient) -> None:
    found = _traced(client, "storm_drainage/YS-G0007", "downstream")
    assert [item["class"] for item in found[:2]] == ["StormDrain", "Manhole"]
    assert found[-1]["class"] == "Outfall"
    assert Counter(item["class"] for item in found)["Outfall"] == 1


def test_a_transformer_feeds_its_meter_boxes_and_a_box_is_traced_to_the_station(client: TestClient) -> None:
    down = _traced(client, "power_lines/DL-T03", "downstream")
    boxes = sorted(item["global_id"] for item in down if item["class"] == "MeterBox")
    assert boxes == [f"DL-B03{number}" for number in range(1, 6)]
    up = _traced(client, "power_lines/DL-B032", "upstream")
    assert [item["class"] for item in up] == ["PowerCable", "Transformer", "PowerCable", "SwitchingStation"]


def test_tiles_of_every_model_are_valid(runtime: Runtime, node_modules: Path, tmp_path: Path) -> None:
    assert node_modules.is_dir()
    node = shutil.which("node")
    assert node is not None
    for model in runtime.store.models():
        folder = tmp_path / model.key
        folder.mkdir()
        for path in (runtime.settings.tiles_folder / model.key).rglob("*.glb"):
            shutil.copyfile(path, folder / path.name)
        assert list(folder.iterdir()), model.key
        faults = {
            name: report["serious"] for name, report in validate(node, folder).items() if report["count"]
        }
        assert faults == {}, model.key


def test_set_up_tells_how_far_it_is_and_makes_roles_calendars_and_a_past(tmp_path: Path, data: Path) -> None:
    """On a folder that holds the models already: what is unchanged is not imported again."""
    lines: list[str] = []
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    set_up(Settings(data=copy), lines.append)
    assert all(" s  " in line for line in lines)
    with Runtime(Settings(data=copy)) as runtime:
        assert {each.id for each in runtime.store.calendars()} == {
            "lamp-poles",
            "corridor-lamps",
            "car-park-air",
        }
        assert {"planner", "property", "streets", "water", "power", "fire"} <= set(
            runtime.store.access_state().roles
        )
        an_hour_ago = time.time_ns() // 1000 - 3_600_000_000
        scene = runtime.store.scene_at(an_hour_ago, [])
        assert len(scene.values) == len(demo.sample_devices(runtime.store))
        assert Counter(scene.quality.tolist()) == {0: len(scene.values)}
