"""The tangent plane of layers against PROJ's own topocentric step."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.frames import Frame, TangentPlane


def topocentric(plane: TangentPlane, points: np.ndarray) -> np.ndarray:
    at = f"+lon_0={plane.lon!r} +lat_0={plane.lat!r} +h_0=0 +ellps=WGS84"
    step = pyproj.Transformer.from_pipeline(
        f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 +step +proj=topocentric {at}"
    )
    return np.column_stack(step.transform(*points.T))


places = st.tuples(st.floats(-180, 180), st.floats(-89, 89))


@given(places, st.integers(0, 1000))
def test_local_metres_are_those_of_proj_anywhere_on_earth(place: tuple[float, float], seed: int) -> None:
    plane = TangentPlane.near(*place)
    points = np.random.default_rng(seed).uniform((-180, -90, -500), (180, 90, 9000), (20, 3))
    assert np.abs(plane.local(points) - topocentric(plane, points)).max() < 1e-6


def test_a_kilometre_up_is_a_kilometre_along_the_up_vector() -> None:
    plane = TangentPlane.near(121.55, 29.87)
    points = np.array([[121.0, 29.0, 10.0], [122.3, 30.2, -3.0], [-60.0, -45.0, 0.0]])
    places, up = plane.local_and_up(points)
    higher = plane.local(points + np.array([0.0, 0.0, 1000.0]))
    assert np.abs(places + 1000.0 * up - higher).max() < 1e-6
    assert np.linalg.norm(up, axis=1) == pytest.approx(np.ones(3), abs=1e-12)


def test_the_frame_of_its_placement_leads_back_to_the_same_places_even_countries_away() -> None:
    plane = TangentPlane.near(121.55, 29.87)
    points = np.random.default_rng(5).uniform((75, 18, -100), (135, 53, 5000), (100, 3))
    back = Frame(plane.placement()).to_geographic(plane.local(points))
    assert np.abs(back - points).max(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)


def test_places_of_one_town_share_a_plane() -> None:
    assert TangentPlane.near(121.512, 29.861).placement() == TangentPlane.near(121.538, 29.87).placement()
