"""Walls with their doors and windows: external walls storey by storey, and partitions that stop at columns."""

from dataclasses import dataclass

from sample_models import plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.openings import LEAVES, Hole, put
from sample_models.partitions import LINES, Line
from sample_models.shapes import Point2, Solid, box, plate
from sample_models.values import Kind, Part, Place, Pset, Quantities, as_new, flag, measure, name, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a wall is built: its kind, thickness, and the paints of its two sides (outer first)."""

    kind: Kind
    thickness: float
    paints: tuple[str, str]


def _build(key: str, label: tuple[str, str], paints: tuple[str, str], u_value: float) -> Build:
    external = paints[0] != paints[1]
    bearing = key == "core_200"
    common = Pset(
        name="Pset_WallCommon",
        properties={
            **as_new(key),
            "FireRating": text("3.00h" if external or bearing else "2.00h"),
            "ThermalTransmittance": measure("ThermalTransmittance", u_value),
            "IsExternal": flag(external),
            "LoadBearing": flag(bearing),
        },
    )
    kind = Kind(
        key=f"wall_{key}",
        cls="IfcWallType",
        label=name(*label),
        attributes={"PredefinedType": "SOLIDWALL" if external or bearing else "PARTITIONING"},
        psets=(common,),
        material=key,
        code="14-QT.01" if external else "14-QT.02",
    )
    return Build(kind=kind, thickness=300.0 if external else 200.0, paints=paints)


BUILDS: dict[str, Build] = {
    "stone": _build(
        "facade_stone", ("石材外墙 300", "Stone external wall 300"), ("stone", "partition"), 0.55
    ),
    "render": _build(
        "facade_render", ("涂料外墙 300", "Rendered external wall 300"), ("render", "partition"), 0.5
    ),
    "brick": _build(
        "facade_brick", ("面砖外墙 300", "Brick-tiled external wall 300"), ("brick", "partition"), 0.5
    ),
    "cream": _build(
        "facade_cream", ("真石漆外墙 300", "Stone-effect external wall 300"), ("cream", "partition"), 0.5
    ),
    "block": _build(
        "partition_200", ("砌块内墙 200", "Block partition 200"), ("partition", "partition"), 1.1
    ),
    "core": _build("core_200", ("混凝土墙 200", "Concrete wall 200"), ("concrete", "concrete"), 3.1),
}
"""How walls are built."""

FACING = 60.0
"""Depth in which the outer paint of an external wall is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A straight wall along x or y: its middle line, heights above the finished floor, and what is in it.

    External walls run counter-clockwise around the building, so that the left side (+y of the wall) is inside.
    """

    key: str
    start: Point2
    end: Point2
    build: str
    heights: Point2
    holes: tuple[Hole, ...] = ()
    capped: tuple[bool, bool] = (False, False)

    @property
    def length(self) -> float:
        """Length in mm."""
        return abs(self.end[0] - self.start[0]) + abs(self.end[1] - self.start[1])


def add_wall(model: IfcModel, storey: plan.Storey, run: Run) -> Entity:
    """Add a wall with its doors and windows."""
    build, parent = BUILDS[run.build], model.spatial[storey.key]
    x_axis = ((run.end[0] - run.start[0]) / run.length, (run.end[1] - run.start[1]) / run.length, 0.0)
    part = Part(
        key=f"{storey.key}/wall/{run.key}",
        kind=build.kind,
        label=name(
            f"{build.kind.label.zh} {storey.key}-{run.key}", f"{build.kind.label.en} {storey.key}-{run.key}"
        ),
        place=Place(origin=(*run.start, 0.0), x_axis=x_axis),
        solids=_solids(run, build),
        material=build.kind.material,
        quantities=_quantities(run, build),
    )
    wall = model.add(part, parent)
    for hole in run.holes:
        put(model, wall, build.thickness, hole, parent)
    return wall


def _solids(run: Run, build: Build) -> tuple[Solid, ...]:
    half, (bottom, top) = build.thickness / 2, run.heights
    outer, inner = build.paints
    if outer == inner:
        return (box((0.0, -half, bottom), (run.length, half, top), outer),)
    split = -half + FACING
    # Where an end is seen from outside, the facing goes around it.
    first = FACING if run.capped[0] else 0.0
    last = run.length - (FACING if run.capped[1] else 0.0)
    facing = (
        (0.0, -half), (run.length, -half), (run.length, half), (last, half),
        (last, split), (first, split), (first, half), (0.0, half),
    )  # fmt: skip
    outline = tuple(corner for i, corner in enumerate(facing) if corner != facing[i - 1])
    return (
        plate(outline, bottom, top, outer),
        box((first, split, bottom), (last, half, top), inner),
    )


def _quantities(run: Run, build: Build) -> Quantities:
    height = run.heights[1] - run.heights[0]
    gross = run.length * height / 1e6
    net = gross - sum(LEAVES[hole.leaf].width * LEAVES[hole.leaf].height for hole in run.holes) / 1e6
    return Quantities(
        name="Qto_WallBaseQuantities",
        lengths_mm={"Length": run.length, "Width": build.thickness, "Height": height},
        areas_m2={"GrossSideArea": gross, "NetSideArea": net},
        volumes_m3={"NetVolume": net * build.thickness / 1000},
    )


def build_walls(model: IfcModel) -> None:
    """Add every wall of every storey, with doors and windows."""
    for storey in plan.STOREYS:
        if storey.above_ground:
            for run in external_runs(storey):
                add_wall(model, storey, run)
        for line in LINES[storey.key]:
            for run in partition_runs(storey, line):
                add_wall(model, storey, run)


# --------------------------------------------------------------------------------------------- partitions
def partition_runs(storey: plan.Storey, line: Line) -> tuple[Run, ...]:
    """The pieces of a partition between the columns that it meets; doors go to the piece that they stand in."""
    key, start, end, kind, doors = line
    axis = 0 if start[1] == end[1] else 1
    # Walls on an axis of the grid stand under its beams, all others reach the slab.
    on_axis = axis == 1 and start[0] in plan.AXES_X
    heights = (-plan.FLOOR_FINISH, storey.under_beams if on_axis else storey.clear)
    pieces = _between_columns(storey.key, axis, start, end[axis])
    runs = []
    for number, (low, high) in enumerate(pieces, 1):
        holes = tuple(
            Hole(key=f"door{place:.0f}", leaf=leaf, along=place - low)
            for leaf, place in doors
            if low < place < high
        )
        ends = ((low, start[1]), (high, start[1])) if axis == 0 else ((start[0], low), (start[0], high))
        runs.append(
            Run(key=f"{key}.{number}", start=ends[0], end=ends[1], build=kind, heights=heights, holes=holes)
        )
    return tuple(runs)


def _between_columns(storey_key: str, axis: int, start: Point2, stop: float) -> list[Point2]:
    """What is left of start[axis]…stop outside the columns that a 200 mm wall there would run into."""
    side, half = 1 - axis, 100.0
    pieces = [(start[axis], stop)]
    for column in plan.columns():
        beside = column.high[side] <= start[side] - half or column.low[side] >= start[side] + half
        if storey_key not in column.storeys or beside:
            continue
        low, high = column.low[axis], column.high[axis]
        split = [((a, min(b, low)), (max(a, high), b)) for a, b in pieces]
        pieces = [piece for pair in split for piece in pair if piece[1] - piece[0] > 1.0]
    return pieces


# ----------------------------------------------------------------------------------------- external walls
SOUTH_THREE, SOUTH_TWO = (-2400.0, 0.0, 2400.0), (-1900.0, 1900.0)
"""Windows of a field, from its middle."""


def external_runs(storey: plan.Storey) -> tuple[Run, ...]:
    """External walls of a storey above ground; the field of the entrance is left to the curtain wall."""
    ground, top = storey.key == "1F", storey.key == "3F"
    build = "stone" if ground else "render"
    low = -350.0 if ground else 0.0
    heights = (low, storey.height)
    east_low = -850.0 if ground else low
    long, deep, out = plan.LENGTH, plan.DEPTH, plan.WALL
    east_start, south_end = (9150.0, plan.TERRACE_X) if top else (0.0, long + out)
    fields = (29400.0,) if top else (29400.0, 37800.0)
    west_edge, opening_high = -out, 24900.0
    runs = [
        Run(key="S1", start=(west_edge, -150.0), end=(17100.0, -150.0), build=build, heights=heights,
            capped=(True, True), holes=_south_windows(ground, (4200.0, 12600.0), west_edge)),
        Run(key="S2", start=(opening_high, -150.0), end=(south_end, -150.0), build=build, heights=heights,
            capped=(True, True), holes=_south_windows(ground, fields, opening_high)),
        Run(key="E", start=(long + 150.0, east_start), end=(long + 150.0, deep), build=build,
            heights=(east_low, storey.height), holes=_side_windows(storey.key, east_start, 1.0)),
        Run(key="N", start=(long + out, deep + 150.0), end=(-out, deep + 150.0), build=build, heights=heights,
            capped=(True, True), holes=_north_windows(storey, long + out)),
        Run(key="W", start=(-150.0, deep), end=(-150.0, 0.0), build=build, heights=heights,
            holes=_side_windows(storey.key, deep, -1.0)),
    ]  # fmt: skip
    if ground:
        runs.append(
            Run(
                key="lintel",
                start=(17100.0, -150.0),
                end=(24900.0, -150.0),
                build=build,
                heights=(3300.0, storey.height),
            )
        )
    return (*runs, *(_terrace_runs(heights) if top else ()))


def _terrace_runs(heights: Point2) -> tuple[Run, ...]:
    x, y = plan.TERRACE_X - 150.0, plan.TERRACE_Y + 150.0
    start = plan.TERRACE_X - plan.WALL
    doors = (
        Hole(key="door", leaf="TLM3024", along=2700.0),
        Hole(key="C1824-1", leaf="C1824", along=7100.0, sill=500.0),
    )
    return (
        Run(key="TE", start=(x, 0.0), end=(x, plan.TERRACE_Y), build="render", heights=heights, holes=doors),
        Run(
            key="TS",
            start=(start, y),
            end=(plan.LENGTH + plan.WALL, y),
            build="render",
            heights=heights,
            capped=(False, True),
            holes=(Hole(key="door", leaf="TLM3024", along=37800.0 - start),),
        ),
    )


def _south_windows(ground: bool, middles: tuple[float, ...], start: float) -> tuple[Hole, ...]:  # noqa: FBT001
    leaf, offsets = ("C3027", SOUTH_TWO) if ground else ("C1824", SOUTH_THREE)
    return tuple(
        Hole(key=f"{leaf}-{middle + offset:.0f}", leaf=leaf, along=middle + offset - start, sill=500.0)
        for middle in middles
        for offset in offsets
    )


def _north_windows(storey: plan.Storey, start: float) -> tuple[Hole, ...]:
    """Windows of the rooms at the back; those of the stairs light the landings at half height."""
    ground = storey.key == "1F"
    rooms = (10600.0, 27500.0, 31300.0, 36000.0) if ground else (10700.0, 14500.0, 27500.0, 31300.0, 36000.0)
    landing = storey.height / 2 + 250.0
    places = [
        *(("C1518", x, 900.0) for x in rooms),
        *(("C1209", x, 1700.0) for x in (21000.0, 23800.0)),
        *(("C1815", x, landing) for x in (1900.0, 40100.0)),
    ]
    if ground:
        places.append(("FM1021", 14600.0, 0.0))
    return tuple(
        Hole(key=f"{leaf}-{x:.0f}", leaf=leaf, along=start - x, sill=sill) for leaf, x, sill in places
    )


def _side_windows(storey_key: str, start: float, direction: float) -> tuple[Hole, ...]:
    """Windows of a gable: two in the front room, and a door or window at the end of the corridor."""
    front = () if storey_key == "3F" and direction > 0 else (2700.0, 7100.0)
    end = ("MLC1824", 10250.0, 0.0) if storey_key == "1F" else ("C1624", 10250.0, 500.0)
    places = [*(("C1824", y, 500.0) for y in front), end]
    return tuple(
        Hole(key=f"{leaf}-{y:.0f}", leaf=leaf, along=(y - start) * direction, sill=sill)
        for leaf, y, sill in places
    )
