"""The two half-turn stairs of the community centre, from the lowest basement to the third floor, one of them on to the roof."""

from collections.abc import Mapping
from dataclasses import dataclass

from sample_models import plan
from sample_models.half_turn_stairs import HalfTurn, add_half_turn
from sample_models.ifc_model import IfcModel
from sample_models.shapes import Point2
from sample_models.values import Label, Property, flag, length, name, text

START_Y = 13500.0
"""Where flights begin and end at the floors; south of it the floor slab is the landing."""

GOING, RISER = 280.0, 150.0
"""Of public stairs: GB 50352 asks for treads of at least 280 mm and risers of at most 160 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stair:
    """One staircase: its flights lie side by side in x; `flights` are the two (low, high) pairs, first going up."""

    key: str
    label: Label
    flights: tuple[Point2, Point2]
    storeys: tuple[str, ...]

    @property
    def well(self) -> tuple[Point2, Point2]:
        """Least and greatest corner of the hole in the slabs."""
        xs = [x for flight in self.flights for x in flight]
        low = 0.0 if min(xs) < 1000 else 38500.0
        return (low, START_Y), (low + 3500.0, plan.DEPTH)


STAIRS: tuple[Stair, ...] = (
    Stair(
        key="stair1",
        label=name("1号楼梯", "Stair 1"),
        flights=((350.0, 1800.0), (2000.0, 3450.0)),
        storeys=("B2", "B1", "1F", "2F", "3F"),
    ),
    Stair(
        key="stair2",
        label=name("2号楼梯", "Stair 2"),
        flights=((40200.0, 41650.0), (38550.0, 40000.0)),
        storeys=("B2", "B1", "1F", "2F"),
    ),
)

STAIR_PROPERTIES: Mapping[str, Property] = {
    "RiserHeight": length(RISER),
    "TreadLength": length(GOING),
    "FireRating": text("1.00h"),
    "FireExit": flag(True),
}


def build_stairs(model: IfcModel) -> None:
    """Add each stair, storey by storey."""
    for stair in STAIRS:
        for storey_key in stair.storeys:
            _stair(model, stair, plan.BY_KEY[storey_key])


def _stair(model: IfcModel, stair: Stair, storey: plan.Storey) -> None:
    low, high = stair.well
    half_turn = HalfTurn(
        key=f"{storey.key}/{stair.key}",
        label=Label(zh=f"{stair.label.zh} {storey.label.zh}", en=f"{stair.label.en}, {storey.label.en}"),
        reference="LT1",
        rise=storey.height,
        risers=round(storey.height / RISER / 2),
        going=GOING,
        start_y=START_Y,
        flights=stair.flights,
        landing=((low[0], high[0]), high[1]),
        rail_inset=40.0,
        properties=STAIR_PROPERTIES,
    )
    add_half_turn(model, half_turn)
