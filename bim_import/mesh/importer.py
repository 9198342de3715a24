"""One file of meshes → a spool: nodes are objects, shared geometries are instances."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from bim_import.citymodel.attributes import ATTRIBUTES, property_of
from bim_import.citymodel.collector import Collector
from bim_import.citymodel.result import empty_result
from bim_import.geometry.meshes import Drawing, Placed
from bim_import.geometry.raw import RawMesh
from bim_import.placement.layer import LayerFrame, layer_frame
from bim_import.placement.outcome import result_of
from bim_import.scenes.looks import look_of
from bim_import.scenes.scene import Node, Scene, open_scene
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.objects import Attributes, SourceObject
from twin.source import Material, NotDrawn

Floats = NDArray[np.float64]

_UNITS_M = {
    "m": 1.0, "meters": 1.0, "meter": 1.0, "metre": 1.0, "metres": 1.0,
    "mm": 0.001, "millimeters": 0.001, "millimeter": 0.001,
    "cm": 0.01, "centimeters": 0.01, "centimeter": 0.01,
    "in": 0.0254, "inches": 0.0254, "inch": 0.0254,
    "ft": 0.3048, "feet": 0.3048, "foot": 0.3048,
    "km": 1000.0, "kilometers": 1000.0,
}  # fmt: skip


def import_mesh(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read meshes into the spool `folder`.

    Raises UnsupportedSource (compressed, no place stated), DamagedSource, PlacementError.
    """
    scene = open_scene(source)
    if not scene.nodes:
        return empty_result(source, folder, scene.schema, options)
    unit_m = _unit_m(scene, options)
    frame = layer_frame(str(source), None, overrides=options.placement, box=_box(scene, unit_m))
    total = len(scene.nodes)
    with Collector(folder, str(source)) as collector:
        if options.unit is None and scene.schema != "glTF 2.0" and not scene.unit:
            collector.notes.add("a file that names no unit, read in metres (--unit says otherwise)")
        drawer = _Drawer(scene, collector, frame, unit_m)
        for done, node in enumerate(scene.nodes):
            drawer.take(node)
            progress(Progress(phase="reading", done=done + 1, total=total))
        drawer.finish()
        report, bounds = collector.finish(scene.schema)
    report.instanced = drawer.instanced
    progress(Progress(phase="reading", done=total, total=total, objects_written=True))
    return result_of(report, frame.diagnosis(bounds))


def _unit_m(scene: Scene, options: ImportOptions) -> float:
    return _UNITS_M.get((options.unit or scene.unit).strip().lower(), 1.0)


def _box(scene: Scene, unit_m: float) -> Floats:
    """(2, 3) around everything, in metres of the file's own frame, z up."""
    boxes = []
    for node in scene.nodes:
        mesh = scene.geometries.get(node.geometry or "")
        vertices = np.asarray(getattr(mesh, "vertices", np.empty((0, 3))), dtype=np.float64)
        vertices = vertices[np.isfinite(vertices).all(axis=1)]
        if len(vertices):
            there = trimesh.transform_points(vertices, node.matrix) * unit_m
            boxes += [there.min(axis=0), there.max(axis=0)]
    return np.array([np.min(boxes, axis=0), np.max(boxes, axis=0)]) if boxes else np.zeros((2, 3))


class _Drawer:
    """Takes nodes; geometries that several of them show are drawn once, at the end."""

    def __init__(self, scene: Scene, collector: Collector, frame: LayerFrame, unit_m: float) -> None:
        self._scene, self._collector, self._frame, self._unit_m = scene, collector, frame, unit_m
        self._users: dict[str, list[tuple[int, Node]]] = {}
        self.instanced = 0

    def take(self, node: Node) -> None:
        """Add the object of a node."""
        number = self._collector.add(_object(node), parent=node.parent)
        if node.geometry is None:
            return
        mesh = self._scene.geometries.get(node.geometry)
        if not isinstance(mesh, trimesh.Trimesh):
            self._collector.refuse(number, NotDrawn.NO_SURFACE)
        elif not len(mesh.faces):
            self._collector.refuse(number, NotDrawn.EMPTY_GEOMETRY)
        else:
            self._users.setdefault(node.geometry, []).append((number, node))

    def finish(self) -> None:
        """Draw everything."""
        for name, users in self._users.items():
            mesh = self._scene.geometries[name]
            if len(users) == 1:
                number, node = users[0]
                world = trimesh.transform_points(np.asarray(mesh.vertices), node.matrix) * self._unit_m
                local = self._frame.to_local(world)
                mirrored = np.linalg.det(node.matrix[:3, :3]) < 0.0
                self._draw(mesh, local, [(number, np.eye(4))], mirrored=bool(mirrored))
            else:
                self.instanced += len(users)
                placed = [(number, self._placed(node)) for number, node in users]
                self._draw(mesh, np.asarray(mesh.vertices, dtype=np.float64), placed, mirrored=False)

    def _placed(self, node: Node) -> Floats:
        """(4, 4) from a geometry to local metres: the frame of the file is straight within one node."""
        origin = node.matrix[:3, 3] * self._unit_m
        steps = self._frame.to_local(np.vstack([origin, origin + np.eye(3)]))
        there = np.eye(4)
        there[:3, :3] = (steps[1:] - steps[0]).T @ node.matrix[:3, :3] * self._unit_m
        there[:3, 3] = steps[0]
        return there

    def _draw(self, mesh: Any, vertices: Floats, placed: list[tuple[int, Floats]], *, mirrored: bool) -> None:
        look = look_of(mesh)
        faces = np.asarray(mesh.faces, dtype=np.int64)
        finite = np.asarray(np.isfinite(vertices).all(axis=1))
        usable = finite[faces].all(axis=1)
        if not usable.any():
            for number, _ in placed:
                self._collector.refuse(number, NotDrawn.INVALID_COORDINATES)
            return
        if not usable.all():
            self._collector.notes.add("a triangle whose corners are no numbers, left out")
        faces = faces[usable][:, ::-1] if mirrored else faces[usable]
        raw = RawMesh(
            vertices=vertices,
            triangles=faces,
            items=np.zeros(len(faces), dtype=np.int64),
            styles=np.zeros(len(faces), dtype=np.int64),
            uvs=look.uvs,
        )
        materials: list[Material | None] = list(look.materials)
        products = [Placed(ordinal=n, matrix=m, material=look.materials[0]) for n, m in placed]
        corners = vertices[finite]
        boxes = [trimesh.transform_points(corners, matrix) for _, matrix in placed]
        box = np.array(
            [np.min([b.min(axis=0) for b in boxes], axis=0), np.max([b.max(axis=0) for b in boxes], axis=0)]
        )
        self._collector.draw_mesh(
            Drawing(raw=raw, slots=look.slots[usable], materials=materials, products=products), box
        )


def _object(node: Node) -> SourceObject:
    sets = (
        {ATTRIBUTES: {name: property_of(value) for name, value in node.extras.items()}} if node.extras else {}
    )
    return SourceObject(
        ordinal=0,
        global_id=node.name,
        class_="Mesh" if node.geometry is not None else "Group",
        name=node.name,
        product=node.geometry is not None,
        attributes=Attributes(properties=sets),
    )
