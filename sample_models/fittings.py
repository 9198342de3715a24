"""Sanitary fittings, lift, garage door, solar panels."""

import math

from sample_models import plan
from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.roof import FINISH
from sample_models.shapes import Prism, Rod, box, rectangle
from sample_models.values import Kind, Part, Place, Pset, as_new, count, flag, length, measure, name

PAN = Kind(
    key="pan",
    cls="IfcSanitaryTerminalType",
    label=name("坐便器", "Water closet"),
    solids=(
        box((-180.0, -620.0, 0.0), (180.0, -180.0, 400.0), "ceramic"),
        box((-200.0, -180.0, 0.0), (200.0, 0.0, 780.0), "ceramic"),
    ),
    attributes={"PredefinedType": "TOILETPAN"},
    psets=(common("Pset_SanitaryTerminalTypeCommon", "ZBQ"), maker("甬洁卫浴", "YJ-1")),
    material="ceramic",
    code="30-JS.01",
)
URINAL = Kind(
    key="urinal",
    cls="IfcSanitaryTerminalType",
    label=name("小便器", "Urinal"),
    solids=(box((-180.0, -330.0, 400.0), (180.0, 0.0, 1050.0), "ceramic"),),
    attributes={"PredefinedType": "URINAL"},
    psets=(common("Pset_SanitaryTerminalTypeCommon", "XBQ"), maker("甬洁卫浴", "YJ-2")),
    material="ceramic",
    code="30-JS.01",
)
BASIN = Kind(
    key="basin",
    cls="IfcSanitaryTerminalType",
    label=name("台上洗脸盆", "Wash basin"),
    solids=(
        box((-450.0, -520.0, 760.0), (450.0, 0.0, 820.0), "ceramic"),
        box((-220.0, -440.0, 820.0), (220.0, -120.0, 880.0), "ceramic"),
        Rod(start=(0.0, -70.0, 820.0), end=(0.0, -70.0, 1010.0), radius=14.0, style="steel"),
    ),
    attributes={"PredefinedType": "WASHHANDBASIN"},
    psets=(common("Pset_SanitaryTerminalTypeCommon", "XLP"), maker("甬洁卫浴", "YJ-3")),
    material="ceramic",
    code="30-JS.02",
)
STALL = Kind(
    key="stall",
    cls="IfcSystemFurnitureElementType",
    label=name("卫生间隔断", "Toilet partition"),
    solids=(box((-12.0, -1300.0, 120.0), (12.0, 0.0, 1900.0), "wood"),),
    attributes={"PredefinedType": "PANEL"},
    code="30-JS.03",
)

LIFT = Kind(
    key="lift_1000",
    cls="IfcTransportElementType",
    label=name("无障碍客梯 1000kg", "Passenger lift 1000 kg"),
    attributes={"PredefinedType": "ELEVATOR"},
    psets=(
        common(
            "Pset_TransportElementCommon",
            "DT1",
            {"CapacityPeople": count(13), "CapacityWeight": measure("Mass", 1000.0)},
        ),
        Pset(
            name="Pset_TransportElementElevator",
            properties={
                "FireFightingLift": flag(False),
                "ClearWidth": length(1600.0),
                "ClearDepth": length(1500.0),
                "ClearHeight": length(2300.0),
            },
        ),
        *electrical(11.0, 380.0),
        maker("浙升电梯", "ZS-1000"),
    ),
    code="30-DT.01",
)
GARAGE_DOOR = Kind(
    key="garage_door",
    cls="IfcDoorType",
    label=name("车库卷帘门 JLM6027", "Garage roller shutter JLM6027"),
    solids=(
        box((-2990.0, -150.0, 2300.0), (2990.0, 150.0, 2690.0), "light_metal"),
        box((-2990.0, -60.0, 0.0), (-2910.0, 60.0, 2300.0), "dark_metal"),
        box((2910.0, -60.0, 0.0), (2990.0, 60.0, 2300.0), "dark_metal"),
        box((-2910.0, -20.0, 2080.0), (2910.0, 20.0, 2300.0), "light_metal"),
    ),
    attributes={"PredefinedType": "GATE", "OperationType": "ROLLINGUP"},
    psets=(
        Pset(
            name="Pset_DoorCommon",
            properties={**as_new("JLM6027"), "IsExternal": flag(True), "HasDrive": flag(True)},
        ),
        *electrical(1.5, 380.0),
    ),
    material="steel",
    code="14-MC.03",
)
TILT = math.radians(15.0)
PANEL = Kind(
    key="solar_550",
    cls="IfcSolarDeviceType",
    label=name("单晶硅光伏组件 550W", "Photovoltaic panel 550 W"),
    solids=(
        Prism(
            outline=rectangle((-1130.0, 0.0), (1130.0, 1130.0)),
            origin=(0.0, 0.0, 250.0),
            axis=(0.0, round(-math.sin(TILT), 9), round(math.cos(TILT), 9)),
            ref=(1.0, 0.0, 0.0),
            depth=40.0,
            style="solar",
        ),
        box((-1000.0, 150.0, 0.0), (-940.0, 210.0, 285.0), "light_metal"),
        box((940.0, 150.0, 0.0), (1000.0, 210.0, 285.0), "light_metal"),
        box((-1000.0, 900.0, 0.0), (-940.0, 960.0, 485.0), "light_metal"),
        box((940.0, 900.0, 0.0), (1000.0, 960.0, 485.0), "light_metal"),
    ),
    attributes={"PredefinedType": "SOLARPANEL"},
    psets=(
        common("Pset_SolarDeviceTypeCommon", "PV-550"),
        Pset(name="光伏参数", properties={"峰值功率": measure("Power", 0.55, "kW")}),
        maker("甬阳新能源", "YY-550M"),
    ),
    material="silicon",
    code="30-DQ.09",
)


def build_sanitary(model: IfcModel) -> dict[str, Entity]:
    """Add the fittings of the toilets; returns the last basin of each storey, where its water branch ends."""
    return {storey_key: _toilets(model, storey_key) for storey_key in ("1F", "2F", "3F")}


def _toilets(model: IfcModel, storey_key: str) -> Entity:
    women, men = "女卫生间", "男卫生间"
    rows = (13400.0, 14500.0, 15600.0)
    for number, y in enumerate(rows, 1):
        place_device(model, f"{storey_key}/pan/{number}", PAN, at(22340.0, y, 0.0, "west"), women)
        place_device(model, f"{storey_key}/pan/{number + 3}", PAN, at(22560.0, y, 0.0, "east"), men)
        place_device(model, f"{storey_key}/urinal/{number}", URINAL, at(25090.0, y, 0.0, "west"), men)
    for number, y in enumerate((12850.0, 13950.0, 15050.0, 16150.0), 1):
        for side, x, facing in (("w", 22350.0, "west"), ("m", 22550.0, "east")):
            key = f"{storey_key}/stall/{side}{number}"
            model.add(
                Part(key=key, label=STALL.label, kind=STALL, place=at(x, y, 0.0, facing)),
                model.spatial[storey_key],
            )
    last = None
    for number, (x, room) in enumerate(
        ((20500.0, women), (21500.0, women), (23300.0, men), (24300.0, men)), 1
    ):
        last = place_device(model, f"{storey_key}/basin/{number}", BASIN, at(x, plan.DEPTH, 0.0), room)
    assert last is not None
    return last


def build_lift(model: IfcModel) -> None:
    """Add the lift: a car standing on the first floor, its guide rails and its machine."""
    pit, top = plan.BY_KEY["B2"].level, plan.ROOF + 1800.0
    rails = tuple(
        box((x - 40.0, 14900.0, pit), (x + 40.0, 15000.0, top), "light_metal") for x in (17150.0, 19250.0)
    )
    solids = (
        box((17300.0, 14000.0, -50.0), (19100.0, 15700.0, 0.0), "light_metal"),
        box((17300.0, 15650.0, 0.0), (19100.0, 15700.0, 2300.0), "steel"),
        box((17300.0, 14000.0, 0.0), (17350.0, 15650.0, 2300.0), "steel"),
        box((19050.0, 14000.0, 0.0), (19100.0, 15650.0, 2300.0), "steel"),
        box((17300.0, 14000.0, 2300.0), (19100.0, 15700.0, 2400.0), "light_metal"),
        *rails,
        box((17700.0, 14300.0, top), (18700.0, 15400.0, top + 350.0), "machine"),
    )
    part = Part(key="building/lift/1", label=name("1号电梯", "Lift 1"), kind=LIFT, solids=solids)
    model.add(part, model.spatial["building"])


def build_garage_door(model: IfcModel, opening: Entity) -> None:
    """Fill the gate of the car park with a roller shutter, rolled up."""
    part = Part(
        key="B1/garage-door",
        label=GARAGE_DOOR.label,
        kind=GARAGE_DOOR,
        place=Place(x_axis=(0.0, 1.0, 0.0)),
        attributes={"OverallHeight": 2700.0, "OverallWidth": 6000.0, "Tag": "JLM6027"},
    )
    model.fill(opening, part, model.spatial["B1"])


def build_solar(model: IfcModel) -> list[Entity]:
    """Add the photovoltaic field on the front half of the roof, in rows that tilt to the south."""
    xs = [3000.0 + 2300.0 * i for i in range(12)]
    places = [(x, y) for y in (2200.0, 4300.0, 6400.0) for x in xs]
    return [
        place_device(model, f"building/solar/{number:02d}", PANEL, at(x, y, plan.ROOF + FINISH), "屋面")
        for number, (x, y) in enumerate(places, 1)
    ]
