"""What is drawn: where, how large, cut by what, in which colours, shared by whom."""

from pathlib import Path

import numpy as np
import pytest

from tests.bim_import.bodies import CUBE_FACES, CUBE_POINTS, Bodies, imported
from tests.bim_import.part21 import guid

RED = (1.0, 0.0, 0.0)


def test_lengths_come_out_in_metres(tmp_path: Path) -> None:
    bodies = Bodies()
    box = bodies.element(bodies.box((1000, 2000, 3000)))
    assert imported(bodies, tmp_path).size(box) == [1.0, 2.0, 3.0]


def test_placements_are_chained_up_to_the_root_in_metres(tmp_path: Path) -> None:
    bodies = Bodies()
    storey = bodies.placement((10_000, 0, 3_000))
    box = bodies.element(bodies.box(), placement=bodies.placement((0, 5_000, 0), storey))
    low = imported(bodies, tmp_path).points(box).min(axis=0)
    np.testing.assert_allclose(low, [9.5, 4.0, 3.0], atol=1e-9)


def test_half_a_million_metres_from_the_origin_nothing_is_lost(tmp_path: Path) -> None:
    bodies = Bodies()
    far = (500_000_123.4, 3_000_000_567.8, 0)
    box = bodies.element(bodies.box(), placement=bodies.placement(far))
    seen = imported(bodies, tmp_path)
    np.testing.assert_allclose(
        seen.points(box).min(axis=0), [499_999.6234 + 0.0, 2_999_999.5678 + 0.0, 0.0], atol=1e-6
    )
    assert seen.size(box) == [1.0, 2.0, 3.0]


def test_coordinates_half_a_million_metres_away_in_the_body_itself_keep_its_shape(tmp_path: Path) -> None:
    bodies = Bodies()
    away = [(x + 5e8, y + 3e9, z) for x, y, z in np.array(CUBE_POINTS, dtype=float).tolist()]
    cube = bodies.element(bodies.brep(away, CUBE_FACES))
    seen = imported(bodies, tmp_path)
    assert seen.size(cube) == [1.0, 1.0, 1.0]
    assert seen.points(cube).min(axis=0).tolist() == pytest.approx([500_000.0, 3_000_000.0, 0.0])


def test_closed_bodies_face_outward_whatever_the_file_says(tmp_path: Path) -> None:
    inside_out = [face[::-1] for face in CUBE_FACES]
    mixed = [face[::-1] if number % 2 else face for number, face in enumerate(CUBE_FACES)]
    bodies = Bodies()
    cubes = [bodies.element(bodies.brep(CUBE_POINTS, faces)) for faces in (CUBE_FACES, inside_out, mixed)]
    seen = imported(bodies, tmp_path)
    assert [seen.volume(cube) for cube in cubes] == pytest.approx([1.0, 1.0, 1.0])


def test_an_open_surface_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    sheet = bodies.element(bodies.surface(CUBE_POINTS, CUBE_FACES[:1]))
    assert imported(bodies, tmp_path).size(sheet) == [1.0, 1.0, 0.0]


def test_concave_faces_and_faces_with_holes_are_cut_into_the_right_triangles(tmp_path: Path) -> None:
    bodies = Bodies()
    corners = [(0, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 2000), (0, 2000)]
    points = [bodies.point((x, y, 0)) for x, y in corners]
    hole = [bodies.point((x, y, 0)) for x, y in [(200, 200), (200, 700), (700, 700), (700, 200)]]
    loops = [bodies.add(f"IFCPOLYLOOP(({','.join(ring)}))") for ring in (points, hole)]
    outer = bodies.add(f"IFCFACEOUTERBOUND({loops[0]},.T.)")
    inner = bodies.add(f"IFCFACEBOUND({loops[1]},.T.)")
    shell = bodies.add(f"IFCOPENSHELL(({bodies.add(f'IFCFACE(({outer},{inner}))')}))")
    face = bodies.element(bodies.add(f"IFCSHELLBASEDSURFACEMODEL(({shell}))"))
    triangles = imported(bodies, tmp_path).points(face).reshape(-1, 3, 3)
    doubled = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    assert np.abs(doubled[:, 2]).sum() / 2 == pytest.approx(3.0 - 0.25)
    assert (doubled[:, 2] > 0).all()


def test_a_polygonal_face_set_is_read(tmp_path: Path) -> None:
    bodies = Bodies()
    table = ",".join(f"({x}.,{y}.,{z}.)" for x, y, z in CUBE_POINTS)
    points = bodies.add(f"IFCCARTESIANPOINTLIST3D(({table}))")
    rows = [",".join(str(corner + 1) for corner in face) for face in CUBE_FACES]
    faces = [bodies.add(f"IFCINDEXEDPOLYGONALFACE(({row}))") for row in rows]
    cube = bodies.element(bodies.add(f"IFCPOLYGONALFACESET({points},.T.,({','.join(faces)}),$)"))
    assert imported(bodies, tmp_path).volume(cube) == pytest.approx(1.0)


def test_the_wall_of_a_cylinder_is_smooth(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.cylinder(500, 2000))
    mesh = imported(bodies, tmp_path).spool.mesh(0)
    wall = np.abs(mesh.normals[:, 2]) < 0.5
    np.testing.assert_allclose(mesh.normals[wall, :2], mesh.positions[wall, :2] * 2.0, atol=2e-3)


def test_an_opening_as_deep_as_its_wall_leaves_a_hole_and_no_skin(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL")
    bodies.opening(wall, bodies.box((1000, 200, 2000), (0, 0, 500)))
    seen = imported(bodies, tmp_path)
    assert seen.volume(wall) == pytest.approx(5 * 0.2 * 3 - 1 * 0.2 * 2, rel=1e-4)
    centres = seen.points(wall).reshape(-1, 3, 3).mean(axis=1)
    inside = (np.abs(centres[:, 0]) < 0.49) & (centres[:, 2] > 0.51) & (centres[:, 2] < 2.49)
    assert not (inside & (np.abs(centres[:, 1]) > 0.09)).any()


def test_a_round_opening_takes_away_its_volume(tmp_path: Path) -> None:
    bodies = Bodies()
    slab = bodies.element(bodies.box((2000, 2000, 200)), name="IFCSLAB")
    bodies.opening(slab, bodies.cylinder(500, 200))
    assert imported(bodies, tmp_path).volume(slab) == pytest.approx(0.8 - np.pi * 0.25 * 0.2, rel=2e-3)


def test_an_opening_in_an_assembly_goes_through_its_parts(tmp_path: Path) -> None:
    bodies = Bodies()
    whole = bodies.product(name="IFCWALL")
    part = bodies.element(bodies.box((5000, 200, 3000)))
    bodies.add(f"IFCRELAGGREGATES('{guid(7000)}',$,$,$,{whole},({part}))")
    bodies.opening(whole, bodies.box((1000, 200, 1000)))
    assert imported(bodies, tmp_path).volume(part) == pytest.approx(3.0 - 0.2, rel=1e-4)


@pytest.mark.parametrize(("agreement", "left"), [("T", 2.0), ("F", 1.0)])
def test_a_half_space_takes_away_the_side_that_its_flag_says(
    tmp_path: Path, agreement: str, left: float
) -> None:
    bodies = Bodies()
    half = bodies.half_space((0, 0, 1000), (0, 0, 1), agreement=agreement == "T")
    clipped = bodies.element(bodies.difference(bodies.box((1000, 1000, 3000)), half), name="IFCWALL")
    assert imported(bodies, tmp_path).volume(clipped) == pytest.approx(left, rel=1e-4)


def test_a_solid_subtracted_from_a_solid(tmp_path: Path) -> None:
    bodies = Bodies()
    made = bodies.difference(bodies.box((2000, 2000, 2000)), bodies.brep(CUBE_POINTS, CUBE_FACES))
    corner = bodies.element(made)
    assert imported(bodies, tmp_path).volume(corner) == pytest.approx(7.0, rel=1e-4)


def test_terrain_keeps_its_surface_where_it_is_not_excavated(tmp_path: Path) -> None:
    bodies = Bodies()
    ground = bodies.surface(
        [(-5000, -5000, 0), (5000, -5000, 0), (5000, 5000, 100), (-5000, 5000, 100)], [[0, 1, 2, 3]]
    )
    terrain = bodies.element(ground, name="IFCGEOGRAPHICELEMENT")
    bodies.opening(terrain, bodies.box((2000, 2000, 4000), (0, 0, -2000)))
    triangles = imported(bodies, tmp_path).points(terrain).reshape(-1, 3, 3)
    flat = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])[:, 2]
    assert np.abs(flat).sum() / 2 == pytest.approx(96.0, rel=1e-3)


def test_mapped_items_share_one_mesh_with_double_precision_placements(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box()]))
    lamps = [bodies.element(bodies.mapped(source, (1000 * n, 0, 0))) for n in range(3)]
    seen = imported(bodies, tmp_path)
    assert len(seen.spool.meshes) == 1
    assert seen.result.report.instanced == 3
    assert [round(float(seen.points(lamp)[:, 0].min()), 9) for lamp in lamps] == [-0.5, 0.5, 1.5]


def test_a_scaled_mapped_item_is_scaled(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box()]))
    box = bodies.element(bodies.mapped(source, scale=2.5))
    assert imported(bodies, tmp_path).size(box) == [2.5, 5.0, 7.5]


def test_a_mirrored_mapped_item_still_faces_outward_after_its_transform(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.brep(CUBE_POINTS, CUBE_FACES)]))
    axes = [bodies.add(f"IFCDIRECTION({v})") for v in ("(-1.,0.,0.)", "(0.,1.,0.)", "(0.,0.,1.)")]
    operator = bodies.add(
        f"IFCCARTESIANTRANSFORMATIONOPERATOR3D({axes[0]},{axes[1]},{bodies.point((0, 0, 0))},1.,{axes[2]})"
    )
    cube = bodies.element(bodies.add(f"IFCMAPPEDITEM({source},{operator})"))
    seen = imported(bodies, tmp_path)
    assert seen.points(cube)[:, 0].min() == pytest.approx(-1.0)
    assert seen.volume(cube) == pytest.approx(-1.0)  # the tiler turns triangles of mirrored instances


def test_equal_bodies_of_two_elements_share_one_mesh(tmp_path: Path) -> None:
    bodies = Bodies()
    for x in (0, 5000):
        away = [(a + x, b, c) for a, b, c in np.array(CUBE_POINTS, dtype=float).tolist()]
        bodies.element(bodies.brep(away, CUBE_FACES))
    seen = imported(bodies, tmp_path)
    assert len(seen.spool.meshes) == 1
    assert sorted(seen.points(cube)[:, 0].min() for cube in bodies.products) == pytest.approx([0.0, 5.0])


def test_an_item_has_the_colour_of_its_style(tmp_path: Path) -> None:
    bodies = Bodies()
    box = bodies.element(bodies.colored(bodies.box(), RED, 0.75))
    assert imported(bodies, tmp_path).colors(box) == {(1.0, 0.0, 0.0, 0.25)}


def test_each_item_of_a_body_keeps_its_own_colour(tmp_path: Path) -> None:
    bodies = Bodies()
    items = [
        bodies.colored(bodies.box(), RED),
        bodies.colored(bodies.box((1, 1, 1), (5000, 0, 0)), (0.0, 0.5, 0.0)),
    ]
    both = bodies.product(bodies.representation(items))
    assert imported(bodies, tmp_path).colors(both) == {(1.0, 0.0, 0.0, 1.0), (0.0, 0.5, 0.0, 1.0)}


def test_a_cut_wall_keeps_the_colour_of_its_body(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.colored(bodies.box((5000, 200, 3000)), RED), name="IFCWALL")
    bodies.opening(wall, bodies.box((1000, 200, 2000)))
    assert imported(bodies, tmp_path).colors(wall) == {(1.0, 0.0, 0.0, 1.0)}


def test_an_element_without_style_has_the_colour_of_its_material(tmp_path: Path) -> None:
    bodies = Bodies()
    box = bodies.element(bodies.box())
    _material(bodies, box, (0.2, 0.4, 0.6))
    assert imported(bodies, tmp_path).colors(box) == {(0.2, 0.4, 0.6, 1.0)}


def test_one_mapped_body_has_the_colour_of_each_products_own_material(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box()]))
    boxes = [bodies.element(bodies.mapped(source)) for _ in range(2)]
    colors = [(0.2, 0.4, 0.6), (0.6, 0.4, 0.2)]
    for box, color in zip(boxes, colors, strict=True):
        _material(bodies, box, color)
    seen = imported(bodies, tmp_path)
    assert [seen.colors(box) for box in boxes] == [{(*color, 1.0)} for color in colors]


def test_an_element_on_a_layer_with_a_style_has_its_colour(tmp_path: Path) -> None:
    bodies = Bodies()
    representation = bodies.representation([bodies.box()])
    box = bodies.product(representation)
    style = _style(bodies, (0.1, 0.2, 0.3))
    bodies.add(f"IFCPRESENTATIONLAYERWITHSTYLE('A',$,({representation}),$,.T.,.F.,.F.,({style}))")
    assert imported(bodies, tmp_path).colors(box) == {(0.1, 0.2, 0.3, 1.0)}


def test_triangles_keep_the_colours_of_their_map(tmp_path: Path) -> None:
    bodies = Bodies()
    item = bodies.triangulated(
        [(0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (0, 1000, 0)],
        [[1, 2, 3], [1, 3, 4]],
    )
    colors = bodies.add("IFCCOLOURRGBLIST(((1.,0.,0.),(0.,0.,1.)))")
    bodies.add(f"IFCINDEXEDCOLOURMAP({item},0.5,{colors},(2,1))")
    face = bodies.element(item)
    assert imported(bodies, tmp_path).colors(face) == {(1.0, 0.0, 0.0, 0.5), (0.0, 0.0, 1.0, 0.5)}


def test_without_any_colour_a_window_and_a_space_are_translucent_and_a_wall_is_not(tmp_path: Path) -> None:
    bodies = Bodies()
    window = bodies.element(bodies.box(), name="IFCWINDOW")
    wall = bodies.element(bodies.box((1, 1, 1)), name="IFCWALL")
    space = bodies.element(bodies.box((2, 2, 2)), name="IFCSPACE")
    seen = imported(bodies, tmp_path)
    alphas = [next(iter(seen.colors(product)))[3] for product in (window, wall, space)]
    assert alphas == [0.4, 1.0, 0.25]


def _style(bodies: Bodies, color: tuple[float, float, float]) -> str:
    rgb = bodies.add(f"IFCCOLOURRGB($,{color[0]},{color[1]},{color[2]})")
    return bodies.add(f"IFCSURFACESTYLE($,.BOTH.,({bodies.add(f'IFCSURFACESTYLESHADING({rgb},0.)')}))")


def _material(bodies: Bodies, product: str, color: tuple[float, float, float]) -> None:
    """Gives a product a layer set of one material that has a style."""
    material = bodies.add("IFCMATERIAL('Brick',$,$)")
    layers = bodies.add(
        f"IFCMATERIALLAYERSET(({bodies.add(f'IFCMATERIALLAYER({material},100.,$,$,$,$,$)')}),$,$)"
    )
    bodies.add(
        f"IFCRELASSOCIATESMATERIAL('{guid(8000 + len(bodies.statements))}',$,$,$,({product}),{layers})"
    )
    styled = bodies.add(f"IFCSTYLEDITEM($,({_style(bodies, color)}),$)")
    shown = bodies.add(f"IFCSTYLEDREPRESENTATION({bodies.context()},'Style','Material',({styled}))")
    bodies.add(f"IFCMATERIALDEFINITIONREPRESENTATION($,$,({shown}),{material})")


def test_an_element_at_the_crossing_of_two_grid_axes_stands_there(tmp_path: Path) -> None:
    bodies = Bodies()
    ends = [((0, 2000), (9000, 2000)), ((4000, 0), (4000, 9000))]
    axes = []
    for name, (start, end) in zip("AB", ends, strict=True):
        points = [bodies.add(f"IFCCARTESIANPOINT(({x}.,{y}.))") for x, y in (start, end)]
        curve = bodies.add(f"IFCPOLYLINE(({points[0]},{points[1]}))")
        axes.append(bodies.add(f"IFCGRIDAXIS('{name}',{curve},.T.)"))
    bodies.add(
        f"IFCGRID('{guid(9000)}',$,$,$,$,{bodies.placement((100_000, 0, 0))},$,({axes[0]}),({axes[1]}),$,$)"
    )
    crossing = bodies.add(f"IFCVIRTUALGRIDINTERSECTION(({axes[0]},{axes[1]}),(500.,0.,3000.))")
    column = bodies.element(
        bodies.box((400, 400, 1000)), placement=bodies.add(f"IFCGRIDPLACEMENT({crossing},$)")
    )
    corners = imported(bodies, tmp_path).points(column)
    np.testing.assert_allclose(corners.min(axis=0), [103.8, 2.3, 3.0], atol=1e-6)


def test_an_opening_with_a_placement_loop_is_left_out(tmp_path: Path) -> None:
    bodies = Bodies()
    wall = bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL")
    axis = bodies.axis()
    own = f"#{int(axis[1:]) + 1}"
    bodies.add(f"IFCLOCALPLACEMENT({own},{axis})")
    opening = bodies.element(bodies.box((1000, 200, 2000)), name="IFCOPENINGELEMENT", placement=own)
    bodies.add(f"IFCRELVOIDSELEMENT('{guid(9001)}',$,$,$,{wall},{opening})")
    seen = imported(bodies, tmp_path)
    assert seen.volume(wall) == pytest.approx(3.0)
    assert any("openings left out" in warning for warning in seen.result.report.warnings)
