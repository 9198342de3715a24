"""Stairs and lifts of the tower."""

from sample_models.fittings import LIFT
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.plan import Storey
from sample_models.shapes import box
from sample_models.stairs import LANDING, Flight, add_flight
from sample_models.tower import plan
from sample_models.values import Label, Part, Pset, as_new, count, flag, length, name, text

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
    key, label = f"{storey.key}/{named[0]}", named[1]
    risers = -(-int(storey.height) // int(2 * MOST_RISER))
    whole = model.add(
        Part(
            key=key,
            cls="IfcStair",
            label=Label(zh=f"{label.zh} {storey.label.zh}", en=f"{label.en}, {storey.label.en}"),
            attributes={"PredefinedType": "HALF_TURN_STAIR"},
            psets=(
                Pset(
                    name="Pset_StairCommon",
                    properties={
                        **as_new("LT2"),
                        "NumberOfRiser": count(2 * risers),
                        "RiserHeight": length(round(storey.height / 2 / risers, 1)),
                        "TreadLength": length(GOING),
                        "FireRating": text("1.00h"),
                        "FireExit": flag(True),
                    },
                ),
            ),
            code="14-LT.01",
        ),
        model.spatial[storey.key],
    )
    half, far = storey.height / 2, START_Y + (risers - 1) * GOING
    up = Flight(
        risers=risers,
        width=(left, left + 1180.0),
        rail_x=left + 1220.0,
        start=(START_Y, 0.0),
        end=(far, half),
    )
    back = Flight(risers=risers, width=(left + 1320.0, left + 2500.0), rail_x=left + 1280.0, start=(far, half),
                  end=(START_Y, storey.height))  # fmt: skip
    add_flight(model, whole, f"{key}/1", up)
    add_flight(model, whole, f"{key}/2", back)
    model.add(
        Part(
            key=f"{key}/landing",
            cls="IfcSlab",
            label=name("休息平台", "Landing"),
            solids=(box((left, far, half - LANDING), (left + 2500.0, END_Y, half), "concrete"),),
            attributes={"PredefinedType": "LANDING"},
            material="concrete",
        ),
        whole,
    )


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
