"""Doors and windows: their kinds, and how they are put into walls."""

from dataclasses import dataclass

from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Solid, box, frame
from sample_models.values import (
    Kind,
    Label,
    Part,
    Property,
    Pset,
    as_new,
    count,
    flag,
    length,
    measure,
    name,
    text,
)

GLAZING = Pset(
    name="Pset_DoorWindowGlazingType",
    properties={
        "GlassLayers": count(2),
        "GlassThickness1": length(6.0),
        "GlassThickness2": length(6.0),
        "FillGas": text("空气 Air"),
        "IsTempered": flag(True),
        "IsCoated": flag(True),
    },
)
MAKER = Pset(
    name="Pset_ManufacturerTypeInformation",
    properties={"Manufacturer": text("甬江门窗（样例）"), "ProductionYear": text("2023")},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A door or window kind and the size of the opening that it fills, in mm."""

    kind: Kind
    width: float
    height: float


def _bars(
    corners: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...], paint: str
) -> tuple[Solid, ...]:
    return tuple(box(low, high, paint) for low, high in corners)


def _window(code: str, size: tuple[float, float], panes: int, transom: float | None = None) -> Leaf:
    """A framed window with `panes` panes side by side, the lowest part split off at `transom` mm."""
    width, height = size
    bar, depth = 60.0, 100.0
    solids = list(_bars(frame(width, height, bar, depth), "dark_metal"))
    step = (width - bar) / panes
    for i in range(1, panes):
        x = -width / 2 + i * step
        solids.append(box((x, -45.0, bar), (x + bar, 45.0, height - bar), "dark_metal"))
    if transom is not None:
        # Shallower than the mullions: bars that cross must not share a face.
        solids.append(
            box((-width / 2 + bar, -40.0, transom), (width / 2 - bar, 40.0, transom + 50.0), "dark_metal")
        )
    inner = width / 2 - bar
    solids.append(box((-inner, -12.0, bar), (inner, 12.0, height - bar), "glass"))
    solids.append(box((-width / 2 - 40.0, -200.0, -40.0), (width / 2 + 40.0, -50.0, 15.0), "light_metal"))
    partition = {1: "SINGLE_PANEL", 2: "DOUBLE_PANEL_VERTICAL", 3: "TRIPLE_PANEL_VERTICAL"}[panes]
    common: dict[str, Property] = {
        **as_new(code),
        "IsExternal": flag(True),
        "ThermalTransmittance": measure("ThermalTransmittance", 2.4),
        "GlazingAreaFraction": measure(
            "PositiveRatio", round((width - 2 * bar) * (height - 2 * bar) / width / height, 2)
        ),
        "FireRating": text("无"),
    }
    kind = Kind(
        key=f"window_{code}",
        cls="IfcWindowType",
        label=name(f"断桥铝合金窗 {code}", f"Aluminium window {code}"),
        solids=tuple(solids),
        attributes={"PredefinedType": "WINDOW", "PartitioningType": partition},
        psets=(Pset(name="Pset_WindowCommon", properties=common), GLAZING, MAKER),
        material="aluminium",
        code="14-MC.02",
    )
    return Leaf(kind=kind, width=width, height=height)


def _door(code: str, label: Label, size: tuple[float, float], build: tuple[str, str, str], fire: str) -> Leaf:
    """A door; `build` is how it opens, the paint of its leaf, and its material."""
    width, height = size
    operation, paint, material = build
    glazed = paint in {"glass", "clear_glass"}
    leaves = 2 if operation.startswith("DOUBLE") else 1
    solids: list[Solid] = [
        box((-width / 2, -60.0, 0.0), (-width / 2 + 50.0, 60.0, height), "dark_metal"),
        box((width / 2 - 50.0, -60.0, 0.0), (width / 2, 60.0, height), "dark_metal"),
        box((-width / 2 + 50.0, -60.0, height - 50.0), (width / 2 - 50.0, 60.0, height), "dark_metal"),
    ]
    for i in range(leaves):
        left = -width / 2 + 50.0 + i * (width - 100.0) / leaves
        solids += _door_leaf(left + 4.0, left + (width - 100.0) / leaves - 4.0, height - 54.0, paint)
    common: dict[str, Property] = {
        **as_new(code),
        "FireRating": text(fire),
        "IsExternal": flag(glazed),
        "HandicapAccessible": flag(width >= 900),
        "FireExit": flag(fire != "无"),
        "SelfClosing": flag(fire != "无"),
    }
    kind = Kind(
        key=f"door_{code}",
        cls="IfcDoorType",
        label=Label(zh=f"{label.zh} {code}", en=f"{label.en} {code}"),
        solids=tuple(solids),
        attributes={"PredefinedType": "DOOR", "OperationType": operation},
        psets=(Pset(name="Pset_DoorCommon", properties=common), *((GLAZING,) if glazed else ()), MAKER),
        material=material,
        code="14-MC.01",
    )
    return Leaf(kind=kind, width=width, height=height)


def _door_leaf(left: float, right: float, top: float, paint: str) -> list[Solid]:
    handle = box((right - 110.0, -70.0, 950.0), (right - 80.0, 70.0, 1150.0), "steel")
    if paint not in {"glass", "clear_glass"}:
        return [box((left, -22.0, 8.0), (right, 22.0, top), paint), handle]
    return [
        box((left, -25.0, 8.0), (right, 25.0, 130.0), "dark_metal"),
        box((left, -25.0, 130.0), (left + 60.0, 25.0, top), "dark_metal"),
        box((right - 60.0, -25.0, 130.0), (right, 25.0, top), "dark_metal"),
        box((left + 60.0, -8.0, 130.0), (right - 60.0, 8.0, top), "glass"),
        handle,
    ]


SWING, DOUBLE = "SINGLE_SWING_LEFT", "DOUBLE_DOOR_SINGLE_SWING"
WOOD_DOOR, FIRE_DOOR = name("木质门", "Timber door"), name("甲级防火门", "Fire door class A")
GLASS_DOOR = name("铝合金玻璃门", "Aluminium glass door")

LEAVES: dict[str, Leaf] = {
    "C1824": _window("C1824", (1800.0, 2400.0), 2, 600.0),
    "C3027": _window("C3027", (3000.0, 2700.0), 3, 700.0),
    "C1518": _window("C1518", (1500.0, 1800.0), 2),
    "C1209": _window("C1209", (1200.0, 900.0), 1),
    "C1815": _window("C1815", (1800.0, 1500.0), 2),
    "C1624": _window("C1624", (1600.0, 2400.0), 2, 600.0),
    "M0921": _door("M0921", WOOD_DOOR, (900.0, 2100.0), (SWING, "wood", "wood"), "无"),
    "M1021": _door("M1021", WOOD_DOOR, (1000.0, 2100.0), (SWING, "wood", "wood"), "无"),
    "M1521": _door("M1521", WOOD_DOOR, (1500.0, 2100.0), (DOUBLE, "wood", "wood"), "无"),
    "FM1021": _door("FM1021", FIRE_DOOR, (1000.0, 2100.0), (SWING, "door_red", "steel"), "1.50h"),
    "FM1521": _door("FM1521", FIRE_DOOR, (1500.0, 2100.0), (DOUBLE, "door_red", "steel"), "1.50h"),
    "MLC1824": _door("MLC1824", GLASS_DOOR, (1800.0, 2400.0), (DOUBLE, "glass", "aluminium"), "无"),
    "TLM3024": _door("TLM3024", name("铝合金推拉门", "Aluminium sliding door"), (3000.0, 2400.0), ("DOUBLE_DOOR_SLIDING", "glass", "aluminium"), "无"),
    "ZDM2624": _door("ZDM2624", name("自动感应门", "Automatic sliding door"), (2600.0, 2400.0), ("DOUBLE_DOOR_SLIDING", "glass", "aluminium"), "无"),
    "DT1121": _door("DT1121", name("电梯层门", "Lift landing door"), (1100.0, 2100.0), ("DOUBLE_DOOR_SLIDING", "steel", "stainless"), "1.00h"),
}  # fmt: skip
"""Every kind of door and window by its code: letters for the kind, then width and height in decimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A place for a leaf in a wall: the middle of the opening along the wall from its start, and its sill, in mm."""

    key: str
    leaf: str
    along: float
    sill: float = 0.0


def put(model: IfcModel, wall: Entity, thickness: float, hole: Hole, storey: Entity) -> Entity:
    """Cut the opening into the wall, whose x axis runs along its middle, and fill it; returns the door or window."""
    leaf = LEAVES[hole.leaf]
    half, deep = leaf.width / 2, thickness / 2 + 50.0
    key = f"{model.key_of(wall)}/{hole.key}"
    opening = model.cut(
        wall,
        f"{key}/opening",
        (hole.along - half, -deep, hole.sill),
        (hole.along + half, deep, hole.sill + leaf.height),
    )
    part = Part(
        key=key,
        kind=leaf.kind,
        label=leaf.kind.label,
        attributes={"OverallHeight": leaf.height, "OverallWidth": leaf.width, "Tag": hole.leaf},
    )
    return model.fill(opening, part, storey)
