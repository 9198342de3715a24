"""Cuts leave no skin whichever way a tool lies; cracks of no width do not leave a body inside out."""

from pathlib import Path

import numpy as np
import pytest

from tests.bim_import.bodies import CUBE_FACES, CUBE_POINTS, Bodies, Seen, imported
from tests.bim_import.part21 import guid

AWAY = (500_000_370.0, 3_000_000_110.0, 0.0)
"""A place of a national grid, millimetres."""


def turned_box(bodies: Bodies, length: float, height: float, at: tuple[float, float, float]) -> str:
    """A box 200 mm thick, standing, turned by some 18° in the profile itself."""
    place = bodies.add(
        f"IFCAXIS2PLACEMENT2D({bodies.add('IFCCARTESIANPOINT((0.,0.))')},{bodies.add('IFCDIRECTION((3.,1.))')})"
    )
    profile = bodies.add(f"IFCRECTANGLEPROFILEDEF(.AREA.,$,{place},{length!r},200.)")
    return bodies.extrusion(profile, height, at)


def area(seen: Seen, product: str) -> float:
    corners = seen.points(product).reshape(-1, 3, 3)
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(doubled, axis=1).sum() / 2.0)


@pytest.mark.parametrize("origin", [(0.0, 0.0, 0.0), AWAY])
def test_a_long_turned_opening_as_deep_as_its_wall_leaves_no_skin(
    tmp_path: Path, origin: tuple[float, float, float]
) -> None:
    bodies = Bodies()
    wall = bodies.element(turned_box(bodies, 50_000.0, 3000.0, origin), name="IFCWALL")
    x, y, z = origin
    bodies.opening(wall, turned_box(bodies, 40_000.0, 500.0, (x, y, z + 1000.0)))
    seen = imported(bodies, tmp_path)
    assert seen.volume(wall) == pytest.approx(50 * 0.2 * 3 - 40 * 0.2 * 0.5, rel=1e-4)
    sides, ends = 2 * (50 * 3 - 40 * 0.5), 2 * 0.2 * (50 + 3)
    assert area(seen, wall) == pytest.approx(sides + ends + 2 * 0.2 * (40 + 0.5), rel=1e-4)


def test_a_round_tool_as_long_as_its_body_leaves_no_skin(tmp_path: Path) -> None:
    bodies = Bodies()
    made = bodies.difference(bodies.box((2000, 2000, 200)), bodies.cylinder(500, 200))
    plate = bodies.element(made)
    seen = imported(bodies, tmp_path)
    expected = 2 * (4 - np.pi / 4) + 0.2 * (8 + np.pi)
    assert area(seen, plate) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("scale", [0.001, 1.0, 1000.0])
def test_a_scaled_tool_as_deep_as_its_wall_leaves_no_skin(tmp_path: Path, scale: float) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL")
    size = [value / scale for value in (1000, 200, 2000)]
    source = bodies.representation_map(bodies.representation([bodies.box(size)]))
    bodies.opening(wall, bodies.mapped(source, (0, 0, 500), scale=scale))
    seen = imported(bodies, tmp_path)
    assert area(seen, wall) == pytest.approx(2 * (15 - 2) + 0.4 * 8 + 0.4 * 3, rel=1e-4)


TRIANGLES = [
    *[(1, 3, 4), (1, 4, 2), (5, 6, 8), (5, 8, 7), (1, 2, 6), (1, 6, 5)],
    *[(3, 7, 8), (3, 8, 4), (1, 5, 7), (1, 7, 3), (2, 4, 8)],
]
"""Of the cube of CUBE_POINTS, outward, all but one, that of the corners 2, 8 and 6."""


def cracked_cube(bodies: Bodies, *, inside_out: bool) -> str:
    """A cube with a corner 9 amid an edge, and a triangle without area that closes the crack there."""
    points = [*CUBE_POINTS, (1000, 500, 500)]
    triangles = [*TRIANGLES, (2, 9, 6), (9, 8, 6), (2, 8, 9)]
    return bodies.triangulated(points, [t[::-1] for t in triangles] if inside_out else triangles)


@pytest.mark.parametrize("written", ["outward", "inward"])
def test_a_closed_body_with_a_triangle_without_area_faces_outward(tmp_path: Path, written: str) -> None:
    bodies = Bodies()
    cube = bodies.element(cracked_cube(bodies, inside_out=written == "inward"))
    seen = imported(bodies, tmp_path)
    assert len(seen.points(cube)) == 3 * 13
    assert seen.volume(cube) == pytest.approx(1.0)


def test_a_box_without_lid_keeps_the_side_that_the_file_gives_it(tmp_path: Path) -> None:
    bodies = Bodies()
    lidless = [triangle[::-1] for triangle in [*TRIANGLES, (2, 8, 6)] if triangle[0] != 5]
    box = bodies.element(bodies.triangulated(CUBE_POINTS, lidless))
    assert imported(bodies, tmp_path).volume(box) < 0.0


def test_an_opening_may_be_larger_than_what_it_is_in(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((500, 200, 300)), name="IFCWALL")
    opening = bodies.element(bodies.box((5000, 2000, 5000), (0, 0, -1000)), name="IFCOPENINGELEMENT")
    bodies.add(f"IFCRELVOIDSELEMENT('{guid(9001)}',$,$,$,{wall},{opening})")
    assert imported(bodies, tmp_path).not_drawn()["empty geometry"] == 1


def test_parts_that_face_against_each_other_are_cut_by_the_kernel(tmp_path: Path) -> None:
    bodies = Bodies()
    beside = [(x + 3000, y, z) for x, y, z in np.array(CUBE_POINTS, dtype=float).tolist()]
    inward = [[corner + 8 for corner in face[::-1]] for face in CUBE_FACES]
    pair = bodies.element(bodies.brep([*CUBE_POINTS, *beside], [*CUBE_FACES, *inward]), name="IFCWALL")
    bodies.opening(pair, bodies.box((200, 5000, 200), (500, 0, 300)))
    assert imported(bodies, tmp_path).volume(pair) == pytest.approx(2.0 - 0.04, rel=1e-4)


def test_a_wall_with_a_hole_has_no_more_triangles_than_it_needs(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL")
    bodies.opening(wall, bodies.box((1000, 200, 2000), (0, 0, 500)))
    # Two faces with a hole of 8 triangles each, 4 sides and 4 reveals of 2.
    assert len(imported(bodies, tmp_path).points(wall)) == 3 * (2 * 8 + 8 * 2)


def test_two_openings_side_by_side_leave_nothing_between_them(tmp_path: Path) -> None:
    bodies = Bodies()
    slab = bodies.element(bodies.box((3000, 3000, 200)), name="IFCSLAB")
    for low in (-50, 100):
        opening = bodies.extrusion(bodies.add("IFCCIRCLEPROFILEDEF(.AREA.,$,$,500.)"), 150, (0, 0, low))
        bodies.opening(slab, opening)
    seen = imported(bodies, tmp_path)
    assert area(seen, slab) == pytest.approx(2 * (9 - np.pi / 4) + 0.2 * (12 + np.pi), rel=2e-3)


def test_a_tool_scaled_differently_along_each_axis_cuts_what_it_shows(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL")
    source = bodies.representation_map(bodies.representation([bodies.box((1000, 1000, 1000))]))
    axes = [bodies.add(f"IFCDIRECTION({v})") for v in ("(-1.,0.,0.)", "(0.,1.,0.)")]
    operator = bodies.add(
        "IFCCARTESIANTRANSFORMATIONOPERATOR3DNONUNIFORM("
        f"{axes[0]},{axes[1]},{bodies.point((1000, 0, 500))},1.,$,2.,0.5)"
    )
    bodies.opening(wall, bodies.add(f"IFCMAPPEDITEM({source},{operator})"))
    assert imported(bodies, tmp_path).volume(wall) == pytest.approx(3.0 - 1.0 * 0.2 * 0.5, rel=1e-4)


@pytest.mark.parametrize("length", [0.5, 1.0, 3.0])
def test_only_the_way_of_a_direction_counts_not_its_length(tmp_path: Path, length: float) -> None:
    bodies = Bodies()
    profile = bodies.add("IFCRECTANGLEPROFILEDEF(.AREA.,$,$,1000.,1000.)")
    way = bodies.add(f"IFCDIRECTION(({length!r},0.,-{length!r}))")
    solid = bodies.element(bodies.add(f"IFCEXTRUDEDAREASOLID({profile},{bodies.axis()},{way},2000.)"))
    assert imported(bodies, tmp_path).volume(solid) == pytest.approx(2.0 * 0.5**0.5)
