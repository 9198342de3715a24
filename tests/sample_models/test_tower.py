"""The residential tower: what it holds, that its parts join, that its flats can be walked through."""

from collections import Counter, defaultdict
from pathlib import Path

import ifcopenshell
import ifcopenshell.util.element
import ifcopenshell.util.placement
import ifcopenshell.validate
import numpy as np
import pyproj
import pytest

from sample_models.cells import door, inner_runs
from sample_models.tower import plan
from sample_models.tower.build import write_tower

Entity = ifcopenshell.entity_instance


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> ifcopenshell.file:
    path: Path = tmp_path_factory.mktemp("tower") / "tower.ifc"
    write_tower(path)
    opened = ifcopenshell.open(str(path))
    assert isinstance(opened, ifcopenshell.file)
    return opened


@pytest.mark.slow
def test_validator_finds_nothing(tower: ifcopenshell.file) -> None:
    log = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(tower, log)
    assert log.statements == []


def test_origin_by_map_conversion_is_the_origin_by_latitude_and_longitude(tower: ifcopenshell.file) -> None:
    (site,), (conversion,) = tower.by_type("IfcSite"), tower.by_type("IfcMapConversion")
    transformer = pyproj.Transformer.from_crs("EPSG:4549", 4490, always_xy=True)
    place = transformer.transform(conversion.Eastings, conversion.Northings)
    told = [
        whole + minutes / 60 + (seconds + millionths / 1e6) / 3600
        for whole, minutes, seconds, millionths in (site.RefLongitude, site.RefLatitude)
    ]
    assert place == pytest.approx(told, abs=1e-9)


def test_tower_has_24_storeys_of_flats_two_basements_and_a_roof(tower: ifcopenshell.file) -> None:
    levels = sorted(storey.Elevation for storey in tower.by_type("IfcBuildingStorey"))
    assert len(levels) == 27
    assert levels[:4] == [-7600.0, -3900.0, 0.0, 3600.0]


@pytest.mark.parametrize(
    ("cls", "number"),
    [("IfcTransportElement", 2), ("IfcPump", 9), ("IfcFan", 4), ("IfcValve", 25), ("IfcFlowMeter", 194)],
)
def test_tower_has_its_machines(tower: ifcopenshell.file, cls: str, number: int) -> None:
    assert len(tower.by_type(cls)) == number


def test_every_flat_has_a_meter_for_water_and_one_for_power(tower: ifcopenshell.file) -> None:
    found = defaultdict(set)
    for meter in tower.by_type("IfcFlowMeter"):
        found[meter.Name.rsplit("-", 1)[1]].add(meter.PredefinedType)
    flats = [plan.flat_number(storey, flat) for storey in plan.FLAT_STOREYS for flat in "ABCD"]
    assert len(set(flats)) == 96
    assert {flat: found[flat] for flat in flats} == {flat: {"WATERMETER", "ENERGYMETER"} for flat in flats}


def test_connected_ports_are_at_the_same_place(tower: ifcopenshell.file) -> None:
    def origin(port: Entity) -> np.ndarray:
        return np.asarray(ifcopenshell.util.placement.get_local_placement(port.ObjectPlacement))[:3, 3]

    connections = tower.by_type("IfcRelConnectsPorts")
    assert len(connections) > 700
    for connection in connections:
        assert np.allclose(origin(connection.RelatingPort), origin(connection.RelatedPort), atol=0.01)


def test_water_flows_from_the_street_to_the_meter_of_every_flat(tower: ifcopenshell.file) -> None:
    flows = defaultdict(list)
    for connection in tower.by_type("IfcRelConnectsPorts"):
        ends = (connection.RelatingPort, connection.RelatedPort)
        source, sink = (port.Nests[0].RelatingObject for port in ends)
        flows[source.id()].append(sink.id())
    main = next(m for m in tower.by_type("IfcFlowMeter") if m.Name.startswith("远传总水表"))
    reached, waiting = set(), [main.id()]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += flows[here]
    meters = [m for m in tower.by_type("IfcFlowMeter") if m.PredefinedType == "WATERMETER"]
    assert {m.id() for m in meters} <= reached


@pytest.mark.parametrize("storey", ["B2", "B1", "1F", "17F"])
def test_rooms_of_a_storey_do_not_overlap_and_fill_its_floor(storey: str) -> None:
    rooms = plan.rooms_of(storey)
    boxes = [room.bounds for room in rooms]
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)
    (x0, y0), _, (x1, y1), _ = plan.footprint(storey)
    assert areas == (x1 - x0) * (y1 - y0)
    for number, a in enumerate(boxes):
        for b in boxes[number + 1 :]:
            assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])


@pytest.mark.parametrize("storey", ["B2", "B1", "1F", "17F"])
def test_every_room_of_a_storey_is_reached_from_its_corridor(storey: str) -> None:
    near = defaultdict(set)
    for way in plan.ways_of(storey):
        one, other = way.rooms
        near[one].add(other)
        near[other].add(one)
    reached, waiting = set(), ["core/corridor"]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += near[here]
    assert {room.key for room in plan.rooms_of(storey)} - reached == set()


def test_every_way_with_a_leaf_becomes_one_door() -> None:
    ways = plan.ways_of("17F")
    runs = inner_runs(plan.rooms_of("17F"), ways, (0.0, 2700.0))
    doors = [hole.leaf for run in runs for hole in run.holes]
    assert Counter(doors) == Counter(way.leaf for way in ways if way.leaf)


def test_a_way_between_rooms_that_do_not_meet_is_refused() -> None:
    with pytest.raises(ValueError, match="A/master"):
        inner_runs(plan.rooms_of("17F"), [door("A/master", "D/master", "M0921")], (0.0, 2700.0))


def test_names_are_chinese_with_english_beside_them(tower: ifcopenshell.file) -> None:
    for entity in tower.by_type("IfcProduct") + tower.by_type("IfcTypeProduct"):
        assert any("\u4e00" <= character <= "\u9fff" for character in entity.Name), entity
        assert entity.Description.isascii() or not any("\u4e00" <= c <= "\u9fff" for c in entity.Description)


def test_nothing_is_in_a_storey_that_is_not_its_own(tower: ifcopenshell.file) -> None:
    lamp = next(lamp for lamp in tower.by_type("IfcLightFixture") if lamp.Name.endswith("17F-01"))
    container = ifcopenshell.util.element.get_container(lamp)
    assert container is not None
    assert container.Name == "十七层"
