"""Map conversions and rigid operations: where a local point lands, computed by hand from the file's numbers."""

from typing import Any

import pytest

from bim_import import PlacementOverrides
from tests.bim_import.placement_models import Model, box_at, lands, warned

EAST, NORTH = 458715.92, 5439966.65
"""In Karlsruhe, UTM zone 32N (EPSG:25832), metres."""

MM = 1e-3
"""What round trips through WGS 84 may cost, metres: far below the 5 cm that are asked for."""


def unit(model: Model, *, millimetres: bool) -> dict[str, Any]:
    return {"MapUnit": model.si("LENGTHUNIT", "MILLI" if millimetres else None, "METRE")}


def test_a_map_conversion_turns_then_shifts() -> None:
    model = Model()
    model.convert(model.crs(), EAST, NORTH, 113.7, XAxisAbscissa=0.6, XAxisOrdinate=0.8, Scale=1.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    expected = (EAST + 0.6 * 10.0 - 0.8 * 5.0, NORTH + 0.8 * 10.0 + 0.6 * 5.0, 113.7 + 2.0)
    assert lands(diagnosis, (10.0, 5.0, 2.0)) == pytest.approx(expected, abs=MM)
    assert diagnosis.used == "IfcMapConversion"


@pytest.mark.parametrize("scale", [None, 0.001, 1.0])
def test_millimetre_models_keep_their_size_on_a_metre_map_however_scale_is_written(
    scale: float | None,
) -> None:
    model = Model(millimetres=True)
    model.convert(model.crs(**unit(model, millimetres=False)), EAST, NORTH, 100.0, Scale=scale)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (10.0, 5.0, 2.0)) == pytest.approx((EAST + 10.0, NORTH + 5.0, 102.0), abs=MM)


@pytest.mark.parametrize(("scale", "factor"), [(0.0009996, 0.9996), (0.9996, 0.9996), (1.0004e-3, 1.0004)])
def test_the_combined_scale_factor_of_a_surveyor_is_kept(scale: float, factor: float) -> None:
    model = Model(millimetres=True)
    model.convert(model.crs(**unit(model, millimetres=False)), EAST, NORTH, Scale=scale)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (1000.0, 0.0, 0.0))[:2] == pytest.approx((EAST + 1000.0 * factor, NORTH), abs=MM)


def test_offsets_in_millimetres_are_read_so_where_the_map_unit_says_it() -> None:
    model = Model(millimetres=True)
    model.convert(
        model.crs(**unit(model, millimetres=True)), EAST * 1000.0, NORTH * 1000.0, 1300.0, Scale=1.0
    )
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (10.0, 5.0, 2.0)) == pytest.approx((EAST + 10.0, NORTH + 5.0, 3.3), abs=MM)
    assert not warned(diagnosis, "make sense in units")


@pytest.mark.parametrize("stated", [True, False])
def test_offsets_in_metres_that_are_said_to_be_millimetres_are_recognised(*, stated: bool) -> None:
    model = Model(millimetres=True)
    attributes = unit(model, millimetres=True) if stated else {}
    model.convert(model.crs(**attributes), EAST, NORTH, 113.7)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (0.0, 0.0, 0.0)) == pytest.approx((EAST, NORTH, 113.7), abs=MM)
    assert warned(diagnosis, "make sense in units of 1 m only")
    assert diagnosis.confidence == "medium"


def test_offsets_in_millimetres_that_are_said_to_be_metres_are_recognised() -> None:
    model = Model(millimetres=True)
    model.convert(model.crs(**unit(model, millimetres=False)), EAST * 1000.0, NORTH * 1000.0, 113700.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (0.0, 0.0, 0.0)) == pytest.approx((EAST, NORTH, 113.7), abs=MM)
    assert warned(diagnosis, "make sense in units of 0.001 m only")


def test_us_survey_feet_of_the_map_are_honoured() -> None:
    foot = 1200.0 / 3937.0
    model = Model()
    base = model.file.createIfcMeasureWithUnit(
        model.file.createIfcLengthMeasure(foot), model.si("LENGTHUNIT", None, "METRE")
    )
    exponents = model.file.createIfcDimensionalExponents(1, 0, 0, 0, 0, 0, 0)
    feet = model.file.createIfcConversionBasedUnit(exponents, "LENGTHUNIT", "US survey foot", base)
    model.convert(model.crs("EPSG:2263", MapUnit=feet), 1000000.0, 200000.0, 30.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    expected = (1000000.0 + 10.0 / foot, 200000.0 + 5.0 / foot)
    assert lands(diagnosis, (10.0, 5.0, 0.0), "EPSG:2263")[:2] == pytest.approx(expected, abs=0.01)
    assert lands(diagnosis, (0.0, 0.0, 0.0), "EPSG:2263")[2] == pytest.approx(30.0 * foot, abs=MM)


def test_feet_are_taken_for_the_feet_of_the_crs() -> None:
    model = Model()
    base = model.file.createIfcMeasureWithUnit(
        model.file.createIfcLengthMeasure(0.3048), model.si("LENGTHUNIT", None, "METRE")
    )
    exponents = model.file.createIfcDimensionalExponents(1, 0, 0, 0, 0, 0, 0)
    feet = model.file.createIfcConversionBasedUnit(exponents, "LENGTHUNIT", "FOOT", base)
    model.convert(model.crs("EPSG:2263", MapUnit=feet), 1000000.0, 200000.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (0.0, 0.0, 0.0), "EPSG:2263")[:2] == pytest.approx(
        (1000000.0, 200000.0), abs=0.01
    )
    assert warned(diagnosis, "nearly that of")


def test_scaled_conversions_scale_each_local_axis_before_the_turn() -> None:
    model = Model("IFC4X3")
    model.convert(
        model.crs(),
        EAST,
        NORTH,
        kind="IfcMapConversionScaled",
        XAxisAbscissa=0.0,
        XAxisOrdinate=1.0,
        FactorX=1.001,
        FactorY=0.999,
        FactorZ=1.0,
    )
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    expected = (EAST - 0.999 * 50.0, NORTH + 1.001 * 100.0)
    assert lands(diagnosis, (100.0, 50.0, 0.0))[:2] == pytest.approx(expected, abs=MM)
    assert diagnosis.used == "IfcMapConversionScaled"


def test_factors_that_deform_the_model_are_said() -> None:
    model = Model("IFC4X3")
    factors = {"FactorX": 1.0, "FactorY": 2.0, "FactorZ": 3.0}
    model.convert(model.crs(), EAST, NORTH, kind="IfcMapConversionScaled", **factors)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert warned(diagnosis, "1 × 2 × 3 times its size")
    assert diagnosis.confidence == "low"


def test_web_mercator_is_said_to_shrink_the_model() -> None:
    model = Model()
    model.convert(model.crs("EPSG:3857"), 938000.0, 6290000.0)
    assert warned(model.diagnose(box=box_at(0.0, 0.0)), "times its size")


def test_a_rigid_operation_restores_cut_off_digits() -> None:
    model = Model("IFC4X3")
    first, second = (model.file.createIfcLengthMeasure(value) for value in (400000.0, 5400000.0))
    model.file.create_entity("IfcRigidOperation", model.context, model.crs(), first, second, 100.0)
    diagnosis = model.diagnose(box=box_at(58715.0, 39966.0))
    expected = (458715.0, 5439966.0, 103.0)
    assert lands(diagnosis, (58715.0, 39966.0, 3.0)) == pytest.approx(expected, abs=MM)
    assert diagnosis.used == "IfcRigidOperation"


@pytest.mark.parametrize("swapped", [False, True])
def test_a_rigid_operation_in_degrees_takes_the_order_that_fits_the_site(*, swapped: bool) -> None:
    site = {"RefLatitude": (29, 52, 5, 880000), "RefLongitude": (121, 32, 38, 400000)}
    model = Model("IFC4X3", site=site, true_north=(0.0, 1.0))
    crs = model.file.create_entity("IfcGeographicCRS", Name="EPSG:4326")
    lon, lat = (model.file.createIfcPlaneAngleMeasure(value) for value in (121.544, 29.8683))
    order = (lat, lon) if swapped else (lon, lat)
    model.file.create_entity("IfcRigidOperation", model.context, crs, *order, 12.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert diagnosis.placement.origin == pytest.approx((121.544, 29.8683, 12.0))
    assert diagnosis.used == "IfcRigidOperation"


def test_longitude_beyond_ninety_degrees_cannot_be_mistaken_for_latitude() -> None:
    model = Model("IFC4X3")
    crs = model.file.create_entity("IfcGeographicCRS", Name="EPSG:4490")
    lat, lon = (model.file.createIfcPlaneAngleMeasure(value) for value in (29.8683, 121.544))
    model.file.create_entity("IfcRigidOperation", model.context, crs, lat, lon, 12.0)
    assert model.diagnose().placement.origin == pytest.approx((121.544, 29.8683, 12.0))


@pytest.mark.parametrize("owner", ["project", "site"])
@pytest.mark.parametrize("spelling", ["ePSet_MapConversion", "EPset_mapconversion"])
def test_ifc2x3_property_sets_place_like_a_map_conversion(owner: str, spelling: str) -> None:
    model = Model("IFC2X3")
    holder = model.project if owner == "project" else model.site
    crs = {
        "Name": ("IfcLabel", "EPSG:25832"),
        "MapUnit": ("IfcLabel", "METRE"),
        "VerticalDatum": ("IfcLabel", "DHHN92"),
    }
    model.property_set(holder, spelling.replace("apConversion", "apConversion"), **numbers())
    model.property_set(holder, spelling.lower().replace("mapconversion", "projectedcrs"), **crs)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    expected = (EAST + 0.6 * 10.0 - 0.8 * 5.0, NORTH + 0.8 * 10.0 + 0.6 * 5.0, 113.7 + 2.0)
    assert lands(diagnosis, (10.0, 5.0, 2.0)) == pytest.approx(expected, abs=MM)
    assert diagnosis.used == "ePSet_MapConversion"
    assert warned(diagnosis, "EPSG:5783")


def numbers() -> dict[str, tuple[str, object]]:
    return {
        "Eastings": ("IfcLengthMeasure", EAST),
        "Northings": ("IfcText", f"{NORTH}".replace(".", ",")),
        "OrthogonalHeight": ("IfcReal", 113.7),
        "XAxisAbscissa": ("IfcReal", 0.6),
        "XAxisOrdinate": ("IfcText", "0.8"),
        "TargetCRS": ("IfcLabel", "EPSG:25832"),
    }


def test_a_property_set_alone_may_name_the_crs_as_its_target() -> None:
    model = Model("IFC2X3")
    model.property_set(model.project, "ePSet_MapConversion", **numbers())
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (0.0, 0.0, 0.0)) == pytest.approx((EAST, NORTH, 113.7), abs=MM)


def test_numbers_that_cannot_be_read_are_left_out_with_a_warning() -> None:
    model = Model("IFC2X3")
    bad = {**numbers(), "Eastings": ("IfcText", "about here")}
    model.property_set(model.project, "ePSet_MapConversion", **bad)
    diagnosis = model.diagnose()
    assert diagnosis.used == "default"
    assert warned(diagnosis, "ePSet_MapConversion cannot be read")


def test_the_conversion_of_the_model_context_wins_over_that_of_the_plan() -> None:
    model = Model()
    crs = model.crs()
    plan = model.file.createIfcGeometricRepresentationContext(
        None, "Plan", 2, 1e-5, model.axes((0.0, 0.0, 0.0)), None
    )
    model.file.create_entity("IfcMapConversion", plan, crs, EAST + 7000.0, NORTH, 0.0)
    model.convert(crs, EAST, NORTH)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert lands(diagnosis, (0.0, 0.0, 0.0))[:2] == pytest.approx((EAST, NORTH), abs=MM)
    assert warned(diagnosis, "2 map conversions that differ")
    assert [found.used for found in diagnosis.found if found.what == "IfcMapConversion"] == [False, True]


def test_an_unknown_crs_is_said_and_can_be_named_by_hand() -> None:
    model = Model()
    model.convert(model.crs("EPSG:1234"), EAST, NORTH, 113.7, XAxisAbscissa=0.6, XAxisOrdinate=0.8)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert diagnosis.used == "default"
    assert warned(diagnosis, "'EPSG:1234', which is no known CRS. Name it with --crs")
    named = model.diagnose(PlacementOverrides(crs="EPSG:25832"), box=box_at(0.0, 0.0))
    assert lands(named, (5.0, 0.0, 0.0)) == pytest.approx((EAST + 3.0, NORTH + 4.0, 113.7), abs=MM)
    assert named.used == "override"


def test_datum_projection_and_zone_stand_in_for_a_name() -> None:
    model = Model()
    crs = model.crs("the usual", GeodeticDatum="ETRS89", MapProjection="UTM", MapZone="32N")
    model.convert(crs, EAST, NORTH)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert diagnosis.placement.crs == "EPSG:25832"
    assert diagnosis.confidence == "medium"


@pytest.mark.parametrize(
    ("crs", "east", "twin"), [("EPSG:4549", 40649757.0, "EPSG:4528"), ("EPSG:4528", 649757.0, "EPSG:4549")]
)
def test_eastings_with_and_without_zone_number_are_told_apart(crs: str, east: float, twin: str) -> None:
    model = Model()
    model.convert(model.crs(crs), east, 3306711.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    found = lands(diagnosis, (0.0, 0.0, 0.0), "EPSG:4549")
    assert found[:2] == pytest.approx((649757.0, 3306711.0), abs=MM)
    assert warned(diagnosis, twin)


def test_an_easting_of_another_zone_is_not_moved_but_pointed_out() -> None:
    model = Model()
    model.convert(model.crs("EPSG:4549"), 39649757.0, 3306711.0)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert diagnosis.used == "default"
    assert warned(diagnosis, "Try --crs EPSG:4527")


def test_a_site_far_from_where_the_map_conversion_leads_is_pointed_out() -> None:
    site = {"RefLatitude": (29, 52, 5, 880000), "RefLongitude": (121, 32, 38, 400000)}
    model = Model(site=site)
    model.convert(model.crs(), EAST, NORTH)
    diagnosis = model.diagnose(box=box_at(0.0, 0.0))
    assert warned(diagnosis, "from the latitude and longitude of its site")
    assert [found.used for found in diagnosis.found] == [True, False]


def test_a_moved_world_coordinate_system_is_taken_out_before_the_conversion() -> None:
    model = Model(millimetres=True, world=(100000.0, 20000.0, 3000.0))
    model.convert(model.crs(**unit(model, millimetres=False)), EAST, NORTH, 50.0, Scale=0.001)
    diagnosis = model.diagnose(box=box_at(100.0, 20.0))
    assert lands(diagnosis, (100.0, 20.0, 3.0)) == pytest.approx((EAST, NORTH, 50.0), abs=MM)
    assert warned(diagnosis, "world coordinate system")
    assert any(found.what == "WorldCoordinateSystem" and found.used for found in diagnosis.found)


class TestTwice:
    """Models whose coordinates are on the map already, beside a conversion that would move them again."""

    ROSTOCK = (311988.18054, 5996148.56499)

    def rostock(self, true_north: tuple[float, float] | None) -> Model:
        """As a CAD program writes it: the site at map coordinates, the same offset in the conversion, turned by 90°."""
        at = (self.ROSTOCK[0] * 1000.0, self.ROSTOCK[1] * 1000.0, 14000.0)
        model = Model(millimetres=True, site_at=at, true_north=true_north)
        crs = model.crs("EPSG:25833", **unit(model, millimetres=False))
        model.convert(crs, 311988.181, 5996148.565, 0.0, XAxisAbscissa=0.0, XAxisOrdinate=1.0)
        return model

    @pytest.mark.parametrize("bounded", [True, False])
    def test_the_offset_is_used_once(self, *, bounded: bool) -> None:
        box = box_at(*self.ROSTOCK, 14.0) if bounded else None
        diagnosis = self.rostock((0.0, 1.0)).diagnose(box=box)
        local = (self.ROSTOCK[0] + 10.0, self.ROSTOCK[1] + 5.0, 15.0)
        assert lands(diagnosis, local, "EPSG:25833") == pytest.approx(local, abs=MM)
        assert warned(diagnosis, "georeferenced twice")

    def test_without_true_north_the_ignored_turn_lowers_the_confidence(self) -> None:
        diagnosis = self.rostock(None).diagnose(box=box_at(*self.ROSTOCK, 14.0))
        assert warned(diagnosis, "rotation of 90.00°")
        assert diagnosis.confidence == "low"

    def test_true_north_can_say_that_the_turn_is_yet_to_come(self) -> None:
        # local x points to the map's north, so that true north lies along it
        diagnosis = self.rostock((1.0, 0.0)).diagnose(box=box_at(*self.ROSTOCK, 14.0))
        local = (self.ROSTOCK[0] + 10.0, self.ROSTOCK[1], 15.0)
        expected = (self.ROSTOCK[0], self.ROSTOCK[1] + 10.0, 15.0)
        assert lands(diagnosis, local, "EPSG:25833") == pytest.approx(expected, abs=2.0 * MM)

    def test_the_height_is_added_only_where_the_geometry_lacks_it(self) -> None:
        for z, expected in ((0.0, 50.0), (50.0, 50.0)):
            model = Model()
            model.convert(model.crs(), EAST, NORTH, 50.0)
            diagnosis = model.diagnose(box=box_at(EAST, NORTH, z))
            assert lands(diagnosis, (EAST, NORTH, z))[2] == pytest.approx(expected, abs=MM)

    def test_a_model_near_its_origin_is_not_taken_for_one(self) -> None:
        model = Model()
        model.convert(model.crs(), EAST, NORTH)
        diagnosis = model.diagnose(box=box_at(9000.0, -9000.0))
        assert not warned(diagnosis, "twice")
        assert lands(diagnosis, (9000.0, -9000.0, 0.0))[:2] == pytest.approx(
            (EAST + 9000.0, NORTH - 9000.0), abs=MM
        )

    def test_a_conversion_that_does_nothing_leaves_map_coordinates_alone(self) -> None:
        model = Model()
        model.convert(model.crs(), 0.0, 0.0)
        diagnosis = model.diagnose(box=box_at(EAST, NORTH))
        assert lands(diagnosis, (EAST, NORTH, 0.0))[:2] == pytest.approx((EAST, NORTH), abs=MM)
        assert not warned(diagnosis, "twice")
