"""Which of several styles colours what, where styles lie on mapped items or on shells."""

from pathlib import Path

from tests.bim_import.bodies import CUBE_FACES, CUBE_POINTS, Bodies, Point, imported

RED, GREEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
OPAQUE_RED, OPAQUE_GREEN = (*RED, 1.0), (*GREEN, 1.0)


def mapped(bodies: Bodies, *items: str) -> str:
    return bodies.mapped(bodies.representation_map(bodies.representation(items)))


def opened(bodies: Bodies, *items: str) -> str:
    """A wall of these items with an opening."""
    wall = bodies.product(bodies.representation(items), name="IFCWALL")
    bodies.opening(wall, bodies.box((500, 500, 500)))
    return wall


def test_a_cut_body_keeps_the_style_of_its_mapped_item(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = opened(bodies, bodies.colored(mapped(bodies, bodies.box((5000, 200, 3000))), RED))
    assert imported(bodies, tmp_path).colors(wall) == {OPAQUE_RED}


def test_cut_bodies_of_several_mapped_items_keep_the_style_of_each(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box((5000, 200, 3000))]))
    items = [
        bodies.colored(bodies.mapped(source, (x, 0, 0)), color) for x, color in ((0, RED), (9000, GREEN))
    ]
    wall = opened(bodies, *items)
    assert imported(bodies, tmp_path).colors(wall) == {OPAQUE_RED, OPAQUE_GREEN}


def test_an_items_own_style_is_stronger_than_that_of_the_mapped_item_even_when_cut(tmp_path: Path) -> None:
    bodies = Bodies()
    inner = bodies.colored(bodies.box((5000, 200, 3000)), GREEN)
    wall = opened(bodies, bodies.colored(mapped(bodies, inner), RED))
    assert imported(bodies, tmp_path).colors(wall) == {OPAQUE_GREEN}


def test_of_mapped_items_within_each_other_the_innermost_style_counts(tmp_path: Path) -> None:
    bodies = Bodies()
    inner = bodies.colored(mapped(bodies, bodies.box()), GREEN)
    plain = bodies.element(bodies.colored(mapped(bodies, inner), RED))
    cut = opened(bodies, bodies.colored(mapped(bodies, inner), RED))
    seen = imported(bodies, tmp_path)
    assert [seen.colors(product) for product in (plain, cut)] == [{OPAQUE_GREEN}, {OPAQUE_GREEN}]


def test_each_shell_of_a_surface_model_may_have_a_style(tmp_path: Path) -> None:
    bodies = Bodies()
    shells = [
        bodies.colored(bodies.shell("IFCOPENSHELL", CUBE_POINTS, faces), color)
        for faces, color in ((CUBE_FACES[:2], RED), (CUBE_FACES[2:], GREEN))
    ]
    model = bodies.element(bodies.add(f"IFCSHELLBASEDSURFACEMODEL(({','.join(shells)}))"))
    assert imported(bodies, tmp_path).colors(model) == {OPAQUE_RED, OPAQUE_GREEN}


def test_the_style_of_a_surface_model_is_stronger_than_those_of_its_shells(tmp_path: Path) -> None:
    bodies = Bodies()
    shell = bodies.colored(bodies.shell("IFCOPENSHELL", CUBE_POINTS, CUBE_FACES), GREEN)
    model = bodies.colored(bodies.add(f"IFCSHELLBASEDSURFACEMODEL(({shell}))"), RED)
    product = bodies.element(model)
    assert imported(bodies, tmp_path).colors(product) == {OPAQUE_RED}


def color_map(bodies: Bodies, item: str, indexes: str) -> str:
    """Gives the faces of a face set red (1) or green (2)."""
    colors = bodies.add("IFCCOLOURRGBLIST(((1.,0.,0.),(0.,1.,0.)))")
    bodies.add(f"IFCINDEXEDCOLOURMAP({item},$,{colors},{indexes})")
    return item


SQUARE: list[Point] = [(0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (0, 1000, 0)]


def test_several_face_sets_of_one_body_keep_their_colour_maps_beside_styles(tmp_path: Path) -> None:
    bodies = Bodies()
    above: list[Point] = [(x, y, 1000) for x, y, _ in SQUARE]
    items = [
        color_map(bodies, bodies.triangulated(SQUARE, [[1, 2, 3], [1, 3, 4]]), "(1,2)"),
        bodies.colored(bodies.triangulated(above, [[1, 2, 3]]), (0.0, 0.0, 1.0)),
    ]
    product = bodies.product(bodies.representation(items))
    assert imported(bodies, tmp_path).colors(product) == {OPAQUE_RED, OPAQUE_GREEN, (0.0, 0.0, 1.0, 1.0)}


def test_a_colour_map_of_a_polygonal_face_set_counts_polygons(tmp_path: Path) -> None:
    bodies = Bodies()
    table = ",".join(f"({x}.,{y}.,{z}.)" for x, y, z in CUBE_POINTS)
    points = bodies.add(f"IFCCARTESIANPOINTLIST3D(({table}))")
    rows = [",".join(str(corner + 1) for corner in face) for face in CUBE_FACES]
    faces = ",".join(bodies.add(f"IFCINDEXEDPOLYGONALFACE(({row}))") for row in rows)
    item = bodies.add(f"IFCPOLYGONALFACESET({points},.T.,({faces}),$)")
    cube = bodies.element(color_map(bodies, item, "(1,1,1,1,1,2)"))
    seen = imported(bodies, tmp_path)
    materials = seen.spool.materials
    counts = {materials[m].color: count for m, _, count in seen.spool.mesh(0).parts.tolist()}
    assert seen.volume(cube) > 0.0
    assert counts == {OPAQUE_RED: 10, OPAQUE_GREEN: 2}
