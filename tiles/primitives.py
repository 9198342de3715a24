"""From soups to glTF meshes: welding, ordering, materials, and which attributes each primitive carries."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles import compression
from tiles.geometry import Soup
from tiles.gltf import GlbBuilder
from tiles.materials import Palette
from tiles.structural import MESH_FEATURES, announce_instances, feature_set
from tiles.surfaces import Surface, surfaces
from tiles.vertices import (
    COARSEST_STEP,
    FEATURE_ID,
    FINEST_STEP,
    Attribute,
    Lattice,
    colors,
    feature_ids,
    lattice_positions,
    normals,
    plain_positions,
    shared_positions,
    texture_coordinates,
)

ROUGHNESS = 0.9
"""Matt: building models carry no gloss worth believing, and shiny walls hide their colour."""

REPEAT, CLAMP_TO_EDGE, LINEAR, LINEAR_MIPMAP_LINEAR = 10497, 33071, 9729, 9987
"""glTF 2.0, sampler properties."""

QUANTIZATION = "KHR_mesh_quantization"


Box = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How vertices are stored: `compress` as in TileOptions; exponents of two of the `finest` and `coarsest` step of the
    lattice, metres; `by_plan` orders vertices for size (see `_by_plan`) and not for the vertex cache.
    """

    compress: bool
    finest: int = FINEST_STEP
    coarsest: int = COARSEST_STEP
    by_plan: bool = False


class MeshWriter:
    """Writes the meshes of one asset; equal materials are written once."""

    def __init__(self, builder: GlbBuilder, palette: Palette, packing: Packing) -> None:
        self._builder = builder
        self._palette = palette
        self._packing = packing
        self._compress = packing.compress
        self._materials: dict[tuple[int, bool], int] = {}

    def draw(self, soup: Soup, features: NDArray[np.int64] | None) -> Box:
        """Write `soup` as one mesh and the node that draws it, `features` (n,) being the ids of its vertices if it has features.

        Returns the bounds of what a runtime decodes, metres.
        """
        lattice = self._lattice(soup.positions)
        mesh = self._mesh(soup, lattice, [] if features is None else [feature_ids(features)])
        self._builder.nodes.append({"mesh": mesh} | lattice.node())
        return lattice.lower, lattice.upper

    def _lattice(self, positions: NDArray[np.float64]) -> Lattice:
        if not self._compress:
            return plain_positions(positions)
        return lattice_positions(positions, finest=self._packing.finest, coarsest=self._packing.coarsest)

    def write_shared(self, soup: Soup, *, largest_scale: float) -> int:
        """Write `soup` as a mesh for instances, which have the feature ids and scale it by at most `largest_scale`."""
        shared = shared_positions(soup.positions, largest_scale=largest_scale) if self._compress else None
        mesh = self._mesh(soup, shared or plain_positions(soup.positions), [])
        announce_instances(self._builder, self._builder.meshes[mesh]["primitives"])
        return mesh

    def _mesh(self, soup: Soup, lattice: Lattice, ids: list[Attribute]) -> int:
        shared = [lattice.attribute, normals(soup.normals, packed=self._compress)]
        if self._compress:
            self._builder.used.add(QUANTIZATION)
            self._builder.required.add(QUANTIZATION)
        primitives = [
            self._primitive(surface, soup, shared, ids) for surface in surfaces(soup, self._palette)
        ]
        self._builder.meshes.append({"primitives": primitives})
        return len(self._builder.meshes) - 1

    def _primitive(
        self, surface: Surface, soup: Soup, shared: list[Attribute], ids: list[Attribute]
    ) -> dict[str, Any]:
        colored = self._in_vertices(surface)
        attributes = [each.taken(surface.source) for each in shared + ids]
        if colored:
            attributes.append(colors(self._palette.linear, surface.entry))
        if self._palette.textures[surface.look] is not None and soup.uvs is not None:
            attributes.append(texture_coordinates(soup.uvs[surface.source], packed=self._compress))
        order, corners = self._order(soup, attributes, surface.triangles)
        count = len(surface.source) if isinstance(order, slice) else len(order)
        primitive: dict[str, Any] = {
            "attributes": {a.name: a.write(self._builder, order, packed=self._compress) for a in attributes},
            "indices": self._builder.indices(corners, count, packed=self._compress),
            "material": self._material(surface.look, colored=colored),
        }
        if ids:
            features = int(np.count_nonzero(np.bincount(ids[0].values[surface.source].astype(np.intp))))
            primitive["extensions"] = feature_set(self._builder, MESH_FEATURES, count=features)
        return primitive

    def _in_vertices(self, surface: Surface) -> bool:
        """Whether its colour is in its vertices: packed, one colour takes next to no bytes there, and all surfaces share a shader.

        CesiumJS compiles one more for a colour of the material; several such are a second of the first view where the processor draws.
        """
        plain = self._compress and self._palette.textures[surface.look] is None
        return plain or bool((surface.entry != surface.entry[0]).any())

    def _order(
        self, soup: Soup, attributes: list[Attribute], triangles: NDArray[np.uint32]
    ) -> tuple[NDArray[np.int64] | slice, NDArray[np.uint32]]:
        """Which vertices to store, in order, and the corners (3 m,) into those."""
        if not self._packing.by_plan:
            return _ordered(attributes, triangles)
        return (slice(None), triangles.reshape(-1)) if soup.arranged else _by_plan(attributes, triangles)

    def _material(self, look: int, *, colored: bool) -> int:
        key = (look, colored)
        if key not in self._materials:
            self._builder.materials.append(self._material_json(look, colored=colored))
            self._materials[key] = len(self._builder.materials) - 1
        return self._materials[key]

    def _material_json(self, look: int, *, colored: bool) -> dict[str, Any]:
        palette = self._palette
        surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
        if not colored:
            surface["baseColorFactor"] = palette.linear[look].tolist()
        if palette.textures[look] is not None:
            surface["baseColorTexture"] = {"index": self._texture(look)}
        material: dict[str, Any] = {"pbrMetallicRoughness": surface}
        if palette.translucent[look]:
            material["alphaMode"] = "BLEND"
        if palette.double_sided[look]:
            material["doubleSided"] = True
        return material

    def _texture(self, look: int) -> int:
        texture = self._palette.textures[look]
        assert texture is not None
        builder = self._builder
        builder.images.append({"bufferView": builder.view(texture.data), "mimeType": texture.media_type})
        wrap = {True: REPEAT, False: CLAMP_TO_EDGE}
        builder.samplers.append(
            {
                "magFilter": LINEAR,
                "minFilter": LINEAR_MIPMAP_LINEAR,
                "wrapS": wrap[texture.repeat_s],
                "wrapT": wrap[texture.repeat_t],
            }
        )
        builder.textures.append({"source": len(builder.images) - 1, "sampler": len(builder.samplers) - 1})
        return len(builder.textures) - 1


def _ordered(
    attributes: list[Attribute], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Weld equal vertices, order triangles for the vertex cache and vertices by first use.

    Returns which vertices to store, in order, and the corners (3 m,) into those.
    """
    representative, corners = _welded(attributes, triangles)
    corners = compression.cache_ordered(corners, len(representative))
    place, used = compression.fetch_order(corners, len(representative))
    order = np.empty(used, dtype=np.int64)
    kept = place != compression.UNUSED
    order[place[kept]] = representative[kept]
    return order, place[corners]


def _welded(
    attributes: list[Attribute], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """The first of each group of equal vertices, and the corners (3 m,) into those."""
    words = [
        np.ascontiguousarray(each.rows).view(np.uint32).reshape(len(each.rows), -1) for each in attributes
    ]
    remap, distinct = compression.welded(np.column_stack(words))
    representative = np.empty(distinct, dtype=np.int64)
    representative[remap[::-1]] = np.arange(len(remap) - 1, -1, -1)
    return representative, remap[triangles.reshape(-1)]


def _by_plan(
    attributes: list[Attribute], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Weld equal vertices and put those of one feature that stand above one another side by side, up and down in turn.

    Walls stand on corners: foot and head of an edge, each once for every face that meets there, differ in their height
    and normals only. Side by side they cost 1.3 bytes each on the wire, in the order of the vertex cache 3.4. Triangles
    keep their order, which is good enough for a cache: meshes of layers are small.
    """
    order, corners = _welded(attributes, triangles)
    positions = np.ascontiguousarray(attributes[0].rows[order, :3]).astype(np.uint32)
    features = [each.values[order].astype(np.uint32) for each in attributes if each.name == FEATURE_ID]
    plan = np.column_stack([positions[:, :2], *features])
    corner, _ = compression.welded(np.ascontiguousarray(plan))
    height = positions[:, 2] & np.uint32(0xFFFFFF)
    height = np.where(corner & np.uint32(1), np.uint32(0xFFFFFF) - height, height)
    sorted_ = _argsorted(corner.astype(np.int64) << 24 | height)
    place = np.empty(len(order), dtype=np.uint32)
    place[sorted_] = np.arange(len(order), dtype=np.uint32)
    return order[sorted_], place[corners]


def _argsorted(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stable argsort of keys ≥ 0. numpy sorts numbers several times faster than it sorts their places, so these go along in the
    low bits as long as there is room.
    """
    bits = max(len(keys) - 1, 1).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits > 62:
        return np.argsort(keys, kind="stable")
    packed = keys << bits | np.arange(len(keys))
    packed.sort()
    return packed & ((1 << bits) - 1)
