"""One tile's content: objects in, the bytes of a .glb out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiles.geometry import Geometry
from tiles.gltf import GlbBuilder
from tiles.instancing import instanced_bounds, instancing, largest_scale, split_repeated
from tiles.metadata import FeatureTable
from tiles.primitives import Box, MeshWriter, Packing
from tiles.structural import write_table

Z_UP_TO_Y_UP = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
"""Column-major. 3D Tiles 1.1, "glTF transforms": runtimes turn the y-up of glTF into z-up; this turns z-up into y-up."""

PADDING_M = 2.0**-10
"""Boxes are wider than what is in them by a step of the coarsest lattice: runtimes decode in float32, and a box without
thickness has no axis to test against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An encoded tile. `lower`, `upper` (3,) bound what a runtime decodes, metres relative to the tile's centre."""

    data: bytes
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    instanced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What all tiles of a model have in common."""

    geometry: Geometry
    table: FeatureTable
    schema_uri: str
    packing: Packing


def encode_content(recipe: Recipe, ordinals: NDArray[np.intp], centre: NDArray[np.float64]) -> Content:
    """Encode the objects `ordinals` (ascending) into one .glb around `centre` (3,) local metres."""
    geometry = recipe.geometry
    rows = geometry.rows_of(ordinals)
    rows = rows[np.argsort(geometry.mesh_of[rows], kind="stable")]
    features, feature_of = _numbered(geometry.ordinals[rows])
    baked, repeated = split_repeated(geometry, rows, feature_of)
    builder = GlbBuilder()
    meshes = MeshWriter(builder, geometry.palette, recipe.packing)
    upright(builder)
    boxes: list[Box] = []
    if baked.any():
        soup = geometry.soup(rows[baked], centre)
        boxes.append(meshes.draw(soup, feature_of[baked][soup.vertex_instance]))
    for each in repeated:
        scale = largest_scale(geometry, each)
        mesh = meshes.write_shared(geometry.unplaced(each.mesh), largest_scale=scale)
        builder.nodes.append({"mesh": mesh, "extensions": instancing(builder, geometry, each, centre)})
        boxes.append(instanced_bounds(geometry, each, centre))
    write_table(builder, recipe.table.rows(features), count=len(features), schema_uri=recipe.schema_uri)
    return finished(builder, boxes, instanced=sum(len(each.rows) for each in repeated))


def upright(builder: GlbBuilder) -> None:
    """Begin the nodes of a scene with the one that turns z up into y up; `finished` hangs the others below it."""
    builder.nodes.append({"matrix": Z_UP_TO_Y_UP, "children": []})


def finished(builder: GlbBuilder, boxes: list[Box], *, instanced: int) -> Content:
    """The content of all that was written, which `boxes` bound."""
    builder.nodes[0]["children"] = list(range(1, len(builder.nodes)))
    return Content(
        data=builder.finish(root=0),
        lower=np.min([lower for lower, _ in boxes], axis=0) - PADDING_M,
        upper=np.max([upper for _, upper in boxes], axis=0) + PADDING_M,
        instanced=instanced,
    )


def _numbered(ordinals: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Distinct ordinals in order of first occurrence, and for each entry its position among them: the feature id."""
    distinct, first, inverse = np.unique(ordinals, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[inverse]
