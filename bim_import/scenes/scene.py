"""Files of meshes → nodes with geometry, through trimesh; what trimesh cannot read is refused before it guesses.

trimesh leaves out what it does not know (compressed buffers, say) without a word, so the header of a glTF file is looked at
first. Images and buffers are only read from the folder of the file and below.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from bim_import.scenes.sizes import check_sizes
from twin.errors import DamagedSource, UnsupportedSource

Json = dict[str, Any]
Floats = NDArray[np.float64]

_READ_EXTENSIONS = frozenset(
    {
        "KHR_materials_pbrSpecularGlossiness", "KHR_materials_unlit", "KHR_texture_transform", "KHR_lights_punctual",
        "KHR_materials_emissive_strength", "KHR_materials_specular", "KHR_materials_ior", "KHR_materials_clearcoat",
        "KHR_materials_transmission", "KHR_materials_sheen", "KHR_materials_volume", "EXT_texture_webp",
    }
)  # fmt: skip
"""Extensions that a glTF file may require: without them the shapes are the same, or trimesh knows them."""

Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
"""glTF 2.0, 3.4: y is up, z towards the viewer; to z up, y away from the viewer (north)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the file. `matrix`: (4, 4) to the root, z up. `geometry` names one of the scene's, None for a group."""

    name: str
    parent: str | None
    matrix: Floats
    geometry: str | None
    extras: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An opened file. `unit`: what it says that a coordinate is measured in, empty where it says nothing."""

    schema: str
    nodes: list[Node]
    geometries: dict[str, Any]
    unit: str = ""


def open_scene(path: Path) -> Scene:
    """Open a file. Raises DamagedSource, UnsupportedSource."""
    suffix = path.suffix.lower().lstrip(".")
    kind = suffix if suffix in _SCHEMAS else "glb"
    header = _header(path, kind)
    if header is not None:
        _check(path, header)
        check_sizes(path, header)
    options: Json = {"split_objects": True} if kind == "obj" else {}
    try:
        with path.open("rb") as file:
            loaded: Any = trimesh.load(
                file,
                file_type=kind,
                resolver=trimesh.resolvers.FilePathResolver(str(path.resolve())),
                force="scene",
                process=False,
                **options,
            )
    except Exception as error:
        raise DamagedSource(
            str(path),
            f"it cannot be read ({type(error).__name__}: {str(error)[:120]})",
            "It may be cut off: export it again.",
        ) from error
    if kind == "stl" and not any(len(getattr(each, "faces", ())) for each in loaded.geometry.values()):
        # What is no whole binary file is read as text, in which there is nothing.
        raise DamagedSource(str(path), "there is no triangle in it", "It may be cut off: export it again.")
    extras = _extras(header) if header is not None else {}
    return Scene(
        schema=_SCHEMAS[kind],
        nodes=_nodes(loaded, extras, Y_UP if header is not None else np.eye(4)),
        geometries=dict(loaded.geometry),
        unit=str(loaded.units or "") if header is None else "",
    )


_SCHEMAS = {"glb": "glTF 2.0", "gltf": "glTF 2.0", "obj": "OBJ", "ply": "PLY", "stl": "STL"}


def _header(path: Path, kind: str) -> Json | None:
    """The JSON of a glTF file; None for other formats."""
    if kind not in ("glb", "gltf"):
        return None
    try:
        with path.open("rb") as file:
            text = _glb_json(file.read(20), file) if kind == "glb" else file.read()
        header = json.loads(text)
    except (ValueError, struct.error, RecursionError) as error:
        raise DamagedSource(
            str(path), "its header is no JSON", "It may be cut off: export it again."
        ) from error
    if not isinstance(header, dict):
        raise DamagedSource(str(path), "its header is no JSON object", "Export it again.")
    return header


def _glb_json(head: bytes, file: Any) -> bytes:
    magic, _, _, length, kind = struct.unpack("<4sIIII", head)
    if magic != b"glTF" or kind != 0x4E4F534A:
        raise ValueError("no GLB")
    return bytes(file.read(length))


def _check(path: Path, header: Json) -> None:
    version = str((header.get("asset") or {}).get("version", ""))
    if not version.startswith("2."):
        raise UnsupportedSource(
            str(path), f"it is glTF {version or 'without a version'}, 2.0 is read", "Convert it."
        )
    needed = sorted(set(map(str, header.get("extensionsRequired") or [])) - _READ_EXTENSIONS)
    if needed:
        raise UnsupportedSource(
            str(path),
            f"it needs {', '.join(needed)} to be read",
            "Write it without compression, for example with `npx @gltf-transform/cli copy IN OUT`.",
        )


def _extras(header: Json) -> dict[str, Json]:
    """Extras of nodes by name; of equal names the first."""
    found: dict[str, Json] = {}
    for node in header.get("nodes") or []:
        if isinstance(node, dict) and isinstance(node.get("extras"), dict):
            found.setdefault(str(node.get("name", "")), node["extras"])
    return found


def _nodes(scene: Any, extras: dict[str, Json], turn: Floats) -> list[Node]:
    """Nodes that draw something and those above them, in the order of their names."""
    graph = scene.graph
    parents: dict[str, str] = dict(graph.transforms.parents)
    drawing = {name: graph[name] for name in graph.nodes_geometry}
    wanted: set[str] = set()
    for name in drawing:
        at: str | None = name
        while at is not None and at not in wanted:
            wanted.add(at)
            at = parents.get(at)
    nodes = []
    for name in sorted(wanted):
        if name == graph.base_frame and name not in drawing:
            continue
        matrix, geometry = drawing.get(name, (np.eye(4), None))
        above = parents.get(name)
        parent = above if above in wanted and (above != graph.base_frame or above in drawing) else None
        nodes.append(
            Node(
                name=str(name),
                parent=parent,
                matrix=turn @ np.asarray(matrix, dtype=np.float64),
                geometry=geometry,
                extras=extras.get(str(name), {}),
            )
        )
    return nodes
