"""The plot of the tower: lawn, paths, drive, garage ramp, trees, lamp poles."""

import math

from sample_models.devices import at, place_device
from sample_models.garage_ramp import build_garage_ramp
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.lighting_and_sensing import POLE
from sample_models.shapes import Outline, rectangle
from sample_models.skeleton import Plot
from sample_models.surroundings import CAMPHOR, OSMANTHUS, add_lawn, add_paving
from sample_models.tower import plan
from sample_models.tower.structure import AISLE, RAMP
from sample_models.values import Part, Place, name

PLOT = Plot(
    label=name("甬泰社区1号楼地块", "Plot of building 1"),
    low=(-22000.0, -20000.0),
    high=(84000.0, 44000.0),
    reference="YT-02",
    title="甬海曙样例-0002",
    address=name("甬泰路16号", "16 Yongtai Road"),
)


def build_plot(model: IfcModel) -> None:
    """Add the ground and what stands on it."""
    (x0, y0), (x1, y1) = PLOT.low, PLOT.high
    out, south, north = plan.WALL + 60.0, AISLE[0] - 250.0, AISLE[1] + 250.0
    pieces: tuple[Outline, ...] = (
        rectangle((x0, y0), (x1, south)),
        rectangle((x0, south), (RAMP.start - 350.0, -out)),
        rectangle((RAMP.end, south), (x1, north)),
        rectangle((plan.WIDTH + out, north), (x1, plan.DEPTH + out)),
        rectangle((x0, -out), (-out, plan.DEPTH + out)),
        rectangle((x0, plan.DEPTH + out), (x1, y1)),
    )
    add_lawn(model, pieces, plan.GROUND)
    build_garage_ramp(model, RAMP)
    deep = plan.DEPTH
    paths = (
        rectangle((-4000.0, deep + 360.0), (40000.0, 20000.0)),
        rectangle((12000.0, 20000.0), (24000.0, 30000.0)),
        rectangle((-4000.0, -3600.0), (-360.0, deep + 360.0)),
        rectangle((36360.0, 400.0), (40000.0, deep + 360.0)),
    )
    add_paving(model, "path", name("环楼步道", "Path around the tower"), paths, "paving")
    drive = (
        rectangle((x0 + 500.0, 34000.0), (x1 - 500.0, 40000.0)),
        rectangle((RAMP.end, AISLE[0]), (x1 - 500.0, AISLE[1])),
        rectangle((x1 - 6500.0, AISLE[1]), (x1 - 500.0, 34000.0)),
    )
    add_paving(model, "drive", name("小区道路", "Drive of the estate"), drive, "asphalt")
    _trees(model)


def poles(model: IfcModel) -> list[Entity]:
    """Lamp poles along drive and paths; returned for their system."""
    places = [
        *((x, 33000.0, "south") for x in (-14000.0, 4000.0, 32000.0, 52000.0, 70000.0)),
        *((x, 20800.0, "north") for x in (0.0, 36000.0)),
        *((x, -9000.0, "south") for x in (-12000.0, 10000.0, 30000.0)),
    ]
    return [
        place_device(model, f"site/pole/{number:02d}", POLE, at(x, y, plan.GROUND, side), "室外")
        for number, (x, y, side) in enumerate(places, 1)
    ]


def _trees(model: IfcModel) -> None:
    places = [
        *((CAMPHOR, x, 42200.0) for x in range(-20000, 84000, 8000)),
        *((CAMPHOR, x, -17500.0) for x in range(-20000, 84000, 9000)),
        *((OSMANTHUS, x, -12000.0) for x in range(-18000, 46000, 6500)),
        *(
            (OSMANTHUS, x, 26000.0)
            for x in (-16000, -9000, -2000, 5000, 31000, 38000, 45000, 52000, 60000, 68000)
        ),
        *((CAMPHOR, -18000.0, y) for y in (-6000, 4000, 14000, 24000)),
        *((OSMANTHUS, 47000.0 + 6000.0 * i, 8000.0) for i in range(5)),
    ]
    for number, (kind, x, y) in enumerate(places, 1):
        turn = number * 2.4
        model.add(
            Part(
                key=f"site/tree/{number:02d}",
                kind=kind,
                label=kind.label.with_suffix(f"{number:02d}"),
                place=Place(
                    origin=(float(x), float(y), plan.GROUND),
                    x_axis=(round(math.cos(turn), 6), round(math.sin(turn), 6), 0.0),
                ),
            ),
            model.spatial["site"],
        )
