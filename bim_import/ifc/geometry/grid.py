"""Placements at the crossing of two grid axes (IfcGridPlacement), for axes that are straight lines."""

import math

from bim_import.ifc.reading.entities import Entity, attribute, is_kind, kind

Flat = tuple[float, float]
Line = tuple[Flat, Flat]
"""A point and a unit direction, in metres."""


class CurvedAxisError(ValueError):
    """A grid axis that is no straight line, or axes that do not cross."""


def crossing(intersection: Entity, unit_m: float) -> tuple[tuple[float, float, float], Flat]:
    """Where the two axes of an IfcVirtualGridIntersection cross, in metres of the grid, and the direction of the first.

    Each axis is first moved by its offset to its left; a third offset lifts the point (IFC 4.3, 8.8.3.59).
    Raises CurvedAxisError.
    """
    axes, offsets = (
        attribute(intersection, 0),
        [float(value) * unit_m for value in attribute(intersection, 1)],
    )
    first, second = (
        _offset(_line(axis, unit_m), offset) for axis, offset in zip(axes, offsets[:2], strict=True)
    )
    (px, py), (ux, uy) = first
    (qx, qy), (vx, vy) = second
    across = ux * vy - uy * vx
    if abs(across) < 1e-9:
        raise CurvedAxisError("parallel axes")
    along = ((qx - px) * vy - (qy - py) * vx) / across
    height = offsets[2] if len(offsets) > 2 else 0.0
    return (px + along * ux, py + along * uy, height), (ux, uy)


def grid_of(intersection: Entity) -> Entity | None:
    """The IfcGrid that the first axis of an intersection belongs to."""
    for axis in attribute(intersection, 0):
        for grids in (axis.PartOfU, axis.PartOfV, axis.PartOfW):
            if grids:
                found: Entity = grids[0]
                return found
    return None


def _line(axis: Entity, unit_m: float) -> Line:
    """The curve of an IfcGridAxis in the sense of the axis."""
    curve = attribute(axis, 1)
    if kind(curve) == "IfcPolyline" and len(attribute(curve, 0)) == 2:
        start, end = (attribute(point, 0) for point in attribute(curve, 0))
        direction = end[0] - start[0], end[1] - start[1]
    elif is_kind(curve, "IfcLine"):
        start = attribute(attribute(curve, 0), 0)
        direction = attribute(attribute(attribute(curve, 1), 0), 0)[:2]
    else:
        raise CurvedAxisError(kind(curve))
    length = math.hypot(*direction)
    if not 0.0 < length < math.inf:
        raise CurvedAxisError("an axis without direction")
    sense = 1.0 if attribute(axis, 2) else -1.0
    return (start[0] * unit_m, start[1] * unit_m), (
        sense * direction[0] / length,
        sense * direction[1] / length,
    )


def _offset(line: Line, distance: float) -> Line:
    (x, y), (ux, uy) = line
    return (x - uy * distance, y + ux * distance), (ux, uy)
