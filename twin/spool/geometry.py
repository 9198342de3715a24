"""Geometry in a spool: what each writing process leaves in its own part."""

import struct
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.source import Instance, Material, Mesh, MeshBatch
from twin.spool.files import append_frame, rows

MESH_ROW = np.dtype(
    [
        ("position_row", "u8"),
        ("normal_row", "u8"),
        ("triangle_row", "u8"),
        ("vertices", "u4"),
        ("triangles", "u4"),
        ("first_part", "u4"),
        ("parts", "u4"),
        ("textured", "u1"),
        ("arranged", "u1"),
        ("part_file", "u2"),
        ("origin", "f8", 3),
        ("lower", "f8", 3),
        ("upper", "f8", 3),
        ("digest", "u8", 2),
    ]
)
"""One mesh. `position_row`, `normal_row` and `triangle_row` say where its arrays begin in the part's .bin, in rows of ROW_BYTES;
texture coordinates follow the triangles. `lower`/`upper` bound the positions in the mesh's own frame (origin
added); `digest` is of the arrays and the materials' content, without the origin, UNSHARED for meshes of a batch; `arranged` as in
MeshBatch; `part_file` is filled in by the reader."""

ROW_BYTES = 12
"""A position, a normal, or the corners of a triangle: three words of 32 bits."""

UNSHARED = 0
"""Digest of a mesh that is drawn once and compared with no other."""

PART_ROW = np.dtype([("material", "u4"), ("first", "u4"), ("count", "u4")])
"""A run of triangles with one material."""

INSTANCE_ROW = np.dtype([("ordinal", "u4"), ("mesh", "u4"), ("transform", "f8", (3, 4))])
"""One drawn product. `mesh` is an index into the meshes of the same part (writer) or of the whole spool (reader)."""

_RUN = struct.Struct("<QQ")
_FLUSH_BYTES = 4 << 20
"""Geometry held in memory before it goes to disk: small beside the kernel's own memory, large beside a page."""

_IN_PLACE = np.eye(3, 4)
"""The transform of a mesh that lies in the source's own frame."""


class GeometryWriter:
    """Writes one part of a source's geometry; each writing process has a part number of its own."""

    def __init__(self, folder: Path, part: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, IO[bytes]] = {
            name: (folder / f"part-{part}.{name}").open("wb")
            for name in ("bin", "parts", "meshes", "materials", "instances")
        }
        self._blob: list[bytes | memoryview] = []
        self._pending = 0
        self._row_count = 0
        self._mesh_count = 0
        self._part_count = 0
        self._material_count = 0
        self._rows: dict[str, list[tuple[Any, ...]]] = {"parts": [], "meshes": [], "instances": []}
        self._materials: list[Material] = []
        self._material_digests: list[bytes] = []

    def add_material(self, material: Material) -> int:
        """Add a material and return its id within this part."""
        self._materials.append(material)
        self._material_digests.append(blake2b(msgspec.msgpack.encode(material), digest_size=16).digest())
        self._material_count += 1
        return self._material_count - 1

    def add_mesh(self, mesh: Mesh) -> int:
        """Add a mesh and return its id within this part."""
        arrays = [mesh.positions, mesh.normals, mesh.triangles] + ([] if mesh.uvs is None else [mesh.uvs])
        wanted = ["f4", "f4", "u4", "f4"]
        blocks = [np.ascontiguousarray(a, dtype=d).tobytes() for a, d in zip(arrays, wanted, strict=False)]
        first, vertices, triangles = self._row_count, len(mesh.positions), len(mesh.triangles)
        parts = [tuple(int(v) for v in row) for row in mesh.parts]
        lower = mesh.positions.min(axis=0).astype(np.float64) + mesh.origin
        upper = mesh.positions.max(axis=0).astype(np.float64) + mesh.origin
        self._rows["meshes"].append(
            (
                first,
                first + vertices,
                first + 2 * vertices,
                vertices,
                triangles,
                self._part_count,
                len(parts),
                int(mesh.uvs is not None),
                0,
                0,
                mesh.origin,
                lower,
                upper,
                self._digest(mesh, blocks),
            )
        )
        self._rows["parts"].extend(parts)
        size = sum(map(len, blocks))
        self._blob.extend([*blocks, b"\0" * (-size % ROW_BYTES)])
        self._row_count += -(-size // ROW_BYTES)
        self._pending += size
        self._part_count += len(parts)
        self._mesh_count += 1
        return self._mesh_count - 1

    def _digest(self, mesh: Mesh, blocks: list[bytes]) -> NDArray[np.uint64]:
        hashed = blake2b(digest_size=16)
        for block in blocks:
            hashed.update(len(block).to_bytes(8, "little"))
            hashed.update(block)
        for material, first, count in mesh.parts.tolist():
            hashed.update(self._material_digests[material])
            hashed.update(_RUN.pack(first, count))
        return np.frombuffer(hashed.digest(), dtype=np.uint64)

    def add_instance(self, instance: Instance) -> None:
        """Add a drawn product; its mesh must have been added to this part before."""
        self._rows["instances"].append((instance.ordinal, instance.mesh, instance.transform))
        if self._pending >= _FLUSH_BYTES:
            self.flush()

    def add_meshes(self, batch: MeshBatch) -> None:
        """Add meshes of thousands of objects at once, each drawn where it is; arrays, no loop over meshes.

        Batches of 10³ to 10⁵ meshes are a good size: a batch goes to disk at once.
        """
        self.flush()
        if not len(batch):
            return
        for values, dtype in ((batch.positions, "f4"), (batch.normals, "f4"), (batch.triangles, "u4")):
            self._files["bin"].write(np.ascontiguousarray(values, dtype=dtype).data)
        self._files["parts"].write(_part_rows(batch).data)
        self._files["meshes"].write(self._mesh_rows(batch).data)
        self._write_instances(batch.ordinals, np.arange(len(batch)) + self._mesh_count, _IN_PLACE)
        self._row_count += 2 * len(batch.positions) + len(batch.triangles)
        self._part_count += len(batch.parts)
        self._mesh_count += len(batch)

    def add_instances(
        self, mesh: int, ordinals: NDArray[np.integer[Any]], transforms: NDArray[np.float64]
    ) -> None:
        """Draw `mesh`, added to this part before, once for each of `ordinals` (n,), placed by `transforms` (n, 3, 4)."""
        self.flush()
        self._write_instances(ordinals, mesh, transforms)

    def _mesh_rows(self, batch: MeshBatch) -> NDArray[Any]:
        counts = np.asarray(batch.part_counts, dtype=np.int64)
        vertices = np.asarray(batch.vertex_counts, dtype=np.int64)
        triangles = np.asarray(batch.triangle_counts, dtype=np.int64)
        first = np.cumsum(vertices) - vertices
        found = np.zeros(len(batch), dtype=MESH_ROW)
        found["position_row"] = self._row_count + first
        found["normal_row"] = self._row_count + len(batch.positions) + first
        found["triangle_row"] = self._row_count + 2 * len(batch.positions) + np.cumsum(triangles) - triangles
        found["vertices"], found["triangles"] = vertices, triangles
        found["first_part"], found["parts"] = self._part_count + np.cumsum(counts) - counts, counts
        found["origin"] = batch.origins
        found["lower"] = np.minimum.reduceat(batch.positions, first, axis=0) + batch.origins
        found["upper"] = np.maximum.reduceat(batch.positions, first, axis=0) + batch.origins
        found["digest"] = UNSHARED
        found["arranged"] = batch.arranged
        return found

    def _write_instances(
        self,
        ordinals: NDArray[np.integer[Any]],
        meshes: NDArray[np.int64] | int,
        transforms: NDArray[np.float64],
    ) -> None:
        """Write rows of instances, after all that they refer to is on disk."""
        for file in self._files.values():
            file.flush()
        found = np.empty(len(ordinals), dtype=INSTANCE_ROW)
        found["ordinal"], found["mesh"], found["transform"] = ordinals, meshes, transforms
        self._files["instances"].write(found.data)
        self._files["instances"].flush()

    def flush(self) -> None:
        """Write out all that is held; instances last, so that a listed product is wholly on disk."""
        self._files["bin"].writelines(self._blob)
        for material in self._materials:
            append_frame(self._files["materials"], material)
        for name, dtype in (("parts", PART_ROW), ("meshes", MESH_ROW), ("instances", INSTANCE_ROW)):
            if name == "instances":
                for file in self._files.values():
                    file.flush()
            self._files[name].write(np.array(self._rows[name], dtype=dtype).tobytes())
            self._rows[name].clear()
        self._files["instances"].flush()
        self._blob.clear()
        self._materials.clear()
        self._pending = 0

    def close(self) -> None:
        """Flush, and close the files."""
        self.flush()
        for file in self._files.values():
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _part_rows(batch: MeshBatch) -> NDArray[Any]:
    found = np.empty(len(batch.parts), dtype=PART_ROW)
    found["material"], found["first"], found["count"] = np.asarray(batch.parts).reshape(-1, 3).T
    return found


def drawn_ordinals(folder: Path, part: int) -> NDArray[np.uint32]:
    """Ordinals of the products that part holds on disk, also of a part whose writer died."""
    return rows(folder / f"part-{part}.instances", INSTANCE_ROW)["ordinal"].copy()


def renumber(folder: Path, ordinals: NDArray[np.uint32]) -> None:
    """Give the products of a spool whose writers are closed other ordinals: `ordinals[old]` is the new one.

    For sources whose ids are all known only at the end: ordinals go by their order.
    """
    for path in sorted(folder.glob("part-*.instances")):
        found = np.memmap(path, dtype=INSTANCE_ROW, mode="r+") if path.stat().st_size else None
        if found is not None:
            found["ordinal"] = ordinals[found["ordinal"]]
