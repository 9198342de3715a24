"""What drains the streets: storm drains to the canal, and sewers to the treatment works; with their manholes, gullies and outfalls.

Every street has a pipe of each; those along v run into those along u. Levels are metres above the ellipsoid, as the terrain's are.
"""

import itertools
from dataclasses import dataclass

from sample_models.layers.features import Feature, Point, line, point
from sample_models.layers.streets import ACROSS, ALONG, CANAL_HALF_M, CANAL_U, EAST, NORTH, WEST, Street
from sample_models.layers.terrain import PLAIN_M

SPACING_M = 42.0
"""Between manholes: GB 50014 allows 50 m for drains of up to 600 mm."""
_FALL = 0.001
_OUTFALL_M = 0.3
"""Invert of a drain at the canal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """One kind of drain. `beside`: how far left of the middle of a street it lies; `fall`: metres a metre."""

    key: str
    zh: str
    en: str
    medium: str
    beside: float
    fall: float
    sizes_mm: tuple[int, int, int]


STORM = Net(
    key="YS",
    zh="雨水管",
    en="Storm drain",
    medium="storm",
    beside=1.5,
    fall=_FALL,
    sizes_mm=(600, 1000, 1500),
)
SEWER = Net(
    key="WS", zh="污水管", en="Sewer", medium="sewer", beside=-1.8, fall=0.0012, sizes_mm=(300, 500, 800)
)


class _Laying:
    """Lays pipes from manhole to manhole and remembers where manholes are."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.features: list[Feature] = []
        self._holes: dict[Point, str] = {}

    def manhole(self, at: Point, invert: float, street: Street) -> None:
        """A manhole at a place, once."""
        key = (round(at[0], 3), round(at[1], 3))
        if key in self._holes:
            return
        number = len(self._holes) + 1
        identifier = self._holes[key] = f"{self.net.key}-J{number:04d}"
        prefix = self.net.zh[:2]
        # Every sixth near the community is watched.
        near = abs(at[0] - 20.0) < 420.0 and abs(at[1] - 40.0) < 420.0
        watched = "是" if near and number % 2 == 0 else "否"
        self.features.append(
            point(identifier, key, name=f"{street.zh}{prefix}检查井{number:04d}", name_en=f"{self.net.en} manhole {number:04d}, {street.en}",
                  kind="manhole", 类型="检查井", 液位监测=watched, ground=PLAIN_M, 井底高程=round(invert - 0.2, 2), 井深=round(PLAIN_M - invert + 0.2, 2))
        )  # fmt: skip

    def pipe(
        self, start: Point, end: Point, levels: tuple[float, float], size_mm: int, street: Street
    ) -> None:
        """One pipe down from a manhole to the next."""
        number = sum(feature.kind == "LineString" for feature in self.features[-1:]) + len(self.features)
        ends = [(round(at[0], 3), round(at[1], 3)) for at in (start, end)]
        self.features.append(
            line(f"{self.net.key}-{number:04d}", ends, name=f"{street.zh}{self.net.zh}{number:04d}", name_en=f"{self.net.en} {number:04d}, {street.en}",
                 kind=self.net.medium, 管材="钢筋混凝土" if size_mm >= 500 else "HDPE", diameter=size_mm,
                 us_invert=round(levels[0], 3), ds_invert=round(levels[1], 3))
        )  # fmt: skip

    def run(self, places: list[Point], invert_end: float, street: Street, sizes: tuple[int, int]) -> float:
        """Pipes through these places, downstream; returns the invert at the first. Sizes: at the beginning, at the end."""
        lengths = [_distance(a, b) for a, b in itertools.pairwise(places)]
        inverts = [invert_end]
        for length in reversed(lengths):
            inverts.append(inverts[-1] + length * self.net.fall)
        inverts.reverse()
        for i, (a, b) in enumerate(itertools.pairwise(places)):
            self.manhole(a, inverts[i], street)
            size = sizes[0] if i < len(lengths) / 2 else sizes[1]
            self.pipe(a, b, (inverts[i], inverts[i + 1]), size, street)
        return inverts[0]


def _distance(a: Point, b: Point) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def _stops(low: float, high: float, fixed: list[float]) -> list[float]:
    """Places from low to high: the fixed ones, and others between them."""
    ends = [low, *sorted(place for place in fixed if low < place < high), high]
    found = [low]
    for a, b in itertools.pairwise(ends):
        count = max(1, round((b - a) / SPACING_M))
        found += [a + (b - a) * i / count for i in range(1, count + 1)]
    return found


def storm_drainage() -> list[Feature]:
    """Drains along every street to the canal, gullies at the kerbs, outfalls in its walls."""
    laying = _Laying(STORM)
    inverts: dict[tuple[str, str], float] = {}
    crossings = [other.at - STORM.beside for other in ALONG]
    for street in ACROSS:
        for side, far, wall in (
            (-1.0, WEST - STORM.beside, CANAL_U - CANAL_HALF_M),
            (1.0, EAST - STORM.beside, CANAL_U + CANAL_HALF_M),
        ):
            stops = _stops(min(far, wall), max(far, wall), crossings)
            stops = stops if side < 0 else stops[::-1]
            places = [street.place(along, STORM.beside) for along in stops]
            laying.run(places, _OUTFALL_M, street, STORM.sizes_mm[1:])
            _outfall(laying, f"{street.key}{'W' if side < 0 else 'E'}", places[-1], street)
            for other in ALONG:
                inverts[street.key, other.key] = _OUTFALL_M + abs(other.at - STORM.beside - wall) * STORM.fall
    for street in ALONG:
        _branches(laying, street, inverts)
    _gullies(laying)
    return laying.features


def _outfall(laying: _Laying, key: str, at: Point, street: Street) -> None:
    laying.features.append(
        point(f"YS-O-{key}", (round(at[0], 3), round(at[1], 3)), name=f"{street.zh}雨水排放口", name_en=f"Storm outfall of {street.en}",
              kind="outfall", 类型="排放口", 液位监测="是", ground=PLAIN_M, 井底高程=_OUTFALL_M)
    )  # fmt: skip


def _branches(laying: _Laying, street: Street, inverts: dict[tuple[str, str], float]) -> None:
    """Along v: from the middle of each stretch to the streets at both ends."""
    net, joints = laying.net, [other.at + laying.net.beside for other in ACROSS]
    for number, (low, high) in enumerate(itertools.pairwise(joints)):
        if street.key == "N6" and ACROSS[number].key != "E5":
            continue
        middle = (low + high) / 2
        for end, other in ((low, ACROSS[number]), (high, ACROSS[number + 1])):
            stops = _stops(
                min(middle, end) + (4.0 if end > middle else 0.0),
                max(middle, end) - (4.0 if end < middle else 0.0),
                [],
            )
            stops = stops if end > middle else stops[::-1]
            places = [street.place(along, net.beside) for along in stops]
            laying.run(
                places, inverts[other.key, street.key] + 0.25, street, (net.sizes_mm[0], net.sizes_mm[0])
            )


def _gullies(laying: _Laying) -> None:
    """At the kerb beside every other manhole, with a pipe to it."""
    holes = [feature for feature in laying.features if feature.properties["kind"] == "manhole"]
    by_name = {street.zh: street for street in (*ACROSS, *ALONG)}
    for number, hole in enumerate(holes[::2], 1):
        zh = str(hole.properties["name"]).split("雨水", 1)[0]
        street, (u, v) = by_name[zh], hole.points[0]
        kerb = street.width_m / 2 - STORM.beside - 0.4
        at = (u, round(v + kerb, 3)) if street.axis == 0 else (round(u - kerb, 3), v)
        invert = float(hole.properties["井底高程"]) + 0.9
        laying.features.append(
            point(f"YS-G{number:04d}", at, name=f"{zh}雨水口{number:04d}", name_en=f"Gully {number:04d}, {street.en}", kind="gully",
                  类型="雨水口", 液位监测="否", ground=PLAIN_M, 井底高程=round(invert, 2))
        )  # fmt: skip
        laying.features.append(
            line(f"YS-L{number:04d}", [at, hole.points[0]], name=f"{zh}雨水口连接管{number:04d}", name_en=f"Gully pipe {number:04d}, {street.en}",
                 kind="storm", 管材="HDPE", diameter=300, us_invert=round(invert + 0.3, 3), ds_invert=round(invert, 3))
        )  # fmt: skip


def sewers() -> list[Feature]:
    """Along every street to a trunk under the eastern ring, which runs north to the treatment works."""
    laying = _Laying(SEWER)
    trunk = ALONG[-1]
    end = -4.2
    joints = [other.at + SEWER.beside for other in ACROSS]
    stops = _stops(joints[0], NORTH + 40.0, joints)
    laying.run([trunk.place(along, SEWER.beside) for along in stops], end, trunk, SEWER.sizes_mm[1:])
    at = trunk.place(NORTH + 40.0, SEWER.beside)
    laying.features.append(
        point("WS-O-1", (round(at[0], 3), round(at[1], 3)), name="污水厂进水口", name_en="Inlet of the treatment works", kind="outfall",
              类型="进水口", 液位监测="是", ground=PLAIN_M, 井底高程=end)
    )  # fmt: skip
    inverts: dict[tuple[str, str], float] = {}
    crossings = [other.at - SEWER.beside for other in ALONG]
    for street in ACROSS:
        last = trunk.at - SEWER.beside
        level = end + (NORTH + 40.0 - street.at - SEWER.beside) * SEWER.fall + 0.2
        level = min(level, -1.4)
        laying.run(
            [street.place(along, SEWER.beside) for along in _stops(WEST, last, crossings)],
            level,
            street,
            SEWER.sizes_mm[:2],
        )
        for other in ALONG:
            inverts[street.key, other.key] = level + (last - other.at + SEWER.beside) * SEWER.fall
    for street in ALONG[:-1]:
        _branches(laying, street, inverts)
    return laying.features
