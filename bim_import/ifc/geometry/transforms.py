"""Placements and transformation operators of IFC as (4, 4) float64 matrices, translations in metres.

Degenerate input follows the defaults of the standard: a missing axis is z, a missing reference direction is x (IFC 4.3,
8.12.3.4 IfcAxis2Placement3D), a reference direction parallel to the axis is replaced.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bim_import.ifc.geometry.grid import CurvedAxisError, crossing, grid_of
from bim_import.ifc.reading.entities import (
    MAPPING_ORIGIN,
    MAPPING_SOURCE,
    MAPPING_TARGET,
    PLACEMENT,
    Entity,
    attribute,
    is_kind,
    kind,
)
from twin.errors import TwinError
from twin.source import NotDrawn

Matrix = NDArray[np.float64]
Vector = tuple[float, float, float]

MAX_DEPTH = 64
"""Levels of placements or mapped items: real files have about ten, a loop has no end."""

_RELATIVE_TO, _RELATIVE = 0, 1
"""IfcLocalPlacement"""
_SINGULAR = 1e-7
"""Determinant below which the kernel, too, ignores a placement."""
_FLAT, _NO_SCALE = 1e-15, 1e-9
"""Determinant from which on it is worth to look closer; a factor that leaves nothing of a building."""
_NOISE = 1e-9
"""Cosine of what is a right angle but for rounding."""
_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


class UndrawableError(TwinError):
    """A product that cannot be drawn, with the reason that its report gives."""

    def __init__(self, reason: NotDrawn) -> None:
        self.reason = reason
        super().__init__(f"not drawn: {reason}")


class NeedsKernelError(ValueError):
    """A placement along a curve, which only a geometry kernel can compute; `link` is the IfcLinearPlacement, if it is one."""

    def __init__(self, what: str, link: Entity | None = None) -> None:
        self.link = link
        super().__init__(what)


class Transforms:
    """Computes matrices of one file; each placement once. `unit_m` is the file's length unit in metres."""

    def __init__(self, unit_m: float) -> None:
        self.unit_m = unit_m
        self._placements: dict[int, Matrix] = {}

    def of_product(self, product: Entity) -> Matrix:
        """From the product's own frame to the root of the file; identity where it has no placement.

        Raises UndrawableError (a loop, NaN, everything flattened) or NeedsKernelError.
        """
        placement = attribute(product, PLACEMENT)
        result = np.eye(4) if placement is None else self._of_placement(placement)
        if not np.isfinite(result).all() or abs(np.linalg.det(result[:3, :3])) < _SINGULAR:
            raise UndrawableError(NotDrawn.INVALID_COORDINATES)
        return result

    def _of_placement(self, start: Entity) -> Matrix:
        placement: Entity | None = start
        chain: list[Entity] = []
        seen: set[int] = set()
        result = np.eye(4)
        while placement is not None:
            number = placement.id()
            if number in self._placements:
                result = self._placements[number]
                break
            if number in seen:
                raise UndrawableError(NotDrawn.PLACEMENT_LOOP)
            seen.add(number)
            chain.append(placement)
            placement = _parent(placement)
        for link in reversed(chain):
            if is_kind(link, "IfcLocalPlacement"):
                result = result @ self.axis_placement(attribute(link, _RELATIVE))
            elif is_kind(link, "IfcGridPlacement"):
                result = result @ self._on_grid(link)
            else:
                raise NeedsKernelError(kind(link), link)
            self._placements[link.id()] = result
        return result

    def remember(self, placement: Entity, matrix: Matrix) -> None:
        """Take the (4, 4) matrix of a placement, up to the root, from someone who can compute it."""
        self._placements[placement.id()] = matrix

    def _on_grid(self, placement: Entity) -> Matrix:
        """Frame of an IfcGridPlacement in that of its grid: x along the first axis, or towards its reference."""
        location, reference = (
            attribute(placement, len(placement) - 2),
            attribute(placement, len(placement) - 1),
        )
        try:
            origin, along = crossing(location, self.unit_m)
            if reference is None:
                direction = (*along, 0.0)
            elif is_kind(reference, "IfcDirection"):
                direction = _direction(reference, _X)
            else:
                other, _ = crossing(reference, self.unit_m)
                direction = (other[0] - origin[0], other[1] - origin[1], 0.0)
        except CurvedAxisError as error:
            raise UndrawableError(NotDrawn.KERNEL_FAILED) from error
        return _frame(origin, _Z, direction)

    def axis_placement(self, placement: Entity) -> Matrix:
        """An IfcAxis2Placement3D, IfcAxis2Placement2D or IfcAxis1Placement. Raises NeedsKernelError for other locations."""
        origin, name = self._point(attribute(placement, 0)), kind(placement)
        if name == "IfcAxis2Placement3D":
            return _frame(
                origin, _direction(attribute(placement, 1), _Z), _direction(attribute(placement, 2), _X)
            )
        if name == "IfcAxis2Placement2D":
            return _frame(origin, _Z, _direction(attribute(placement, 1), _X))
        if name == "IfcAxis1Placement":
            return _frame(origin, _direction(attribute(placement, 1), _Z), _X)
        raise NeedsKernelError(name)

    def operator(self, operator: Entity) -> Matrix:
        """An IfcCartesianTransformationOperator3D, uniform or not, or its 2D form. May mirror."""
        first, second = attribute(operator, 0), attribute(operator, 1)
        origin = self._point(attribute(operator, 2))
        if is_kind(operator, "IfcCartesianTransformationOperator3D"):
            matrix = _frame(origin, _direction(attribute(operator, 4), _Z), _direction(first, _X))
            wanted = _direction(second, _Y)
        else:
            x, y, _ = _direction(second, _Y)
            matrix = _frame(origin, _Z, _direction(first, (y, -x, 0.0)))
            wanted = _direction(second, (matrix[0, 1], matrix[1, 1], 0.0))
        # IFC 4.3, IfcBaseAxis: a second axis left out is y in space, and at right angles to the first in the plane.
        if matrix[:3, 1] @ np.array(wanted) < -_NOISE:
            matrix[:3, 1] *= -1.0
        scale = attribute(operator, 3)
        scales = [1.0 if scale is None else scale] * 3
        if is_kind(operator, "IfcCartesianTransformationOperator3DnonUniform"):
            others = (attribute(operator, 5), attribute(operator, 6))
            scales[1:] = [scales[0] if other is None else other for other in others]
        elif is_kind(operator, "IfcCartesianTransformationOperator2DnonUniform"):
            other = attribute(operator, 4)
            scales[1] = scales[0] if other is None else other
        matrix[:3, :3] *= scales
        return matrix

    def mapped_item(self, item: Entity) -> Matrix:
        """From the frame of the mapped representation to that of the IfcMappedItem."""
        target = self.operator(attribute(item, MAPPING_TARGET))
        return target @ self.axis_placement(attribute(attribute(item, MAPPING_SOURCE), MAPPING_ORIGIN))

    def _point(self, point: Entity) -> Vector:
        if kind(point) != "IfcCartesianPoint":
            raise NeedsKernelError(kind(point))
        x, y, z = [*attribute(point, 0), 0.0, 0.0][:3]
        return x * self.unit_m, y * self.unit_m, z * self.unit_m


def leaves_no_area(matrix: Matrix) -> bool:
    """Whether a matrix makes a line or a point of every body."""
    if abs(np.linalg.det(matrix[:3, :3])) > _FLAT:
        return False
    return bool(np.linalg.svd(matrix[:3, :3], compute_uv=False)[1] < _NO_SCALE)


def _parent(placement: Entity) -> Entity | None:
    """What a placement is relative to; before IFC 4.3 a grid placement only said so through its axes."""
    parent: Entity | None = attribute(placement, _RELATIVE_TO)
    if is_kind(placement, "IfcGridPlacement") and len(placement) == 2:
        grid = grid_of(attribute(placement, 0))
        parent = None if grid is None else attribute(grid, PLACEMENT)
    return parent if parent is not None and is_kind(parent, "IfcObjectPlacement") else None


def _direction(direction: Entity | None, default: Vector) -> Vector:
    if direction is None:
        return default
    x, y, z = [*attribute(direction, 0), 0.0, 0.0][:3]
    return x, y, z


def _unit(vector: Vector, fallback: Vector) -> Vector:
    length = math.sqrt(sum(value * value for value in vector))
    if not 1e-12 < length < math.inf:
        return fallback
    return vector[0] / length, vector[1] / length, vector[2] / length


def _across(vector: Vector, axis: Vector) -> Vector:
    """The part of `vector` at right angles to the unit vector `axis`."""
    along = sum(a * b for a, b in zip(vector, axis, strict=True))
    return vector[0] - along * axis[0], vector[1] - along * axis[1], vector[2] - along * axis[2]


def _frame(origin: Vector, axis: Vector, reference: Vector) -> Matrix:
    """Right-handed frame with z along `axis` and x as near to `reference` as a right angle allows."""
    z = _unit(axis, _Z)
    x = _across(_unit(reference, _X), z)
    if sum(value * value for value in x) < 1e-18:
        x = _across(_X if abs(z[0]) < 0.9 else _Z, z)
    x = _unit(x, _X)
    y = (z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0])
    return np.array(
        [
            [x[0], y[0], z[0], origin[0]],
            [x[1], y[1], z[1], origin[1]],
            [x[2], y[2], z[2], origin[2]],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
