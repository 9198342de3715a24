"""The concrete: columns, beams, floor slabs with their openings, raft, basement walls."""

from sample_models import plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Outline, Point2, area, box, perimeter, plate, rectangle
from sample_models.stairs import STAIRS
from sample_models.values import Kind, Part, Pset, Quantities, as_new, flag, measure, name, text

CONCRETE = Pset(
    name="Pset_ConcreteElementGeneral",
    properties={"ConstructionMethod": text("现浇 Cast in place"), "StrengthClass": text("C35")},
)

COLUMN_KIND = Kind(
    key="column_600",
    cls="IfcColumnType",
    label=name("框架柱 600×600", "Column 600×600"),
    attributes={"PredefinedType": "COLUMN"},
    psets=(
        Pset(
            name="Pset_ColumnCommon",
            properties={**as_new("KZ1"), "LoadBearing": flag(True), "FireRating": text("2.50h")},
        ),
        CONCRETE,
    ),
    material="concrete",
    code="14-JG.01",
)
BEAM_KIND = Kind(
    key="beam_300x600",
    cls="IfcBeamType",
    label=name("框架梁 300×600", "Beam 300×600"),
    attributes={"PredefinedType": "BEAM"},
    psets=(
        Pset(
            name="Pset_BeamCommon",
            properties={**as_new("KL1"), "LoadBearing": flag(True), "FireRating": text("1.50h")},
        ),
        CONCRETE,
    ),
    material="concrete",
    code="14-JG.02",
)
SLAB_KIND = Kind(
    key="slab_150",
    cls="IfcSlabType",
    label=name("现浇楼板 150", "Cast floor slab 150"),
    attributes={"PredefinedType": "FLOOR"},
    psets=(
        Pset(
            name="Pset_SlabCommon",
            properties={**as_new("LB1"), "LoadBearing": flag(True), "FireRating": text("1.00h")},
        ),
        CONCRETE,
    ),
    material="floor_150",
    code="14-JG.03",
)
RAFT_KIND = Kind(
    key="raft_600",
    cls="IfcSlabType",
    label=name("筏板基础 600", "Raft foundation 600"),
    attributes={"PredefinedType": "BASESLAB"},
    psets=(
        Pset(name="Pset_SlabCommon", properties={**as_new("FB1"), "LoadBearing": flag(True)}),
        CONCRETE,
    ),
    material="waterproof_concrete",
    code="14-JG.04",
)
BASEMENT_WALL_KIND = Kind(
    key="basement_wall_350",
    cls="IfcWallType",
    label=name("地下室外墙 350", "Basement wall 350"),
    attributes={"PredefinedType": "SOLIDWALL"},
    psets=(
        Pset(
            name="Pset_WallCommon",
            properties={
                **as_new("DWQ1"),
                "FireRating": text("3.00h"),
                "ThermalTransmittance": measure("ThermalTransmittance", 0.9),
                "IsExternal": flag(True),
                "LoadBearing": flag(True),
            },
        ),
        CONCRETE,
    ),
    material="basement_350",
    code="14-JG.05",
)

LIFT_HOLE = ((16900.0, 13800.0), (19500.0, 16200.0))
SHAFT_HOLE = ((17300.0, 16600.0), (19300.0, 18500.0))


def build_structure(model: IfcModel) -> None:
    """Add all concrete of every storey."""
    for storey in plan.STOREYS:
        _columns(model, storey)
        _beams(model, storey)
    _floors(model)
    _basement_slabs(model)
    _basement_walls(model)


def _columns(model: IfcModel, storey: plan.Storey) -> None:
    for column in plan.columns():
        if storey.key not in column.storeys:
            continue
        # Outside the building the car park has a lower roof: soil lies on it.
        add_column(model, storey, column, plan.ceiling(storey, column.low[0]))


def add_column(model: IfcModel, storey: plan.Storey, column: plan.Column, height: float) -> None:
    """A column from the slab of its storey to a height above the finished floor."""
    size = plan.COLUMN
    model.add(
        Part(
            key=f"{storey.key}/column/{column.key}",
            kind=COLUMN_KIND,
            label=name(f"框架柱 {column.key}", f"Column {column.key}"),
            solids=(box((*column.low, -plan.FLOOR_FINISH), (*column.high, height), "concrete"),),
            quantities=Quantities(
                name="Qto_ColumnBaseQuantities",
                lengths_mm={"Length": height + plan.FLOOR_FINISH},
                areas_m2={"CrossSectionArea": size * size / 1e6},
            ),
        ),
        model.spatial[storey.key],
    )


def _beams(model: IfcModel, storey: plan.Storey) -> None:
    low, high = storey.under_beams, storey.clear
    for key, start, end in beam_rectangles(storey.key):
        model.add(
            Part(
                key=f"{storey.key}/beam/{key}",
                kind=BEAM_KIND,
                label=name(f"框架梁 {key}", f"Beam {key}"),
                solids=(box((*start, low), (*end, high), "concrete"),),
                quantities=Quantities(
                    name="Qto_BeamBaseQuantities",
                    lengths_mm={"Length": max(end[0] - start[0], end[1] - start[1])},
                ),
            ),
            model.spatial[storey.key],
        )


def beam_rectangles(storey_key: str) -> tuple[tuple[str, Point2, Point2], ...]:
    """Every beam under the slab above a storey: key, least and greatest corner; they run from column to column."""
    standing = {c.key: c for c in plan.columns() if storey_key in c.storeys and c.low[0] < plan.LENGTH}
    beams: list[tuple[str, Point2, Point2]] = []
    for column in standing.values():
        number, letter = int(column.key[:-1]), column.key[-1]
        east = standing.get(f"{number + 1}{letter}")
        if east and not (letter == "D" and number in {1, 5}):
            # Row D is left out beside the stairs: their windows and landings are at half height.
            y = _band(column.low[1], column.high[1], letter == "A", letter == "D")
            beams.append((f"{number}-{number + 1}/{letter}", (column.high[0], y[0]), (east.low[0], y[1])))
        north = standing.get(f"{number}{chr(ord(letter) + 1)}")
        if north:
            x = _band(column.low[0], column.high[0], number == 1, number == 6)
            beams.append((f"{number}/{letter}-{north.key[-1]}", (x[0], column.high[1]), (x[1], north.low[1])))
    return tuple(beams)


def _band(low: float, high: float, *edges: bool) -> Point2:
    """Where the width of a beam lies in that of its column: at the outer face on an edge, else in the middle."""
    at_low, at_high = edges
    if at_low:
        return low, low + plan.BEAM_WIDTH
    if at_high:
        return high - plan.BEAM_WIDTH, high
    middle = (low + high) / 2
    return middle - plan.BEAM_WIDTH / 2, middle + plan.BEAM_WIDTH / 2


def add_slab(model: IfcModel, storey: plan.Storey, key: str, outline: Outline, heights: Point2) -> Entity:
    """A floor slab `<storey>/<key>` between two heights above the finished floor of its storey."""
    kind = SLAB_KIND if heights[1] - heights[0] <= 300 else RAFT_KIND
    return model.add(
        Part(
            key=f"{storey.key}/{key}",
            kind=kind,
            label=name(f"{storey.label.zh}{kind.label.zh}", f"{kind.label.en}, {storey.label.en}"),
            solids=(plate(outline, heights[0], heights[1], "concrete"),),
            quantities=Quantities(
                name="Qto_SlabBaseQuantities",
                lengths_mm={"Depth": heights[1] - heights[0], "Perimeter": perimeter(outline)},
                areas_m2={"GrossArea": area(outline) / 1e6},
            ),
        ),
        model.spatial[storey.key],
    )


def _floors(model: IfcModel) -> None:
    bottom, top = -plan.FLOOR_FINISH - plan.SLAB, -plan.FLOOR_FINISH
    for storey in plan.STOREYS[1:]:
        outline = rectangle((0.0, 0.0), (plan.LENGTH, plan.DEPTH))
        slab = add_slab(model, storey, "slab", outline, (bottom, top))
        _holes(model, slab, storey.key, (bottom, top))


def _holes(model: IfcModel, slab: Entity, storey_key: str, heights: Point2) -> None:
    bottom, top = heights[0] - 50.0, heights[1] + 50.0
    holes = {"lift": LIFT_HOLE, "shaft": SHAFT_HOLE}
    for stair in STAIRS:
        holes[stair.key] = stair.well
    for key, (low, high) in holes.items():
        model.cut(slab, f"{storey_key}/slab/hole/{key}", (*low, bottom), (*high, top))


def _basement_slabs(model: IfcModel) -> None:
    out = plan.BASEMENT_WALL
    raft = rectangle((-out, -out), (plan.LENGTH + out, plan.DEPTH + out))
    add_slab(model, plan.BY_KEY["B2"], "raft", raft, (-650.0, -50.0))
    beside = rectangle((plan.LENGTH + out, -out), (plan.CAR_PARK_LENGTH + out, plan.DEPTH + out))
    storey = plan.BY_KEY["B1"]
    add_slab(model, storey, "raft", beside, (-450.0, -50.0))
    annex = plan.ANNEX_SLAB[0] - storey.level
    roof = rectangle((plan.LENGTH + out, -out), (plan.CAR_PARK_LENGTH + out, plan.DEPTH + out))
    add_slab(model, storey, "roof", roof, (annex, plan.ANNEX_SLAB[1] - storey.level))


def _basement_walls(model: IfcModel) -> None:
    out, long, deep = plan.BASEMENT_WALL, plan.LENGTH, plan.DEPTH
    park = plan.CAR_PARK_LENGTH
    annex = plan.ANNEX_SLAB[0] - plan.BY_KEY["B1"].level
    b2, b1 = plan.BY_KEY["B2"], plan.BY_KEY["B1"]
    runs: tuple[tuple[str, str, Point2, Point2, float, float], ...] = (
        ("S", "B2", (-out, -out), (long + out, 0.0), -50.0, b2.height - 50.0),
        ("N", "B2", (-out, deep), (long + out, deep + out), -50.0, b2.height - 50.0),
        ("W", "B2", (-out, 0.0), (0.0, deep), -50.0, b2.height - 50.0),
        ("E", "B2", (long, 0.0), (long + out, deep), -50.0, b2.height - 50.0),
        ("S", "B1", (-out, -out), (long + out, 0.0), -50.0, b1.height - 350.0),
        ("N", "B1", (-out, deep), (long + out, deep + out), -50.0, b1.height - 350.0),
        ("W", "B1", (-out, 0.0), (0.0, deep), -50.0, b1.height - 350.0),
        ("S2", "B1", (long + out, -out), (park + out, 0.0), -50.0, annex),
        ("N2", "B1", (long + out, deep), (park + out, deep + out), -50.0, annex),
    )
    for key, storey_key, low, high, bottom, top in runs:
        add_basement_wall(model, plan.BY_KEY[storey_key], key, (low, high), (bottom, top))
    east = add_basement_wall(model, b1, "E", ((park, 0.0), (park + out, deep)), (-50.0, annex))
    model.cut(
        east, "B1/basement-wall/E/gate", (park - 50.0, 5500.0, 0.0), (park + out + 50.0, 11500.0, 2700.0)
    )


def add_basement_wall(
    model: IfcModel, storey: plan.Storey, key: str, plan_corners: tuple[Point2, Point2], heights: Point2
) -> Entity:
    """A wall against the soil between two corners in plan and two heights above the floor of its storey."""
    low, high = plan_corners
    return model.add(
        Part(
            key=f"{storey.key}/basement-wall/{key}",
            kind=BASEMENT_WALL_KIND,
            label=name(f"{storey.label.zh}外墙", f"Basement wall, {storey.label.en}"),
            solids=(box((*low, heights[0]), (*high, heights[1]), "concrete"),),
            quantities=Quantities(
                name="Qto_WallBaseQuantities",
                lengths_mm={
                    "Length": max(high[0] - low[0], high[1] - low[1]),
                    "Width": plan.BASEMENT_WALL,
                    "Height": heights[1] - heights[0],
                },
            ),
        ),
        model.spatial[storey.key],
    )
