"""The concrete of the tower: slabs with their openings, basement walls and columns, and the walls between rooms."""

from sample_models.cells import inner_runs
from sample_models.garage_ramp import GarageRamp
from sample_models.ifc_model import IfcModel
from sample_models.plan import COLUMN, FLOOR_FINISH, SLAB, Column, Storey
from sample_models.shapes import Point2, rectangle
from sample_models.structure import add_basement_wall, add_column, add_slab
from sample_models.tower import plan
from sample_models.walls import add_wall

AISLE = (-6100.0, -100.0)
RAMP = GarageRamp(
    start=plan.BASEMENT_HIGH[0] + plan.BASEMENT_WALL,
    aisle=AISLE,
    level=plan.BY_KEY["B1"].level,
    ground=plan.GROUND,
    roof=-450.0,
)
_HOLES: dict[str, tuple[Point2, Point2]] = {
    "stair1": ((13300.0, 9200.0), (15800.0, 13200.0)),
    "stair2": ((20200.0, 9200.0), (22700.0, 13200.0)),
    "lift1": ((16000.0, 10700.0), (17900.0, 13200.0)),
    "lift2": ((18100.0, 10700.0), (20000.0, 13200.0)),
    "power": ((8300.0, 8600.0), (9000.0, 9600.0)),
    "water": ((26900.0, 8600.0), (27700.0, 9600.0)),
}
"""Openings of every slab."""

ROOF_B1 = (3450.0 - SLAB, 3450.0)
"""The roof of the basement beside the tower, above the floor of the upper basement: soil lies on it."""


def build_structure(model: IfcModel) -> None:
    """Add slabs, basement walls, columns and inner walls of every storey."""
    for storey in plan.STOREYS:
        _slab(model, storey)
        below = storey.key in {"B1", "B2"}
        heights = (-FLOOR_FINISH, _ceiling(storey, beside=False))
        for run in inner_runs(plan.rooms_of(storey.key), plan.ways_of(storey.key), heights):
            add_wall(model, storey, run)
        if below:
            _basement_walls(model, storey)
            for column in columns():
                add_column(model, storey, column, _ceiling(storey, beside=True))


def _ceiling(storey: Storey, *, beside: bool) -> float:
    """Height of the underside of the slab above; `beside` the tower the upper basement is lower."""
    return ROOF_B1[0] if beside and storey.key == "B1" else storey.clear


def ceiling_at(storey: Storey, x: float, y: float) -> float:
    """The same at a place."""
    within = 0.0 <= x <= plan.WIDTH and 0.0 <= y <= plan.DEPTH
    return _ceiling(storey, beside=not within)


def _slab(model: IfcModel, storey: Storey) -> None:
    out = plan.BASEMENT_WALL
    (x0, y0), (x1, y1) = plan.BASEMENT_LOW, plan.BASEMENT_HIGH
    around = rectangle((x0 - out, y0 - out), (x1 + out, y1 + out))
    if storey.key == "B2":
        add_slab(model, storey, "raft", around, (-850.0, -FLOOR_FINISH))
        return
    outline = around if storey.key == "B1" else rectangle((0.0, 0.0), (plan.WIDTH, plan.DEPTH))
    bottom, top = -FLOOR_FINISH - SLAB, -FLOOR_FINISH
    slab = add_slab(model, storey, "slab", outline, (bottom, top))
    for key, (low, high) in _HOLES.items():
        if storey.key == "RF" and key in {"power", "water"}:
            continue
        model.cut(slab, f"{storey.key}/slab/hole/{key}", (*low, bottom - 50.0), (*high, top + 50.0))
    if storey.key == "B1":
        add_slab(model, storey, "roof-s", rectangle((x0 - out, y0 - out), (x1 + out, 0.0)), ROOF_B1)
        add_slab(model, storey, "roof-n", rectangle((x0 - out, plan.DEPTH), (x1 + out, y1 + out)), ROOF_B1)
        add_slab(model, storey, "roof-w", rectangle((x0 - out, 0.0), (0.0, plan.DEPTH)), ROOF_B1)
        add_slab(model, storey, "roof-e", rectangle((plan.WIDTH, 0.0), (x1 + out, plan.DEPTH)), ROOF_B1)


def _basement_walls(model: IfcModel, storey: Storey) -> None:
    out = plan.BASEMENT_WALL
    (x0, y0), (x1, y1) = plan.BASEMENT_LOW, plan.BASEMENT_HIGH
    heights = (-FLOOR_FINISH, ROOF_B1[0] if storey.key == "B1" else storey.height - FLOOR_FINISH - SLAB)
    sides: dict[str, tuple[Point2, Point2]] = {
        "S": ((x0 - out, y0 - out), (x1 + out, y0)),
        "N": ((x0 - out, y1), (x1 + out, y1 + out)),
        "W": ((x0 - out, y0), (x0, y1)),
    }
    for key, corners in sides.items():
        add_basement_wall(model, storey, key, corners, heights)
    east = add_basement_wall(model, storey, "E", ((x1, y0), (x1 + out, y1)), heights)
    if storey.key == "B1":
        low, high = AISLE
        model.cut(east, "B1/basement-wall/E/gate", (x1 - 50.0, low, 0.0), (x1 + out + 50.0, high, 2700.0))


def columns() -> tuple[Column, ...]:
    """Columns of the car park: along its edges and in front of the bays."""
    (x0, y0), (x1, y1) = plan.BASEMENT_LOW, plan.BASEMENT_HIGH
    rows = {"A": y0, "B": -6100.0 + 100.0, "C": 19200.0, "D": y1 - COLUMN}
    found = []
    for letter, y in rows.items():
        for number in range(1, 9):
            x = min(max(x0 + 8400.0 * (number - 1) - COLUMN / 2, x0), x1 - COLUMN)
            low = (x, y)
            key = f"{number}{letter}"
            found.append(Column(key=key, low=low, high=(x + COLUMN, y + COLUMN), storeys=("B2", "B1")))
    return tuple(found)
