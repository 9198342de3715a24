"""The rooms of every storey: names, clear outlines, floor finishes, uses. Millimetres, as in `plan`."""

from dataclasses import dataclass

from sample_models.shapes import Outline, rectangle
from sample_models.values import Label, name

PUBLIC, STAFF, SERVICE, PASSAGE, PARKING, OUTDOOR = (
    "public", "staff", "service", "passage", "parking", "outdoor",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One room. `finish` is a paint key, None for the bare slab; `people` the design occupancy.

    `lamps` is how many lights stand along x and along y.
    """

    key: str
    label: Label
    outline: Outline
    use: str
    finish: str | None
    people: int
    lamps: tuple[int, int]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x, greatest y."""
        xs, ys = zip(*self.outline, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def grid(self, along: int, deep: int) -> tuple[tuple[float, float], ...]:
        """Evenly spaced places for `along` × `deep` things; those outside the outline are left out."""
        x0, y0, x1, y1 = self.bounds
        places = (
            (x0 + (x1 - x0) * (i + 0.5) / along, y0 + (y1 - y0) * (j + 0.5) / deep)
            for j in range(deep)
            for i in range(along)
        )
        return tuple(place for place in places if _inside(place, self.outline))


def _inside(place: tuple[float, float], outline: Outline) -> bool:
    x, y = place
    inside = False
    for (xa, ya), (xb, yb) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (ya > y) != (yb > y) and x < (xb - xa) * (y - ya) / (yb - ya) + xa:
            inside = not inside
    return inside


def _south(x_low: float, x_high: float, y_low: float = 0.0) -> Outline:
    return rectangle((x_low, y_low), (x_high, 8900.0))


def _north(x_low: float, x_high: float) -> Outline:
    return rectangle((x_low, 11600.0), (x_high, 19200.0))


A, B, C, D, E = (0.0, 8300.0), (8500.0, 16700.0), (16900.0, 25100.0), (25300.0, 33500.0), (33700.0, 42000.0)
"""Clear extents of the five fields along the front."""

CORRIDOR = rectangle((0.0, 9100.0), (42000.0, 11400.0))
RISER_ROOM = _north(3700.0, 8300.0)
WOMEN, MEN = _north(19700.0, 22350.0), _north(22550.0, 25100.0)
BESIDE_STAIR = _north(33700.0, 38300.0)
CAR_PARK: Outline = (
    (0.0, 0.0), (50400.0, 0.0), (50400.0, 19200.0), (42100.0, 19200.0), (42100.0, 11400.0), (33500.0, 11400.0),
    (33500.0, 19200.0), (25300.0, 19200.0), (25300.0, 11400.0), (16700.0, 11400.0), (16700.0, 19200.0),
    (8500.0, 19200.0), (8500.0, 11400.0), (0.0, 11400.0),
)  # fmt: skip

_Row = tuple[str, str, str, str, Outline, str | None, int, tuple[int, int]]

_CORE: tuple[_Row, ...] = (
    ("stair1", PASSAGE, "1号楼梯间", "Staircase 1", _north(0.0, 3500.0), None, 0, (0, 0)),
    ("stair2", PASSAGE, "2号楼梯间", "Staircase 2", _north(38500.0, 42000.0), None, 0, (0, 0)),
    ("lift", SERVICE, "电梯井", "Lift shaft", rectangle((16900.0, 13800.0), (19500.0, 16200.0)), None, 0, (0, 0)),
    ("shaft", SERVICE, "水暖管井", "Pipe and duct shaft", rectangle((16900.0, 16400.0), (19500.0, 19200.0)), None, 0, (0, 0)),
)  # fmt: skip

_ABOVE: tuple[_Row, ...] = (
    ("corridor", PASSAGE, "内走廊", "Corridor", CORRIDOR, "tile", 0, (4, 1)),
    ("liftlobby", PASSAGE, "电梯厅", "Lift lobby", rectangle((16900.0, 11400.0), (19500.0, 13600.0)), "tile", 0, (0, 0)),
    ("riser", SERVICE, "强弱电间", "Electrical riser room", RISER_ROOM, None, 0, (0, 0)),
    ("women", PUBLIC, "女卫生间", "Women's toilet", WOMEN, "wet_tile", 4, (1, 1)),
    ("men", PUBLIC, "男卫生间", "Men's toilet", MEN, "wet_tile", 4, (1, 1)),
)  # fmt: skip

_B2: tuple[_Row, ...] = (
    ("corridor", PASSAGE, "地下走道", "Basement corridor", CORRIDOR, "epoxy", 0, (4, 1)),
    ("tank", SERVICE, "消防水池", "Fire-water reservoir", _south(*A), None, 0, (0, 0)),
    ("firepump", SERVICE, "消防泵房", "Fire pump room", _south(*B), "epoxy", 0, (2, 1)),
    ("pump", SERVICE, "生活水泵房", "Domestic-water pump room", _south(*C), "epoxy", 0, (2, 1)),
    ("store", SERVICE, "应急物资储备库", "Emergency supplies store", _south(25300.0, 42000.0), "epoxy", 0, (4, 1)),
    ("liftlobby", PASSAGE, "电梯厅", "Lift lobby", rectangle((16900.0, 11600.0), (19500.0, 13600.0)), "tile", 0, (0, 0)),
    ("riser", SERVICE, "强弱电间", "Electrical riser room", RISER_ROOM, None, 0, (0, 0)),
    ("plant", SERVICE, "空调机房", "Air-conditioning plant room", _north(*B), "epoxy", 0, (2, 1)),
    ("sewage", SERVICE, "污水提升间", "Sewage lifting room", _north(19700.0, 25100.0), "wet_tile", 0, (1, 1)),
    ("fan", SERVICE, "送风机房", "Supply fan room", _north(*D), "epoxy", 0, (2, 1)),
    ("data", SERVICE, "弱电机房", "Data room", BESIDE_STAIR, "epoxy", 0, (1, 1)),
)  # fmt: skip

_B1: tuple[_Row, ...] = (
    ("carpark", PARKING, "地下车库", "Underground car park", CAR_PARK, "epoxy", 0, (6, 3)),
    ("liftlobby", PASSAGE, "电梯厅", "Lift lobby", rectangle((16900.0, 11600.0), (19500.0, 13600.0)), "tile", 0, (1, 1)),
    ("riser", SERVICE, "强弱电间", "Electrical riser room", RISER_ROOM, None, 0, (0, 0)),
    ("fan", SERVICE, "排风机房", "Exhaust fan room", _north(19700.0, 25100.0), "epoxy", 0, (2, 1)),
    ("power", SERVICE, "变配电室", "Substation", BESIDE_STAIR, "epoxy", 0, (2, 1)),
)  # fmt: skip

_1F: tuple[_Row, ...] = (
    ("clinic", PUBLIC, "社区卫生服务站", "Community health station", _south(*A), "tile", 16, (2, 1)),
    ("service", PUBLIC, "便民服务大厅", "Citizen service hall", _south(*B), "tile", 30, (2, 1)),
    ("lobby", PUBLIC, "门厅", "Entrance lobby", rectangle((16900.0, 2500.0), (25100.0, 9100.0)), "tile", 20, (2, 1)),
    ("dining", PUBLIC, "社区食堂", "Community canteen", _south(*D), "tile", 48, (2, 1)),
    ("kitchen", STAFF, "厨房", "Kitchen", _south(*E), "wet_tile", 6, (2, 1)),
    ("control", STAFF, "消防控制室", "Fire control room", _north(*B), "carpet", 3, (1, 1)),
    ("daycare", PUBLIC, "日间照料中心", "Day care for the elderly", _north(*D), "timber_floor", 14, (2, 1)),
    ("parcels", PUBLIC, "快递驿站", "Parcel station", BESIDE_STAIR, "tile", 4, (1, 1)),
    ("porch", OUTDOOR, "入口门廊", "Entrance porch", rectangle((17100.0, -300.0), (24900.0, 2300.0)), "paving", 0, (0, 0)),
)  # fmt: skip

_2F: tuple[_Row, ...] = (
    ("library", PUBLIC, "图书阅览室", "Library", _south(0.0, 16700.0), "timber_floor", 60, (4, 1)),
    ("lounge", PUBLIC, "共享休息厅", "Lounge", rectangle((16900.0, 0.0), (25100.0, 9100.0)), "timber_floor", 20, (2, 1)),
    ("children", PUBLIC, "少儿活动室", "Children's room", _south(*D), "timber_floor", 24, (2, 1)),
    ("dance", PUBLIC, "舞蹈健身室", "Dance and fitness room", _south(*E), "timber_floor", 24, (2, 1)),
    ("calligraphy", PUBLIC, "书画室", "Calligraphy room", _north(*B), "timber_floor", 20, (1, 1)),
    ("classroom", PUBLIC, "多功能教室", "Classroom", _north(*D), "carpet", 36, (2, 1)),
    ("office", STAFF, "社工办公室", "Social workers' office", BESIDE_STAIR, "carpet", 5, (1, 1)),
)  # fmt: skip

_3F: tuple[_Row, ...] = (
    ("hall", PUBLIC, "多功能厅", "Multi-purpose hall", _south(0.0, 16700.0), "timber_floor", 120, (4, 1)),
    ("exhibition", PUBLIC, "社区展厅", "Exhibition", rectangle((16900.0, 0.0), (25100.0, 9100.0)), "tile", 30, (2, 1)),
    ("committee", STAFF, "居委会办公室", "Residents' committee office", _south(25300.0, 33900.0), "carpet", 12, (2, 1)),
    ("terrace", OUTDOOR, "屋顶露台", "Roof terrace", rectangle((34200.0, -100.0), (42100.0, 8850.0)), "paving", 0, (0, 0)),
    ("meeting", STAFF, "会议室", "Meeting room", _north(*B), "carpet", 20, (2, 1)),
    ("grid", STAFF, "网格管理室", "Neighbourhood management room", _north(*D), "carpet", 10, (2, 1)),
    ("volunteers", PUBLIC, "志愿者之家", "Volunteers' room", BESIDE_STAIR, "timber_floor", 8, (1, 1)),
)  # fmt: skip


def _room(row: _Row) -> Room:
    key, use, zh, en, outline, finish, people, lamps = row
    return Room(
        key=key, use=use, label=name(zh, en), outline=outline, finish=finish, people=people, lamps=lamps
    )


ROOMS: dict[str, tuple[Room, ...]] = {
    "B2": tuple(map(_room, _B2 + _CORE)),
    "B1": tuple(map(_room, _B1 + _CORE)),
    "1F": tuple(map(_room, _1F + _ABOVE + _CORE)),
    "2F": tuple(map(_room, _2F + _ABOVE + _CORE)),
    "3F": tuple(map(_room, _3F + _ABOVE + _CORE)),
}
"""Rooms of each storey."""


def room(storey_key: str, room_key: str) -> Room:
    """The room with this key on this storey; raises `KeyError` where there is none."""
    for candidate in ROOMS[storey_key]:
        if candidate.key == room_key:
            return candidate
    raise KeyError(f"{storey_key}/{room_key}")
