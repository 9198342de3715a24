"""The plan of the tower: storeys, outlines, the rooms of a storey and the ways between them. Millimetres.

The origin is the south-west corner of the flats on the finished floor of the first floor (±0.000); x runs along the south
front, y to the back. Each storey has four flats, A and B and their mirror images D and C, around a core of stairs and lifts.
"""

from sample_models.cells import Way, door, open_to
from sample_models.plan import Storey
from sample_models.rooms import PARKING, PASSAGE, PUBLIC, SERVICE, Room
from sample_models.shapes import Outline, rectangle
from sample_models.values import Label, name

WIDTH, DEPTH = 36000.0, 13200.0
WALL = 300.0
GROUND = -300.0
BASEMENT_LOW, BASEMENT_HIGH = (-8400.0, -11400.0), (50400.0, 24600.0)
BASEMENT_WALL = 350.0
FLATS = 24
"""Storeys of flats."""

FIRST, OTHER = 3600.0, 2900.0
LEVELS = tuple(0.0 if n == 1 else FIRST + OTHER * (n - 2) for n in range(1, FLATS + 1))
ROOF = FIRST + OTHER * (FLATS - 1)
PARAPET = ROOF + 1400.0

_TENS = ("", "十", "二十")
_ONES = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")
_WORDS = ("", "First", "Second", "Third")


def _numbered(number: int) -> Label:
    tens, ones = divmod(number, 10)
    english = f"{_WORDS[number]} floor" if number < len(_WORDS) else f"Floor {number}"
    return name(f"{_TENS[tens]}{_ONES[ones]}层", english)


STOREYS: tuple[Storey, ...] = (
    Storey(key="B2", label=name("地下二层", "Basement level 2"), level=-7600.0, height=3700.0),
    Storey(key="B1", label=name("地下一层", "Basement level 1"), level=-3900.0, height=3900.0),
    *(
        Storey(key=f"{n}F", label=_numbered(n), level=level, height=FIRST if n == 1 else OTHER)
        for n, level in enumerate(LEVELS, 1)
    ),
    Storey(key="RF", label=name("屋面层", "Roof level"), level=ROOF, height=4200.0),
)
"""From the lowest up."""

BY_KEY = {storey.key: storey for storey in STOREYS}
FLAT_STOREYS = tuple(f"{n}F" for n in range(1, FLATS + 1))


def footprint(storey_key: str) -> Outline:
    """Outline of the structural floor of a storey."""
    if storey_key in {"B1", "B2"}:
        return rectangle(BASEMENT_LOW, BASEMENT_HIGH)
    return rectangle((0.0, 0.0), (WIDTH, DEPTH))


_Row = tuple[str, str, str, str, tuple[float, float, float, float], str | None, tuple[int, int]]
"""Key, use, Chinese and English name, low and high corner, finish, lamps."""

_A: tuple[_Row, ...] = (
    ("master", PUBLIC, "主卧", "Master bedroom", (0.0, 0.0, 3900.0, 4500.0), "timber_floor", (1, 1)),
    ("living", PUBLIC, "客厅", "Living room", (3900.0, 0.0, 8100.0, 6600.0), "timber_floor", (1, 1)),
    ("bath", PUBLIC, "主卫", "Bathroom", (0.0, 4500.0, 2700.0, 7200.0), "wet_tile", (0, 0)),
    ("hall", PASSAGE, "过道", "Passage", (2700.0, 4500.0, 3900.0, 8700.0), "timber_floor", (0, 0)),
    ("dining", PUBLIC, "餐厅", "Dining room", (3900.0, 6600.0, 8100.0, 9600.0), "timber_floor", (1, 1)),
    ("store", SERVICE, "储藏间", "Store", (0.0, 7200.0, 2700.0, 8700.0), "timber_floor", (0, 0)),
    ("north", PUBLIC, "次卧", "Second bedroom", (0.0, 8700.0, 3900.0, 13200.0), "timber_floor", (1, 1)),
    ("kitchen", PUBLIC, "厨房", "Kitchen", (3900.0, 9600.0, 6300.0, 13200.0), "tile", (1, 1)),
    ("inner", PASSAGE, "内走道", "Inner passage", (6300.0, 9600.0, 8100.0, 13200.0), "timber_floor", (0, 0)),
    ("utility", SERVICE, "家政间", "Utility room", (8100.0, 9800.0, 10200.0, 11400.0), "tile", (0, 0)),
    ("bath2", PUBLIC, "次卫", "Second bathroom", (8100.0, 11400.0, 10200.0, 13200.0), "wet_tile", (0, 0)),
    ("study", PUBLIC, "书房", "Study", (10200.0, 8200.0, 13200.0, 13200.0), "timber_floor", (1, 1)),
)  # fmt: skip
_B: tuple[_Row, ...] = (
    ("living", PUBLIC, "客厅", "Living room", (8100.0, 0.0, 12000.0, 4200.0), "timber_floor", (1, 1)),
    ("kitchen", PUBLIC, "开放式厨房", "Open kitchen", (8100.0, 4200.0, 10200.0, 6600.0), "tile", (1, 1)),
    ("entry", PASSAGE, "玄关", "Entrance", (10200.0, 4200.0, 12000.0, 6600.0), "timber_floor", (0, 0)),
    ("master", PUBLIC, "主卧", "Master bedroom", (12000.0, 0.0, 15300.0, 4000.0), "timber_floor", (1, 1)),
    ("hall", PASSAGE, "过道", "Passage", (12000.0, 4000.0, 15300.0, 5000.0), "timber_floor", (0, 0)),
    ("bath", PUBLIC, "卫生间", "Bathroom", (12000.0, 5000.0, 15300.0, 6600.0), "wet_tile", (0, 0)),
    ("second", PUBLIC, "次卧", "Second bedroom", (15300.0, 0.0, 18000.0, 6600.0), "timber_floor", (1, 1)),
)  # fmt: skip
_WAYS_A = (
    door("living", "hall", "M1021", 0.9), door("master", "hall", "M0921"), door("bath", "hall", "M0921", 0.3),
    door("store", "hall", "M0921"), door("north", "hall", "M0921"), open_to("living", "dining"),
    door("dining", "kitchen", "M0921"), door("dining", "inner", "M0921"), door("inner", "utility", "M0921"),
    door("utility", "bath2", "M0921"), door("utility", "study", "M0921", 0.3),
)  # fmt: skip
_WAYS_B = (
    open_to("living", "kitchen"), open_to("living", "entry"), open_to("kitchen", "entry"),
    open_to("entry", "hall"), door("hall", "master", "M0921"), door("hall", "bath", "M0921"), door("hall", "second", "M0921"),
)  # fmt: skip

_CORE: tuple[_Row, ...] = (
    ("core/corridor", PASSAGE, "公共走廊", "Corridor", (8100.0, 6600.0, 27900.0, 8200.0), "tile", (3, 1)),
    ("core/lobby", PASSAGE, "电梯厅", "Lift lobby", (15900.0, 8200.0, 20100.0, 10600.0), "tile", (1, 1)),
    ("core/lift1", SERVICE, "1号电梯井", "Lift shaft 1", (15900.0, 10600.0, 18000.0, 13200.0), None, (0, 0)),
    ("core/lift2", SERVICE, "2号电梯井", "Lift shaft 2", (18000.0, 10600.0, 20100.0, 13200.0), None, (0, 0)),
    ("core/stair1", PASSAGE, "1号楼梯间", "Staircase 1", (13200.0, 8200.0, 15900.0, 13200.0), None, (1, 1)),
    ("core/stair2", PASSAGE, "2号楼梯间", "Staircase 2", (20100.0, 8200.0, 22800.0, 13200.0), None, (1, 1)),
    ("core/power", SERVICE, "强弱电井", "Electrical riser", (8100.0, 8200.0, 10200.0, 9800.0), None, (0, 0)),
    ("core/water", SERVICE, "水管井", "Water riser", (25800.0, 8200.0, 27900.0, 9800.0), None, (0, 0)),
)  # fmt: skip
_WAYS_CORE = (
    open_to("core/corridor", "core/lobby"), door("core/corridor", "core/stair1", "FM1021"),
    door("core/corridor", "core/stair2", "FM1021"), door("core/lobby", "core/lift1", "DT1121"),
    door("core/lobby", "core/lift2", "DT1121"), door("core/corridor", "core/power", "FM1021"),
    door("core/corridor", "core/water", "FM1021"),
)  # fmt: skip

_BELOW: tuple[_Row, ...] = (
    ("plant/west", SERVICE, "变配电室", "Substation", (0.0, 0.0, 8100.0, 6600.0), "epoxy", (2, 1)),
    ("plant/bicycles", PARKING, "非机动车库", "Bicycle store", (8100.0, 0.0, 18000.0, 6600.0), "epoxy", (2, 1)),
    ("plant/storage", SERVICE, "住户储藏间", "Residents' storage", (18000.0, 0.0, 27900.0, 6600.0), "epoxy", (2, 1)),
    ("plant/fan", SERVICE, "排风机房", "Exhaust fan room", (27900.0, 0.0, 36000.0, 6600.0), "epoxy", (2, 1)),
    ("plant/pump", SERVICE, "生活水泵房", "Domestic-water pump room", (0.0, 6600.0, 8100.0, 13200.0), "epoxy", (2, 1)),
    ("plant/data", SERVICE, "弱电机房", "Data room", (27900.0, 6600.0, 36000.0, 13200.0), "epoxy", (2, 1)),
    ("plant/tools", SERVICE, "工具间", "Tool room", (8100.0, 9800.0, 13200.0, 13200.0), "epoxy", (1, 1)),
    ("plant/clean", SERVICE, "保洁间", "Cleaners' room", (22800.0, 9800.0, 27900.0, 13200.0), "epoxy", (1, 1)),
    ("plant/west2", SERVICE, "前室一", "Anteroom 1", (10200.0, 8200.0, 13200.0, 9800.0), "epoxy", (0, 0)),
    ("plant/east2", SERVICE, "前室二", "Anteroom 2", (22800.0, 8200.0, 25800.0, 9800.0), "epoxy", (0, 0)),
    ("park/south", PARKING, "停车区A", "Car park A", (-8400.0, -11400.0, 50400.0, 0.0), "epoxy", (7, 2)),
    ("park/north", PARKING, "停车区B", "Car park B", (-8400.0, 13200.0, 50400.0, 24600.0), "epoxy", (7, 2)),
    ("park/west", PARKING, "停车区C", "Car park C", (-8400.0, 0.0, 0.0, 13200.0), "epoxy", (1, 2)),
    ("park/east", PARKING, "停车区D", "Car park D", (36000.0, 0.0, 50400.0, 13200.0), "epoxy", (2, 2)),
)  # fmt: skip
_WAYS_BELOW = (
    open_to("park/south", "park/west"), open_to("park/south", "park/east"), open_to("park/north", "park/west"),
    open_to("park/north", "park/east"), door("plant/west", "park/south", "FM1521"),
    door("plant/bicycles", "core/corridor", "FM1521", 0.7), door("plant/storage", "core/corridor", "FM1521", 0.3),
    door("plant/bicycles", "park/south", "FM1521"), door("plant/storage", "park/south", "FM1521"),
    door("plant/fan", "park/south", "FM1521"), door("plant/pump", "core/corridor", "FM1021", 0.5),
    door("plant/data", "core/corridor", "FM1021", 0.5), door("plant/tools", "plant/west2", "FM1021"),
    door("plant/clean", "plant/east2", "FM1021"), door("plant/west2", "core/corridor", "FM1021"),
    door("plant/east2", "core/corridor", "FM1021"),
)  # fmt: skip
_DEEP_NAMES = {
    "plant/west": name("消防水泵房", "Fire pump room"),
    "plant/fan": name("送风机房", "Supply fan room"),
    "plant/pump": name("中水机房", "Reclaimed-water room"),
}
"""What rooms of the lower basement are called where that differs."""


def _room(row: _Row, prefix: str = "", called: Label | None = None, *, mirror: bool = False) -> Room:
    key, use, zh, en, (x0, y0, x1, y1), finish, lamps = row
    if mirror:
        x0, x1 = WIDTH - x1, WIDTH - x0
    return Room(
        key=f"{prefix}{key}",
        use=use,
        label=called or name(zh, en),
        outline=rectangle((x0, y0), (x1, y1)),
        finish=finish,
        people=0,
        lamps=lamps,
    )


FLAT_ROWS = {"A": (_A, False), "B": (_B, False), "C": (_B, True), "D": (_A, True)}


def flat_number(storey_key: str, flat: str) -> str:
    """Number of a flat as on its door: `1703`."""
    return f"{int(storey_key[:-1])}0{'ABCD'.index(flat) + 1}"


def rooms_of(storey_key: str) -> tuple[Room, ...]:
    """Rooms of a storey; those of flats are named with the number of the flat. None on the roof."""
    if storey_key == "RF":
        return ()
    core = [_room(row) for row in _CORE]
    if storey_key in {"B1", "B2"}:
        called = _DEEP_NAMES if storey_key == "B2" else {}
        return (*core, *(_room(row, called=called.get(row[0])) for row in _BELOW))
    flats = []
    for flat, (rows, mirror) in FLAT_ROWS.items():
        number = flat_number(storey_key, flat)
        flats += [
            _room(row, f"{flat}/", name(f"{number}室{row[2]}", f"Flat {number}, {row[3]}"), mirror=mirror)
            for row in rows
        ]
    return (*core, *flats)


def ways_of(storey_key: str) -> tuple[Way, ...]:
    """Doors and openings between the rooms of a storey; none on the roof."""
    if storey_key == "RF":
        return ()
    if storey_key in {"B1", "B2"}:
        return (*_WAYS_CORE, *_WAYS_BELOW)
    ways = list(_WAYS_CORE)
    for flat, (rows, mirror) in FLAT_ROWS.items():
        for way in _WAYS_A if rows is _A else _WAYS_B:
            rooms = frozenset(f"{flat}/{key}" for key in way.rooms)
            ways.append(Way(rooms=rooms, leaf=way.leaf, share=_turned(way, rows, mirror=mirror)))
    entrance = {"A": "dining", "B": "entry", "C": "entry", "D": "dining"}
    ways += [door(f"{flat}/{key}", "core/corridor", "FM1021") for flat, key in entrance.items()]
    return tuple(ways)


def _turned(way: Way, rows: tuple[_Row, ...], *, mirror: bool) -> float:
    """Where a door is in the mirror image: only walls along x turn round."""
    if not mirror:
        return way.share
    boxes = [row[4] for row in rows if row[0] in way.rooms]
    along_x = boxes[0][3] == boxes[1][1] or boxes[1][3] == boxes[0][1]
    return 1.0 - way.share if along_x else way.share
