"""A source on disk between importer and tiler: objects and geometry of one source, written once, read by mapping.

One folder a source. Geometry is written by several processes, each into parts of its own (`part-N.*`), so no lock is
needed and a process that dies costs what it had not flushed:

    objects.msgpack     length-prefixed batches of SourceObject
    part-N.bin          the arrays of the meshes, back to back, 4-byte aligned
    part-N.meshes       rows of MESH_ROW
    part-N.parts        rows of PART_ROW (material ranges)
    part-N.materials    length-prefixed Material values
    part-N.instances    rows of INSTANCE_ROW, always written last: a product is done when its row is here

Byte order is the machine's own: a spool never leaves the machine.

Which process writes what depends on luck; what the reader shows does not: equal meshes and materials appear once, meshes in
the order in which the sorted instances first use them, materials in the order of their encoded bytes.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.objects import SourceObject
from twin.source import Instance, Material, Mesh

MESH_ROW = np.dtype(
    [
        ("offset", "u8"),
        ("vertices", "u4"),
        ("triangles", "u4"),
        ("first_part", "u4"),
        ("parts", "u4"),
        ("textured", "u4"),
        ("part_file", "u4"),
        ("origin", "f8", 3),
        ("lower", "f8", 3),
        ("upper", "f8", 3),
        ("digest", "u8", 2),
    ]
)
"""One mesh. `offset` is in bytes into the part's .bin; `lower`/`upper` bound the positions in the mesh's own frame (origin
added); `digest` is of the arrays and the materials' content, without the origin; `part_file` is filled in by the reader."""

PART_ROW = np.dtype([("material", "u4"), ("first", "u4"), ("count", "u4")])
"""A run of triangles with one material."""

INSTANCE_ROW = np.dtype([("ordinal", "u4"), ("mesh", "u4"), ("transform", "f8", (3, 4))])
"""One drawn product. `mesh` is an index into the meshes of the same part (writer) or of the whole spool (reader)."""

_Lean = TypeVar("_Lean", bound=msgspec.Struct)

_LENGTH = struct.Struct("<Q")
_RUN = struct.Struct("<QQ")
_FLUSH_BYTES = 4 << 20
"""Geometry held in memory before it goes to disk: small beside the kernel's own memory, large beside a page."""


def _append_frame(file: IO[bytes], value: object) -> None:
    payload = msgspec.msgpack.encode(value)
    file.write(_LENGTH.pack(len(payload)))
    file.write(payload)


def _frames(path: Path) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            payload = file.read(length)
            if len(payload) < length:
                return
            yield payload


class ObjectWriter:
    """Writes the objects of a source in batches."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "objects.msgpack").open("wb")

    def write(self, objects: Sequence[SourceObject]) -> None:
        """Append one batch."""
        _append_frame(self._file, objects)

    def close(self) -> None:
        """Close the file; what was written stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
        self._offset = 0
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
        size = sum(map(len, blocks))
        parts = [tuple(int(v) for v in row) for row in mesh.parts]
        lower = mesh.positions.min(axis=0).astype(np.float64) + mesh.origin
        upper = mesh.positions.max(axis=0).astype(np.float64) + mesh.origin
        self._rows["meshes"].append(
            (
                self._offset,
                len(mesh.positions),
                len(mesh.triangles),
                self._part_count,
                len(parts),
                int(mesh.uvs is not None),
                0,
                mesh.origin,
                lower,
                upper,
                self._digest(mesh, blocks),
            )
        )
        self._rows["parts"].extend(parts)
        self._blob.extend(blocks)
        self._offset += size
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

    def flush(self) -> None:
        """Write out all that is held; instances last, so that a listed product is wholly on disk."""
        self._files["bin"].writelines(self._blob)
        for material in self._materials:
            _append_frame(self._files["materials"], material)
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


def drawn_ordinals(folder: Path, part: int) -> NDArray[np.uint32]:
    """Ordinals of the products that part holds on disk, also of a part whose writer died."""
    return _rows(folder / f"part-{part}.instances", INSTANCE_ROW)["ordinal"].copy()


def _rows(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """All whole rows of a file; a torn last row is ignored."""
    if not path.exists():
        return np.empty(0, dtype)
    return np.fromfile(path, dtype=dtype, count=path.stat().st_size // dtype.itemsize)


class Spool:
    """Reads a spooled source. Arrays of meshes are views of the mapped file: use them before the folder goes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part_numbers = sorted(
            int(p.stem.removeprefix("part-")) for p in folder.glob("part-*.instances")
        )

    def objects(self) -> Iterator[list[SourceObject]]:
        """Batches of objects in the order written."""
        decoder = msgspec.msgpack.Decoder(list[SourceObject])
        return (decoder.decode(frame) for frame in _frames(self.folder / "objects.msgpack"))

    def objects_as(self, kind: type[_Lean]) -> Iterator[list[_Lean]]:
        """The same batches read as another Struct: fields of the file that it does not name are skipped, which takes a
        tenth of the time of decoding them.
        """
        decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]  # made for whatever type is asked for
        return (decoder.decode(frame) for frame in _frames(self.folder / "objects.msgpack"))

    def words(self, part_file: int) -> NDArray[np.uint32]:
        """All arrays of one part as 32-bit words, read-only: `offset` of a mesh over 4 is where its positions start; then
        normals, triangles and, if textured, texture coordinates follow (see `Mesh` for their types).
        """
        return np.frombuffer(self._blobs[part_file], dtype=np.uint32)

    @cached_property
    def meshes(self) -> NDArray[Any]:
        """(n,) MESH_ROW of all meshes in use, each once, in order of first use by `instances`; `first_part` indexes `parts`,
        `part_file` the mapped blobs.
        """
        return self._joined[0]

    @cached_property
    def parts(self) -> NDArray[Any]:
        """(k,) PART_ROW of all parts; `material` indexes `materials`."""
        return self._joined[1]

    @cached_property
    def instances(self) -> NDArray[Any]:
        """(i,) INSTANCE_ROW sorted by ordinal; `mesh` indexes `meshes`."""
        return self._joined[2]

    @cached_property
    def materials(self) -> list[Material]:
        """Materials in use, each once, in the order of their encoded bytes."""
        return self._joined[3]

    def mesh(self, index: int) -> Mesh:
        """Mesh `index` with its material runs; arrays are read-only views."""
        row = self.meshes[index]
        blob = self._blobs[int(row["part_file"])]
        n, m, at = int(row["vertices"]), int(row["triangles"]), int(row["offset"])

        def take(count: int, dtype: str) -> NDArray[Any]:
            nonlocal at
            values = np.frombuffer(blob, dtype=dtype, count=count, offset=at)
            at += values.nbytes
            return values

        positions = take(3 * n, "f4").reshape(n, 3)
        normals = take(3 * n, "f4").reshape(n, 3)
        triangles = take(3 * m, "u4").reshape(m, 3)
        uvs = take(2 * n, "f4").reshape(n, 2) if row["textured"] else None
        first = int(row["first_part"])
        runs = self.parts[first : first + int(row["parts"])]
        parts = np.column_stack([runs["material"], runs["first"], runs["count"]]).astype(np.uint32)
        return Mesh(
            positions=positions,
            origin=row["origin"],
            normals=normals,
            triangles=triangles,
            parts=parts,
            uvs=uvs,
        )

    @cached_property
    def _blobs(self) -> list[Any]:
        paths = [self.folder / f"part-{number}.bin" for number in self._part_numbers]
        return [np.memmap(path, mode="r") if path.stat().st_size else b"" for path in paths]

    @cached_property
    def _joined(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[Material]]:
        loaded = [self._load(index, number) for index, number in enumerate(self._part_numbers)]
        encoded = [frame for part in loaded for frame in part.materials]
        instances = _stacked(
            [part.instances for part in loaded], INSTANCE_ROW, ("mesh", [len(p.meshes) for p in loaded])
        )
        meshes = _stacked(
            [part.meshes for part in loaded], MESH_ROW, ("first_part", [len(p.runs) for p in loaded])
        )
        runs = _stacked(
            [part.runs for part in loaded], PART_ROW, ("material", [len(p.materials) for p in loaded])
        )
        instances = instances[np.argsort(instances["ordinal"], kind="stable")]
        meshes, instances = _merged(meshes, instances)
        taken = _ranges(meshes["first_part"].astype(np.int64), meshes["parts"].astype(np.int64))
        runs = runs[taken]
        meshes["first_part"] = np.cumsum(meshes["parts"]) - meshes["parts"]
        used = sorted({encoded[material] for material in np.unique(runs["material"])})
        number = {frame: place for place, frame in enumerate(used)}
        renamed = np.array([number.get(frame, 0) for frame in encoded], dtype=np.uint32)
        runs["material"] = renamed[runs["material"]] if len(runs) else runs["material"]
        decoder = msgspec.msgpack.Decoder(Material)
        return meshes, runs, instances, [decoder.decode(frame) for frame in used]

    def _load(self, index: int, number: int) -> "_Part":
        """One part. Of a writer that died there may be meshes whose runs or materials never came: nothing refers to them."""
        path = self.folder / f"part-{number}"
        meshes = _rows(path.with_suffix(".meshes"), MESH_ROW)
        meshes["part_file"] = index
        return _Part(
            meshes=meshes,
            runs=_rows(path.with_suffix(".parts"), PART_ROW),
            instances=_rows(path.with_suffix(".instances"), INSTANCE_ROW),
            materials=list(_frames(path.with_suffix(".materials"))),
        )


class _Part(NamedTuple):
    """What one writer left: rows, and the materials as they are encoded."""

    meshes: NDArray[Any]
    runs: NDArray[Any]
    instances: NDArray[Any]
    materials: list[bytes]


def _stacked(
    tables: list[NDArray[Any]], dtype: np.dtype[Any], shifted: tuple[str, list[int]]
) -> NDArray[Any]:
    """Tables of all parts as one; the column named in `shifted` points into another table, whose lengths it gives."""
    if not tables:
        return np.empty(0, dtype)
    column, lengths = shifted
    joined: NDArray[Any] = np.concatenate(tables)
    starts = np.cumsum([0, *lengths[:-1]])
    joined[column] += np.repeat(starts, [len(table) for table in tables]).astype(joined[column].dtype)
    return joined


def _merged(meshes: NDArray[Any], instances: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each mesh in use once, in order of first use by `instances` (sorted by ordinal), and the instances pointing to these.

    Equal meshes may have different origins: the one used first is kept, and the others' instances are moved by the
    difference.
    """
    in_use = meshes[instances["mesh"]]
    _, first, same = np.unique(in_use["digest"], axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    kept = in_use[first[order]]
    place = rank[same.reshape(-1)]
    shift = in_use["origin"] - kept["origin"][place]
    moved = shift.any(axis=1)
    placed = instances.copy()
    placed["mesh"] = place
    rotations = placed["transform"][moved][:, :, :3]
    placed["transform"][moved, :, 3] += np.einsum("nij,nj->ni", rotations, shift[moved])
    return kept.copy(), placed


def _ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """All indexes of the ranges start…start+count-1, one range after the other."""
    ends = np.cumsum(counts)
    return np.asarray(np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0))
