"""What stands in every substation: transformers, low-voltage switchboards, the main meter, the tray that leaves them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sample_models.devices import at, place_device
from sample_models.electrical_kinds import METER, SWITCHBOARD, TRANSFORMER, TRAY
from sample_models.ifc_writing import Entity
from sample_models.networks import OUT, Network
from sample_models.shapes import Point2, Point3
from sample_models.values import Place

ROOM = "变配电室"
SWITCHBOARDS = 4
FEEDING = 2
"""The switchboard, counted from 0, that the tray leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Substation:
    """Where it all stands in the upper basement, in mm in the axes of the building.

    `transformers` are points on the floor; switchboards follow each other every 800 mm along x from the first one.
    The tray starts at `top` and runs through `path`.
    """

    transformers: tuple[Point2, ...]
    switchboard: Point2
    meter: Place
    top: Point3
    path: Sequence[Point3]


def add_substation(network: Network, substation: Substation) -> Entity:
    """Add it to the power system; returns the port where the tray reaches the end of its path."""
    model = network.model
    network.join(
        [
            place_device(model, f"B1/transformer/{number}", TRANSFORMER, at(x, y, 0.0), ROOM)
            for number, (x, y) in enumerate(substation.transformers, 1)
        ]
    )
    x, y = substation.switchboard
    boards = [
        place_device(model, f"B1/switchboard/{number}", SWITCHBOARD, at(x + 800.0 * number, y, 0.0), ROOM)
        for number in range(SWITCHBOARDS)
    ]
    network.join(boards)
    network.join((place_device(model, "B1/powermeter/0", METER, substation.meter, ROOM),))
    feed = network.port(boards[FEEDING], "out", substation.top, OUT)
    return network.line("B1/tray/main", TRAY, feed, substation.path, to_joint=True)
