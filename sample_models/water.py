"""Domestic cold water from the street to the toilets, and the fire main. Heights above ±0.000, in mm."""

from collections.abc import Mapping

from sample_models import plan
from sample_models.devices import place_at
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network
from sample_models.values import name
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

B2_FLOOR = plan.BY_KEY["B2"].level
UNDER_CEILING = -5130.0
"""Height of the mains in the lower basement: under its beams, over its ducts."""

PUMP_AXIS = B2_FLOOR + 480.0
RISER = (18300.0, 17300.0)
BRANCH = 2400.0
"""Height of the branch on each storey, above its floor."""

PUMP_ROOM, FIRE_PUMP_ROOM, SHAFT = "生活水泵房", "消防泵房", "水暖管井"
SERVED = ("1F", "2F", "3F")
"""Storeys with toilets."""


def build_water(model: IfcModel, basins: Mapping[str, Entity], hydrant: Entity) -> None:
    """Add the cold-water system, to the last wash basin of each storey, and the fire main, to the topmost hydrant."""
    label = name("生活给水系统", "Domestic cold water")
    network = Network(model, "cold-water", label, ("DOMESTICCOLDWATER", "PIPE"))
    tank = _supply(network)
    _riser(network, _pumps(network, tank), basins)
    _fire_main(model, hydrant)
    for number, x in enumerate((21500.0, 23300.0), 1):
        place_at(model, f"B2/sump/{number}", SUMP_PUMP, (x, 17500.0, B2_FLOOR), "污水提升间")


def _supply(network: Network) -> Entity:
    """From the street main through the meter into the tank; returns the tank."""
    x, deep, low = 24700.0, -1500.0, B2_FLOOR + 2300.0
    feed = network.begin("B1/water/street", DN100, (x, -12000.0, deep), (x, -600.0, deep))
    feed = network.line("B1/water/main", DN100, feed, [(x, 450.0, deep), (x, 450.0, low), (x, 1000.0, low)])
    feed = network.insert("B2/watermeter/0", MAIN_METER, feed, (0.0, 400.0), PUMP_ROOM)
    feed = network.line("B2/water/inlet", DN100, feed, [(x, 2400.0, low), (24300.0, 2400.0, low)])
    tank = place_at(network.model, "B2/tank/1", TANK, (22650.0, 2400.0, B2_FLOOR), PUMP_ROOM)
    network.terminal(tank, feed)
    place_at(network.model, "B2/level/1", LEVEL_SENSOR, (22000.0, 2400.0, B2_FLOOR + 2500.0), PUMP_ROOM)
    return tank


def _pumps(network: Network, tank: Entity) -> Entity:
    """From the tank through two pumps in parallel; returns the port behind the valve."""
    joint = (18000.0, 3300.0, PUMP_AXIS)
    feeds = []
    for number, y in enumerate((1500.0, 3300.0), 1):
        outlet = network.port(tank, f"out{number}", (21000.0, y, PUMP_AXIS), OUT)
        feed = network.line(f"B2/water/suction{number}", DN65, outlet, [(19400.0, y, PUMP_AXIS)])
        pump = place_at(network.model, f"B2/pump/{number}", PUMP, (19000.0, y, PUMP_AXIS), PUMP_ROOM)
        feed = network.inline(pump, feed, (18600.0, y, PUMP_AXIS))
        path = [(18000.0, y, PUMP_AXIS), joint] if number == 1 else [joint]
        feeds.append(network.line(f"B2/water/pressure{number}", DN65, feed, path, to_joint=True))
    (merged,) = network.joint("B2/water/header", DN65, joint, feeds, [(18000.0, 9000.0, PUMP_AXIS)])
    feed = network.line("B2/water/header2", DN65, merged, [(18000.0, 3800.0, PUMP_AXIS)])
    return network.insert("B2/valve/1", MAIN_VALVE, feed, (0.0, 300.0), PUMP_ROOM)


def _riser(network: Network, feed: Entity, basins: Mapping[str, Entity]) -> None:
    """Up the shaft, with a tee, a valve, a meter and a branch on each storey that has toilets."""
    x, y = RISER
    high = UNDER_CEILING
    path = [
        (18000.0, 7000.0, PUMP_AXIS),
        (18000.0, 7000.0, high),
        (20300.0, 7000.0, high),
        (20300.0, y, high),
        (x, y, high),
    ]
    first = plan.BY_KEY[SERVED[0]].level + BRANCH
    feed = network.line("B2/water/rising", DN65, feed, [*path, (x, y, first)], to_joint=True)
    for storey_key in SERVED:
        level = plan.BY_KEY[storey_key].level
        here = (x, y, level + BRANCH)
        above = [] if storey_key == SERVED[-1] else [(x, y, here[2] + 10000.0)]
        outs = network.joint(
            f"{storey_key}/water/tee", DN65, here, (feed,), [(x + 1000.0, y, here[2]), *above]
        )
        _branch(network, storey_key, outs[0], basins[storey_key])
        if above:
            following = plan.BY_KEY[SERVED[SERVED.index(storey_key) + 1]].level + BRANCH
            feed = network.line(
                f"{storey_key}/water/riser", DN65, outs[1], [(x, y, following)], to_joint=True
            )


def _branch(network: Network, storey_key: str, feed: Entity, basin: Entity) -> None:
    z = plan.BY_KEY[storey_key].level + BRANCH
    feed = network.line(f"{storey_key}/water/a", DN32, feed, [(18650.0, RISER[1], z)])
    feed = network.insert(f"{storey_key}/valve/1", VALVE, feed, (200.0, 0.0), SHAFT)
    feed = network.insert(f"{storey_key}/watermeter/1", METER, feed, (260.0, 0.0), SHAFT)
    path = [
        (19900.0, RISER[1], z),
        (19900.0, 18950.0, z),
        (24300.0, 18950.0, z),
        (24300.0, 18950.0, z - 1750.0),
    ]
    feed = network.line(f"{storey_key}/water/b", DN32, feed, path)
    network.terminal(basin, feed)


def _fire_main(model: IfcModel, hydrant: Entity) -> None:
    """Two pumps, a main under the ceiling, and a riser beside the hydrants by the first staircase."""
    network = Network(
        model, "fire-water", name("室内消火栓系统", "Fire hydrant system"), ("FIREPROTECTION", "PIPE")
    )
    joint = (14800.0, 4400.0, PUMP_AXIS)
    feeds = []
    for number, y in enumerate((2600.0, 4400.0), 1):
        feed = network.begin(
            f"B2/fire/suction{number}", FIRE_MAIN, (8300.0, y, PUMP_AXIS), (11550.0, y, PUMP_AXIS)
        )
        pump = place_at(model, f"B2/firepump/{number}", FIRE_PUMP, (12300.0, y, PUMP_AXIS), FIRE_PUMP_ROOM)
        feed = network.inline(pump, feed, (13050.0, y, PUMP_AXIS))
        path = [(14800.0, y, PUMP_AXIS), joint] if number == 1 else [joint]
        feeds.append(network.line(f"B2/fire/pressure{number}", FIRE_MAIN, feed, path, to_joint=True))
    high = UNDER_CEILING
    (merged,) = network.joint("B2/fire/header", FIRE_MAIN, joint, feeds, [(14800.0, 9000.0, PUMP_AXIS)])
    top = plan.BY_KEY["3F"].level + 1100.0
    x, y = 4860.0, 11250.0
    path = [
        (14800.0, 6500.0, PUMP_AXIS),
        (14800.0, 6500.0, high),
        (14800.0, y, high),
        (x, y, high),
        (x, y, top),
        (4740.0, y, top),
    ]
    network.terminal(hydrant, network.line("B2/fire/main", FIRE_MAIN, merged, path))
