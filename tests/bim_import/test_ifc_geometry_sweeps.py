"""Bent bars and swept surfaces, which the kernels of ifcopenshell fail on or hang at."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.bim_import.bodies import Bodies, imported

CHORDS = 0.05
"""Relative volume that the chords of a thin circle may lack."""


def path(bodies: Bodies, *points: tuple[float, float, float]) -> str:
    return bodies.add(f"IFCPOLYLINE(({','.join(bodies.point(point) for point in points)}))")


@pytest.mark.parametrize("hollow", ["$", "40."])
@pytest.mark.parametrize("fillet", ["$", "200."])
def test_a_bent_bar_is_as_long_as_its_path_and_as_thick_as_its_disk(
    tmp_path: Path, hollow: str, fillet: str
) -> None:
    bodies = Bodies()
    line = path(bodies, (0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (1000, 1000, 1000))
    bar = bodies.element(bodies.add(f"IFCSWEPTDISKSOLIDPOLYGONAL({line},50.,{hollow},$,$,{fillet})"))
    seen = imported(bodies, tmp_path)
    length = 3.0 if fillet == "$" else 3.0 - 4 * 0.2 + 2 * 0.2 * math.pi / 2
    area = math.pi * (0.05**2 - (0.0 if hollow == "$" else 0.04**2))
    assert seen.volume(bar) == pytest.approx(length * area, rel=CHORDS)
    assert seen.points(bar)[:, 2].max() == pytest.approx(1.0)
    assert not seen.result.report.warnings


def test_a_bars_corner_is_rounded_inside_its_angle(tmp_path: Path) -> None:
    bodies = Bodies()
    line = path(bodies, (0, 0, 0), (1000, 0, 0), (1000, 1000, 0))
    bar = bodies.element(bodies.add(f"IFCSWEPTDISKSOLIDPOLYGONAL({line},10.,$,$,$,300.)"))
    points = imported(bodies, tmp_path).points(bar)[:, :2]
    nearest = np.linalg.norm(points - [1.0, 0.0], axis=1).min()
    assert nearest == pytest.approx(0.3 * (math.sqrt(2) - 1) - 0.01, abs=1e-2)


def test_an_outline_pulled_along_a_line_is_a_surface(tmp_path: Path) -> None:
    bodies = Bodies()
    corners = [bodies.add(f"IFCCARTESIANPOINT(({x}.,{y}.))") for x, y in ((0, 0), (2000, 0), (2000, 1000))]
    line = bodies.add(f"IFCPOLYLINE(({','.join(corners)}))")
    profile = bodies.add(f"IFCARBITRARYOPENPROFILEDEF(.CURVE.,$,{line})")
    up = bodies.add("IFCDIRECTION((0.,0.,1.))")
    product = bodies.element(
        bodies.add(f"IFCSURFACEOFLINEAREXTRUSION({profile},{bodies.axis((0, 0, 500))},{up},3000.)")
    )
    seen = imported(bodies, tmp_path)
    assert seen.size(product) == [2.0, 1.0, 3.0]
    assert seen.points(product)[:, 2].min() == pytest.approx(0.5)


def test_a_rectangle_of_a_plane_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    plane = bodies.add(f"IFCPLANE({bodies.axis((0, 0, 500))})")
    product = bodies.element(
        bodies.add(f"IFCRECTANGULARTRIMMEDSURFACE({plane},-1000.,0.,1000.,500.,.T.,.T.)")
    )
    assert imported(bodies, tmp_path).size(product) == [2.0, 0.5, 0.0]
