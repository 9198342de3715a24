"""How much each object weighs in a tile, in vertices."""

import numpy as np
from numpy.typing import NDArray

from tiles.geometry import Geometry
from tiles.partition import FULL_TILE

PER_INSTANCE = 6.0
"""A placement and an id are 34 bytes, a compressed vertex is 6."""

MOST_FEATURES = 4096
"""Features that one tile holds at most: CesiumJS makes a texture of the property table, one column a feature, and all GPUs
of the last ten years have textures of that width."""

LEAST_HEIGHT_M = 2.0
LEAST_ASPECT = 0.1
"""What is lower or thinner is a surface, a road, a wall or a pipe: its box would say something else."""

DRAWN_SHARE = 1.0 / 8.0
"""A vertex that is drawn again by the GPU costs no bytes but still costs a frame something."""


def drawn_vertices(geometry: Geometry, count: int) -> NDArray[np.float64]:
    """(count,) vertices that each object draws, by ordinal."""
    return _by_ordinal(geometry, geometry.mesh_rows["vertices"][geometry.mesh_of].astype(np.float64), count)


def are_buildings(
    geometry: Geometry, bounds: NDArray[np.float64], ordinals: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which of `ordinals` stand up like buildings, in meshes of their own, so that a box around one says much of it.

    `bounds` (n, 6) by ordinal.
    """
    repeated = geometry.mesh_uses[geometry.mesh_of] > 1
    shared = np.bincount(geometry.ordinals[repeated], minlength=len(bounds)) > 0
    size = bounds[ordinals, 3:] - bounds[ordinals, :3]
    narrow, wide = size[:, :2].min(axis=1), size[:, :2].max(axis=1)
    return np.asarray((size[:, 2] >= LEAST_HEIGHT_M) & (narrow >= LEAST_ASPECT * wide) & ~shared[ordinals])


def tile_weights(geometry: Geometry, count: int) -> NDArray[np.float64]:
    """(count,) vertices that each object adds to a tile, by ordinal; a repeated mesh is shared by its instances.

    Images count as the vertices that would take their bytes, shared by the instances that show them.
    """
    vertices = geometry.mesh_rows["vertices"].astype(np.float64)
    uses = np.maximum(geometry.mesh_uses, 1)
    shared = np.maximum(vertices / uses + PER_INSTANCE, vertices * DRAWN_SHARE)
    repeated = (
        geometry.pays_as_instances(np.arange(len(vertices)), geometry.mesh_uses)[geometry.mesh_of]
        & geometry.similar
    )
    weight = np.where(repeated, shared[geometry.mesh_of], vertices[geometry.mesh_of])
    total = _by_ordinal(geometry, weight + geometry.image_weight[geometry.mesh_of], count)
    return np.maximum(total, FULL_TILE / MOST_FEATURES)


def _by_ordinal(geometry: Geometry, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return np.bincount(geometry.ordinals, weights=values, minlength=count).astype(np.float64)
