"""Bodies of flat faces: which ring is the outer one, and what voids within a body do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.bim_import.bodies import CUBE_FACES, CUBE_POINTS, Bodies, Point, imported

LARGE = [(0, 0), (2000, 0), (2000, 2000), (0, 2000)]
SMALL = [(200, 200), (200, 700), (700, 700), (700, 200)]
INSIDE: list[Point] = [
    (300 + 0.4 * x, 300 + 0.4 * y, 300 + 0.4 * z) for x, y, z in np.array(CUBE_POINTS, dtype=float).tolist()
]
"""Corners of a cube of 0.4 m in the middle of that of CUBE_POINTS."""
INWARD = [face[::-1] for face in CUBE_FACES]


def face(bodies: Bodies, *bounds: tuple[str, Sequence[tuple[int, int]]]) -> str:
    """An element of one face with bounds of these classes and corners."""
    made = []
    for name, corners in bounds:
        loop = bodies.add(f"IFCPOLYLOOP(({','.join(bodies.point((x, y, 0)) for x, y in corners)}))")
        made.append(bodies.add(f"{name}({loop},.T.)"))
    shell = bodies.add(f"IFCOPENSHELL(({bodies.add(f'IFCFACE(({chr(44).join(made)}))')}))")
    return bodies.element(bodies.add(f"IFCSHELLBASEDSURFACEMODEL(({shell}))"))


def drawn_area(tmp_path: Path, bodies: Bodies, product: str) -> float:
    corners = imported(bodies, tmp_path).points(product).reshape(-1, 3, 3)
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(doubled, axis=1).sum() / 2.0)


@pytest.mark.parametrize("order", [(LARGE, SMALL), (SMALL, LARGE)])
def test_of_bounds_of_which_none_is_called_outer_the_largest_is(
    tmp_path: Path, order: tuple[list[tuple[int, int]], ...]
) -> None:
    bodies = Bodies()
    product = face(bodies, *(("IFCFACEBOUND", ring) for ring in order))
    assert drawn_area(tmp_path, bodies, product) == pytest.approx(4.0 - 0.25)


def test_the_bound_called_outer_need_not_come_first(tmp_path: Path) -> None:
    bodies = Bodies()
    product = face(bodies, ("IFCFACEBOUND", SMALL), ("IFCFACEOUTERBOUND", LARGE))
    assert drawn_area(tmp_path, bodies, product) == pytest.approx(4.0 - 0.25)


def test_a_face_with_two_outer_bounds_shows_both(tmp_path: Path) -> None:
    bodies = Bodies()
    apart = [(x + 5000, y) for x, y in SMALL]
    product = face(bodies, ("IFCFACEOUTERBOUND", LARGE), ("IFCFACEOUTERBOUND", apart))
    assert drawn_area(tmp_path, bodies, product) == pytest.approx(4.0 + 0.25)


def with_void(bodies: Bodies, void: Sequence[Sequence[int]]) -> str:
    outer = bodies.shell("IFCCLOSEDSHELL", CUBE_POINTS, CUBE_FACES)
    inner = bodies.shell("IFCCLOSEDSHELL", INSIDE, void)
    return bodies.add(f"IFCFACETEDBREPWITHVOIDS({outer},({inner}))")


@pytest.mark.parametrize("void", [CUBE_FACES, INWARD])
def test_a_void_is_hollow_whichever_way_its_faces_are_written(tmp_path: Path, void: list[list[int]]) -> None:
    bodies = Bodies()
    cube = bodies.element(with_void(bodies, void))
    assert imported(bodies, tmp_path).volume(cube) == pytest.approx(1.0 - 0.4**3)


@pytest.mark.parametrize("void", [CUBE_FACES, INWARD])
def test_a_body_that_is_cut_open_shows_its_void(tmp_path: Path, void: list[list[int]]) -> None:
    bodies = Bodies()
    half = bodies.half_space((0, 0, 500), (0, 0, 1), agreement=False)
    cube = bodies.element(bodies.difference(with_void(bodies, void), half))
    assert imported(bodies, tmp_path).volume(cube) == pytest.approx(0.5 - 0.4**3 / 2, rel=1e-4)


def test_bodies_with_and_without_voids_are_read_together(tmp_path: Path) -> None:
    bodies = Bodies()
    hollow = [bodies.element(with_void(bodies, void)) for void in (CUBE_FACES, INWARD)]
    solid = bodies.element(bodies.brep(CUBE_POINTS, CUBE_FACES))
    seen = imported(bodies, tmp_path)
    assert [seen.volume(cube) for cube in (*hollow, solid)] == pytest.approx([0.936, 0.936, 1.0])


def test_of_bodies_in_one_shell_that_contradicts_itself_each_faces_outward(tmp_path: Path) -> None:
    bodies = Bodies()
    away: list[Point] = [(float(x) + 5000, y, z) for x, y, z in CUBE_POINTS]
    first = [CUBE_FACES[0][::-1], *CUBE_FACES[1:]]  # one face of six is turned
    second = [[corner + 8 for corner in reversed(corners)] for corners in CUBE_FACES]  # all are
    product = bodies.element(bodies.surface([*CUBE_POINTS, *away], [*first, *second]))
    assert imported(bodies, tmp_path).volume(product) == pytest.approx(2.0)


def test_a_box_without_lid_is_shown_as_most_of_its_faces_are_written(tmp_path: Path) -> None:
    bodies = Bodies()
    lidless = [CUBE_FACES[0][::-1], *CUBE_FACES[2:]]
    product = bodies.element(bodies.surface(CUBE_POINTS, lidless))
    assert imported(bodies, tmp_path).volume(product) == pytest.approx(2 / 3)
