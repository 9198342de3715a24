"""Measures, texts and colours of rules for the rows of a batch."""

import re

import numpy as np
from numpy.typing import NDArray

from bim_import.gis.columns import Columns, Floats
from bim_import.gis.rules.values import Colour, Measure, Rgba, Text

_NAMED: dict[str, str] = {
    "white": "#ffffff", "black": "#1e1e1e", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0",
    "lightgray": "#d3d3d3", "lightgrey": "#d3d3d3", "darkgray": "#5a5a5a", "darkgrey": "#5a5a5a",
    "red": "#c0392b", "maroon": "#800000", "brown": "#8b5a2b", "orange": "#e08e2b", "yellow": "#e8c93a",
    "beige": "#f5f5dc", "cream": "#fff4d6", "tan": "#d2b48c", "pink": "#e8a0a8", "purple": "#7d4e9e",
    "green": "#4c8c4a", "darkgreen": "#2f5d34", "lightgreen": "#9ccc8c", "olive": "#808000",
    "blue": "#3d6fb5", "lightblue": "#a9cbe8", "navy": "#1f3a68", "teal": "#008080", "cyan": "#4fb8c8",
}  # fmt: skip
"""Names that OpenStreetMap's building:colour has most; softened, as facades are."""

_LARGEST_M = 15.0
"""No pipe is wider: a larger diameter is in millimetres (tunnel boring machines reach 17.6 m, pipes of water mains 4 m)."""

_HEX = re.compile(r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")


def numbers(measure: Measure, columns: Columns) -> Floats:
    """(n,) float64, NaN where there is none."""
    result = np.full(len(columns), np.nan)
    for name in measure.columns:
        missing = np.isnan(result)
        if not missing.any():
            break
        result = np.where(missing, columns.numbers(name, measure.unit_m), result)
    if measure.constant is not None:
        result = np.where(np.isnan(result), measure.constant, result)
    if measure.mixed_mm:
        result = np.where(result > _LARGEST_M, result * 0.001, result)
    return np.where(np.isfinite(result), result, np.nan)


def texts(text: Text, columns: Columns) -> NDArray[np.object_]:
    """(n,) str, the constant where there is none."""
    result = np.full(len(columns), text.constant, dtype=object)
    missing = np.ones(len(columns), dtype=bool)
    for name in text.columns:
        found = missing & columns.valid(name)
        result[found] = columns.texts(name)[found]
        missing &= ~found
    return result


def colours(colour: Colour, columns: Columns) -> tuple[NDArray[np.int64], list[Rgba]]:
    """(n,) index into the list of colours that occur."""
    if not colour.column:
        return np.zeros(len(columns), dtype=np.int64), [colour.constant]
    found = texts(Text(columns=(colour.column,)), columns)
    distinct, index = np.unique(found.astype(str), return_inverse=True)
    table = [colour.of_text.get(text) or rgba(text) or colour.constant for text in distinct.tolist()]
    return index.reshape(-1), table


def rgba(text: str) -> Rgba | None:
    """A colour as CSS and OpenStreetMap write it (`#rgb`, `#rrggbb`, `#rrggbbaa`, a name), sRGB; None: it is none."""
    named = _NAMED.get(text.strip().casefold().replace("_", "").replace(" ", ""), text.strip())
    match = _HEX.match(named)
    if match is None:
        return None
    digits = match[1] if len(match[1]) > 3 else "".join(letter * 2 for letter in match[1])
    red, green, blue, *alpha = (int(digits[at : at + 2], 16) / 255.0 for at in range(0, len(digits), 2))
    return (red, green, blue, alpha[0] if alpha else 1.0)
