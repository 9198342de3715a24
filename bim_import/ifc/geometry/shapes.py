"""Makes the mesh of one shape by the fastest way that works, and places its products.

Ways, in order: triangles straight from the file; openings and boolean operations on meshes; the fast kernel; the kernel of
OpenCASCADE. A shape that no way can make is reported with what is wrong with it.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import ifcopenshell
import numpy as np

from bim_import.geometry.raw import RawMesh, joined, moved, styled
from bim_import.ifc.geometry.cutting import Cutter
from bim_import.ifc.geometry.items import HERE, Items
from bim_import.ifc.geometry.kernel import SAFE, KernelError, Kernels
from bim_import.ifc.geometry.products import Shape, body_classes
from bim_import.ifc.geometry.styles import Styles
from bim_import.ifc.geometry.transforms import (
    MAX_DEPTH,
    Matrix,
    NeedsKernelError,
    Transforms,
    UndrawableError,
)
from bim_import.ifc.reading.entities import ITEMS, MALFORMED, Entity, attribute, kind
from twin.source import NotDrawn

FARTHEST_M = 1e8
"""Coordinates beyond this are no place on Earth: eastings with a zone number in front reach 6.1e7 m. One such element
would take the middle of the whole model with it."""

_COORDINATES = frozenset({"IfcCartesianPoint", "IfcCartesianPointList3D", "IfcDirection"})


class Level(IntEnum):
    """How carefully a shape is made; each crash moves it one further."""

    FAST = 0
    SAFE = 1
    UNCUT = 2


@dataclass(slots=True, kw_only=True)
class Shaper:
    """Makes shapes of one file. `notes` counts what was done less than well."""

    file: ifcopenshell.file
    kernels: Kernels
    items: Items
    transforms: Transforms
    styles: Styles
    notes: Counter[str] = field(default_factory=Counter)
    _cutter: Cutter | None = None
    _bodies: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._bodies = body_classes(str(self.file.schema_identifier))

    def prepare(self, shapes: Iterable[Shape]) -> None:
        """Read the plain faces of shapes, all at once."""
        representations = (self.file.by_id(shape.representation) for shape in shapes)
        self.items.prepare(item for each in representations for item in attribute(each, ITEMS))

    def mesh(self, shape: Shape, level: Level = Level.FAST) -> RawMesh:
        """Mesh of a shape in the frame of its representation; at least one triangle. Raises UndrawableError."""
        raw: RawMesh | None = None
        if level is Level.FAST:
            raw = self._attempt(self._fast, shape)
        if level <= Level.SAFE and (raw is None or not (len(raw.triangles) or shape.openings)):
            raw = self._attempt(self._safe, shape) or raw
        if level is Level.UNCUT:
            raw = self._attempt(self._uncut, shape)
        if raw is None or not len(raw.triangles):
            raise UndrawableError(self.reason(shape, raw))
        if np.isfinite(raw.vertices).all() and np.abs(raw.vertices).max() > FARTHEST_M:
            raise UndrawableError(NotDrawn.INVALID_COORDINATES)
        return raw

    def placement(self, step_id: int, mapped: tuple[int, ...]) -> Matrix:
        """(4, 4) from the frame of a shape to the root of the file, for one product. Raises UndrawableError."""
        try:
            matrix = self._of_product(self.file.by_id(step_id))
            for number in mapped:
                matrix = matrix @ self.transforms.mapped_item(self.file.by_id(number))
        except MALFORMED as error:
            raise UndrawableError(NotDrawn.INVALID_COORDINATES) from error
        if not (np.abs(matrix[:3]) < FARTHEST_M).all():  # what is not finite is not less either
            raise UndrawableError(NotDrawn.INVALID_COORDINATES)
        return matrix

    def _of_product(self, product: Entity) -> Matrix:
        """The product's placement, with the kernel's help where a link of the chain lies along a curve."""
        for _ in range(MAX_DEPTH):
            try:
                return self.transforms.of_product(product)
            except NeedsKernelError as error:
                if error.link is None:
                    raise
                self.transforms.remember(error.link, self._along_curve(error.link))
        raise UndrawableError(NotDrawn.PLACEMENT_LOOP)

    def _along_curve(self, placement: Entity) -> Matrix:
        try:
            return self.kernels.placement(placement)
        except KernelError as error:
            position = attribute(
                placement, 2
            )  # the file's own fallback (IFC 4.3, IfcLinearPlacement.CartesianPosition)
            if position is None:
                raise UndrawableError(NotDrawn.KERNEL_FAILED) from error
            self.notes["placements along a curve taken from the file's own fallback"] += 1
            return self.transforms.axis_placement(position)

    def _attempt(self, way: Callable[[Shape], RawMesh], shape: Shape) -> RawMesh | None:
        try:
            return way(shape)
        except MALFORMED:
            return None

    def _fast(self, shape: Shape) -> RawMesh:
        representation = self.file.by_id(shape.representation)
        if shape.cut:
            try:
                return self._cut(shape, representation)
            except MALFORMED:
                if shape.openings:
                    return self.kernels.mesh(self._whole(shape))
        return self._parts(representation, self.items.mesh, self._by_opencascade)

    def _safe(self, shape: Shape) -> RawMesh:
        if shape.openings:
            return self._by_opencascade(self._whole(shape))
        return self._parts(self.file.by_id(shape.representation), self._by_opencascade)

    def _by_opencascade(self, entity: Entity) -> RawMesh:
        return self.kernels.mesh(entity, library=SAFE)

    def _uncut(self, shape: Shape) -> RawMesh:
        raw = self.kernels.mesh(self.file.by_id(shape.representation), uncut=True)
        self.notes["elements drawn without their openings and cuts: the kernel fails on these"] += len(
            shape.products
        )
        return raw

    def _whole(self, shape: Shape) -> Entity:
        """What the kernel is asked for where there are openings: the product itself, whose representation lacks them."""
        return self.file.by_id(shape.products[0][0])

    def _cut(self, shape: Shape, representation: Entity) -> RawMesh:
        if self._cutter is None:
            self._cutter = Cutter(items=self.items, transforms=self.transforms, style_of=self.styles.style_of)
        tools: list[tuple[Entity, Matrix]] = []
        if shape.openings:
            to_host = np.linalg.inv(self._of_product(self.file.by_id(shape.products[0][0])))
            for opening, body in shape.openings:
                try:
                    matrix = self._of_product(self.file.by_id(opening))
                except UndrawableError:
                    self.notes["openings left out: their placement cannot be used"] += 1
                    continue
                tools.append((self.file.by_id(body), to_host @ matrix))
        return self._cutter.mesh(representation, tools)

    def _parts(self, representation: Entity, *ways: Callable[[Entity], RawMesh]) -> RawMesh:
        """All items of a representation, each by the first way that works; those that no way can make are counted.

        One by one: asked for all together a kernel leaves out, without a word, those that it cannot make.
        """
        made: list[RawMesh] = []
        missing = failed = 0
        for item, matrix, style in self.items.leaves(representation):
            if kind(item) in self._bodies:
                raw = self._part(item, ways)
                if raw is not None and len(raw.triangles):
                    made.append(styled(raw if matrix is HERE else moved(raw, matrix), style))
                    continue
                missing, failed = missing + 1, failed + (raw is None)
        if not made and failed:
            raise KernelError("no kernel can make any part")
        if made and missing:
            self.notes["parts of elements that no kernel could make"] += missing
        return joined(made)

    def _part(self, item: Entity, ways: Iterable[Callable[[Entity], RawMesh]]) -> RawMesh | None:
        """None: every way failed."""
        last: RawMesh | None = None
        for way in ways:
            try:
                last = way(item)
            except MALFORMED:
                continue
            if len(last.triangles):
                break
        return last

    def reason(self, shape: Shape, raw: RawMesh | None) -> NotDrawn:
        """Why there is no triangle. `raw` is what the last way gave, None where it failed."""
        try:
            coordinates = [
                number
                for entity in self.file.traverse(self.file.by_id(shape.representation))
                if kind(entity) in _COORDINATES
                for number in _numbers(attribute(entity, 0))
            ]
        except MALFORMED:
            return NotDrawn.INVALID_COORDINATES
        if not all(math.isfinite(number) for number in coordinates):
            return NotDrawn.INVALID_COORDINATES
        if raw is not None and len(raw.vertices) and not np.isfinite(raw.vertices).all():
            return NotDrawn.INVALID_COORDINATES
        return NotDrawn.KERNEL_FAILED if raw is None else NotDrawn.EMPTY_GEOMETRY


def _numbers(value: object) -> Iterator[float]:
    """All numbers of nested tuples."""
    if isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, float | int):
        yield float(value)
