"""From raw triangles to meshes in the spool: cleaned, welded, with normals, sorted by material. Many meshes at a time.

An array operation costs some microseconds however small the array is, and most elements have a dozen triangles: so meshes
are collected and finished together.
"""

from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh
from twin.geometry import (
    SNAP_M,
    Creased,
    consistent,
    creased,
    edges_of,
    face_normals,
    has_area,
    inverted_shells,
    surfaces_of,
    unique_rows,
    welded,
)
from twin.source import Instance, Material, Mesh
from twin.spool import GeometryWriter

_BATCH_TRIANGLES = 40_000
"""Triangles finished together: arrays of a few megabytes, which stay in the processor's cache."""

_UV_CELLS = 1 << 16
"""Texture coordinates closer than 1/65536 of the image are equal: below a texel of any image taken."""

Indexes = NDArray[np.int64]
Slot = int | tuple[float, ...]
"""What colours a triangle before materials are looked up: STEP id of a style, 0 for the product's own, or sRGB and alpha."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One product that a mesh draws: its ordinal, its (4, 4) placement, and its material for triangles without a style."""

    ordinal: int
    matrix: NDArray[np.float64]
    material: Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A mesh to finish with the products that it draws. `materials` are those of its slots; None: the product's own."""

    raw: RawMesh
    slots: Indexes
    materials: list[Material | None]
    products: list[Placed]


@dataclass(slots=True)
class Finisher:
    """Finishes drawings in batches and writes them.

    `drawn` lists the ordinals written so far, `without_area` the drawings of which no triangle was left, `broken` those whose
    arrays do not fit together; the caller empties all three.
    """

    writer: GeometryWriter
    drawn: list[int] = field(default_factory=list)
    without_area: list[Drawing] = field(default_factory=list)
    broken: list[Drawing] = field(default_factory=list)
    _waiting: list[Drawing] = field(default_factory=list)
    _triangles: int = 0
    _ids: dict[bytes, int] = field(default_factory=dict)

    def add(self, drawing: Drawing) -> None:
        """Take one drawing; it has at least one triangle."""
        if drawing.raw.uvs is not None:
            self._finish([drawing])
            return
        self._waiting.append(drawing)
        self._triangles += len(drawing.raw.triangles)
        if self._triangles >= _BATCH_TRIANGLES:
            self.flush()

    def flush(self) -> None:
        """Finish what waits. The writer may still hold it in memory."""
        if self._waiting:
            self._finish(self._waiting)
        self._waiting, self._triangles = [], 0

    def _finish(self, drawings: list[Drawing]) -> None:
        try:
            left = self._with_area(drawings)
            batch = _Batch.of(left) if left else None
        except (IndexError, ValueError):  # what a kernel made: one drawing costs itself, not its batch
            if len(drawings) == 1:
                self.broken += drawings
            else:
                for drawing in drawings:
                    self._finish([drawing])
            return
        if batch is not None:
            self._write(batch, left)

    def _write(self, batch: "_Batch", drawings: list[Drawing]) -> None:
        for index, drawing in enumerate(drawings):
            finished = batch.mesh(index)
            for material, products in _by_material(drawing):
                mesh = self.writer.add_mesh(self._colored(finished, drawing, material))
                for product in products:
                    instance = Instance(ordinal=product.ordinal, mesh=mesh, transform=product.matrix[:3])
                    self.writer.add_instance(instance)
                    self.drawn.append(product.ordinal)

    def _with_area(self, drawings: list[Drawing]) -> list[Drawing]:
        """Drawings without their degenerate triangles, those that keep any."""
        vertices, triangles, mesh = _concatenated([drawing.raw for drawing in drawings])
        good = has_area(vertices, triangles)
        if good.all():
            return drawings
        kept = np.split(good, np.flatnonzero(np.diff(mesh)) + 1)
        self.without_area += [each for each, some in zip(drawings, kept, strict=True) if not some.any()]
        return [
            each if some.all() else _part(each, some)
            for each, some in zip(drawings, kept, strict=True)
            if some.any()
        ]

    def _colored(self, finished: "_Finished", drawing: Drawing, material: Material) -> Mesh:
        """The mesh with its triangles sorted by material, in an order that only depends on the materials' content."""
        own = [material if slot is None else slot for slot in drawing.materials]
        encoded = [msgspec.msgpack.encode(one) for one in own]
        order = sorted(set(encoded))
        rank = np.array([order.index(code) for code in encoded], dtype=np.int64)[finished.slots]
        sorting = np.argsort(rank, kind="stable")
        counts = np.bincount(rank, minlength=len(order))
        ids = [self._material_id(code, own[encoded.index(code)]) for code in order]
        firsts = np.cumsum(counts) - counts
        parts = np.column_stack([ids, firsts, counts])[counts > 0]
        return Mesh(
            positions=finished.positions,
            origin=finished.origin,
            normals=finished.normals,
            triangles=finished.triangles[sorting].astype(np.uint32),
            parts=parts.astype(np.uint32),
            uvs=finished.uvs,
        )

    def _material_id(self, code: bytes, material: Material) -> int:
        if code not in self._ids:
            self._ids[code] = self.writer.add_material(material)
        return self._ids[code]


def _by_material(drawing: Drawing) -> list[tuple[Material, list[Placed]]]:
    """Products grouped by their own material, where any triangle shows it; else all together."""
    if None not in drawing.materials:
        return [(drawing.products[0].material, drawing.products)]
    groups: dict[bytes, list[Placed]] = {}
    for product in drawing.products:
        groups.setdefault(msgspec.msgpack.encode(product.material), []).append(product)
    return [(products[0].material, products) for products in groups.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finished:
    """One mesh of a batch: as twin.source.Mesh, but triangles unsorted, with the slot of each."""

    positions: NDArray[np.float32]
    origin: NDArray[np.float64]
    normals: NDArray[np.float32]
    triangles: Indexes
    slots: Indexes
    uvs: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Arrays of many meshes back to back. Vertices and triangles of one mesh are contiguous, by `_starts`."""

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    origins: NDArray[np.float64]
    triangles: Indexes
    slots: Indexes
    uvs: NDArray[np.float32] | None
    vertex_starts: Indexes
    triangle_starts: Indexes

    def mesh(self, index: int) -> _Finished:
        first, last = self.vertex_starts[index], self.vertex_starts[index + 1]
        start, stop = self.triangle_starts[index], self.triangle_starts[index + 1]
        return _Finished(
            positions=self.positions[first:last],
            origin=self.origins[index],
            normals=self.normals[first:last],
            triangles=self.triangles[start:stop] - first,
            slots=self.slots[start:stop],
            uvs=None if self.uvs is None else self.uvs[first:last],
        )

    @classmethod
    def of(cls, drawings: list[Drawing]) -> "_Batch":
        """Centre, weld, turn outward and shade. A drawing with texture coordinates must be alone."""
        vertices, triangles, mesh = _concatenated([drawing.raw for drawing in drawings])
        items = np.concatenate([drawing.raw.items for drawing in drawings])
        _, shell = np.unique(mesh << 32 | items, return_inverse=True)
        slots = np.concatenate([drawing.slots for drawing in drawings])
        uvs = drawings[0].raw.uvs
        local, origins = _centred(vertices, triangles, mesh)
        owner = np.zeros(len(vertices), dtype=np.int64)
        owner[triangles] = shell[:, None]
        first, renamed = welded(local, owner)
        positions = np.rint(local[first] / SNAP_M) * SNAP_M
        corners, triangles = triangles, renamed[triangles]
        kept = has_area(positions, triangles)
        kept |= ~np.isin(mesh, mesh[kept])  # a mesh as small as the grid stays as it is
        corners, triangles, mesh, shell, slots = (
            part[kept] for part in (corners, triangles, mesh, shell, slots)
        )
        triangles, corners = _outward(positions, triangles, corners, shell)
        shaded = creased(positions, triangles, edges_of(triangles))
        source, normals, triangles, uvs = _seamed(shaded, corners, uvs)
        triangle_starts = np.searchsorted(mesh, np.arange(len(drawings) + 1))
        tops = np.maximum.accumulate(triangles.max(axis=1)) + 1
        return cls(
            positions=positions[source].astype(np.float32),
            normals=normals.astype(np.float32),
            origins=origins,
            triangles=triangles,
            slots=slots,
            uvs=uvs,
            vertex_starts=np.r_[0, tops[triangle_starts[1:] - 1]],
            triangle_starts=triangle_starts,
        )


def _part(drawing: Drawing, kept: NDArray[np.bool_]) -> Drawing:
    """The drawing with some of its triangles."""
    raw = drawing.raw
    fewer = replace(raw, triangles=raw.triangles[kept], items=raw.items[kept], styles=raw.styles[kept])
    return replace(drawing, raw=fewer, slots=drawing.slots[kept])


def _concatenated(raws: list[RawMesh]) -> tuple[NDArray[np.float64], Indexes, Indexes]:
    """Vertices and triangles of all meshes, and the mesh of each triangle."""
    counts = [len(raw.triangles) for raw in raws]
    starts = np.cumsum([0, *(len(raw.vertices) for raw in raws[:-1])])
    vertices = np.concatenate([raw.vertices for raw in raws])
    triangles = np.concatenate([raw.triangles for raw in raws]) + np.repeat(starts, counts)[:, None]
    return vertices, triangles, np.repeat(np.arange(len(raws)), counts)


def _centred(
    vertices: NDArray[np.float64], triangles: Indexes, mesh: Indexes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vertices relative to the centre of their mesh's box, and the (k, 3) centres."""
    starts = np.searchsorted(mesh, np.arange(mesh[-1] + 1))
    corners = vertices[triangles]
    low = np.minimum.reduceat(corners.min(axis=1), starts)
    high = np.maximum.reduceat(corners.max(axis=1), starts)
    centres = (low + high) / 2
    owner = np.zeros(len(vertices), dtype=np.int64)
    owner[triangles] = mesh[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        local = vertices - centres[owner]
    return np.where(np.isfinite(local), local, 0.0), centres


def _outward(
    positions: NDArray[np.float64], triangles: Indexes, corners: Indexes, shell: Indexes
) -> tuple[Indexes, Indexes]:
    """Triangles, and their corners before welding, turned so that neighbours agree and closed shells face outward.

    A shell whose neighbours did agree faces outward as a whole, so that voids within it stay voids; of one whose neighbours
    did not, each closed surface does.
    """
    edges = edges_of(triangles)
    agreed, mended = triangles, np.zeros(len(triangles), dtype=bool)
    if not edges.opposed.all():
        agreed = consistent(triangles, edges, face_normals(positions, triangles)[1])
        mended = (agreed != triangles).any(axis=1)
        unsure = np.isin(shell, shell[mended])
        surface = np.where(unsure, surfaces_of(len(triangles), edges), -1)
        edges = edges_of(agreed)
        _, shell = unique_rows(np.column_stack([shell, surface]))
    inverted = inverted_shells(positions, agreed, edges, shell)[shell]
    turned = (inverted != mended)[:, None]
    if not turned.any():
        return triangles, corners
    return np.where(turned, triangles[:, ::-1], triangles), np.where(turned, corners[:, ::-1], corners)


def _seamed(
    shaded: Creased, corners: Indexes, uvs: NDArray[np.float32] | None
) -> tuple[Indexes, NDArray[np.float64], Indexes, NDArray[np.float32] | None]:
    """Vertices split once more where texture coordinates differ: source, normals, triangles, coordinates (v downwards)."""
    if uvs is None:
        return shaded.source, shaded.normals, shaded.triangles, None
    coordinates = uvs[corners.reshape(-1)].astype(np.float64)
    cells = np.rint(coordinates * _UV_CELLS).astype(np.int64)
    vertex = shaded.triangles.reshape(-1)
    first, renamed = unique_rows(np.column_stack([vertex, cells]))
    kept = vertex[first]
    flipped = np.column_stack([coordinates[first, 0], 1.0 - coordinates[first, 1]]).astype(np.float32)
    return shaded.source[kept], shaded.normals[kept], renamed.reshape(-1, 3), flipped
