"""Writes the small community as 3D Tiles 1.1, as plainly as the format allows: one glb a storey, uncompressed.

Not the product's tiler on purpose: the viewer is tested against the format, not against one writer of it.
"""

import json
import math
import struct
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.viewer.building import Box, Item

COLOURS: dict[str, tuple[float, float, float, float]] = {
    "wall": (0.80, 0.76, 0.68, 1.0),
    "glass": (0.30, 0.45, 0.55, 0.45),
    "slab": (0.55, 0.55, 0.55, 1.0),
    "concrete": (0.45, 0.46, 0.47, 1.0),
    "lamp": (0.95, 0.85, 0.45, 1.0),
    "roof": (0.35, 0.22, 0.18, 1.0),
    "pipe": (0.12, 0.38, 0.62, 1.0),
    "meter": (0.75, 0.20, 0.12, 1.0),
    "space": (0.25, 0.55, 0.80, 0.30),
}
"""Linear RGBA."""

_FACES = np.array(
    [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]], dtype=np.uint32
)
_NORMALS = np.array([[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0], [-1, 0, 0], [1, 0, 0]], dtype=np.float32)
_A, _E2 = 6378137.0, 6.69437999014e-3  # WGS 84


def enu_matrix(lon_deg: float, lat_deg: float, height_m: float) -> list[float]:
    """Column-major 4 by 4: east, north, up at a place → ECEF metres."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    sin_lon, cos_lon, sin_lat, cos_lat = math.sin(lon), math.cos(lon), math.sin(lat), math.cos(lat)
    normal = _A / math.sqrt(1 - _E2 * sin_lat**2)
    return [
        *(-sin_lon, cos_lon, 0.0, 0.0),
        *(-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat, 0.0),
        *(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat, 0.0),
        (normal + height_m) * cos_lat * cos_lon,
        (normal + height_m) * cos_lat * sin_lon,
        (normal * (1 - _E2) + height_m) * sin_lat,
        1.0,
    ]


def _box_mesh(box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint32]]:
    """24 vertices, their normals and 36 indices; z up."""
    lower, upper = np.array(box[:3]), np.array(box[3:])
    picks = np.array([[(i >> axis) & 1 for axis in range(3)] for i in range(8)])
    corners = np.where(picks, upper, lower).astype(np.float32)
    positions = corners[_FACES].reshape(-1, 3)
    normals = np.repeat(_NORMALS, 4, axis=0)
    quads = np.arange(24, dtype=np.uint32).reshape(6, 4)
    return positions, normals, quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1)


class _Glb:
    """A glTF document and its one buffer."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, data: bytes, target: int | None = None) -> int:
        self.blob += bytes(-len(self.blob) % 8)
        self.views.append(
            {"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data)}
            | ({"target": target} if target else {})
        )
        self.blob += data
        return len(self.views) - 1

    def accessor(self, array: NDArray[Any], component: int, kind: str) -> int:
        target = 34963 if kind == "SCALAR" and component == 5125 else 34962
        entry = {
            "bufferView": self.view(array.tobytes(), target),
            "componentType": component,
            "count": len(array),
            "type": kind,
        }
        if kind == "VEC3":
            entry |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def pack(self, document: dict[str, Any]) -> bytes:
        document |= {
            "buffers": [{"byteLength": len(self.blob)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }
        text = json.dumps(document, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(self.blob) + bytes(-len(self.blob) % 4)
        body = (
            struct.pack("<II", len(text), 0x4E4F534A)
            + text
            + struct.pack("<II", len(binary), 0x004E4942)
            + binary
        )
        return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _strings(glb: _Glb, values: Sequence[str]) -> dict[str, int]:
    encoded = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.uint32)
    return {"values": glb.view(b"".join(encoded) or b"\0"), "stringOffsets": glb.view(offsets.tobytes())}


_PROPERTIES = {
    **{name: {"type": "STRING"} for name in ("global_id", "class", "name", "storey", "discipline")},
    "state_index": {"type": "SCALAR", "componentType": "UINT32"},
}
SCHEMA = {
    "id": "twin",
    "classes": {
        "object": {"properties": _PROPERTIES},
        "content": {"properties": {"kind": {"type": "STRING"}}},
    },
}


def _table(
    glb: _Glb, items: Sequence[Item], indices: Sequence[int], storeys: dict[str, str]
) -> dict[str, Any]:
    columns = {
        "global_id": [item.global_id for item in items],
        "class": [item.class_ for item in items],
        "name": [item.name for item in items],
        "storey": [storeys.get(item.storey or "", "") for item in items],
        "discipline": [item.discipline for item in items],
    }
    properties: dict[str, Any] = {name: _strings(glb, values) for name, values in columns.items()}
    properties["state_index"] = {"values": glb.view(np.array(indices, dtype=np.uint32).tobytes())}
    return {"class": "object", "count": len(items), "properties": properties}


def _primitive(glb: _Glb, boxes: Sequence[tuple[int, Box]], material: int) -> dict[str, Any]:
    meshes = [_box_mesh(box) for _, box in boxes]
    positions = np.concatenate([mesh[0] for mesh in meshes])
    normals = np.concatenate([mesh[1] for mesh in meshes])
    indices = np.concatenate([mesh[2] + np.uint32(24 * n) for n, mesh in enumerate(meshes)])
    ids = np.repeat(np.array([feature for feature, _ in boxes], dtype=np.float32), 24)
    attributes = {
        "POSITION": glb.accessor(positions, 5126, "VEC3"),
        "NORMAL": glb.accessor(normals, 5126, "VEC3"),
        "_FEATURE_ID_0": glb.accessor(ids, 5126, "SCALAR"),
    }
    features = {"featureIds": [{"featureCount": int(ids.max()) + 1, "attribute": 0, "propertyTable": 0}]}
    entry = {"attributes": attributes, "indices": glb.accessor(indices, 5125, "SCALAR"), "material": material}
    return entry | {"extensions": {"EXT_mesh_features": features}}


def _material(name: str) -> dict[str, Any]:
    colour = COLOURS[name]
    factor = {"baseColorFactor": colour, "metallicFactor": 0, "roughnessFactor": 0.9}
    entry: dict[str, Any] = {"name": name, "pbrMetallicRoughness": factor, "doubleSided": True}
    return entry | ({"alphaMode": "BLEND"} if colour[3] < 1 else {})


def content(items: Sequence[Item], indices: Sequence[int], storeys: dict[str, str]) -> bytes:
    """One glb of drawn items; `indices` are their state indices, `storeys` names by global_id."""
    glb = _Glb()
    by_material: dict[str, list[tuple[int, Box]]] = defaultdict(list)
    for feature, item in enumerate(items):
        by_material[item.material] += [(feature, box) for box in item.boxes]
    primitives = [_primitive(glb, boxes, number) for number, boxes in enumerate(by_material.values())]
    table = _table(glb, items, indices, storeys)
    return glb.pack(
        {
            "asset": {"version": "2.0"},
            "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata"],
            "extensions": {"EXT_structural_metadata": {"schema": SCHEMA, "propertyTables": [table]}},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0, "matrix": [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]}],
            "meshes": [{"primitives": primitives}],
            "materials": [_material(name) for name in by_material],
        }
    )


def _volume(items: Sequence[Item]) -> dict[str, list[float]]:
    boxes = np.array([box for item in items for box in item.boxes])
    lower, upper = boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)
    centre, half = (lower + upper) / 2, (upper - lower) / 2
    return {"box": [*centre.tolist(), half[0], 0, 0, 0, half[1], 0, 0, 0, half[2]]}


def write_tileset(
    folder: Path, items: Sequence[Item], first_index: int, place: tuple[float, float, float]
) -> None:
    """Write tileset.json and its contents; `place` is (lon, lat, height) of the local origin, degrees and metres."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {item.global_id: item.name for item in items if item.class_ == "IfcBuildingStorey"}
    parts: dict[tuple[bool, str], list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        if item.boxes:
            parts[item.hidden, item.storey or ""].append(number)
    children = []
    for number, ((hidden, _), chosen) in enumerate(parts.items()):
        drawn = [items[i] for i in chosen]
        (folder / f"{number}.glb").write_bytes(content(drawn, [first_index + i for i in chosen], names))
        children.append(
            {
                "boundingVolume": _volume(drawn),
                "geometricError": 0,
                "content": {"uri": f"{number}.glb", "group": int(hidden)},
            }
        )
    root = {
        "boundingVolume": _volume([item for item in items if item.boxes]),
        "geometricError": 30.0,
        "refine": "ADD",
        "transform": enu_matrix(*place),
        "children": children,
    }
    groups = [{"class": "content", "properties": {"kind": kind}} for kind in ("element", "space")]
    document = {
        "asset": {"version": "1.1"},
        "schema": SCHEMA,
        "groups": groups,
        "geometricError": 60.0,
        "root": root,
    }
    (folder / "tileset.json").write_text(json.dumps(document))
