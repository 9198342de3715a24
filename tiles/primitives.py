"""From soups to glTF meshes: welding, ordering, materials, and which attributes each primitive carries."""

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


class MeshWriter:
    """Writes the meshes of one asset; equal materials are written once."""

    def __init__(self, builder: GlbBuilder, palette: Palette, *, compress: bool) -> None:
        self._builder = builder
        self._palette = palette
        self._compress = compress
        self._materials: dict[tuple[int, bool], int] = {}

    def write(self, soup: Soup, features: NDArray[np.int64]) -> tuple[int, Lattice]:
        """Write `soup` as one mesh, `features` (n,) being the ids of its vertices; returns the mesh and its lattice."""
        pack = lattice_positions if self._compress else plain_positions
        lattice = pack(soup.positions)
        return self._mesh(soup, lattice, [feature_ids(features)]), lattice

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
        colored = bool((surface.entry != surface.entry[0]).any())
        attributes = [each.taken(surface.source) for each in shared + ids]
        if colored:
            attributes.append(colors(self._palette.linear, surface.entry))
        if self._palette.textures[surface.look] is not None and soup.uvs is not None:
            attributes.append(texture_coordinates(soup.uvs[surface.source], packed=self._compress))
        order, corners = _ordered(attributes, surface.triangles)
        primitive: dict[str, Any] = {
            "attributes": {a.name: a.write(self._builder, order, packed=self._compress) for a in attributes},
            "indices": self._builder.indices(corners, len(order), packed=self._compress),
            "material": self._material(surface.look, colored=colored),
        }
        if ids:
            count = len(np.unique(ids[0].values[surface.source]))
            primitive["extensions"] = feature_set(self._builder, MESH_FEATURES, count=count)
        return primitive

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
    rows = [np.ascontiguousarray(each.rows).view(np.uint8).reshape(len(each.rows), -1) for each in attributes]
    remap, distinct = compression.welded(np.ascontiguousarray(np.concatenate(rows, axis=1)))
    corners = compression.cache_ordered(remap[triangles.reshape(-1)], distinct)
    place, used = compression.fetch_order(corners, distinct)
    representative = np.empty(distinct, dtype=np.int64)
    representative[remap[::-1]] = np.arange(len(remap) - 1, -1, -1)
    order = np.empty(used, dtype=np.int64)
    kept = place != compression.UNUSED
    order[place[kept]] = representative[kept]
    return order, place[corners]
