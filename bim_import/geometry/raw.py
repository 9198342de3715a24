"""Triangles as a kernel or a file gives them, before they are cleaned, welded and coloured."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.geometry import is_mirrored, transformed


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMesh:
    """Triangles as a kernel or a file gives them.

    vertices: (n, 3) float64 metres in the frame of the representation; triangles: (m, 3) int64; items: (m,) int64, STEP id
    of the representation item that each triangle belongs to; styles: (m,) int64, STEP id of its IfcSurfaceStyle, 0 where
    the item has none; uvs: (n, 2) float32 with v upwards, and `textured` the STEP id of the image's IfcSurfaceTexture;
    colors: (m, 4) float sRGB with alpha where triangles have colours of their own, NaN for those that have none. `closed`: known to enclose a solid, its
    triangles outward.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    items: NDArray[np.int64]
    styles: NDArray[np.int64]
    uvs: NDArray[np.float32] | None = None
    textured: int = 0
    colors: NDArray[np.float64] | None = None
    closed: bool = False


EMPTY = RawMesh(
    vertices=np.empty((0, 3)),
    triangles=np.empty((0, 3), np.int64),
    items=np.empty(0, np.int64),
    styles=np.empty(0, np.int64),
)


def moved(raw: RawMesh, matrix: NDArray[np.float64]) -> RawMesh:
    """The mesh in another frame; a mirroring matrix turns its triangles, so that their outside stays outside."""
    vertices = transformed(raw.vertices, matrix)
    triangles = raw.triangles[:, ::-1] if is_mirrored(matrix) else raw.triangles
    return replace(raw, vertices=vertices, triangles=triangles)


def styled(raw: RawMesh, style: int) -> RawMesh:
    """The mesh with a style (STEP id, or 0) on those of its triangles that have none."""
    return replace(raw, styles=np.where(raw.styles == 0, style, raw.styles)) if style else raw


def joined(meshes: list[RawMesh]) -> RawMesh:
    """Several meshes as one. Images are only kept where there is one mesh."""
    if len(meshes) == 1:
        return meshes[0]
    if not meshes:
        return EMPTY
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return RawMesh(
        vertices=np.concatenate([mesh.vertices for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]
        ),
        items=np.concatenate([mesh.items for mesh in meshes]),
        styles=np.concatenate([mesh.styles for mesh in meshes]),
        colors=_joined_colors(meshes),
    )


def _joined_colors(meshes: list[RawMesh]) -> NDArray[np.float64] | None:
    if all(mesh.colors is None for mesh in meshes):
        return None
    parts = [
        np.full((len(mesh.triangles), 4), np.nan) if mesh.colors is None else mesh.colors for mesh in meshes
    ]
    return np.vstack(parts)
