"""Repeated geometry as GPU instances: which meshes pay, and how their placements are written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.geometry import Geometry
from tiles.gltf import GlbBuilder
from tiles.structural import INSTANCE_FEATURES, feature_set
from tiles.transforms import RIGID, similarity
from tiles.vertices import SHARED_STEP, feature_ids

GPU_INSTANCING = "EXT_mesh_gpu_instancing"

_FLOAT_ROUNDING = 1e-6
"""Relative: placements and rotations are float32 (6e-8), and some ten operations follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A mesh drawn several times in a tile: `rows` of the spool's instances and their feature ids."""

    mesh: int
    rows: NDArray[np.int64]
    features: NDArray[np.int64]


def split_repeated(
    geometry: Geometry, rows: NDArray[np.int64], features: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], list[Repeated]]:
    """Which of `rows` (instances of the spool) are to be baked, and the meshes that are drawn as instances."""
    baked = np.ones(len(rows), dtype=bool)
    meshes = geometry.mesh_of[rows]
    similar = geometry.similar[rows]
    distinct, uses = np.unique(meshes[similar], return_counts=True)
    repeated = []
    for mesh in distinct[geometry.pays_as_instances(distinct, uses)].tolist():
        within = np.flatnonzero((meshes == mesh) & similar)
        baked[within] = False
        repeated.append(Repeated(mesh=mesh, rows=rows[within], features=features[within]))
    return baked, repeated


def instancing(
    builder: GlbBuilder, geometry: Geometry, repeated: Repeated, centre: NDArray[np.float64]
) -> dict[str, Any]:
    """The extensions of a node that draws its mesh once per instance, placed relative to `centre` (3,) metres."""
    linear = geometry.transforms[repeated.rows][:, :, :3]
    parts = similarity(linear)
    origin = geometry.mesh_rows["origin"][repeated.mesh]
    translation = linear @ origin + geometry.transforms[repeated.rows][:, :, 3] - centre
    values = {"TRANSLATION": translation.astype(np.float32)}
    if bool((np.abs(parts.rotation[:, 3]) < 1.0).any()):
        values["ROTATION"] = parts.rotation.astype(np.float32)
    if bool((np.abs(parts.scale - 1.0) > RIGID).any()):
        values["SCALE"] = np.repeat(parts.scale[:, None], 3, axis=1).astype(np.float32)
    attributes = {name: builder.accessor(builder.view(rows.tobytes()), rows) for name, rows in values.items()}
    ids = feature_ids(repeated.features)
    attributes[ids.name] = builder.accessor(builder.view(ids.values.tobytes()), ids.values)
    builder.used.add(GPU_INSTANCING)
    builder.required.add(GPU_INSTANCING)
    count = len(np.unique(repeated.features))
    return {
        GPU_INSTANCING: {"attributes": attributes},
        **feature_set(builder, INSTANCE_FEATURES, count=count),
    }


def largest_scale(geometry: Geometry, repeated: Repeated) -> float:
    """The largest factor by which an instance scales its mesh."""
    return float(similarity(geometry.transforms[repeated.rows][:, :, :3]).scale.max())


def instanced_bounds(
    geometry: Geometry, repeated: Repeated, centre: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of what runtimes draw for the instances, relative to `centre`: the exact ones, wider by the rounding."""
    boxes = geometry.instance_bounds[repeated.rows] - np.tile(centre, 2)
    margin = 2.0**SHARED_STEP + _FLOAT_ROUNDING * float(np.abs(boxes).max())
    return boxes[:, :3].min(axis=0) - margin, boxes[:, 3:].max(axis=0) + margin
