"""Draws the products of an IFC file into a spool: every product gets triangles there, or a reason why not."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from ifcopenshell.util.unit import get_project_unit
from msgspec import Struct
from numpy.typing import NDArray

from bim_import.ifc.geometry.board import DRAWN, reason_of
from bim_import.ifc.geometry.drawing import Studio
from bim_import.ifc.geometry.facets import WITH_VOIDS
from bim_import.ifc.geometry.kernel import KernelLimits
from bim_import.ifc.geometry.products import Shape, bundles, sort_products
from bim_import.ifc.geometry.workers import Crew, Work
from bim_import.ifc.reading.index import ProductIndex
from bim_import.ifc.reading.open import OpenedIfc
from bim_import.ifc.reading.step_text import StepText
from bim_import.ifc.reading.units import unit_scale
from twin.source import NotDrawn
from twin.spool import Spool


class DrawOptions(Struct, frozen=True, kw_only=True):
    """How to draw. `images` is the folder that image textures may lie in, that of the source; None: none are read."""

    limits: KernelLimits = KernelLimits()
    workers: int = 2
    images: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What became of the products: `not_drawn` by ordinal; all others have an instance in the spool.

    `instanced` counts drawn products whose mesh another product shares. `bounds` is (2, 3) float64, the lowest and highest
    corner of the boxes of all that is drawn, metres in the file's frame; None where nothing is.
    """

    not_drawn: dict[int, NotDrawn]
    instanced: int
    bounds: NDArray[np.float64] | None
    warnings: list[str]


def draw(
    opened: OpenedIfc,
    index: ProductIndex,
    *,
    folder: Path,
    options: DrawOptions,
    progress: Callable[[int, int], None] | None = None,
) -> Drawn:
    """Draw all products into `folder` and wait for it. `progress` is called with (done, total), often."""
    with GeometryRun(opened, index, folder=folder, options=options) as run:
        run.start()
        return run.finish(progress)


class GeometryRun:
    """The same in steps, so that the process that parsed the file can read its properties meanwhile.

    `start()` forks: call it before any thread is started. Then `poll()` now and then, and `finish()`. A context manager:
    leaving it ends the workers.
    """

    def __init__(self, opened: OpenedIfc, index: ProductIndex, *, folder: Path, options: DrawOptions) -> None:
        sorted_products = sort_products(opened.file, index)
        unit_m, self._warnings = _unit(opened)
        shapes = sorted_products.shapes
        ordinal_of = index.ordinal_of
        self._folder = folder
        self._not_drawn = {
            ordinal_of[step_id]: reason for step_id, reason in sorted_products.not_drawn.items()
        }
        studio = Studio(
            file=opened.file,
            shapes=shapes,
            ordinal_of=ordinal_of,
            text=StepText(opened.text) if _reads_faces(opened, shapes) else None,
            unit_m=unit_m,
            angle_rad=_angle(opened),
            images=options.images or folder,
            limits=options.limits,
        )
        products = [[ordinal_of[step_id] for step_id, _ in shape.products] for shape in shapes]
        self._crew = Crew(
            folder=folder,
            work=Work(
                products=products,
                bundles=bundles(shapes),
                cut=[shape.cut for shape in shapes],
                objects=len(index.step_ids),
            ),
            make_artisan=studio.drawer,
            workers=options.workers,
            element_seconds=options.limits.element_seconds,
        )
        self._wanted = [ordinal for ordinals in products for ordinal in ordinals]
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.__exit__(kind, error, trace)

    def start(self) -> None:
        """Fork the workers."""
        self._crew.start()

    def poll(self) -> tuple[int, int]:
        """Look after the workers without waiting; returns how many products are settled, and of how many."""
        self._crew.poll()
        return self._crew.done(), len(self._wanted)

    def finish(self, progress: Callable[[int, int], None] | None = None) -> Drawn:
        """Wait for the rest and take stock."""
        self._crew.finish(
            None if progress is None else lambda: progress(self._crew.done(), len(self._wanted))
        )
        outcome = self._crew.board.outcome
        not_drawn = dict(self._not_drawn)
        not_drawn.update(
            (ordinal, reason_of(int(outcome[ordinal])))
            for ordinal in self._wanted
            if outcome[ordinal] != DRAWN
        )
        instanced, bounds = _measured(self._folder)
        return Drawn(
            not_drawn=dict(sorted(not_drawn.items())),
            instanced=instanced,
            bounds=bounds,
            warnings=[*self._warnings, *_counted(self._crew.notes)],
        )


def _reads_faces(opened: OpenedIfc, shapes: list[Shape]) -> bool:
    """Whether it pays to look at the file's text, or no kernel can do without it (bodies with voids that are cut)."""
    return any(shape.direct for shape in shapes) or bool(opened.file.by_type(WITH_VOIDS))


def _unit(opened: OpenedIfc) -> tuple[float, list[str]]:
    """Length unit of a file in metres, and a warning where it names none that can be read."""
    try:
        return unit_scale(opened.file), []
    except Exception as error:  # noqa: BLE001 - the library raises whatever a damaged unit makes it stumble over
        return 1.0, [f"the length unit cannot be read ({type(error).__name__}); metres are assumed"]


def _angle(opened: OpenedIfc) -> float | None:
    """Plane angle unit of a file in radians, None where it names none that can be read."""
    try:
        named = get_project_unit(opened.file, "PLANEANGLEUNIT") is not None
        return unit_scale(opened.file, "PLANEANGLEUNIT") if named else None
    except Exception:  # noqa: BLE001 - as above
        return None


def _counted(notes: Counter[str]) -> list[str]:
    return [f"{count} × {note}" for note, count in sorted(notes.items())]


def _measured(folder: Path) -> tuple[int, NDArray[np.float64] | None]:
    """How many instances share their mesh with another, and the bounds of all of them."""
    spool = Spool(folder)
    instances, meshes = spool.instances, spool.meshes
    if not len(instances):
        return 0, None
    users = np.bincount(instances["mesh"], minlength=len(meshes))
    boxes = np.stack([meshes["lower"], meshes["upper"]], axis=1)[instances["mesh"]]
    corners = (
        boxes[:, [0, 0, 0, 0, 1, 1, 1, 1], 0],
        boxes[:, [0, 0, 1, 1, 0, 0, 1, 1], 1],
        boxes[:, [0, 1] * 4, 2],
    )
    points = np.stack([*corners, np.ones_like(corners[0])], axis=-1)
    placed = np.einsum("ijk,ilk->ilj", instances["transform"], points).reshape(-1, 3)
    return int((users[instances["mesh"]] > 1).sum()), np.stack([placed.min(axis=0), placed.max(axis=0)])
