"""What a geometry worker does with one shape: make its mesh, give it surfaces, place its products."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ifcopenshell
import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.meshes import Drawing, Finisher, Indexes, Placed
from bim_import.geometry.raw import RawMesh
from bim_import.ifc.geometry.items import Items
from bim_import.ifc.geometry.kernel import KernelLimits, Kernels
from bim_import.ifc.geometry.outlines import Outlines
from bim_import.ifc.geometry.products import Shape
from bim_import.ifc.geometry.shapes import Level, Shaper
from bim_import.ifc.geometry.styles import Styles
from bim_import.ifc.geometry.textures import Textures
from bim_import.ifc.geometry.transforms import Matrix, Transforms, UndrawableError, leaves_no_area
from bim_import.ifc.reading.entities import MALFORMED
from bim_import.ifc.reading.step_text import StepText
from twin.source import Material, NotDrawn
from twin.spool import GeometryWriter

_WHITE = Material(color=(1.0, 1.0, 1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What every worker of one file needs. `shapes` by number; `text` is the file's text where faces are read from it;
    `unit_m` the file's length unit in metres, `angle_rad` its plane angle unit in radians; `images` the folder that image textures may lie in.
    """

    file: ifcopenshell.file
    shapes: Sequence[Shape]
    ordinal_of: dict[int, int]
    text: StepText | None
    unit_m: float
    angle_rad: float | None
    images: Path
    limits: KernelLimits

    def drawer(self, writer: GeometryWriter) -> "Drawer":
        """A drawer that writes to `writer`."""
        textures = Textures(self.images)
        styles = Styles(self.file, textures)
        kernels = Kernels(self.file, self.limits)
        transforms = Transforms(self.unit_m)
        outlines = Outlines(transforms=transforms, limits=self.limits, angle_rad=self.angle_rad)
        items = Items(kernels=kernels, styles=styles, text=self.text, outlines=outlines)
        shaper = Shaper(file=self.file, kernels=kernels, items=items, transforms=transforms, styles=styles)
        return Drawer(studio=self, shaper=shaper, textures=textures, finisher=Finisher(writer))


@dataclass(slots=True, kw_only=True)
class Drawer:
    """Draws shapes into one spool part (an `workers.Artisan`)."""

    studio: Studio
    shaper: Shaper
    textures: Textures
    finisher: Finisher
    _failed: dict[int, NotDrawn] = field(default_factory=dict)

    @property
    def notes(self) -> Counter[str]:
        """What was done less than well, with how often."""
        return self.shaper.notes + self.textures.skipped

    def prepare(self, shapes: Sequence[int]) -> None:
        """Get ready for shapes that will be drawn next."""
        self.shaper.prepare(self.studio.shapes[shape] for shape in shapes)

    def draw(self, shape: int, level: Level, wanted: Sequence[int]) -> None:
        """Draw those products of a shape whose ordinals are `wanted`."""
        try:
            self._draw(self.studio.shapes[shape], level, set(wanted))
        except UndrawableError as error:
            self._failed.update(dict.fromkeys(wanted, error.reason))
        except Exception as error:  # noqa: BLE001 - one element costs one element, whatever is wrong with it
            self.shaper.notes[f"internal error: {type(error).__name__}: {error}"[:200]] += 1
            self._failed.update(dict.fromkeys(wanted, NotDrawn.KERNEL_FAILED))

    def settled(self) -> tuple[list[int], dict[int, NotDrawn]]:
        """Ordinals handed to the writer since the last call, and those that cannot be drawn with their reasons."""
        failed, self._failed = self._failed, {}
        for drawing in self.finisher.without_area:
            reason = NotDrawn.EMPTY_GEOMETRY
            if not np.isfinite(drawing.raw.vertices).all():
                reason = NotDrawn.INVALID_COORDINATES
            failed.update((product.ordinal, reason) for product in drawing.products)
        for drawing in self.finisher.broken:
            self.shaper.notes["meshes of a kernel that do not fit together"] += 1
            failed.update((product.ordinal, NotDrawn.KERNEL_FAILED) for product in drawing.products)
        self.finisher.without_area.clear()
        self.finisher.broken.clear()
        written, self.finisher.drawn = self.finisher.drawn, []
        return written, failed

    def flush(self) -> None:
        """Hand everything to the writer."""
        self.finisher.flush()

    def _draw(self, shape: Shape, level: Level, wanted: set[int]) -> None:
        placed: list[tuple[int, int, tuple[int, ...], Matrix]] = []
        for step_id, mapped in shape.products:
            ordinal = self.studio.ordinal_of[step_id]
            if ordinal in wanted:
                try:
                    placed.append((ordinal, step_id, mapped, self._placement(step_id, mapped)))
                except UndrawableError as error:
                    self._failed[ordinal] = error.reason
        if not placed:
            return
        raw = self.shaper.mesh(shape, level)
        slots, materials = self._surfaces(raw)
        own = None in materials
        products = [
            Placed(ordinal=ordinal, matrix=matrix, material=self._own(step_id, mapped) if own else _WHITE)
            for ordinal, step_id, mapped, matrix in placed
        ]
        self.finisher.add(Drawing(raw=raw, slots=slots, materials=materials, products=products))

    def _placement(self, step_id: int, mapped: tuple[int, ...]) -> Matrix:
        matrix = self.shaper.placement(step_id, mapped)
        if mapped and leaves_no_area(matrix):
            raise UndrawableError(NotDrawn.EMPTY_GEOMETRY)
        return matrix

    def _own(self, step_id: int, mapped: tuple[int, ...]) -> Material:
        try:
            return _bare(self.shaper.styles.fallback(self.studio.file.by_id(step_id), mapped))
        except MALFORMED:
            self.shaper.notes["styles that cannot be read"] += 1
            return _WHITE

    def _surfaces(self, raw: RawMesh) -> tuple[Indexes, list[Material | None]]:
        """Per triangle the index of its material; None stands for the product's own."""
        if raw.colors is not None:
            return self._colored(raw, raw.colors)
        if (raw.styles == raw.styles[0]).all():
            used, slots = raw.styles[:1], np.zeros(len(raw.styles), dtype=np.int64)
        else:
            used, slots = np.unique(raw.styles, return_inverse=True)
        return slots, [self._dressed(int(style), raw) for style in used]

    def _colored(self, raw: RawMesh, colors: NDArray[np.float64]) -> tuple[Indexes, list[Material | None]]:
        """The same where triangles have colours of their own: these first, then the styles of the others."""
        own = np.isfinite(colors[:, 0])
        slots = np.zeros(len(colors), dtype=np.int64)
        used, found = np.unique(np.round(colors[own], 4), axis=0, return_inverse=True)
        slots[own] = found.reshape(-1)
        styles, found = np.unique(raw.styles[~own], return_inverse=True)
        slots[~own] = found + len(used)
        materials: list[Material | None] = [Material(color=tuple(color.tolist())) for color in used]
        return slots, materials + [self._dressed(int(style), raw) for style in styles]

    def _dressed(self, style: int, raw: RawMesh) -> Material | None:
        """Material of a style on a mesh; an image is only kept where the mesh says how it lies on it."""
        try:
            material = self.shaper.styles.material(style) if style else None
        except MALFORMED:
            self.shaper.notes["styles that cannot be read"] += 1
            material = None
        if raw.textured:
            texture = self.textures.first_of([self.studio.file.by_id(raw.textured)])
            return msgspec.structs.replace(material or _WHITE, texture=texture)
        if material is not None and material.texture is not None:
            self.textures.skipped["texture without coordinates"] += 1
        return None if material is None else _bare(material)


def _bare(material: Material) -> Material:
    return material if material.texture is None else msgspec.structs.replace(material, texture=None)
