"""What is seen of the tower: external walls with windows, balconies, air-conditioning shelves, entrance canopy."""

from sample_models.ifc_model import IfcModel
from sample_models.openings import Hole
from sample_models.plan import Storey
from sample_models.shapes import Point2, box
from sample_models.tower import plan
from sample_models.values import Kind, Part, Place, Pset, as_new, flag, length, name
from sample_models.walls import Run, add_wall

BALCONY_DEPTH = 1500.0
BAY_END = 4000.0
"""The outermost rooms are clad in brick tile, up to here from each end."""

_SOUTH: tuple[tuple[str, float, float], ...] = (
    ("C1815", 1950.0, 600.0), ("TLM3024", 6000.0, 0.0), ("TLM3024", 10050.0, 0.0), ("C1815", 13650.0, 600.0),
    ("C1815", 16650.0, 600.0),
)  # fmt: skip
"""Windows of the west half: leaf, middle, sill; the east half is its mirror image."""
_NORTH: tuple[tuple[str, float, float], ...] = (
    ("C1518", 1950.0, 700.0), ("C1209", 5100.0, 1200.0), ("C1209", 7200.0, 1200.0), ("C1209", 9150.0, 1200.0),
    ("C1815", 11700.0, 700.0), ("C1209", 14550.0, 1200.0),
)  # fmt: skip
_SIDE: tuple[tuple[str, float, float], ...] = (("C1209", 5850.0, 1200.0), ("C1209", 8000.0, 1200.0))

BALCONY = Kind(
    key="balcony",
    cls="IfcSlabType",
    label=name("阳台板 4200×1500", "Balcony slab 4200×1500"),
    solids=(
        box((-2100.0, -BALCONY_DEPTH, -170.0), (2100.0, 0.0, -20.0), "concrete"),
        box((-2160.0, -BALCONY_DEPTH - 60.0, -320.0), (2160.0, -BALCONY_DEPTH, 60.0), "cream"),
    ),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "阳台 Balcony"},
    psets=(Pset(name="Pset_SlabCommon", properties={**as_new("YT1"), "IsExternal": flag(True)}),),
    material="concrete",
    code="14-JG.03",
)
RAILING = Kind(
    key="balcony_railing",
    cls="IfcRailingType",
    label=name("阳台玻璃栏板 1100", "Balcony glass balustrade 1100"),
    solids=(
        box((-2100.0, -BALCONY_DEPTH - 20.0, 60.0), (2100.0, -BALCONY_DEPTH, 1060.0), "clear_glass"),
        box((-2120.0, -BALCONY_DEPTH - 40.0, 1060.0), (2120.0, -BALCONY_DEPTH + 20.0, 1110.0), "dark_metal"),
        box((-2100.0, -BALCONY_DEPTH, -20.0), (-2080.0, 0.0, 1060.0), "clear_glass"),
        box((2080.0, -BALCONY_DEPTH, -20.0), (2100.0, 0.0, 1060.0), "clear_glass"),
    ),
    attributes={"PredefinedType": "GUARDRAIL"},
    psets=(
        Pset(
            name="Pset_RailingCommon",
            properties={**as_new("LG3"), "Height": length(1100.0), "IsExternal": flag(True)},
        ),
    ),
    material="glass",
    code="14-LT.04",
)
SHELF = Kind(
    key="ac_shelf",
    cls="IfcShadingDeviceType",
    label=name("空调机位百叶", "Louvre of the air-conditioner shelf"),
    solids=(
        box((-600.0, -700.0, -100.0), (600.0, 0.0, 0.0), "concrete"),
        *(
            box((-600.0, -700.0, 60.0 + 180.0 * i), (600.0, -660.0, 170.0 + 180.0 * i), "bronze")
            for i in range(7)
        ),
        box((-600.0, -660.0, 0.0), (-560.0, 0.0, 1330.0), "bronze"),
        box((560.0, -660.0, 0.0), (600.0, 0.0, 1330.0), "bronze"),
    ),
    attributes={"PredefinedType": "SHUTTER"},
    material="aluminium",
    code="30-ZY.01",
)


def build_facade(model: IfcModel) -> None:
    """Add all that stands around the flats, storey by storey."""
    for key in plan.FLAT_STOREYS:
        storey = plan.BY_KEY[key]
        for run in external_runs(storey):
            add_wall(model, storey, run)
        if key != "1F":
            _balconies(model, storey)
        _shelves(model, storey)
    _canopy(model)


def _holes(
    rows: tuple[tuple[str, float, float], ...], start: float, reach: Point2, turn: float
) -> tuple[Hole, ...]:
    """Windows of a run that starts at `start` and runs along `turn` (±1); those outside `reach` are left out."""
    return tuple(
        Hole(key=f"{leaf}-{place:.0f}", leaf=leaf, along=(place - start) * turn, sill=sill)
        for leaf, place, sill in rows
        if reach[0] < place < reach[1]
    )


def _both(rows: tuple[tuple[str, float, float], ...]) -> tuple[tuple[str, float, float], ...]:
    return (*rows, *((leaf, plan.WIDTH - middle, sill) for leaf, middle, sill in rows))


def external_runs(storey: Storey) -> tuple[Run, ...]:
    """External walls of a storey, counter-clockwise from the south-west corner."""
    ground = storey.key == "1F"
    body, end = ("stone", "stone") if storey.key in {"1F", "2F"} else ("cream", "brick")
    heights = (-350.0 if ground else 0.0, storey.height)
    wide, deep, out = plan.WIDTH, plan.DEPTH, plan.WALL
    south, north = _both(_south(ground)), _both(_north(ground))
    cuts = ((-out, BAY_END, end), (BAY_END, wide - BAY_END, body), (wide - BAY_END, wide + out, end))
    runs = []
    for number, (low, high, build) in enumerate(cuts, 1):
        capped = (number == 1, number == 3)
        runs.append(
            Run(key=f"S{number}", start=(low, -150.0), end=(high, -150.0), build=build, heights=heights,
                capped=capped, holes=_holes(south, low, (low, high), 1.0))
        )  # fmt: skip
        runs.append(
            Run(key=f"N{number}", start=(high, deep + 150.0), end=(low, deep + 150.0), build=build,
                heights=heights, capped=capped[::-1], holes=_holes(north, high, (low, high), -1.0))
        )  # fmt: skip
    reach = (0.0, deep)
    runs.append(
        Run(key="E", start=(wide + 150.0, 0.0), end=(wide + 150.0, deep), build=end, heights=heights,
            holes=_holes(_SIDE, 0.0, reach, 1.0))
    )  # fmt: skip
    runs.append(
        Run(key="W", start=(-150.0, deep), end=(-150.0, 0.0), build=end, heights=heights,
            holes=_holes(_SIDE, deep, reach, -1.0))
    )  # fmt: skip
    return tuple(runs)


def _south(ground: bool) -> tuple[tuple[str, float, float], ...]:  # noqa: FBT001
    """Flats of the first floor have windows where others have doors to a balcony."""
    if not ground:
        return _SOUTH
    return tuple(
        ("C1824", middle, 500.0) if leaf == "TLM3024" else (leaf, middle, sill)
        for leaf, middle, sill in _SOUTH
    )


def _north(ground: bool) -> tuple[tuple[str, float, float], ...]:  # noqa: FBT001
    """On the first floor both staircases lead outside."""
    if not ground:
        return _NORTH
    return tuple(
        ("MLC1824", middle, 0.0) if middle == 14550.0 else (leaf, middle, sill)
        for leaf, middle, sill in _NORTH
    )


def _balconies(model: IfcModel, storey: Storey) -> None:
    for number, x in enumerate((6000.0, 10050.0, plan.WIDTH - 10050.0, plan.WIDTH - 6000.0)):
        place = Place(origin=(x, -plan.WALL, 0.0))
        flat = plan.flat_number(storey.key, "ABCD"[number])
        model.add(
            Part(key=f"{storey.key}/balcony/{number}", kind=BALCONY, place=place,
                 label=name(f"{flat}室阳台", f"Balcony of flat {flat}")),
            model.spatial[storey.key],
        )  # fmt: skip
        model.add(
            Part(key=f"{storey.key}/balcony-railing/{number}", kind=RAILING, place=place,
                 label=name(f"{flat}室阳台栏板", f"Balcony balustrade of flat {flat}")),
            model.spatial[storey.key],
        )  # fmt: skip


def _shelves(model: IfcModel, storey: Storey) -> None:
    """Beside the windows of the bedrooms, in front of their sills."""
    sides = ((3300.0, -plan.WALL, 1.0), (15150.0, -plan.WALL, 1.0), (10000.0, plan.DEPTH + plan.WALL, -1.0))
    for number, (x, y, turn) in enumerate((*sides, *((plan.WIDTH - x, y, turn) for x, y, turn in sides)), 1):
        model.add(
            Part(key=f"{storey.key}/shelf/{number}", kind=SHELF, label=SHELF.label,
                 place=Place(origin=(x, y, 300.0), x_axis=(turn, 0.0, 0.0))),
            model.spatial[storey.key],
        )  # fmt: skip


def _canopy(model: IfcModel) -> None:
    """Over both doors at the back."""
    for number, x in enumerate((14550.0, plan.WIDTH - 14550.0), 1):
        y = plan.DEPTH + plan.WALL
        model.add(
            Part(
                key=f"1F/canopy/{number}",
                cls="IfcRoof",
                label=name(f"{number}号单元入口雨棚", f"Canopy of entrance {number}"),
                solids=(
                    box((x - 2200.0, y, 3000.0), (x + 2200.0, y + 2600.0, 3180.0), "bronze"),
                    box((x - 2100.0, y + 2300.0, -320.0), (x - 1800.0, y + 2600.0, 3000.0), "stone"),
                    box((x + 1800.0, y + 2300.0, -320.0), (x + 2100.0, y + 2600.0, 3000.0), "stone"),
                ),
                attributes={"PredefinedType": "FLAT_ROOF"},
                material="bronze",
                code="14-WM.02",
            ),
            model.spatial["1F"],
        )
