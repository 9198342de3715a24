"""Meshes and models in their colours, written into one part of the spool."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bim_import.gis.columns import Columns
from bim_import.gis.drawing.points import Stand
from bim_import.gis.rules.measures import colours
from bim_import.gis.rules.values import Colour, Rgba, Rule
from bim_import.gis.shapes.joined import BODY, Shapes, starts
from bim_import.gis.shapes.prefabs import PREFABS, prefab
from twin.source import Material, Mesh, MeshBatch
from twin.spool import GeometryWriter

SUFFIXES = (".glb", ".gltf")
"""Of models in files."""

_LENGTH = np.s_[:, :, :3]


class Painter:
    """Writes the meshes of batches into part `part` of a spool, each material and model once."""

    def __init__(self, folder: Path, part: int) -> None:
        self._writer = GeometryWriter(folder, part)
        self._materials: dict[tuple[Rgba, bool], int] = {}
        self._models: dict[str, tuple[int, float]] = {}
        self._box: NDArray[np.float64] | None = None

    def close(self) -> None:
        """Close the files; what was written stays."""
        self._writer.close()

    def taken_box(self) -> NDArray[np.float64] | None:
        """(2, 3) box of the origins of all that was written since this was last asked, local metres. None: nothing was."""
        box, self._box = self._box, None
        return box

    def _grow(self, points: NDArray[np.float64]) -> None:
        ends = np.array([points.min(axis=0), points.max(axis=0)])
        if self._box is not None:
            ends = np.array([np.minimum(self._box[0], ends[0]), np.maximum(self._box[1], ends[1])])
        self._box = ends

    def meshes(self, rule: Rule, columns: Columns, shapes: Shapes, first: int) -> None:
        """Write meshes; `first` is the number of the batch's first feature."""
        open_surface = rule.kind == "surface"
        body = self._material_of(rule.color, columns, open_surface)[shapes.rows]
        roof = body
        if rule.roof_color is not None:
            roof = self._material_of(rule.roof_color, columns, open_surface)[shapes.rows]
        origins, relative = shapes.placed()
        self._grow(origins)
        part_counts, parts = _parts(shapes, body, roof)
        self._writer.add_meshes(
            MeshBatch(
                ordinals=shapes.rows + first,
                origins=origins,
                vertex_counts=shapes.vertex_counts,
                triangle_counts=shapes.triangle_counts,
                part_counts=part_counts,
                positions=relative,
                normals=shapes.normals,
                triangles=shapes.triangles,
                parts=parts,
                arranged=shapes.arranged,
            )
        )

    def models(self, stand: Stand, first: int, folder: str) -> int:
        """Write models where they stand; returns how many had no model and got a marker.

        A model is a built-in one or a file in `folder` or below it.
        """
        unknown = 0
        self._grow(stand.transforms[:, :, 3])
        for name in sorted(set(stand.model.tolist())):
            chosen = stand.model == name
            file = None if name in PREFABS else model_file(name, folder)
            known = name in PREFABS or file is not None
            unknown += 0 if known else int(chosen.sum())
            mesh, height = self._model(name if known else "marker", file)
            size = stand.size[chosen]
            factor = np.where(np.isfinite(size), size / height, 1.0) * stand.scale[chosen]
            transforms = stand.transforms[chosen].copy()
            transforms[_LENGTH] *= factor[:, None, None]
            self._writer.add_instances(mesh, stand.rows[chosen] + first, transforms)
        return unknown

    def _material_of(self, colour: Colour, columns: Columns, open_surface: bool) -> NDArray[np.int64]:  # noqa: FBT001
        index, table = colours(colour, columns)
        return np.array([self._material(rgba, open_surface) for rgba in table], dtype=np.int64)[index]

    def _material(self, color: Rgba, open_surface: bool) -> int:  # noqa: FBT001 - part of the key
        key = (color, open_surface)
        if key not in self._materials:
            material = Material(color=color, double_sided=open_surface)
            self._materials[key] = self._writer.add_material(material)
        return self._materials[key]

    def _model(self, name: str, file: Path | None) -> tuple[int, float]:
        if name not in self._models:
            materials, mesh, height = prefab(name) if file is None else _of_file(file)
            ids = np.array([self._writer.add_material(material) for material in materials])
            parts = mesh.parts.copy()
            parts[:, 0] = ids[parts[:, 0]]
            self._models[name] = self._writer.add_mesh(replace(mesh, parts=parts)), height
        return self._models[name]


def _of_file(file: Path) -> tuple[list[Material], Mesh, float]:
    from bim_import.gis.shapes.models import file_model  # noqa: PLC0415 - loads trimesh, which few layers need

    return file_model(file)


def model_file(name: str, folder: str) -> Path | None:
    """The file of a model that rules or a column name, None where there is none in the rules' folder or below."""
    if not folder or not name.lower().endswith(SUFFIXES):
        return None
    file = (Path(folder) / name).resolve()
    return file if file.is_relative_to(Path(folder).resolve()) and file.is_file() else None


def _parts(
    shapes: Shapes, body: NDArray[np.int64], roof: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k,) how many material runs each mesh has, and (p, 3) the runs."""
    total = shapes.triangle_counts
    walls = np.bincount(
        np.repeat(np.arange(len(shapes)), total), weights=shapes.slots == BODY, minlength=len(shapes)
    ).astype(np.int64)
    split = (body != roof) & (walls > 0) & (walls < total)
    single = np.where(walls > 0, body, roof)
    count = 1 + split.astype(np.int64)
    parts = np.zeros((int(count.sum()), 3), dtype=np.int64)
    at = starts(count)
    parts[at] = np.column_stack([single, np.zeros_like(total), np.where(split, walls, total)])
    parts[at[split] + 1] = np.column_stack([roof, walls, total - walls])[split]
    return count, parts
