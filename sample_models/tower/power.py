"""Power of the tower: substation, a tray up the riser, on every storey a board with one meter for each flat."""

from sample_models.devices import at, place_device
from sample_models.electrical_kinds import BOARD, METER, TRAY
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network
from sample_models.substations import Substation, add_substation
from sample_models.tower import plan
from sample_models.values import name

B1 = plan.BY_KEY["B1"].level
B1_TRAY = B1 + 3050.0
RISER = (8650.0, 9100.0)
HEIGHT = 2350.0
"""Of the tray above the floor of a storey."""
SHAFT = "强弱电井"


def build_power(model: IfcModel) -> None:
    """Add the power system."""
    network = Network(
        model, "power", name("低压配电系统", "Low-voltage power"), ("ELECTRICAL", "CABLECARRIER")
    )
    _riser(network, add_substation(network, _substation()))
    network.join([charger for key, charger in model.with_prefix("B1/charger/") if key.count("/") == 2])


def _substation() -> Substation:
    top = (3600.0, 6080.0, B1 + 2200.0)
    return Substation(
        transformers=((1800.0, 1500.0), (4800.0, 1500.0)),
        switchboard=(2000.0, 6480.0),
        meter=at(7900.0, 5000.0, 1400.0, "west"),
        top=top,
        path=(
            (top[0], top[1], B1_TRAY),
            (top[0], 7400.0, B1_TRAY),
            (RISER[0], 7400.0, B1_TRAY),
            (*RISER, B1_TRAY),
        ),
    )


def _riser(network: Network, feed: Entity) -> None:
    x, y = RISER
    own, up = network.joint(
        "B1/tray/tee", TRAY, (x, y, B1_TRAY), (feed,), [(x + 900.0, y, B1_TRAY), (x, y, B1_TRAY + 9000.0)]
    )
    _board(network, "B1", own)
    for storey_key in plan.FLAT_STOREYS:
        here = (x, y, plan.BY_KEY[storey_key].level + HEIGHT)
        arriving = network.line(f"{storey_key}/tray/riser", TRAY, up, [here], to_joint=True)
        aims = [(x + 900.0, y, here[2])]
        if storey_key != plan.FLAT_STOREYS[-1]:
            aims.append((x, y, here[2] + 9000.0))
        outs = network.joint(f"{storey_key}/tray/tee", TRAY, here, (arriving,), aims)
        _meters(network, storey_key, _board(network, storey_key, outs[0]))
        up = outs[-1]


def _board(network: Network, storey_key: str, feed: Entity) -> Entity:
    """From the tee to the board of a storey."""
    _, y, z = network.place_of(feed)
    feed = network.line(f"{storey_key}/tray/feed", TRAY, feed, [(9300.0, y, z)])
    board = place_device(network.model, f"{storey_key}/board/1", BOARD, at(9750.0, 9690.0, 0.0), SHAFT)
    network.terminal(board, feed)
    return board


def _meters(network: Network, storey_key: str, board: Entity) -> None:
    """One for each flat, side by side on the west wall of the riser room; its number is that of the flat."""
    level = plan.BY_KEY[storey_key].level
    for place, flat in enumerate(plan.FLAT_ROWS):
        number = plan.flat_number(storey_key, flat)
        x = 8500.0 + 300.0 * place
        meter = place_device(
            network.model, f"{storey_key}/powermeter/{number}", METER, at(x, 8310.0, 1500.0, "north"), SHAFT
        )
        out = network.port(board, f"out{place + 1}", (x, 8400.0, level + 1820.0), OUT)
        network.terminal(meter, out)
