"""Axis placements, placement chains and length units of an IFC file, in metres, read so that damage cannot hang or crash."""

import math
from collections.abc import Iterator

import ifcopenshell
import numpy as np
from numpy.typing import NDArray

from bim_import.ifc.reading.units import unit_scale

Entity = ifcopenshell.entity_instance
Matrix = NDArray[np.float64]

UNREADABLE = (RuntimeError, AttributeError, TypeError, ValueError, IndexError, KeyError, OverflowError)
"""What ifcopenshell raises for an attribute that is damaged, of another type than the schema's, or absent from it."""

SI_PREFIXES = {
    "KILO": 1e3,
    "HECTO": 1e2,
    "DECA": 1e1,
    "DECI": 1e-1,
    "CENTI": 1e-2,
    "MILLI": 1e-3,
    "MICRO": 1e-6,
    None: 1.0,
}

_TINY = 1e-12
"""Directions shorter than this are no direction."""


def is_a(entity: Entity, name: str) -> bool:
    """Whether an instance is of a class or a subclass of it."""
    return bool(entity.is_a(name))


def class_of(entity: Entity) -> str:
    """Name of the class of an instance."""
    return str(entity.is_a())


def entities(file: ifcopenshell.file, name: str) -> list[Entity]:
    """Instances of a class and its subclasses in the order of their ids; none where the schema lacks the class."""
    try:
        return sorted(file.by_type(name), key=lambda entity: entity.id())
    except RuntimeError:
        return []


def finite(value: object, default: float | None = None) -> float:
    """A finite float of an attribute; `default` where it is absent. Raises ValueError for anything else."""
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def x_axis_angle(abscissa: float | None, ordinate: float | None) -> float:
    """Degrees from the map's east axis to the local x axis; 0 where the vector is absent or has no length."""
    x, y = finite(abscissa, 0.0), finite(ordinate, 0.0)
    return math.degrees(math.atan2(y, x)) if math.hypot(x, y) > _TINY else 0.0


def length_unit_m(file: ifcopenshell.file) -> float:
    """Metres in one length unit of the project; 1.0 where it is not said or makes no sense."""
    try:
        scale = unit_scale(file)
    except (*UNREADABLE, AssertionError):
        return 1.0
    return scale if math.isfinite(scale) and scale > 0.0 else 1.0


def unit_factor(unit: Entity | None) -> float | None:
    """Metres or radians in one named length or angle unit; None where it is absent or cannot be read."""
    try:
        return _factor(unit) if unit is not None else None
    except UNREADABLE:
        return None


def _factor(unit: Entity) -> float | None:
    if is_a(unit, "IfcConversionBasedUnit"):
        measure = unit.ConversionFactor
        base = _factor(measure.UnitComponent)
        return None if base is None else finite(measure.ValueComponent.wrappedValue) * base
    if is_a(unit, "IfcSIUnit") and unit.Name in ("METRE", "RADIAN"):
        return SI_PREFIXES.get(unit.Prefix)
    return None


def angle_unit(file: ifcopenshell.file) -> float:
    """Radians in one plane angle unit of the project; 1.0 where it is not said."""
    for assignment in entities(file, "IfcUnitAssignment"):
        for unit in assignment.Units or ():
            if getattr(unit, "UnitType", None) == "PLANEANGLEUNIT":
                return unit_factor(unit) or 1.0
    return 1.0


def _direction(entity: Entity | None, default: tuple[float, ...]) -> Matrix:
    vector = np.zeros(3)
    ratios = np.array(entity.DirectionRatios if entity is not None else default, dtype=np.float64)[:3]
    vector[: len(ratios)] = ratios
    length = np.linalg.norm(vector)
    return vector / length if np.isfinite(length) and length > _TINY else np.array(default, dtype=np.float64)


def axes_matrix(axes: Entity | None, unit_m: float) -> Matrix:
    """(4, 4) of an IfcAxis2Placement2D or 3D, metres (ISO 10303-42 build_axes). Raises one of UNREADABLE."""
    result = np.eye(4)
    if axes is None:
        return result
    z = _direction(getattr(axes, "Axis", None), (0.0, 0.0, 1.0))
    x = _direction(axes.RefDirection, (1.0, 0.0, 0.0))
    x = x - z * float(x @ z)
    if np.linalg.norm(x) < _TINY:
        x = np.cross(np.array((0.0, 1.0, 0.0) if abs(z[1]) < 0.9 else (0.0, 0.0, 1.0)), z)
    x = x / float(np.linalg.norm(x))
    result[:3, :3] = np.column_stack([x, np.cross(z, x), z])
    location = [finite(value) for value in axes.Location.Coordinates]
    result[: len(location), 3] = np.array(location) * unit_m
    return result


def _chain(placement: Entity | None) -> Iterator[Entity]:
    """Placements from the innermost to the root; ends at a loop and at a placement that is not local."""
    seen: set[int] = set()
    while placement is not None and placement.id() not in seen and is_a(placement, "IfcLocalPlacement"):
        seen.add(placement.id())
        yield placement
        placement = placement.PlacementRelTo


def placement_origin(product: Entity, unit_m: float) -> tuple[float, float, float]:
    """Where the placement of a product has its origin, metres from the root; zeros where that cannot be read."""
    point = np.zeros(3)
    try:
        for placement in _chain(product.ObjectPlacement):
            matrix = axes_matrix(placement.RelativePlacement, unit_m)
            point = matrix[:3, :3] @ point + matrix[:3, 3]
    except UNREADABLE:
        return (0.0, 0.0, 0.0)
    return (float(point[0]), float(point[1]), float(point[2]))
