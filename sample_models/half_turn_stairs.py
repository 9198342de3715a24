"""Half-turn stairs of every building: two flights side by side, a landing between them, railings."""

from collections.abc import Mapping
from dataclasses import dataclass

from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Outline, Point2, Rod, Solid, across_x, box
from sample_models.values import Kind, Label, Part, Property, Pset, as_new, count, flag, length, name

LANDING = 150.0
"""Thickness of a landing."""

RAILING_KIND = Kind(
    key="stair_railing",
    cls="IfcRailingType",
    label=name("楼梯栏杆 1100", "Stair railing 1100"),
    attributes={"PredefinedType": "BALUSTRADE"},
    psets=(
        Pset(
            name="Pset_RailingCommon",
            properties={**as_new("LG1"), "Height": length(1100.0), "IsExternal": flag(False)},
        ),
    ),
    material="stainless",
    code="14-LT.03",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfTurn:
    """One storey of a half-turn stair, in mm in the axes of its storey.

    `flights` are the (low, high) of x, first going up; both lie between `start_y` at the floors and the landing,
    which fills `landing`, (low, high) of x and the y where it ends. `risers` are those of one flight. Railings stand
    `rail_inset` inside the flights' edges at the well, in the well itself where that is negative. `properties` come
    beside those of every stair in Pset_StairCommon.
    """

    key: str
    label: Label
    reference: str
    rise: float
    risers: int
    going: float
    start_y: float
    flights: tuple[Point2, Point2]
    landing: tuple[Point2, float]
    rail_inset: float
    properties: Mapping[str, Property]


def add_half_turn(model: IfcModel, stair: HalfTurn) -> None:
    """Add stair, flights, railings and landing to the storey that the key begins with."""
    whole = model.add(
        Part(
            key=stair.key,
            cls="IfcStair",
            label=stair.label,
            attributes={"PredefinedType": "HALF_TURN_STAIR"},
            psets=(
                Pset(
                    name="Pset_StairCommon",
                    properties={
                        **as_new(stair.reference),
                        "NumberOfRiser": count(2 * stair.risers),
                        **stair.properties,
                    },
                ),
            ),
            code="14-LT.01",
        ),
        model.spatial[stair.key.split("/", 1)[0]],
    )
    half, far = stair.rise / 2, stair.start_y + (stair.risers - 1) * stair.going
    low, high = stair.flights
    inset = stair.rail_inset
    inner = (low[1] - inset, high[0] + inset) if low < high else (low[0] + inset, high[1] - inset)
    start, turn, end = (stair.start_y, 0.0), (far, half), (stair.start_y, stair.rise)
    up = Flight(risers=stair.risers, width=low, rail_x=inner[0], start=start, end=turn)
    back = Flight(risers=stair.risers, width=high, rail_x=inner[1], start=turn, end=end)
    add_flight(model, whole, f"{stair.key}/1", up)
    add_flight(model, whole, f"{stair.key}/2", back)
    (left, right), end_y = stair.landing
    model.add(
        Part(
            key=f"{stair.key}/landing",
            cls="IfcSlab",
            label=name("休息平台", "Landing"),
            solids=(box((left, far, half - LANDING), (right, end_y, half), "concrete"),),
            attributes={"PredefinedType": "LANDING"},
            material="concrete",
        ),
        whole,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One flight: its width in x, and where it starts and ends in (y, z), at the faces of its first and last riser."""

    risers: int
    width: Point2
    rail_x: float
    start: Point2
    end: Point2

    @property
    def rise(self) -> float:
        """Height of one riser."""
        return (self.end[1] - self.start[1]) / self.risers

    @property
    def going(self) -> float:
        """Depth of one tread."""
        return abs(self.end[0] - self.start[0]) / (self.risers - 1)

    def at(self, share: float, above: float) -> Point2:
        """The (y, z) of a share of the run (0 at the start, 1 at the end), `above` the line through start and end."""
        (y0, z0), (y1, z1) = self.start, self.end
        return y0 + (y1 - y0) * share, z0 + (z1 - z0) * share + above

    def profile(self) -> Outline:
        """Side view in (y, z): steps above, a sloping soffit below, counter-clockwise."""
        (y0, z0), (y1, z1) = self.start, self.end
        going = (y1 - y0) / (self.risers - 1)
        steps: list[Point2] = []
        for i in range(self.risers - 1):
            steps.append((y0 + i * going, z0 + i * self.rise))
            steps.append((y0 + i * going, z0 + (i + 1) * self.rise))
        corners = (*steps, (y1, z1 - self.rise), (y1, z1 - self.rise - 160.0), (y0, z0 - LANDING))
        # Going north the steps run from left to right, and the outline so far clockwise.
        return corners[::-1] if y1 > y0 else corners


def add_flight(model: IfcModel, whole: Entity, key: str, flight: Flight) -> None:
    """Add a flight with its railing to a stair."""
    number = key.rsplit("/", 1)[1]
    model.add(
        Part(
            key=f"{key}/flight",
            cls="IfcStairFlight",
            label=name(f"梯段{number}", f"Flight {number}"),
            solids=(across_x(flight.profile(), *flight.width, "concrete"),),
            attributes={
                "NumberOfRisers": flight.risers,
                "NumberOfTreads": flight.risers - 1,
                "RiserHeight": flight.rise,
                "TreadLength": round(flight.going, 3),
                "PredefinedType": "STRAIGHT",
            },
            material="concrete",
        ),
        whole,
    )
    model.add(
        Part(
            key=f"{key}/railing",
            kind=RAILING_KIND,
            label=name(f"梯段{number}栏杆", f"Railing of flight {number}"),
            solids=_railing(flight),
        ),
        whole,
    )


def _railing(flight: Flight) -> tuple[Solid, ...]:
    """Handrail, three posts and a glass panel on the side of the well."""
    x = flight.rail_x
    rail = Rod(
        start=(x, *flight.at(0.0, 1050.0)), end=(x, *flight.at(1.0, 900.0)), radius=25.0, style="steel"
    )
    posts = tuple(
        Rod(
            start=(x, *flight.at(t, 50.0)),
            end=(x, *flight.at(t, 1040.0 - 150.0 * t)),
            radius=18.0,
            style="steel",
        )
        for t in (0.04, 0.5, 0.96)
    )
    panel = (flight.at(0.06, 250.0), flight.at(0.94, 110.0), flight.at(0.94, 830.0), flight.at(0.06, 960.0))
    corners = panel if flight.end[0] > flight.start[0] else panel[::-1]
    return rail, *posts, across_x(corners, x - 6.0, x + 6.0, "clear_glass")
