"""What an importer yields: objects, meshes, instances and materials of one source in one local frame, and its report.

Local frame of a source: right-handed, z up, metres, the source's own origin and axes. `twin.frames` says where it lies
on Earth.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class NotDrawn(StrEnum):
    """Why a product has no triangles in the tiles. Every product is drawn or has exactly one of these."""

    NO_REPRESENTATION = "no representation"
    OPENING = "opening"
    ANNOTATION = "annotation"
    ALIGNMENT = "alignment"
    NO_BODY = "no body representation"
    EMPTY_GEOMETRY = "empty geometry"
    INVALID_COORDINATES = "invalid coordinates"
    KERNEL_FAILED = "kernel failed"
    KERNEL_CRASHED = "kernel crashed"
    TIME_LIMIT = "time limit"
    PLACEMENT_LOOP = "placement loop"
    NO_SURFACE = "only points or lines"
    INVALID_GEOMETRY = "invalid geometry"
    NOWHERE = "no place on Earth"
    SKIPPED = "skipped by a rule"
    NO_RULE = "no rule for it"


class Texture(Struct, frozen=True, kw_only=True):
    """An image as the source has it: PNG or JPEG bytes."""

    media_type: Literal["image/png", "image/jpeg"]
    data: bytes
    repeat_s: bool = True
    repeat_t: bool = True


class Material(Struct, frozen=True, kw_only=True):
    """A surface. `color` is sRGB with straight alpha, 0…1 (IFC colours are sRGB; glTF factors are linear, and the tile
    encoder converts). `double_sided` where the source's surfaces are open.
    """

    name: str = ""
    color: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0)
    double_sided: bool = True
    texture: Texture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """One unique geometry, drawn by one or many instances.

    positions: (n, 3) float32, metres, relative to `origin`; origin: (3,) float64 in the mesh's own frame.
    normals: (n, 3) float32, unit length, creases split.
    triangles: (m, 3) uint32 into positions, counter-clockwise seen from outside, ordered by material.
    parts: (k, 3) uint32 rows (material id of this spool part, first triangle, triangle count), covering all triangles.
    uvs: (n, 2) float32 or None; origin at the upper left of the image as in glTF.
    """

    positions: NDArray[np.float32]
    origin: NDArray[np.float64]
    normals: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    parts: NDArray[np.uint32]
    uvs: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One product drawn: `ordinal` of its object, `mesh` id, `transform` (3, 4) float64 from the mesh's frame to the
    source's local frame (rotation/scale in the first three columns, translation in metres in the last).
    """

    ordinal: int
    mesh: int
    transform: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshBatch:
    """n meshes as joined arrays, mesh i drawn once where it is for the object of ordinal ordinals[i]: no sharing is looked for.

    ordinals: (n,) integers. origins: (n, 3) float64, local frame of the source, metres.
    vertex_counts, triangle_counts, part_counts: (n,) integers ≥ 1; the arrays below hold the meshes one after the other.
    positions: (v, 3) float32 relative to the mesh's origin; normals: (v, 3) float32, unit length.
    triangles: (t, 3) integers, each counted from its own mesh's first vertex, counter-clockwise seen from outside, ordered
    by material. parts: (p, 3) integers (material id of the spool part, first triangle of its own mesh, triangle count).
    arranged: no two vertices of a mesh are equal, and they lie in the order in which they take least when compressed.
    """

    ordinals: NDArray[np.integer[Any]]
    origins: NDArray[np.float64]
    vertex_counts: NDArray[np.integer[Any]]
    triangle_counts: NDArray[np.integer[Any]]
    part_counts: NDArray[np.integer[Any]]
    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.integer[Any]]
    parts: NDArray[np.integer[Any]]
    arranged: bool = False

    def __len__(self) -> int:
        return len(self.ordinals)


class ClassCount(Struct, kw_only=True):
    """Coverage of one class."""

    read: int = 0
    drawn: int = 0
    not_drawn: int = 0


@dataclass(slots=True, kw_only=True)
class SourceReport:
    """What became of one source. `drawn + sum(not_drawn.values()) == products` always."""

    source: str
    key: str = ""
    status: Literal["imported", "unchanged", "failed"] = "imported"
    reason: str | None = None
    schema: str | None = None
    products: int = 0
    drawn: int = 0
    instanced: int = 0
    not_drawn: dict[str, int] = field(default_factory=dict)
    by_class: dict[str, ClassCount] = field(default_factory=dict)
    culprits: dict[str, list[str]] = field(default_factory=dict)
    """Reason → GlobalIds of products that should have been drawn (kernel failures, time limits): at most 100 each."""
    placement: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What the model is called, by language (`zh`, `en`); empty: by the root of its tree, else by its key."""
    class_names: dict[str, dict[str, str]] = field(default_factory=dict)
    """The same of its classes that nobody else knows."""
    seconds: float = 0.0
    tileset: str | None = None
