"""What supplies the streets: water mains with valves and hydrants, and power from a switching station over transformers to meter boxes."""

import itertools

from sample_models.layers.features import Feature, Point, line, point
from sample_models.layers.streets import ACROSS, ALONG, EAST, NORTH, WEST, Block, blocks

STEP_M = 60.0
_WATER, _CABLE = 3.2, -3.4
"""How far left of the middle of a street mains and cables lie."""
REACH_M = 520.0
"""Around the community: as far as power is drawn."""

_STREET = {street.key: street for street in (*ACROSS, *ALONG)}


def _near(at: Point) -> Point:
    return round(at[0], 3), round(at[1], 3)


# -------------------------------------------------------------------------------------------------- water
class _Mains:
    """Lays mains away from the works, so that the direction of digitising is that of the water."""

    def __init__(self) -> None:
        self.features: list[Feature] = []
        self._hydrants = self._valves = self._pipes = 0

    def lay(self, places: list[Point], size_mm: int, named: tuple[str, str]) -> None:
        """Pipes through these places, with a hydrant at every second."""
        for number, (a, b) in enumerate(itertools.pairwise(places)):
            self._pipes += 1
            self.features.append(
                line(f"JS-{self._pipes:04d}", [_near(a), _near(b)], name=f"{named[0]}给水管{self._pipes:04d}",
                     name_en=f"Water main {self._pipes:04d}, {named[1]}", kind="main", 管材="球墨铸铁", diameter=size_mm, depth=1.3)
            )  # fmt: skip
            if number % 2:
                self._hydrants += 1
                self.features.append(
                    point(f"JS-H{self._hydrants:03d}", _near(b), name=f"{named[0]}室外消火栓{self._hydrants:03d}",
                          name_en=f"Fire hydrant {self._hydrants:03d}, {named[1]}", kind="hydrant", 类型="消火栓")
                )  # fmt: skip

    def valve(self, at: Point, named: tuple[str, str]) -> None:
        """A valve with a pressure transmitter."""
        self._valves += 1
        self.features.append(
            point(f"JS-V{self._valves:03d}", _near(at), name=f"{named[0]}给水阀门{self._valves:03d}",
                  name_en=f"Water valve {self._valves:03d}, {named[1]}", kind="valve", 类型="阀门井")
        )  # fmt: skip


def _stops(low: float, high: float, fixed: list[float]) -> list[float]:
    ends = [low, *sorted(place for place in fixed if low < place < high), high]
    found = [low]
    for a, b in itertools.pairwise(ends):
        count = max(1, round((b - a) / STEP_M))
        found += [a + (b - a) * i / count for i in range(1, count + 1)]
    return found


def water_mains() -> list[Feature]:
    """From the works in the north along Tai'an Road, into every street across, and to the three buildings."""
    mains = _Mains()
    spine = _STREET["N7"]
    joints = [street.at + _WATER for street in ACROSS]
    places = [spine.place(v, _WATER) for v in _stops(joints[0], NORTH + 60.0, joints)][::-1]
    mains.lay(places, 500, (spine.zh, spine.en))
    begin = spine.at - _WATER
    for street in ACROSS:
        named = (street.zh, street.en)
        fixed = [other.at - _WATER for other in ALONG]
        fixed += {"E5": [24.7, -55.5], "E6": [-10.0]}.get(street.key, [])
        for low, high in ((WEST, begin), (begin, EAST)):
            stops = _stops(low, high, fixed)
            stops = stops if low == begin else stops[::-1]
            mains.lay([street.place(u, _WATER) for u in stops], 300, named)
            mains.valve(street.place(stops[1], _WATER), named)
    _services(mains)
    return mains.features


def _services(mains: _Mains) -> None:
    """Where the pipes of the buildings begin (`sample_models.water` and its like), from the street."""
    first, second = _STREET["E5"], _STREET["E6"]
    ends = (
        ((24.7, first.at + _WATER), (24.7, -12.0), ("社区服务中心", "Community centre")),
        ((-55.5, first.at + _WATER), (-55.5, -5.0), ("雨水泵站", "Pump house")),
        ((-10.0, second.at + _WATER), (-10.0, 73.8), ("1号楼", "Building 1")),
    )
    for start, end, named in ends:
        mains.lay([start, end], 100, named)


# -------------------------------------------------------------------------------------------------- power
def power_lines() -> list[Feature]:
    """10 kV from the switching station along the streets to a transformer in every block, 0.4 kV from there to meter boxes."""
    station = (128.0, 140.0)
    found = [
        point(
            "DL-S1",
            station,
            name="甬泰开闭所",
            name_en="Yongtai switching station",
            kind="station",
            类型="开闭所",
            电压="10kV",
        )
    ]
    chosen = [block for block in blocks() if _within(block)]
    for number, block in enumerate(chosen, 1):
        at = _near((block.low[0] + 8.0, block.low[1] + 17.5))
        identifier = f"DL-T{number:02d}"
        found.append(
            point(identifier, at, name=f"{number:02d}号箱式变压器", name_en=f"Transformer {number:02d}", kind="transformer", 类型="箱式变压器",
                  电压="10/0.4kV", 容量kVA=630)
        )  # fmt: skip
        found.append(
            _cable(f"DL-H{number:02d}", _route(station, at), ("10kV电缆", "10 kV cable"), "10kV", 0.16)
        )
        found += _boxes(number, block, at)
    return found


def _within(block: Block) -> bool:
    u, v = block.middle
    return abs(u - 20.0) < REACH_M and abs(v - 40.0) < REACH_M


def _route(start: Point, end: Point) -> list[Point]:
    """Along Tai'an Road to the street in the south of the block, and along that."""
    spine = _STREET["N7"]
    u = spine.at - _CABLE
    below = [street for street in ACROSS if street.at < end[1]][-1]
    v = below.at + below.half_m + 1.0
    return [start, (u, start[1]), (u, v), (end[0], v), end]


def _cable(
    identifier: str, places: list[Point], named: tuple[str, str], volts: str, diameter: float
) -> Feature:
    kept = [place for i, place in enumerate(places) if i == 0 or _near(place) != _near(places[i - 1])]
    return line(
        identifier,
        [_near(place) for place in kept],
        name=f"{named[0]}{identifier[-4:]}",
        name_en=f"{named[1]} {identifier[-4:]}",
        kind="cable_10kv" if volts == "10kV" else "cable_04kv",
        电压=volts,
        diameter_m=diameter,
        depth=0.9 if volts == "10kV" else 0.7,
    )


def _boxes(number: int, block: Block, transformer: Point) -> list[Feature]:
    """Meter boxes along the western edge of a block, each with a cable of its own."""
    found = []
    room = block.high[1] - transformer[1] - 12.0
    for place in range(5):
        at = _near((block.low[0] + 2.0, transformer[1] + 6.0 + room * place / 5))
        identifier = f"{number:02d}{place + 1}"
        found.append(
            point(f"DL-B{identifier}", at, name=f"电表箱{identifier}", name_en=f"Meter box {identifier}", kind="meter_box", 类型="电表箱",
                  电压="0.4kV", 变压器=f"DL-T{number:02d}")
        )  # fmt: skip
        lane = transformer[0] - 3.0 - 0.3 * place
        path = [transformer, (lane, transformer[1]), (lane, at[1]), at]
        found.append(_cable(f"DL-L{identifier}", path, ("0.4kV电缆", "0.4 kV cable"), "0.4kV", 0.09))
    return found
