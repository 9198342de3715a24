"""Profiles as rings of corners: arbitrary outlines, rectangles, circles, pipes, strips along a line, and copies of these.

Any other profile raises UnreadableError, and the kernel does the shape.
"""

import math

from shapely import LineString

from bim_import.ifc.geometry.outlines import SAME_M, Outlines, Ring
from bim_import.ifc.geometry.transforms import Matrix
from bim_import.ifc.reading.entities import Entity, attribute, kind
from bim_import.ifc.reading.step_text import UnreadableError

_PARAMETRIC = {"IfcRectangleProfileDef": 2, "IfcCircleProfileDef": 1, "IfcCircleHollowProfileDef": 2}
"""Class → how many lengths it has, from its fourth attribute on."""
_CURVE, _HOLES, _THICKNESS, _PARENT, _OPERATOR = 2, 3, 3, 2, 3
_MAX_COPIES = 16
"""Profiles derived from profiles: a loop has no end."""


def rings_of(profile: Entity, outlines: Outlines) -> list[Ring]:
    """The outline of a profile counter-clockwise, then its holes clockwise. Raises UnreadableError, NeedsKernelError."""
    rings = _rings(profile, outlines, 0)
    return [
        ring if (signed_area(ring) > 0.0) == (place == 0) else ring[::-1] for place, ring in enumerate(rings)
    ]


def signed_area(ring: Ring) -> float:
    """Positive counter-clockwise."""
    left, low = ring[0]
    before_x, before_y = ring[-1][0] - left, ring[-1][1] - low
    doubled = 0.0
    for x, y in ring:
        here_x, here_y = x - left, y - low
        doubled += before_x * here_y - here_x * before_y
        before_x, before_y = here_x, here_y
    return doubled / 2.0


def _rings(profile: Entity, outlines: Outlines, depth: int) -> list[Ring]:
    name = kind(profile)
    if name == "IfcArbitraryClosedProfileDef":
        return [outlines.closed(attribute(profile, _CURVE))]
    if name == "IfcArbitraryProfileDefWithVoids":
        curves = [attribute(profile, _CURVE), *attribute(profile, _HOLES)]
        return [outlines.closed(curve) for curve in curves]
    if name in _PARAMETRIC:
        return _parametric(profile, name, outlines)
    if name == "IfcCenterLineProfileDef":
        return _strip(outlines.open(attribute(profile, _CURVE)), _lengths(profile, 1, outlines)[0])
    if name in ("IfcDerivedProfileDef", "IfcMirroredProfileDef") and depth < _MAX_COPIES:
        rings = _rings(attribute(profile, _PARENT), outlines, depth + 1)
        if name == "IfcMirroredProfileDef":
            return [[(-x, y) for x, y in ring] for ring in rings]
        return _moved(rings, outlines.transforms.operator(attribute(profile, _OPERATOR)))
    raise UnreadableError(name)


def _lengths(profile: Entity, count: int, outlines: Outlines) -> list[float]:
    """Attributes from the fourth on, in metres."""
    found = [float(attribute(profile, place)) * outlines.transforms.unit_m for place in range(3, 3 + count)]
    if not all(SAME_M < length < math.inf for length in found):
        raise UnreadableError("a profile without size")
    return found


def _parametric(profile: Entity, name: str, outlines: Outlines) -> list[Ring]:
    sizes = _lengths(profile, _PARAMETRIC[name], outlines)
    if name == "IfcRectangleProfileDef":
        x, y = sizes[0] / 2, sizes[1] / 2
        rings: list[Ring] = [[(-x, -y), (x, -y), (x, y), (-x, y)]]
    elif name == "IfcCircleProfileDef":
        rings = [outlines.circle(sizes[0])]
    elif sizes[1] < sizes[0]:
        rings = [outlines.circle(sizes[0]), outlines.circle(sizes[0] - sizes[1])]
    else:
        raise UnreadableError("a pipe thicker than its radius")
    position = attribute(profile, 2)
    return rings if position is None else _moved(rings, outlines.transforms.axis_placement(position))


def _moved(rings: list[Ring], matrix: Matrix) -> list[Ring]:
    (a, b, _, c), (d, e, _, f) = matrix[:2].tolist()
    return [[(a * x + b * y + c, d * x + e * y + f) for x, y in ring] for ring in rings]


def _strip(line: Ring, thickness: float) -> list[Ring]:
    """What lies within half the thickness of a line, its ends cut straight (IFC 4.3, 8.15.3.8)."""
    area = LineString(line).buffer(thickness / 2.0, cap_style="flat", join_style="mitre")
    if area.is_empty or area.geom_type != "Polygon":
        raise UnreadableError("a strip in several parts")
    return [[(x, y) for x, y in ring.coords[:-1]] for ring in (area.exterior, *area.interiors)]
