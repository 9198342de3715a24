"""What colour points have: their own, else by what they are classified as, else by how brightly they reflect."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASS_NAMES = {
    0: "Never classified", 1: "Unclassified", 2: "Ground", 3: "Low vegetation", 4: "Medium vegetation",
    5: "High vegetation", 6: "Building", 7: "Low noise", 8: "Model key point", 9: "Water", 10: "Rail", 11: "Road surface",
    13: "Wire guard", 14: "Wire conductor", 15: "Transmission tower", 16: "Wire connector", 17: "Bridge deck",
    18: "High noise", 19: "Overhead structure", 20: "Ignored ground", 21: "Snow", 22: "Temporal exclusion",
}  # fmt: skip
"""LAS 1.4-R15, table 17."""

_CLASS_COLORS = {
    2: (150, 125, 95), 3: (140, 180, 90), 4: (95, 155, 70), 5: (60, 120, 50), 6: (205, 115, 90), 7: (220, 60, 180),
    8: (170, 145, 115), 9: (80, 140, 200), 10: (110, 90, 85), 11: (105, 105, 110), 13: (230, 200, 60),
    14: (240, 220, 90), 15: (120, 120, 140), 16: (200, 180, 70), 17: (165, 160, 155), 18: (220, 60, 180),
    19: (150, 150, 165), 21: (235, 240, 245),
}  # fmt: skip
_PLAIN = (190, 190, 190)

_CLASS_TABLE = np.tile(np.array(_PLAIN, dtype=np.uint8), (256, 1))
for _code, _color in _CLASS_COLORS.items():
    _CLASS_TABLE[_code] = _color


def has_colors(chunk: Any) -> bool:
    """Whether the points of a file have colours of their own: LAS point formats 2, 3, 5, 7, 8 and 10."""
    return {"red", "green", "blue"} <= set(chunk.point_format.dimension_names)


def own_colors(chunk: Any, *, wide: bool) -> NDArray[np.uint8]:
    """(n, 3) colours of the points. `wide`: they are of 16 bits, as LAS demands; else of 8, as many files have them."""
    colors = np.column_stack([chunk.red, chunk.green, chunk.blue]).astype(np.uint16)
    return (colors >> 8).astype(np.uint8) if wide else np.minimum(colors, 255).astype(np.uint8)


def class_colors(classification: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 3) colours by class."""
    return np.asarray(_CLASS_TABLE[classification])


def intensity_colors(intensity: NDArray[np.uint16], brightest: float) -> NDArray[np.uint8]:
    """(n, 3) greys, `brightest` being nearly white."""
    grey = 40.0 + 205.0 * np.clip(intensity / max(brightest, 1.0), 0.0, 1.0)
    return np.repeat(grey.astype(np.uint8)[:, None], 3, axis=1)
