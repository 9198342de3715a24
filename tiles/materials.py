"""Surfaces as glTF wants them: linear colours, few distinct entries, an order that does not depend on the writers."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.source import Material, Texture

_GREY = 0.8
"""What stands for a colour channel that is no number."""

OPAQUE_FROM = 1.0 - 0.5 / 255.0
"""Alpha that no 8-bit display can tell from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The distinct surfaces of a model; names do not count.

    entry_of: (spool materials,) entry of each material of the spool. linear: (entries, 4) float64, linear RGB and alpha,
    0…1. textures: image of each entry or None. translucent, double_sided: (entries,) bool. drawing: (entries,) number of
    the way of drawing: entries that share it fit into one draw call; opaque ones come first.
    """

    entry_of: NDArray[np.int64]
    linear: NDArray[np.float64]
    textures: list[Texture | None]
    translucent: NDArray[np.bool_]
    double_sided: NDArray[np.bool_]
    drawing: NDArray[np.int64]


def linear_from_srgb(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1: display colour 0…1 → linear 0…1."""
    result: NDArray[np.float64] = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return result


def srgb_from_linear(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1: linear 0…1 → display colour 0…1."""
    result: NDArray[np.float64] = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return result


def palette_of(materials: Sequence[Material]) -> Palette:
    """Join materials that look the same, ordered by what they look like."""
    keys = [_look(material) for material in materials]
    distinct = sorted(set(keys))
    entry = {key: at for at, key in enumerate(distinct)}
    first = {key: materials[at] for at, key in reversed(list(enumerate(keys)))}
    colors = np.array([key[0] for key in distinct], dtype=np.float64).reshape(-1, 4)
    linear = np.column_stack([linear_from_srgb(colors[:, :3]), colors[:, 3]])
    textures = [first[key].texture for key in distinct]
    translucent = linear[:, 3] < OPAQUE_FROM
    double_sided = np.array([first[key].double_sided for key in distinct], dtype=bool)
    return Palette(
        entry_of=np.array([entry[key] for key in keys], dtype=np.int64),
        linear=linear,
        textures=textures,
        translucent=translucent,
        double_sided=double_sided,
        drawing=_drawing(translucent, double_sided, textures),
    )


def _drawing(
    translucent: NDArray[np.bool_], double_sided: NDArray[np.bool_], textures: Sequence[Texture | None]
) -> NDArray[np.int64]:
    """A colour is an attribute of vertices; an image, translucency and culling are states of a draw call."""
    images = [-1 if texture is None else at for at, texture in enumerate(textures)]
    keys = list(zip(translucent.tolist(), double_sided.tolist(), images, strict=True))
    order = {key: at for at, key in enumerate(sorted(set(keys)))}
    return np.array([order[key] for key in keys], dtype=np.int64)


def _look(material: Material) -> tuple[tuple[float, ...], bool, str]:
    texture = material.texture
    color = tuple(
        _GREY if math.isnan(value) else min(max(float(value), 0.0), 1.0) for value in material.color
    )
    if texture is None:
        return color, material.double_sided, ""
    image = hashlib.blake2b(texture.data, digest_size=16).hexdigest()
    return color, material.double_sided, f"{image} {texture.media_type} {texture.repeat_s} {texture.repeat_t}"
