"""Triangles from the geometry kernels of ifcopenshell: one representation or item at a time, read through its buffers."""

from dataclasses import dataclass, field
from typing import Any, Literal

import ifcopenshell
import numpy as np
from ifcopenshell import geom
from ifcopenshell.geom.main import SETTING
from msgspec import Struct
from numpy.typing import NDArray

from bim_import.geometry.raw import RawMesh
from bim_import.ifc.reading.entities import Entity

Library = Literal["hybrid-cgal-simple-opencascade", "opencascade"]

FAST: Library = "hybrid-cgal-simple-opencascade"
SAFE: Library = "opencascade"

_UNKNOWN = "[GEO307]"
"""Code in the log of ifcopenshell where a class has no operation; the kernel then gives an empty mesh."""


class KernelLimits(Struct, frozen=True, kw_only=True):
    """Bounds of what one element may cost, and how finely curves are cut into chords."""

    element_seconds: float = 60.0
    """A kernel that works longer on one element is stopped, and the element is reported."""
    linear_deflection_m: float = 0.002
    """Largest distance between a curve and its chord. Twice the kernel's default: a circle of 0.4 m still has 32 corners."""
    angular_deflection_rad: float = 0.5
    """Largest turn from one chord to the next: the kernel's default, 13 corners on the smallest circle."""


class KernelError(RuntimeError):
    """No kernel could make this geometry."""


@dataclass(slots=True)
class Kernels:
    """Kernels of one file, each made when first needed."""

    file: ifcopenshell.file
    limits: KernelLimits
    _made: dict[tuple[Library, bool], geom.kernel] = field(default_factory=dict)

    def mesh(self, entity: Entity, *, library: Library = FAST, uncut: bool = False) -> RawMesh:
        """Mesh of a representation, an item or a product (then with its openings), in that entity's own frame.

        `uncut` leaves openings and boolean operations out. Raises KernelError.
        """
        ifcopenshell.get_log()  # what follows is of this entity alone
        try:
            made: Any = self._kernel(library, uncut=uncut).create_shape(entity)
        except RuntimeError as error:
            raise KernelError(str(error)) from error
        raw = _raw(getattr(made, "geometry", made))
        if not len(raw.triangles) and _UNKNOWN in ifcopenshell.get_log():
            raise KernelError("the kernel knows no such geometry")
        return raw

    def placement(self, placement: Entity) -> NDArray[np.float64]:
        """(4, 4) matrix of an IfcObjectPlacement up to the root of the file, translation in metres. Raises KernelError."""
        try:
            rows: Any = geom.map_shape(geom.settings(), placement)
        except RuntimeError as error:
            raise KernelError(str(error)) from error
        matrix = np.array(getattr(rows, "components", ()), dtype=np.float64)
        if matrix.shape != (4, 4):
            raise KernelError("the kernel gives no matrix")
        return matrix

    def _kernel(self, library: Library, *, uncut: bool) -> geom.kernel:
        key = (library, uncut)
        if key not in self._made:
            settings = geom.settings()
            wanted: dict[SETTING, bool | float] = {
                "mesher-linear-deflection": self.limits.linear_deflection_m,
                "mesher-angular-deflection": self.limits.angular_deflection_rad,
                "no-normals": True,
                "apply-default-materials": False,
                "disable-opening-subtractions": uncut,
                "disable-boolean-result": uncut,
            }
            for name, value in wanted.items():
                settings.set(name, value)
            self._made[key] = geom.kernel(settings, self.file, geometry_library=library)
        return self._made[key]


def _raw(geometry: Any) -> RawMesh:
    vertices = np.frombuffer(geometry.verts_buffer, dtype=np.float64).reshape(-1, 3)
    triangles = np.frombuffer(geometry.faces_buffer, dtype=np.int32).reshape(-1, 3).astype(np.int64)
    items = np.frombuffer(geometry.item_ids_buffer, dtype=np.int32).astype(np.int64)
    slots = np.frombuffer(geometry.material_ids_buffer, dtype=np.int32)
    # One more than there are materials: a triangle without any has slot -1.
    of_slot = np.array(
        [*(max(material.instance_id(), 0) for material in geometry.materials), 0], dtype=np.int64
    )
    if len(slots) != len(triangles):
        # Curves beside the triangles have slots of their own among them: which are whose cannot be told.
        slots = np.full(len(triangles), slots[0] if (slots == slots[:1]).all() else -1, dtype=np.int32)
    return RawMesh(vertices=vertices, triangles=triangles, items=items, styles=of_slot[slots])
