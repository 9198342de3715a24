"""The plan of the community centre: grid, storeys and levels. Millimetres; x runs along the south front, y to the back.

The origin is the outer face of the columns at axis 1/A, on the finished floor of the first floor (±0.000). Columns
on the edge stand inside the grid lines, the external walls outside them, so that the two never overlap.
"""

from dataclasses import dataclass

from sample_models.shapes import Outline, rectangle
from sample_models.values import Label, name

BAY_MM = 8400.0
"""Axis spacing along the front: three parking bays of 2.5 m between columns."""

AXES_X = (0.0, 8400.0, 16800.0, 25200.0, 33600.0, 42000.0, 50400.0)
"""Axes 1–7; the last one only below ground, where the car park is one field longer than the building."""

AXES_Y = (0.0, 5100.0, 11900.0, 19200.0)
"""Axes A–D: chosen so that the car park has bays, a 6 m aisle between rows B and C, and bays again."""

LENGTH, DEPTH = 42000.0, 19200.0
CAR_PARK_LENGTH = 50400.0
COLUMN = 600.0
WALL = 300.0
BASEMENT_WALL = 350.0
FLOOR_FINISH = 50.0
SLAB = 150.0
BEAM_HEIGHT, BEAM_WIDTH = 600.0, 300.0
GROUND = -300.0
"""Level of the ground around the building."""

ROOF = 12300.0
PARAPET = 13500.0
TERRACE_X, TERRACE_Y = 34200.0, 8850.0
"""Third floor: east of this x and south of this y is the roof terrace (outer faces of the walls towards it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storey:
    """One storey: its key, its names, and the level and height of its finished floor in mm."""

    key: str
    label: Label
    level: float
    height: float

    @property
    def above_ground(self) -> bool:
        """Whether the floor is at or above ±0.000."""
        return self.level >= 0

    @property
    def clear(self) -> float:
        """Height from the finished floor to the underside of the slab above."""
        return self.height - FLOOR_FINISH - SLAB

    @property
    def under_beams(self) -> float:
        """Height from the finished floor to the underside of the beams."""
        return self.clear - BEAM_HEIGHT


STOREYS: tuple[Storey, ...] = (
    Storey(key="B2", label=name("地下二层", "Basement level 2"), level=-8100.0, height=3900.0),
    Storey(key="B1", label=name("地下一层", "Basement level 1"), level=-4200.0, height=4200.0),
    Storey(key="1F", label=name("一层", "First floor"), level=0.0, height=4500.0),
    Storey(key="2F", label=name("二层", "Second floor"), level=4500.0, height=3900.0),
    Storey(key="3F", label=name("三层", "Third floor"), level=8400.0, height=3900.0),
)
"""From the lowest up. The ground floor is the first floor, as is usual in China."""

BY_KEY: dict[str, Storey] = {storey.key: storey for storey in STOREYS}


ANNEX_SLAB = (-850.0, -550.0)
"""Underside and top of the roof of the car park where it reaches beyond the building, above ±0.000."""


def ceiling(storey: Storey, x: float) -> float:
    """Height of the underside of the ceiling above the floor of a storey, at a place along the front."""
    return ANNEX_SLAB[0] - storey.level if x > LENGTH else storey.clear


def footprint(storey_key: str) -> Outline:
    """Outline of the structural floor of a storey."""
    if storey_key == "B1":
        return rectangle((0.0, 0.0), (CAR_PARK_LENGTH, DEPTH))
    return rectangle((0.0, 0.0), (LENGTH, DEPTH))


def upper_outline(inset: float = 0.0) -> Outline:
    """Outer faces of the third floor (the building without the terrace), moved inward by `inset` mm."""
    west, east, north = -WALL + inset, LENGTH + WALL - inset, DEPTH + WALL - inset
    return (
        (west, west),
        (TERRACE_X - inset, west),
        (TERRACE_X - inset, TERRACE_Y + inset),
        (east, TERRACE_Y + inset),
        (east, north),
        (west, north),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a column stands (its rectangle) and through which storeys it goes."""

    key: str
    low: tuple[float, float]
    high: tuple[float, float]
    storeys: tuple[str, ...]


def columns() -> tuple[Column, ...]:
    """All columns; those on an edge of the grid are moved inside it."""
    return tuple(
        _column(number, letter, x, y)
        for number, x in enumerate(AXES_X, 1)
        for letter, y in zip("ABCD", AXES_Y, strict=True)
    )


def _column(number: int, letter: str, x: float, y: float) -> Column:
    x0 = min(max(x - COLUMN / 2, 0.0), CAR_PARK_LENGTH - COLUMN)
    if x == LENGTH:
        x0 = LENGTH - COLUMN
    y0 = min(max(y - COLUMN / 2, 0.0), DEPTH - COLUMN)
    if x == CAR_PARK_LENGTH:
        storeys: tuple[str, ...] = ("B1",)
    elif x == LENGTH and letter in "AB":
        storeys = ("B2", "B1", "1F", "2F")
    else:
        storeys = ("B2", "B1", "1F", "2F", "3F")
    return Column(key=f"{number}{letter}", low=(x0, y0), high=(x0 + COLUMN, y0 + COLUMN), storeys=storeys)
