"""CRS names as they occur in files."""

import json

import numpy as np
import pyproj
import pytest

from twin.errors import PlacementError
from twin.frames import (
    crs_facts,
    find_crs,
    find_vertical,
    find_zone,
    geoid_choices,
    km_outside_area,
    project,
    suggest_crs,
    true_north_on_map,
    zone_hint,
)


@pytest.mark.parametrize(
    ("name", "code", "sure"),
    [
        ("EPSG:32760", "EPSG:32760", True),
        ("epsg 4549", "EPSG:4549", True),
        ("urn:ogc:def:crs:EPSG::4549", "EPSG:4549", True),
        ("urn:ogc:def:crs:EPSG:9.9:4549", "EPSG:4549", True),
        ("WGS 84 / UTM zone 60S", "EPSG:32760", True),
        ("ETRS89.UTM-32N", "EPSG:25832", False),
        ("ETRS_1989_UTM_Zone_32N", "EPSG:25832", False),
        ("WGS84 UTM 51N", "EPSG:32651", False),
        ("CGCS2000_3_Degree_GK_CM_120E", "EPSG:4549", False),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 40", "EPSG:4528", True),
        ("国家2000坐标系 中央子午线120", "EPSG:4549", False),
        ("CGCS2000 3度带 第40带", "EPSG:4528", False),
        ("2000国家大地坐标系 6度带 20带", "EPSG:4498", False),
        ("DHDN / 3-Degree Gauss-Krueger Zone 3", "EPSG:31467", True),
        ("EPSG:3065 + EPSG:5214 (to be replaced by appropriate WKT)", "EPSG:3065", False),
        ("3857", "EPSG:3857", False),
        ("EPSG:32760 - WGS 84 / UTM zone 60S", "EPSG:32760", False),
    ],
)
def test_a_name_is_found_and_guessing_is_admitted(name: str, code: str, *, sure: bool) -> None:
    facts = find_crs(name)
    assert facts is not None
    assert facts.text == code
    assert (facts.doubt == "") == sure


@pytest.mark.parametrize(
    "name", ["", "n7rJmd", "EPSG:1234", "EPSG:12invalid", "NAP", "EPSG:5711", "x" * 30000]
)
def test_what_names_no_horizontal_crs_is_not_found(name: str) -> None:
    assert find_crs(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EPSG:7415", ("EPSG:28992", "EPSG:5709")),
        ("https://www.opengis.net/def/crs/EPSG/0/7415", ("EPSG:28992", "EPSG:5709")),
        ("http://www.opengis.net/def/crs/EPSG/9.9.1/7415", ("EPSG:28992", "EPSG:5709")),
        ("urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783", ("EPSG:25832", "EPSG:5783")),
        ("https://www.opengis.net/def/crs/EPSG/0/4979", ("EPSG:4326", "ellipsoidal")),
    ],
)
def test_a_compound_crs_is_taken_apart_and_nothing_of_it_is_guessed(
    name: str, expected: tuple[str, str]
) -> None:
    facts = find_crs(name)
    assert facts is not None
    assert (facts.text, facts.vertical, facts.doubt) == (*expected, "")


def test_projjson_and_wkt_of_a_compound_crs_are_taken_apart_and_nothing_is_guessed() -> None:
    crs = pyproj.CRS("EPSG:4549+5737")
    for text in (crs.to_json(), json.dumps(crs.to_json_dict()), crs.to_wkt()):
        facts = find_crs(text)
        assert facts is not None
        assert (facts.text, facts.vertical, facts.doubt) == ("EPSG:4549", "EPSG:5737", "")


def test_the_horizontal_part_of_wkt_with_axes_of_its_own_has_no_vertical_one() -> None:
    facts = find_crs(pyproj.CRS("EPSG:4549+5737").to_wkt("WKT1_GDAL"))
    assert facts is not None
    assert facts.vertical == "EPSG:5737"
    assert not pyproj.CRS(facts.text).is_compound


def test_words_do_not_cost_the_vertical_part() -> None:
    facts = find_crs("Amersfoort / RD New + NAP height")
    assert facts is not None
    assert (facts.text, facts.vertical) == ("EPSG:28992", "EPSG:5709")


def test_german_surveys_name_their_older_maps_so() -> None:
    facts = find_crs("DE_DHDN_3GK3")
    assert facts is not None
    assert facts.text == "EPSG:31467"


def test_the_unit_of_a_crs_is_told_in_metres() -> None:
    assert crs_facts("EPSG:2263").unit_m == pytest.approx(1200.0 / 3937.0, rel=1e-15)
    assert crs_facts("EPSG:2222").unit_m == pytest.approx(0.3048, rel=1e-15)


def test_every_cgcs2000_system_is_found_by_its_words() -> None:
    for zone in range(25, 46):
        title = f"CGCS2000 / 3-degree Gauss-Kruger zone {zone}"
        facts = find_crs(f"CGCS2000 3度带 第{zone}带")
        assert facts is not None
        assert facts.title == title
        meridian = find_crs(f"CGCS2000 中央子午线 {3 * zone}")
        assert meridian is not None
        assert meridian.title == f"CGCS2000 / 3-degree Gauss-Kruger CM {3 * zone}E"


def test_datum_projection_and_zone_together_name_a_crs() -> None:
    facts = find_zone("EPSG:7844", "UTM", "56")
    assert facts is not None
    assert facts.text == "EPSG:7856"
    assert facts.doubt
    assert find_zone("", "UTM", "56") is None
    assert find_zone("WGS84", "WSG", "3") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:5711", "EPSG:5711"),
        ("NAP", "EPSG:5709"),
        ("Normaal Amsterdams Peil", "EPSG:5709"),
        ("DHHN2016", "EPSG:7837"),
        ("N2000", "EPSG:3900"),
        ("NN2000", "EPSG:5941"),
        ("1985国家高程基准", "EPSG:5737"),
        ("Yellow Sea 1985", "EPSG:5737"),
        ("WGS84", "ellipsoidal"),
        ("Ellipsoidal height", "ellipsoidal"),
        ("大地高", "ellipsoidal"),
        ("EPSG:1234", None),
        ("ground floor", None),
        ("", None),
    ],
)
def test_a_vertical_datum_is_found_by_its_usual_names(name: str, code: str | None) -> None:
    assert find_vertical(name) == code


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:2056", "EPSG:28992", "EPSG:5514", "EPSG:2263"])
def test_projecting_agrees_with_pyproj(crs: str) -> None:
    area = pyproj.CRS(crs).area_of_use
    assert area is not None
    lon, lat = (area.west + area.east) / 2.0, (area.south + area.north) / 2.0
    expected = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    assert project(crs, lon, lat) == pytest.approx(expected, abs=1e-6)
    assert km_outside_area(crs, *project(crs, lon, lat)) == 0.0


def test_a_place_that_a_map_cannot_show_is_an_error() -> None:
    with pytest.raises(PlacementError, match="no place"):
        project("EPSG:3857", 10.0, 95.0)


def test_true_north_on_a_map_is_the_meridian_convergence() -> None:
    lon, lat = 121.55, 29.87
    factors = pyproj.Proj("EPSG:4549").get_factors(lon, lat)
    assert true_north_on_map("EPSG:4549", lon, lat) == pytest.approx(factors.meridian_convergence, abs=1e-4)
    assert factors.meridian_convergence > 0.5


def test_a_point_suggests_the_maps_it_could_be_of() -> None:
    east, north = project("EPSG:4549", 121.56, 29.87)
    suggested = suggest_crs((121.55, 29.87), (east, north), 5000.0)
    assert any(text.startswith("EPSG:4549 ") for text in suggested)
    assert not any("UTM" in text for text in suggested)
    assert suggest_crs((121.55, 29.87), (east, north + 1e6), 5000.0) == []


def test_a_zone_number_in_the_easting_is_told_from_its_lack() -> None:
    assert zone_hint("EPSG:4549", 40649757.0) == "EPSG:4528"
    assert zone_hint("EPSG:4528", 649757.0) == "EPSG:4549"
    assert zone_hint("EPSG:4549", 649757.0) is None
    assert zone_hint("EPSG:32651", 40649757.0) is None
    without, with_zone = project("EPSG:4549", 121.0, 29.0), project("EPSG:4528", 121.0, 29.0)
    assert np.subtract(with_zone, without) == pytest.approx((40e6, 0.0), abs=1e-6)


def test_without_any_grid_no_geoid_is_tried() -> None:
    assert geoid_choices("EPSG:5737") in ((), ("EPSG:5737",))
