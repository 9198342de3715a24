"""The solids of constructive geometry that have a formula: blocks, pyramids, cones, cylinders, spheres.

The kernels of ifcopenshell 0.9 convert neither cones nor cylinders.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh
from bim_import.ifc.geometry.extrusions import Points, prism
from bim_import.ifc.geometry.outlines import SAME_M, Outlines, Ring
from bim_import.ifc.reading.entities import Entity, attribute, kind
from bim_import.ifc.reading.step_text import UnreadableError

Indexes = NDArray[np.int64]

PRIMITIVES = frozenset(
    {"IfcBlock", "IfcRectangularPyramid", "IfcRightCircularCone", "IfcRightCircularCylinder", "IfcSphere"}
)
"""Classes that `primitive` takes."""


def primitive(item: Entity, outlines: Outlines) -> RawMesh:
    """Closed mesh of an IfcCsgPrimitive3D (IFC 4.3, 8.8.3.10) in the frame of its representation. Raises UnreadableError."""
    unit_m = outlines.transforms.unit_m
    lengths = [float(attribute(item, place)) * unit_m for place in range(1, len(item))]
    if not all(SAME_M < length < math.inf for length in lengths):
        raise UnreadableError("a solid without size")
    vertices, triangles = _shape(kind(item), lengths, outlines)
    matrix = outlines.transforms.axis_placement(attribute(item, 0))
    return RawMesh(
        vertices=vertices @ matrix[:3, :3].T + matrix[:3, 3],
        triangles=triangles,
        items=np.full(len(triangles), item.id()),
        styles=np.zeros(len(triangles), dtype=np.int64),
        closed=True,
    )


def _shape(name: str, lengths: list[float], outlines: Outlines) -> tuple[Points, Indexes]:
    """Vertices in the solid's own frame, and outward triangles."""
    if name == "IfcSphere":
        return _sphere(lengths[0], len(outlines.circle(lengths[0])))
    if name == "IfcRightCircularCylinder":
        return prism([outlines.circle(lengths[1])], (0.0, 0.0, lengths[0]))
    if name == "IfcRightCircularCone":
        return _pointed(outlines.circle(lengths[1]), (0.0, 0.0, lengths[0]))
    x, y, height = lengths
    base = [(0.0, 0.0), (x, 0.0), (x, y), (0.0, y)]
    if name == "IfcBlock":
        return prism([base], (0.0, 0.0, height))
    return _pointed(base, (x / 2.0, y / 2.0, height))


def _pointed(base: Ring, apex: tuple[float, float, float]) -> tuple[Points, Indexes]:
    """A convex counter-clockwise base in the plane and what joins it to a point above."""
    count = len(base)
    here = np.arange(count)
    sides = np.column_stack([here, np.roll(here, -1), np.full(count, count)])
    bottom = np.column_stack([np.zeros(count - 2, dtype=np.int64), here[2:], here[1:-1]])
    vertices = np.array([*((x, y, 0.0) for x, y in base), apex])
    return vertices, np.concatenate([sides, bottom])


def _sphere(radius: float, around: int) -> tuple[Points, Indexes]:
    """Meridians `around`, and half as many parallels."""
    rows = max(around // 2, 2)
    polar = np.pi * np.arange(1, rows) / rows
    turn = 2.0 * np.pi * np.arange(around) / around
    ring = np.stack(
        [
            np.outer(np.sin(polar), np.cos(turn)),
            np.outer(np.sin(polar), np.sin(turn)),
            np.outer(np.cos(polar), np.ones(around)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    here, right = np.arange(around), np.roll(np.arange(around), -1)
    starts = around * np.arange(rows - 2)[:, None]
    upper, upper_right, lower, lower_right = (
        (starts + place).reshape(-1) for place in (here, right, here + around, right + around)
    )
    top, bottom, last = len(ring), len(ring) + 1, len(ring) - around
    triangles = [
        np.column_stack([upper, lower, lower_right]),
        np.column_stack([upper, lower_right, upper_right]),
        np.column_stack([np.full(around, top), here, right]),
        np.column_stack([np.full(around, bottom), right + last, here + last]),
    ]
    return radius * np.vstack([ring, [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]), np.concatenate(triangles)
