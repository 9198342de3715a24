"""A straight ramp from the ground into the upper basement, along x, with its walls and its glass canopy."""

import math
from dataclasses import dataclass

from sample_models.ifc_model import IfcModel
from sample_models.shapes import Point2, Solid, across_x, across_y, box
from sample_models.values import Part, Pset, as_new, flag, name

EASE = 3600.0
EASE_SLOPE, SLOPE = 0.075, 0.15
"""Length of the eased ends and their slope, and that of the middle: the most that JGJ 100 allows on a straight ramp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GarageRamp:
    """Where it begins in x, at the basement's wall, and the aisle (least and greatest y) that it continues; mm.

    `level` is that of the basement's floor, `roof` the top of its roof, `ground` that of the ground, above ±0.000.
    """

    start: float
    aisle: Point2
    level: float
    ground: float
    roof: float

    @property
    def end(self) -> float:
        """Where it reaches the ground in x."""
        main = (self.ground - 20.0 - self.level - 2 * EASE * EASE_SLOPE) / SLOPE
        return self.start + 2 * EASE + round(main, 1)

    def line(self) -> tuple[Point2, ...]:
        """Its floor as (x, z): eased, steep, eased."""
        rise, top = EASE * EASE_SLOPE, self.ground - 20.0
        return (
            (self.start, self.level),
            (self.start + EASE, self.level + rise),
            (self.end - EASE, top - rise),
            (self.end, top),
        )


def build_garage_ramp(model: IfcModel, ramp: GarageRamp) -> None:
    """Add the ramp to the storey `B1`, and its canopy to the site."""
    line = ramp.line()
    floor = (*((x, z - 300.0) for x, z in line), *reversed(line))
    whole = model.add(
        Part(
            key="site/garage-ramp",
            cls="IfcRamp",
            label=name("车库坡道", "Garage ramp"),
            attributes={"PredefinedType": "STRAIGHT_RUN_RAMP"},
            psets=(
                Pset(name="Pset_RampCommon", properties={**as_new("PD2"), "HasNonSkidSurface": flag(True)}),
            ),
            code="14-CD.05",
        ),
        model.spatial["B1"],
    )
    # Parts of an assembly stand relative to it, and it stands on the level of the basement.
    raised = tuple((x, z - ramp.level) for x, z in floor)
    model.add(
        Part(
            key="site/garage-ramp/flight",
            cls="IfcRampFlight",
            label=name("车库坡道板", "Garage ramp slab"),
            solids=(across_y(raised, *ramp.aisle, "asphalt"),),
            attributes={"PredefinedType": "STRAIGHT"},
            material="concrete",
        ),
        whole,
    )
    _walls(model, ramp)
    _canopy(model, ramp)


def _walls(model: IfcModel, ramp: GarageRamp) -> None:
    """Side walls up to a parapet, and the wall above the gate."""
    lift, (low, high) = -ramp.level, ramp.aisle
    top = 600.0 + ramp.ground + lift
    side = (*((x, z - 300.0 + lift) for x, z in ramp.line()), (ramp.end, top), (ramp.start, top))
    head_low = (ramp.start - 350.0, low - 250.0, ramp.roof + lift)
    walls: dict[str, Solid] = {
        "S": across_y(side, low - 250.0, low, "concrete"),
        "N": across_y(side, high, high + 250.0, "concrete"),
        "head": box(head_low, (ramp.start, high + 250.0, top), "concrete"),
    }
    for key, solid in walls.items():
        model.add(
            Part(
                key=f"site/garage-ramp/wall-{key}",
                cls="IfcWall",
                label=name(f"坡道侧墙 {key}", f"Ramp side wall {key}"),
                solids=(solid,),
                attributes={"PredefinedType": "SOLIDWALL"},
                material="concrete",
                code="14-JG.05",
            ),
            model.spatial["B1"],
        )


def _arch(aisle: Point2, radii: Point2, base: float) -> list[Point2]:
    middle = (aisle[0] + aisle[1]) / 2
    steps = 8
    return [
        (middle - radii[0] * math.cos(math.pi * i / steps), base + radii[1] * math.sin(math.pi * i / steps))
        for i in range(steps + 1)
    ]


def _canopy(model: IfcModel, ramp: GarageRamp) -> None:
    """A glass vault over the ramp on steel arches."""
    aisle, base = ramp.aisle, ramp.ground + 600.0
    half = (aisle[1] - aisle[0]) / 2 + 250.0
    start, end = ramp.start - 200.0, ramp.end - 1500.0
    outer, inner = _arch(aisle, (half, 2500.0), base), _arch(aisle, (half - 120.0, 2380.0), base)
    rib = tuple(_tenths(corner) for corner in (*reversed(outer), *inner))
    cover = _arch(aisle, (half + 20.0, 2520.0), base)
    shell = tuple(_tenths(corner) for corner in (*reversed(cover), *outer))
    ribs = 6
    spacing = (end - start - 150.0) / ribs
    solids: list[Solid] = [
        across_x(rib, start + i * spacing, start + i * spacing + 150.0, "dark_metal") for i in range(ribs + 1)
    ]
    solids.append(across_x(shell, start, end, "clear_glass"))
    model.add(
        Part(
            key="site/garage-canopy",
            cls="IfcRoof",
            label=name("车库坡道玻璃雨棚", "Glass canopy of the garage ramp"),
            solids=tuple(solids),
            attributes={"PredefinedType": "BARREL_ROOF"},
            material="glass",
            code="14-WM.02",
        ),
        model.spatial["site"],
    )


def _tenths(corner: Point2) -> Point2:
    """A corner to a tenth of a millimetre, so that the file does not depend on the last bit of a cosine."""
    return round(corner[0], 1), round(corner[1], 1)
