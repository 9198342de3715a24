"""The plot: lawn, paving, drive, entrance steps and ramp, garage ramp with its canopy, trees."""

import math

from sample_models import plan
from sample_models.building import PLOT
from sample_models.garage_ramp import GarageRamp, build_garage_ramp
from sample_models.ifc_model import IfcModel
from sample_models.shapes import Outline, Point2, Rod, Solid, across_y, box, crown, plate, rectangle
from sample_models.values import Kind, Label, Part, Place, Pset, as_new, flag, name

GROUND = plan.GROUND
RAMP = GarageRamp(
    start=plan.CAR_PARK_LENGTH + plan.BASEMENT_WALL,
    aisle=(5500.0, 11500.0),
    level=plan.BY_KEY["B1"].level,
    ground=GROUND,
    roof=plan.ANNEX_SLAB[1],
)
"""It continues the aisle of the car park."""


def build_surroundings(model: IfcModel) -> None:
    """Add the plot and what stands on it."""
    _ground(model)
    _pavings(model)
    _entrance_steps(model)
    _accessible_ramp(model)
    build_garage_ramp(model, RAMP)
    _trees(model)


# ------------------------------------------------------------------------------------------------- ground
def _ground(model: IfcModel) -> None:
    """The lawn, in four pieces around the building and the garage ramp; its top lies 60 mm below the paving."""
    (x0, y0), (x1, y1) = PLOT.low, PLOT.high
    out = plan.WALL + 60.0
    south, north = RAMP.aisle[0] - 250.0, RAMP.aisle[1] + 250.0
    east = plan.LENGTH + out
    pieces: tuple[Outline, ...] = (
        rectangle((x0, y0), (x1, -out)),
        rectangle((x0, plan.DEPTH + out), (x1, y1)),
        rectangle((x0, -out), (-out, plan.DEPTH + out)),
        rectangle((east, -out), (x1, south)),
        rectangle((east, north), (x1, plan.DEPTH + out)),
        rectangle((east, south), (RAMP.start - 350.0, north)),
        rectangle((RAMP.end, south), (x1, north)),
    )
    add_lawn(model, pieces, GROUND)


def add_lawn(model: IfcModel, pieces: tuple[Outline, ...], ground: float) -> None:
    """The lawn of a plot; its top lies 60 mm below the ground's level (mm above ±0.000)."""
    solids = tuple(plate(piece, ground - 300.0, ground - 60.0, "lawn") for piece in pieces)
    model.add(
        Part(
            key="site/terrain",
            cls="IfcGeographicElement",
            label=name("场地绿地", "Lawn of the plot"),
            solids=solids,
            attributes={"PredefinedType": "TERRAIN"},
            code="14-CD.01",
        ),
        model.spatial["site"],
    )


def add_paving(model: IfcModel, key: str, label: Label, outlines: tuple[Outline, ...], paint: str) -> None:
    """Paving of a plot at the ground's level, asphalt a little lower."""
    top = GROUND if paint == "paving" else GROUND - 20.0
    model.add(
        Part(
            key=f"site/{key}",
            cls="IfcSlab",
            label=label,
            solids=tuple(plate(outline, GROUND - 140.0, top, paint) for outline in outlines),
            attributes={"ObjectType": "室外铺装 Pavement", "PredefinedType": "USERDEFINED"},
            psets=(Pset(name="Pset_SlabCommon", properties={**as_new("PZ"), "IsExternal": flag(True)}),),
            material="granite" if paint == "paving" else "screed",
            code="14-CD.02",
        ),
        model.spatial["site"],
    )


def _pavings(model: IfcModel) -> None:
    y0, (x1, y1) = PLOT.low[1], PLOT.high
    forecourt = (
        rectangle((5000.0, -16000.0), (37000.0, -360.0)),
        rectangle((17000.0, y0 + 200.0), (25000.0, -16000.0)),
    )
    add_paving(model, "forecourt", name("入口广场", "Forecourt"), forecourt, "paving")
    around = (
        rectangle((-3500.0, -360.0), (-360.0, 23000.0)),
        rectangle((-360.0, 19560.0), (45500.0, 23000.0)),
        rectangle((42360.0, -360.0), (45500.0, 5250.0)),
        rectangle((42360.0, 11750.0), (45500.0, 19560.0)),
        rectangle((42360.0, 5250.0), (45500.0, 11750.0)),
        rectangle((-3500.0, -3000.0), (5000.0, -360.0)),
        rectangle((37000.0, -3000.0), (45500.0, -360.0)),
    )
    add_paving(model, "path", name("环建筑步道", "Path around the building"), around, "paving")
    drive = (
        rectangle((82500.0, y0 + 200.0), (x1 - 500.0, y1 - 200.0)),
        rectangle((RAMP.end, RAMP.aisle[0]), (82500.0, RAMP.aisle[1])),
    )
    add_paving(model, "drive", name("车行道", "Drive"), drive, "asphalt")


# ---------------------------------------------------------------------------------------------- entrance
def _entrance_steps(model: IfcModel) -> None:
    """A platform level with the porch and one step below it, along three sides."""
    top = -20.0
    solids = (
        box((14400.0, -5000.0, GROUND - 100.0), (27600.0, -360.0, top), "stone"),
        box((14400.0, -5300.0, GROUND - 100.0), (27600.0, -5000.0, top - 140.0), "plinth"),
        box((27600.0, -5300.0, GROUND - 100.0), (27900.0, -360.0, top - 140.0), "plinth"),
        box((15000.0, -360.0, GROUND - 100.0), (27000.0, -300.0, top), "stone"),
    )
    model.add(
        Part(
            key="site/steps",
            cls="IfcStair",
            label=name("入口台阶", "Entrance steps"),
            solids=solids,
            attributes={"PredefinedType": "STRAIGHT_RUN_STAIR"},
            psets=(Pset(name="Pset_StairCommon", properties={**as_new("TJ1"), "IsExternal": flag(True)}),),
            material="granite",
            code="14-CD.03",
        ),
        model.spatial["site"],
    )


def _accessible_ramp(model: IfcModel) -> None:
    """A ramp of 1:12 up to the platform from the west, with handrails on both sides."""
    top, foot = -20.0, 14400.0 - 12.0 * 280.0
    low, high = -2200.0, -700.0
    profile: Outline = ((foot, GROUND - 100.0), (14400.0, GROUND - 100.0), (14400.0, top), (foot, GROUND))
    ramp = model.add(
        Part(
            key="site/ramp",
            cls="IfcRamp",
            label=name("无障碍坡道", "Accessible ramp"),
            attributes={"PredefinedType": "STRAIGHT_RUN_RAMP"},
            psets=(
                Pset(
                    name="Pset_RampCommon",
                    properties={**as_new("PD1"), "HandicapAccessible": flag(True), "IsExternal": flag(True)},
                ),
            ),
            code="14-CD.04",
        ),
        model.spatial["site"],
    )
    model.add(
        Part(
            key="site/ramp/flight",
            cls="IfcRampFlight",
            label=name("坡道面", "Ramp flight"),
            solids=(across_y(profile, low, high, "paving"),),
            attributes={"PredefinedType": "STRAIGHT"},
            material="granite",
        ),
        ramp,
    )
    for number, y in enumerate((low + 60.0, high - 60.0), 1):
        model.add(
            Part(
                key=f"site/ramp/railing{number}",
                cls="IfcRailing",
                label=name(f"坡道扶手{number}", f"Ramp handrail {number}"),
                solids=_handrail((foot, GROUND), (14400.0, top), y),
                attributes={"PredefinedType": "HANDRAIL"},
                material="stainless",
                code="14-LT.03",
            ),
            ramp,
        )


def _handrail(start: Point2, end: Point2, y: float) -> tuple[Solid, ...]:
    """Two rails and three posts between two points (x, z)."""
    (x0, z0), (x1, z1) = start, end
    rails = tuple(
        Rod(start=(x0, y, z0 + above), end=(x1, y, z1 + above), radius=22.0, style="steel")
        for above in (650.0, 900.0)
    )
    posts = tuple(
        Rod(start=(x, y, z - 50.0), end=(x, y, z + 895.0), radius=18.0, style="steel")
        for x, z in ((x0 + (x1 - x0) * t, z0 + (z1 - z0) * t) for t in (0.03, 0.5, 0.97))
    )
    return *rails, *posts


# -------------------------------------------------------------------------------------------------- trees
def _tree(key: str, label: Label, height: float, paint: str) -> Kind:
    trunk = Rod(start=(0.0, 0.0, -200.0), end=(0.0, 0.0, height * 0.5), radius=height * 0.018, style="bark")
    low = crown((0.0, 0.0, height * 0.6), (height * 0.3, height * 0.28, height * 0.27), paint)
    top = crown(
        (height * 0.06, -height * 0.04, height * 0.8), (height * 0.2, height * 0.21, height * 0.2), paint
    )
    return Kind(
        key=key,
        cls="IfcGeographicElementType",
        label=label,
        solids=(trunk, low, top),
        attributes={"PredefinedType": "USERDEFINED", "ElementType": "树木 Tree"},
        code="30-LH.01",
    )


CAMPHOR = _tree("tree_camphor", name("香樟", "Camphor tree"), 8500.0, "leaf")
OSMANTHUS = _tree("tree_osmanthus", name("桂花", "Sweet osmanthus"), 4600.0, "leaf_light")


def _trees(model: IfcModel) -> None:
    places: list[tuple[Kind, float, float]] = [
        *(
            (CAMPHOR, x, -19000.0)
            for x in (-11000.0, -2000.0, 7000.0, 35000.0, 44000.0, 53000.0, 62000.0, 71000.0)
        ),
        *(
            (CAMPHOR, x, 27000.0)
            for x in (-10000.0, 0.0, 10000.0, 20000.0, 30000.0, 40000.0, 50000.0, 60000.0, 70000.0)
        ),
        *((CAMPHOR, -12000.0, y) for y in (-8000.0, 2000.0, 12000.0)),
        *((OSMANTHUS, x, -6500.0) for x in (-7000.0, 48500.0, 54000.0, 59500.0, 65000.0)),
        *((OSMANTHUS, x, 15500.0) for x in (49000.0, 55000.0, 61000.0, 67000.0, 73000.0)),
        *((OSMANTHUS, x, -12000.0) for x in (1500.0, 40500.0)),
    ]
    for number, (kind, x, y) in enumerate(places, 1):
        # Turned a little differently each, so that they do not look stamped.
        turn = number * 2.4
        x_axis = (round(math.cos(turn), 6), round(math.sin(turn), 6), 0.0)
        model.add(
            Part(
                key=f"site/tree/{number:02d}",
                kind=kind,
                label=kind.label.with_suffix(f"{number:02d}"),
                place=Place(origin=(x, y, GROUND), x_axis=x_axis),
            ),
            model.spatial["site"],
        )
