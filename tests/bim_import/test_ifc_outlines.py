"""Outlines of arcs and composed curves, against formulas and against the kernel."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bim_import.geometry.raw import RawMesh
from bim_import.ifc.geometry.extrusions import extruded
from bim_import.ifc.geometry.kernel import KernelLimits, Kernels
from bim_import.ifc.geometry.outlines import Outlines, Ring
from bim_import.ifc.geometry.transforms import Transforms
from bim_import.ifc.reading.open import open_ifc
from bim_import.ifc.reading.step_text import UnreadableError
from tests.bim_import.bodies import Bodies, imported

Flat = tuple[float, float]
Trim = float | Flat | list[float | Flat]
RADIUS = 500.0
"""Millimetres."""
DEGREE = math.pi / 180.0
HALF_DISC = math.pi / 8.0
"""Square metres within half a circle of RADIUS."""
DEFLECTION_M = KernelLimits().linear_deflection_m


class Curves(Bodies):
    """Statements of plane curves, lengths in millimetres."""

    def flat(self, x: float, y: float) -> str:
        return self.add(f"IFCCARTESIANPOINT(({x!r},{y!r}))")

    def line(self, *points: Flat) -> str:
        return self.add(f"IFCPOLYLINE(({','.join(self.flat(float(x), float(y)) for x, y in points)}))")

    def circle(self, centre: Flat = (0.0, 0.0), radius: float = RADIUS, towards: Flat | None = None) -> str:
        x = "$" if towards is None else self.add(f"IFCDIRECTION(({towards[0]!r},{towards[1]!r}))")
        place = self.add(f"IFCAXIS2PLACEMENT2D({self.flat(*centre)},{x})")
        return self.add(f"IFCCIRCLE({place},{radius!r})")

    def trimmed(
        self, basis: str, start: Trim, end: Trim, *, sense: bool = True, preferred: str = "PARAMETER"
    ) -> str:
        trims = []
        for trim in (start, end):
            values = trim if isinstance(trim, list) else [trim]
            written = [
                self.flat(float(v[0]), float(v[1]))
                if isinstance(v, tuple)
                else f"IFCPARAMETERVALUE({float(v)!r})"
                for v in values
            ]
            trims.append(f"({','.join(written)})")
        agreement = "T" if sense else "F"
        return self.add(f"IFCTRIMMEDCURVE({basis},{trims[0]},{trims[1]},.{agreement}.,.{preferred}.)")

    def composed(self, *segments: str | tuple[str, bool]) -> str:
        """Segments in order; a pair says whether in the sense of the curve."""
        made = []
        for segment in segments:
            curve, same = segment if isinstance(segment, tuple) else (segment, True)
            made.append(self.add(f"IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.{'T' if same else 'F'}.,{curve})"))
        return self.add(f"IFCCOMPOSITECURVE(({','.join(made)}),.F.)")

    def indexed(self, points: Sequence[Flat], segments: str) -> str:
        table = ",".join(f"({float(x)!r},{float(y)!r})" for x, y in points)
        return self.add(
            f"IFCINDEXEDPOLYCURVE({self.add(f'IFCCARTESIANPOINTLIST2D(({table}))')},{segments},.F.)"
        )

    def solid(self, curve: str) -> str:
        """The curve as outline of an extrusion of one metre."""
        return self.extrusion(self.add(f"IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,{curve})"), 1000.0)


Make = Callable[[Curves], str]


def outline(folder: Path, make: Make, *, angle_rad: float | None = 1.0) -> Ring:
    """Corners in metres of the curve that `make` writes."""
    curves = Curves()
    name = make(curves)
    file = open_ifc(curves.write(folder)).file
    outlines = Outlines(transforms=Transforms(0.001), limits=KernelLimits(), angle_rad=angle_rad)
    return outlines.closed(file.by_id(int(name[1:])))


def area(ring: Ring) -> float:
    """Signed, positive counter-clockwise; square metres."""
    x, y = np.array(ring).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2.0)


def both(folder: Path, make: Make) -> tuple[RawMesh, RawMesh]:
    """The extruded curve by arithmetic and by the kernel."""
    curves = Curves()
    name = curves.solid(make(curves))
    curves.element(name)
    file = open_ifc(curves.write(folder)).file
    item, limits = file.by_id(int(name[1:])), KernelLimits()
    outlines = Outlines(transforms=Transforms(0.001), limits=limits, angle_rad=1.0)
    return extruded(item, outlines), Kernels(file, limits).mesh(item)


def volume(raw: RawMesh) -> float:
    a, b, c = (raw.vertices[raw.triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def chord(curves: Curves, start: Flat = (-RADIUS, 0.0), end: Flat = (RADIUS, 0.0)) -> str:
    return curves.line(start, end)


def upper_half(start: Trim, end: Trim, preferred: str = "PARAMETER") -> Make:
    return lambda c: c.composed(c.trimmed(c.circle(), start, end, preferred=preferred), chord(c))


def is_upper_half(ring: Ring) -> bool:
    return area(ring) == pytest.approx(HALF_DISC, rel=0.01) and min(y for _, y in ring) > -1e-9


def test_half_a_circle_lies_within_the_deflection(tmp_path: Path) -> None:
    ring = outline(tmp_path, upper_half(0.0, math.pi))
    missing = HALF_DISC - area(ring)
    assert 0.0 < missing < DEFLECTION_M * math.pi * RADIUS / 1000.0
    assert [math.hypot(x, y) for x, y in ring] == pytest.approx([RADIUS / 1000.0] * len(ring))


def test_a_circle_of_half_a_millimetre_keeps_the_smallest_number_of_corners(tmp_path: Path) -> None:
    assert len(outline(tmp_path, lambda c: c.circle(radius=0.5))) == 13


def test_parameters_are_angles_in_the_unit_of_the_file(tmp_path: Path) -> None:
    assert is_upper_half(outline(tmp_path, upper_half(0.0, 180.0), angle_rad=DEGREE))


def test_parameters_of_a_file_without_an_angle_unit_are_left_to_the_kernel(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="angle"):
        outline(tmp_path, upper_half(0.0, 180.0), angle_rad=None)


def test_points_need_no_angle_unit(tmp_path: Path) -> None:
    make = upper_half((RADIUS, 0.0), (-RADIUS, 0.0), "CARTESIAN")
    assert is_upper_half(outline(tmp_path, make, angle_rad=None))


def test_points_that_lie_beside_the_circle_are_moved_onto_it(tmp_path: Path) -> None:
    ring = outline(tmp_path, upper_half((RADIUS + 0.04, 0.0), (-RADIUS + 0.04, 0.0), "CARTESIAN"))
    assert is_upper_half(ring)


@pytest.mark.parametrize(("preferred", "left_m"), [("PARAMETER", -0.5), ("CARTESIAN", 0.0)])
def test_of_a_point_and_a_parameter_the_preferred_one_counts(
    tmp_path: Path, preferred: str, left_m: float
) -> None:
    end: list[float | Flat] = [math.pi, (0.0, RADIUS)]  # half of the circle, or a quarter
    trimmed: Make = lambda c: c.trimmed(c.circle(), [0.0, (RADIUS, 0.0)], end, preferred=preferred)  # noqa: E731
    ring = outline(tmp_path, trimmed)
    assert min(x for x, _ in ring) == pytest.approx(left_m, abs=1e-9)


def test_a_point_and_a_parameter_may_each_trim_one_end(tmp_path: Path) -> None:
    assert is_upper_half(outline(tmp_path, upper_half((RADIUS, 0.0), math.pi, "CARTESIAN")))


@pytest.mark.parametrize("turns", [-2, -1, 1, 3])
def test_parameters_beyond_a_full_turn_wrap_around(tmp_path: Path, turns: int) -> None:
    start = turns * math.tau
    assert is_upper_half(outline(tmp_path, upper_half(start, start + math.pi)))
    assert is_upper_half(outline(tmp_path, upper_half(start, math.pi)))


def test_an_arc_against_the_sense_of_its_circle_runs_clockwise_from_its_first_trim(tmp_path: Path) -> None:
    def lower(c: Curves) -> str:
        arc = c.trimmed(c.circle(), 0.0, math.pi, sense=False)
        return c.composed(arc, chord(c))

    ring = outline(tmp_path, lower)
    assert max(y for _, y in ring) < 1e-9
    assert area(ring) == pytest.approx(-HALF_DISC, rel=0.01)


def test_segments_against_the_sense_of_their_curve_are_turned_round(tmp_path: Path) -> None:
    def turned(c: Curves) -> str:
        arc = c.trimmed(c.circle(), 0.0, math.pi)
        return c.composed((arc, False), (chord(c), False))

    ring = outline(tmp_path, turned)
    assert ring[0] == pytest.approx((-0.5, 0.0))
    assert area(ring) == pytest.approx(-HALF_DISC, rel=0.01)


def test_an_arc_of_more_than_half_a_circle(tmp_path: Path) -> None:
    def three_quarters(c: Curves) -> str:
        arc = c.trimmed(c.circle(), 0.0, 1.5 * math.pi)
        return c.composed(arc, c.line((0.0, -RADIUS), (0.0, 0.0), (RADIUS, 0.0)))

    assert area(outline(tmp_path, three_quarters)) == pytest.approx(HALF_DISC * 1.5, rel=0.01)


@pytest.mark.parametrize(("start", "end"), [(0.0, math.pi), ((0.0, RADIUS), (0.0, -RADIUS))])
def test_the_axis_of_a_circle_turns_its_parameters_but_not_its_points(
    tmp_path: Path, start: Trim, end: Trim
) -> None:
    def left(c: Curves) -> str:
        arc = c.trimmed(c.circle(towards=(0.0, 1.0)), start, end, preferred="CARTESIAN")
        return c.composed(arc, chord(c, (0.0, -RADIUS), (0.0, RADIUS)))

    ring = outline(tmp_path, left)
    assert max(x for x, _ in ring) < 1e-9
    assert area(ring) == pytest.approx(HALF_DISC, rel=0.01)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0.0, math.tau),
        (1.0, 1.0),
        (0.0, math.tau + 1e-9),
        ((RADIUS, 0.0), (RADIUS, 0.0)),
        ((RADIUS, 0.0), (RADIUS, 1e-5)),
    ],
)
def test_an_arc_that_ends_where_it_starts_is_a_whole_circle(tmp_path: Path, start: Trim, end: Trim) -> None:
    ring = outline(tmp_path, lambda c: c.trimmed(c.circle(), start, end))
    assert area(ring) == pytest.approx(math.pi / 4.0, rel=0.01)


@pytest.mark.parametrize("noise", [0.0, 1e-5, -1e-5])
def test_an_arc_of_no_length_between_other_segments_is_none(tmp_path: Path, noise: float) -> None:
    def cornered(c: Curves) -> str:
        arc = c.trimmed(c.circle((RADIUS, 0.0)), (0.0, 0.0), (0.0, noise), preferred="CARTESIAN")
        return c.composed(
            c.line((RADIUS, 0.0), (0.0, 0.0)), arc, c.line((0.0, 0.0), (0.0, -RADIUS), (RADIUS, 0.0))
        )

    assert area(outline(tmp_path, cornered)) == pytest.approx(0.125)


def test_a_trimmed_line_runs_from_its_first_point_to_its_second(tmp_path: Path) -> None:
    def triangle(c: Curves) -> str:
        along = c.add(f"IFCVECTOR({c.add('IFCDIRECTION((1.,0.))')},1.)")
        basis = c.add(f"IFCLINE({c.flat(0.0, 0.0)},{along})")
        against = c.trimmed(basis, (1000.0, 0.0), (0.0, 0.0), sense=False, preferred="CARTESIAN")
        return c.composed(against, c.line((0.0, 0.0), (0.0, 1000.0), (1000.0, 0.0)))

    np.testing.assert_allclose(outline(tmp_path, triangle)[:2], [(1.0, 0.0), (0.0, 0.0)], atol=1e-9)


def test_a_composed_curve_may_be_a_segment(tmp_path: Path) -> None:
    def nested(c: Curves) -> str:
        inner = c.composed(c.line((0.0, 0.0), (1000.0, 0.0)), c.line((1000.0, 0.0), (1000.0, 1000.0)))
        return c.composed((inner, False), c.line((0.0, 0.0), (0.0, 1000.0), (1000.0, 1000.0)))

    assert abs(area(outline(tmp_path, nested))) == pytest.approx(1.0)


def square_with_gap(c: Curves, gap_mm: float) -> str:
    rest = c.line((1000.0, gap_mm), (1000.0, 1000.0), (0.0, 1000.0), (0.0, 0.0))
    return c.composed(c.line((0.0, 0.0), (1000.0, 0.0)), rest)


def test_a_gap_of_rounding_is_closed(tmp_path: Path) -> None:
    assert area(outline(tmp_path, lambda c: square_with_gap(c, 0.05))) == pytest.approx(1.0, rel=1e-4)


def test_a_larger_gap_is_left_to_the_kernel(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="gap"):
        outline(tmp_path, lambda c: square_with_gap(c, 0.2))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_an_arc_through_three_points_bulges_to_the_side_of_the_middle_one(
    tmp_path: Path, side: float
) -> None:
    points = [(RADIUS, 0.0), (0.0, side * RADIUS), (-RADIUS, 0.0)]
    ring = outline(tmp_path, lambda c: c.indexed(points, "(IFCARCINDEX((1,2,3)),IFCLINEINDEX((3,1)))"))
    assert area(ring) == pytest.approx(side * HALF_DISC, rel=0.01)
    assert [math.hypot(x, y) for x, y in ring] == pytest.approx([RADIUS / 1000.0] * len(ring))


def test_an_arc_through_three_points_may_be_more_than_half_a_circle(tmp_path: Path) -> None:
    points = [(RADIUS, 0.0), (-RADIUS, 0.0), (0.0, -RADIUS), (0.0, 0.0)]
    ring = outline(tmp_path, lambda c: c.indexed(points, "(IFCARCINDEX((1,2,3)),IFCLINEINDEX((3,4,1)))"))
    assert area(ring) == pytest.approx(HALF_DISC * 1.5, rel=0.01)


@pytest.mark.parametrize("bulge", [0.0, 1e-9, -1e-13])
def test_an_arc_through_points_on_a_line_is_straight(tmp_path: Path, bulge: float) -> None:
    points = [(0.0, 0.0), (500.0, bulge), (1000.0, 0.0), (0.0, 1000.0)]
    ring = outline(tmp_path, lambda c: c.indexed(points, "(IFCARCINDEX((1,2,3)),IFCLINEINDEX((3,4,1)))"))
    assert len(ring) <= 4
    assert area(ring) == pytest.approx(0.5)


def test_an_arc_of_a_kilometre_over_a_millionth_of_a_millimetre_is_straight(tmp_path: Path) -> None:
    points = [(0.0, 0.0), (5e5, -2e-6), (1e6, 0.0), (0.0, 1e6)]
    ring = outline(tmp_path, lambda c: c.indexed(points, "(IFCARCINDEX((1,2,3)),IFCLINEINDEX((3,4,1)))"))
    assert area(ring) == pytest.approx(5e5)


@pytest.mark.parametrize("ends", [(1, 2, 1), (1, 1, 1)])
def test_an_indexed_arc_without_extent_has_no_area(tmp_path: Path, ends: tuple[int, int, int]) -> None:
    points = [(RADIUS, 0.0), (-RADIUS, 0.0)]
    with pytest.raises(UnreadableError, match="area"):
        outline(tmp_path, lambda c: c.indexed(points, f"(IFCARCINDEX({ends}))".replace(" ", "")))


def half_ellipse(c: Curves) -> str:
    place = c.add(f"IFCAXIS2PLACEMENT2D({c.flat(0.0, 0.0)},$)")
    ellipse = c.add(f"IFCELLIPSE({place},800.,400.)")
    return c.composed(c.trimmed(ellipse, 0.0, math.pi), c.line((-800.0, 0.0), (800.0, 0.0)))


def line_by_parameters(c: Curves) -> str:
    along = c.add(f"IFCVECTOR({c.add('IFCDIRECTION((1.,0.))')},1.)")
    basis = c.add(f"IFCLINE({c.flat(0.0, 0.0)},{along})")
    rest = c.line((1000.0, 0.0), (0.0, 1000.0), (0.0, 0.0))
    return c.composed(c.trimmed(basis, 0.0, 1000.0), rest)


@pytest.mark.parametrize(("make", "expected"), [(half_ellipse, math.pi * 0.16), (line_by_parameters, 0.5)])
def test_other_curves_are_left_to_the_kernel_which_draws_them(
    tmp_path: Path, make: Make, expected: float
) -> None:
    with pytest.raises(UnreadableError):
        outline(tmp_path, make)
    curves = Curves()
    element = curves.element(curves.solid(make(curves)))
    assert imported(curves, tmp_path).volume(element) == pytest.approx(expected, rel=0.01)


DAMAGED: dict[str, Make] = {
    "no radius": lambda c: c.circle(radius=0.0),
    "negative radius": lambda c: c.trimmed(c.circle(radius=-5.0), 0.0, 3.0),
    "no basis": lambda c: c.trimmed("$", 0.0, 3.0),
    "index beyond": lambda c: c.indexed([(0.0, 0.0), (1.0, 0.0)], "(IFCARCINDEX((1,2,9)))"),
    "arc of two": lambda c: c.indexed([(0.0, 0.0), (1.0, 0.0)], "(IFCARCINDEX((1,2)))"),
    "infinite": lambda c: c.add(f"IFCPOLYLINE(({c.add('IFCCARTESIANPOINT((1.E400,0.))')}))"),
    "holds itself": lambda c: c.composed(f"#{1000 + len(c.statements) + 1}"),
    "no placement": lambda c: c.add("IFCCIRCLE($,500.)"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_outline_costs_its_element_only(tmp_path: Path, damage: str) -> None:
    curves = Curves()
    damaged = curves.element(curves.solid(DAMAGED[damage](curves)))
    healthy = curves.element(curves.solid(upper_half(0.0, math.pi)(curves)))
    seen = imported(curves, tmp_path)
    assert len(seen.points(damaged)) == 0
    assert seen.volume(healthy) == pytest.approx(HALF_DISC, rel=0.01)


def _slice(start: float, swept: float, *, sense: bool) -> Make:
    """A piece of cake in any direction."""

    def make(c: Curves) -> str:
        end = start + (swept if sense else -swept)
        corners = [(RADIUS * math.cos(angle), RADIUS * math.sin(angle)) for angle in (start, end)]
        arc = c.trimmed(c.circle(), start, end, sense=sense)
        return c.composed(arc, c.line(corners[1], (0.0, 0.0), corners[0]))

    return make


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.floats(-7.0, 7.0), swept=st.floats(0.1, 6.0), sense=st.sampled_from(["with", "against"]))
def test_any_piece_of_a_circle_is_what_the_kernel_makes_of_it(
    tmp_path: Path, start: float, swept: float, sense: str
) -> None:
    ours, kernels = both(tmp_path, _slice(start, swept, sense=sense == "with"))
    assert volume(ours) == pytest.approx(swept / 8.0, rel=0.02)
    assert volume(ours) == pytest.approx(abs(volume(kernels)), rel=0.01)
    for corner in (np.min, np.max):
        np.testing.assert_allclose(
            corner(ours.vertices, axis=0), corner(kernels.vertices, axis=0), atol=DEFLECTION_M
        )


def test_an_extruded_outline_of_arcs_is_closed_and_names_its_item(tmp_path: Path) -> None:
    ours, kernels = both(tmp_path, upper_half(0.0, math.pi))
    assert ours.closed
    assert set(ours.items) == set(kernels.items)
    assert len(ours.triangles) == len(kernels.triangles)


def test_a_half_space_may_be_bounded_by_arcs(tmp_path: Path) -> None:
    curves = Curves()
    plane = curves.add(f"IFCPLANE({curves.axis((0, 0, 1000))})")
    boundary = upper_half(0.0, math.pi)(curves)
    half = curves.add(f"IFCPOLYGONALBOUNDEDHALFSPACE({plane},.F.,{curves.axis()},{boundary})")
    clipped = curves.element(curves.difference(curves.box((2000, 2000, 3000)), half))
    assert imported(curves, tmp_path).volume(clipped) == pytest.approx(12.0 - 2.0 * HALF_DISC, rel=1e-3)
