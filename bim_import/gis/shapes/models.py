"""Models of files (glTF and what else meshes come in) for points: all of a file as one mesh, z up, its origin the foot."""

from pathlib import Path

import numpy as np
import trimesh

from bim_import.scenes.looks import look_of
from bim_import.scenes.scene import Node, Scene, open_scene
from twin.errors import UnsupportedSource
from twin.source import Material, Mesh


def file_model(path: Path) -> tuple[list[Material], Mesh, float]:
    """Materials, mesh (its parts count these) and height in metres of a model file.

    Raises UnsupportedSource where nothing in it is a surface, DamagedSource.
    """
    scene = open_scene(path)
    pieces = [piece for node in scene.nodes if (piece := _piece(scene, node)) is not None]
    if not pieces:
        raise UnsupportedSource(str(path), "there is no surface in this model", "Name another in the rules.")
    materials: list[Material] = []
    triangles, parts = [], []
    vertices = faces = 0
    textured = any(piece.uvs is not None for piece in pieces)
    for piece in pieces:
        triangles.append(piece.triangles + vertices)
        parts.append(piece.parts + np.array([[len(materials), faces, 0]], dtype=np.int64))
        materials += piece.materials
        vertices += len(piece.positions)
        faces += len(piece.triangles)
    uvs = [np.zeros((len(p.positions), 2), np.float32) if p.uvs is None else p.uvs for p in pieces]
    positions = np.concatenate([piece.positions for piece in pieces])
    mesh = Mesh(
        positions=positions.astype(np.float32),
        origin=np.zeros(3),
        normals=np.concatenate([piece.normals for piece in pieces]).astype(np.float32),
        triangles=np.concatenate(triangles).astype(np.uint32),
        parts=np.concatenate(parts).astype(np.uint32),
        uvs=np.concatenate(uvs) if textured else None,
    )
    return materials, mesh, float(max(positions[:, 2].max(), 1e-3))


class _Piece:
    """One node's geometry in the axes of the model; without normals in the file every face has vertices of its own."""

    def __init__(self, mesh: trimesh.Trimesh, node: Node) -> None:
        look = look_of(mesh)
        turn = node.matrix[:3, :3]
        stored = mesh._cache["vertex_normals"]  # noqa: SLF001 - the file's own; asking for them makes up others
        corners = np.asarray(mesh.faces, dtype=np.int64)
        source = np.arange(len(mesh.vertices)) if stored is not None else corners.reshape(-1)
        normals = stored if stored is not None else np.repeat(np.asarray(mesh.face_normals), 3, axis=0)
        if stored is None:
            corners = np.arange(corners.size).reshape(-1, 3)
        self.positions = trimesh.transform_points(np.asarray(mesh.vertices)[source], node.matrix)
        normals = np.asarray(normals, dtype=np.float64) @ np.linalg.inv(turn)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        self.normals = np.where(length > 0.0, normals / np.where(length > 0.0, length, 1.0), [0.0, 0.0, 1.0])
        order = np.argsort(look.slots, kind="stable")
        triangles = corners[order]
        self.triangles = triangles[:, ::-1] if np.linalg.det(turn) < 0.0 else triangles
        counts = np.bincount(look.slots, minlength=len(look.materials))
        used = np.flatnonzero(counts)
        first = np.cumsum(counts) - counts
        self.parts = np.column_stack([used, first[used], counts[used]])
        self.materials = look.materials
        uvs = look.uvs
        self.uvs = None if uvs is None else np.column_stack([uvs[:, 0], 1.0 - uvs[:, 1]])[source]


def _piece(scene: Scene, node: Node) -> _Piece | None:
    mesh = scene.geometries.get(node.geometry) if node.geometry is not None else None
    if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
        return None
    return _Piece(mesh, node)
