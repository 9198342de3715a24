"""Placement of layers: positions against pyproj, axis orders, Chinese map services, what is missing."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.override import PlacementOverrides
from twin.errors import PlacementError, UnsupportedSource
from twin.frames import Frame

_NOTHING = PlacementOverrides()


def _frame(
    points: list[list[float]], crs: LayerCrs | None = None, overrides: PlacementOverrides = _NOTHING
) -> tuple[LayerFrame, np.ndarray]:
    native = np.array(points, dtype=np.float64)
    box = np.array([native.min(axis=0), native.max(axis=0)])
    return layer_frame("layer", crs, overrides=overrides, box=box), native


def _ecef(frame: LayerFrame, native: np.ndarray) -> np.ndarray:
    local = frame.to_local(native)
    placement = frame.diagnosis(np.array([local.min(axis=0), local.max(axis=0)])).placement
    return Frame(placement).to_ecef(local)


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("EPSG:28992", [84_983.0, 447_463.0, 12.0]),
        ("EPSG:2056", [2_677_116.0, 1_241_839.0, 400.0]),
        ("EPSG:32632", [678_000.0, 5_403_000.0, 370.0]),
        ("EPSG:3857", [13_530_000.0, 3_490_000.0, 5.0]),
    ],
)
def test_positions_of_a_projected_layer_are_those_of_pyproj_within_a_centimetre(
    code: str, first: list[float]
) -> None:
    points = [
        [first[0] + dx, first[1] + dy, first[2]] for dx, dy in ((0, 0), (3000, 0), (0, 5000), (700, 900))
    ]
    frame, native = _frame(points, LayerCrs(what="crs", name=code))
    expected = pyproj.Transformer.from_crs(code, "EPSG:4326", always_xy=True).transform(*native[:, :2].T)
    found = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True).transform(
        *_ecef(frame, native).T
    )
    metres = np.hypot((found[0] - expected[0]) * np.cos(np.radians(expected[1])), found[1] - expected[1])
    assert np.all(metres * 111_320.0 < 0.01)
    assert np.allclose(found[2], native[:, 2], atol=0.01)


def test_a_urn_of_a_latitude_first_crs_is_read_latitude_first() -> None:
    crs = LayerCrs(what="srsName", name="http://www.opengis.net/def/crs/EPSG/0/6697", authority_order=True)
    frame, native = _frame([[35.25, 139.68, 3.0], [35.26, 139.69, 9.0]], crs)
    assert np.allclose(frame.to_geographic(native)[:, :2], [[139.68, 35.25], [139.69, 35.26]], atol=1e-6)


def test_longitude_first_is_recognised_where_latitude_is_impossible_and_told() -> None:
    crs = LayerCrs(what="srsName", name="EPSG:6697", authority_order=True)
    frame, native = _frame([[139.68, 35.25, 3.0], [139.69, 35.26, 9.0]], crs)
    assert np.allclose(frame.to_geographic(native)[:, 0], [139.68, 139.69], atol=1e-6)
    assert any("order east, north" in text for text in frame.diagnosis(None).warnings)


def test_gcj02_is_taken_back_to_wgs84_point_by_point() -> None:
    frame, native = _frame([[121.55, 29.87, 0.0]], overrides=PlacementOverrides(crs="gcj02"))
    lon, lat, _ = frame.to_geographic(native)[0]
    assert 0.003 < 121.55 - lon < 0.007
    assert 0.001 < abs(29.87 - lat) < 0.005


def test_a_layer_that_names_no_crs_is_refused_with_a_suggestion_from_its_coordinates() -> None:
    with pytest.raises(UnsupportedSource, match="--crs EPSG:4326"):
        _frame([[121.5, 29.8, 0.0]])
    with pytest.raises(UnsupportedSource, match="EPSG:28992"):
        _frame([[84_983.0, 447_463.0, 0.0]])


def test_a_declared_crs_loses_to_what_a_person_says() -> None:
    frame, _ = _frame(
        [[84_983.0, 447_463.0, 0.0]],
        LayerCrs(what="crs", name="EPSG:2056"),
        PlacementOverrides(crs="EPSG:28992", height_offset_m=43.0),
    )
    diagnosis = frame.diagnosis(None)
    assert diagnosis.used == "override"
    assert [item.used for item in diagnosis.found] == [True, False]
    assert frame.to_geographic(np.array([[84_983.0, 447_463.0, 1.0]]))[0, 2] == pytest.approx(44.0)


def test_an_unknown_crs_is_an_error_that_names_the_option() -> None:
    with pytest.raises(PlacementError, match="--crs"):
        _frame([[0.0, 0.0, 0.0]], overrides=PlacementOverrides(crs="EPSG:999999"))


def test_an_origin_makes_the_coordinates_metres_from_there() -> None:
    frame, native = _frame(
        [[0.0, 0.0, 0.0], [10.0, 0.0, 0.0]], overrides=PlacementOverrides(origin=(121.5, 29.8, 5.0))
    )
    ecef = _ecef(frame, native)
    assert np.linalg.norm(ecef[1] - ecef[0]) == pytest.approx(10.0, abs=1e-6)
    assert np.allclose(frame.to_geographic(native)[0], [121.5, 29.8, 5.0], atol=1e-9)


@given(
    st.lists(
        st.tuples(
            st.floats(121.0, 122.0), st.floats(29.0, 30.0), st.floats(-100, 500) | st.just(float("nan"))
        ),
        min_size=1,
        max_size=20,
    )
)
def test_points_that_are_not_finite_stay_so_and_do_not_disturb_others(
    points: list[tuple[float, ...]],
) -> None:
    native = np.array([[121.5, 29.5, 0.0], *points])
    frame = layer_frame(
        "layer",
        LayerCrs(what="crs", name="EPSG:4979"),
        overrides=_NOTHING,
        box=np.array([[121.0, 29.0, 0.0], [122.0, 30.0, 0.0]]),
    )
    local = frame.to_local(native)
    finite = np.isfinite(native).all(axis=1)
    assert np.array_equal(np.isfinite(local).all(axis=1), finite)
    alone = np.vstack([frame.to_local(row[None, :]) for row in native[finite]])
    assert np.allclose(local[finite], alone, atol=1e-6)


def test_axes_are_those_of_the_layer_and_right_angled() -> None:
    frame, native = _frame([[84_983.0, 447_463.0, 12.0]], LayerCrs(what="crs", name="EPSG:28992"))
    axes = frame.axes_at(native[0])
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    step = frame.to_local(native + np.array([[0.0, 100.0, 0.0]])) - frame.to_local(native)
    assert np.allclose(step[0] / 100.0, axes[:, 1], atol=2e-4)
