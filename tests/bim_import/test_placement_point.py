"""Sites, true north, defaults, heights, and what a person states."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_import import PlacementOverrides, moved
from bim_import.ifc.georeference.read import compound_angle
from bim_import.placement.point import DEFAULT_PLACE
from tests.bim_import.placement_models import Model, box_at, lands, warned
from twin.errors import PlacementError
from twin.frames import Frame, Points, project
from twin.frames.china import bd09_to_wgs84, gcj02_to_wgs84

EAST, NORTH = 649757.0, 3306711.0
"""In Ningbo, EPSG:4549."""

NINGBO = {"RefLatitude": (29, 52, 5, 880000), "RefLongitude": (121, 32, 38, 400000), "RefElevation": 4.5}
NINGBO_LON, NINGBO_LAT = 121.5440, 29.0 + 52.0 / 60.0 + 5.88 / 3600.0


def azimuth(frame: Frame, start: tuple[float, float, float], end: tuple[float, float, float]) -> float:
    """Degrees clockwise from true north, on the tangent plane at `start`."""
    ecef: Points = frame.to_ecef(np.array([start, end]))
    lon, lat, _ = np.radians(frame.to_geographic(np.array([start]))[0])
    step = ecef[1] - ecef[0]
    east = np.array([-math.sin(lon), math.cos(lon), 0.0]) @ step
    north = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)]) @ step
    return math.degrees(math.atan2(east, north)) % 360.0


@given(millionths=st.integers(-180 * 3600 * 10**6, 180 * 3600 * 10**6))
def test_a_compound_angle_and_its_parts_are_the_same_angle(millionths: int) -> None:
    sign, rest = (-1 if millionths < 0 else 1), abs(millionths)
    rest, fraction = divmod(rest, 10**6)
    rest, seconds = divmod(rest, 60)
    degrees, minutes = divmod(rest, 60)
    parts = (sign * degrees, sign * minutes, sign * seconds, sign * fraction)
    assert compound_angle(parts) == pytest.approx(millionths / 3600e6, abs=1e-12)


@pytest.mark.parametrize(
    ("parts", "angle"),
    [
        ((-71, -3, -24, -263305), -71.0567398),
        ((-71, 3, 24), -71.0566667),
        ((0, -7, -34, -450321), -0.1262362),
        (None, None),
    ],
)
def test_the_sign_of_an_angle_is_that_of_its_first_part(
    parts: tuple[int, ...] | None, angle: float | None
) -> None:
    assert compound_angle(parts) == pytest.approx(angle, abs=1e-7) if angle else compound_angle(parts) is None


def test_a_site_stands_at_its_latitude_and_longitude() -> None:
    diagnosis = Model(site=NINGBO).diagnose(box=box_at(0.0, 0.0))
    place = Frame(diagnosis.placement).to_geographic(np.zeros((1, 3)))[0]
    assert place == pytest.approx((NINGBO_LON, NINGBO_LAT, 4.5), abs=1e-9)
    assert (diagnosis.used, diagnosis.confidence) == ("IfcSite", "medium")


def test_the_reference_point_is_the_origin_of_the_sites_placement() -> None:
    model = Model(site=NINGBO, site_at=(120.0, -40.0, 2.0))
    place = Frame(model.diagnose().placement).to_geographic(np.array([[120.0, -40.0, 2.0]]))[0]
    assert place == pytest.approx((NINGBO_LON, NINGBO_LAT, 4.5), abs=1e-9)


def test_elevations_are_in_project_units() -> None:
    model = Model(millimetres=True, site={**NINGBO, "RefElevation": 4500.0})
    assert model.diagnose().placement.origin[2] == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("north", "bearing"), [((0.0, 1.0), 90.0), ((1.0, 0.0), 0.0), ((0.5, 0.8660254), 60.0)]
)
def test_true_north_turns_the_model(north: tuple[float, float], bearing: float) -> None:
    diagnosis = Model(site=NINGBO, true_north=north).diagnose()
    found = azimuth(Frame(diagnosis.placement), (0.0, 0.0, 0.0), (100.0, 0.0, 0.0))
    assert (found - bearing + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-5)


def test_a_third_number_of_true_north_is_ignored_and_one_of_no_length_is_said() -> None:
    assert Model(true_north=(2.0, 0.0, 1.0)).diagnose().placement.rotation_deg == pytest.approx(90.0)
    assert warned(Model(true_north=(0.0, 0.0)).diagnose(), "has no length")


def test_zero_latitude_and_longitude_are_no_position() -> None:
    diagnosis = Model(site={"RefLatitude": (0, 0, 0), "RefLongitude": (0, 0, 0)}).diagnose()
    assert diagnosis.used == "default"
    assert any("nothing was entered" in found.reason for found in diagnosis.found)


def test_the_default_place_of_design_software_is_hardly_believed() -> None:
    boston = {"RefLatitude": (42, 21, 31, 181945), "RefLongitude": (-71, -3, -24, -263305)}
    diagnosis = Model(site=boston).diagnose()
    assert diagnosis.confidence == "low"
    assert warned(diagnosis, "Boston")


def test_a_latitude_that_is_none_is_left_out() -> None:
    diagnosis = Model(site={"RefLatitude": (95, 0, 0), "RefLongitude": (8, 0, 0)}).diagnose()
    assert diagnosis.used == "default"
    assert warned(diagnosis, "not on Earth")


def test_a_model_that_says_nothing_stands_at_the_stated_default() -> None:
    diagnosis = Model().diagnose(box=box_at(0.0, 0.0))
    assert (diagnosis.used, diagnosis.confidence) == ("default", "none")
    assert diagnosis.placement.origin == DEFAULT_PLACE
    assert warned(diagnosis, "--origin")


def test_a_model_500_km_from_its_origin_without_georeference_is_brought_back_and_said() -> None:
    diagnosis = Model().diagnose(box=box_at(500000.0, 3300000.0))
    place = Frame(diagnosis.placement).to_geographic(np.array([[500010.0, 3300010.0, 10.0]]))[0]
    assert place[:2] == pytest.approx(DEFAULT_PLACE[:2], abs=0.1)
    assert warned(diagnosis, "km from its own origin")
    assert warned(diagnosis, "transverse Mercator")


def test_models_of_one_far_project_keep_their_relative_place_at_the_default() -> None:
    local = np.array([[500020.0, 3300030.0, 5.0]])
    places = [
        Frame(Model().diagnose(box=box_at(x, 3300000.0)).placement).to_ecef(local)
        for x in (500000.0, 500900.0)
    ]
    assert np.abs(places[0] - places[1]).max() < 1e-6


@pytest.mark.parametrize(
    ("east", "north", "hint"),
    [
        (40649757.0, 3306711.0, "EPSG:4528"),
        (21285000.0, 3306711.0, "EPSG:4499"),
        (2600000.0, 1200000.0, "EPSG:2056"),
    ],
)
def test_coordinates_that_look_like_a_map_get_a_hint_but_no_guess(
    east: float, north: float, hint: str
) -> None:
    diagnosis = Model().diagnose(box=box_at(east, north))
    assert diagnosis.used == "default"
    assert warned(diagnosis, hint)


def test_far_coordinates_beside_a_site_are_compared_with_every_map_of_that_place() -> None:
    east, north = project("EPSG:4549", NINGBO_LON, NINGBO_LAT)
    diagnosis = Model(site=NINGBO).diagnose(box=box_at(east, north))
    assert diagnosis.used == "IfcSite"
    assert diagnosis.confidence == "low"
    assert warned(diagnosis, "EPSG:4549")
    centre = np.array([[east + 10.0, north + 10.0, 0.0]])
    assert Frame(diagnosis.placement).to_geographic(centre)[0, :2] == pytest.approx(
        (NINGBO_LON, NINGBO_LAT), abs=1e-6
    )


def test_a_crs_without_conversion_is_used_only_for_coordinates_of_its_own() -> None:
    model = Model()
    model.crs("EPSG:4549")
    near = model.diagnose(box=box_at(0.0, 0.0))
    assert near.used == "default"
    far = model.diagnose(box=box_at(EAST, NORTH))
    assert (far.used, far.confidence) == ("IfcProjectedCRS", "low")
    assert lands(far, (EAST, NORTH, 0.0), "EPSG:4549")[:2] == pytest.approx((EAST, NORTH), abs=1e-3)


def test_an_address_is_reported_but_places_nothing() -> None:
    model = Model()
    model.site.SiteAddress = model.file.createIfcPostalAddress(
        None, None, None, None, ["中山东路 1 号"], None, "宁波"
    )
    found = [item for item in model.diagnose().found if item.what == "IfcPostalAddress"]
    assert [(item.used, item.values["Town"]) for item in found] == [(False, "宁波")]


class TestHeights:
    """What heights refer to, and what is done where that is not known."""

    def test_no_vertical_datum_is_said_and_lowers_the_confidence(self) -> None:
        model = Model()
        model.convert(model.crs("EPSG:4549"), EAST, NORTH, 5.0)
        diagnosis = model.diagnose(box=box_at(0.0, 0.0))
        assert diagnosis.confidence == "medium"
        assert warned(diagnosis, "No vertical datum is stated")

    def test_a_datum_without_its_geoid_is_said_and_heights_are_kept(self) -> None:
        model = Model()
        model.convert(model.crs("EPSG:4549", VerticalDatum="1985国家高程基准"), EAST, NORTH, 5.0)
        diagnosis = model.diagnose(box=box_at(0.0, 0.0))
        assert lands(diagnosis, (0.0, 0.0, 0.0), "EPSG:4549")[2] == pytest.approx(5.0, abs=1e-6)
        assert warned(diagnosis, "EPSG:5737")
        assert diagnosis.confidence == "medium"

    def test_a_stated_undulation_settles_it(self) -> None:
        model = Model()
        model.convert(model.crs("EPSG:4549", VerticalDatum="1985国家高程基准"), EAST, NORTH, 5.0)
        diagnosis = model.diagnose(PlacementOverrides(height_offset_m=12.4), box=box_at(0.0, 0.0))
        assert lands(diagnosis, (0.0, 0.0, 0.0), "EPSG:4549")[2] == pytest.approx(17.4, abs=1e-6)
        assert (diagnosis.confidence, diagnosis.placement.vertical) == ("high", "EPSG:5737")
        assert not diagnosis.warnings

    def test_ellipsoidal_heights_are_no_doubt(self) -> None:
        model = Model()
        model.convert(model.crs("EPSG:4549", VerticalDatum="WGS84 ellipsoid"), EAST, NORTH, 5.0)
        diagnosis = model.diagnose(box=box_at(0.0, 0.0))
        assert (diagnosis.confidence, diagnosis.warnings) == ("high", [])

    def test_a_vertical_crs_that_is_demanded_needs_its_geoid(self) -> None:
        with pytest.raises(PlacementError, match="--height-offset"):
            Model().diagnose(PlacementOverrides(crs="EPSG:7415"), box=box_at(121687.0, 487484.0))
        stated = PlacementOverrides(crs="EPSG:7415", height_offset_m=43.0)
        diagnosis = Model().diagnose(stated, box=box_at(121687.0, 487484.0))
        assert lands(diagnosis, (121687.0, 487484.0, 1.0), "EPSG:28992")[2] == pytest.approx(44.0, abs=1e-6)


class TestOverrides:
    """What a person states wins over the file."""

    @staticmethod
    def georeferenced() -> Model:
        model = Model(site=NINGBO, true_north=(0.0, 1.0))
        model.convert(model.crs("EPSG:4549"), EAST, NORTH, 5.0, XAxisAbscissa=0.6, XAxisOrdinate=0.8)
        return model

    def test_an_origin_is_where_the_local_origin_stands(self) -> None:
        diagnosis = self.georeferenced().diagnose(
            PlacementOverrides(origin=(121.6, 29.9, 7.0)), box=box_at(0.0, 0.0)
        )
        place = Frame(diagnosis.placement).to_geographic(np.zeros((1, 3)))[0]
        assert place == pytest.approx((121.6, 29.9, 7.0), abs=1e-9)
        assert (diagnosis.used, diagnosis.confidence, diagnosis.warnings) == ("override", "high", [])
        assert [found.used for found in diagnosis.found] == [True] + [False] * (len(diagnosis.found) - 1)

    def test_an_origin_is_of_the_model_where_that_is_far_from_its_own(self) -> None:
        diagnosis = Model().diagnose(
            PlacementOverrides(origin=(121.6, 29.9, 7.0)), box=box_at(EAST, NORTH, 0.0, 0.0)
        )
        place = Frame(diagnosis.placement).to_geographic(np.array([[EAST, NORTH, 0.0]]))[0]
        assert place == pytest.approx((121.6, 29.9, 7.0), abs=1e-9)
        assert warned(diagnosis, "its middle is put at --origin")

    @pytest.mark.parametrize(("crs", "inverse"), [("gcj02", gcj02_to_wgs84), ("BD-09", bd09_to_wgs84)])
    def test_an_origin_of_a_chinese_map_is_brought_to_wgs84(self, crs: str, inverse: object) -> None:
        assert callable(inverse)
        overrides = PlacementOverrides(crs=crs, origin=(121.55, 29.87, 3.0))
        diagnosis = Model().diagnose(overrides, box=box_at(0.0, 0.0))
        place = Frame(diagnosis.placement).to_geographic(np.zeros((1, 3)))[0]
        assert place[:2] == pytest.approx(inverse(np.array([[121.55, 29.87]]))[0], abs=1e-9)
        assert warned(diagnosis, "about a metre")

    def test_gcj02_without_an_origin_reads_the_site_in_it(self) -> None:
        diagnosis = Model(site=NINGBO).diagnose(PlacementOverrides(crs="gcj02"))
        place = Frame(diagnosis.placement).to_geographic(np.zeros((1, 3)))[0]
        assert place[:2] == pytest.approx(gcj02_to_wgs84(np.array([[NINGBO_LON, NINGBO_LAT]]))[0], abs=1e-9)

    def test_a_frame_of_degrees_without_any_position_is_an_error(self) -> None:
        with pytest.raises(PlacementError, match="--origin"):
            Model().diagnose(PlacementOverrides(crs="gcj02"))

    def test_a_projected_crs_alone_reads_the_coordinates_as_its_own(self) -> None:
        diagnosis = Model().diagnose(PlacementOverrides(crs="EPSG:4549"), box=box_at(EAST, NORTH))
        assert lands(diagnosis, (EAST, NORTH, 3.0), "EPSG:4549") == pytest.approx(
            (EAST, NORTH, 3.0), abs=1e-3
        )

    def test_a_projected_crs_alone_near_the_origin_is_warned_of(self) -> None:
        diagnosis = Model().diagnose(PlacementOverrides(crs="EPSG:4549"), box=box_at(0.0, 0.0))
        assert diagnosis.confidence == "low"
        assert warned(diagnosis, "outside the area of use")

    def test_a_projected_crs_with_longitude_and_latitude_keeps_the_axes_of_the_map(self) -> None:
        overrides = PlacementOverrides(crs="EPSG:4549", origin=(NINGBO_LON, NINGBO_LAT, 3.0))
        diagnosis = Model().diagnose(overrides, box=box_at(0.0, 0.0))
        east, north = project("EPSG:4549", NINGBO_LON, NINGBO_LAT)
        found = lands(diagnosis, (100.0, 0.0, 0.0), "EPSG:4549")
        assert found == pytest.approx((east + 100.0, north, 3.0), abs=1e-3)

    def test_true_north_is_turned_into_the_axes_of_the_map(self) -> None:
        overrides = PlacementOverrides(crs="EPSG:4549", origin=(NINGBO_LON, NINGBO_LAT, 3.0))
        diagnosis = Model(true_north=(0.0, 1.0)).diagnose(overrides, box=box_at(0.0, 0.0))
        assert azimuth(Frame(diagnosis.placement), (0, 0, 0), (0, 100, 0)) % 360.0 == pytest.approx(
            0.0, abs=1e-3
        )

    def test_a_projected_crs_with_easting_and_northing_takes_them(self) -> None:
        overrides = PlacementOverrides(crs="EPSG:4549", origin=(EAST, NORTH, 3.0), rotation_deg=90.0)
        diagnosis = Model().diagnose(overrides, box=box_at(0.0, 0.0))
        found = lands(diagnosis, (100.0, 0.0, 0.0), "EPSG:4549")
        assert found == pytest.approx((EAST, NORTH + 100.0, 3.0), abs=1e-3)

    def test_a_rotation_alone_turns_what_the_file_says(self) -> None:
        diagnosis = self.georeferenced().diagnose(PlacementOverrides(rotation_deg=90.0), box=box_at(0.0, 0.0))
        found = lands(diagnosis, (100.0, 0.0, 0.0), "EPSG:4549")
        assert found[:2] == pytest.approx((EAST, NORTH + 100.0), abs=1e-3)
        assert diagnosis.used == "IfcMapConversion"

    @pytest.mark.parametrize(
        "overrides",
        [
            PlacementOverrides(crs="EPSG:999999"),
            PlacementOverrides(crs="nonsense"),
            PlacementOverrides(crs="EPSG:4978", origin=(121.0, 29.0, 0.0)),
            PlacementOverrides(origin=(500000.0, 3300000.0, 0.0)),
        ],
    )
    def test_what_cannot_be_used_is_an_error_with_advice(self, overrides: PlacementOverrides) -> None:
        with pytest.raises(PlacementError) as caught:
            Model(site=NINGBO).diagnose(overrides)
        assert caught.value.advice


class TestMoved:
    """A model that is placed anew without its file."""

    BOX = np.array(box_at(0.0, 0.0))

    def test_a_new_origin_keeps_the_rotation(self) -> None:
        before = TestOverrides.georeferenced().diagnose(box=box_at(0.0, 0.0))
        after = moved(before, overrides=PlacementOverrides(origin=(121.7, 29.8, 1.0)), bounds=self.BOX)
        assert Frame(after.placement).to_geographic(np.zeros((1, 3)))[0] == pytest.approx(
            (121.7, 29.8, 1.0), abs=1e-9
        )
        assert after.placement.rotation_deg == pytest.approx(before.placement.rotation_deg)
        assert after.used == "override"
        assert [found.used for found in after.found].count(True) == 1

    def test_another_crs_reads_the_same_coordinates_in_it(self) -> None:
        before = TestOverrides.georeferenced().diagnose(box=box_at(0.0, 0.0))
        after = moved(before, overrides=PlacementOverrides(crs="EPSG:4550"), bounds=self.BOX)
        assert lands(after, (0.0, 0.0, 0.0), "EPSG:4550")[:2] == pytest.approx((EAST, NORTH), abs=1e-3)

    def test_a_height_offset_alone_moves_only_heights(self) -> None:
        before = TestOverrides.georeferenced().diagnose(box=box_at(0.0, 0.0))
        after = moved(before, overrides=PlacementOverrides(height_offset_m=12.4), bounds=self.BOX)
        step = lands(after, (0, 0, 0), "EPSG:4549") - lands(before, (0, 0, 0), "EPSG:4549")
        assert step == pytest.approx((0.0, 0.0, 12.4), abs=1e-6)
        assert warned(before, "No vertical datum")
        assert not warned(after, "No vertical datum")

    def test_a_rotation_alone_turns_a_site_about_its_origin(self) -> None:
        before = Model(site=NINGBO).diagnose()
        after = moved(before, overrides=PlacementOverrides(rotation_deg=30.0), bounds=self.BOX)
        assert after.placement.origin == before.placement.origin
        assert azimuth(Frame(after.placement), (0, 0, 0), (100, 0, 0)) == pytest.approx(60.0, abs=1e-6)

    def test_nothing_stated_changes_nothing(self) -> None:
        before = Model(site=NINGBO).diagnose()
        after = moved(before, overrides=PlacementOverrides(), bounds=self.BOX)
        assert after.placement == before.placement
        assert (after.used, after.confidence, after.warnings) == (
            before.used,
            before.confidence,
            before.warnings,
        )
