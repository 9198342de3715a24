"""What makes the front: curtain wall, portal and canopy at the entrance, fins, string courses, plinth."""

from sample_models import plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.openings import LEAVES
from sample_models.shapes import Point3, Rod, Solid, box, ring
from sample_models.values import Kind, Label, Part, Place, Pset, as_new, flag, measure, name, text

LEFT, RIGHT = 17100.0, 24900.0
"""Sides of the entrance field, between its columns."""

COLUMNS = 6
MODULE = (RIGHT - LEFT) / COLUMNS
FRONT, RECESSED = -200.0, 2400.0
"""Middle of the curtain wall in y: flush with the front above, set back behind a porch below."""

CURTAIN = Pset(
    name="Pset_CurtainWallCommon",
    properties={
        **as_new("MQ1"),
        "FireRating": text("1.00h"),
        "ThermalTransmittance": measure("ThermalTransmittance", 2.2),
        "IsExternal": flag(True),
    },
)


def build_facade(model: IfcModel) -> None:
    """Add everything that is fixed to the outside."""
    _curtain_walls(model)
    _entrance_door(model)
    _portal(model)
    _canopy(model)
    _soffit(model)
    _fins(model)
    _spandrels(model)
    _courses(model)


# ------------------------------------------------------------------------------------------- curtain wall
def _panel(width: float, height: float, paint: str) -> Kind:
    vision = paint == "glass"
    label = (
        name("幕墙玻璃板块", "Curtain wall glass panel") if vision else name("幕墙层间板块", "Spandrel panel")
    )
    size = f"{width:.0f}×{height:.0f}"
    return Kind(
        key=f"panel_{paint}_{width:.0f}x{height:.0f}",
        cls="IfcPlateType",
        label=Label(zh=f"{label.zh} {size}", en=f"{label.en} {size}"),
        solids=(box((-width / 2, -14.0, 0.0), (width / 2, 14.0, height), paint),),
        attributes={"PredefinedType": "CURTAIN_PANEL"},
        psets=(
            Pset(
                name="Pset_PlateCommon",
                properties={
                    **as_new("BL1" if vision else "BL2"),
                    "IsExternal": flag(True),
                    "ThermalTransmittance": measure("ThermalTransmittance", 2.0 if vision else 0.6),
                },
            ),
        ),
        material="glass",
        code="30-MQ.01",
    )


def _mullion(length: float, *, upright: bool) -> Kind:
    solids = (
        (box((-30.0, -90.0, 0.0), (30.0, 60.0, length), "dark_metal"),)
        if upright
        else (box((-length / 2, -75.0, -25.0), (length / 2, 45.0, 25.0), "dark_metal"),)
    )
    label = name("幕墙立柱", "Curtain wall mullion") if upright else name("幕墙横梁", "Curtain wall transom")
    return Kind(
        key=f"{'mullion' if upright else 'transom'}_{length:.0f}",
        cls="IfcMemberType",
        label=Label(zh=f"{label.zh} L={length:.0f}", en=f"{label.en} L={length:.0f}"),
        solids=solids,
        attributes={"PredefinedType": "MULLION"},
        psets=(Pset(name="Pset_MemberCommon", properties={**as_new("LZ1"), "IsExternal": flag(True)}),),
        material="aluminium",
        code="30-MQ.02",
    )


_ROWS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "1F": ((0.0, 2400.0, "glass"), (2400.0, 3300.0, "glass"), (3300.0, 4300.0, "spandrel")),
    "2F": ((0.0, 900.0, "spandrel"), (900.0, 3000.0, "glass"), (3000.0, 3900.0, "spandrel")),
    "3F": ((0.0, 900.0, "spandrel"), (900.0, 3000.0, "glass"), (3000.0, 3900.0, "spandrel")),
}
"""Rows of panels of each storey: bottom, top, paint."""


def _curtain_walls(model: IfcModel) -> None:
    for storey_key, rows in _ROWS.items():
        storey = plan.BY_KEY[storey_key]
        wall = model.add(
            Part(
                key=f"{storey_key}/curtain",
                cls="IfcCurtainWall",
                label=name(f"入口玻璃幕墙 {storey.label.zh}", f"Entrance curtain wall, {storey.label.en}"),
                place=Place(origin=(LEFT, RECESSED if storey_key == "1F" else FRONT, 0.0)),
                psets=(CURTAIN,),
                code="14-MQ.01",
            ),
            model.spatial[storey_key],
        )
        for number, row in enumerate(rows, 1):
            _row(model, wall, number, row)
        _posts(model, wall, rows[-1][1])


def _row(model: IfcModel, wall: Entity, number: int, row: tuple[float, float, str]) -> None:
    bottom, top, paint = row
    key = model.key_of(wall)
    kind = _panel(MODULE - 60.0, top - bottom - 50.0, paint)
    for column in range(COLUMNS):
        if number == 1 and key.startswith("1F") and column in {2, 3}:
            continue
        _place(
            model,
            wall,
            f"{key}/panel{number}{column + 1}",
            kind,
            ((column + 0.5) * MODULE, 0.0, bottom + 25.0),
        )
    for column in range(COLUMNS):
        if number == 1 and column in {2, 3} and key.startswith("1F"):
            continue
        rail = _mullion(MODULE - 60.0, upright=False)
        _place(
            model, wall, f"{key}/transom{number}{column + 1}", rail, ((column + 0.5) * MODULE, 0.0, bottom)
        )


def _posts(model: IfcModel, wall: Entity, height: float) -> None:
    key = model.key_of(wall)
    for column in range(COLUMNS + 1):
        if column == 3 and key.startswith("1F"):
            # The middle post stands above the entrance door only.
            kind = _mullion(height - 2400.0, upright=True)
            _place(model, wall, f"{key}/post{column}", kind, (column * MODULE, 0.0, 2400.0))
            continue
        kind = _mullion(height, upright=True)
        x = min(max(column * MODULE, 30.0), RIGHT - LEFT - 30.0)
        _place(model, wall, f"{key}/post{column}", kind, (x, 0.0, 0.0))


def _place(model: IfcModel, wall: Entity, key: str, kind: Kind, origin: Point3) -> None:
    model.add(Part(key=key, label=kind.label, kind=kind, place=Place(origin=origin)), wall)


def _entrance_door(model: IfcModel) -> None:
    leaf = LEAVES["ZDM2624"]
    model.add(
        Part(
            key="1F/entrance/door",
            label=name("主入口自动感应门", "Main entrance, automatic door"),
            kind=leaf.kind,
            place=Place(origin=((LEFT + RIGHT) / 2, RECESSED, 0.0)),
            attributes={"OverallHeight": leaf.height, "OverallWidth": leaf.width, "Tag": "ZDM2624"},
        ),
        model.spatial["1F"],
    )


# --------------------------------------------------------------------------------------- portal and canopy
def _trim(model: IfcModel, key: str, label: Label, solids: tuple[Solid, ...], storey_key: str) -> None:
    """A piece of cladding on the outside."""
    model.add(
        Part(
            key=key,
            cls="IfcCovering",
            label=label,
            solids=solids,
            attributes={"PredefinedType": "CLADDING"},
            psets=(Pset(name="Pset_CoveringCommon", properties={**as_new("SM"), "IsExternal": flag(True)}),),
            material="stone" if solids[0].style in {"plinth", "stone"} else "bronze",
            code="14-QT.05",
        ),
        model.spatial[storey_key],
    )


def _portal(model: IfcModel) -> None:
    """A bronze frame around the glass of both upper floors, standing 0.6 m out of the front."""
    level = plan.BY_KEY["2F"].level
    bottom, top = 4100.0 - level, plan.PARAPET + 500.0 - level
    near, far = -900.0, -300.0
    left, right = LEFT - 600.0, RIGHT + 600.0
    solids = (
        box((left, near, bottom), (LEFT, far, top), "bronze"),
        box((RIGHT, near, bottom), (right, far, top), "bronze"),
        box((LEFT, near, top - 600.0), (RIGHT, far, top), "bronze"),
        box((LEFT, near, bottom), (RIGHT, far, bottom + 400.0), "bronze"),
    )
    _trim(model, "2F/portal", name("入口门框造型", "Entrance portal frame"), solids, "2F")


def _canopy(model: IfcModel) -> None:
    low, high = (15000.0, -4200.0, 3300.0), (27000.0, -300.0, 3500.0)
    edge = ring((low[0], low[1]), (high[0], high[1]), 200.0, (3250.0, 3560.0), "bronze")
    inside = box(
        (low[0] + 200.0, low[1] + 200.0, 3300.0), (high[0] - 200.0, high[1] - 200.0, 3480.0), "light_metal"
    )
    model.add(
        Part(
            key="1F/canopy",
            cls="IfcRoof",
            label=name("入口雨棚", "Entrance canopy"),
            solids=(*edge, inside),
            attributes={"PredefinedType": "FLAT_ROOF"},
            material="bronze",
            code="14-WM.02",
        ),
        model.spatial["1F"],
    )
    for number, x in enumerate((15700.0, 26300.0), 1):
        foot = Rod(start=(x, -3500.0, -350.0), end=(x, -3500.0, 3300.0), radius=110.0, style="dark_metal")
        model.add(
            Part(
                key=f"1F/canopy/post{number}",
                cls="IfcColumn",
                label=name(f"雨棚钢柱{number}", f"Canopy post {number}"),
                solids=(foot,),
                attributes={"PredefinedType": "COLUMN"},
                material="steel",
                code="14-JG.01",
            ),
            model.spatial["1F"],
        )


def _soffit(model: IfcModel) -> None:
    model.add(
        Part(
            key="1F/soffit",
            cls="IfcCovering",
            label=name("门廊吊顶", "Porch ceiling"),
            solids=(box((LEFT, 0.0, 3300.0), (RIGHT, 2300.0, 3360.0), "wood"),),
            attributes={"PredefinedType": "CEILING"},
            material="wood",
            code="14-QT.06",
        ),
        model.spatial["1F"],
    )


# -------------------------------------------------------------------------------- fins, courses and plinth
FIN = Kind(
    key="fin_3900",
    cls="IfcShadingDeviceType",
    label=name("竖向遮阳板 80×300", "Vertical fin 80×300"),
    solids=(box((-40.0, -300.0, 0.0), (40.0, 0.0, 3900.0), "bronze"),),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "竖向遮阳板 Fin"},
    material="bronze",
    code="30-ZY.01",
)


def _fins(model: IfcModel) -> None:
    """Fins beside the windows of the upper front, stacked so that they run through both floors."""
    fields = {"2F": (4200.0, 12600.0, 29400.0, 37800.0), "3F": (4200.0, 12600.0, 29400.0)}
    for storey_key, middles in fields.items():
        xs = [middle + offset for middle in middles for offset in (-3600.0, -1200.0, 1200.0, 3600.0)]
        # Two would stand in the shadow of the portal.
        xs = [x for x in xs if not LEFT - 1200.0 < x < RIGHT + 1200.0]
        for number, x in enumerate(xs, 1):
            model.add(
                Part(
                    key=f"{storey_key}/fin/{number:02d}",
                    kind=FIN,
                    label=FIN.label,
                    place=Place(origin=(x, -plan.WALL, 0.0)),
                ),
                model.spatial[storey_key],
            )


SPANDREL = Kind(
    key="spandrel_1800x1500",
    cls="IfcCoveringType",
    label=name("窗间装饰板 1800×1500", "Panel between windows 1800×1500"),
    solids=(box((-900.0, -25.0, 0.0), (900.0, 0.0, 1485.0), "spandrel_metal"),),
    attributes={"PredefinedType": "CLADDING"},
    psets=(Pset(name="Pset_CoveringCommon", properties={**as_new("SM2"), "IsExternal": flag(True)}),),
    material="aluminium",
    code="14-QT.05",
)


def _spandrels(model: IfcModel) -> None:
    """Panels that join the windows of the two upper floors to upright bands."""
    for middle in (4200.0, 12600.0, 29400.0):
        for offset in (-2400.0, 0.0, 2400.0):
            x = middle + offset
            model.add(
                Part(
                    key=f"2F/spandrel/{x:.0f}",
                    kind=SPANDREL,
                    label=SPANDREL.label,
                    place=Place(origin=(x, -plan.WALL, 2900.0)),
                ),
                model.spatial["2F"],
            )


def _courses(model: IfcModel) -> None:
    """A dark plinth, and string courses at the floors."""
    out = plan.WALL + 60.0
    west, east, north = -out, plan.LENGTH + out, plan.DEPTH + out
    stone = (
        box((west, -out, -400.0), (LEFT - 2100.0, -plan.WALL, 250.0), "plinth"),
        box((RIGHT + 2100.0, -out, -400.0), (east, -plan.WALL, 250.0), "plinth"),
        box((west, -plan.WALL, -400.0), (-plan.WALL, 9300.0, 250.0), "plinth"),
        box((west, 11200.0, -400.0), (-plan.WALL, north - 60.0, 250.0), "plinth"),
        box((east - 60.0, -plan.WALL, -400.0), (east, 9300.0, 250.0), "plinth"),
        box((east - 60.0, 11200.0, -400.0), (east, north - 60.0, 250.0), "plinth"),
        box((west, north - 60.0, -400.0), (14050.0, north, 250.0), "plinth"),
        box((15150.0, north - 60.0, -400.0), (east, north, 250.0), "plinth"),
    )
    _trim(model, "1F/plinth", name("花岗岩勒脚", "Granite plinth"), stone, "1F")
    course = (
        box((west, -out, -150.0), (LEFT - 600.0, -plan.WALL, 100.0), "bronze"),
        box((RIGHT + 600.0, -out, -150.0), (east, -plan.WALL, 100.0), "bronze"),
        box((west, -plan.WALL, -150.0), (-plan.WALL, north - 60.0, 100.0), "bronze"),
        box((east - 60.0, -plan.WALL, -150.0), (east, north - 60.0, 100.0), "bronze"),
        box((west, north - 60.0, -150.0), (east, north, 100.0), "bronze"),
    )
    _trim(model, "2F/course", name("二层腰线", "String course, second floor"), course, "2F")
