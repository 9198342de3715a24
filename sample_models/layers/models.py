"""Models of what stands at points, as glTF files beside the rules: lamp poles, manholes, transformers, meter boxes, outfalls."""

from pathlib import Path

import numpy as np
import trimesh
from trimesh.visual.material import PBRMaterial

_Part = tuple[trimesh.Trimesh, tuple[float, float, float]]

_STEEL, _LIGHT, _DARK = (0.30, 0.33, 0.36), (0.98, 0.95, 0.82), (0.16, 0.17, 0.19)
_GREEN, _GREY, _BLUE, _CONCRETE = (
    (0.24, 0.42, 0.33),
    (0.72, 0.74, 0.76),
    (0.12, 0.32, 0.62),
    (0.68, 0.67, 0.64),
)


def _rod(radius: float, low: float, high: float, at: tuple[float, float] = (0.0, 0.0)) -> trimesh.Trimesh:
    rod: trimesh.Trimesh = trimesh.creation.cylinder(radius=radius, height=high - low, sections=10)
    rod.apply_translation([at[0], at[1], (low + high) / 2])
    return rod


def _box(low: tuple[float, float, float], high: tuple[float, float, float]) -> trimesh.Trimesh:
    solid: trimesh.Trimesh = trimesh.creation.box(extents=np.subtract(high, low))
    solid.apply_translation(np.add(low, high) / 2)
    return solid


MODELS: dict[str, tuple[_Part, ...]] = {
    # The arm reaches to the north (+y) where the heading is 0.
    "smart_pole": (
        (_box((-0.25, -0.25, 0.0), (0.25, 0.25, 0.35)), _CONCRETE),
        (_rod(0.11, 0.35, 3.2), _STEEL),
        (_rod(0.075, 3.2, 9.0), _STEEL),
        (_box((-0.05, -0.1, 8.6), (0.05, 2.4, 8.72)), _STEEL),
        (_box((-0.16, 1.5, 8.52), (0.16, 2.6, 8.62)), _DARK),
        (_box((-0.13, 1.55, 8.5), (0.13, 2.55, 8.52)), _LIGHT),
        (_box((-0.36, -0.2, 3.4), (0.36, -0.12, 4.9)), _BLUE),
        (_box((-0.14, -0.14, 5.6), (0.14, 0.14, 5.95)), _GREY),
        (_rod(0.05, 9.0, 9.7), _GREY),
    ),
    # From the cover down to where pipes join: seen where the ground is translucent.
    "manhole_shaft": (
        (_rod(0.36, -0.06, 0.03), _DARK),
        (_rod(0.42, -1.9, -0.08), _CONCRETE),
    ),
    "gully": ((_box((-0.4, -0.22, -0.03), (0.4, 0.22, 0.02)), _DARK), (_box((-0.34, -0.2, -1.0), (0.34, 0.2, -0.03)), _CONCRETE)),
    "outfall": (
        (_box((-1.6, -0.4, -3.0), (1.6, 0.4, 0.25)), _CONCRETE),
        (_box((-1.7, -0.5, 0.25), (1.7, 0.5, 0.4)), _CONCRETE),
    ),
    "transformer": (
        (_box((-1.7, -1.2, 0.0), (1.7, 1.2, 0.3)), _CONCRETE),
        (_box((-1.5, -1.0, 0.3), (1.5, 1.0, 2.2)), _GREEN),
        (_box((-1.6, -1.1, 2.2), (1.6, 1.1, 2.35)), _GREY),
    ),
    "station": (
        (_box((-6.0, -4.0, 0.0), (6.0, 4.0, 4.2)), (0.86, 0.84, 0.78)),
        (_box((-6.3, -4.3, 4.2), (6.3, 4.3, 4.6)), _GREY),
        (_box((-1.2, -4.05, 0.1), (1.2, -4.0, 3.0)), _GREEN),
    ),
    "meter_box": ((_box((-0.35, -0.15, 0.25), (0.35, 0.15, 1.5)), _GREY), (_box((-0.25, -0.16, 0.9), (0.25, -0.15, 1.35)), _BLUE)),
}  # fmt: skip
"""Parts with their colours (linear), metres, z up, the foot at the origin."""


def write_models(folder: Path) -> None:
    """Write each as `NAME.glb`; glTF's y is up, so they are turned. Raises `OSError`."""
    upright = trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0])
    for name, parts in MODELS.items():
        scene = trimesh.Scene()
        for number, (mesh, colour) in enumerate(parts):
            piece = mesh.copy()
            piece.visual = trimesh.visual.TextureVisuals(
                material=PBRMaterial(name=f"{name}-{number}", baseColorFactor=[*(round(255 * c) for c in colour), 255],
                                     metallicFactor=0.0, roughnessFactor=0.9)
            )  # fmt: skip
            scene.add_geometry(piece, geom_name=f"part{number}", node_name=f"part{number}", transform=upright)
        (folder / f"{name}.glb").write_bytes(scene.export(file_type="glb"))
