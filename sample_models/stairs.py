"""The two half-turn stairs, from the lowest basement to the third floor, one of them on to the roof."""

from dataclasses import dataclass

from sample_models import plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity
from sample_models.shapes import Outline, Point2, Rod, Solid, across_x, box
from sample_models.values import Kind, Label, Part, Pset, as_new, count, flag, length, name, text

START_Y = 13500.0
"""Where flights begin and end at the floors; south of it the floor slab is the landing."""

GOING, RISER = 280.0, 150.0
"""Of public stairs: GB 50352 asks for treads of at least 280 mm and risers of at most 160 mm."""

LANDING = 150.0


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

STAIR_PSET_BASE = {
    "RiserHeight": length(RISER),
    "TreadLength": length(GOING),
}
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


def build_stairs(model: IfcModel) -> None:
    """Add each stair, storey by storey."""
    for stair in STAIRS:
        for storey_key in stair.storeys:
            _stair(model, stair, plan.BY_KEY[storey_key])


def _stair(model: IfcModel, stair: Stair, storey: plan.Storey) -> None:
    key = f"{storey.key}/{stair.key}"
    risers = round(storey.height / RISER / 2)
    whole = model.add(
        Part(
            key=key,
            cls="IfcStair",
            label=Label(zh=f"{stair.label.zh} {storey.label.zh}", en=f"{stair.label.en}, {storey.label.en}"),
            attributes={"PredefinedType": "HALF_TURN_STAIR"},
            psets=(
                Pset(
                    name="Pset_StairCommon",
                    properties={
                        **as_new("LT1"),
                        "NumberOfRiser": count(2 * risers),
                        **STAIR_PSET_BASE,
                        "FireRating": text("1.00h"),
                        "FireExit": flag(True),
                    },
                ),
            ),
            code="14-LT.01",
        ),
        model.spatial[storey.key],
    )
    half = storey.height / 2
    far = START_Y + (risers - 1) * GOING
    low, high = stair.flights
    # The railing stands on the side of the well between the two flights.
    inner = (low[1] - 40.0, high[0] + 40.0) if low < high else (low[0] + 40.0, high[1] - 40.0)
    up = Flight(risers=risers, width=low, rail_x=inner[0], start=(START_Y, 0.0), end=(far, half))
    back = Flight(risers=risers, width=high, rail_x=inner[1], start=(far, half), end=(START_Y, storey.height))
    add_flight(model, whole, f"{key}/1", up)
    add_flight(model, whole, f"{key}/2", back)
    _landing(model, whole, stair, (key, far, half))


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


def _landing(model: IfcModel, whole: Entity, stair: Stair, mark: tuple[str, float, float]) -> None:
    key, far, half = mark
    low, high = stair.well
    model.add(
        Part(
            key=f"{key}/landing",
            cls="IfcSlab",
            label=name("休息平台", "Landing"),
            solids=(box((low[0], far, half - LANDING), (high[0], high[1], half), "concrete"),),
            attributes={"PredefinedType": "LANDING"},
            material="concrete",
        ),
        whole,
    )
