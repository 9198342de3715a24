"""The plan of the pump house: storeys, rooms and the ways between them. Millimetres; x runs away from the canal."""

from sample_models.cells import Way, door
from sample_models.plan import Storey
from sample_models.rooms import PASSAGE, SERVICE, STAFF, Room
from sample_models.shapes import Outline, rectangle
from sample_models.values import name

WIDTH, DEPTH = 15000.0, 9000.0
WALL, BASEMENT_WALL = 300.0, 350.0
GROUND = -300.0
EAVES, RIDGE = 5400.0, 8400.0

STOREYS: tuple[Storey, ...] = (
    Storey(key="B1", label=name("地下一层", "Basement level 1"), level=-6000.0, height=6000.0),
    Storey(key="1F", label=name("一层", "First floor"), level=0.0, height=EAVES),
)
BY_KEY = {storey.key: storey for storey in STOREYS}

STAIR = ((12300.0, 0.0), (15000.0, 6500.0))

_Row = tuple[str, str, str, str, tuple[float, float, float, float], str | None, tuple[int, int]]
_ROWS: dict[str, tuple[_Row, ...]] = {
    "B1": (
        ("wet/well", SERVICE, "集水池", "Wet well", (0.0, 0.0, 4500.0, 9000.0), None, (0, 0)),
        ("pit/pumps", SERVICE, "水泵间", "Pump pit", (4500.0, 0.0, 12300.0, 9000.0), "epoxy", (3, 2)),
        ("pit/sump", SERVICE, "集水坑间", "Drainage sump room", (12300.0, 6500.0, 15000.0, 9000.0), "epoxy", (1, 1)),
        ("core/stair", PASSAGE, "楼梯间", "Staircase", (12300.0, 0.0, 15000.0, 6500.0), None, (1, 1)),
    ),
    "1F": (
        ("hall/hall", SERVICE, "泵站大厅", "Machine hall", (0.0, 0.0, 9500.0, 9000.0), "epoxy", (3, 2)),
        ("office/control", STAFF, "值班控制室", "Control room", (9500.0, 0.0, 12300.0, 6500.0), "tile", (1, 2)),
        ("power/switch", SERVICE, "配电间", "Switchgear room", (9500.0, 6500.0, 15000.0, 9000.0), "epoxy", (2, 1)),
        ("core/stair", PASSAGE, "楼梯间", "Staircase", (12300.0, 0.0, 15000.0, 6500.0), None, (1, 1)),
    ),
}  # fmt: skip
_WAYS: dict[str, tuple[Way, ...]] = {
    "B1": (door("pit/pumps", "core/stair", "FM1021", 0.1), door("pit/pumps", "pit/sump", "FM1021")),
    "1F": (
        door("hall/hall", "office/control", "FM1021", 0.2),
        door("hall/hall", "power/switch", "FM1521"),
        door("office/control", "core/stair", "FM1021", 0.1),
    ),
}


def footprint(_storey_key: str) -> Outline:
    """Outline of the structural floor."""
    return rectangle((0.0, 0.0), (WIDTH, DEPTH))


def rooms_of(storey_key: str) -> tuple[Room, ...]:
    """Rooms of a storey."""
    return tuple(
        Room(key=key, use=use, label=name(zh, en), outline=rectangle((x0, y0), (x1, y1)), finish=finish,
             people=2 if use == STAFF else 0, lamps=lamps)
        for key, use, zh, en, (x0, y0, x1, y1), finish, lamps in _ROWS[storey_key]
    )  # fmt: skip


def ways_of(storey_key: str) -> tuple[Way, ...]:
    """Doors between the rooms of a storey."""
    return _WAYS[storey_key]
