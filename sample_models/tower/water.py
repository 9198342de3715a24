"""Cold water of the tower from the street to a meter for each flat, and its fire main."""

from sample_models.devices import at, place_at, place_device
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.lighting_and_sensing import HYDRANT
from sample_models.networks import OUT, Network
from sample_models.tower import plan
from sample_models.values import Place, name
from sample_models.water_kinds import (
    DN32,
    DN65,
    DN100,
    FIRE_MAIN,
    FIRE_PUMP,
    LEVEL_SENSOR,
    MAIN_METER,
    MAIN_VALVE,
    METER,
    PUMP,
    SUMP_PUMP,
    TANK,
    VALVE,
)

B2, B1 = plan.BY_KEY["B2"].level, plan.BY_KEY["B1"].level
AXIS = B1 + 480.0
"""Height of the pumps' axes."""
HIGH = B1 + 2750.0
"""Height of the mains in the upper basement: under its roof beside the tower."""
RISER, FIRE_RISER = (27450.0, 9100.0), (27050.0, 9350.0)
BRANCH = 2300.0
"""Height of the branches on each storey."""
PUMP_ROOM, FIRE_ROOM, SHAFT = "生活水泵房", "消防水泵房", "水管井"


def build_water(model: IfcModel) -> None:
    """Add the cold-water system, the fire main with a hydrant on every storey, and the sump pumps."""
    network = Network(
        model, "cold-water", name("生活给水系统", "Domestic cold water"), ("DOMESTICCOLDWATER", "PIPE")
    )
    _riser(network, _pumps(network, _supply(network)))
    _fire_main(model)
    for number, (x, y) in enumerate(
        ((-7600.0, -10600.0), (49600.0, -10600.0), (-7600.0, 23800.0), (49600.0, 23800.0)), 1
    ):
        place_device(model, f"B2/sump/{number}", SUMP_PUMP, Place(origin=(x, y, 0.0)), "停车区集水井")


def _supply(network: Network) -> Entity:
    """From the street main in the west through the meter into the tank; returns the tank."""
    y, low = 11800.0, B1 + 2500.0
    feed = network.begin("B1/water/street", DN100, (-16000.0, y, low), (-8900.0, y, low))
    feed = network.line("B1/water/main", DN100, feed, [(400.0, y, low)])
    feed = network.insert("B1/watermeter/0", MAIN_METER, feed, (400.0, 0.0), PUMP_ROOM)
    feed = network.line("B1/water/inlet", DN100, feed, [(1950.0, y, low)])
    tank = place_at(network.model, "B1/tank/1", TANK, (1950.0, 10900.0, B1), PUMP_ROOM)
    network.terminal(tank, feed)
    place_at(network.model, "B1/level/1", LEVEL_SENSOR, (2600.0, 10900.0, B1 + 2500.0), PUMP_ROOM)
    return tank


def _pumps(network: Network, tank: Entity) -> Entity:
    """From the tank through three pumps side by side; returns the port behind the valve."""
    ys = (10000.0, 10900.0, 11800.0)
    joints = [(6400.0, y, AXIS) for y in ys]
    merged: Entity | None = None
    for number, y in reversed(list(enumerate(ys, 1))):
        outlet = network.port(tank, f"out{number}", (3600.0, y, AXIS), OUT)
        feed = network.line(f"B1/water/suction{number}", DN65, outlet, [(4600.0, y, AXIS)])
        pump = place_at(network.model, f"B1/pump/{number}", PUMP, (5000.0, y, AXIS), PUMP_ROOM)
        feed = network.inline(pump, feed, (5400.0, y, AXIS))
        feed = network.line(f"B1/water/pressure{number}", DN65, feed, [joints[number - 1]], to_joint=True)
        feeds = (feed,) if merged is None else (feed, merged)
        (out,) = network.joint(
            f"B1/water/header{number}", DN65, joints[number - 1], feeds, [(6400.0, 7000.0, AXIS)]
        )
        following = [(6400.0, ys[number - 2], AXIS)] if number > 1 else [(6400.0, 9300.0, AXIS)]
        merged = network.line(f"B1/water/collect{number}", DN65, out, following, to_joint=number > 1)
    assert merged is not None
    return network.insert("B1/valve/1", MAIN_VALVE, merged, (0.0, -300.0), PUMP_ROOM)


def _riser(network: Network, feed: Entity) -> None:
    """Along the corridor, up the shaft, with a tee on each storey."""
    x, y = RISER
    first = plan.BY_KEY["1F"].level + BRANCH
    path = [(6400.0, 7000.0, AXIS), (6400.0, 7000.0, HIGH), (x, 7000.0, HIGH), (x, y, HIGH), (x, y, first)]
    feed = network.line("B1/water/rising", DN65, feed, path, to_joint=True)
    for number, storey_key in enumerate(plan.FLAT_STOREYS):
        here = (x, y, plan.BY_KEY[storey_key].level + BRANCH)
        above = plan.FLAT_STOREYS[number + 1 : number + 2]
        aims = [(x - 900.0, y, here[2]), *((x, y, here[2] + 9000.0) for _ in above)]
        outs = network.joint(f"{storey_key}/water/tee", DN65, here, (feed,), aims)
        _branch(network, storey_key, outs[0])
        for key in above:
            following = (x, y, plan.BY_KEY[key].level + BRANCH)
            feed = network.line(f"{storey_key}/water/riser", DN65, outs[1], [following], to_joint=True)


def _branch(network: Network, storey_key: str, feed: Entity) -> None:
    """The valve of a storey, and a meter for each flat, one above the other; the meter's number is that of the flat."""
    x, y, z = network.place_of(feed)
    feed = network.insert(f"{storey_key}/valve/1", VALVE, feed, (-200.0, 0.0), SHAFT)
    corner = (x - 500.0, y, z)
    feed = network.line(f"{storey_key}/water/manifold", DN32, feed, [corner], to_joint=True)
    for place, flat in enumerate(plan.FLAT_ROWS):
        number, here = plan.flat_number(storey_key, flat), (corner[0], y, z - 260.0 * place)
        aims = [(corner[0], y - 500.0, here[2])]
        if place < 3:
            aims.append((corner[0], y, here[2] - 500.0))
        outs = network.joint(f"{storey_key}/water/tee-{number}", DN32, here, (feed,), aims)
        out = network.line(
            f"{storey_key}/water/to-{number}", DN32, outs[0], [(corner[0], y - 160.0, here[2])]
        )
        out = network.insert(f"{storey_key}/watermeter/{number}", METER, out, (0.0, -260.0), SHAFT)
        network.line(f"{storey_key}/water/flat-{number}", DN32, out, [(corner[0], y - 900.0, here[2])])
        if place < 3:
            down = [(corner[0], y, here[2] - 260.0)]
            feed = network.line(f"{storey_key}/water/down-{number}", DN32, outs[1], down, to_joint=True)


def _fire_main(model: IfcModel) -> None:
    """Two pumps in the lower basement, a main, and a riser with a hydrant on every storey."""
    network = Network(
        model, "fire-water", name("室内消火栓系统", "Fire hydrant system"), ("FIREPROTECTION", "PIPE")
    )
    axis, high = B2 + 480.0, B2 + 2900.0
    joint = (5600.0, 4400.0, axis)
    feeds = []
    for number, y in enumerate((2600.0, 4400.0), 1):
        feed = network.begin(f"B2/fire/suction{number}", FIRE_MAIN, (600.0, y, axis), (2250.0, y, axis))
        pump = place_at(model, f"B2/firepump/{number}", FIRE_PUMP, (3000.0, y, axis), FIRE_ROOM)
        feed = network.inline(pump, feed, (3750.0, y, axis))
        path = [(5600.0, y, axis), joint] if number == 1 else [joint]
        feeds.append(network.line(f"B2/fire/pressure{number}", FIRE_MAIN, feed, path, to_joint=True))
    (merged,) = network.joint("B2/fire/header", FIRE_MAIN, joint, feeds, [(5600.0, 7000.0, axis)])
    x, y = FIRE_RISER
    path = [(5600.0, 7400.0, axis), (5600.0, 7400.0, high), (x, 7400.0, high), (x, y, high)]
    feed = network.line("B2/fire/main", FIRE_MAIN, merged, [*path, (x, y, 1100.0)], to_joint=True)
    for number, storey_key in enumerate(plan.FLAT_STOREYS):
        here = (x, y, plan.BY_KEY[storey_key].level + 1100.0)
        above = plan.FLAT_STOREYS[number + 1 : number + 2]
        aims = [(x, y - 2000.0, here[2]), *((x, y, here[2] + 9000.0) for _ in above)]
        outs = network.joint(f"{storey_key}/fire/tee", FIRE_MAIN, here, (feed,), aims)
        hydrant = place_device(model, f"{storey_key}/hydrant/1", HYDRANT, at(x, 8090.0, 600.0), "公共走廊")
        network.terminal(
            hydrant, network.line(f"{storey_key}/fire/to-hydrant", FIRE_MAIN, outs[0], [(x, 8150.0, here[2])])
        )
        for key in above:
            following = (x, y, plan.BY_KEY[key].level + 1100.0)
            feed = network.line(f"{storey_key}/fire/riser", FIRE_MAIN, outs[1], [following], to_joint=True)
