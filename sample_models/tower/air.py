"""Air of the tower: exhaust and supply of the car park, pressurisation of the staircases."""

from sample_models.devices import at, place_device
from sample_models.ifc_model import IfcModel
from sample_models.networks import OUT, Network
from sample_models.tower import plan
from sample_models.values import Place, name
from sample_models.ventilation import EXHAUST_DUCT, EXHAUST_FAN, GRILLE, ROOF_FAN, SUPPLY_DUCT, SUPPLY_FAN


def build_air(model: IfcModel) -> None:
    """Add both air systems."""
    exhaust = Network(model, "exhaust", name("车库排风系统", "Car park exhaust"), ("EXHAUST", "DUCT"))
    _collector(exhaust, "B1", 2900.0)
    supply = Network(model, "supply", name("车库送风系统", "Car park supply air"), ("VENTILATION", "DUCT"))
    _supply(supply)
    pressure = Network(
        model,
        "smoke-control",
        name("楼梯间加压送风系统", "Staircase pressurisation"),
        ("VENTILATION", "DUCT"),
    )
    pressure.join(
        [
            place_device(model, f"RF/fan/{number}", ROOF_FAN, at(x, 9200.0, 50.0), "屋面")
            for number, x in enumerate((11600.0, 24400.0), 1)
        ]
    )


def _collector(network: Network, storey_key: str, above: float) -> None:
    """Two ducts along the aisles, joined, through the fan and out at the east side."""
    model, level = network.model, plan.BY_KEY[storey_key].level
    z = level + above
    tee = (32000.0, -3100.0, z)
    trim = EXHAUST_DUCT.trim
    west = network.begin(
        f"{storey_key}/duct/west", EXHAUST_DUCT, (-6000.0, tee[1], z), (tee[0] - trim, tee[1], z)
    )
    east = network.begin(
        f"{storey_key}/duct/east", EXHAUST_DUCT, (48000.0, tee[1], z), (tee[0] + trim, tee[1], z)
    )
    (merged,) = network.joint(
        f"{storey_key}/duct/tee", EXHAUST_DUCT, tee, (west, east), [(tee[0], 2000.0, z)]
    )
    feed = network.line(f"{storey_key}/duct/suction", EXHAUST_DUCT, merged, [(tee[0], 2500.0, z)])
    fan = place_device(model, f"{storey_key}/fan/1", EXHAUST_FAN, at(tee[0], 3150.0, above), "排风机房")
    feed = network.inline(fan, feed, (tee[0], 3800.0, z))
    network.line(f"{storey_key}/duct/outlet", SUPPLY_DUCT, feed, [(tee[0], 5600.0, z)])
    xs = [-4000.0 + 8400.0 * i for i in range(7)]
    network.join(
        [
            place_device(
                model,
                f"{storey_key}/grille/{number:02d}",
                GRILLE,
                Place(origin=(x, tee[1], above - 180.0)),
                "停车区A",
            )
            for number, x in enumerate(xs, 1)
        ]
    )


def _supply(network: Network) -> None:
    model, level = network.model, plan.BY_KEY["B2"].level
    z = level + 2600.0
    fan = place_device(model, "B2/fan/1", SUPPLY_FAN, at(33000.0, 3000.0, 2000.0), "送风机房")
    network.join((fan,))
    feed = network.port(fan, "out", (32100.0, 3000.0, z), OUT)
    network.line(
        "B2/duct/supply",
        SUPPLY_DUCT,
        feed,
        [(30000.0, 3000.0, z), (30000.0, -3100.0, z), (-6000.0, -3100.0, z)],
    )
