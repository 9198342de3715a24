"""The geometry of a spool as arrays that do not depend on which process wrote what: orders, bounds, triangle soups."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.materials import Palette, palette_of
from tiles.transforms import applied, keeps_axes, similarity, turned_normals
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
    zero where a mesh has none, None in a model without images; triangles: (m, 3) uint32 into positions, counter-clockwise from outside; material: (m,)
    entry of the palette; vertex_instance: (n,) position in the list of instances asked for.
    """

    positions: NDArray[np.float64]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32] | None
    triangles: NDArray[np.uint32]
    material: NDArray[np.int64]
    vertex_instance: NDArray[np.int64]


def runs(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices first, first + 1, …, first + count - 1 of each run, joined."""
    return np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


class Geometry:
    """Read-only view of a spool's geometry."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        rows = spool.instances
        self.ordinals: NDArray[np.int64] = rows["ordinal"].astype(np.int64)
        self.mesh_of: NDArray[np.int64] = rows["mesh"].astype(np.int64)
        self.transforms: NDArray[np.float64] = rows["transform"]
        self.palette: Palette = palette_of(spool.materials)

    @cached_property
    def mesh_rows(self) -> NDArray[Any]:
        """MESH_ROW of all meshes."""
        return self._spool.meshes

    @cached_property
    def mesh_uses(self) -> NDArray[np.int64]:
        """(meshes,) how many instances draw each mesh."""
        return np.bincount(self.mesh_of, minlength=len(self.mesh_rows))

    @cached_property
    def mesh_draws(self) -> NDArray[np.int64]:
        """(meshes,) draw calls that each mesh takes where it is drawn alone."""
        mesh_of_part, entry = self._part_entries
        drawing = self.palette.drawing[entry]
        distinct = np.unique(np.stack([mesh_of_part, drawing], axis=1), axis=0)
        return np.bincount(distinct[:, 0], minlength=len(self.mesh_rows))

    def pays_as_instances(self, uses: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(meshes,) whether drawing `uses` (meshes,) of each as instances saves enough for its draw calls."""
        vertices = self.mesh_rows["vertices"].astype(np.int64)
        paying: NDArray[np.bool_] = (uses > 1) & ((uses - 1) * vertices >= SAVED_VERTICES * self.mesh_draws)
        return paying

    @cached_property
    def image_weight(self) -> NDArray[np.float64]:
        """(meshes,) share of an instance in the images of its mesh, in vertices of BYTES_PER_VERTEX."""
        images = np.array([0 if t is None else len(t.data) for t in self.palette.textures], dtype=np.float64)
        mesh_of_part, entry = self._part_entries
        users = np.bincount(entry, weights=self.mesh_uses[mesh_of_part], minlength=len(images))
        share = images / np.maximum(users, 1.0) / BYTES_PER_VERTEX
        weight = np.bincount(mesh_of_part, weights=share[entry], minlength=len(self.mesh_rows))
        return weight.astype(np.float64)

    @cached_property
    def _part_entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of every material range: its mesh and its palette entry."""
        meshes = np.arange(len(self.mesh_rows))
        counts = self.mesh_rows["parts"].astype(np.int64)
        return np.repeat(meshes, counts), self.palette.entry_of[self._parts_of(meshes)["material"]]

    def _parts_of(self, meshes: NDArray[np.int64]) -> NDArray[Any]:
        """PART_ROW of `meshes`, in their order. A writer that died leaves ranges that no mesh has."""
        rows = self.mesh_rows[meshes]
        return self._spool.parts[runs(rows["first_part"].astype(np.int64), rows["parts"].astype(np.int64))]

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
        turned = np.flatnonzero(~keeps_axes(self.transforms[:, :, :3]))
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
        meshes = np.array([index])
        positions = self._floats(meshes, 0)
        return Soup(
            positions=positions.astype(np.float64),
            normals=turned_normals(np.eye(3)[None], self._floats(meshes, 1), np.array([len(positions)])),
            uvs=self._uvs(meshes),
            triangles=self._triangles(meshes),
            material=self._triangle_materials(meshes),
            vertex_instance=np.zeros(len(positions), dtype=np.int64),
        )

    def soup(self, instances: NDArray[np.int64], centre: NDArray[np.float64]) -> Soup:
        """Transform and join the meshes of `instances` (rows of the spool), relative to `centre` (3,) metres."""
        meshes = self.mesh_of[instances]
        positions, starts = self._placed(instances)
        sizes = self.mesh_rows["vertices"][meshes].astype(np.int64)
        linear = self.transforms[instances][:, :, :3]
        triangle_counts = self.mesh_rows["triangles"][meshes]
        triangles = self._triangles(meshes) + np.repeat(starts.astype(np.uint32), triangle_counts)[:, None]
        mirrored = np.repeat(np.linalg.det(linear) < 0.0, triangle_counts)
        triangles[mirrored] = triangles[mirrored][:, ::-1]
        return Soup(
            positions=positions - centre,
            normals=turned_normals(linear, self._floats(meshes, 1), sizes),
            uvs=self._uvs(meshes),
            triangles=triangles,
            material=self._triangle_materials(meshes),
            vertex_instance=np.repeat(np.arange(len(meshes)), sizes),
        )

    def _triangle_materials(self, meshes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Palette entry of every triangle of `meshes`, in their order."""
        parts = self._parts_of(meshes)
        entries: NDArray[np.int64] = self.palette.entry_of[parts["material"]]
        return np.repeat(entries, parts["count"])

    @cached_property
    def _words(self) -> list[NDArray[np.uint32]]:
        files = int(self.mesh_rows["part_file"].max(initial=0)) + 1
        return [self._spool.words(part) for part in range(files)]

    def _joined(
        self, meshes: NDArray[np.int64], start: NDArray[np.int64], length: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Words [start, start + length) of each mesh, joined."""
        first = self.mesh_rows["offset"][meshes].astype(np.int64) // 4 + start
        files = self.mesh_rows["part_file"][meshes]
        spans = zip(files.tolist(), first.tolist(), (first + length).tolist(), strict=True)
        found = [self._words[file][begin:end] for file, begin, end in spans]
        return np.concatenate(found) if found else np.empty(0, dtype=np.uint32)

    def _floats(self, meshes: NDArray[np.int64], block: int) -> NDArray[np.float32]:
        """Block 0: positions, block 1: normals; (n, 3) float32 of `meshes`, joined."""
        length = self.mesh_rows["vertices"][meshes].astype(np.int64) * 3
        return self._joined(meshes, block * length, length).view(np.float32).reshape(-1, 3)

    def _triangles(self, meshes: NDArray[np.int64]) -> NDArray[np.uint32]:
        """(m, 3) corners of `meshes`, joined; each counts from its own first vertex."""
        start = self.mesh_rows["vertices"][meshes].astype(np.int64) * 6
        return self._joined(meshes, start, self.mesh_rows["triangles"][meshes].astype(np.int64) * 3).reshape(
            -1, 3
        )

    def _uvs(self, meshes: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(n, 2) texture coordinates of `meshes`, joined; zero where a mesh has none; None in a model without images."""
        if all(texture is None for texture in self.palette.textures):
            return None
        rows = self.mesh_rows[meshes]
        vertices, triangles = rows["vertices"].astype(np.int64), rows["triangles"].astype(np.int64)
        textured = rows["textured"] > 0
        found = self._joined(
            meshes[textured], (6 * vertices + 3 * triangles)[textured], 2 * vertices[textured]
        )
        result = np.zeros((int(vertices.sum()), 2), dtype=np.float32)
        result[np.repeat(textured, vertices)] = found.view(np.float32).reshape(-1, 2)
        return result

    def _placed(self, instances: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Local positions of the vertices of `instances`, and where each instance starts among them."""
        meshes = self.mesh_of[instances]
        sizes = self.mesh_rows["vertices"][meshes].astype(np.int64)
        transforms = self.transforms[instances]
        linear = transforms[:, :, :3]
        origins = self.mesh_rows["origin"][meshes]
        offset = np.einsum("kij,kj->ki", linear, origins) + transforms[:, :, 3]
        relative = self._floats(meshes, 0).astype(np.float64)
        return applied(linear, relative, sizes, offset=offset), np.cumsum(sizes) - sizes

    def _box_corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of each instance from the corners of its mesh's box: exact where the axes only trade places."""
        lower, upper = self.mesh_rows["lower"][self.mesh_of], self.mesh_rows["upper"][self.mesh_of]
        linear, shift = self.transforms[:, :, :3], self.transforms[:, :, 3]
        low, high = linear * lower[:, None, :], linear * upper[:, None, :]
        return np.minimum(low, high).sum(axis=2) + shift, np.maximum(low, high).sum(axis=2) + shift
