"""Colours and images of trimesh's visuals → materials: one for a textured mesh, one per colour for coloured faces."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from twin.source import Material, Texture

_LEVELS = 32
"""Steps of a colour channel that are told apart in coloured vertices: a scan has a million of colours, and no two alike."""

_PLAIN = (0.78, 0.77, 0.75, 1.0)
_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a mesh looks: the material of each face by number; `uvs` (n, 2) with v upwards where there is an image."""

    materials: list[Material]
    slots: NDArray[np.int64]
    uvs: NDArray[np.float32] | None = None


def look_of(mesh: Any) -> Look:
    """The look of a Trimesh."""
    visual, count = mesh.visual, len(mesh.faces)
    if getattr(visual, "kind", None) == "texture":
        return _textured(visual, count, len(mesh.vertices))
    if getattr(visual, "kind", None) in ("face", "vertex"):
        return _colored(mesh)
    return Look(materials=[Material(color=_PLAIN)], slots=np.zeros(count, dtype=np.int64))


def _textured(visual: Any, faces: int, vertices: int) -> Look:
    source = visual.material
    image = getattr(source, "baseColorTexture", None) or getattr(source, "image", None)
    factor = getattr(source, "baseColorFactor", None)
    if factor is None:
        factor = getattr(source, "diffuse", None)
    color = _color(factor, linear=hasattr(source, "baseColorFactor"))
    name = str(getattr(source, "name", None) or "")
    uvs = None if visual.uv is None else np.asarray(visual.uv, dtype=np.float32)
    texture = _texture(image) if image is not None and uvs is not None and len(uvs) == vertices else None
    double = bool(source.doubleSided) if hasattr(source, "doubleSided") else True
    if texture is not None:
        color = (1.0, 1.0, 1.0, 1.0) if factor is None else color
    material = Material(name=name, color=color, texture=texture, double_sided=double)
    return Look(
        materials=[material],
        slots=np.zeros(faces, dtype=np.int64),
        uvs=np.nan_to_num(uvs) if texture is not None and uvs is not None else None,
    )


def _color(factor: Any, *, linear: bool) -> tuple[float, float, float, float]:
    """SRGB with alpha. glTF's factors are linear (glTF 2.0, 3.9.2), those of OBJ are what a screen shows."""
    if factor is None:
        return _PLAIN
    values = np.asarray(factor)
    scaled = values.astype(np.float64) / (255.0 if values.dtype.kind in "ui" else 1.0)
    full = np.clip(np.r_[scaled, np.ones(4)][:4] if len(scaled) >= 3 else np.array(_PLAIN), 0.0, 1.0)
    if len(scaled) == 3:
        full[3] = 1.0
    if linear:
        rgb = full[:3]
        full[:3] = np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * np.power(rgb, 1 / 2.4) - 0.055)
    red, green, blue, alpha = full.round(4).tolist()
    return (red, green, blue, alpha)


def _texture(image: Any) -> Texture | None:
    """An image as it lies in the file where that is PNG or JPEG, else written anew."""
    media = _FORMATS.get(str(getattr(image, "format", "")))
    raw = getattr(image, "fp", None)
    try:
        if media is not None and raw is not None:
            raw.seek(0)
            return Texture(media_type=media, data=raw.read())  # type: ignore[arg-type]  # one of the two
        buffer = io.BytesIO()
        if image.mode in ("RGBA", "LA", "P", "PA"):
            image.convert("RGBA").save(buffer, "PNG")
            return Texture(media_type="image/png", data=buffer.getvalue())
        image.convert("RGB").save(buffer, "JPEG", quality=90)
        return Texture(media_type="image/jpeg", data=buffer.getvalue())
    except (OSError, ValueError, PIL.Image.DecompressionBombError):
        return None


def _colored(mesh: Any) -> Look:
    """Colours per face: its own, or the mean of its corners', in steps that the eye hardly sees."""
    if mesh.visual.kind == "face":
        colors = np.asarray(mesh.visual.face_colors, dtype=np.float64)
    else:
        colors = np.asarray(mesh.visual.vertex_colors, dtype=np.float64)[mesh.faces].mean(axis=1)
    steps = np.rint(colors / 255.0 * (_LEVELS - 1)).astype(np.int64)
    distinct, slots = np.unique(steps, axis=0, return_inverse=True)
    materials = []
    for row in distinct.tolist():
        red, green, blue, alpha = (round(value / (_LEVELS - 1), 4) for value in row)
        materials.append(Material(color=(red, green, blue, alpha)))
    return Look(materials=materials, slots=slots.reshape(-1))
