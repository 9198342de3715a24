"""The geometry of a spool as arrays that do not depend on which process wrote what: orders, bounds, triangle soups."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.materials import Palette, palette_of
from tiles.transforms import applied, keeps_axes, similarity, turned_normals
from twin.spool import UNSHARED, Spool
from twin.tables import index_runs

SAVED_VERTICES = 2_000
"""Vertices that instancing one mesh must save in a tile, for each of its draw calls."""

BYTES_PER_VERTEX = 6.0
"""Compressed, with its share of the triangles: measured on five models."""

_LONG_ROWS = 160
"""Mean length from which ranges are copied one by one: a slice takes as long as gathering so many rows."""

_CHUNK_VERTICES = 200_000
"""Vertices transformed at a time where exact bounds need them: 25 MB of working memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soup:
    """Meshes of some instances, transformed and joined.

    positions: (n, 3) float64 metres, relative to the centre asked for; normals: (n, 3) float32; uvs: (n, 2) float32,
    zero where a mesh has none, None in a model without images; triangles: (m, 3) uint32 into positions, counter-clockwise from outside; material: (m,)
    entry of the palette; vertex_instance: (n,) position in the list of instances asked for; arranged: as in MeshBatch.
    """

    positions: NDArray[np.float64]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32] | None
    triangles: NDArray[np.uint32]
    material: NDArray[np.int64]
    vertex_instance: NDArray[np.int64]
    arranged: bool = False


class Geometry:
    """Read-only view of a spool's geometry."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        rows = spool.instances
        self.ordinals: NDArray[np.int64] = rows["ordinal"].astype(np.int64)
        self.mesh_of: NDArray[np.int64] = rows["mesh"].astype(np.int64)
        self.transforms: NDArray[np.float64] = rows["transform"]
        self.palette: Palette = palette_of(spool.materials)

    def release(self) -> None:
        """See `Spool.release`."""
        self._spool.release()

    @cached_property
    def mesh_rows(self) -> NDArray[Any]:
        """MESH_ROW of all meshes."""
        return self._spool.meshes

    @cached_property
    def in_place(self) -> NDArray[np.bool_]:
        """(meshes,) whether a mesh is drawn once, where it is: one of a batch."""
        return np.asarray((self.mesh_rows["digest"] == UNSHARED).all(axis=1))

    @cached_property
    def mesh_uses(self) -> NDArray[np.int64]:
        """(meshes,) how many instances draw each mesh."""
        return np.bincount(self.mesh_of, minlength=len(self.mesh_rows))

    @cached_property
    def mesh_draws(self) -> NDArray[np.int64]:
        """(meshes,) draw calls that each mesh takes where it is drawn alone."""
        mesh_of_part, entry = self._part_entries
        kinds = int(self.palette.drawing.max(initial=0)) + 1
        distinct = np.unique(mesh_of_part * kinds + self.palette.drawing[entry])
        return np.bincount(distinct // kinds, minlength=len(self.mesh_rows))

    def pays_as_instances(self, meshes: NDArray[np.int64], uses: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(k,) whether drawing `uses` (k,) of each of `meshes` (k,) as instances saves enough for its draw calls."""
        saved = (uses - 1) * self.mesh_rows["vertices"][meshes].astype(np.int64)
        paying: NDArray[np.bool_] = (uses > 1) & (saved >= SAVED_VERTICES * self.mesh_draws[meshes])
        return paying

    @cached_property
    def image_weight(self) -> NDArray[np.float64]:
        """(meshes,) share of an instance in the images of its mesh, in vertices of BYTES_PER_VERTEX."""
        if all(texture is None for texture in self.palette.textures):
            return np.zeros(len(self.mesh_rows))
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
        rows = {name: self.mesh_rows[name][meshes] for name in ("first_part", "parts")}
        return self._spool.parts[
            index_runs(rows["first_part"].astype(np.int64), rows["parts"].astype(np.int64))
        ]

    @cached_property
    def similar(self) -> NDArray[np.bool_]:
        """(instances,) whether the transform is a rotation with uniform scale, as GPU instances need it."""
        if self.in_place.all():
            return np.ones(len(self.ordinals), dtype=bool)
        return similarity(self.transforms[:, :, :3]).exact

    def bounds(self, count: int) -> NDArray[np.float64]:
        """(count, 6) exact bounds by ordinal, local metres: minimum then maximum; NaN where nothing is drawn."""
        result = np.full((count, 6), np.nan)
        if len(self.ordinals) and (np.diff(self.ordinals) > 0).all():
            result[self.ordinals] = self.instance_bounds
            return result
        np.fmin.at(result[:, :3], self.ordinals, self.instance_bounds[:, :3])
        np.fmax.at(result[:, 3:], self.ordinals, self.instance_bounds[:, 3:])
        return result

    @cached_property
    def instance_bounds(self) -> NDArray[np.float64]:
        """(instances, 6) exact bounds, local metres: minimum then maximum."""
        if self.in_place.all():
            return np.concatenate([self.mesh_rows[side][self.mesh_of] for side in ("lower", "upper")], axis=1)
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

    def rows_of(self, ordinals: NDArray[np.intp]) -> NDArray[np.int64]:
        """The instances that draw `ordinals`."""
        first = np.searchsorted(self.ordinals, ordinals, side="left")
        counts = np.searchsorted(self.ordinals, ordinals, side="right") - first
        return index_runs(first, counts)

    def first_and_last_entry(self, ordinals: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Palette entries of the first and of the last triangles of each of `ordinals`: walls and roof, where there are two."""
        meshes = self.mesh_of[np.searchsorted(self.ordinals, ordinals)]
        first = self.mesh_rows["first_part"][meshes].astype(np.int64)
        last = first + self.mesh_rows["parts"][meshes] - 1
        entries = self.palette.entry_of
        return entries[self._spool.parts["material"][first]], entries[self._spool.parts["material"][last]]

    def unplaced(self, index: int) -> Soup:
        """Mesh `index` alone, relative to its own origin."""
        meshes = np.array([index])
        positions = self._positions(meshes)
        return Soup(
            positions=positions.astype(np.float64),
            normals=turned_normals(np.eye(3)[None], self._normals(meshes), np.array([len(positions)])),
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
        triangle_counts = self.mesh_rows["triangles"][meshes]
        triangles = self._triangles(meshes) + np.repeat(starts.astype(np.uint32), triangle_counts)[:, None]
        normals = self._normals(meshes)
        if not self.in_place[meshes].all():
            linear = self.transforms[instances][:, :, :3]
            mirrored = np.repeat(np.linalg.det(linear) < 0.0, triangle_counts)
            triangles[mirrored] = triangles[mirrored][:, ::-1]
            normals = turned_normals(linear, normals, sizes)
        return Soup(
            positions=positions - centre,
            normals=normals,
            uvs=self._uvs(meshes),
            triangles=triangles,
            material=self._triangle_materials(meshes),
            vertex_instance=np.repeat(np.arange(len(meshes)), sizes),
            arranged=bool(self.mesh_rows["arranged"][meshes].all()),
        )

    def _triangle_materials(self, meshes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Palette entry of every triangle of `meshes`, in their order."""
        parts = self._parts_of(meshes)
        entries: NDArray[np.int64] = self.palette.entry_of[parts["material"]]
        return np.repeat(entries, parts["count"])

    @cached_property
    def _rows(self) -> list[NDArray[np.uint32]]:
        files = int(self.mesh_rows["part_file"].max(initial=0)) + 1
        return [self._spool.rows(part) for part in range(files)]

    def _joined(self, meshes: NDArray[np.int64], start: str, counts: str) -> NDArray[np.uint32]:
        """(k, 3) the rows of one array of each mesh, joined; `start` and `counts` name columns of MESH_ROW."""
        first = self.mesh_rows[start][meshes].astype(np.int64)
        length = self.mesh_rows[counts][meshes].astype(np.int64)
        files = self.mesh_rows["part_file"][meshes]
        if length.sum() < _LONG_ROWS * len(meshes):
            return self._gathered(files, first, length)
        spans = zip(files.tolist(), first.tolist(), (first + length).tolist(), strict=True)
        found = [self._rows[file][begin:end] for file, begin, end in spans]
        return np.concatenate(found) if found else np.empty((0, 3), dtype=np.uint32)

    def _gathered(
        self, files: NDArray[np.integer[Any]], first: NDArray[np.int64], length: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Rows [first, first + length) of each file, joined, row by row."""
        distinct = np.unique(files).tolist()
        if len(distinct) == 1:
            return np.take(self._rows[distinct[0]], index_runs(first, length), axis=0)
        result = np.empty((int(length.sum()), 3), dtype=np.uint32)
        start = np.cumsum(length) - length
        for file in distinct:
            here = files == file
            result[index_runs(start[here], length[here])] = np.take(
                self._rows[file], index_runs(first[here], length[here]), axis=0
            )
        return result

    def _positions(self, meshes: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n, 3) of `meshes`, joined, each relative to its origin."""
        return self._joined(meshes, "position_row", "vertices").view(np.float32)

    def _normals(self, meshes: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n, 3) of `meshes`, joined."""
        return self._joined(meshes, "normal_row", "vertices").view(np.float32)

    def _triangles(self, meshes: NDArray[np.int64]) -> NDArray[np.uint32]:
        """(m, 3) corners of `meshes`, joined; each counts from its own first vertex."""
        return self._joined(meshes, "triangle_row", "triangles")

    def _uvs(self, meshes: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(n, 2) texture coordinates of `meshes`, joined; zero where a mesh has none; None in a model without images."""
        if all(texture is None for texture in self.palette.textures):
            return None
        rows = self.mesh_rows[meshes]
        result = np.zeros((int(rows["vertices"].sum()), 2), dtype=np.float32)
        end = np.cumsum(rows["vertices"], dtype=np.int64)
        for place in np.flatnonzero(rows["textured"]).tolist():
            count, first = (
                int(rows["vertices"][place]),
                3 * int(rows["triangle_row"][place] + rows["triangles"][place]),
            )
            words = self._rows[rows["part_file"][place]].reshape(-1)[first : first + 2 * count]
            result[end[place] - count : end[place]] = words.view(np.float32).reshape(-1, 2)
        return result

    def _placed(self, instances: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Local positions of the vertices of `instances`, and where each instance starts among them."""
        meshes = self.mesh_of[instances]
        sizes = self.mesh_rows["vertices"][meshes].astype(np.int64)
        starts = np.cumsum(sizes) - sizes
        origins = self.mesh_rows["origin"][meshes]
        relative = self._positions(meshes).astype(np.float64)
        if self.in_place[meshes].all():
            return relative + np.repeat(origins, sizes, axis=0), starts
        transforms = self.transforms[instances]
        linear = transforms[:, :, :3]
        offset = np.einsum("kij,kj->ki", linear, origins) + transforms[:, :, 3]
        return applied(linear, relative, sizes, offset=offset), starts

    def _box_corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of each instance from the corners of its mesh's box: exact where the axes only trade places."""
        lower, upper = self.mesh_rows["lower"][self.mesh_of], self.mesh_rows["upper"][self.mesh_of]
        linear, shift = self.transforms[:, :, :3], self.transforms[:, :, 3]
        low, high = linear * lower[:, None, :], linear * upper[:, None, :]
        return np.minimum(low, high).sum(axis=2) + shift, np.maximum(low, high).sum(axis=2) + shift
