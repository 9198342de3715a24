"""Models for points, made by code, so that plain files need none: bodies turned about an upright axis."""

from dataclasses import dataclass

import numpy as np

from bim_import.gis.shapes.joined import Floats
from twin.geometry import creased, edges_of
from twin.source import Material, Mesh

Profile = list[tuple[float, float]]
"""(radius, height) pairs in metres from the lowest to the highest; radius 0 closes the body."""

SIDES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One turned body of a model: its profile, colour (sRGB), and where its axis stands (east, north), metres."""

    profile: Profile
    color: tuple[float, float, float, float]
    at: tuple[float, float] = (0.0, 0.0)
    smooth: bool = True


_BARK, _LEAF = (0.42, 0.32, 0.24, 1.0), (0.38, 0.56, 0.3, 1.0)
_STEEL, _GLASS = (0.45, 0.47, 0.5, 1.0), (0.98, 0.93, 0.75, 1.0)
_IRON, _RED, _WHITE = (0.25, 0.25, 0.26, 1.0), (0.8, 0.3, 0.25, 1.0), (0.92, 0.93, 0.94, 1.0)
_BLUE = (0.2, 0.45, 0.75, 1.0)

PREFABS: dict[str, tuple[Body, ...]] = {
    "tree": (
        Body(profile=[(0.0, 0.0), (0.18, 0.0), (0.12, 2.2), (0.0, 2.2)], color=_BARK),
        Body(profile=[(0.0, 1.6), (1.3, 2.1), (1.9, 3.2), (1.75, 4.4), (1.1, 5.5), (0.0, 6.0)], color=_LEAF),
    ),
    "conifer": (
        Body(profile=[(0.0, 0.0), (0.15, 0.0), (0.12, 1.0), (0.0, 1.0)], color=_BARK),
        Body(profile=[(0.0, 0.8), (1.5, 0.8), (0.0, 6.0)], color=(0.25, 0.42, 0.28, 1.0)),
    ),
    "lamp_pole": (
        Body(
            profile=[(0.0, 0.0), (0.14, 0.0), (0.14, 0.4), (0.08, 0.5), (0.05, 5.6), (0.0, 5.6)], color=_STEEL
        ),
        Body(profile=[(0.0, 5.5), (0.22, 5.6), (0.3, 5.85), (0.2, 5.95), (0.0, 6.0)], color=_GLASS),
    ),
    "manhole": (Body(profile=[(0.0, -0.1), (0.35, -0.1), (0.35, 0.05), (0.0, 0.05)], color=_IRON),),
    "sensor": (
        Body(profile=[(0.0, 0.0), (0.04, 0.0), (0.04, 1.7), (0.0, 1.7)], color=_STEEL),
        Body(profile=[(0.0, 1.6), (0.16, 1.6), (0.16, 2.0), (0.0, 2.0)], color=_WHITE),
    ),
    "hydrant": (Body(profile=[(0.0, 0.0), (0.16, 0.0), (0.14, 0.7), (0.1, 0.85), (0.0, 0.9)], color=_RED),),
    "bollard": (Body(profile=[(0.0, 0.0), (0.1, 0.0), (0.1, 0.9), (0.0, 1.0)], color=_STEEL),),
    "valve": (
        Body(
            profile=[(0.0, -0.3), (0.2, -0.3), (0.2, 0.1), (0.06, 0.1), (0.06, 0.4), (0.0, 0.4)], color=_BLUE
        ),
    ),
    "marker": (Body(profile=[(0.0, 0.0), (0.55, 1.9), (0.75, 2.6), (0.6, 3.2), (0.0, 3.5)], color=_RED),),
}
"""Sizes are those of common ones: a street tree of 6 m, a lamp pole of 6 m, a cover of 0.7 m."""


def prefab(name: str) -> tuple[list[Material], Mesh, float]:
    """Materials, mesh (its parts count these) and height in metres of a built-in model; its foot is the origin, z is up."""
    bodies = PREFABS[name]
    colours = list(dict.fromkeys(body.color for body in bodies))
    positions, normals, triangles, parts = [], [], [], []
    vertices = faces = 0
    for colour in colours:
        first = faces
        for body in (each for each in bodies if each.color == colour):
            points, shading, corners = _turned(body)
            positions.append(points)
            normals.append(shading)
            triangles.append(corners + vertices)
            vertices += len(points)
            faces += len(corners)
        parts.append((colours.index(colour), first, faces - first))
    joined = np.concatenate(positions)
    mesh = Mesh(
        positions=joined.astype(np.float32),
        origin=np.zeros(3),
        normals=np.concatenate(normals).astype(np.float32),
        triangles=np.concatenate(triangles).astype(np.uint32),
        parts=np.array(parts, dtype=np.uint32),
    )
    materials = [Material(name=name, color=colour, double_sided=False) for colour in colours]
    return materials, mesh, float(joined[:, 2].max())


def _turned(body: Body) -> tuple[Floats, Floats, np.ndarray]:
    """Positions, normals and triangles of a body turned about its axis."""
    angle = 2.0 * np.pi * np.arange(SIDES) / SIDES
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    rings = [
        np.column_stack([circle * radius + np.array(body.at), np.full(SIDES, height)])
        for radius, height in body.profile
    ]
    points = np.concatenate(rings)
    side = np.arange(SIDES)
    after = (side + 1) % SIDES
    corners = []
    for ring, ((low, _), (high, _)) in enumerate(zip(body.profile, body.profile[1:], strict=False)):
        a, b = ring * SIDES + side, ring * SIDES + after
        c, d = a + SIDES, b + SIDES
        if low > 0.0:
            corners.append(np.column_stack([a, b, d]))
        if high > 0.0:
            corners.append(np.column_stack([a, d, c]))
    triangles = np.concatenate(corners)
    welded, index = np.unique(points.round(6), axis=0, return_inverse=True)
    triangles = index.reshape(-1)[triangles]
    shaded = creased(welded, triangles, edges_of(triangles))
    return welded[shaded.source], shaded.normals, shaded.triangles
