"""A rule as values: what some features of a layer become."""

from typing import Literal

from msgspec import Struct

from bim_import.gis.rules.where import Condition

Kind = Literal["extrude", "surface", "tube", "instance", "skip"]
GeometryKind = Literal["point", "line", "polygon"]
Rgba = tuple[float, float, float, float]

STOREY_M = 3.0
"""Height of a storey where only their number is known: what OpenStreetMap's Simple 3D Buildings assume."""

LANE_M = 3.5
"""Width of a lane: the middle of what road standards have (3.0 … 3.75 m)."""


class Measure(Struct, frozen=True, kw_only=True):
    """A number for each feature: of the first of `columns` that has one, else `constant`, else none.

    `unit_m`: metres in one unit of numbers without unit. `mixed_mm`: numbers that would be too large in metres for a pipe are
    millimetres.
    """

    columns: tuple[str, ...] = ()
    constant: float | None = None
    unit_m: float = 1.0
    mixed_mm: bool = False


class Text(Struct, frozen=True, kw_only=True):
    """A text for each feature: of the first of `columns` that has one, else `constant`."""

    columns: tuple[str, ...] = ()
    constant: str = ""


class Colour(Struct, frozen=True, kw_only=True):
    """A colour for each feature: by the text of `column` through `of_text`, or as that text says itself, else `constant`."""

    constant: Rgba
    column: str = ""
    of_text: dict[str, Rgba] = {}


class Kept(Struct, frozen=True, kw_only=True):
    """A property: `name` to be shown, `column` it comes from, `type` to make of it (None: as it is), `unit` it is in."""

    name: str
    column: str
    type: Literal["number", "integer", "text", "boolean"] | None = None
    unit: str | None = None


class Roof(Struct, frozen=True, kw_only=True):
    """A roof as Simple 3D Buildings describe it. `height` counts within the building's height."""

    shape: Text = Text(constant="flat")
    height: Measure = Measure()
    levels: Measure = Measure()
    angle: Measure = Measure()
    direction: Text = Text()
    orientation: Text = Text()


class Rule(Struct, frozen=True, kw_only=True):
    """What becomes of the features of `layers` (patterns, none: all) and `geometry` for which `where` holds.

    `title` names the rule in messages. Which of the other fields count depends on `kind`; docs/gis.md has the table.
    `reference` is what depths and elevations are told to; `by column`: what the name of each column says, else the axis.
    """

    title: str
    kind: Kind
    layers: tuple[str, ...] = ()
    geometry: GeometryKind | None = None
    where: Condition | None = None
    class_: Text = Text(constant="Feature")
    discipline: str = "other"
    name: Text = Text()
    id: Text = Text()
    properties: tuple[Kept, ...] | None = None
    color: Colour = Colour(constant=(0.8, 0.8, 0.8, 1.0))
    roof_color: Colour | None = None
    base: Measure = Measure()
    height: Measure = Measure()
    floors: Measure = Measure()
    storey_height: Measure = Measure(constant=STOREY_M)
    min_height: Measure = Measure()
    min_floors: Measure = Measure()
    default_height: float = 2 * STOREY_M
    roof: Roof = Roof()
    width: Measure = Measure()
    lanes: Measure = Measure()
    default_width: float = 2.0
    offset: float = 0.0
    diameter: Measure = Measure()
    default_diameter: float = 0.3
    depth: Measure = Measure()
    default_depth: float = 1.5
    end_depth: Measure = Measure()
    elevation: Measure = Measure()
    end_elevation: Measure = Measure()
    reference: Literal["axis", "top", "invert", "by column"] = "by column"
    model: Text = Text(constant="marker")
    heading: Measure = Measure()
    scale: Measure = Measure(constant=1.0)
    size: Measure = Measure()
