"""A small community as plain values: what the viewer's tests and screenshots look at.

Local frame of each model: metres, x east, y north, z up, ±0.00 at the ground floor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Box = tuple[float, float, float, float, float, float]
"""Lower corner, upper corner: x, y, z, x, y, z in metres."""

WIDTH_M, DEPTH_M, STOREY_M = 36.0, 16.0, 3.3
BASEMENTS, STOREYS = 2, 6
BAYS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object. `boxes` are its body; none: it stands only in the tree."""

    global_id: str
    class_: str
    name: str
    parent: str | None = None
    storey: str | None = None
    material: str = "wall"
    boxes: tuple[Box, ...] = ()
    hidden: bool = False
    discipline: str = "architecture"
    attributes: dict[str, Any] = field(default_factory=dict)


def _value(value: object, type_: str, unit: str | None = None) -> dict[str, object]:
    return {"value": value, "type": type_, "unit": unit}


class Building:
    """Collects the items of one model; ids are `prefix` and a number, so that they are stable and unique."""

    def __init__(self, prefix: str) -> None:
        self.items: list[Item] = []
        self._prefix = prefix

    def add(self, class_: str, name: str, **rest: Any) -> str:
        """Add an item and return its global_id."""
        global_id = f"{self._prefix}{len(self.items):05d}".ljust(22, "$")
        self.items.append(Item(global_id=global_id, class_=class_, name=name, **rest))
        return global_id


def storey_name(level: int) -> str:
    """地下二层 … 六层."""
    numbers = "一二三四五六七八九"
    return f"地下{numbers[-level - 1]}层" if level < 0 else f"{numbers[level]}层"


def _bays() -> Iterator[tuple[float, float]]:
    step = WIDTH_M / BAYS
    for bay in range(BAYS):
        yield bay * step, (bay + 1) * step


def _wall_with_window(lower: float, upper: float, y: float, base: float) -> tuple[tuple[Box, ...], Box]:
    """A wall along x with one opening: the four pieces around it, and the pane."""
    left, right, sill, head, top = lower + 0.9, upper - 0.9, base + 0.9, base + 2.5, base + STOREY_M
    far = y + 0.24
    pieces = (
        (lower, y, base, upper, far, sill),
        (lower, y, head, upper, far, top),
        (lower, y, sill, left, far, head),
        (right, y, sill, upper, far, head),
    )
    return pieces, (left, y + 0.09, sill, right, y + 0.15, head)


WALL_PROPERTIES = {
    "Pset_WallCommon": {
        "IsExternal": _value(True, "IfcBoolean"),
        "LoadBearing": _value(False, "IfcBoolean"),
        "ThermalTransmittance": _value(0.45, "IfcThermalTransmittanceMeasure", "W/(m2.K)"),
        "FireRating": _value("2.0 h", "IfcLabel"),
    },
    "Qto_WallBaseQuantities": {
        "Length": _value(4.0, "IfcLengthMeasure", "m"),
        "GrossVolume": _value(2.371, "IfcVolumeMeasure", "m3"),
    },
    "宁波地方属性": {"构件编码": _value("WQ-200-A", "IfcText"), "供应商": _value(None, "IfcLabel")},
}


def _facades(building: Building, floor: dict[str, str], base: float) -> None:
    for side, y in (("南", 0.0), ("北", DEPTH_M - 0.24)):
        for number, (lower, upper) in enumerate(_bays(), 1):
            pieces, pane = _wall_with_window(lower, upper, y, base)
            wall = building.add(
                "IfcWallStandardCase",
                f"外墙-200 {side}{number}",
                boxes=pieces,
                attributes={
                    "type_name": "外墙 200 加气混凝土",
                    "materials": ["水泥砂浆 20", "加气混凝土 200", "岩棉 50"],
                    "classifications": [{"system": "GB/T 51269-2017", "code": "30-01.10.10", "name": "外墙"}],
                    "properties": WALL_PROPERTIES,
                },
                **floor,
            )
            building.add(
                "IfcWindow",
                f"窗 C2216 {side}{number}",
                boxes=(pane,),
                material="glass",
                **{**floor, "parent": wall},
            )
    for name, x in (("西山墙", 0.0), ("东山墙", WIDTH_M - 0.24)):
        box = (x, 0.24, base, x + 0.24, DEPTH_M - 0.24, base + STOREY_M)
        building.add("IfcWallStandardCase", name, boxes=(box,), **floor)


def _inside(building: Building, floor: dict[str, str], level: int, base: float) -> None:
    box = (0.0, 0.0, base - 0.2, WIDTH_M, DEPTH_M, base)
    building.add("IfcSlab", f"楼板 {floor_number(level)}", boxes=(box,), material="slab", **floor)
    for number, (lower, upper) in enumerate(_bays(), 1):
        middle = (lower + upper) / 2
        column = (lower + 0.3, 7.7, base, lower + 0.8, 8.2, base + STOREY_M)
        building.add(
            "IfcColumn",
            f"柱 KZ{number}",
            boxes=(column,),
            material="concrete",
            discipline="structure",
            **floor,
        )
        lamp = (middle - 0.6, 4.0, base + 2.9, middle + 0.6, 4.2, base + 3.0)
        building.add(
            "IfcLightFixture",
            f"吸顶灯 {floor_number(level)}-{number}",
            boxes=(lamp,),
            material="lamp",
            discipline="services",
            **floor,
        )
        room = (lower + 0.1, 0.3, base + 0.01, upper - 0.1, 7.6, base + 3.0)
        name = f"{floor_number(level)}{number:02d}室" if level >= 0 else f"车位 {number:02d}"
        building.add("IfcSpace", name, boxes=(room,), material="space", hidden=True, **floor)


def floor_number(level: int) -> str:
    """B2, B1, 1 … 6."""
    return f"B{-level}" if level < 0 else str(level + 1)


def _basement_walls(building: Building, floor: dict[str, str], base: float) -> None:
    top = base + STOREY_M
    for name, box in {
        "南挡土墙": (0.0, 0.0, base, WIDTH_M, 0.4, top),
        "北挡土墙": (0.0, DEPTH_M - 0.4, base, WIDTH_M, DEPTH_M, top),
        "西挡土墙": (0.0, 0.4, base, 0.4, DEPTH_M - 0.4, top),
        "东挡土墙": (WIDTH_M - 0.4, 0.4, base, WIDTH_M, DEPTH_M - 0.4, top),
    }.items():
        building.add("IfcWall", name, boxes=(box,), material="concrete", discipline="structure", **floor)


def residential_block() -> Building:
    """Two basements, six storeys and a roof."""
    building = Building("1Apt")
    project = building.add("IfcProject", "甬江社区")
    site = building.add("IfcSite", "地块 A-03", parent=project)
    house = building.add("IfcBuilding", "1 号住宅楼", parent=site)
    for level in range(-BASEMENTS, STOREYS):
        base = level * STOREY_M
        storey = building.add("IfcBuildingStorey", storey_name(level), parent=house)
        floor = {"parent": storey, "storey": storey}
        if level < 0:
            _basement_walls(building, floor, base)
        else:
            _facades(building, floor, base)
        _inside(building, floor, level, base)
    top = STOREYS * STOREY_M
    roof = building.add("IfcBuildingStorey", "屋面", parent=house)
    slab = (-0.4, -0.4, top, WIDTH_M + 0.4, DEPTH_M + 0.4, top + 0.25)
    floor = {"parent": roof, "storey": roof}
    building.add("IfcRoof", "屋面板", boxes=(slab,), material="roof", **floor)
    house_on_roof = (15.0, 6.0, top + 0.25, 21.0, 11.0, top + 3.0)
    building.add("IfcBuildingElementProxy", "电梯机房", boxes=(house_on_roof,), **floor)
    return building


def pipes_below() -> Building:
    """A model that lies wholly below ground: water pipes and their meters."""
    building = Building("2Pip")
    project = building.add("IfcProject", "室外给水")
    site = building.add("IfcSite", "地块 A-03 管网", parent=project)
    storey = building.add("IfcBuildingStorey", "管沟", parent=site)
    floor = {"parent": storey, "storey": storey}
    for number in range(12):
        x = -6.0 + number * 4.0
        box = (x, -7.0, -2.3, x + 3.9, -6.7, -2.0)
        building.add(
            "IfcPipeSegment",
            f"给水管 DN300-{number + 1}",
            boxes=(box,),
            material="pipe",
            discipline="services",
            **floor,
        )
        if number % 3 == 0:
            meter = (x + 1.7, -7.2, -2.5, x + 2.3, -6.5, -1.6)
            building.add(
                "IfcFlowMeter",
                f"水表 {number + 1}",
                boxes=(meter,),
                material="meter",
                discipline="services",
                **floor,
            )
    return building
