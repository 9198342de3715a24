"""Stairs and lifts of the tower."""

from sample_models.fittings import LIFT
from sample_models.half_turn_stairs import HalfTurn, add_half_turn
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.plan import Storey
from sample_models.shapes import box
from sample_models.tower import plan
from sample_models.values import Label, Part, flag, length, name, text

START_Y, END_Y = 9200.0, 13200.0
GOING, MOST_RISER = 260.0, 175.0
"""Of stairs in housing: GB 50096 asks for treads of at least 260 mm and risers of at most 175 mm."""

_LEFT = {"stair1": 13300.0, "stair2": 20200.0}
_LIFTS = {1: 16000.0, 2: 18100.0}


def build_circulation(model: IfcModel) -> list[Entity]:
    """Add both stairs, storey by storey, and the lifts, which are returned."""
    for number, (key, left) in enumerate(_LEFT.items(), 1):
        for storey in plan.STOREYS[:-1]:
            _stair(model, storey, (key, name(f"{number}号楼梯", f"Stair {number}")), left)
    return [_lift(model, number, left) for number, left in _LIFTS.items()]


def _stair(model: IfcModel, storey: Storey, named: tuple[str, Label], left: float) -> None:
    key, label = named
    risers = -(-int(storey.height) // int(2 * MOST_RISER))
    stair = HalfTurn(
        key=f"{storey.key}/{key}",
        label=Label(zh=f"{label.zh} {storey.label.zh}", en=f"{label.en}, {storey.label.en}"),
        reference="LT2",
        rise=storey.height,
        risers=risers,
        going=GOING,
        start_y=START_Y,
        flights=((left, left + 1180.0), (left + 1320.0, left + 2500.0)),
        landing=((left, left + 2500.0), END_Y),
        rail_inset=-40.0,
        properties={
            "RiserHeight": length(round(storey.height / 2 / risers, 1)),
            "TreadLength": length(GOING),
            "FireRating": text("1.00h"),
            "FireExit": flag(True),
        },
    )
    add_half_turn(model, stair)


def _lift(model: IfcModel, number: int, left: float) -> Entity:
    """A car standing on the first floor, its guide rails and its machine."""
    pit, top = plan.BY_KEY["B2"].level - 200.0, plan.ROOF + 2400.0
    right, front, back = left + 1850.0, 10850.0, 12900.0
    solids = (
        box((left + 100.0, front, -50.0), (right - 50.0, back, 0.0), "light_metal"),
        box((left + 100.0, back - 50.0, 0.0), (right - 50.0, back, 2300.0), "steel"),
        box((left + 100.0, front, 0.0), (left + 150.0, back - 50.0, 2300.0), "steel"),
        box((right - 100.0, front, 0.0), (right - 50.0, back - 50.0, 2300.0), "steel"),
        box((left + 100.0, front, 2300.0), (right - 50.0, back, 2400.0), "light_metal"),
        *(
            box((x, 11800.0, pit), (x + 50.0, 11900.0, top), "light_metal")
            for x in (left + 30.0, right - 20.0)
        ),
        box((left + 400.0, 11300.0, top), (left + 1400.0, 12400.0, top + 350.0), "machine"),
    )
    part = Part(
        key=f"building/lift/{number}",
        label=name(f"{number}号电梯", f"Lift {number}"),
        kind=LIFT,
        solids=solids,
    )
    return model.add(part, model.spatial["building"])
