"""What is in the building: place, storeys, openings, types, properties, systems."""

import math
from collections import Counter, defaultdict

import ifcopenshell
import ifcopenshell.util.element
import ifcopenshell.util.placement
import ifcopenshell.util.pset
import numpy as np
import pyproj
import pytest
from numpy.typing import NDArray

Entity = ifcopenshell.entity_instance


def degrees(parts: tuple[int, ...]) -> float:
    whole, minutes, seconds, millionths = parts
    return whole + minutes / 60 + (seconds + millionths / 1e6) / 3600


def storey_of(element: Entity) -> str:
    """Name of the storey (or other spatial element) that an element is contained in."""
    container = ifcopenshell.util.element.get_container(element)
    assert container is not None, element
    return str(container.Name)


def origin_of(entity: Entity) -> NDArray[np.float64]:
    """Origin of a product in the building's axes, in mm."""
    return np.asarray(ifcopenshell.util.placement.get_local_placement(entity.ObjectPlacement))[:3, 3]


def to_lon_lat(building: ifcopenshell.file, x_mm: float, y_mm: float) -> tuple[float, float]:
    """Position by the numbers of the file and PROJ alone."""
    (conversion,) = building.by_type("IfcMapConversion")
    cos, sin = conversion.XAxisAbscissa, conversion.XAxisOrdinate
    east = conversion.Eastings + conversion.Scale * (cos * x_mm - sin * y_mm)
    north = conversion.Northings + conversion.Scale * (sin * x_mm + cos * y_mm)
    crs = pyproj.CRS(conversion.TargetCRS.Name)
    transformer = pyproj.Transformer.from_crs(crs, 4490, always_xy=True)
    lon, lat = transformer.transform(east, north)
    return lon, lat


def test_origin_by_map_conversion_is_the_origin_by_latitude_and_longitude(
    building: ifcopenshell.file,
) -> None:
    (site,) = building.by_type("IfcSite")
    lon, lat = to_lon_lat(building, 0.0, 0.0)
    # 1e-9° is a tenth of a millimetre.
    assert lon == pytest.approx(degrees(site.RefLongitude), abs=1e-9)
    assert lat == pytest.approx(degrees(site.RefLatitude), abs=1e-9)


def test_site_lies_in_haishu_inside_the_zone_of_its_crs(building: ifcopenshell.file) -> None:
    area = pyproj.CRS("EPSG:4549").area_of_use
    assert area is not None
    for x, y in ((-20000.0, -30000.0), (100000.0, 40000.0)):
        lon, lat = to_lon_lat(building, x, y)
        assert area.west < lon < area.east
        assert 121.40 < lon < 121.50
        assert 29.82 < lat < 29.92


def test_x_axis_of_the_building_turns_twelve_degrees_from_grid_east(building: ifcopenshell.file) -> None:
    (conversion,) = building.by_type("IfcMapConversion")
    assert math.degrees(math.atan2(conversion.XAxisOrdinate, conversion.XAxisAbscissa)) == pytest.approx(12.0)
    assert math.hypot(conversion.XAxisOrdinate, conversion.XAxisAbscissa) == pytest.approx(1.0)


def test_true_north_of_the_file_follows_the_meridian(building: ifcopenshell.file) -> None:
    context = next(c for c in building.by_type("IfcGeometricRepresentationContext", include_subtypes=False))
    north = context.TrueNorth.DirectionRatios
    start, end = to_lon_lat(building, 0.0, 0.0), to_lon_lat(building, north[0] * 1e6, north[1] * 1e6)
    # Over 1 km the longitude stays to 2e-7°, 2 cm: the bearing is right to a thousandth of a degree.
    assert end[0] == pytest.approx(start[0], abs=2e-7)
    assert end[1] > start[1]


def test_heights_refer_to_the_national_datum_and_agree(building: ifcopenshell.file) -> None:
    (conversion,), (site,), (house,) = (
        building.by_type(c) for c in ("IfcMapConversion", "IfcSite", "IfcBuilding")
    )
    assert conversion.TargetCRS.VerticalDatum == "1985国家高程基准"
    assert conversion.OrthogonalHeight == 3.5
    assert site.RefElevation == house.ElevationOfRefHeight == 3500.0
    assert house.ElevationOfTerrain == 3200.0


def test_storeys_stand_at_their_elevations_two_below_ground(building: ifcopenshell.file) -> None:
    storeys = {s.Name: (s.Elevation, origin_of(s)[2]) for s in building.by_type("IfcBuildingStorey")}
    levels = {"地下二层": -8100.0, "地下一层": -4200.0, "一层": 0.0, "二层": 4500.0, "三层": 8400.0}
    assert storeys == {name: (level, level) for name, level in levels.items()}


def test_every_storey_has_eight_to_twenty_lamps_that_share_one_shape(building: ifcopenshell.file) -> None:
    maps = set()
    for storey in building.by_type("IfcBuildingStorey"):
        contained = [e for r in storey.ContainsElements for e in r.RelatedElements]
        lamps = [e for e in contained if e.is_a("IfcLightFixture")]
        assert 8 <= len(lamps) <= 20, storey.Name
        for lamp in lamps:
            (item,) = lamp.Representation.Representations[0].Items
            maps.add(item.MappingSource.id())
    assert len(maps) == 1


def test_every_window_and_every_door_but_the_one_in_the_curtain_wall_fills_an_opening(
    building: ifcopenshell.file,
) -> None:
    leaves = building.by_type("IfcWindow") + building.by_type("IfcDoor")
    loose = [leaf.Description for leaf in leaves if not leaf.FillsVoids]
    assert loose == ["Main entrance, automatic door"]


def test_openings_of_doors_and_windows_lie_inside_their_walls(building: ifcopenshell.file) -> None:
    for leaf in building.by_type("IfcWindow") + building.by_type("IfcDoor"):
        if not leaf.FillsVoids:
            continue
        wall = leaf.FillsVoids[0].RelatingOpeningElement.VoidsElements[0].RelatingBuildingElement
        sizes = ifcopenshell.util.element.get_psets(wall, qtos_only=True)["Qto_WallBaseQuantities"]
        x, _, sill = np.linalg.solve(
            ifcopenshell.util.placement.get_local_placement(wall.ObjectPlacement), [*origin_of(leaf), 1.0]
        )[:3]
        if leaf.Tag == "JLM6027":
            continue
        assert leaf.OverallWidth / 2 < x < sizes["Length"] - leaf.OverallWidth / 2, (wall.Name, leaf.Name)
        assert sill + leaf.OverallHeight < sizes["Height"] + 5000.0


def test_car_park_has_27_bays_inside_it(building: ifcopenshell.file) -> None:
    (car_park,) = (s for s in building.by_type("IfcSpace") if s.Name == "地下车库")
    bays = [bay for relation in car_park.IsDecomposedBy for bay in relation.RelatedObjects]
    assert len(bays) == 27
    assert {bay.PredefinedType for bay in bays} == {"PARKING"}
    assert len({tuple(origin_of(bay)) for bay in bays}) == 27


def test_every_room_belongs_to_exactly_one_fire_compartment(building: ifcopenshell.file) -> None:
    counts = Counter(
        space.id()
        for zone in building.by_type("IfcZone")
        for relation in zone.IsGroupedBy
        for space in relation.RelatedObjects
    )
    rooms = [space for space in building.by_type("IfcSpace") if space.CompositionType == "ELEMENT"]
    assert {room.id(): 1 for room in rooms} == counts


def test_sensors_of_all_wanted_kinds_are_there(building: ifcopenshell.file) -> None:
    kinds = Counter(sensor.PredefinedType for sensor in building.by_type("IfcSensor"))
    assert kinds["SMOKESENSOR"] >= 40
    assert min(kinds["LIGHTSENSOR"], kinds["SOUNDSENSOR"], kinds["COSENSOR"]) >= 4


def test_meters_measure_water_and_power_on_every_storey_above_ground(building: ifcopenshell.file) -> None:
    found = defaultdict(set)
    for meter in building.by_type("IfcFlowMeter"):
        found[storey_of(meter)].add(meter.PredefinedType)
    for storey in ("一层", "二层", "三层"):
        assert found[storey] == {"WATERMETER", "ENERGYMETER"}


def test_occurrences_inherit_typed_properties_with_units(building: ifcopenshell.file) -> None:
    pump = next(p for p in building.by_type("IfcPump") if p.Name.startswith("生活变频水泵"))
    psets = ifcopenshell.util.element.get_psets(pump)
    assert psets["电气参数"]["额定功率"] == 4.0
    assert psets["Pset_ManufacturerTypeInformation"]["Manufacturer"].startswith("宁泵机械")
    assert psets["Pset_ManufacturerOccurrence"]["SerialNumber"].startswith("SN")
    (power,) = (
        p
        for p in building.by_type("IfcPropertySingleValue")
        if p.Name == "额定功率" and p.NominalValue.wrappedValue == 4.0
    )
    assert (power.NominalValue.is_a(), power.Unit.Prefix, power.Unit.Name) == (
        "IfcPowerMeasure",
        "KILO",
        "WATT",
    )


def test_serial_numbers_are_unique(building: ifcopenshell.file) -> None:
    numbers = [
        prop.NominalValue.wrappedValue
        for pset in building.by_type("IfcPropertySet")
        if pset.Name == "Pset_ManufacturerOccurrence"
        for prop in pset.HasProperties
    ]
    assert len(numbers) > 300
    assert len(set(numbers)) == len(numbers)


def test_standard_property_sets_hold_standard_properties_of_the_standard_type(
    building: ifcopenshell.file,
) -> None:
    templates = ifcopenshell.util.pset.get_template("IFC4")
    for pset in building.by_type("IfcPropertySet"):
        if not pset.Name.startswith("Pset_"):
            continue
        template = templates.get_by_name(pset.Name)
        assert template is not None, pset.Name
        known = {t.Name: t for t in template.HasPropertyTemplates}
        for prop in pset.HasProperties:
            assert prop.Name in known, (pset.Name, prop.Name)
            if prop.is_a("IfcPropertySingleValue"):
                wanted = known[prop.Name].PrimaryMeasureType
                assert prop.NominalValue.is_a() == wanted, (pset.Name, prop.Name)


def test_every_element_is_classified_by_a_table_of_the_chinese_standard(building: ifcopenshell.file) -> None:
    (standard,) = building.by_type("IfcClassification")
    assert standard.Name == "GB/T 51269-2017"
    tables = [r for r in building.by_type("IfcClassificationReference") if r.ReferencedSource == standard]
    assert {table.Identification for table in tables} == {"10", "12", "14", "30"}
    classified = {
        o.id() for r in building.by_type("IfcRelAssociatesClassification") for o in r.RelatedObjects
    }
    assert {w.IsTypedBy[0].RelatingType.id() for w in building.by_type("IfcWindow")} <= classified


def test_walls_are_made_of_layers_as_thick_as_they_are(building: ifcopenshell.file) -> None:
    checked = 0
    for wall in building.by_type("IfcWall"):
        material = ifcopenshell.util.element.get_material(wall)
        sizes = ifcopenshell.util.element.get_psets(wall, qtos_only=True).get("Qto_WallBaseQuantities")
        if material is None or not material.is_a("IfcMaterialLayerSet") or not sizes:
            continue
        thickness = sum(layer.LayerThickness for layer in material.MaterialLayers)
        assert thickness == sizes["Width"], wall.Name
        checked += 1
    assert checked > 100


def test_connected_ports_are_at_the_same_place_and_one_gives_what_the_other_takes(
    building: ifcopenshell.file,
) -> None:
    connections = building.by_type("IfcRelConnectsPorts")
    assert len(connections) > 150
    for connection in connections:
        source, sink = connection.RelatingPort, connection.RelatedPort
        assert (source.FlowDirection, sink.FlowDirection) == ("SOURCE", "SINK")
        assert source.SystemType == sink.SystemType
        assert np.allclose(origin_of(source), origin_of(sink), atol=0.01), (source, sink)


def test_water_flows_from_the_street_to_a_basin_on_every_floor(building: ifcopenshell.file) -> None:
    flows = defaultdict(list)
    for connection in building.by_type("IfcRelConnectsPorts"):
        source, sink = (
            port.Nests[0].RelatingObject for port in (connection.RelatingPort, connection.RelatedPort)
        )
        flows[source.id()].append(sink.id())
    meter = next(m for m in building.by_type("IfcFlowMeter") if m.Name.startswith("远传总水表"))
    reached, waiting = set(), [meter.id()]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += flows[here]
    basins = [b for b in building.by_type("IfcSanitaryTerminal") if b.id() in reached]
    floors = {storey_of(basin) for basin in basins}
    assert floors == {"一层", "二层", "三层"}
    assert len([m for m in building.by_type("IfcFlowMeter") if m.id() in reached]) == 4


def test_glass_is_translucent_and_walls_are_not(building: ifcopenshell.file) -> None:
    styles = {s.Name: s.Styles[0].Transparency for s in building.by_type("IfcSurfaceStyle")}
    assert 0.3 < styles["中空玻璃 Insulating glass"] < 0.9
    assert styles["浅米色外墙涂料 Off-white render"] == 0.0
