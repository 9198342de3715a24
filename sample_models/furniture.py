"""Some furniture, so that the rooms look used: desks, tables, shelves, rows of chairs, racks, planting beds."""

from sample_models import plan
from sample_models.devices import FACING
from sample_models.ifc_model import IfcModel
from sample_models.shapes import Solid, box, crown
from sample_models.values import Kind, Label, Part, Place, name


def _kind(key: str, label: Label, predefined: str, solids: tuple[Solid, ...]) -> Kind:
    return Kind(
        key=key,
        cls="IfcFurnitureType",
        label=label,
        solids=solids,
        attributes={"PredefinedType": predefined, "AssemblyPlace": "FACTORY"},
        code="30-JJ.01",
    )


def _chair(x: float, y: float, back: float) -> tuple[Solid, ...]:
    """A chair at (x, y); its back is on the side that `back` points to in y (1 or −1)."""
    rear = y + 200.0 * back
    return (
        box((x - 210.0, y - 200.0, 400.0), (x + 210.0, y + 200.0, 450.0), "wood"),
        box((x - 210.0, rear - 15.0, 450.0), (x + 210.0, rear + 15.0, 850.0), "wood"),
        box((x - 30.0, y - 30.0, 0.0), (x + 30.0, y + 30.0, 400.0), "dark_metal"),
    )


def _table(width: float, depth: float) -> tuple[Solid, ...]:
    half, deep = width / 2, depth / 2
    return (
        box((-half, -deep, 720.0), (half, deep, 750.0), "wood"),
        box((-half + 60.0, -deep + 80.0, 0.0), (-half + 110.0, deep - 80.0, 720.0), "dark_metal"),
        box((half - 110.0, -deep + 80.0, 0.0), (half - 60.0, deep - 80.0, 720.0), "dark_metal"),
    )


TABLE_SET = _kind(
    "table_set",
    name("四人桌椅", "Table with four chairs"),
    "TABLE",
    (
        *_table(1300.0, 800.0),
        *(
            solid
            for x in (-330.0, 330.0)
            for y, back in ((-620.0, -1.0), (620.0, 1.0))
            for solid in _chair(x, y, back)
        ),
    ),
)
MEETING = _kind(
    "meeting_table",
    name("会议桌椅", "Meeting table with chairs"),
    "TABLE",
    (
        *_table(4200.0, 1300.0),
        *(
            solid
            for x in (-1500.0, -500.0, 500.0, 1500.0)
            for y, back in ((-950.0, -1.0), (950.0, 1.0))
            for solid in _chair(x, y, back)
        ),
    ),
)
DESK = _kind(
    "desk", name("办公桌椅", "Desk with chair"), "DESK", (*_table(1400.0, 700.0), *_chair(0.0, -600.0, -1.0))
)
COUNTER = _kind(
    "counter",
    name("服务台", "Service counter"),
    "DESK",
    (
        box((-2000.0, -350.0, 0.0), (2000.0, 350.0, 1000.0), "wood"),
        box((-2050.0, -400.0, 1000.0), (2050.0, 400.0, 1050.0), "stone"),
    ),
)
SHELF = _kind(
    "shelf",
    name("书架", "Bookshelf"),
    "SHELF",
    (
        *(box((-900.0, -220.0, z), (900.0, 220.0, z + 30.0), "wood") for z in (80.0, 520.0, 960.0, 1400.0)),
        box((-930.0, -220.0, 0.0), (-900.0, 220.0, 1600.0), "wood"),
        box((900.0, -220.0, 0.0), (930.0, 220.0, 1600.0), "wood"),
        *(box((-880.0, -190.0, z + 30.0), (760.0, 190.0, z + 320.0), "carpet") for z in (80.0, 520.0, 960.0)),
    ),
)
CHAIR_ROW = _kind(
    "chair_row",
    name("六人排椅", "Row of six chairs"),
    "CHAIR",
    tuple(solid for i in range(6) for solid in _chair(-1375.0 + 550.0 * i, 0.0, -1.0)),
)
RACK = _kind(
    "rack",
    name("储物货架", "Storage rack"),
    "SHELF",
    (
        *(
            box((-1200.0, -300.0, z), (1200.0, 300.0, z + 60.0), "light_metal")
            for z in (150.0, 900.0, 1650.0)
        ),
        *(box((x - 30.0, -300.0, 0.0), (x + 30.0, 300.0, 2100.0), "machine") for x in (-1230.0, 1230.0)),
        box((-1000.0, -250.0, 210.0), (300.0, 250.0, 750.0), "wood"),
        box((-200.0, -250.0, 960.0), (900.0, 250.0, 1450.0), "cabinet"),
    ),
)
BED = _kind(
    "bed",
    name("诊疗床", "Examination bed"),
    "BED",
    (
        box((-350.0, -950.0, 450.0), (350.0, 950.0, 600.0), "device"),
        box((-300.0, -850.0, 0.0), (300.0, 850.0, 450.0), "light_metal"),
    ),
)
PLANTER = Kind(
    key="planter",
    cls="IfcFurnitureType",
    label=name("广场花池坐凳", "Planting bed with seat"),
    solids=(
        box((-4000.0, -1000.0, -200.0), (4000.0, 1000.0, 380.0), "stone"),
        box((-4100.0, -1100.0, 380.0), (4100.0, 1100.0, 450.0), "wood"),
        box((-3700.0, -700.0, 450.0), (3700.0, 700.0, 700.0), "leaf"),
        *(
            crown((x, 0.0, 900.0), (700.0, 600.0, 520.0), "leaf_light")
            for x in (-2700.0, -900.0, 900.0, 2700.0)
        ),
    ),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "花池 Planter", "AssemblyPlace": "SITE"},
    code="30-JJ.02",
)

_Row = tuple[Kind, tuple[float, ...], tuple[float, ...], str]
"""Kind, places along x, places along y, facing: one piece at each crossing."""

_PLACES: dict[str, tuple[_Row, ...]] = {
    "B2": ((RACK, (28000.0, 31500.0, 36500.0, 39500.0), (2500.0, 7300.0), "south"),),
    "1F": (
        (BED, (1500.0, 3500.0), (3000.0,), "south"),
        (DESK, (6500.0,), (3000.0, 6000.0), "south"),
        (COUNTER, (12600.0,), (2600.0,), "south"),
        (CHAIR_ROW, (12600.0,), (5200.0, 6600.0), "south"),
        (COUNTER, (22600.0,), (6200.0,), "west"),
        (TABLE_SET, (27000.0, 29400.0, 31800.0), (1800.0, 4000.0, 6200.0), "south"),
        (DESK, (10500.0, 13000.0), (15500.0,), "south"),
    ),
    "2F": (
        (SHELF, (2200.0, 6200.0, 10200.0, 14200.0), (7600.0,), "south"),
        (TABLE_SET, (2200.0, 6200.0, 10200.0, 14200.0), (2200.0,), "south"),
        (TABLE_SET, (18800.0, 21000.0, 23200.0), (3500.0,), "south"),
        (TABLE_SET, (27500.0, 31000.0), (4000.0,), "south"),
        (DESK, (27500.0, 29500.0, 31500.0), (14000.0, 16500.0), "south"),
    ),
    "3F": (
        (CHAIR_ROW, (9800.0, 11200.0, 12600.0, 14000.0), (2600.0, 6600.0), "west"),
        (MEETING, (12600.0,), (15300.0,), "south"),
        (DESK, (27200.0, 29700.0, 32200.0), (2800.0, 6000.0), "south"),
        (TABLE_SET, (36500.0, 39500.0), (3000.0,), "south"),
    ),
    "site": ((PLANTER, (11000.0, 31000.0), (-9500.0,), "south"),),
}


def build_furniture(model: IfcModel) -> None:
    """Add the furniture of every storey and the planting beds in front."""
    for container, rows in _PLACES.items():
        level = plan.GROUND if container == "site" else 0.0
        number = 0
        for kind, xs, ys, facing in rows:
            for x in xs:
                for y in ys:
                    number += 1
                    where = Place(origin=(x, y, level), x_axis=FACING[facing])
                    key = f"{container}/furniture/{number:02d}"
                    part = Part(key=key, label=kind.label, kind=kind, place=where)
                    model.add(part, model.spatial[container])
