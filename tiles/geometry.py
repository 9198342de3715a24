"""The geometry of a spool as arrays that do not depend on which process wrote what: orders, bounds, triangle soups."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.materials import Palette, palette_of
from tiles.similarity import similarity
from twin.source import Mesh
from twin.spool import Spool

SAVED_VERTICES = 2_000
"""Vertices that instancing one mesh must save in a tile, for each of its draw calls."""

BYTES_PER_VERTEX = 6.0
"""Compressed, with its share of the triangles: measured on five models."""

_CHUNK_VERTICES = 200_000
"""Vertices transformed at a time where exact bounds need them: 25 MB of working memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soup:
    """Meshes of some instances, transformed and joined.

    positions: (n, 3) float64 metres, relative to the centre asked for; normals: (n, 3) float32; uvs: (n, 2) float32,
    zero where a mesh has none; triangles: (m, 3) uint32 into positions, counter-clockwise from outside; material: (m,)
    entry of the palette; vertex_instance: (n,) position in the list of instances asked for.
    """

    positions: NDArray[np.float64]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    material: NDArray[np.int64]
    vertex_instance: NDArray[np.int64]


class Geometry:
    """Read-only view of a spool's geometry."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        rows = spool.instances
        self.ordinals: NDArray[np.int64] = rows["ordinal"].astype(np.int64)
        self.mesh_of: NDArray[np.int64] = rows["mesh"].astype(np.int64)
        self.transforms: NDArray[np.float64] = rows["transform"]
        self.palette: Palette = palette_of(spool.materials)
        self._views: dict[int, Mesh] = {}

    @cached_property
    def mesh_rows(self) -> NDArray[Any]:
        """MESH_ROW of all meshes."""
        return self._spool.meshes

    @cached_property
    def mesh_rank(self) -> NDArray[np.int64]:
        """(meshes,) the smallest ordinal that draws each mesh: an order that no worker's timing changes."""
        rank = np.full(len(self.mesh_rows), np.iinfo(np.int64).max)
        np.minimum.at(rank, self.mesh_of, self.ordinals)
        return rank

    @cached_property
    def mesh_uses(self) -> NDArray[np.int64]:
        """(meshes,) how many instances draw each mesh."""
        return np.bincount(self.mesh_of, minlength=len(self.mesh_rows))

    @cached_property
    def pays_as_instances(self) -> NDArray[np.bool_]:
        """(meshes,) whether a tile that held all uses of the mesh would draw them as instances."""
        rows = self.mesh_rows
        saved = (self.mesh_uses - 1) * rows["vertices"].astype(np.int64)
        return (self.mesh_uses > 1) & (saved >= SAVED_VERTICES * rows["parts"].astype(np.int64))

    @cached_property
    def image_weight(self) -> NDArray[np.float64]:
        """(meshes,) share of an instance in the images of its mesh, in vertices of BYTES_PER_VERTEX."""
        images = np.array([0 if t is None else len(t.data) for t in self.palette.textures], dtype=np.float64)
        rows = self.mesh_rows
        mesh_of_part = np.repeat(np.arange(len(rows)), rows["parts"])
        entry = self.palette.entry_of[self._spool.parts["material"]]
        users = np.bincount(entry, weights=self.mesh_uses[mesh_of_part], minlength=len(images))
        share = images / np.maximum(users, 1.0) / BYTES_PER_VERTEX
        weight: NDArray[np.float64] = np.bincount(
            mesh_of_part, weights=share[entry], minlength=len(rows)
        ).astype(np.float64)
        return weight

    def mesh(self, index: int) -> Mesh:
        """Views of one mesh, made once."""
        found = self._views.get(index)
        if found is None:
            found = self._views[index] = self._spool.mesh(index)
        return found

    @cached_property
    def similar(self) -> NDArray[np.bool_]:
        """(instances,) whether the transform is a rotation with uniform scale, as GPU instances need it."""
        return similarity(self.transforms[:, :, :3]).exact

    def bounds(self, count: int) -> NDArray[np.float64]:
        """(count, 6) exact bounds by ordinal, local metres: minimum then maximum; NaN where nothing is drawn."""
        result = np.full((count, 6), np.nan)
        np.fmin.at(result[:, :3], self.ordinals, self.instance_bounds[:, :3])
        np.fmax.at(result[:, 3:], self.ordinals, self.instance_bounds[:, 3:])
        return result

    @cached_property
    def instance_bounds(self) -> NDArray[np.float64]:
        """(instances, 6) exact bounds, local metres: minimum then maximum."""
        lower, upper = self._box_corners()
        turned = np.flatnonzero(~_keeps_axes(self.transforms[:, :, :3]))
        sizes = self.mesh_rows["vertices"][self.mesh_of[turned]].astype(np.int64)
        chunk = np.cumsum(sizes) // _CHUNK_VERTICES
        for rows in np.split(turned, np.flatnonzero(np.diff(chunk)) + 1):
            if len(rows):
                positions, starts = self._placed(rows)
                lower[rows] = np.minimum.reduceat(positions, starts)
                upper[rows] = np.maximum.reduceat(positions, starts)
        return np.concatenate([lower, upper], axis=1)

    def unplaced(self, index: int) -> Soup:
        """Mesh `index` alone, relative to its own origin."""
        mesh = self.mesh(index)
        entries = self.palette.entry_of[mesh.parts[:, 0]]
        return Soup(
            positions=mesh.positions.astype(np.float64),
            normals=_turned_normals(
                np.eye(3)[None], mesh.normals, np.zeros(len(mesh.normals), dtype=np.int64)
            ),
            uvs=_uvs(mesh),
            triangles=mesh.triangles,
            material=np.repeat(entries, mesh.parts[:, 2]),
            vertex_instance=np.zeros(len(mesh.positions), dtype=np.int64),
        )

    def soup(self, instances: NDArray[np.int64], centre: NDArray[np.float64]) -> Soup:
        """Transform and join the meshes of `instances` (rows of the spool), relative to `centre` (3,) metres."""
        meshes = [self.mesh(int(index)) for index in self.mesh_of[instances]]
        positions, starts = self._placed(instances)
        sizes = np.array([len(mesh.positions) for mesh in meshes])
        which = np.repeat(np.arange(len(meshes)), sizes)
        linear = self.transforms[instances][:, :, :3]
        normals = np.concatenate([mesh.normals for mesh in meshes])
        triangle_counts = np.array([len(mesh.triangles) for mesh in meshes])
        base = np.repeat(starts.astype(np.uint32), triangle_counts)
        triangles = np.concatenate([mesh.triangles for mesh in meshes]) + base[:, None]
        mirrored = np.repeat(np.linalg.det(linear) < 0.0, triangle_counts)
        triangles[mirrored] = triangles[mirrored][:, ::-1]
        return Soup(
            positions=positions - centre,
            normals=_turned_normals(linear, normals, which),
            uvs=np.concatenate([_uvs(mesh) for mesh in meshes]),
            triangles=triangles,
            material=self._triangle_materials(instances),
            vertex_instance=which,
        )

    def _triangle_materials(self, instances: NDArray[np.int64]) -> NDArray[np.int64]:
        """Palette entry of every triangle of `instances`, in their order."""
        first = self.mesh_rows["first_part"][self.mesh_of[instances]].astype(np.int64)
        counts = self.mesh_rows["parts"][self.mesh_of[instances]].astype(np.int64)
        rows = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        parts = self._spool.parts[rows]
        entries: NDArray[np.int64] = self.palette.entry_of[parts["material"]]
        return np.repeat(entries, parts["count"])

    def _placed(self, instances: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Local positions of the vertices of `instances`, and where each instance starts among them."""
        meshes = [self.mesh(int(index)) for index in self.mesh_of[instances]]
        sizes = np.array([len(mesh.positions) for mesh in meshes], dtype=np.int64)
        which = np.repeat(np.arange(len(meshes)), sizes)
        transforms = self.transforms[instances]
        linear = transforms[:, :, :3]
        origins = self.mesh_rows["origin"][self.mesh_of[instances]]
        offset = np.einsum("kij,kj->ki", linear, origins) + transforms[:, :, 3]
        relative = np.concatenate([mesh.positions for mesh in meshes]).astype(np.float64)
        positions = np.einsum("nij,nj->ni", linear[which], relative) + offset[which]
        return positions, np.cumsum(sizes) - sizes

    def _box_corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of each instance from the corners of its mesh's box: exact where the axes only trade places."""
        lower, upper = self.mesh_rows["lower"][self.mesh_of], self.mesh_rows["upper"][self.mesh_of]
        linear, shift = self.transforms[:, :, :3], self.transforms[:, :, 3]
        low, high = linear * lower[:, None, :], linear * upper[:, None, :]
        return np.minimum(low, high).sum(axis=2) + shift, np.maximum(low, high).sum(axis=2) + shift


def _keeps_axes(linear: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(k,) whether each (3, 3) maps axes onto axes (within rounding)."""
    size = np.abs(linear)
    others = size.sum(axis=2) - size.max(axis=2)
    straight: NDArray[np.bool_] = (others <= 1e-12 * size.max(axis=2)).all(axis=1)
    return straight


def _turned_normals(
    linear: NDArray[np.float64], normals: NDArray[np.float32], which: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Normals under the inverse transpose of their instance's matrix, unit length; (0, 0, 1) where that is undefined."""
    with np.errstate(all="ignore"):
        determinant = np.linalg.det(linear)
        matrices = np.zeros_like(linear)
        regular = np.abs(determinant) > 1e-30
        matrices[regular] = np.linalg.inv(linear[regular]).transpose(0, 2, 1)
        matrices /= np.maximum(np.abs(matrices).max(axis=(1, 2), keepdims=True), 1e-300)
        turned = np.einsum("nij,nj->ni", matrices.astype(np.float32)[which], normals)
        length = np.sqrt(np.einsum("ni,ni->n", turned, turned))[:, None]
        unit = turned / length
    bad = ~np.isfinite(unit).all(axis=1)
    unit[bad] = (0.0, 0.0, 1.0)
    result: NDArray[np.float32] = unit.astype(np.float32)
    return result


def _uvs(mesh: Mesh) -> NDArray[np.float32]:
    return np.zeros((len(mesh.positions), 2), dtype=np.float32) if mesh.uvs is None else mesh.uvs
