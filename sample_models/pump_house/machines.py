"""What works in the pump house: pumps with their pipes, power, air, sensors, crane."""

from itertools import count as counter

from sample_models.devices import at, common, electrical, maker, place_device
from sample_models.electrical_kinds import BOARD, CONTROLLER, GATEWAY, METER, SWITCHBOARD, TRANSFORMER, TRAY
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.lighting_and_sensing import CALL_POINT, HANG, LAMP, POLE, SMOKE, TEMPERATURE, sensor
from sample_models.networks import OUT, Network
from sample_models.pump_house import plan
from sample_models.shapes import Rod, box
from sample_models.values import Kind, Place, Pset, count, measure, name
from sample_models.ventilation import ROOF_FAN
from sample_models.water_kinds import DN32, LEVEL_SENSOR, SUMP_PUMP, meter, pipe, valve
from sample_models.water_kinds import METER as WATER_METER

DN400 = pipe("storm_400", ("雨水压力管", "Storm-water pressure pipe"), 400.0, "machine")
DN800 = pipe("storm_800", ("雨水进水管", "Storm-water inlet"), 800.0, "concrete")
STORM_PUMP = Kind(
    key="pump_storm",
    cls="IfcPumpType",
    label=name("雨水泵 WQ1000-12", "Storm-water pump WQ1000-12"),
    solids=(
        box((-600.0, -450.0, -600.0), (600.0, 450.0, -350.0), "concrete"),
        Rod(start=(-600.0, 0.0, 0.0), end=(600.0, 0.0, 0.0), radius=240.0, style="machine"),
        Rod(start=(0.0, 0.0, -350.0), end=(0.0, 0.0, 450.0), radius=480.0, style="machine"),
        Rod(start=(0.0, 0.0, 450.0), end=(0.0, 0.0, 1750.0), radius=360.0, style="cabinet"),
    ),
    attributes={"PredefinedType": "VERTICALINLINE"},
    psets=(
        common("Pset_PumpTypeCommon", "WQ1000"),
        Pset(name="水泵参数", properties={"额定流量": measure("VolumetricFlowRate", 1000.0, "m3/h"),
                                          "额定扬程": measure("Pressure", 120.0, "kPa")}),
        *electrical(55.0, 380.0),
        maker("宁泵机械", "WQ1000-12-55"),
    ),
    code="30-GS.05",
)  # fmt: skip
GATE_VALVE = valve("Z945X-400", ("电动闸阀 DN400", "Motorised gate valve DN400"), 500.0, 240.0)
FLOW_METER = meter("LDE-400", ("电磁流量计 DN400", "Electromagnetic flow meter DN400"), 600.0, 230.0)
PRESSURE = sensor("pressure", ("压力变送器", "Pressure transmitter"), "PRESSURESENSOR", ())
GAS = sensor("gas", ("有毒气体探测器", "Toxic gas detector"), "GASSENSOR", ())
CRANE = Kind(
    key="crane_3t",
    cls="IfcTransportElementType",
    label=name("电动单梁起重机 3t", "Electric overhead crane 3 t"),
    solids=(
        box((-200.0, -4300.0, 0.0), (200.0, 4300.0, 420.0), "cable_orange"),
        box((-500.0, -300.0, 420.0), (500.0, 300.0, 800.0), "machine"),
        Rod(start=(0.0, 0.0, -1200.0), end=(0.0, 0.0, 0.0), radius=20.0, style="steel"),
        box((-150.0, -150.0, -1500.0), (150.0, 150.0, -1200.0), "cable_orange"),
    ),
    attributes={"PredefinedType": "LIFTINGGEAR"},
    psets=(
        common("Pset_TransportElementCommon", "LD3", {"CapacityPeople": count(0), "CapacityWeight": measure("Mass", 3000.0)}),
        *electrical(7.5, 380.0),
        maker("浙升电梯", "LD-3T"),
    ),
    code="30-DT.01",
)  # fmt: skip

AXIS = plan.BY_KEY["B1"].level + 900.0
OUTLET = -1500.0
PUMPS = (1800.0, 4500.0, 7200.0)
"""y of the pumps' axes."""
PIT, HALL, SWITCH = "水泵间", "泵站大厅", "配电间"
Made = dict[str, list[Entity]]


def build_machines(model: IfcModel) -> Made:
    """Add them all; returns what belongs to systems without lines (`lighting`, `fire`, `control`, `crane`)."""
    _storm_water(model)
    _cold_water(model)
    _power(model)
    made = _ceilings(model)
    made["control"] += _sensors(model)
    made["crane"] = [place_device(model, "1F/crane/1", CRANE, at(6900.0, 4500.0, 4300.0), HALL)]
    air = Network(model, "ventilation", name("通风系统", "Ventilation"), ("EXHAUST", "DUCT"))
    places = (("1F", 2000.0, 8000.0), ("B1", 11500.0, 8300.0))
    air.join([place_device(model, f"{key}/fan/1", ROOF_FAN, at(x, y, 20.0), HALL) for key, x, y in places])
    return made


def _storm_water(model: IfcModel) -> None:
    """From the street drain into the well; from there three pumps in parallel to the canal in the west."""
    network = Network(
        model, "storm-water", name("雨水提升系统", "Storm-water lifting"), ("STORMWATER", "PIPE")
    )
    bottom = plan.BY_KEY["B1"].level
    network.begin(
        "B1/storm/inlet", DN800, (2200.0, -14000.0, bottom + 1600.0), (2200.0, -350.0, bottom + 1600.0)
    )
    merged: Entity | None = None
    for number, y in reversed(list(enumerate(PUMPS, 1))):
        feed = network.begin(f"B1/storm/suction{number}", DN400, (4000.0, y, AXIS), (6400.0, y, AXIS))
        pump = place_device(model, f"B1/pump/{number}", STORM_PUMP, at(7000.0, y, AXIS - bottom), PIT)
        feed = network.inline(pump, feed, (7600.0, y, AXIS))
        gate = place_device(model, f"B1/valve/{number}", GATE_VALVE, at(7600.0, y, AXIS - bottom), PIT)
        feed = network.inline(gate, feed, (8100.0, y, AXIS))
        joint = (9600.0, y, AXIS)
        feed = network.line(f"B1/storm/pressure{number}", DN400, feed, [joint], to_joint=True)
        feeds = (feed,) if merged is None else (feed, merged)
        if number > 1:
            following = (9600.0, PUMPS[number - 2], AXIS)
            (out,) = network.joint(f"B1/storm/header{number}", DN400, joint, feeds, [following])
            merged = network.line(f"B1/storm/collect{number}", DN400, out, [following], to_joint=True)
        else:
            (merged,) = network.joint("B1/storm/header1", DN400, joint, feeds, [(9600.0, y, 0.0)])
    assert merged is not None
    _outlet(network, merged)


def _outlet(network: Network, feed: Entity) -> None:
    """Up, through the flow meter, and over the well to the canal."""
    y, level = PUMPS[0], plan.BY_KEY["B1"].level
    feed = network.line("B1/storm/up", DN400, feed, [(9600.0, y, OUTLET), (8400.0, y, OUTLET)])
    where = Place(origin=(8400.0, y, OUTLET - level), x_axis=(-1.0, 0.0, 0.0))
    flow = place_device(network.model, "B1/flowmeter/1", FLOW_METER, where, PIT)
    feed = network.inline(flow, feed, (7800.0, y, OUTLET))
    network.line("B1/storm/outlet", DN400, feed, [(-22000.0, y, OUTLET)])


def _cold_water(model: IfcModel) -> None:
    network = Network(
        model, "cold-water", name("生活给水系统", "Domestic cold water"), ("DOMESTICCOLDWATER", "PIPE")
    )
    z = 600.0
    feed = network.begin("1F/water/street", DN32, (10500.0, -7000.0, -900.0), (10500.0, 200.0, -900.0))
    feed = network.line(
        "1F/water/main", DN32, feed, [(10500.0, 350.0, -900.0), (10500.0, 350.0, z), (10900.0, 350.0, z)]
    )
    water_meter = place_device(model, "1F/watermeter/1", WATER_METER, at(10900.0, 350.0, z), "值班控制室")
    feed = network.inline(water_meter, feed, (11160.0, 350.0, z))
    network.line("1F/water/tap", DN32, feed, [(12000.0, 350.0, z)])
    place_device(model, "B1/sump/1", SUMP_PUMP, at(13600.0, 7700.0, 0.0), "集水坑间")


def _power(model: IfcModel) -> None:
    network = Network(
        model, "power", name("低压配电系统", "Low-voltage power"), ("ELECTRICAL", "CABLECARRIER")
    )
    network.join([place_device(model, "1F/transformer/1", TRANSFORMER, at(14000.0, 7600.0, 0.0), SWITCH)])
    boards = [
        place_device(
            model, f"1F/switchboard/{number}", SWITCHBOARD, at(9950.0 + 800.0 * number, 8990.0, 0.0), SWITCH
        )
        for number in range(3)
    ]
    network.join(boards)
    top, z = (10750.0, 8500.0, 2200.0), 2700.0
    feed = network.port(boards[1], "out", top, OUT)
    feed = network.line(
        "1F/tray/main", TRAY, feed, [(top[0], top[1], z), (9700.0, top[1], z), (9700.0, 6300.0, z)]
    )
    power_meter = place_device(model, "1F/powermeter/1", METER, at(9700.0, 6390.0, 1500.0), "值班控制室")
    feed = network.inline(power_meter, feed, (9900.0, 6300.0, 1800.0))
    board = place_device(model, "1F/board/1", BOARD, at(10400.0, 6390.0, 0.0), "值班控制室")
    network.terminal(board, feed)


def _ceilings(model: IfcModel) -> Made:
    made: Made = {"lighting": [], "fire": [], "control": []}
    for storey in plan.STOREYS:
        lamps, smokes = counter(1), counter(1)
        for room in plan.rooms_of(storey.key):
            if room.key.startswith("wet"):
                continue
            for x, y in room.grid(*room.lamps):
                where = Place(origin=(x, y, storey.clear - HANG))
                made["lighting"].append(
                    place_device(model, f"{storey.key}/lamp/{next(lamps):02d}", LAMP, where, room.label.zh)
                )
            x0, y0, x1, y1 = room.bounds
            where = Place(origin=((x0 + x1) / 2 + 400.0, (y0 + y1) / 2 + 500.0, storey.clear))
            made["fire"].append(
                place_device(model, f"{storey.key}/smoke/{next(smokes):02d}", SMOKE, where, room.label.zh)
            )
    made["fire"].append(
        place_device(model, "1F/callpoint/1", CALL_POINT, at(9390.0, 1000.0, 1400.0, "west"), HALL)
    )
    places = ((1, 24000.0, -8000.0, "east"), (2, 2000.0, -7500.0, "south"), (3, 21000.0, 14000.0, "east"))
    made["lighting"] += [
        place_device(model, f"site/pole/{number:02d}", POLE, at(x, y, plan.GROUND, side), "室外")
        for number, x, y, side in places
    ]
    return made


def _sensors(model: IfcModel) -> list[Entity]:
    deep = plan.BY_KEY["B1"].height
    kinds: list[tuple[str, Kind, Place, str]] = [
        ("B1/level/1", LEVEL_SENSOR, Place(origin=(600.0, 800.0, deep - 700.0)), "集水池"),
        ("B1/level/2", LEVEL_SENSOR, Place(origin=(600.0, 8200.0, deep - 700.0)), "集水池"),
        ("B1/gas/1", GAS, at(4400.0, 4500.0, 1500.0, "west"), "集水池"),
        ("B1/gas/2", GAS, at(4600.0, 6000.0, 1500.0, "east"), PIT),
        ("1F/temperature/1", TEMPERATURE, at(9390.0, 3000.0, 1400.0, "west"), HALL),
        ("1F/temperature/2", TEMPERATURE, at(12190.0, 3000.0, 1400.0, "west"), "值班控制室"),
        ("B1/temperature/1", TEMPERATURE, at(12190.0, 3000.0, 1400.0, "west"), PIT),
        ("1F/gateway/1", GATEWAY, at(11600.0, 6390.0, 1500.0), "值班控制室"),
        ("1F/controller/1", CONTROLLER, at(12000.0, 6390.0, 1500.0), "值班控制室"),
    ]
    kinds += [
        (
            f"B1/pressure/{number}",
            PRESSURE,
            at(8600.0, y - 260.0, AXIS - plan.BY_KEY["B1"].level + 250.0),
            PIT,
        )
        for number, y in enumerate(PUMPS, 1)
    ]
    return [place_device(model, key, kind, where, room) for key, kind, where, room in kinds]
