"""What encloses the pump house: slabs, walls, windows, roof, stair, and its plot with fence and trees."""

import math

from sample_models.cells import inner_runs
from sample_models.half_turn_stairs import HalfTurn, add_half_turn
from sample_models.ifc_model import IfcModel
from sample_models.openings import Hole
from sample_models.plan import FLOOR_FINISH, SLAB
from sample_models.pump_house import plan
from sample_models.shapes import Outline, Point2, across_x, box, rectangle
from sample_models.skeleton import Plot
from sample_models.structure import add_basement_wall, add_slab
from sample_models.surroundings import CAMPHOR, OSMANTHUS, add_lawn, add_paving
from sample_models.values import Kind, Part, Place, Pset, as_new, flag, length, name
from sample_models.walls import Run, add_wall

PLOT = Plot(
    label=name("甬泰雨水泵站地块", "Pump house plot"),
    low=(-9000.0, -11000.0),
    high=(27000.0, 20000.0),
    reference="YT-03",
    title="甬海曙样例-0003",
    address=name("甬泰路22号", "22 Yongtai Road"),
)
FENCE = Kind(
    key="fence_panel",
    cls="IfcRailingType",
    label=name("锌钢护栏 3000×1800", "Steel fence 3000×1800"),
    solids=(
        box((0.0, -40.0, -200.0), (80.0, 40.0, 1900.0), "dark_metal"),
        box((80.0, -20.0, 200.0), (3000.0, 20.0, 250.0), "dark_metal"),
        box((80.0, -20.0, 1650.0), (3000.0, 20.0, 1700.0), "dark_metal"),
        *(box((80.0 + 240.0 * i, -12.0, 120.0), (104.0 + 240.0 * i, 12.0, 1800.0), "dark_metal") for i in range(1, 12)),
    ),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "围栏 Fence"},
    psets=(Pset(name="Pset_RailingCommon", properties={**as_new("WL1"), "Height": length(1800.0)}),),
    material="steel",
    code="14-LT.03",
)  # fmt: skip


def build_shell(model: IfcModel) -> None:
    """Add all of it."""
    _concrete(model)
    for storey in plan.STOREYS:
        heights = (-FLOOR_FINISH, storey.clear)
        for run in inner_runs(plan.rooms_of(storey.key), plan.ways_of(storey.key), heights):
            add_wall(model, storey, run)
    for run in _external_runs():
        add_wall(model, plan.BY_KEY["1F"], run)
    _roof(model)
    _stair(model)
    _ground(model)


def _concrete(model: IfcModel) -> None:
    below, ground = plan.STOREYS
    out, wide, deep = plan.BASEMENT_WALL, plan.WIDTH, plan.DEPTH
    add_slab(model, below, "raft", rectangle((-out, -out), (wide + out, deep + out)), (-650.0, -FLOOR_FINISH))
    bottom, top = -FLOOR_FINISH - SLAB, -FLOOR_FINISH
    slab = add_slab(model, ground, "slab", rectangle((0.0, 0.0), (wide, deep)), (bottom, top))
    holes: dict[str, tuple[Point2, Point2]] = {
        "stair": ((12400.0, 700.0), (14900.0, 6400.0)),
        "hatch1": ((1000.0, 1500.0), (3500.0, 3500.0)),
        "hatch2": ((5800.0, 3000.0), (8000.0, 6000.0)),
    }
    for key, (low, high) in holes.items():
        model.cut(slab, f"1F/slab/hole/{key}", (*low, bottom - 50.0), (*high, top + 50.0))
    heights = (-FLOOR_FINISH, below.height - FLOOR_FINISH - SLAB)
    sides: dict[str, tuple[Point2, Point2]] = {
        "S": ((-out, -out), (wide + out, 0.0)),
        "N": ((-out, deep), (wide + out, deep + out)),
        "W": ((-out, 0.0), (0.0, deep)),
        "E": ((wide, 0.0), (wide + out, deep)),
    }
    for key, corners in sides.items():
        add_basement_wall(model, below, key, corners, heights)


def _external_runs() -> tuple[Run, ...]:
    wide, deep, out = plan.WIDTH, plan.DEPTH, plan.WALL
    heights = (-350.0, plan.EAVES)

    def windows(
        leaf: str, sill: float, places: tuple[float, ...], start: float, turn: float
    ) -> tuple[Hole, ...]:
        return tuple(
            Hole(key=f"{leaf}-{place:.0f}", leaf=leaf, along=(place - start) * turn, sill=sill)
            for place in places
        )

    south = (
        *windows("C1824", 1500.0, (1600.0, 8000.0), -out, 1.0),
        Hole(key="gate", leaf="TLM3024", along=4800.0 + out),
        *windows("C1518", 1000.0, (10900.0, 13600.0), -out, 1.0),
    )
    north = (
        *windows("C1824", 1500.0, (1600.0, 4800.0, 8000.0), wide + out, -1.0),
        Hole(key="door", leaf="FM1521", along=wide + out - 12200.0),
    )
    east = (
        *windows("C1518", 1000.0, (1800.0, 4600.0), 0.0, 1.0),
        Hole(key="door", leaf="FM1021", along=7700.0),
    )
    west = windows("C1824", 1500.0, (2700.0, 6300.0), deep, -1.0)
    return (
        Run(key="S", start=(-out, -150.0), end=(wide + out, -150.0), build="brick", heights=heights,
            capped=(True, True), holes=south),
        Run(key="E", start=(wide + 150.0, 0.0), end=(wide + 150.0, deep), build="brick", heights=heights, holes=east),
        Run(key="N", start=(wide + out, deep + 150.0), end=(-out, deep + 150.0), build="brick", heights=heights,
            capped=(True, True), holes=north),
        Run(key="W", start=(-150.0, deep), end=(-150.0, 0.0), build="brick", heights=heights, holes=west),
    )  # fmt: skip


def _roof(model: IfcModel) -> None:
    """A gabled roof of sheet metal along x, and the two gables."""
    over, middle, out = 800.0, plan.DEPTH / 2, plan.WALL
    low, high, ridge, eaves = -out - over, plan.DEPTH + out + over, plan.RIDGE, plan.EAVES
    slope = (ridge - eaves) / (middle + out)
    drop = eaves - slope * over
    shell: Outline = (
        (low, drop), (low, drop + 220.0), (middle, ridge + 220.0), (high, drop + 220.0), (high, drop), (middle, ridge),
    )  # fmt: skip
    gable: Outline = ((-out, eaves), (plan.DEPTH + out, eaves), (middle, ridge))
    model.add(
        Part(
            key="1F/roof",
            cls="IfcRoof",
            label=name("金属坡屋面", "Pitched metal roof"),
            solids=(
                across_x(shell[::-1], -out - over, plan.WIDTH + out + over, "spandrel_metal"),
                across_x(gable, -out, 0.0, "brick"),
                across_x(gable, plan.WIDTH, plan.WIDTH + out, "brick"),
            ),
            attributes={"PredefinedType": "GABLE_ROOF"},
            psets=(Pset(name="Pset_RoofCommon", properties={**as_new("WM1"), "IsExternal": flag(True)}),),
            material="steel",
            code="14-WM.01",
        ),
        model.spatial["1F"],
    )


def _stair(model: IfcModel) -> None:
    """Half-turn, from the pit to the hall's level."""
    left, going = 12400.0, 240.0
    stair = HalfTurn(
        key="B1/stair",
        label=name("钢筋混凝土楼梯", "Concrete stair"),
        reference="LT3",
        rise=plan.BY_KEY["B1"].height,
        risers=18,
        going=going,
        start_y=900.0,
        flights=((left, left + 1180.0), (left + 1320.0, left + 2500.0)),
        landing=((left, left + 2500.0), 6400.0),
        rail_inset=-40.0,
        properties={"TreadLength": length(going)},
    )
    add_half_turn(model, stair)


def _ground(model: IfcModel) -> None:
    (x0, y0), (x1, y1) = PLOT.low, PLOT.high
    out = plan.WALL + 60.0
    pieces: tuple[Outline, ...] = (
        rectangle((x0, y0), (x1, -out)),
        rectangle((x0, -out), (-out, plan.DEPTH + out)),
        rectangle((plan.WIDTH + out, -out), (x1, plan.DEPTH + out)),
        rectangle((x0, plan.DEPTH + out), (x1, y1)),
    )
    add_lawn(model, pieces, plan.GROUND)
    yard = (
        rectangle((-1500.0, -6500.0), (x1 - 500.0, -out)),
        rectangle((plan.WIDTH + out, -out), (plan.WIDTH + 5000.0, 12500.0)),
        rectangle((-1500.0, plan.DEPTH + out), (plan.WIDTH + 5000.0, 12500.0)),
    )
    add_paving(model, "yard", name("泵站场地", "Yard of the pump house"), yard, "paving")
    _fence(model)
    places = [
        *((CAMPHOR, x, y1 - 3000.0) for x in (-5000.0, 2000.0, 9000.0, 16000.0, 23000.0)),
        *((OSMANTHUS, x, y0 + 2500.0) for x in (-6000.0, 0.0, 6000.0, 12000.0, 18000.0)),
        *((CAMPHOR, -6000.0, y) for y in (-2000.0, 6000.0, 12000.0)),
    ]
    for number, (kind, x, y) in enumerate(places, 1):
        turn = number * 2.4
        model.add(
            Part(key=f"site/tree/{number:02d}", kind=kind, label=kind.label.with_suffix(f"{number:02d}"),
                 place=Place(origin=(x, y, plan.GROUND), x_axis=(round(math.cos(turn), 6), round(math.sin(turn), 6), 0.0))),
            model.spatial["site"],
        )  # fmt: skip


def _fence(model: IfcModel) -> None:
    """Around the plot, with a gap for the gate in the east."""
    (x0, y0), (x1, y1) = PLOT.low, PLOT.high
    along = [(x, y, (1.0, 0.0, 0.0)) for y in (y0 + 200.0, y1 - 200.0) for x in _steps(x0 + 200.0, x1)]
    across = [(x0 + 200.0, y, (0.0, 1.0, 0.0)) for y in _steps(y0 + 200.0, y1)]
    across += [(x1 - 200.0, y, (0.0, 1.0, 0.0)) for y in _steps(y0 + 200.0, y1) if not -9000.0 < y < 0.0]
    for number, (x, y, direction) in enumerate((*along, *across), 1):
        model.add(
            Part(key=f"site/fence/{number:02d}", kind=FENCE, label=FENCE.label.with_suffix(f"{number:02d}"),
                 place=Place(origin=(x, y, plan.GROUND), x_axis=direction)),
            model.spatial["site"],
        )  # fmt: skip


def _steps(low: float, high: float) -> list[float]:
    return [low + 3000.0 * i for i in range(int((high - low) // 3000.0))]
