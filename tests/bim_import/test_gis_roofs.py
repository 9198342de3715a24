"""Pitched roofs against their formulas: volumes, heights, closed solids."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bim_import.city_models import Imported
from tests.bim_import.gis_layers import (
    NINGBO,
    block,
    feature,
    geojson,
    imported,
    metres,
    places,
    solid,
    true_area,
)

LON, LAT = NINGBO
VOLUMES = {"gabled": 1 / 2, "hipped": 5 / 12, "pyramidal": 1 / 3, "skillion": 1 / 2}
"""Of roofs over a rectangle of 20 m by 10 m, as shares of the box around them."""


def house(folder: Path, footprint: shapely.Geometry, **tags: Any) -> Imported:
    return imported(geojson(folder, feature(footprint, **tags)))


@pytest.mark.parametrize("shape", VOLUMES)
def test_a_roof_is_closed_and_has_the_volume_of_its_formula(tmp_path: Path, shape: str) -> None:
    footprint = block(LON, LAT)
    found = house(tmp_path, footprint, height=10.0, **{"roof:shape": shape, "roof:height": 4})
    body = solid(found, "0")
    assert body.is_watertight
    assert body.is_winding_consistent
    area = true_area(LON, LAT, footprint)
    assert body.volume == pytest.approx(area * (6.0 + 4.0 * VOLUMES[shape]), rel=1e-3)
    assert not any("roof" in text for text in found.report.warnings)


def test_the_ridge_runs_along_the_long_side_unless_it_is_said_to_run_across(tmp_path: Path) -> None:
    def ridge(**tags: Any) -> np.ndarray:
        found = house(tmp_path, block(LON, LAT), height=10.0, **{"roof:shape": "gabled"}, **tags)
        at = places(found, "0")
        top = np.unique(at[at[:, 2] > 9.99][:, :2].round(7), axis=0)
        return np.asarray(np.ptp(top, axis=0) * (96600.0, 110850.0))

    assert ridge() == pytest.approx([20.0, 0.0], abs=0.1)
    assert ridge(**{"roof:orientation": "across"}) == pytest.approx([0.0, 10.0], abs=0.1)
    assert ridge(**{"roof:direction": "E"}) == pytest.approx([0.0, 10.0], abs=0.1)


def test_a_skillion_falls_in_its_direction(tmp_path: Path) -> None:
    tags = {"roof:shape": "skillion", "roof:height": 3, "roof:direction": "90"}
    at = places(house(tmp_path, block(LON, LAT), height=10.0, **tags), "0")
    west, east = at[at[:, 0] < LON + 1e-7], at[at[:, 0] > LON + 2e-4]
    assert west[:, 2].max() == pytest.approx(10.0, abs=0.01)
    assert east[:, 2].max() == pytest.approx(7.0, abs=0.01)


def test_floors_do_not_count_the_roof_and_a_height_does(tmp_path: Path) -> None:
    tags = {"roof:shape": "gabled", "roof:height": "2.5"}
    by_floors = places(house(tmp_path, block(LON, LAT), **{"building:levels": 3}, **tags), "0")
    by_height = places(house(tmp_path, block(LON, LAT), height=9.0, **tags), "0")
    assert by_floors[:, 2].max() == pytest.approx(11.5, abs=0.01)
    assert by_height[:, 2].max() == pytest.approx(9.0, abs=0.01)


@pytest.mark.parametrize("tags", [{"roof:shape": "onion"}, {"roof:shape": "pyramidal"}])
def test_a_roof_that_is_not_drawn_or_does_not_fit_is_flat_and_counted(tmp_path: Path, tags: Any) -> None:
    outline = [(0, 0), (20, 0), (20, 20), (19, 20), (19, 1), (0, 1)]
    found = house(tmp_path, shapely.Polygon(metres(LON, LAT, outline)), height=6.0, **tags)
    assert found.report.drawn == 1
    assert solid(found, "0").is_watertight
    assert any("drawn flat" in text for text in found.report.warnings)


footprints = st.lists(st.floats(4.0, 20.0), min_size=3, max_size=12)


@settings(max_examples=40)
@given(footprints, st.sampled_from(sorted(VOLUMES)), st.floats(0.0, 180.0), st.sampled_from([0.0, 0.9]))
def test_any_footprint_with_any_roof_is_a_closed_solid(
    tmp_path_factory: pytest.TempPathFactory, radii: list[float], shape: str, turn: float, court: float
) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, len(radii), endpoint=False) + np.radians(turn)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    holes = [metres(LON, LAT, ring * court)] if court and len(radii) > 5 else []
    footprint = shapely.Polygon(metres(LON, LAT, ring * np.array(radii)[:, None]), holes)
    folder = tmp_path_factory.mktemp("roof")
    found = house(folder, footprint, height=12.0, **{"roof:shape": shape, "roof:height": 4})
    body = solid(found, "0")
    assert body.is_watertight
    area = true_area(LON, LAT, footprint)
    assert area * 8.0 * 0.999 <= body.volume <= area * 12.0 * 1.001
