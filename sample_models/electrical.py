"""Power: substation, main and storey meters, boards, cable trays; gateways and controllers beside the boards."""

from sample_models import plan
from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network, flat_section
from sample_models.shapes import box
from sample_models.spaces import BAY_LENGTH, NORTH_ROW, bay_places
from sample_models.values import Kind, Pset, flag, length, measure, name

TRANSFORMER = Kind(
    key="transformer",
    cls="IfcTransformerType",
    label=name("干式变压器 630kVA", "Dry-type transformer 630 kVA"),
    solids=(
        box((-900.0, -600.0, 0.0), (900.0, 600.0, 2000.0), "cabinet"),
        box((-700.0, -606.0, 300.0), (700.0, -600.0, 1700.0), "spandrel_metal"),
    ),
    attributes={"PredefinedType": "VOLTAGE"},
    psets=(
        common(
            "Pset_TransformerTypeCommon",
            "SCB14-630",
            {
                "PrimaryVoltage": measure("ElectricVoltage", 10000.0),
                "SecondaryVoltage": measure("ElectricVoltage", 400.0),
                "MaximumApparentPower": measure("Power", 630.0, "kW"),
            },
        ),
        maker("甬电设备", "SCB14-630/10"),
    ),
    code="30-DQ.03",
)


def _cabinet(key: str, label: tuple[str, str], kind: str, size: tuple[float, float, float]) -> Kind:
    width, depth, height = size
    return Kind(
        key=key,
        cls="IfcElectricDistributionBoardType",
        label=name(*label),
        solids=(
            box((-width / 2, -depth, 0.0), (width / 2, 0.0, height), "cabinet"),
            box(
                (-width / 2 + 60.0, -depth - 5.0, height * 0.55),
                (width / 2 - 60.0, -depth, height - 80.0),
                "machine",
            ),
        ),
        attributes={"PredefinedType": kind},
        psets=(
            common("Pset_ElectricDistributionBoardTypeCommon", key),
            *electrical(100.0 if kind == "SWITCHBOARD" else 30.0, 380.0),
            maker("甬电设备", key),
        ),
        code="30-DQ.04",
    )


SWITCHBOARD = _cabinet(
    "GGD-1", ("低压配电柜", "Low-voltage switchboard"), "SWITCHBOARD", (800.0, 800.0, 2200.0)
)
BOARD = _cabinet("AL-1", ("楼层配电箱", "Distribution board"), "DISTRIBUTIONBOARD", (700.0, 250.0, 1700.0))

METER = Kind(
    key="DTSD-1",
    cls="IfcFlowMeterType",
    label=name("多功能智能电表", "Smart power meter"),
    solids=(
        box((-120.0, -90.0, 0.0), (120.0, 0.0, 320.0), "device"),
        box((-80.0, -95.0, 180.0), (80.0, -90.0, 280.0), "machine"),
    ),
    attributes={"PredefinedType": "ENERGYMETER"},
    psets=(
        common("Pset_FlowMeterTypeCommon", "DTSD-1", {"RemoteReading": flag(True)}),
        Pset(
            name="Pset_FlowMeterTypeEnergyMeter",
            properties={
                "NominalCurrent": measure("ElectricCurrent", 20.0),
                "MaximumCurrent": measure("ElectricCurrent", 80.0),
                "MultipleTarriff": flag(True),
            },
        ),
        *electrical(0.005, 380.0),
        maker("宁仪电气", "DTSD-80"),
    ),
    code="30-DQ.05",
)
GATEWAY = Kind(
    key="gateway",
    cls="IfcCommunicationsApplianceType",
    label=name("物联网网关", "IoT gateway"),
    solids=(box((-150.0, -70.0, 0.0), (150.0, 0.0, 220.0), "dark_metal"),),
    attributes={"PredefinedType": "GATEWAY"},
    psets=(
        common("Pset_CommunicationsApplianceTypeCommon", "GW-2"),
        *electrical(0.02),
        maker("宁感科技", "NG-GW2"),
    ),
    code="30-ZN.02",
)
CONTROLLER = Kind(
    key="controller",
    cls="IfcControllerType",
    label=name("照明控制器", "Lighting controller"),
    solids=(box((-120.0, -80.0, 0.0), (120.0, 0.0, 300.0), "cabinet"),),
    attributes={"PredefinedType": "PROGRAMMABLE"},
    psets=(common("Pset_ControllerTypeCommon", "LC-8"), *electrical(0.01), maker("甬光照明", "YG-LC8")),
    code="30-ZN.03",
)
CHARGER = Kind(
    key="charger",
    cls="IfcElectricApplianceType",
    label=name("电动汽车充电桩 7kW", "Vehicle charger 7 kW"),
    solids=(
        box((-180.0, -180.0, 0.0), (180.0, 0.0, 1350.0), "device"),
        box((-120.0, -186.0, 950.0), (120.0, -180.0, 1250.0), "machine"),
    ),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "充电桩 Vehicle charger"},
    psets=(common("Pset_ElectricApplianceTypeCommon", "AC-7"), *electrical(7.0), maker("甬电设备", "AC7")),
    code="30-DQ.06",
)
TRAY = flat_section(
    Kind(
        key="tray_300",
        cls="IfcCableCarrierSegmentType",
        label=name("电缆桥架 300×100", "Cable tray 300×100"),
        attributes={"PredefinedType": "CABLETRAYSEGMENT"},
        psets=(
            common("Pset_CableCarrierSegmentTypeCommon", "QJ-300"),
            Pset(
                name="Pset_CableCarrierSegmentTypeCableTraySegment",
                properties={
                    "NominalWidth": length(300.0),
                    "NominalHeight": length(100.0),
                    "HasCover": flag(True),
                },
            ),
        ),
        material="galvanised",
        code="30-DQ.07",
    ),
    Kind(
        key="tray_fitting_300",
        cls="IfcCableCarrierFittingType",
        label=name("桥架弯通 300×100", "Cable tray fitting 300×100"),
        attributes={"PredefinedType": "BEND"},
        material="galvanised",
        code="30-DQ.08",
    ),
    (300.0, 100.0),
    "cable_orange",
)

RISER = (6000.0, 18600.0)
TRAY_HEIGHT = 2350.0
B1_TRAY = plan.BY_KEY["B1"].level + 3250.0
RISER_ROOM, SUBSTATION = "强弱电间", "变配电室"
FED = ("B2", "B1", "1F", "2F", "3F")


def build_electrical(model: IfcModel) -> list[Entity]:
    """Add the power system; returns the gateways and controllers, which belong to the control system."""
    network = Network(
        model, "power", name("低压配电系统", "Low-voltage power"), ("ELECTRICAL", "CABLECARRIER")
    )
    _riser(network, _substation(network))
    network.join(_chargers(model))
    return _cabinets(model)


def _substation(network: Network) -> Entity:
    """Two transformers and four switchboards; returns the port where the tray reaches the riser."""
    model = network.model
    level = plan.BY_KEY["B1"].level
    network.join(
        [
            place_device(model, f"B1/transformer/{number}", TRANSFORMER, at(x, 14600.0, 0.0), SUBSTATION)
            for number, x in enumerate((34850.0, 37050.0), 1)
        ]
    )
    boards = [
        place_device(
            model,
            f"B1/switchboard/{number}",
            SWITCHBOARD,
            at(34400.0 + 800.0 * number, 18500.0, 0.0),
            SUBSTATION,
        )
        for number in range(4)
    ]
    network.join(boards)
    meter = place_device(model, "B1/powermeter/0", METER, at(38290.0, 16500.0, 1400.0, "west"), SUBSTATION)
    network.join((meter,))
    top = (36000.0, 18100.0, level + 2200.0)
    feed = network.port(boards[2], "out", top, OUT)
    path = [
        (top[0], top[1], B1_TRAY),
        (top[0], 10400.0, B1_TRAY),
        (RISER[0], 10400.0, B1_TRAY),
        (*RISER, B1_TRAY),
    ]
    return network.line("B1/tray/main", TRAY, feed, path, to_joint=True)


def _riser(network: Network, feed: Entity) -> None:
    """A cross in the upper basement, then up (and one storey down) with a branch at every storey."""
    heights = {key: plan.BY_KEY[key].level + TRAY_HEIGHT for key in FED}
    heights["B1"] = B1_TRAY
    x, y = RISER
    start = (x, y, B1_TRAY)
    side = (x - 1000.0, y, 0.0)
    aims = [(side[0], y, B1_TRAY), (x, y, B1_TRAY + 9000.0), (x, y, B1_TRAY - 9000.0)]
    own, up, down = network.joint("B1/tray/cross", TRAY, start, (feed,), aims)
    _storey(network, "B1", own)
    below = network.line("B2/tray/riser", TRAY, down, [(x, y, heights["B2"])], to_joint=True)
    (branch,) = network.joint(
        "B2/tray/tee", TRAY, (x, y, heights["B2"]), (below,), [(side[0], y, heights["B2"])]
    )
    _storey(network, "B2", branch)
    for storey_key in ("1F", "2F", "3F"):
        here = (x, y, heights[storey_key])
        arriving = network.line(f"{storey_key}/tray/riser", TRAY, up, [here], to_joint=True)
        aims = [(side[0], y, here[2])]
        if storey_key != "3F":
            aims.append((x, y, here[2] + 9000.0))
        outs = network.joint(f"{storey_key}/tray/tee", TRAY, here, (arriving,), aims)
        _storey(network, storey_key, outs[0])
        up = outs[-1]


def _storey(network: Network, storey_key: str, feed: Entity) -> None:
    """Meter and board of a storey, and from there the tray along its corridor."""
    model, level = network.model, plan.BY_KEY[storey_key].level
    _, y, z = network.place_of(feed)
    back = plan.DEPTH - 10.0
    feed = network.line(f"{storey_key}/tray/feed", TRAY, feed, [(5150.0, y, z)])
    meter = place_device(model, f"{storey_key}/powermeter/1", METER, at(4950.0, back, 1500.0), RISER_ROOM)
    feed = network.inline(meter, feed, (4800.0, back - 50.0, level + 1820.0))
    board = place_device(model, f"{storey_key}/board/1", BOARD, at(4350.0, back, 0.0), RISER_ROOM)
    network.terminal(board, feed)
    if storey_key == "B1":
        return
    out = network.port(board, "out", (4350.0, back - 125.0, level + 1700.0), OUT)
    z = level + TRAY_HEIGHT
    path = [(4350.0, back - 125.0, z), (4350.0, 10900.0, z), (40500.0, 10900.0, z)]
    network.line(f"{storey_key}/tray/corridor", TRAY, out, path)


def _chargers(model: IfcModel) -> list[Entity]:
    y = NORTH_ROW + BAY_LENGTH + 400.0
    north = [x for x, _, is_north in bay_places() if is_north]
    return [
        place_device(model, f"B1/charger/{number:02d}", CHARGER, at(x, y, 0.0), "地下车库")
        for number, x in enumerate(north, 1)
    ]


def _cabinets(model: IfcModel) -> list[Entity]:
    made = []
    for storey in plan.STOREYS:
        place = at(8290.0, 15500.0, 1500.0, "west")
        made.append(place_device(model, f"{storey.key}/gateway/1", GATEWAY, place, RISER_ROOM))
        place = at(8290.0, 16300.0, 1500.0, "west")
        made.append(place_device(model, f"{storey.key}/controller/1", CONTROLLER, place, RISER_ROOM))
    return made
