"""Closed plane curves of profiles as corners: polylines, arcs of circles, and curves composed of these.

Any other curve raises UnreadableError, and the kernel does the shape.
"""

import math
from dataclasses import dataclass

from bim_import.ifc.geometry.kernel import KernelLimits
from bim_import.ifc.geometry.transforms import Transforms
from bim_import.ifc.reading.entities import Entity, attribute, is_kind, kind
from bim_import.ifc.reading.step_text import UnreadableError

Ring = list[tuple[float, float]]
"""Corners of a closed outline in metres, the last not repeating the first."""

SAME_M = 1e-7
"""Corners nearer than this are one; a length below it is none."""
_GAP_M = 1e-4
"""Ends of neighbouring segments that are further apart than this are a gap: exporters write four decimals of a metre."""
_FULL = 2.0 * math.pi


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """Reads curves of one file. `angle_rad` is its plane angle unit in radians, None where it names none."""

    transforms: Transforms
    limits: KernelLimits
    angle_rad: float | None

    def closed(self, curve: Entity) -> Ring:
        """Corners of a closed curve. Raises UnreadableError."""
        ring = _tidied(self._points(curve))
        if len(ring) < 3 or not math.isfinite(sum(x + y for x, y in ring)):
            raise UnreadableError("an outline without area")
        return ring

    def open(self, curve: Entity) -> Ring:
        """Corners of a curve that need not be closed; one that is ends where it began. Raises UnreadableError."""
        points = self._points(curve)
        line = [
            point for place, point in enumerate(points) if not place or not _meet(point, points[place - 1])
        ]
        if len(line) < 2 or not math.isfinite(sum(x + y for x, y in line)):
            raise UnreadableError("a line without length")
        return line

    def circle(self, radius: float) -> Ring:
        """A circle about the origin, with as few corners as both limits allow."""
        count = max(math.ceil(_FULL / self._step(radius)), 3)
        return [_on_circle(radius, place * _FULL / count) for place in range(count)]

    def _step(self, radius: float) -> float:
        """Largest angle from one corner to the next."""
        # By the half angle: the cosine of a step on an arc of a thousand kilometres is 1.
        flat = 4.0 * math.asin(min(math.sqrt(self.limits.linear_deflection_m / (2.0 * radius)), 1.0))
        return min(flat, self.limits.angular_deflection_rad)

    def _points(self, curve: Entity) -> Ring:
        name, unit = kind(curve), self.transforms.unit_m
        if name == "IfcPolyline":
            return [
                (point[0] * unit, point[1] * unit) for point in (attribute(p, 0) for p in attribute(curve, 0))
            ]
        if name == "IfcIndexedPolyCurve":
            return self._indexed(curve)
        if name == "IfcCompositeCurve":
            return self._composed(curve)
        if name == "IfcTrimmedCurve":
            return self._trimmed(curve)
        if name == "IfcCircle":
            return self._in_place(curve, self.circle(self._radius(curve)))
        raise UnreadableError(name)

    def _indexed(self, curve: Entity) -> Ring:
        unit = self.transforms.unit_m
        table = [(row[0] * unit, row[1] * unit) for row in attribute(attribute(curve, 0), 0)]
        segments = attribute(curve, 1)
        if not segments:
            return table
        points: Ring = []
        for segment in segments:
            corners = [table[number - 1] for number in attribute(segment, 0)]
            if is_kind(segment, "IfcArcIndex"):
                corners = self._through(*corners)
            _joined(points, corners)
        return points

    def _composed(self, curve: Entity) -> Ring:
        points: Ring = []
        segments = attribute(curve, 0)
        for segment in segments:
            if kind(segment) != "IfcCompositeCurveSegment":
                raise UnreadableError(kind(segment))
            part = attribute(segment, 2)
            corners = self._points(part)
            if len(segments) > 1 and kind(part) == "IfcTrimmedCurve" and _meet(corners[0], corners[-1]):
                corners = corners[
                    :1
                ]  # exporters write arcs of no length; a whole circle cannot be part of an outline
            _joined(points, corners if attribute(segment, 1) else corners[::-1])
        return points

    def _trimmed(self, curve: Entity) -> Ring:
        basis, with_it = attribute(curve, 0), attribute(curve, 3)
        trims = [attribute(curve, place) for place in (1, 2)]
        if is_kind(basis, "IfcLine"):
            # From the first to the second, whatever the sense of the line.
            return [self._point_of(trim) for trim in trims]
        if kind(basis) != "IfcCircle":
            raise UnreadableError(kind(basis))
        radius = self._radius(basis)
        start, end = (self._angle_of(trim, basis, by_parameter=_by_parameter(curve)) for trim in trims)
        swept = (end - start if with_it else start - end) % _FULL
        if swept * radius < SAME_M:
            swept = _FULL
        count = max(math.ceil(swept / self._step(radius) - 1e-9), 1)
        turn = swept / count if with_it else -swept / count
        return self._in_place(basis, [_on_circle(radius, start + place * turn) for place in range(count + 1)])

    def _point_of(self, trim: tuple[Entity, ...]) -> tuple[float, float]:
        for value in trim:
            if is_kind(value, "IfcCartesianPoint"):
                x, y = attribute(value, 0)[:2]
                return x * self.transforms.unit_m, y * self.transforms.unit_m
        raise UnreadableError("a line trimmed by parameters")

    def _angle_of(self, trim: tuple[Entity, ...], circle: Entity, *, by_parameter: bool) -> float:
        """Angle on the circle in radians."""
        values = {is_kind(value, "IfcCartesianPoint"): value for value in trim}
        if False in values and (by_parameter or True not in values):
            if self.angle_rad is None:
                raise UnreadableError("an angle without a unit")
            return float(attribute(values[False], 0)) * self.angle_rad
        x, y = self._point_of(trim)
        (a, b, _, c), (d, e, _, f) = self.transforms.axis_placement(attribute(circle, 0))[:2].tolist()
        x, y = x - c, y - f
        return math.atan2(b * x + e * y, a * x + d * y)

    def _radius(self, circle: Entity) -> float:
        radius = float(attribute(circle, 1)) * self.transforms.unit_m
        if not SAME_M < radius < math.inf:
            raise UnreadableError("a circle without radius")
        return radius

    def _in_place(self, circle: Entity, points: Ring) -> Ring:
        (a, b, _, c), (d, e, _, f) = self.transforms.axis_placement(attribute(circle, 0))[:2].tolist()
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def _through(
        self, first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]
    ) -> Ring:
        """An arc through three points; a straight line where they lie on one."""
        bx, by = middle[0] - first[0], middle[1] - first[1]
        cx, cy = last[0] - first[0], last[1] - first[1]
        across = 2.0 * (bx * cy - by * cx)
        if abs(across) <= 1e-12 * max(bx * bx + by * by, cx * cx + cy * cy):
            return [first, middle, last]
        b, c = bx * bx + by * by, cx * cx + cy * cy
        x, y = (cy * b - by * c) / across, (bx * c - cx * b) / across
        radius = math.hypot(x, y)
        start, end = math.atan2(-y, -x), math.atan2(cy - y, cx - x)
        turn = (end - start) % _FULL if across > 0.0 else -((start - end) % _FULL)
        count = max(math.ceil(abs(turn) / self._step(radius) - 1e-9), 1)
        arc = [_on_circle(radius, start + place * turn / count) for place in range(1, count)]
        return [first, *((first[0] + x + px, first[1] + y + py) for px, py in arc), last]


def _by_parameter(curve: Entity) -> bool:
    """Whether a trimmed curve prefers parameters where it gives both (IfcTrimmingPreference)."""
    return str(attribute(curve, 4)) == "PARAMETER"


def _on_circle(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.cos(angle), radius * math.sin(angle)


def _meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) <= SAME_M and abs(a[1] - b[1]) <= SAME_M


def _joined(points: Ring, more: Ring) -> None:
    """Append a segment that must start where `points` end."""
    if points and more:
        if max(abs(points[-1][0] - more[0][0]), abs(points[-1][1] - more[0][1])) > _GAP_M:
            raise UnreadableError("a curve with a gap")
        more = more[1:]
    points.extend(more)


def _tidied(points: Ring) -> Ring:
    """Corners without repetitions, neither in a row nor from the last to the first."""
    ring: Ring = []
    for x, y in points:
        if not ring or not _meet((x, y), ring[-1]):
            ring.append((x, y))
    while len(ring) > 1 and _meet(ring[0], ring[-1]):
        ring.pop()
    return ring
