"""Every product that is not drawn has exactly one reason, and the right one."""

from pathlib import Path

import pytest

from tests.bim_import.bodies import CUBE_FACES, CUBE_POINTS, Bodies, Point, imported

HUGE = "1.E400"
"""A number that no double holds."""


def reason(tmp_path: Path, bodies: Bodies) -> dict[str, int]:
    """Reasons of an import, without those of the spatial structure (site, building, storey: no representation)."""
    found = dict(imported(bodies, tmp_path).not_drawn())
    found["no representation"] -= 3
    return {name: count for name, count in found.items() if count}


def test_a_product_without_representation(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.product()
    assert reason(tmp_path, bodies) == {"no representation": 1}


@pytest.mark.parametrize("identifier", ["Axis", "FootPrint", "Box", "Clearance", "Reference", "CoG"])
def test_a_representation_that_stands_for_something_else_than_the_body(
    tmp_path: Path, identifier: str
) -> None:
    bodies = Bodies()
    bodies.product(bodies.representation([bodies.box()], identifier))
    assert reason(tmp_path, bodies) == {"no body representation": 1}


def test_a_body_that_is_only_a_curve(tmp_path: Path) -> None:
    bodies = Bodies()
    curve = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((1, 0, 0))}))")
    bodies.product(bodies.representation([curve]))
    assert reason(tmp_path, bodies) == {"no body representation": 1}


def test_a_body_that_is_only_a_bounding_box(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.product(bodies.representation([bodies.add(f"IFCBOUNDINGBOX({bodies.point((0, 0, 0))},1.,1.,1.)")]))
    assert reason(tmp_path, bodies) == {"no body representation": 1}


def test_an_opening_is_an_opening_even_with_a_body(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.opening(bodies.element(bodies.box((5000, 200, 3000)), name="IFCWALL"), bodies.box((500, 500, 500)))
    assert reason(tmp_path, bodies) == {"opening": 1}


def test_an_annotation_of_curves(tmp_path: Path) -> None:
    bodies = Bodies()
    curve = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((1, 0, 0))}))")
    bodies.product(bodies.representation([curve], "Annotation"), name="IFCANNOTATION")
    assert reason(tmp_path, bodies) == {"annotation": 1}


def test_an_annotation_with_a_body_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.box(), name="IFCANNOTATION")
    assert reason(tmp_path, bodies) == {}


def test_a_space_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.box(), name="IFCSPACE")
    assert reason(tmp_path, bodies) == {}


@pytest.mark.parametrize("form", ["brep", "surface", "triangulated"])
def test_a_coordinate_that_is_no_number(tmp_path: Path, form: str) -> None:
    points: list[Point] = [(0, 0, 0), (HUGE, 0, 0), (0, 1000, 0)]
    bodies = Bodies()
    if form == "triangulated":
        bodies.element(bodies.triangulated(points, [[1, 2, 3]]))
    else:
        bodies.element(getattr(bodies, form)(points, [[0, 1, 2]]))
    assert reason(tmp_path, bodies) == {"invalid coordinates": 1}


def test_a_placement_that_is_no_number(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.box(), placement=bodies.placement((HUGE, 0, 0)))
    assert reason(tmp_path, bodies) == {"invalid coordinates": 1}


def test_a_placement_too_far_for_a_double(tmp_path: Path) -> None:
    bodies = Bodies()
    first = bodies.placement((1e308, 0, 0))
    bodies.element(bodies.box(), placement=bodies.placement((1e308, 0, 0), first))
    found = reason(tmp_path, bodies)
    assert found in ({}, {"invalid coordinates": 1})


@pytest.mark.parametrize("form", ["brep", "triangulated"])
def test_faces_without_area(tmp_path: Path, form: str) -> None:
    points: list[Point] = [(0, 0, 0), (1000, 0, 0), (2000, 0, 0)]
    bodies = Bodies()
    item = bodies.brep(points, [[0, 1, 2]]) if form == "brep" else bodies.triangulated(points, [[1, 2, 3]])
    bodies.element(item)
    assert reason(tmp_path, bodies) == {"empty geometry": 1}


@pytest.mark.parametrize("size", [(1000, 1000, 0), (0, 1000, 10)])
def test_an_extrusion_without_depth_or_width(tmp_path: Path, size: tuple[float, float, float]) -> None:
    bodies = Bodies()
    bodies.element(bodies.box(size))
    assert reason(tmp_path, bodies) == {"empty geometry": 1}


def test_faces_without_area_beside_good_ones_do_not_matter(tmp_path: Path) -> None:
    bodies = Bodies()
    cube = bodies.element(bodies.brep([*CUBE_POINTS, (500, 0, 0)], [*CUBE_FACES, [0, 8, 1]]))
    seen = imported(bodies, tmp_path)
    assert seen.volume(cube) == pytest.approx(1.0)


def test_a_body_that_its_opening_takes_away(tmp_path: Path) -> None:
    bodies = Bodies()
    host = bodies.element(bodies.box((100, 100, 100)))
    bodies.opening(host, bodies.box((100, 100, 100)))
    assert reason(tmp_path, bodies) == {"opening": 1, "empty geometry": 1}


def test_a_placement_relative_to_itself(tmp_path: Path) -> None:
    bodies = Bodies()
    axis = bodies.axis()
    own = f"#{int(axis[1:]) + 1}"
    assert bodies.add(f"IFCLOCALPLACEMENT({own},{axis})") == own
    bodies.element(bodies.box(), placement=own)
    good = bodies.element(bodies.box())
    assert reason(tmp_path, bodies) == {"placement loop": 1}
    assert good in bodies.products


def test_two_placements_relative_to_each_other(tmp_path: Path) -> None:
    bodies = Bodies()
    axis = bodies.axis()
    first, second = (f"#{int(axis[1:]) + n}" for n in (1, 2))
    bodies.add(f"IFCLOCALPLACEMENT({second},{axis})")
    bodies.add(f"IFCLOCALPLACEMENT({first},{axis})")
    bodies.element(bodies.box(), placement=second)
    bodies.element(bodies.brep(CUBE_POINTS, CUBE_FACES), placement=first)
    assert reason(tmp_path, bodies) == {"placement loop": 2}


def test_a_mapped_item_that_holds_itself(tmp_path: Path) -> None:
    bodies = Bodies()
    context = bodies.context()
    axis, origin = bodies.axis(), bodies.point((0, 0, 0))
    target = bodies.add(f"IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,{origin},1.,$)")
    representation, mapping, item = (f"#{int(target[1:]) + n}" for n in (1, 2, 3))
    bodies.add(f"IFCSHAPEREPRESENTATION({context},'Body','MappedRepresentation',({item}))")
    bodies.add(f"IFCREPRESENTATIONMAP({axis},{representation})")
    assert bodies.add(f"IFCMAPPEDITEM({mapping},{target})") == item
    bodies.product(representation)
    assert reason(tmp_path, bodies) == {"kernel failed": 1}


def test_culprits_are_named_by_global_id_and_the_rest_is_drawn(tmp_path: Path) -> None:
    bodies = Bodies()
    good = bodies.element(bodies.box())
    bodies.element(bodies.triangulated([(0, 0, 0), (1, 0, 0), (2, 0, 0)], [[1, 2, 3]]))
    seen = imported(bodies, tmp_path)
    assert seen.size(good) == [1.0, 2.0, 3.0]
    assert seen.result.report.culprits == {"empty geometry": ["1Any000000000000000101"]}


def test_an_index_beyond_the_points_costs_one_element(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.triangulated([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [[1, 2, 9]]))
    good = bodies.element(bodies.box())
    seen = imported(bodies, tmp_path)
    assert sum(seen.not_drawn().values()) == 4
    assert seen.size(good) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("scale", [0.0, 0.0000000001])
def test_a_mapped_body_scaled_to_nothing(tmp_path: Path, scale: float) -> None:
    bodies = Bodies()
    source = bodies.representation_map(bodies.representation([bodies.box()]))
    bodies.element(bodies.mapped(source, scale=scale))
    assert reason(tmp_path, bodies) == {"empty geometry": 1}


def test_a_kind_of_body_that_no_kernel_knows_is_not_called_empty(tmp_path: Path) -> None:
    bodies = Bodies()
    line = bodies.add(f"IFCPOLYLINE(({bodies.point((0, 0, 0))},{bodies.point((0, 0, 1000))}))")
    spine = bodies.add(
        f"IFCCOMPOSITECURVE(({bodies.add(f'IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,{line})')}),.F.)"
    )
    profile = bodies.add("IFCRECTANGLEPROFILEDEF(.AREA.,$,$,100.,100.)")
    places = f"({bodies.axis()},{bodies.axis((0, 0, 1000))})"
    bodies.element(bodies.add(f"IFCSECTIONEDSPINE({spine},({profile},{profile}),{places})"))
    assert imported(bodies, tmp_path).not_drawn()["kernel failed"] == 1
