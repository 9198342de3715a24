"""Meshes of single representation items, each by the fastest way that can read it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh
from bim_import.ifc.geometry.extrusions import EXTRUDED, extruded
from bim_import.ifc.geometry.facets import FACE_SET, MODELS, SURFACES, Facets, read_models, read_polygonal
from bim_import.ifc.geometry.kernel import Kernels
from bim_import.ifc.geometry.outlines import Outlines
from bim_import.ifc.geometry.primitives import PRIMITIVES, primitive
from bim_import.ifc.geometry.styles import Styles
from bim_import.ifc.geometry.sweeps import SWEPT, swept
from bim_import.ifc.geometry.tessellation import TRIANGULATED, colors_of, triangulated
from bim_import.ifc.geometry.transforms import MAX_DEPTH, Matrix, NeedsKernelError
from bim_import.ifc.reading.entities import (
    ITEMS,
    MAPPED_REPRESENTATION,
    MAPPING_SOURCE,
    Entity,
    attribute,
    kind,
)
from bim_import.ifc.reading.step_text import StepText, UnreadableError

DIRECT = MODELS | TRIANGULATED | {FACE_SET}
"""Classes of items that are lists of faces: their triangles come from the file, not from a kernel."""

_READERS: dict[str, Callable[[Entity, Outlines], RawMesh]] = {
    **dict.fromkeys(EXTRUDED, extruded),
    **dict.fromkeys(PRIMITIVES, primitive),
    **dict.fromkeys(SWEPT, swept),
}
"""Class → what makes its mesh from a formula, unless it raises UnreadableError."""

SET = "IfcGeometricSet"
"""Points, curves and surfaces together."""
TREE = "IfcCsgSolid"
"""A primitive or a boolean operation in a wrapping of its own."""

HERE: Matrix = np.eye(4)
"""The matrix of items that no mapped item moves."""


@dataclass(slots=True, kw_only=True)
class Items:
    """Meshes of the items of one file. `text` is the file's text, or None where the kernel should read everything."""

    kernels: Kernels
    styles: Styles
    text: StepText | None
    outlines: Outlines
    _ready: dict[int, Facets] = field(default_factory=dict)

    def prepare(self, items: Iterable[Entity]) -> None:
        """Read the faces of many items at once: a tenth of the time it takes one by one. Replaces what was prepared."""
        by_class: dict[str, list[int]] = {}
        for item in items:
            if kind(item) in MODELS:
                by_class.setdefault(kind(item), []).append(item.id())
        self._ready = {}
        for name, numbers in by_class.items():
            self._ready.update(self._read(name, list(dict.fromkeys(numbers))))

    def leaves(self, representation: Entity, depth: int = 0) -> Iterator[tuple[Entity, Matrix, int]]:
        """The items of a representation, mapped ones and sets opened, with the matrix from each item's frame (itself `HERE` if none).

        And with the style of the mapped item or set nearest to it, for what has none of its own; 0: no such style.
        """
        if depth > MAX_DEPTH:
            raise ValueError("mapped items hold themselves")
        for item in attribute(representation, ITEMS) or ():
            if kind(item) == "IfcMappedItem":
                outer, style = self.outlines.transforms.mapped_item(item), self.styles.style_of(item)
                inner = attribute(attribute(item, MAPPING_SOURCE), MAPPED_REPRESENTATION)
                for found, matrix, nearer in self.leaves(inner, depth + 1):
                    yield found, outer @ matrix, nearer or style
            elif kind(item) == SET:
                style = self.styles.style_of(item)
                yield from ((element, HERE, style) for element in attribute(item, 0) or ())
            else:
                yield item, HERE, 0

    def mesh(self, item: Entity) -> RawMesh:
        """Mesh of an item in the frame of its representation. Raises KernelError."""
        name = kind(item)
        if name in TRIANGULATED:
            return triangulated(item, unit_m=self.outlines.transforms.unit_m, styles=self.styles)
        if name in _READERS:
            return self._solid(item, name)
        if name == TREE and kind(attribute(item, 0)) in PRIMITIVES:
            raw, style = self.mesh(attribute(item, 0)), self.styles.style_of(item)
            return replace(raw, styles=np.full(len(raw.styles), style)) if style else raw
        facets = self._facets(item, name)
        return self.kernels.mesh(item) if facets is None else self._raw(facets, item)

    def _solid(self, item: Entity, name: str) -> RawMesh:
        try:
            raw = _READERS[name](item, self.outlines)
        except (UnreadableError, NeedsKernelError):
            return self.kernels.mesh(item)
        style = self.styles.style_of(item)
        return replace(raw, styles=raw.styles + style) if style else raw

    def _facets(self, item: Entity, name: str) -> Facets | None:
        if self.text is None:
            return None
        if name in MODELS:
            number = item.id()
            return self._ready.get(number) or self._read(name, [number]).get(number)
        if name == FACE_SET:
            try:
                return read_polygonal(item, self.text)
            except UnreadableError:
                return None
        return None

    def _read(self, name: str, numbers: list[int]) -> dict[int, Facets]:
        """Facets of those items that can be read; one that cannot does not spoil the others."""
        if self.text is None:
            return {}
        try:
            found = read_models(np.array(numbers, dtype=np.int64), name, self.text)
        except UnreadableError:
            if len(numbers) == 1:
                return {}
            return {number: facets for each in numbers for number, facets in self._read(name, [each]).items()}
        return dict(zip(numbers, found.split(len(numbers)), strict=True))

    def _raw(self, facets: Facets, item: Entity) -> RawMesh:
        style = self.styles.style_of(item)
        return RawMesh(
            vertices=facets.vertices * self.outlines.transforms.unit_m,
            triangles=facets.triangles,
            items=facets.shells,
            styles=np.full(len(facets.triangles), style, dtype=np.int64)
            if style or kind(item) not in SURFACES
            else self._of_shells(facets),
            colors=None if facets.face is None else colors_of(item, facets.face),
        )

    def _of_shells(self, facets: Facets) -> NDArray[np.int64]:
        """Styles of the triangles of a surface model whose shells may have their own."""
        shells, of_triangle = np.unique(facets.shells, return_inverse=True)
        file = self.kernels.file
        found = [self.styles.style_of(file.by_id(shell)) for shell in shells.tolist()]
        return np.array(found, dtype=np.int64)[of_triangle]
