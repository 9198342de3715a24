"""GCJ-02 and BD-09: values that other implementations publish, and exact inverses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.frames import Frame, Placement
from twin.frames.china import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    in_china,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

LONGITUDES = st.floats(73.0, 135.0)
LATITUDES = st.floats(3.0, 54.0)


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        # test values of eviltransform and coordtransform
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
    ],
)
def test_gcj02_agrees_with_published_values(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert wgs84_to_gcj02(np.array([wgs84]))[0] == pytest.approx(gcj02, abs=1e-9)


def test_bd09_agrees_with_published_values() -> None:
    place = gcj02_to_bd09(np.array([(116.404, 39.915)]))[0]
    assert place == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(lon=LONGITUDES, lat=LATITUDES)
def test_the_way_to_gcj02_and_bd09_and_back_ends_within_a_tenth_of_a_millimetre(
    lon: float, lat: float
) -> None:
    place = np.array([[lon, lat]])
    assert np.abs(gcj02_to_wgs84(wgs84_to_gcj02(place)) - place).max() < 1e-9
    assert np.abs(bd09_to_gcj02(gcj02_to_bd09(place)) - place).max() < 1e-9
    assert np.abs(bd09_to_wgs84(wgs84_to_bd09(place)) - place).max() < 1e-9


@settings(max_examples=100, deadline=None)
@given(lon=st.floats(-180, 71.9), lat=st.floats(-90, 90))
def test_outside_china_all_frames_are_the_same(lon: float, lat: float) -> None:
    place = np.array([[lon, lat]])
    assert not in_china(place)[0]
    for convert in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        assert np.array_equal(convert(place), place)


def test_arrays_are_converted_as_their_rows_are() -> None:
    places = np.array([[121.55, 29.87], [2.35, 48.85], [104.06, 30.67]])
    rows = np.vstack([bd09_to_wgs84(row[None, :]) for row in places])
    assert np.abs(bd09_to_wgs84(places) - rows).max() < 1e-11


@pytest.mark.parametrize(("crs", "forward"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_a_model_declared_in_a_chinese_map_frame_stands_at_its_wgs84_place(crs: str, forward: object) -> None:
    assert callable(forward)
    wanted = np.array([[121.5440, 29.8683]])
    lon, lat = forward(wanted)[0]
    frame = Frame(Placement(kind="geographic", crs=crs, origin=(lon, lat, 4.0), rotation_deg=10.0))
    reference = Frame(
        Placement(kind="geographic", crs="EPSG:4979", origin=(*wanted[0], 4.0), rotation_deg=10.0)
    )
    points = np.array([[0.0, 0.0, 0.0], [300.0, -200.0, 40.0]])
    assert np.abs(frame.to_ecef(points) - reference.to_ecef(points)).max() < 1e-3
    assert frame.accuracy_m == 1.0
