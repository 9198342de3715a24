"""Openings and boolean operations of solids on their meshes, by manifold3d.

The exact kernels take most of an import's time for this (two walls of a small house: 1.8 of 3 s), and now and then hang on
it. Operands that are no closed solids, and surfaces other than planes, raise UncuttableError: the kernel takes those.

Tools are grown by GROWTH_M before they cut. An opening exactly as deep as its wall would, by the rounding of coordinates,
leave a skin of no thickness where there should be a hole.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from manifold3d import CrossSection, Error, FillRule, JoinType, Manifold, Mesh64, OpType
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh, joined, moved, styled
from bim_import.ifc.geometry.items import TREE, Items
from bim_import.ifc.geometry.transforms import MAX_DEPTH, Matrix, Transforms
from bim_import.ifc.reading.entities import (
    FIRST,
    OPERATOR,
    SECOND,
    Entity,
    attribute,
    is_kind,
    kind,
)
from twin.geometry import consistent, edges_of, face_normals, unique_rows, welded

GROWTH_M = 2e-5
"""Above the coordinates' noise (1e-9 m) and the grid that meshes are welded on (1e-6 m), below what anyone can see."""
_SIMPLIFY_M = 5e-5
"""Vertices that move the surface less than this are left out of the result: slivers that growing makes."""
_MIN_VOLUME = 1e-9
"""A result of less than a cubic millimetre (in m³) is nothing."""
_MIN_SHARE = 1e-9
"""Of the box around a solid: less is what rounding leaves of parts that face against each other."""
_STEEP = 0.02
"""A surface with a triangle less level than this (normal's z: 89°) is not given depth: it could overlap itself."""
_RIDGE = 1e-9
"""Added to sums of unit matrices: keeps the equations solvable, and takes too little away for two tools to differ by it."""
_DEPTH_M = 1.0
_CACHED = 512
"""Items kept for reuse: those of mapped representations that several cut products share."""


Points = NDArray[np.float64]
Indexes = NDArray[np.int64]


class UncuttableError(ValueError):
    """An operand that is not a closed solid or a plane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solid:
    """One closed solid with the STEP ids of its item and its surface style (0: none).

    A surface such as a terrain, which is no solid, is one here by being given some depth; `surface` then is the number of
    its own triangles, which come before those of the rest, and only what is left of them is drawn.
    """

    body: Manifold
    item: int
    style: int
    surface: int | None = None


@dataclass(slots=True, kw_only=True)
class Cutter:
    """Cuts the bodies of one file. `style_of` finds the IfcSurfaceStyle on an item itself (its STEP id, or 0)."""

    items: Items
    transforms: Transforms
    style_of: Callable[[Entity], int]
    _cache: dict[int, list[_Solid]] = field(default_factory=dict)

    def mesh(self, representation: Entity, tools: list[tuple[Entity, Matrix]]) -> RawMesh:
        """Mesh of a representation, its boolean operations done, less the representations of `tools`.

        `tools` come with the matrix from their frame to that of `representation`. Raises UncuttableError or KernelError.
        """
        cutters = [
            _tool(solid.body, matrix @ inner)
            for tool, matrix in tools
            for item, inner, _ in self.items.leaves(tool)
            for solid in _all_solid(self._solids(item))
        ]
        made: list[RawMesh] = []
        for item, matrix, style in self.items.leaves(representation):
            if not cutters and not _is_operation(item):
                made.append(styled(moved(self.items.mesh(item), matrix), style))
                continue
            for solid in self._solids(item):
                left = _subtracted(_moved(solid.body, matrix), cutters)
                made.append(styled(_mesh(left, solid), style))
        return joined(made)

    def _solids(self, item: Entity) -> list[_Solid]:
        number = item.id()
        if number not in self._cache:
            if len(self._cache) >= _CACHED:
                self._cache.pop(next(iter(self._cache)))
            self._cache[number] = self._evaluated(item)
        return self._cache[number]

    def _evaluated(self, item: Entity, depth: int = 0) -> list[_Solid]:
        if depth > 16 * MAX_DEPTH:
            raise UncuttableError("boolean operations hold themselves")
        if not _is_operation(item):
            return self._leaf(item)
        if kind(item) == TREE:
            return self._rooted(item, depth)
        operator, second = str(attribute(item, OPERATOR)), attribute(item, SECOND)
        style = self.style_of(item)
        result: list[_Solid] = []
        for first in _all_solid(self._evaluated(attribute(item, FIRST), depth + 1)):
            body = self._combined(first.body, operator, second, depth)
            result.append(_Solid(body=body, item=item.id(), style=style or first.style))
        return result

    def _rooted(self, item: Entity, depth: int) -> list[_Solid]:
        """The boolean operation that an IfcCsgSolid wraps."""
        style = self.style_of(item)
        inner = self._evaluated(attribute(item, 0), depth + 1)
        return [replace(solid, item=item.id(), style=style or solid.style) for solid in inner]

    def _combined(self, first: Manifold, operator: str, second: Entity, depth: int) -> Manifold:
        if is_kind(second, "IfcHalfSpaceSolid"):
            return self._halved(first, operator, second)
        tools = [solid.body for solid in _all_solid(self._evaluated(second, depth + 1))]
        if operator == "DIFFERENCE":
            return _subtracted(first, [_grown(tool) for tool in tools])
        tool = Manifold.batch_boolean(tools, OpType.Add)
        return first + tool if operator == "UNION" else first ^ tool

    def _halved(self, body: Manifold, operator: str, half_space: Entity) -> Manifold:
        """Subtract or intersect a half-space (IFC 4.3, 8.8.3.19: with agreement the solid lies below the plane)."""
        surface = attribute(half_space, 0)
        if not is_kind(surface, "IfcPlane") or operator == "UNION":
            raise UncuttableError(f"{operator} with a half-space of {kind(surface)}")
        plane = self.transforms.axis_placement(attribute(surface, 0))
        normal = plane[:3, 2] if attribute(half_space, 1) else -plane[:3, 2]
        bounded = is_kind(half_space, "IfcPolygonalBoundedHalfSpace")
        if operator == "INTERSECTION":
            kept = _below(body, normal, float(normal @ plane[:3, 3]))
            return kept ^ self._prism(kept, half_space) if bounded else kept
        height = float(normal @ plane[:3, 3]) + GROWTH_M
        if not bounded:
            return body.trim_by_plane(_triple(normal), height)
        return body - _below(self._prism(body, half_space), normal, height)

    def _prism(self, body: Manifold, half_space: Entity) -> Manifold:
        """The polygon of an IfcPolygonalBoundedHalfSpace, pulled through all of `body` along its placement's z."""
        placement = self.transforms.axis_placement(attribute(half_space, 2))
        outline = self.items.outlines.closed(attribute(half_space, 3))
        if body.is_empty():
            return body
        low, high = np.reshape(body.bounding_box(), (2, 3))
        centre, reach = (low + high) / 2, float(np.linalg.norm(high - low))
        middle = float((np.linalg.inv(placement) @ [*centre, 1.0])[2])
        section = CrossSection([np.array(outline)], FillRule.NonZero).offset(GROWTH_M, JoinType.Miter)
        prism = Manifold.extrude(section, 2 * reach + 2).translate((0.0, 0.0, middle - reach - 1))
        return prism.transform(np.ascontiguousarray(placement[:3]))

    def _leaf(self, item: Entity) -> list[_Solid]:
        raw = self.items.mesh(item)
        found: list[_Solid] = []
        for number in np.unique(raw.items):
            chosen = raw.items == number
            body, surface = _enclosed(raw.vertices, raw.triangles[chosen], closed=raw.closed)
            style = int(raw.styles[chosen][0])
            found.append(_Solid(body=body, item=int(number), style=style, surface=surface))
        return found


def _is_operation(item: Entity) -> bool:
    """Whether an item is a boolean operation, in the wrapping of a tree or not."""
    inner = attribute(item, 0) if kind(item) == TREE else item
    return is_kind(inner, "IfcBooleanResult")


def _all_solid(solids: list[_Solid]) -> list[_Solid]:
    if any(solid.surface is not None for solid in solids):
        raise UncuttableError("a surface where a solid is needed")
    return solids


def _tidied(vertices: Points, triangles: Indexes) -> tuple[Points, Indexes]:
    """Triangles on welded vertices, neighbours agreeing on which side is outside.

    Triangles whose corners lie in a line stay: they close the seam between a long edge and the pieces opposite.
    """
    used, corners = np.unique(triangles, return_inverse=True)
    first, renamed = welded(vertices[used], np.zeros(len(used), dtype=np.int64))
    points, corners = vertices[used][first], renamed[corners.reshape(-1, 3)]
    corners = _once(corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)])
    edges = edges_of(corners)
    return points, corners if edges.opposed.all() else consistent(corners, edges)


def _once(triangles: Indexes) -> Indexes:
    """Each triangle once: exporters now and then write a face twice."""
    first, _ = unique_rows(np.sort(triangles, axis=1))
    return triangles[np.sort(first)]


def _enclosed(points: Points, triangles: Indexes, *, closed: bool) -> tuple[Manifold, int | None]:
    """The solid within closed triangles, turned the right way out; or that below a surface, with its number of triangles.

    Raises UncuttableError.
    """
    surface = None
    if not closed:
        points, triangles = _tidied(points, triangles)
        if edges_of(triangles).single.any():
            surface = len(triangles)
            points, triangles = _deepened(points, triangles)
    for corners in (triangles, triangles[:, ::-1]):
        mesh = Mesh64(
            np.array(points, order="C"),
            np.array(corners, dtype=np.uint64, order="C"),
            # Told apart only where it matters: triangles of one plane are otherwise joined again after a cut.
            face_id=np.empty(0, dtype=np.uint64)
            if surface is None
            else np.arange(len(corners), dtype=np.uint64),
        )
        body = Manifold(mesh)
        if body.status() != Error.NoError:
            raise UncuttableError(f"not a closed solid ({body.status().name})")
        if body.volume() > _MIN_SHARE * np.prod(np.ptp(np.reshape(body.bounding_box(), (2, 3)), axis=0)):
            return body, surface
    raise UncuttableError("a solid without volume")


def _deepened(points: Points, triangles: Indexes) -> tuple[Points, Indexes]:
    """A surface that is nowhere steep as the top of a solid one metre deep. Raises UncuttableError for other surfaces."""
    upward = face_normals(points, triangles)[0][:, 2]
    if upward.sum() < 0.0:
        triangles, upward = triangles[:, ::-1], -upward
    if upward.min(initial=1.0) < _STEEP:
        raise UncuttableError("an open surface that is no terrain")
    count = len(points)
    rim = edges_of(triangles).single
    start = triangles.reshape(-1)[rim]
    end = np.roll(triangles, -1, axis=1).reshape(-1)[rim]
    sides = [np.column_stack([start, start + count, end + count]), np.column_stack([start, end + count, end])]
    below = points - [0.0, 0.0, _DEPTH_M]
    return np.concatenate([points, below]), np.concatenate([triangles, triangles[:, ::-1] + count, *sides])


def _moved(body: Manifold, matrix: Matrix) -> Manifold:
    return body.transform(np.ascontiguousarray(matrix[:3]))


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])


def _below(body: Manifold, normal: NDArray[np.float64], height: float) -> Manifold:
    """What lies on the far side of a plane from its normal."""
    return body.trim_by_plane(_triple(-normal), -height)


def _tool(body: Manifold, matrix: Matrix) -> Manifold:
    """A body grown and moved; grown first, as in its own frame most lie along the axes, unless it is also scaled."""
    if 0.5 < abs(np.linalg.det(matrix[:3, :3])) < 2.0:
        return _moved(_grown(body), matrix)
    return _grown(_moved(body, matrix))


def _grown(tool: Manifold) -> Manifold:
    """A tool of which every face lies GROWTH_M further out."""
    if tool.is_empty():
        return tool
    low, high = np.reshape(tool.bounding_box(), (2, 3))
    size, centre = np.maximum(high - low, GROWTH_M), (low + high) / 2
    if tool.volume() < (1.0 - 1e-9) * size.prod():  # no box along the axes, as most openings are
        grown = _offset(tool)
        if grown.status() == Error.NoError:
            return grown
    scale = 1.0 + 2 * GROWTH_M / size
    return tool.transform(np.ascontiguousarray(np.column_stack([np.diag(scale), centre - scale * centre])))


def _offset(tool: Manifold) -> Manifold:
    """The tool with each vertex where the planes around it meet once they are moved outward, at most four times as far."""
    mesh = tool.to_mesh64()
    points = np.array(mesh.vert_properties[:, :3], dtype=np.float64)
    triangles = np.array(mesh.tri_verts, dtype=np.int64)
    normals = face_normals(points, triangles)[0]
    corner, normal = triangles.reshape(-1), np.repeat(normals, 3, axis=0)
    squares = np.einsum("ij,ik->ijk", normal, normal).reshape(-1, 9)
    planes = np.stack([np.bincount(corner, column, len(points)) for column in squares.T], axis=1)
    sums = np.stack([np.bincount(corner, column, len(points)) for column in normal.T], axis=1)
    # Where all planes are nearly one, the ridge chooses the shortest way.
    way = np.linalg.solve(planes.reshape(-1, 3, 3) + _RIDGE * np.eye(3), sums[:, :, None])[:, :, 0]
    way *= np.minimum(1.0, 4.0 / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1.0))
    return Manifold(
        Mesh64(np.ascontiguousarray(points + GROWTH_M * way), np.array(mesh.tri_verts, order="C"))
    )


def _subtracted(body: Manifold, tools: list[Manifold]) -> Manifold:
    """`body` less those of `tools` whose boxes meet its own."""
    if not tools or body.is_empty():
        return body
    box = np.reshape(body.bounding_box(), (2, 3))
    near = [
        tool for tool in tools if not tool.is_empty() and _meet(box, np.reshape(tool.bounding_box(), (2, 3)))
    ]
    return Manifold.batch_boolean([body, *near], OpType.Subtract) if near else body


def _meet(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return bool((a[0] <= b[1]).all() and (b[0] <= a[1]).all())


def _mesh(body: Manifold, solid: _Solid) -> RawMesh:
    body = body.simplify(_SIMPLIFY_M)
    if body.status() != Error.NoError:
        raise UncuttableError(f"the operation failed ({body.status().name})")
    made = body.to_mesh64() if body.volume() > _MIN_VOLUME else Manifold().to_mesh64()
    triangles = made.tri_verts.astype(np.int64).reshape(-1, 3)
    if solid.surface is not None and len(triangles):
        triangles = triangles[_from_surface(made, solid)]
    return RawMesh(
        vertices=np.array(made.vert_properties[:, :3], dtype=np.float64).reshape(-1, 3),
        triangles=triangles,
        items=np.full(len(triangles), solid.item, dtype=np.int64),
        styles=np.full(len(triangles), solid.style, dtype=np.int64),
    )


def _from_surface(made: Mesh64, solid: _Solid) -> NDArray[np.bool_]:
    """Which triangles of a result are what is left of a surface's own."""
    original = solid.body.to_mesh64().run_original_id[0]
    runs = np.diff(np.array(made.run_index, dtype=np.int64)) // 3
    from_solid = np.repeat(np.array(made.run_original_id, dtype=np.int64) == original, runs)
    return np.asarray(from_solid & (np.array(made.face_id, dtype=np.int64) < (solid.surface or 0)))
