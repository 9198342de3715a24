"""Sweeps that the kernels of ifcopenshell fail on or hang at: bent bars with rounded corners, and surfaces pulled along a line.

Whatever is not surely plain raises UnreadableError, and the kernel does it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh
from bim_import.ifc.geometry.outlines import SAME_M, Outlines
from bim_import.ifc.reading.entities import Entity, attribute, is_kind, kind
from bim_import.ifc.reading.step_text import UnreadableError

Points = NDArray[np.float64]
Indexes = NDArray[np.int64]

SWEPT = frozenset(
    {"IfcSweptDiskSolidPolygonal", "IfcSurfaceOfLinearExtrusion", "IfcRectangularTrimmedSurface"}
)
"""Classes that `swept` may be able to read."""

_BACKWARDS = -0.999
"""Cosine between two stretches of a bar from which on their mitre would be longer than any bar."""


def swept(item: Entity, outlines: Outlines) -> RawMesh:
    """Mesh of one of SWEPT in the frame of its representation. Raises UnreadableError or NeedsKernelError."""
    solid = kind(item) == "IfcSweptDiskSolidPolygonal"
    if solid:
        vertices, triangles = _bar(item, outlines)
    elif kind(item) == "IfcSurfaceOfLinearExtrusion":
        vertices, triangles = _curtain(item, outlines)
    else:
        vertices, triangles = _plate(item, outlines)
    if not np.isfinite(vertices).all():
        raise UnreadableError("coordinates that are no numbers")
    return RawMesh(
        vertices=vertices,
        triangles=triangles,
        items=np.full(len(triangles), item.id()),
        styles=np.zeros(len(triangles), dtype=np.int64),
        closed=solid,
    )


def _bar(item: Entity, outlines: Outlines) -> tuple[Points, Indexes]:
    """IfcSweptDiskSolidPolygonal (IFC 4.3, 8.8.3.47): a disk, maybe hollow, along a line with rounded corners."""
    unit_m = outlines.transforms.unit_m
    radius, inner, fillet = (
        0.0 if value is None else float(value) * unit_m for value in (attribute(item, n) for n in (1, 2, 5))
    )
    if attribute(item, 3) is not None or attribute(item, 4) is not None:
        raise UnreadableError("a bar that is trimmed by parameters")
    if not (SAME_M < radius < math.inf and 0.0 <= inner < radius and 0.0 <= fillet < math.inf):
        raise UnreadableError("a bar without size")
    path = _line(attribute(item, 0), unit_m)
    if fillet > 0.0:
        path = _rounded(path, fillet, len(outlines.circle(fillet + radius)))
    circle = outlines.circle(radius)
    tubes = [_tube(path, circle)]
    if inner > SAME_M:
        tubes.append(_tube(path, [(x * inner / radius, y * inner / radius) for x, y in circle]))
    return _skin(tubes)


def _line(curve: Entity, unit_m: float) -> Points:
    """Corners of a polyline in space, in metres, no two in a row the same."""
    if kind(curve) == "IfcPolyline":
        rows = [(*attribute(point, 0), 0.0)[:3] for point in attribute(curve, 0)]
    elif kind(curve) == "IfcIndexedPolyCurve" and not attribute(curve, 1):
        rows = [(*row, 0.0)[:3] for row in attribute(attribute(curve, 0), 0)]
    else:
        raise UnreadableError(kind(curve))
    points: Points = np.array(rows, dtype=np.float64) * unit_m
    apart = np.linalg.norm(np.diff(points, axis=0), axis=1) > SAME_M
    points = np.asarray(points[np.append(True, apart)])
    if len(points) < 2 or np.linalg.norm(points[0] - points[-1]) <= SAME_M:
        raise UnreadableError("a bar without ends")
    return points


def _directions(path: Points) -> Points:
    steps = np.diff(path, axis=0)
    return np.asarray(steps / np.linalg.norm(steps, axis=1, keepdims=True))


def _rounded(path: Points, fillet: float, around: int) -> Points:
    """The path with an arc of radius `fillet` in each corner; `around`: chords of a full circle."""
    along = _directions(path)
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    cosines = np.clip(np.einsum("ij,ij->i", along[:-1], along[1:]), -1.0, 1.0)
    if (cosines < _BACKWARDS).any():
        raise UnreadableError("a bar that turns back")
    turns = np.arccos(cosines)
    cut = fillet * np.tan(turns / 2.0)
    taken = np.append(cut, 0.0) + np.append(0.0, cut)
    if (taken > lengths + SAME_M).any():
        raise UnreadableError("corners too near for their rounding")
    made = [path[:1]]
    for corner, turn, length, before, after in zip(
        path[1:-1], turns, cut, along[:-1], along[1:], strict=True
    ):
        if turn < 1e-6:
            made.append(corner[None])
            continue
        aside = after - before * math.cos(turn)
        aside /= np.linalg.norm(aside)
        count = max(math.ceil(turn * around / (2.0 * math.pi)), 1)
        angles = turn * np.arange(count + 1)[:, None] / count
        start = corner - before * length
        made.append(start + fillet * (np.sin(angles) * before + (1.0 - np.cos(angles)) * aside))
    return np.vstack([*made, path[-1:]])


def _tube(path: Points, circle: list[tuple[float, float]]) -> Points:
    """(n, k, 3) rings of a circle along a path; neighbours meet in the plane that halves the angle between them."""
    along = _directions(path)
    if len(along) > 1 and (np.einsum("ij,ij->i", along[:-1], along[1:]) < _BACKWARDS).any():
        raise UnreadableError("a bar that turns back")
    faces = np.vstack([along[:1], along[:-1] + along[1:], along[-1:]])
    other = np.eye(3)[np.abs(along[0]).argmin()]
    x = np.cross(other, along[0])
    x /= np.linalg.norm(x)
    flat = np.array(circle)
    ring = path[0] + flat[:, :1] * x + flat[:, 1:] * np.cross(along[0], x)
    rings = [ring]
    for corner, way, face in zip(path[1:], along, faces[1:], strict=True):
        ring = ring + ((corner - ring) @ face / (way @ face))[:, None] * way
        rings.append(ring)
    return np.stack(rings)


def _skin(tubes: list[Points]) -> tuple[Points, Indexes]:
    """Outward triangles of an outer tube, and of an inner one that is hollow, closed at both ends."""
    rows, around = tubes[0].shape[:2]
    here, right = np.arange(around), np.roll(np.arange(around), -1)
    starts = around * np.arange(rows - 1)[:, None]
    a, b, c, d = ((starts + place).reshape(-1) for place in (here, right, right + around, here + around))
    wall = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    count, last = rows * around, (rows - 1) * around
    if len(tubes) == 1:
        fan = np.column_stack([np.zeros(around - 2, dtype=np.int64), here[2:], here[1:-1]])
        return tubes[0].reshape(-1, 3), np.concatenate([wall, fan, fan[:, ::-1] + last])
    rim = np.concatenate(
        [np.column_stack([here, here + count, right + count]), np.column_stack([here, right + count, right])]
    )
    triangles = [wall, wall[:, ::-1] + count, rim, rim[:, ::-1] + last]
    return np.concatenate(tubes).reshape(-1, 3), np.concatenate(triangles)


def _curtain(item: Entity, outlines: Outlines) -> tuple[Points, Indexes]:
    """IfcSurfaceOfLinearExtrusion (IFC 4.3, 8.9.3.71): an outline pulled along a straight line."""
    profile, unit_m = attribute(item, 0), outlines.transforms.unit_m
    if not is_kind(profile, "IfcArbitraryOpenProfileDef") and not is_kind(
        profile, "IfcArbitraryClosedProfileDef"
    ):
        raise UnreadableError(kind(profile))
    flat = np.array(outlines.open(attribute(profile, 2)))
    way = np.array([*attribute(attribute(item, 2), 0), 0.0][:3])
    length = float(np.linalg.norm(way))
    if not 0.0 < length < math.inf:
        raise UnreadableError("an extrusion without direction")
    bottom = np.column_stack([flat, np.zeros(len(flat))])
    vertices = np.concatenate([bottom, bottom + way / length * float(attribute(item, 3)) * unit_m])
    here = np.arange(len(flat) - 1)
    top = here + len(flat)
    triangles = np.concatenate(
        [np.column_stack([here, here + 1, top + 1]), np.column_stack([here, top + 1, top])]
    )
    return _placed(vertices, attribute(item, 1), outlines), triangles


def _plate(item: Entity, outlines: Outlines) -> tuple[Points, Indexes]:
    """IfcRectangularTrimmedSurface (IFC 4.3, 8.9.3.60) of a plane."""
    basis = attribute(item, 0)
    if kind(basis) != "IfcPlane":
        raise UnreadableError(kind(basis))
    left, low, right, high = (float(attribute(item, n)) * outlines.transforms.unit_m for n in range(1, 5))
    corners = np.array([(left, low, 0.0), (right, low, 0.0), (right, high, 0.0), (left, high, 0.0)])
    return _placed(corners, attribute(basis, 0), outlines), np.array([(0, 1, 2), (0, 2, 3)])


def _placed(vertices: Points, position: Entity | None, outlines: Outlines) -> Points:
    if position is None:
        return vertices
    matrix = outlines.transforms.axis_placement(position)
    return np.asarray(vertices @ matrix[:3, :3].T + matrix[:3, 3])
