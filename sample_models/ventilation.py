"""Air: supply to the lower basement, exhaust of the car park, fresh air for the floors above, outdoor units."""

from collections.abc import Iterable

from sample_models import plan
from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network, Section, flat_section
from sample_models.roof import FINISH
from sample_models.shapes import Point3, Rod, Solid, box
from sample_models.values import Kind, Place, Pset, length, measure, name, text


def _duct(width: float, height: float) -> Section:
    size = f"{width:.0f}×{height:.0f}"
    return flat_section(
        Kind(
            key=f"duct_{size}",
            cls="IfcDuctSegmentType",
            label=name(f"镀锌风管 {size}", f"Galvanised duct {size}"),
            attributes={"PredefinedType": "RIGIDSEGMENT"},
            psets=(
                Pset(
                    name="Pset_DuctSegmentTypeCommon",
                    properties={"NominalDiameterOrWidth": length(width), "NominalHeight": length(height)},
                ),
            ),
            material="galvanised",
            code="30-NT.01",
        ),
        Kind(
            key=f"duct_fitting_{size}",
            cls="IfcDuctFittingType",
            label=name(f"风管管件 {size}", f"Duct fitting {size}"),
            attributes={"PredefinedType": "NOTDEFINED"},
            material="galvanised",
            code="30-NT.02",
        ),
        (width, height),
        "duct",
    )


BRANCH_DUCT, SUPPLY_DUCT, EXHAUST_DUCT = _duct(320.0, 250.0), _duct(400.0, 300.0), _duct(800.0, 360.0)


def _fan(key: str, label: tuple[str, str], kind: str, power_kw: float, solids: tuple[Solid, ...]) -> Kind:
    return Kind(
        key=key,
        cls="IfcFanType",
        label=name(*label),
        solids=solids,
        attributes={"PredefinedType": kind},
        psets=(
            common("Pset_FanTypeCommon", key, {"NominalPowerRate": measure("Power", power_kw, "kW")}),
            Pset(
                name="风机参数",
                properties={"额定风量": measure("VolumetricFlowRate", power_kw * 3000, "m3/h")},
            ),
            *electrical(power_kw, 380.0),
            maker("甬风通风", key),
        ),
        code="30-NT.03",
    )


_ALONG_Y: tuple[Solid, ...] = (
    Rod(start=(0.0, -600.0, 0.0), end=(0.0, 600.0, 0.0), radius=480.0, style="machine"),
    Rod(start=(0.0, -650.0, 0.0), end=(0.0, -600.0, 0.0), radius=540.0, style="cabinet"),
    Rod(start=(0.0, 600.0, 0.0), end=(0.0, 650.0, 0.0), radius=540.0, style="cabinet"),
)
EXHAUST_FAN = _fan("HTF-11", ("车库排风机", "Car park exhaust fan"), "TUBEAXIAL", 11.0, _ALONG_Y)
SUPPLY_FAN = _fan(
    "DT-7",
    ("送风机箱", "Supply fan unit"),
    "CENTRIFUGALBACKWARDINCLINEDCURVED",
    7.5,
    (
        box((-900.0, -700.0, -2000.0), (900.0, 700.0, 300.0), "cabinet"),
        box((-904.0, -500.0, -1700.0), (-900.0, 500.0, -100.0), "machine"),
    ),
)
ROOF_FAN = _fan(
    "RF-3",
    ("屋顶排风机", "Roof exhaust fan"),
    "PROPELLORAXIAL",
    3.0,
    (
        box((-500.0, -500.0, 0.0), (500.0, 500.0, 450.0), "concrete"),
        Rod(start=(0.0, 0.0, 450.0), end=(0.0, 0.0, 900.0), radius=420.0, style="light_metal"),
        Rod(start=(0.0, 0.0, 900.0), end=(0.0, 0.0, 980.0), radius=560.0, style="light_metal"),
    ),
)
AHU = Kind(
    key="ahu",
    cls="IfcUnitaryEquipmentType",
    label=name("新风热回收机组", "Fresh-air unit with heat recovery"),
    solids=(
        box((-1500.0, -700.0, 150.0), (1500.0, 700.0, 1550.0), "cabinet"),
        box((-1400.0, -600.0, 0.0), (1400.0, 600.0, 150.0), "dark_metal"),
        box((-400.0, -705.0, 300.0), (400.0, -700.0, 1400.0), "machine"),
    ),
    attributes={"PredefinedType": "AIRHANDLER"},
    psets=(
        common("Pset_UnitaryEquipmentTypeCommon", "XF-60"),
        Pset(name="机组参数", properties={"额定风量": measure("VolumetricFlowRate", 6000.0, "m3/h")}),
        *electrical(5.5, 380.0),
        maker("甬风通风", "XF-60"),
    ),
    code="30-NT.04",
)
OUTDOOR_UNIT = Kind(
    key="vrf",
    cls="IfcUnitaryEquipmentType",
    label=name("多联机室外机", "VRF outdoor unit"),
    solids=(
        box((-620.0, -400.0, 120.0), (620.0, 400.0, 1700.0), "device"),
        box((-560.0, -360.0, 0.0), (560.0, 360.0, 120.0), "dark_metal"),
        box((-540.0, -404.0, 300.0), (540.0, -400.0, 1500.0), "spandrel_metal"),
        Rod(start=(-300.0, 0.0, 1700.0), end=(-300.0, 0.0, 1760.0), radius=270.0, style="dark_metal"),
        Rod(start=(300.0, 0.0, 1700.0), end=(300.0, 0.0, 1760.0), radius=270.0, style="dark_metal"),
    ),
    attributes={"PredefinedType": "AIRCONDITIONINGUNIT"},
    psets=(
        common("Pset_UnitaryEquipmentTypeCommon", "VRF-45"),
        Pset(name="机组参数", properties={"额定制冷量": measure("Power", 45.0, "kW")}),
        *electrical(12.5, 380.0),
        maker("东海空调", "VRF-450W"),
    ),
    code="30-NT.05",
)


def _terminal(key: str, label: tuple[str, str], kind: str) -> Kind:
    return Kind(
        key=key,
        cls="IfcAirTerminalType",
        label=name(*label),
        solids=(box((-200.0, -200.0, -30.0), (200.0, 200.0, 0.0), "device"),),
        attributes={"PredefinedType": kind},
        psets=(
            common("Pset_AirTerminalTypeCommon", key, {"FinishColor": text("白色 White")}),
            maker("甬风通风", key),
        ),
        code="30-NT.06",
    )


DIFFUSER = _terminal("FK-400", ("方形散流器 400×400", "Square diffuser 400×400"), "DIFFUSER")
GRILLE = _terminal("BY-400", ("排风百叶 400×400", "Exhaust grille 400×400"), "GRILLE")

ROOF_TOP = plan.ROOF + FINISH
SHAFT_EXHAUST, SHAFT_SUPPLY = (17700.0, 17900.0), (18900.0, 17900.0)
"""Middles of the two upright ducts in the shaft."""

BRANCH, CORRIDOR_Y = 2750.0, 9700.0


def build_ventilation(model: IfcModel) -> None:
    """Add the three air systems and the outdoor units."""
    ventilation = Network(model, "ventilation", name("通风系统", "Ventilation"), ("VENTILATION", "DUCT"))
    _basement_supply(ventilation)
    _fresh_air(ventilation)
    exhaust = Network(model, "exhaust", name("车库排风系统", "Car park exhaust"), ("EXHAUST", "DUCT"))
    _car_park_exhaust(exhaust)
    label = name("多联机空调系统", "VRF air conditioning")
    attributes = {"LongName": label.en, "PredefinedType": "AIRCONDITIONING"}
    cooling = model.group("system/cooling", "IfcDistributionSystem", label, attributes)
    model.assign(cooling, _outdoor_units(model))


def _terminals(network: Network, key: str, kind: Kind, points: Iterable[Point3]) -> None:
    container = key.split("/", 1)[0]
    level = network.model.level_of(container)
    network.join(
        [
            place_device(network.model, f"{key}/{number:02d}", kind, Place(origin=(x, y, z - level)), "走廊")
            for number, (x, y, z) in enumerate(points, 1)
        ]
    )


def _basement_supply(network: Network) -> None:
    level = plan.BY_KEY["B2"].level
    z = level + 2700.0 - 100.0
    fan = place_device(network.model, "B2/fan/1", SUPPLY_FAN, at(30500.0, 14500.0, 2000.0), "送风机房")
    network.join((fan,))
    feed = network.port(fan, "out", (29600.0, 14500.0, z), OUT)
    path = [(27500.0, 14500.0, z), (27500.0, CORRIDOR_Y, z), (3000.0, CORRIDOR_Y, z)]
    network.line("B2/duct/supply", SUPPLY_DUCT, feed, path)
    under = z - 150.0
    _terminals(
        network,
        "B2/diffuser",
        DIFFUSER,
        [(x, CORRIDOR_Y, under) for x in (5000.0, 11500.0, 17500.0, 24000.0)],
    )


def _car_park_exhaust(network: Network) -> None:
    level = plan.BY_KEY["B1"].level
    z = level + 2950.0
    tee = (22400.0, 8500.0, z)
    west = network.begin(
        "B1/duct/west", EXHAUST_DUCT, (5000.0, 8500.0, z), (tee[0] - EXHAUST_DUCT.trim, 8500.0, z)
    )
    east = network.begin(
        "B1/duct/east", EXHAUST_DUCT, (47000.0, 8500.0, z), (tee[0] + EXHAUST_DUCT.trim, 8500.0, z)
    )
    (merged,) = network.joint("B1/duct/tee", EXHAUST_DUCT, tee, (west, east), [(tee[0], 14000.0, z)])
    feed = network.line("B1/duct/suction", EXHAUST_DUCT, merged, [(tee[0], 13850.0, z)])
    fan = place_device(network.model, "B1/fan/1", EXHAUST_FAN, at(tee[0], 14500.0, z - level), "排风机房")
    feed = network.inline(fan, feed, (tee[0], 15150.0, z))
    x, y = SHAFT_EXHAUST
    feed = network.line(
        "B1/duct/pressure", SUPPLY_DUCT, feed, [(tee[0], y, z), (x, y, z), (x, y, ROOF_TOP + 100.0)]
    )
    hood = place_device(network.model, "building/fan/1", ROOF_FAN, at(x, y, ROOF_TOP), "屋面")
    network.terminal(hood, feed)
    xs = (7000.0, 13500.0, 19500.0, 27500.0, 34500.0, 45500.0)
    _terminals(network, "B1/grille", GRILLE, [(x, 8500.0, z - 180.0) for x in xs])


def _fresh_air(network: Network) -> None:
    """From the unit on the roof down the shaft, with a branch to the corridor of each floor."""
    x, y = SHAFT_SUPPLY
    top = ROOF_TOP + 900.0
    unit = place_device(network.model, "building/ahu/1", AHU, at(21600.0, y, ROOF_TOP), "屋面")
    network.join((unit,))
    feed = network.port(unit, "out", (20100.0, y, top), OUT)
    storeys = ("3F", "2F", "1F")
    heights = [plan.BY_KEY[key].level + BRANCH for key in storeys]
    feed = network.line(
        "building/duct/roof", SUPPLY_DUCT, feed, [(x, y, top), (x, y, heights[0])], to_joint=True
    )
    for number, storey_key in enumerate(storeys):
        z = heights[number]
        below = [(x, y, z - 9000.0)] if number < 2 else []
        outs = network.joint(
            f"{storey_key}/duct/tee", SUPPLY_DUCT, (x, y, z), (feed,), [(20000.0, y, z), *below]
        )
        _floor(network, storey_key, outs[0])
        if below:
            key = f"{storey_key}/duct/riser"
            feed = network.line(key, SUPPLY_DUCT, outs[1], [(x, y, heights[number + 1])], to_joint=True)


def _floor(network: Network, storey_key: str, feed: Entity) -> None:
    z = network.place_of(feed)[2]
    turn, tee = (20000.0, SHAFT_SUPPLY[1], z), (20000.0, CORRIDOR_Y, z)
    feed = network.line(f"{storey_key}/duct/branch", BRANCH_DUCT, feed, [turn, tee], to_joint=True)
    west, east = (2500.0, CORRIDOR_Y, z), (39500.0, CORRIDOR_Y, z)
    outs = network.joint(f"{storey_key}/duct/split", BRANCH_DUCT, tee, (feed,), [west, east])
    network.line(f"{storey_key}/duct/west", BRANCH_DUCT, outs[0], [west])
    network.line(f"{storey_key}/duct/east", BRANCH_DUCT, outs[1], [east])
    xs = (4200.0, 10500.0, 16000.0, 23000.0, 29400.0, 37800.0)
    _terminals(network, f"{storey_key}/diffuser", DIFFUSER, [(x, CORRIDOR_Y, z - 125.0) for x in xs])


def _outdoor_units(model: IfcModel) -> list[Entity]:
    places = [(x, y) for y in (12800.0, 15600.0) for x in (27500.0, 29500.0, 31500.0, 33500.0, 35500.0)]
    return [
        place_device(model, f"building/vrf/{number:02d}", OUTDOOR_UNIT, at(x, y, ROOF_TOP), "屋面")
        for number, (x, y) in enumerate(places, 1)
    ]
