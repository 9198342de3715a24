"""Known corners of real files: computed here from the numbers in their text, with pyproj and nothing of this software."""

import contextlib
import math
import re
from collections import Counter
from pathlib import Path

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import pyproj
import pytest
from numpy.typing import NDArray

from bim_import.ifc.georeference.diagnose import diagnose
from bim_import.ifc.reading.open import open_ifc
from bim_import.placement.override import PlacementOverrides
from twin.errors import TwinError
from twin.frames import Diagnosis, Frame

Points = NDArray[np.float64]

FIVE_CM = 0.05

PCERT = "ifc/LTplus-AG+ifc-lite/_history/tests/models/buildingsmart"
DISCIPLINES = [
    "Building-Architecture",
    "Building-Hvac",
    "Building-Structural",
    "Infra-Plumbing",
    "Infra-Road",
]
RULES = "ifc/buildingSMART+ifc-gherkin-rules/test/files"
INFRA = "ifc/bSI-InfraRoom+IFC-infra-unit-test"
NUMBER = r"([-+\d.eE]+)"


def numbers(path: Path, pattern: str) -> list[float]:
    """Groups of a pattern in the text of a file, as numbers."""
    found = re.search(pattern, path.read_text(encoding="latin-1"))
    assert found, pattern
    return [float(group) for group in found.groups()]


def vertices(file: ifcopenshell.file, product: ifcopenshell.entity_instance) -> Points:
    """(n, 3) vertices of a product in local metres, by the geometry kernel."""
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    shape = ifcopenshell.geom.create_shape(settings, product)
    return np.array(shape.geometry.verts, dtype=np.float64).reshape(-1, 3)  # type: ignore[union-attr]  # a shape, not a brep


def drawn_bounds(file: ifcopenshell.file, count: int = 3) -> Points:
    """Box of the first few things that have a body."""
    corners: list[Points] = []
    for product in file.by_type("IfcProduct"):
        with contextlib.suppress(RuntimeError):
            points = vertices(file, product) if product.Representation else np.zeros((0, 3))
            corners += [points.min(axis=0), points.max(axis=0)] if len(points) else []
        if len(corners) >= 2 * count:
            break
    return np.array([np.min(corners, axis=0), np.max(corners, axis=0)])


def opened(path: Path, *, bounded: bool = True) -> tuple[ifcopenshell.file, Diagnosis]:
    file = open_ifc(path).file
    bounds = drawn_bounds(file) if bounded else None
    return file, diagnose(file, overrides=PlacementOverrides(), bounds=bounds)


def metres_apart(frame: Frame, local: Points, lon: Points, lat: Points, height: Points) -> float:
    """Largest distance in ECEF between where a frame puts local points and where they should be."""
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.column_stack(to_ecef.transform(list(lon), list(lat), list(height)))
    return float(np.linalg.norm(frame.to_ecef(local) - expected, axis=1).max())


def azimuth(frame: Frame, start: Points, end: Points) -> float:
    """Geodesic bearing from one local point to another, degrees from true north."""
    (lon, lat, _), (lon2, lat2, _) = frame.to_geographic(np.vstack([start, end]))
    return float(pyproj.Geod(ellps="WGS84").inv(lon, lat, lon2, lat2)[0]) % 360.0


def angle_between(first: float, second: float) -> float:
    return abs((first - second + 180.0) % 360.0 - 180.0)


@pytest.mark.parametrize("discipline", DISCIPLINES)
def test_every_vertex_of_the_certification_scene_lands_where_its_numbers_say(
    real_data: Path, discipline: str
) -> None:
    path = real_data / PCERT / f"{discipline}.ifc"
    file, diagnosis = opened(path)
    # map unit and project unit are millimetres in all five; the axis is that of local x
    pattern = rf"IFCMAPCONVERSION\(#\d+,#\d+,{NUMBER},{NUMBER},{NUMBER},{NUMBER},{NUMBER},1\.\)"
    east, north, height, abscissa, ordinate = numbers(path, pattern)
    products = [p for p in file.by_type("IfcProduct") if p.Representation and not p.is_a("IfcOpeningElement")]
    local = np.vstack([vertices(file, product) for product in products[:6]])
    easting = east / 1000.0 + abscissa * local[:, 0] - ordinate * local[:, 1]
    northing = north / 1000.0 + ordinate * local[:, 0] + abscissa * local[:, 1]
    lon, lat = pyproj.Proj("+proj=utm +zone=60 +south +ellps=WGS84")(easting, northing, inverse=True)
    frame = Frame(diagnosis.placement)
    assert metres_apart(frame, local, lon, lat, height / 1000.0 + local[:, 2]) < FIVE_CM
    assert diagnosis.used == "IfcMapConversion"


@pytest.mark.parametrize("discipline", DISCIPLINES)
def test_the_disciplines_of_one_scene_share_their_reference_marker(real_data: Path, discipline: str) -> None:
    file, diagnosis = opened(real_data / PCERT / f"{discipline}.ifc", bounded=False)
    marker = file.by_guid("3Fit2Fad92zf2f6aWdJtF5")
    assert marker.Name == "geo-reference"
    placed = Frame(diagnosis.placement).to_ecef(vertices(file, marker))
    other, other_diagnosis = opened(real_data / PCERT / "Infra-Road.ifc", bounded=False)
    expected = Frame(other_diagnosis.placement).to_ecef(vertices(other, other.by_guid(marker.GlobalId)))
    apart = np.linalg.norm(placed[:, None, :] - expected[None, :, :], axis=2)
    assert apart.min(axis=1).max() < FIVE_CM
    assert apart.min(axis=0).max() < FIVE_CM


def test_the_axis_of_the_certification_house_has_its_bearing(real_data: Path) -> None:
    path = real_data / PCERT / "Building-Architecture.ifc"
    _, diagnosis = opened(path)
    frame = Frame(diagnosis.placement)
    start, end = np.zeros((1, 3)), np.array([[50.0, 0.0, 0.0]])
    lon, lat, _ = frame.to_geographic(start)[0]
    convergence = pyproj.Proj("EPSG:32760").get_factors(lon, lat).meridian_convergence
    # local x is 60° counter-clockwise from the map's east
    assert angle_between(azimuth(frame, start, end), 90.0 - 60.0 + convergence) < 0.001


@pytest.mark.parametrize(
    "name", ["GRF/grf000/pass-grf000-correct_georeferencing", "IFC/ifc106/pass-ifc106-with_georeferencing"]
)
def test_a_millimetre_model_on_a_gauss_kruger_map_in_metres(real_data: Path, name: str) -> None:
    path = real_data / RULES / f"{name}.ifc"
    file, diagnosis = opened(path)
    pattern = rf"IFCMAPCONVERSION\(#\d+,#\d+,{NUMBER},{NUMBER},{NUMBER},{NUMBER},{NUMBER},\$\)"
    east, north, height, abscissa, ordinate = numbers(path, pattern)
    product = next(p for p in file.by_type("IfcElement") if p.Representation)
    local = vertices(file, product)
    easting = east + abscissa * local[:, 0] - ordinate * local[:, 1]
    northing = north + ordinate * local[:, 0] + abscissa * local[:, 1]
    lon, lat = pyproj.Transformer.from_crs("EPSG:31467", "EPSG:4326", always_xy=True).transform(
        easting, northing
    )
    frame = Frame(diagnosis.placement)
    assert metres_apart(frame, local, lon, lat, height + local[:, 2]) < FIVE_CM
    convergence = pyproj.Proj("EPSG:31467").get_factors(lon[0], lat[0]).meridian_convergence
    bearing = azimuth(frame, np.zeros((1, 3)), np.array([[0.0, 50.0, 0.0]]))
    # the datum shift from DHDN turns by less than two seconds of arc
    assert angle_between(bearing, -math.degrees(math.atan2(ordinate, abscissa)) + convergence) < 0.001


def test_a_model_in_us_survey_feet_lands_where_the_parameters_of_its_own_projection_say(
    real_data: Path,
) -> None:
    path = real_data / RULES / "IFC/ifc105/pass-ifc105-wellknowntext.ifc"
    _, diagnosis = opened(path, bounded=False)
    east, north = numbers(path, rf"IFCMAPCONVERSION\(#\d+,#\d+,{NUMBER},{NUMBER},0\.0,")
    # the projection in the file's WKT; its feet are US survey feet, as PROJ's x_0 is in metres
    foot = 1200.0 / 3937.0
    lcc = pyproj.Proj(
        f"+proj=lcc +lat_0=43.6666666666667 +lon_0=-120.5 +lat_1=46 +lat_2=44.3333333333333 +x_0={8202083.333 * foot!r} "
        "+y_0=0 +a=6378137 +rf=298.25722210"
    )
    lon, lat = lcc(east * foot, north * foot, inverse=True)
    frame = Frame(diagnosis.placement)
    assert metres_apart(frame, np.zeros((1, 3)), np.array([lon]), np.array([lat]), np.zeros(1)) < FIVE_CM
    # the file's author gives longitude and latitude, too, on a datum of which he says nothing
    (said_lon,) = numbers(path, rf"Base Point Longitude',\$,IFCPLANEANGLEMEASURE\({NUMBER}\)")
    (said_lat,) = numbers(path, rf"Base Point Latitude',\$,IFCPLANEANGLEMEASURE\({NUMBER}\)")
    assert (
        metres_apart(frame, np.zeros((1, 3)), np.array([said_lon]), np.array([said_lat]), np.zeros(1)) < 1.0
    )
    # one local metre east is one metre east on the ground, within the scale of the projection
    step = frame.to_ecef(np.array([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]))
    assert np.linalg.norm(step[1] - step[0]) == pytest.approx(100.0, abs=0.02)


def test_a_model_in_map_coordinates_and_its_local_twin_stand_at_the_same_place(real_data: Path) -> None:
    first_point = rf"IFCCARTESIANPOINTLIST3D\(\(\({NUMBER}, {NUMBER}, {NUMBER}\)"
    paths = [
        real_data / INFRA / name / f"{name}.ifc"
        for name in ("Georeferencing-Tin-12d-1", "Georeferencing-Tin-12d-2")
    ]
    corners = [np.array([numbers(path, first_point)]) for path in paths]
    assert np.abs(corners[0]).max() > 1e6 > np.abs(corners[1]).max()
    places = []
    for path, corner in zip(paths, corners, strict=True):
        file = open_ifc(path).file
        diagnosis = diagnose(file, overrides=PlacementOverrides(), bounds=np.vstack([corner, corner + 1.0]))
        places.append(Frame(diagnosis.placement).to_ecef(corner))
        lon, lat = pyproj.Transformer.from_crs("EPSG:7856", "EPSG:4326", always_xy=True).transform(
            *corners[0][0, :2]
        )
        assert (
            metres_apart(Frame(diagnosis.placement), corner, *np.array([[lon], [lat], [corner[0, 2]]]))
            < FIVE_CM
        )
    assert np.linalg.norm(places[0] - places[1]) < FIVE_CM


def test_drawn_geometry_in_map_coordinates_is_inside_the_area_of_its_crs(real_data: Path) -> None:
    name = "Georeferencing-Earthworks-12d-1"
    _, diagnosis = opened(real_data / INFRA / name / f"{name}.ifc")
    lon, lat, _ = Frame(diagnosis.placement).to_geographic(np.array([diagnosis.placement.anchor]))[0]
    assert 150.0 < lon < 156.0
    assert -24.0 < lat < -23.0
    assert not any("outside" in warning for warning in diagnosis.warnings)


def test_a_house_in_karlsruhe_stands_at_its_sites_position_turned_by_true_north(real_data: Path) -> None:
    path = real_data / "ifc/ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc"
    _, diagnosis = opened(path, bounded=False)
    parts = numbers(path, r"IFCSITE\(.*\((\d+),(\d+),(\d+),(\d+)\),\((\d+),(\d+),(\d+),(\d+)\),([\d.]+)")
    weights = np.array([1.0, 1.0 / 60.0, 1.0 / 3600.0, 1.0 / 3600e6])
    lat, lon, height = weights @ parts[:4], weights @ parts[4:8], parts[8]
    frame = Frame(diagnosis.placement)
    assert metres_apart(frame, np.zeros((1, 3)), *np.array([[lon], [lat], [height]])) < FIVE_CM
    east, north = numbers(path, rf"IFCDIRECTION\(\({NUMBER},{NUMBER}\)\)")
    towards_north = np.array([[east, north, 0.0]]) * 50.0
    assert angle_between(azimuth(frame, np.zeros((1, 3)), towards_north), 0.0) < 0.001


EXPECTED = {
    "grf000/na-grf000-ifc4_no_georeferencing": ("default", "none"),
    "grf000/na-grf000-no_georeferencing": ("default", "none"),
    "grf000/pass-grf000-correct_georeferencing": ("IfcMapConversion", "medium"),
    "grf000/pass-grf000-ifc4_georeferencing": ("default", "none"),
    "grf001/fail-grf001-ifcmapconversion_ifcmapconversion_non_identical": ("IfcMapConversion", "low"),
    "grf001/fail-grf001-ifcmapconversionscaled_ifcmapconversionscaled_non_identical": (
        "IfcMapConversionScaled",
        "low",
    ),
    "grf001/pass-grf001-ifcrigidoperation_ifcrigidoperation": ("IfcRigidOperation", "medium"),
    "grf001/na-grf001-none_none": ("default", "none"),
    "grf002/fail-grf002-invalid_epsg_code": ("default", "none"),
    "grf002/fail-grf002-no_espg_code": ("default", "none"),
    "grf003/fail-grf003-scenario01-building_without_georeferencing": ("IfcSite", "medium"),
    "grf003/na-grf003-correct_building_with_georeferencing": ("IfcMapConversion", "medium"),
    "grf004/fail-grf004-invalid_epsg_code_non_numerical": ("default", "none"),
    "grf004/pass-grf004-valid_epsg_code_alternative": ("IfcMapConversion", "low"),
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_the_georeferencing_rule_files_get_the_diagnosis_that_they_deserve(
    real_data: Path, name: str, expected: tuple[str, str]
) -> None:
    _, diagnosis = opened(real_data / RULES / "GRF" / f"{name}.ifc", bounded=False)
    assert (diagnosis.used, diagnosis.confidence) == expected


@pytest.mark.slow
def test_every_real_file_that_opens_has_a_place_on_earth_and_says_how_it_was_found(real_data: Path) -> None:
    counts: Counter[str] = Counter()
    for path in sorted((real_data / "ifc").rglob("*.ifc")):
        try:
            file = open_ifc(path).file
        except TwinError:
            continue
        diagnosis = diagnose(file, overrides=PlacementOverrides(), bounds=None)
        counts[diagnosis.used] += 1
        assert np.isfinite(
            Frame(diagnosis.placement).to_ecef(np.array([diagnosis.placement.anchor]))
        ).all(), path
        assert all(found.used or found.reason for found in diagnosis.found), path
        assert diagnosis.confidence == "high" or diagnosis.warnings, path
    assert counts["IfcMapConversion"] >= 60
    assert counts["IfcSite"] >= 15
