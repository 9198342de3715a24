"""Frames against pyproj by another path: other transformers, PROJ's own topocentric step, published geoid values."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyproj
import pyproj.datadir
import pyproj.network
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import PlacementError
from twin.frames import Frame, Placement, Points, ecef_from_geographic, geographic_from_ecef

US_FOOT = 1200.0 / 3937.0

PROJECTED = [
    ("EPSG:4549", 649757.0, 3306711.0, 1.0),
    ("EPSG:4550", 360000.0, 3306711.0, 1.0),
    ("EPSG:4528", 40649757.0, 3306711.0, 1.0),
    ("EPSG:32760", 729013.0, 9063992.0, 1.0),
    ("EPSG:25832", 458715.0, 5439966.0, 1.0),
    ("EPSG:2056", 2600000.0, 1200000.0, 1.0),
    ("EPSG:28992", 121687.0, 487484.0, 1.0),
    ("EPSG:5186", 200000.0, 550000.0, 1.0),
    ("EPSG:2263", 1000000.0, 200000.0, US_FOOT),
    ("EPSG:3857", 13531000.0, 3485000.0, 1.0),
]
"""CRS, easting, northing in its units, metres in one of them."""


def local_points(seed: int = 1, size: float = 500.0, count: int = 200) -> Points:
    return np.random.default_rng(seed).uniform(-size, size, (count, 3))


def ecef_by_pyproj(crs: str, east: Points, north: Points, height: Points) -> Points:
    """Horizontal through one transformer, height past it, ECEF through another."""
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(east, north)
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    return np.column_stack(to_ecef.transform(lon, lat, height))


def topocentric(lon: float, lat: float, height: float, ecef: Points) -> Points:
    """East, north, up of ECEF points as PROJ's own step computes them."""
    at = f"+lon_0={float(lon)!r} +lat_0={float(lat)!r} +h_0={float(height)!r}"
    step = pyproj.Transformer.from_pipeline(f"+proj=topocentric +ellps=WGS84 {at}")
    return np.column_stack(step.transform(*ecef.T))


@pytest.mark.parametrize(("crs", "east", "north", "unit"), PROJECTED)
def test_a_projected_placement_agrees_with_pyproj_to_a_micrometre(
    crs: str, east: float, north: float, unit: float
) -> None:
    turn, scale = math.radians(37.0), 0.9998
    placement = Placement(
        kind="projected", crs=crs, origin=(east, north, 12.5), rotation_deg=37.0, scale=(scale, scale, scale)
    )
    points = local_points()
    x, y, z = points.T * scale
    easting = east + (x * math.cos(turn) - y * math.sin(turn)) / unit
    northing = north + (x * math.sin(turn) + y * math.cos(turn)) / unit
    expected = ecef_by_pyproj(crs, easting, northing, 12.5 + z)
    assert np.abs(Frame(placement).to_ecef(points) - expected).max() < 1e-6


def test_ningbo_in_cgcs2000_takes_easting_before_northing_though_epsg_does_not() -> None:
    assert pyproj.CRS("EPSG:4549").axis_info[0].direction == "north"
    frame = Frame(Placement(kind="projected", crs="EPSG:4549", origin=(649757.548, 3306711.728, 5.0)))
    assert frame.to_geographic(np.zeros((1, 3)))[0] == pytest.approx([121.55, 29.87, 5.0], abs=1e-7)


def test_a_system_with_southing_and_westing_stands_where_its_east_north_twin_does() -> None:
    origin = (-743000.0, -1042000.0, 200.0)
    places = [
        Frame(Placement(kind="projected", crs=crs, origin=origin, rotation_deg=10.0)).to_ecef(local_points())
        for crs in ("EPSG:5513", "EPSG:5514")
    ]
    assert np.abs(places[0] - places[1]).max() < 1e-6


@pytest.mark.parametrize("spelling", ["EPSG:4549", "epsg 4549", "urn:ogc:def:crs:EPSG::4549", "EPSG4549"])
def test_a_code_is_understood_in_every_usual_spelling(spelling: str) -> None:
    origin = (649757.0, 3306711.0, 5.0)
    frames = [Frame(Placement(kind="projected", crs=crs, origin=origin)) for crs in ("EPSG:4549", spelling)]
    first, second = (frame.to_ecef(np.zeros((1, 3))) for frame in frames)
    assert np.array_equal(first, second)


@settings(max_examples=60, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89.9, 89.9),
    height=st.floats(-500, 9000),
    turn=st.floats(-180, 180),
)
def test_a_geographic_placement_is_the_tangent_plane_of_proj(
    lon: float, lat: float, height: float, turn: float
) -> None:
    placement = Placement(kind="geographic", crs="EPSG:4979", origin=(lon, lat, height), rotation_deg=turn)
    points = local_points(count=20)
    spin = math.radians(turn)
    rotation = np.array(
        [[math.cos(spin), -math.sin(spin), 0], [math.sin(spin), math.cos(spin), 0], [0, 0, 1]]
    )
    enu = topocentric(lon, lat, height, Frame(placement).to_ecef(points))
    assert np.abs(enu - points @ rotation.T).max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), height=st.floats(-1000, 10000))
def test_ecef_and_geographic_are_inverse_and_agree_with_pyproj(lon: float, lat: float, height: float) -> None:
    place = np.array([[lon, lat, height]])
    ecef = ecef_from_geographic(place)
    expected = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(
        lon, lat, height
    )
    assert np.abs(ecef[0] - expected).max() < 1e-7
    assert np.abs(ecef_from_geographic(geographic_from_ecef(ecef)) - ecef).max() < 2e-6


@pytest.mark.parametrize(("crs", "east", "north", "unit"), PROJECTED)
def test_the_affine_at_a_tile_centre_leaves_out_only_the_curvature(
    crs: str, east: float, north: float, unit: float
) -> None:
    placement = Placement(kind="projected", crs=crs, origin=(east, north, 30.0), rotation_deg=-20.0)
    frame, centre = Frame(placement), np.array([1500.0, -800.0, 25.0])
    offsets = local_points(size=500.0 / math.sqrt(2.0)) * (1.0, 1.0, 0.01)
    affine = frame.affine_at(centre)
    error = frame.to_ecef(centre + offsets) - (offsets @ affine[:3, :3].T + affine[:3, 3])
    lon, lat, height = frame.to_geographic(centre[None, :])[0]
    origin = frame.to_ecef(centre[None, :])[0]
    east_err, north_err, up_err = topocentric(lon, lat, height, origin + error).T
    flat = np.hypot(offsets[:, 0], offsets[:, 1])
    # on Web Mercator lengths on the ground are cos(lat) of those on the map
    shrink = np.linalg.norm(affine[:3, 0])
    drop = (flat * shrink) ** 2 / (2.0 * 6.37e6)
    assert np.hypot(east_err, north_err).max() < (1e-3 if crs != "EPSG:3857" else 0.05)
    assert np.abs(up_err + drop).max() < 1e-3


def test_the_affine_of_a_plane_is_exact() -> None:
    frame = Frame(
        Placement(kind="geographic", crs="EPSG:4979", origin=(121.55, 29.87, 5.0), rotation_deg=33.0)
    )
    centre, offsets = np.array([200.0, 300.0, 10.0]), local_points(size=5000.0)
    affine = frame.affine_at(centre)
    error = frame.to_ecef(centre + offsets) - (offsets @ affine[:3, :3].T + affine[:3, 3])
    assert np.abs(error).max() < 1e-6


def test_the_local_matrix_comes_before_scale_rotation_and_origin() -> None:
    matrix = (0.0, -1.0, 0.0, 100.0, 1.0, 0.0, 0.0, -50.0, 0.0, 0.0, 1.0, 7.0)
    common = {"crs": "EPSG:32651", "origin": (360000.0, 3305000.0, 2.0), "rotation_deg": 15.0}
    with_matrix = Placement(kind="projected", matrix=matrix, scale=(2.0, 3.0, 1.0), **common)  # type: ignore[arg-type]  # a dict of mixed values
    without = Placement(kind="projected", scale=(2.0, 3.0, 1.0), **common)  # type: ignore[arg-type]  # the same
    points = local_points()
    moved = np.column_stack([-points[:, 1] + 100.0, points[:, 0] - 50.0, points[:, 2] + 7.0])
    assert np.abs(Frame(with_matrix).to_ecef(points) - Frame(without).to_ecef(moved)).max() < 1e-6


def test_a_stated_undulation_is_added_to_heights() -> None:
    origin = (121687.0, 487484.0, 1.0)
    frame = Frame(Placement(kind="projected", crs="EPSG:7415", origin=origin, undulation_m=43.25))
    assert frame.to_geographic(np.array([[0.0, 0.0, 3.0]]))[0, 2] == pytest.approx(47.25, abs=1e-6)


@pytest.mark.parametrize(("crs", "vertical"), [("EPSG:7415", "ellipsoidal"), ("EPSG:28992", "EPSG:5709")])
def test_heights_above_a_geoid_that_is_not_there_are_an_error_that_says_what_to_do(
    crs: str, vertical: str
) -> None:
    placement = Placement(kind="projected", crs=crs, origin=(121687.0, 487484.0, 1.0), vertical=vertical)
    with pytest.raises(PlacementError, match=r"NAP height.*nl_nsgi_nlgeo2018\.tif.*--height-offset"):
        Frame(placement)


@pytest.fixture
def egm96(real_data: Path, tmp_path: Path) -> Iterator[None]:
    """PROJ with the EGM96 geoid, as a user would install it."""
    source = real_data / "gis/Gaia3D+mago-3d-tiler/mago-tiler/src/main/resources/geoid/egm96_15.tif"
    if not source.exists():
        pytest.skip("no EGM96 grid among the real data")
    shutil.copy(source, tmp_path / "us_nga_egm96_15.tif")
    before = pyproj.datadir.get_data_dir()
    pyproj.datadir.append_data_dir(str(tmp_path))
    yield
    pyproj.datadir.set_data_dir(before)


@pytest.mark.parametrize(
    ("lat", "lon", "undulation"),
    [
        (38.6281550, -90.2208450, -31.628),
        (46.8743190, 102.4487290, -43.575),
        (-23.6174460, 133.8747120, 15.871),
    ],
)
def test_a_geoid_grid_gives_the_undulations_that_nga_publishes_for_egm96(
    egm96: None, lat: float, lon: float, undulation: float
) -> None:
    zone = 32600 + int((lon + 180.0) // 6.0) + 1 + (100 if lat < 0.0 else 0)
    east, north = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{zone}", always_xy=True).transform(lon, lat)
    placement = Placement(
        kind="projected", crs=f"EPSG:{zone}", origin=(east, north, 100.0), vertical="EPSG:5773"
    )
    height = Frame(placement).to_geographic(np.zeros((1, 3)))[0, 2]
    assert height - 100.0 == pytest.approx(undulation, abs=0.1)  # 15' grid, read between its nodes


def test_the_geoid_applies_where_proj_knows_no_datum_operation(egm96: None) -> None:
    origin = (649757.0, 3306711.0, 5.0)
    chinese = Frame(Placement(kind="projected", crs="EPSG:4549", origin=origin, vertical="EPSG:5773"))
    lon, lat, height = chinese.to_geographic(np.zeros((1, 3)))[0]
    expected = pyproj.Transformer.from_crs("EPSG:4326+5773", "EPSG:4979", always_xy=True).transform(
        lon, lat, 5.0
    )
    assert height == pytest.approx(expected[2], abs=1e-6)
    assert height > 15.0


def test_no_warning_where_all_is_well() -> None:
    assert not Frame(Placement(kind="projected", crs="EPSG:4549", origin=(649757.0, 3306711.0, 5.0))).warnings
    assert not Frame(
        Placement(kind="projected", crs="EPSG:32651", origin=(360000.0, 3305000.0, 5.0))
    ).warnings


def test_a_model_outside_the_area_of_its_crs_is_said_with_the_distance() -> None:
    frame = Frame(Placement(kind="projected", crs="EPSG:4549", origin=(0.0, 0.0, 0.0)))
    assert frame.outside_km == pytest.approx(2718, abs=60)
    assert any("outside the area of use" in warning for warning in frame.warnings)


def test_the_area_is_judged_at_the_model_not_at_its_origin() -> None:
    anchor = (649757.0, 3306711.0, 0.0)
    assert not Frame(
        Placement(kind="projected", crs="EPSG:4549", origin=(0.0, 0.0, 0.0), anchor=anchor)
    ).warnings


def test_a_datum_that_proj_cannot_relate_is_said() -> None:
    wkt = (
        'PROJCS["HARN/WO.OR-NF",GEOGCS["HARN/WO.LL",DATUM["HARN/WO",SPHEROID["GRS1980",6378137,298.2572221]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic_2SP"],'
        'PARAMETER["false_easting",8202083.333],PARAMETER["false_northing",0],PARAMETER["central_meridian",-120.5],'
        'PARAMETER["latitude_of_origin",43.6666666666667],PARAMETER["standard_parallel_1",46],'
        'PARAMETER["standard_parallel_2",44.3333333333333],UNIT["Foot_US",0.304800609601219]]'
    )
    frame = Frame(Placement(kind="projected", crs=wkt, origin=(7646619.43, 683451.2, 0.0)))
    assert frame.accuracy_m is None
    assert any("no datum transformation" in warning for warning in frame.warnings)


def test_a_coarse_datum_operation_is_said() -> None:
    frame = Frame(Placement(kind="projected", crs="EPSG:31467", origin=(3458715.92, 5439966.65, 113.7)))
    assert frame.accuracy_m is not None
    assert frame.accuracy_m > 1.0
    assert "stated to" in frame.warnings[0]


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        (Placement(kind="projected", crs="EPSG:999999", origin=(0, 0, 0)), "is not known"),
        (Placement(kind="projected", crs="EPSG:4978", origin=(0, 0, 0)), "Geocentric"),
        (Placement(kind="projected", crs="EPSG:5709", origin=(0, 0, 0)), "Vertical"),
        (Placement(kind="projected", crs="EPSG:4326", origin=(0, 0, 0)), "is geographic"),
        (Placement(kind="geographic", crs="EPSG:4549", origin=(121, 29, 0)), "is projected"),
        (Placement(kind="geographic", crs="EPSG:4326", origin=(500000, 3000000, 0)), "no place|not on Earth"),
        (Placement(kind="projected", crs="EPSG:4549", origin=(1e9, 1e9, 0)), "no place"),
        (Placement(kind="projected", crs="gcj02", origin=(121, 29, 0)), "no projected system"),
        (
            Placement(kind="projected", crs="EPSG:4549", origin=(5e5, 3e6, 0), vertical="EPSG:4549"),
            "vertical",
        ),
    ],
)
def test_what_leads_nowhere_is_refused_with_advice(placement: Placement, reason: str) -> None:
    with pytest.raises(PlacementError, match=reason) as caught:
        Frame(placement)
    assert caught.value.advice


def test_a_point_off_the_map_is_an_error_and_nan_stays_nan() -> None:
    frame = Frame(Placement(kind="projected", crs="EPSG:4549", origin=(649757.0, 3306711.0, 5.0)))
    result = frame.to_ecef(np.array([[np.nan, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert np.isnan(result[0]).all()
    assert np.isfinite(result[1]).all()
    with pytest.raises(PlacementError, match="no place"):
        frame.to_ecef(np.array([[1e12, 1e12, 0.0]]))


def test_frames_never_let_proj_use_the_network() -> None:
    pyproj.network.set_network_enabled(active=True)  # type: ignore[attr-defined]  # public, but not in __all__
    Frame(Placement(kind="projected", crs="EPSG:28992", origin=(121687.0, 487484.0, 1.0)))
    assert not pyproj.network.is_network_enabled()  # type: ignore[attr-defined]  # the same


def test_one_operation_serves_the_whole_model_across_a_border() -> None:
    # at Basel three countries meet; PROJ on its own would change operations from point to point
    frame = Frame(Placement(kind="projected", crs="EPSG:23032", origin=(397000.0, 5269000.0, 260.0)))
    row = np.column_stack([np.linspace(-20000.0, 20000.0, 4001), np.zeros(4001), np.zeros(4001)])
    steps = np.linalg.norm(np.diff(frame.to_ecef(row), axis=0), axis=1)
    assert np.ptp(steps) < 0.01
