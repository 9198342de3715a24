"""From objects and surfaces, in whatever order a source has them, to the spool and the coverage report.

Ids are only all known at the end, and ordinals go by their order: until then an object has the number of its appearance.
What is held of each object in memory meanwhile is its id and a few numbers; the rest lies on disk.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.citymodel.surfaces import Surfaces, triangulate
from bim_import.geometry.meshes import Drawing, Finisher, Placed
from bim_import.geometry.raw import RawMesh
from twin.objects import SourceObject
from twin.source import ClassCount, Material, NotDrawn, SourceReport
from twin.spool import INSTANCE_ROW, GeometryWriter, ObjectWriter

_BATCH_CORNERS = 60_000
"""Corners of polygons cut together: arrays of a few megabytes."""
_BATCH_OBJECTS = 1000
_CULPRITS_NAMED = 100
"""Ids named per reason, as for IFC files."""
_PART = 0

_FAULTS = frozenset({NotDrawn.EMPTY_GEOMETRY, NotDrawn.INVALID_COORDINATES})
"""Reasons that are a fault of the file: these objects are named in the report."""


class _Frame(Protocol):
    def to_local(self, native: NDArray[np.float64]) -> NDArray[np.float64]: ...


@dataclass(slots=True)
class Counted:
    """Sentences with how often each came up: what a report says once instead of a thousand times."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str) -> None:
        """Count one more."""
        self.counts[sentence] += 1

    def sentences(self) -> list[str]:
        """`N × sentence`, in order."""
        return [f"{count:,} × {text}" for text, count in sorted(self.counts.items())]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    number: int
    surfaces: Surfaces
    local: NDArray[np.float64]


@dataclass(slots=True)
class _Template:
    surfaces: Surfaces
    placed: list[tuple[int, NDArray[np.float64]]] = field(default_factory=list)


class Collector:
    """Takes the objects of one source and what draws them; `finish` writes the spool and tells what became of it.

    A context: its files are closed when it is left, however that happens.
    """

    def __init__(self, folder: Path, source: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._source = folder, source
        self._held = (folder / "collected.tmp").open("w+b")
        self._offsets: list[int] = []
        self._ids: list[str] = []
        self._parents: list[str | None] = []
        self._classes: list[str | None] = []
        self._number_of: dict[str, int] = {}
        self._reasons: dict[int, NotDrawn] = {}
        self._writer = GeometryWriter(folder, _PART)
        self._finisher = Finisher(self._writer)
        self._waiting: list[_Waiting] = []
        self._corners = 0
        self._templates: dict[object, _Template] = {}
        self._box: NDArray[np.float64] | None = None
        self.instanced = 0
        self.notes = Counted()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._held.closed:
            self._held.close()
            self._writer.close()

    def add(self, item: SourceObject, *, parent: str | None) -> int:
        """Take an object and return its number. `ordinal` and `parent` of the item are filled in at the end.

        A second object of the same id gets one of its own, and is counted.
        """
        number, id_ = len(self._ids), item.global_id
        if id_ in self._number_of:
            copies = 2
            while f"{id_}~{copies}" in self._number_of:
                copies += 1
            id_ = f"{id_}~{copies}"
            item = msgspec.structs.replace(item, global_id=id_)
            self.notes.add("an id that another object has already; it got a number after it (`id~2`)")
        self._number_of[id_] = number
        self._ids.append(id_)
        self._parents.append(parent)
        self._classes.append(item.class_ if item.product else None)
        self._offsets.append(self._held.tell())
        self._held.write(msgspec.msgpack.encode(item))
        return number

    def draw(self, number: int, surfaces: Surfaces, frame: _Frame) -> None:
        """Draw an object by its polygons (again, if it has been before)."""
        if not len(surfaces.slots):
            return
        local = frame.to_local(surfaces.points)
        self._waiting.append(_Waiting(number=number, surfaces=surfaces, local=local))
        self._corners += len(local)
        if self._corners >= _BATCH_CORNERS:
            self._cut()

    def draw_mesh(self, drawing: Drawing, box: NDArray[np.float64]) -> None:
        """Draw objects by triangles that are there already; ordinals of its products are their numbers.

        `box`: (2, 3) around all of it, local metres.
        """
        self._widen(box)
        self._finisher.add(drawing)

    def has_template(self, key: object) -> bool:
        """Whether `template` was called with this key."""
        return key in self._templates

    def template(self, key: object, surfaces: Surfaces) -> None:
        """A shape that several objects share, in metres of its own frame."""
        self._templates[key] = _Template(surfaces)

    def place(self, number: int, key: object, matrix: NDArray[np.float64]) -> None:
        """Draw an object by a template. `matrix`: (4, 4) from the template's frame to local metres."""
        self._templates[key].placed.append((number, matrix))

    def refuse(self, number: int, reason: NotDrawn) -> None:
        """Why an object is not drawn, should nothing draw it."""
        self._reasons.setdefault(number, reason)

    def _widen(self, box: NDArray[np.float64]) -> None:
        if self._box is not None:
            box = np.array([np.fmin(self._box[0], box[0]), np.fmax(self._box[1], box[1])])
        self._box = box

    def _cut(self) -> None:
        waiting, self._waiting, self._corners = self._waiting, [], 0
        if not waiting:
            return
        cut = triangulate([each.surfaces for each in waiting], [each.local for each in waiting])
        for each, pieces in zip(waiting, cut, strict=True):
            drawing = _drawing(each.surfaces, each.local, pieces.triangles, pieces.faces)
            if drawing is None:
                self.refuse(each.number, NotDrawn.EMPTY_GEOMETRY)
                continue
            finite = each.local[np.isfinite(each.local).all(axis=1)]
            if not len(finite):
                self.refuse(each.number, NotDrawn.INVALID_COORDINATES)
                continue
            self._widen(np.array([finite.min(axis=0), finite.max(axis=0)]))
            placed = Placed(ordinal=each.number, matrix=np.eye(4), material=each.surfaces.materials[0])
            self._finisher.add(drawing([placed]))

    def _draw_templates(self) -> None:
        for template in self._templates.values():
            if not template.placed:
                continue
            surfaces = template.surfaces
            (pieces,) = triangulate([surfaces], [surfaces.points])
            drawing = _drawing(surfaces, surfaces.points, pieces.triangles, pieces.faces)
            if drawing is None:
                for number, _ in template.placed:
                    self.refuse(number, NotDrawn.EMPTY_GEOMETRY)
                continue
            material = surfaces.materials[0]
            products = [Placed(ordinal=n, matrix=m, material=material) for n, m in template.placed]
            self._finisher.add(drawing(products))
            self.instanced += len(products) if len(products) > 1 else 0
            corners = surfaces.points[np.isfinite(surfaces.points).all(axis=1)]
            for _, matrix in template.placed:
                there = corners @ matrix[:3, :3].T + matrix[:3, 3]
                self._widen(np.array([there.min(axis=0), there.max(axis=0)]))

    def finish(self, schema: str) -> tuple[SourceReport, NDArray[np.float64] | None]:
        """Write everything; returns the report and the (2, 3) local box of what is drawn."""
        self._cut()
        self._draw_templates()
        self._finisher.flush()
        for drawing in self._finisher.without_area:
            for product in drawing.products:
                self.refuse(product.ordinal, NotDrawn.EMPTY_GEOMETRY)
        self._writer.close()
        order = sorted(range(len(self._ids)), key=self._ids.__getitem__)
        ordinals = np.empty(len(order), dtype=np.uint32)
        ordinals[order] = np.arange(len(order), dtype=np.uint32)
        parents = self._tree()
        self._renumber(ordinals)
        with ObjectWriter(self._folder) as writer:
            for batch in self._sorted(order, ordinals, parents):
                writer.write(batch)
        self._held.close()
        (self._folder / "collected.tmp").unlink()
        return self._report(schema), self._box

    def _renumber(self, ordinals: NDArray[np.uint32]) -> None:
        path = self._folder / f"part-{_PART}.instances"
        rows = np.fromfile(path, dtype=INSTANCE_ROW)
        rows["ordinal"] = ordinals[rows["ordinal"]] if len(rows) else rows["ordinal"]
        path.write_bytes(rows.tobytes())

    def _tree(self) -> list[int | None]:
        """Number of each object's parent. Unknown parents and circles are none, and counted."""
        parents: list[int | None] = []
        for id_ in self._parents:
            number = self._number_of.get(id_) if id_ is not None else None
            if id_ is not None and number is None:
                self.notes.add("a parent that is not in the file")
            parents.append(number)
        settled = bytearray(len(parents))
        for start in range(len(parents)):
            path: list[int] = []
            at: int | None = start
            while at is not None and settled[at] == 0:
                settled[at] = 1
                path.append(at)
                at = parents[at]
            if at is not None and settled[at] == 1:
                parents[at] = None
                self.notes.add("a circle of parents, cut open")
            for number in path:
                settled[number] = 2
        return parents

    def _sorted(
        self, order: Sequence[int], ordinals: NDArray[np.uint32], parents: list[int | None]
    ) -> Iterator[list[SourceObject]]:
        ends = [*self._offsets[1:], self._held.tell()]
        decoder = msgspec.msgpack.Decoder(SourceObject)
        for start in range(0, len(order), _BATCH_OBJECTS):
            batch = []
            for number in order[start : start + _BATCH_OBJECTS]:
                self._held.seek(self._offsets[number])
                item = decoder.decode(self._held.read(ends[number] - self._offsets[number]))
                parent = parents[number]
                place = None if parent is None else int(ordinals[parent])
                batch.append(msgspec.structs.replace(item, ordinal=int(ordinals[number]), parent=place))
            yield batch

    def _report(self, schema: str) -> SourceReport:
        drawn = set(self._finisher.drawn)
        report = SourceReport(source=self._source, schema=schema, instanced=self.instanced)
        reasons: Counter[str] = Counter()
        for number, class_ in enumerate(self._classes):
            if class_ is None:
                continue
            count = report.by_class.setdefault(class_, ClassCount())
            count.read += 1
            if number in drawn:
                count.drawn += 1
                continue
            count.not_drawn += 1
            reason = self._reasons.get(number, NotDrawn.NO_REPRESENTATION)
            reasons[str(reason)] += 1
            if reason in _FAULTS:
                named = report.culprits.setdefault(str(reason), [])
                if len(named) < _CULPRITS_NAMED:
                    named.append(self._ids[number])
        report.products = sum(count.read for count in report.by_class.values())
        report.drawn = report.products - reasons.total()
        report.not_drawn = dict(sorted(reasons.items()))
        report.by_class = dict(sorted(report.by_class.items()))
        report.warnings = self.notes.sentences()
        return report


def _drawing(
    surfaces: Surfaces, points: NDArray[np.float64], triangles: NDArray[np.int64], faces: NDArray[np.int64]
) -> Callable[[list[Placed]], Drawing] | None:
    if not len(triangles):
        return None
    raw = RawMesh(
        vertices=points,
        triangles=triangles,
        items=surfaces.shells[faces],
        styles=np.zeros(len(triangles), dtype=np.int64),
        uvs=surfaces.uvs,
    )
    slots = surfaces.slots[faces]
    materials: list[Material | None] = list(surfaces.materials)
    return lambda products: Drawing(raw=raw, slots=slots, materials=materials, products=products)
