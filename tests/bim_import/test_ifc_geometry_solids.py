"""Solids with a formula, profiles made of others, mirrored copies, bodies of several parts: their volumes and places."""

import math
from pathlib import Path

import pytest

from tests.bim_import.bodies import Bodies, imported

ROUND = 2e-2
"""Relative volume that chords of a circle may lack: 13 corners on the smallest."""


@pytest.mark.parametrize(
    ("statement", "volume_m3"),
    [
        ("IFCBLOCK({axis},1000.,2000.,3000.)", 6.0),
        ("IFCRECTANGULARPYRAMID({axis},1000.,2000.,3000.)", 2.0),
        ("IFCRIGHTCIRCULARCYLINDER({axis},2000.,500.)", math.pi / 2),
        ("IFCRIGHTCIRCULARCONE({axis},2000.,500.)", math.pi / 6),
        ("IFCSPHERE({axis},700.)", 4 / 3 * math.pi * 0.343),
    ],
)
@pytest.mark.parametrize("form", ["plain", "tree"])
def test_a_primitive_has_the_volume_of_its_formula(
    tmp_path: Path, statement: str, volume_m3: float, form: str
) -> None:
    bodies = Bodies()
    item = bodies.add(statement.format(axis=bodies.axis((100, 200, 300), (1, 1, 1), (1, 0, 0))))
    product = bodies.element(bodies.add(f"IFCCSGSOLID({item})") if form == "tree" else item)
    assert imported(bodies, tmp_path).volume(product) == pytest.approx(volume_m3, rel=ROUND)


def test_a_block_starts_at_its_corner_and_a_pyramid_points_up_over_its_middle(tmp_path: Path) -> None:
    bodies = Bodies()
    block = bodies.element(bodies.add(f"IFCBLOCK({bodies.axis()},1000.,2000.,3000.)"))
    pyramid = bodies.element(bodies.add(f"IFCRECTANGULARPYRAMID({bodies.axis()},1000.,2000.,3000.)"))
    seen = imported(bodies, tmp_path)
    assert seen.points(block).min(axis=0).tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    top = seen.points(pyramid)
    assert top[top[:, 2].argmax()].tolist() == pytest.approx([0.5, 1, 3], abs=1e-6)


def test_a_tree_of_operations_is_cut_and_keeps_the_style_of_the_tree(tmp_path: Path) -> None:
    bodies = Bodies()
    block = bodies.add(f"IFCBLOCK({bodies.axis()},1000.,1000.,1000.)")
    drill = bodies.add(f"IFCRIGHTCIRCULARCYLINDER({bodies.axis((500, 500, -100))},2000.,200.)")
    tree = bodies.add(f"IFCCSGSOLID({bodies.difference(block, drill)})")
    product = bodies.element(bodies.colored(tree, (1, 0, 0)))
    seen = imported(bodies, tmp_path)
    assert seen.volume(product) == pytest.approx(1 - math.pi * 0.04, rel=5e-3)
    assert seen.colors(product) == {(1.0, 0.0, 0.0, 1.0)}


def derived(bodies: Bodies, profile: str, x: str, y: str, scale: str) -> str:
    origin = bodies.add("IFCCARTESIANPOINT((200.,100.))")
    operator = bodies.add(f"IFCCARTESIANTRANSFORMATIONOPERATOR2D({x},{y},{origin},{scale})")
    return bodies.add(f"IFCDERIVEDPROFILEDEF(.AREA.,$,{profile},{operator},$)")


def test_a_derived_profile_is_turned_moved_and_scaled(tmp_path: Path) -> None:
    bodies = Bodies()
    profile = bodies.add("IFCRECTANGLEPROFILEDEF(.AREA.,$,$,1000.,500.)")
    made = derived(bodies, profile, bodies.add("IFCDIRECTION((0.,1.))"), "$", "2.")
    product = bodies.element(bodies.extrusion(made, 1000))
    seen = imported(bodies, tmp_path)
    assert seen.size(product) == [1.0, 2.0, 1.0]
    assert seen.points(product).min(axis=0).tolist() == pytest.approx([-0.3, -0.9, 0], abs=1e-6)


def test_a_mirrored_profile_has_its_left_on_the_right(tmp_path: Path) -> None:
    bodies = Bodies()
    place = bodies.add(f"IFCAXIS2PLACEMENT2D({bodies.add('IFCCARTESIANPOINT((700.,0.))')},$)")
    profile = bodies.add(f"IFCRECTANGLEPROFILEDEF(.AREA.,$,{place},1000.,500.)")
    mirrored = bodies.add(f"IFCMIRROREDPROFILEDEF(.AREA.,$,{profile},*,$)")
    product = bodies.element(bodies.extrusion(mirrored, 1000))
    seen = imported(bodies, tmp_path)
    assert seen.points(product)[:, 0].max() == pytest.approx(-0.2, abs=1e-6)
    assert seen.volume(product) == pytest.approx(0.5)


def test_a_strip_along_a_line_is_as_wide_as_its_thickness(tmp_path: Path) -> None:
    bodies = Bodies()
    corners = [bodies.add(f"IFCCARTESIANPOINT(({x}.,{y}.))") for x, y in ((0, 0), (1000, 0), (1000, 1000))]
    line = bodies.add(f"IFCPOLYLINE(({','.join(corners)}))")
    profile = bodies.add(f"IFCCENTERLINEPROFILEDEF(.AREA.,$,{line},100.)")
    product = bodies.element(bodies.extrusion(profile, 2000))
    seen = imported(bodies, tmp_path)
    assert seen.volume(product) == pytest.approx(0.4)
    assert seen.size(product) == [1.05, 1.05, 2.0]


def test_a_second_axis_left_out_is_y_so_that_a_first_axis_backwards_mirrors(tmp_path: Path) -> None:
    """IFC 4.3, function IfcBaseAxis."""
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box(at=(0, 1000, 0))]))
    back = bodies.add("IFCDIRECTION((-1.,0.,0.))")
    target = bodies.add(f"IFCCARTESIANTRANSFORMATIONOPERATOR3D({back},$,{bodies.point((0, 0, 0))},$,$)")
    product = bodies.element(bodies.add(f"IFCMAPPEDITEM({source},{target})"))
    seen = imported(bodies, tmp_path)
    assert seen.points(product)[:, 1].min() == pytest.approx(0.0, abs=1e-6)


def test_a_turn_by_a_right_angle_does_not_mirror_for_its_rounding(tmp_path: Path) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box(at=(0, 0, 0))]))
    along = bodies.add("IFCDIRECTION((-1.8E-16,-1.,0.))")
    target = bodies.add(f"IFCCARTESIANTRANSFORMATIONOPERATOR3D({along},$,{bodies.point((0, 0, 0))},$,$)")
    product = bodies.element(bodies.add(f"IFCMAPPEDITEM({source},{target})"))
    row = imported(bodies, tmp_path)
    assert row.spool.instances[0]["transform"][:, :3].round(6).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    assert row.volume(product) == pytest.approx(6.0)


def test_the_other_parts_of_a_body_are_drawn_and_what_is_missing_is_counted(tmp_path: Path) -> None:
    bodies = Bodies()
    broken = bodies.add(f"IFCREVOLVEDAREASOLID($,{bodies.axis()},$,1.)")
    product = bodies.product(bodies.representation([broken, bodies.box()]))
    seen = imported(bodies, tmp_path)
    assert seen.volume(product) == pytest.approx(6.0)
    assert seen.result.report.warnings == ["1 × parts of elements that no kernel could make"]


def test_curves_beside_a_solid_are_no_missing_parts(tmp_path: Path) -> None:
    bodies = Bodies()
    line = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((1, 0, 0))}))")
    lines = bodies.add(f"IFCGEOMETRICSET(({line}))")
    product = bodies.product(bodies.representation([line, lines, bodies.box()]))
    seen = imported(bodies, tmp_path)
    assert seen.volume(product) == pytest.approx(6.0)
    assert not seen.result.report.warnings


def test_a_set_of_surfaces_and_curves_beside_a_solid_keeps_each_style(tmp_path: Path) -> None:
    bodies = Bodies()
    line = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((1, 0, 0))}))")
    plane = bodies.add(f"IFCPLANE({bodies.axis((0, 0, 5000))})")
    corners = [bodies.add(f"IFCCARTESIANPOINT(({x}.,{y}.))") for x, y in ((0, 0), (900, 0), (900, 900))]
    rim = bodies.add(f"IFCPOLYLINE(({','.join([*corners, corners[0]])}))")
    face = bodies.add(f"IFCCURVEBOUNDEDPLANE({plane},{rim},())")
    both = bodies.colored(bodies.add(f"IFCGEOMETRICSET(({line},{face},{line}))"), (1, 0, 0))
    product = bodies.product(bodies.representation([both, bodies.colored(bodies.box(), (0, 1, 0))]))
    seen = imported(bodies, tmp_path)
    assert seen.colors(product) == {(1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0)}
    assert seen.size(product) == [1.4, 2.0, 5.0]
    assert not seen.result.report.warnings


def test_a_cut_body_beside_a_set_of_curves_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    line = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((1, 0, 0))}))")
    lines = bodies.add(f"IFCGEOMETRICSET(({line}))")
    host = bodies.product(bodies.representation([lines, bodies.box()]), name="IFCWALL")
    bodies.opening(host, bodies.box((500, 5000, 500), (0, 0, 1000)))
    assert imported(bodies, tmp_path).volume(host) == pytest.approx(6.0 - 0.5, rel=1e-3)
