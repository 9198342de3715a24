"""The roof: slab and build-up, parapets and copings, stair and lift heads, terrace edge, roof plant screen."""

from sample_models import plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.openings import Hole
from sample_models.shapes import Outline, Point2, Solid, area, box, plate, rectangle
from sample_models.stairs import STAIRS
from sample_models.structure import LIFT_HOLE, SHAFT_HOLE
from sample_models.values import (
    Kind,
    Label,
    Part,
    Place,
    Pset,
    Quantities,
    as_new,
    flag,
    length,
    measure,
    name,
    text,
)
from sample_models.walls import Run, add_wall

TOP_STOREY = plan.BY_KEY["3F"]
FINISH = 120.0
PARAPET_WIDTH = 200.0
STAIR_HEAD = 15000.0
LIFT_HEAD = 14800.0
HEAD_SOUTH = 11300.0
"""Where the stair head begins in y."""

PARAPET_KIND = Kind(
    key="parapet_200",
    cls="IfcWallType",
    label=name("女儿墙 200", "Parapet 200"),
    attributes={"PredefinedType": "PARAPET"},
    psets=(
        Pset(
            name="Pset_WallCommon",
            properties={**as_new("NEQ1"), "IsExternal": flag(True), "LoadBearing": flag(False)},
        ),
    ),
    material="parapet_200",
    code="14-WM.03",
)
GLASS_RAILING = Kind(
    key="glass_railing",
    cls="IfcRailingType",
    label=name("露台玻璃栏板 1100", "Terrace glass balustrade 1100"),
    attributes={"PredefinedType": "GUARDRAIL"},
    psets=(
        Pset(
            name="Pset_RailingCommon",
            properties={**as_new("LG2"), "Height": length(1100.0), "IsExternal": flag(True)},
        ),
    ),
    material="glass",
    code="14-LT.04",
)


def build_roof(model: IfcModel) -> None:
    """Add everything above the third floor, and the edge of its terrace."""
    _main_roof(model)
    _parapets(model)
    _heads(model)
    _terrace(model)
    _screen(model)


def _main_roof(model: IfcModel) -> None:
    whole = model.add(
        Part(
            key="roof",
            cls="IfcRoof",
            label=name("上人平屋面", "Accessible flat roof"),
            place=Place(origin=(0.0, 0.0, plan.ROOF)),
            attributes={"PredefinedType": "FLAT_ROOF"},
            psets=(
                Pset(
                    name="Pset_RoofCommon",
                    properties={
                        **as_new("WM1"),
                        "IsExternal": flag(True),
                        "ThermalTransmittance": measure("ThermalTransmittance", 0.38),
                        "FireRating": text("1.00h"),
                    },
                ),
            ),
            code="14-WM.01",
        ),
        model.spatial["building"],
    )
    _roof_slab(model, whole)
    finish = plan.upper_outline(PARAPET_WIDTH)
    model.add(
        Part(
            key="roof/finish",
            cls="IfcCovering",
            label=name("屋面保温防水", "Roof insulation and membrane"),
            solids=(plate(finish, 0.0, FINISH, "roofing"),),
            attributes={"PredefinedType": "ROOFING"},
            material="roof_finish",
            code="14-WM.04",
        ),
        whole,
    )


def _roof_slab(model: IfcModel, whole: Entity) -> None:
    outline = plan.upper_outline(plan.WALL)
    slab = model.add(
        Part(
            key="roof/slab",
            cls="IfcSlab",
            label=name("屋面板", "Roof slab"),
            solids=(plate(outline, -plan.SLAB, 0.0, "concrete"),),
            attributes={"PredefinedType": "ROOF"},
            psets=(
                Pset(
                    name="Pset_SlabCommon",
                    properties={**as_new("WMB1"), "IsExternal": flag(True), "LoadBearing": flag(True)},
                ),
            ),
            quantities=Quantities(name="Qto_SlabBaseQuantities", areas_m2={"GrossArea": area(outline) / 1e6}),
            material="roof_150",
            code="14-JG.03",
        ),
        whole,
    )
    holes = {"lift": LIFT_HOLE, "shaft": SHAFT_HOLE, "stair1": STAIRS[0].well}
    for key, (low, high) in holes.items():
        model.cut(slab, f"roof/slab/hole/{key}", (*low, -plan.SLAB - 50.0), (*high, 50.0))


# --------------------------------------------------------------------------------------------- parapets
def _parapets(model: IfcModel) -> None:
    w = PARAPET_WIDTH
    west, east, north = -plan.WALL, plan.LENGTH + plan.WALL, plan.DEPTH + plan.WALL
    tx, ty = plan.TERRACE_X, plan.TERRACE_Y
    pieces: tuple[tuple[str, Point2, Point2], ...] = (
        ("S", (west, west), (tx, west + w)),
        ("TE", (tx - w, west + w), (tx, ty)),
        ("TS", (tx - w, ty), (east, ty + w)),
        ("E", (east - w, ty + w), (east, north - w)),
        ("N", (3700.0, north - w), (east, north)),
        ("W", (west, west + w), (west + w, HEAD_SOUTH)),
    )
    for key, low, high in pieces:
        _parapet(model, key, low, high)


def _parapet(model: IfcModel, key: str, low: Point2, high: Point2) -> None:
    height = plan.PARAPET - plan.ROOF
    long = max(high[0] - low[0], high[1] - low[1])
    wall = box((*low, 0.0), (*high, height), "render")
    # A coping that overhangs on both sides; it ends flush so that copings that meet do not overlap.
    along = 0 if high[0] - low[0] > high[1] - low[1] else 1
    side = 1 - along
    coping_low, coping_high = list(low), list(high)
    coping_low[side] -= 40.0
    coping_high[side] += 40.0
    coping = box(
        (coping_low[0], coping_low[1], height), (coping_high[0], coping_high[1], height + 60.0), "bronze"
    )
    model.add(
        Part(
            key=f"roof/parapet/{key}",
            kind=PARAPET_KIND,
            label=PARAPET_KIND.label.with_suffix(key),
            place=Place(origin=(0.0, 0.0, plan.ROOF)),
            solids=(wall, coping),
            quantities=Quantities(
                name="Qto_WallBaseQuantities",
                lengths_mm={"Length": long, "Width": PARAPET_WIDTH, "Height": height},
            ),
        ),
        model.spatial["building"],
    )


# ------------------------------------------------------------------------------------ stair and lift heads
def _heads(model: IfcModel) -> None:
    level = TOP_STOREY.level
    heights = (plan.ROOF - level, STAIR_HEAD - level)
    out, north = -plan.WALL, plan.DEPTH + plan.WALL
    hatch = Hole(key="door", leaf="FM1021", along=900.0, sill=plan.ROOF + FINISH + 30.0 - level)
    runs = (
        Run(key="head-S", start=(out, HEAD_SOUTH + 150.0), end=(3700.0, HEAD_SOUTH + 150.0), build="render", heights=heights, capped=(True, True)),
        Run(key="head-E", start=(3550.0, HEAD_SOUTH + 300.0), end=(3550.0, plan.DEPTH), build="render", heights=heights, holes=(hatch,)),
        Run(key="head-N", start=(3700.0, north - 150.0), end=(out, north - 150.0), build="render", heights=heights, capped=(True, True)),
        Run(key="head-W", start=(out + 150.0, plan.DEPTH), end=(out + 150.0, HEAD_SOUTH + 300.0), build="render", heights=heights),
    )  # fmt: skip
    for run in runs:
        add_wall(model, TOP_STOREY, run)
    stair_roof = rectangle((out - 150.0, HEAD_SOUTH - 150.0), (3850.0, north + 150.0))
    _head_roof(model, "stair", name("楼梯间屋面", "Roof of the stair head"), stair_roof, STAIR_HEAD)
    _lift_head(model)


def _lift_head(model: IfcModel) -> None:
    low, high = (16600.0, 13500.0), (19800.0, 16500.0)
    level = TOP_STOREY.level
    heights = (plan.ROOF - level, LIFT_HEAD - level)
    inner = 150.0
    runs = (
        Run(key="lift-head-S", start=(low[0], low[1] + inner), end=(high[0], low[1] + inner), build="render", heights=heights, capped=(True, True)),
        Run(key="lift-head-E", start=(high[0] - inner, low[1] + 300.0), end=(high[0] - inner, high[1] - 300.0), build="render", heights=heights),
        Run(key="lift-head-N", start=(high[0], high[1] - inner), end=(low[0], high[1] - inner), build="render", heights=heights, capped=(True, True)),
        Run(key="lift-head-W", start=(low[0] + inner, high[1] - 300.0), end=(low[0] + inner, low[1] + 300.0), build="render", heights=heights),
    )  # fmt: skip
    for run in runs:
        add_wall(model, TOP_STOREY, run)
    outline = rectangle((low[0] - 100.0, low[1] - 100.0), (high[0] + 100.0, high[1] + 100.0))
    _head_roof(model, "lift", name("电梯机房屋面", "Roof of the lift head"), outline, LIFT_HEAD)


def _head_roof(model: IfcModel, key: str, label: Label, outline: Outline, top: float) -> None:
    model.add(
        Part(
            key=f"roof/{key}-head",
            cls="IfcSlab",
            label=label,
            solids=(plate(outline, top, top + 150.0, "spandrel_metal"),),
            attributes={"PredefinedType": "ROOF"},
            psets=(Pset(name="Pset_SlabCommon", properties={**as_new("WMB2"), "IsExternal": flag(True)}),),
            material="roof_150",
            code="14-JG.03",
        ),
        model.spatial["building"],
    )


# ---------------------------------------------------------------------------------------- terrace, screen
def _terrace(model: IfcModel) -> None:
    """A low upstand around the roof terrace with a glass balustrade on it."""
    storey = model.spatial["3F"]
    out, x, y = -plan.WALL, plan.TERRACE_X, plan.TERRACE_Y
    east = plan.LENGTH + plan.WALL
    sides = (("S", (x, out), (east, out + 200.0)), ("E", (east - 200.0, out + 200.0), (east, y)))
    for key, low, high in sides:
        solids: tuple[Solid, ...] = (
            box((*low, 0.0), (*high, 350.0), "render"),
            box((low[0], low[1], 350.0), (high[0], high[1], 390.0), "bronze"),
        )
        model.add(
            Part(
                key=f"3F/upstand/{key}",
                kind=PARAPET_KIND,
                label=name(f"露台翻边 {key}", f"Terrace upstand {key}"),
                solids=solids,
            ),
            storey,
        )
    glass = (
        box((x + 60.0, out + 90.0, 390.0), (east - 90.0, out + 105.0, 1050.0), "clear_glass"),
        box((east - 105.0, out + 105.0, 390.0), (east - 90.0, y, 1050.0), "clear_glass"),
        box((x, out + 70.0, 1050.0), (east - 75.0, out + 125.0, 1100.0), "dark_metal"),
        box((east - 130.0, out + 125.0, 1050.0), (east - 75.0, y, 1100.0), "dark_metal"),
    )
    model.add(Part(key="3F/balustrade", kind=GLASS_RAILING, label=GLASS_RAILING.label, solids=glass), storey)


SCREEN_LOW, SCREEN_HIGH = (25600.0, 10800.0), (37400.0, 17600.0)
"""Corners of the screen around the roof plant."""


def _screen(model: IfcModel) -> None:
    (x0, y0), (x1, y1) = SCREEN_LOW, SCREEN_HIGH
    base, top = plan.ROOF + FINISH, plan.ROOF + FINISH + 1900.0
    slats: list[Solid] = []
    height = base + 250.0
    while height < top:
        slats += [
            box((x0, y0, height), (x1, y0 + 40.0, height + 150.0), "light_metal"),
            box((x0, y1 - 40.0, height), (x1, y1, height + 150.0), "light_metal"),
            box((x0, y0 + 40.0, height), (x0 + 40.0, y1 - 40.0, height + 150.0), "light_metal"),
            box((x1 - 40.0, y0 + 40.0, height), (x1, y1 - 40.0, height + 150.0), "light_metal"),
        ]
        height += 280.0
    posts = [
        box((x, y, base), (x + 80.0, y + 80.0, top), "dark_metal")
        for y in (y0 + 40.0, y1 - 120.0)
        for x in (x0 + 40.0, (x0 * 2 + x1) / 3, (x0 + 2 * x1) / 3, x1 - 120.0)
    ]
    model.add(
        Part(
            key="roof/screen",
            cls="IfcBuildingElementProxy",
            label=name("设备百叶屏风", "Louvred plant screen"),
            solids=(*slats, *posts),
            attributes={"ObjectType": "百叶屏风 Louvre screen", "PredefinedType": "USERDEFINED"},
            material="aluminium",
            code="14-WM.05",
        ),
        model.spatial["building"],
    )
