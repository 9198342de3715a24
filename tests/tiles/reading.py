"""Reading tiles back, apart from the code that wrote them: plain .glb files, property tables and tilesets."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
Y_UP_TO_Z_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
"""What 3D Tiles does to the content of a tile."""
_SCALARS = {"UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "FLOAT32": "f4", "FLOAT64": "f8"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Triangles of one tile. corners (m, 3, 3) and normals (m, 3, 3) in the tile's z-up frame, metres; features (m,),
    -1 without; colors (m, 4) linear, of the first corner.
    """

    corners: NDArray[np.float64]
    normals: NDArray[np.float64]
    features: NDArray[np.int64]
    colors: NDArray[np.float64]


class Glb:
    """One .glb without compressed buffer views."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        self.json: dict[str, Any] = json.loads(data[20 : 20 + size])
        self.binary = data[28 + size :]

    def view(self, index: int) -> bytes:
        view = self.json["bufferViews"][index]
        assert "extensions" not in view, "decode it first"
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]]

    def accessor(self, index: int) -> NDArray[Any]:
        """Values as floats if normalised, in their own type otherwise."""
        accessor = self.json["accessors"][index]
        dtype = np.dtype(_DTYPES[accessor["componentType"]])
        width = _WIDTHS[accessor["type"]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        stride = view.get("byteStride", dtype.itemsize * width)
        values = np.ndarray(
            (accessor["count"], width),
            dtype,
            self.view(accessor["bufferView"]),
            strides=(stride, dtype.itemsize),
        )
        if accessor.get("normalized"):
            values = np.maximum(values.astype(np.float64) / np.iinfo(dtype).max, -1.0)
        return values[:, 0] if width == 1 else values

    def drawn(self) -> Drawn:
        """Every triangle, instances unrolled, in the z-up frame that 3D Tiles puts the content into."""
        found = [part for node in self.json["scenes"][0]["nodes"] for part in self._node(node, Y_UP_TO_Z_UP)]
        return Drawn(
            np.concatenate([d.corners for d in found]),
            np.concatenate([d.normals for d in found]),
            np.concatenate([d.features for d in found]),
            np.concatenate([d.colors for d in found]),
        )

    def positions(self) -> NDArray[np.float64]:
        """(n, 3) all vertices, of triangles and of points, instances unrolled, in the z-up frame."""
        return np.concatenate(
            [
                (corners @ matrix[:3, :3].T + matrix[:3, 3]).reshape(-1, 3)
                for corners, matrices in self._placed()
                for matrix in matrices
            ]
        )

    def _placed(self) -> Iterator[tuple[NDArray[np.float64], list[NDArray[np.float64]]]]:
        """Vertices of each primitive, and where it is drawn."""
        waiting = [(index, Y_UP_TO_Z_UP) for index in self.json["scenes"][0]["nodes"]]
        while waiting:
            index, parent = waiting.pop()
            node = self.json["nodes"][index]
            matrix = parent @ _node_matrix(node)
            waiting += [(child, matrix) for child in node.get("children", [])]
            if "mesh" not in node:
                continue
            matrices = [matrix]
            instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            if instancing is not None:
                placed = {name: self.accessor(at) for name, at in instancing["attributes"].items()}
                matrices = [
                    matrix @ _instance_matrix(placed, row) for row in range(len(placed["TRANSLATION"]))
                ]
            for primitive in self.json["meshes"][node["mesh"]]["primitives"]:
                yield self.accessor(primitive["attributes"]["POSITION"]).astype(np.float64), matrices

    def feature_ids(self) -> NDArray[np.int64]:
        """(n,) feature ids of all vertices and instances that have one."""
        found = []
        for node in self.json["nodes"]:
            if "mesh" not in node:
                continue
            instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            holders = (
                [instancing] if instancing is not None else self.json["meshes"][node["mesh"]]["primitives"]
            )
            found += [
                self.accessor(at)
                for holder in holders
                for name, at in holder["attributes"].items()
                if name.startswith("_FEATURE_ID_")
            ]
        return np.asarray(np.concatenate([np.zeros(0), *found]), dtype=np.int64)

    def _node(self, index: int, parent: NDArray[np.float64]) -> Iterator[Drawn]:
        node = self.json["nodes"][index]
        matrix = parent @ _node_matrix(node)
        for child in node.get("children", []):
            yield from self._node(child, matrix)
        if "mesh" not in node:
            return
        extensions = node.get("extensions", {})
        for primitive in self.json["meshes"][node["mesh"]]["primitives"]:
            instancing = extensions.get("EXT_mesh_gpu_instancing")
            if instancing is None:
                yield self._primitive(primitive, matrix, None)
                continue
            attributes = {name: self.accessor(at) for name, at in instancing["attributes"].items()}
            attribute = extensions["EXT_instance_features"]["featureIds"][0]["attribute"]
            for row, feature in enumerate(attributes[f"_FEATURE_ID_{attribute}"].tolist()):
                yield self._primitive(primitive, matrix @ _instance_matrix(attributes, row), int(feature))

    def _primitive(
        self, primitive: dict[str, Any], matrix: NDArray[np.float64], feature: int | None
    ) -> Drawn:
        attributes = {name: self.accessor(at) for name, at in primitive["attributes"].items()}
        corners = self.accessor(primitive["indices"]).reshape(-1, 3)
        positions = attributes["POSITION"].astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        normals = attributes["NORMAL"].astype(np.float64) @ np.linalg.inv(matrix[:3, :3])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        material = self.json["materials"][primitive["material"]]
        base = np.array(material["pbrMetallicRoughness"].get("baseColorFactor", [1.0] * 4))
        colors = np.ones((len(positions), 4))
        if "COLOR_0" in attributes:
            colors[:, : attributes["COLOR_0"].shape[1]] = attributes["COLOR_0"]
        none = np.full(len(positions), -1 if feature is None else feature)
        ids = attributes["_FEATURE_ID_0"].astype(np.int64) if "_FEATURE_ID_0" in attributes else none
        assert (ids[corners] == ids[corners[:, :1]]).all(), "a triangle belongs to one feature"
        return Drawn(positions[corners], normals[corners], ids[corners[:, 0]], (colors * base)[corners[:, 0]])

    def table(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        """Rows of property table 0: missing values are None, enumerations their names."""
        (table,) = self.json["extensions"]["EXT_structural_metadata"]["propertyTables"]
        definitions = schema["classes"][table["class"]]["properties"]
        rows: list[dict[str, Any]] = [{} for _ in range(table["count"])]
        for name, definition in definitions.items():
            for row, value in zip(rows, self._column(table, name, definition, schema), strict=True):
                row[name] = value
        return rows

    def _column(
        self, table: dict[str, Any], name: str, definition: dict[str, Any], schema: dict[str, Any]
    ) -> list[Any]:
        entry = table["properties"].get(name)
        if entry is None:
            assert not definition.get("required", False)
            return [None] * table["count"]
        data = self.view(entry["values"])
        if definition["type"] == "STRING":
            offsets = np.frombuffer(
                self.view(entry["stringOffsets"]), _SCALARS[entry["stringOffsetType"]]
            ).tolist()
            values: list[Any] = [data[a:b].decode() for a, b in pairwise(offsets)]
        elif definition["type"] == "ENUM":
            enum = schema["enums"][definition["enumType"]]
            names = {each["value"]: each["name"] for each in enum["values"]}
            values = [names[code] for code in np.frombuffer(data, _SCALARS[enum["valueType"]]).tolist()]
        else:
            values = np.frombuffer(data, _SCALARS[definition["componentType"]]).tolist()
        assert len(values) == table["count"]
        return [None if value == definition.get("noData") else value for value in values]


def _node_matrix(node: dict[str, Any]) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    matrix[:3, :3] *= np.array(node.get("scale", [1.0] * 3))
    matrix[:3, 3] = node.get("translation", [0.0] * 3)
    return matrix


def _instance_matrix(attributes: dict[str, NDArray[Any]], row: int) -> NDArray[np.float64]:
    x, y, z, w = (
        attributes["ROTATION"][row].astype(np.float64) if "ROTATION" in attributes else (0.0, 0.0, 0.0, 1.0)
    )
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * (attributes["SCALE"][row] if "SCALE" in attributes else 1.0)
    matrix[:3, 3] = attributes["TRANSLATION"][row]
    return matrix


@dataclass(frozen=True, slots=True)
class Placed:
    """One tile of a tileset: its JSON, the transform to ECEF, and the tile above it."""

    json: dict[str, Any]
    to_ecef: NDArray[np.float64]
    parent: "Placed | None"

    @property
    def box(self) -> NDArray[np.float64]:
        """(4, 3): centre and half axes in the tile's frame."""
        return np.array(self.json["boundingVolume"]["box"]).reshape(4, 3)

    def from_ecef(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) ECEF metres → the tile's frame."""
        return (points - self.to_ecef[:3, 3]) @ np.linalg.inv(self.to_ecef[:3, :3]).T

    def outside(self, points: NDArray[np.float64]) -> float:
        """How far (metres) the farthest of `points` (n, 3) in the tile's frame lies outside its box."""
        centre, axes = self.box[0], self.box[1:]
        lengths = np.linalg.norm(axes, axis=1)
        along = np.abs((points - centre) @ (axes / lengths[:, None]).T) - lengths
        return float(along.max())


def tiles_of(folder: Path, name: str, parent: Placed | None = None) -> Iterator[Placed]:
    """All tiles, parents first, through external tilesets; a tile that leads to one is not a tile of its own."""
    document = json.loads((folder / name).read_bytes())
    yield from _walk(folder, document["root"], parent, np.eye(4) if parent is None else parent.to_ecef)


def features_of(folder: Path, name: str, *, decoded: bool) -> dict[str, NDArray[np.float64]]:
    """(m, 3, 3) corners of the triangles of each feature in ECEF metres, by global_id. `name`: the tileset's first document.

    `decoded`: read the tiles that `tests.tiles.validator` has decoded, which lie beside the packed ones.
    """
    document = json.loads((folder / name).read_bytes())
    schema = json.loads((folder / document["schemaUri"]).read_bytes())
    found: dict[str, NDArray[np.float64]] = {}
    for tile in tiles_of(folder, name):
        if "content" not in tile.json:
            continue
        path = folder / tile.json["content"]["uri"]
        glb = Glb((path.parent / "decoded" / path.name if decoded else path).read_bytes())
        if "EXT_structural_metadata" not in glb.json.get("extensions", {}):
            continue
        drawn, rows = glb.drawn(), glb.table(schema)
        corners = drawn.corners @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        order = np.argsort(drawn.features, kind="stable")
        bounds = np.searchsorted(drawn.features[order], np.arange(len(rows) + 1))
        for at, row in enumerate(rows):
            assert row["global_id"] not in found, "an object is in one tile only"
            found[row["global_id"]] = corners[order[bounds[at] : bounds[at + 1]]]
    return found


def documents_of(folder: Path, name: str) -> Iterator[str]:
    """A tileset's document and those that its tiles lead to."""
    yield name
    waiting = [json.loads((folder / name).read_bytes())["root"]]
    while waiting:
        tile = waiting.pop()
        uri = tile.get("content", {}).get("uri", "")
        if uri.endswith(".json"):
            yield from documents_of(folder, uri)
        waiting += tile.get("children", [])


def _walk(
    folder: Path, tile: dict[str, Any], parent: Placed | None, above: NDArray[np.float64]
) -> Iterator[Placed]:
    transform = np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4).T
    matrix = above @ transform
    uri = tile.get("content", {}).get("uri", "")
    if uri.endswith(".json"):
        root = json.loads((folder / uri).read_bytes())["root"]
        assert "transform" not in root
        yield from _walk(folder, root, parent, matrix)
        return
    placed = Placed(tile, matrix, parent)
    yield placed
    for child in tile.get("children", []):
        yield from _walk(folder, child, placed, matrix)
