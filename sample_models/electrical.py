"""Power of the community centre: substation, main and storey meters, boards, cable trays; gateways and controllers
beside the boards.
"""

from sample_models import plan
from sample_models.devices import at, place_device
from sample_models.electrical_kinds import BOARD, CHARGER, CONTROLLER, GATEWAY, METER, TRAY
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network
from sample_models.spaces import BAY_LENGTH, NORTH_ROW, bay_places
from sample_models.substations import Substation, add_substation
from sample_models.values import name

RISER = (6000.0, 18600.0)
TRAY_HEIGHT = 2350.0
B1_TRAY = plan.BY_KEY["B1"].level + 3250.0
RISER_ROOM = "强弱电间"
FED = ("B2", "B1", "1F", "2F", "3F")


def build_electrical(model: IfcModel) -> list[Entity]:
    """Add the power system; returns the gateways and controllers, which belong to the control system."""
    network = Network(
        model, "power", name("低压配电系统", "Low-voltage power"), ("ELECTRICAL", "CABLECARRIER")
    )
    _riser(network, add_substation(network, _substation()))
    network.join(_chargers(model))
    return _cabinets(model)


def _substation() -> Substation:
    top = (36000.0, 18100.0, plan.BY_KEY["B1"].level + 2200.0)
    return Substation(
        transformers=((34850.0, 14600.0), (37050.0, 14600.0)),
        switchboard=(34400.0, 18500.0),
        meter=at(38290.0, 16500.0, 1400.0, "west"),
        top=top,
        path=(
            (top[0], top[1], B1_TRAY),
            (top[0], 10400.0, B1_TRAY),
            (RISER[0], 10400.0, B1_TRAY),
            (*RISER, B1_TRAY),
        ),
    )


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
