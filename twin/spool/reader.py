"""Reading a spool."""

import mmap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.objects import SourceObject
from twin.source import Material, Mesh
from twin.spool import objects
from twin.spool.files import RELATIONS, STATE_INDEX, frames, rows, rows_of_all
from twin.spool.geometry import INSTANCE_ROW, MESH_ROW, PART_ROW, UNSHARED
from twin.tables import ObjectTable, index_runs

_Lean = TypeVar("_Lean", bound=msgspec.Struct)


class _Nothing(msgspec.Struct):
    """An object of which nothing is read."""


class Spool:
    """Reads a spooled source. Arrays of meshes are views of the mapped file: use them before the folder goes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part_numbers = sorted(
            int(p.stem.removeprefix("part-")) for p in folder.glob("part-*.instances")
        )

    def objects(self) -> Iterator[list[SourceObject]]:
        """Batches of objects in the order written, those of tables too (made one by one: slow)."""
        for batch in self.batches():
            yield batch.objects() if isinstance(batch, ObjectTable) else batch

    def batches(self) -> Iterator[list[SourceObject] | ObjectTable]:
        """Batches of objects and tables, as written and in that order."""
        return objects.batches(self.folder)

    def batches_as(self, kind: type[_Lean]) -> Iterator[list[_Lean] | ObjectTable]:
        """The same with objects read as another Struct: fields of the file that it does not name are skipped, which takes a
        tenth of the time of decoding them.
        """
        return objects.batches_as(self.folder, kind)

    def tables(self) -> Iterator[ObjectTable]:
        """Tables only, in the order written."""
        return (batch for batch in self.batches() if isinstance(batch, ObjectTable))

    @cached_property
    def only_tables(self) -> bool:
        """Whether all objects came in tables."""
        return all(isinstance(batch, ObjectTable) for batch in self.batches_as(_Nothing))

    @cached_property
    def count(self) -> int:
        """How many objects there are."""
        return sum(len(batch) for batch in self.batches_as(_Nothing))

    @property
    def relations(self) -> NDArray[np.uint32]:
        """(k, 2) ordinals of objects of which the first feeds the second."""
        return rows(self.folder / RELATIONS, np.dtype("u4")).reshape(-1, 2)

    @property
    def state_index(self) -> NDArray[np.uint32]:
        """(n,) state indexes by ordinal; empty before they are given."""
        return rows(self.folder / STATE_INDEX, np.dtype("u4"))

    def rows(self, part_file: int) -> NDArray[np.uint32]:
        """(k, 3) all arrays of one part, read-only, in rows of three words: see MESH_ROW, and `Mesh` for their types."""
        words = np.frombuffer(self._blobs[part_file], dtype=np.uint32)
        return words[: len(words) // 3 * 3].reshape(-1, 3)

    def release(self) -> None:
        """Let go of the pages of geometry in memory; they are read again when needed. For readers that pass once over a spool
        larger than they want to hold.
        """
        for blob in self._blobs:
            if isinstance(blob, mmap.mmap):
                blob.madvise(mmap.MADV_DONTNEED)

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
        rows = self.rows(int(row["part_file"]))
        n, m = int(row["vertices"]), int(row["triangles"])
        at, corners = int(row["position_row"]), int(row["triangle_row"])
        normal = int(row["normal_row"])
        uvs = None
        if row["textured"]:
            uvs = rows.reshape(-1)[3 * (corners + m) :][: 2 * n].view(np.float32).reshape(n, 2)
        first = int(row["first_part"])
        runs = self.parts[first : first + int(row["parts"])]
        parts = np.column_stack([runs["material"], runs["first"], runs["count"]]).astype(np.uint32)
        return Mesh(
            positions=rows[at : at + n].view(np.float32),
            origin=row["origin"],
            normals=rows[normal : normal + n].view(np.float32),
            triangles=rows[corners : corners + m],
            parts=parts,
            uvs=uvs,
        )

    @cached_property
    def _blobs(self) -> list[Any]:
        paths = [self.folder / f"part-{number}.bin" for number in self._part_numbers]
        return [_mapping(path) if path.stat().st_size else b"" for path in paths]

    @cached_property
    def _joined(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[Material]]:
        meshes, of_part = self._all("meshes", MESH_ROW)
        runs, run_counts = self._all("parts", PART_ROW)
        instances, uses = self._all("instances", INSTANCE_ROW)
        materials = [list(frames(path.with_suffix(".materials"))) for path in self._part_paths]
        encoded = [frame for part in materials for frame in part]
        meshes["part_file"] = np.repeat(np.arange(len(of_part)), of_part)
        _shift(instances["mesh"], uses, of_part)
        _shift(meshes["first_part"], of_part, run_counts)
        _shift(runs["material"], run_counts, [len(part) for part in materials])
        instances = instances[np.argsort(instances["ordinal"], kind="stable")]
        meshes, instances = _merged(meshes, instances)
        taken = index_runs(meshes["first_part"].astype(np.int64), meshes["parts"].astype(np.int64))
        runs = runs[taken]
        meshes["first_part"] = np.cumsum(meshes["parts"]) - meshes["parts"]
        used = sorted({encoded[material] for material in np.unique(runs["material"])})
        number = {frame: place for place, frame in enumerate(used)}
        renamed = np.array([number.get(frame, 0) for frame in encoded], dtype=np.uint32)
        runs["material"] = renamed[runs["material"]] if len(runs) else runs["material"]
        decoder = msgspec.msgpack.Decoder(Material)
        return meshes, runs, instances, [decoder.decode(frame) for frame in used]

    @property
    def _part_paths(self) -> list[Path]:
        return [self.folder / f"part-{number}" for number in self._part_numbers]

    def _all(self, name: str, dtype: np.dtype[Any]) -> tuple[NDArray[Any], list[int]]:
        """Rows of all parts, and how many each has. Of a writer that died there may be meshes whose runs or materials never came:
        nothing refers to them.
        """
        return rows_of_all([path.with_suffix(f".{name}") for path in self._part_paths], dtype)


def _mapping(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _shift(column: NDArray[Any], counts: list[int], lengths: list[int]) -> None:
    """Make a column that points into a table of its own part point into that of all parts: `counts` rows a part, `lengths` of the
    tables that are pointed into.
    """
    starts = np.cumsum([0, *lengths])[: len(counts)]
    column += np.repeat(starts, counts).astype(column.dtype)


def _merged(meshes: NDArray[Any], instances: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each mesh in use once, in order of first use by `instances` (sorted by ordinal), and the instances pointing to these.

    Equal meshes may have different origins: the one used first is kept, and the others' instances are moved by the
    difference.
    """
    in_use = instances["mesh"]
    shared = (meshes["digest"] != UNSHARED).any(axis=1)
    if not shared.any() and (np.bincount(in_use, minlength=len(meshes)) <= 1).all():
        kept = meshes[in_use]
        instances["mesh"] = np.arange(len(instances))
        return kept, instances
    identity = _identities(meshes, np.flatnonzero(shared))
    _, first, same = np.unique(identity[in_use], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    place = rank[same.reshape(-1)]
    kept = meshes[in_use[first[order]]]
    shift = meshes["origin"][in_use] - kept["origin"][place]
    moved = shift.any(axis=1)
    instances["mesh"] = place
    rotations = instances["transform"][moved][:, :, :3]
    instances["transform"][moved, :, 3] += np.einsum("nij,nj->ni", rotations, shift[moved])
    return kept, instances


def _identities(meshes: NDArray[Any], shared: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the same number for equal meshes; those that are not `shared`, of batches, are equal to none."""
    result = np.arange(len(meshes))
    if len(shared):
        _, first, same = np.unique(meshes["digest"][shared], axis=0, return_index=True, return_inverse=True)
        result[shared] = shared[first][same.reshape(-1)]
    return result
