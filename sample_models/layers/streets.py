"""The net of streets: where they run, what they are called, their surfaces and markings; the blocks between them; the canal."""

import itertools
from dataclasses import dataclass

from sample_models.layers.features import Feature, Point, along, box, line, polygon

STEP_M = 25.0
"""Between two corners of a line, so that it follows the bends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """One street along an axis: 0 along u at this v, 1 along v at this u; `width_m` between its kerbs."""

    key: str
    zh: str
    en: str
    axis: int
    at: float
    width_m: float
    walk_m: float = 4.0

    def place(self, along_it: float, beside: float = 0.0) -> Point:
        """A point of it, so far along and so far to the left (towards −u, or +v) of its middle."""
        return (along_it, self.at + beside) if self.axis == 0 else (self.at - beside, along_it)

    @property
    def half_m(self) -> float:
        """From its middle to the edge of the pavement."""
        return self.width_m / 2 + self.walk_m


WEST, EAST, SOUTH, NORTH = -1040.0, 960.0, -820.0, 890.0
"""Where the town of the sample ends."""

MAIN, USUAL, LANE = 22.0, 12.0, 7.0

ACROSS = (
    Street(key="E1", zh="望春河路", en="Wangchun River Road", axis=0, at=-820.0, width_m=USUAL),
    Street(key="E2", zh="环城西路", en="Huancheng West Road", axis=0, at=-620.0, width_m=USUAL),
    Street(key="E3", zh="联丰路", en="Lianfeng Road", axis=0, at=-420.0, width_m=MAIN),
    Street(key="E4", zh="气象路", en="Qixiang Road", axis=0, at=-220.0, width_m=USUAL),
    Street(key="E5", zh="甬泰路", en="Yongtai Road", axis=0, at=-33.0, width_m=9.0, walk_m=2.0),
    Street(key="E6", zh="康桥路", en="Kangqiao Road", axis=0, at=117.0, width_m=MAIN - 8.0),
    Street(key="E7", zh="春华路", en="Chunhua Road", axis=0, at=300.0, width_m=USUAL),
    Street(key="E8", zh="通途路", en="Tongtu Road", axis=0, at=490.0, width_m=MAIN),
    Street(key="E9", zh="秋实路", en="Qiushi Road", axis=0, at=690.0, width_m=USUAL),
    Street(key="E10", zh="北环路", en="North Ring Road", axis=0, at=890.0, width_m=MAIN),
)
ALONG = (
    Street(key="N1", zh="丰成路", en="Fengcheng Road", axis=1, at=-1040.0, width_m=USUAL),
    Street(key="N2", zh="集士路", en="Jishi Road", axis=1, at=-820.0, width_m=USUAL),
    Street(key="N3", zh="布政路", en="Buzheng Road", axis=1, at=-600.0, width_m=USUAL),
    Street(key="N4", zh="蓝天路", en="Lantian Road", axis=1, at=-390.0, width_m=MAIN),
    Street(key="N5", zh="河西巷", en="West Canal Lane", axis=1, at=-180.0, width_m=8.0),
    Street(key="N6", zh="社区中路", en="Community Lane", axis=1, at=-27.5, width_m=LANE, walk_m=2.5),
    Street(key="N7", zh="泰安路", en="Tai'an Road", axis=1, at=102.0, width_m=USUAL),
    Street(key="N8", zh="学苑路", en="Xueyuan Road", axis=1, at=310.0, width_m=USUAL),
    Street(key="N9", zh="翠柏路", en="Cuibai Road", axis=1, at=530.0, width_m=MAIN),
    Street(key="N10", zh="新芝路", en="Xinzhi Road", axis=1, at=740.0, width_m=USUAL),
    Street(key="N11", zh="苍松路", en="Cangsong Road", axis=1, at=960.0, width_m=USUAL),
)
CANAL_U, CANAL_HALF_M = -95.0, 9.0
"""Middle of the canal, which runs along v, and half its width."""

ESTATE_LANE = Street(key="L1", zh="社区横巷", en="Estate Lane", axis=0, at=36.0, width_m=6.0, walk_m=1.0)
"""Between the plots of the tower and of the community centre."""


def reach(street: Street) -> tuple[float, float]:
    """From where to where it runs. The community's own streets end at the canal and at the next street to the east."""
    if street is ESTATE_LANE:
        return -27.5, 102.0
    if street.key == "N6":
        return -33.0, 117.0
    return (WEST, EAST) if street.axis == 0 else (SOUTH, NORTH)


def streets() -> tuple[Street, ...]:
    """All of them."""
    return (*ACROSS, *ALONG, ESTATE_LANE)


def roads() -> list[Feature]:
    """Middle lines with names and widths, and their pavements, which are wider."""
    found = []
    for street in streets():
        low, high = reach(street)
        points = along(street.place(low), street.place(high), STEP_M)
        kind, kind_zh = ("main", "主干路") if street.width_m >= 14.0 else ("street", "支路")
        shared = {"name": street.zh, "name_en": street.en, "kind": kind, "等级": kind_zh}
        total = street.width_m + 2 * street.walk_m
        found.append(line(f"{street.key}-P", points, **{**shared, "kind": "pavement"}, width=total))
        found.append(
            line(street.key, points, **shared, width=street.width_m, lanes=4 if kind == "main" else 2)
        )
    return found


def markings() -> list[Feature]:
    """Painted lines: the middle, edges of lanes, and crossings for walkers where main streets meet others."""
    found = []
    for street in streets():
        if street.width_m < USUAL:
            continue
        offsets = (0.0,) if street.width_m < MAIN else (-0.25, 0.25, -5.5, 5.5)
        others = [other for other in streets() if other.axis != street.axis and other is not ESTATE_LANE]
        for number, (low, high) in enumerate(_between(street, others)):
            for place, offset in enumerate(offsets):
                kind = "middle" if abs(offset) < 1.0 else "lane"
                ends = along(street.place(low, offset), street.place(high, offset), STEP_M)
                found.append(line(f"{street.key}-M{number}-{place}", ends, kind=kind, width=0.2))
            if street.width_m >= 14.0:
                found += _crossing(f"{street.key}-C{number}", street, low - 3.0)
    return found


def _between(street: Street, others: list[Street]) -> list[tuple[float, float]]:
    """Stretches between the crossings of a street, without the space in which walkers cross."""
    low, high = reach(street)
    stops = sorted((other.at, other.half_m + 6.0) for other in others if low <= other.at <= high)
    return [
        (a + wide_a, b - wide_b)
        for (a, wide_a), (b, wide_b) in itertools.pairwise(stops)
        if b - wide_b - a - wide_a > 10.0
    ]


def _crossing(key: str, street: Street, at: float) -> list[Feature]:
    count = int(street.width_m / 1.2)
    found = []
    for stripe in range(count):
        beside = -street.width_m / 2 + 0.6 + stripe * 1.2
        ends = (street.place(at - 2.0, beside), street.place(at + 2.0, beside))
        found.append(line(f"{key}-{stripe}", ends, kind="crossing", width=0.5))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What lies between four streets: its number, and its corners inside the pavements."""

    number: int
    low: Point
    high: Point

    @property
    def middle(self) -> Point:
        """Its middle."""
        return (self.low[0] + self.high[0]) / 2, (self.low[1] + self.high[1]) / 2


def blocks() -> list[Block]:
    """All blocks but those of the community; where the canal runs through one, its two sides."""
    found: list[Block] = []
    for lower, upper in itertools.pairwise(ACROSS):
        for left, right in itertools.pairwise(ALONG):
            for low_u, high_u in _sides(left, right):
                if lower.key == "E5" and low_u > CANAL_U and high_u < 110.0:
                    continue
                low = (low_u, lower.at + lower.half_m)
                found.append(Block(number=len(found), low=low, high=(high_u, upper.at - upper.half_m)))
    return found


def _sides(left: Street, right: Street) -> list[tuple[float, float]]:
    bank = CANAL_HALF_M + 12.0
    if left.key == "N5":
        return [(left.at + left.half_m, CANAL_U - bank), (CANAL_U + bank, right.at - right.half_m - 3.0)]
    if left.key == "N6":
        # The lane is only between the community's plots: beside it the block begins at the canal.
        return [(-27.5 + 8.0, right.at - right.half_m)]
    return [(left.at + left.half_m, right.at - right.half_m)]


def _verges() -> list[Feature]:
    """What lies between the pavements of streets and the blocks, and between the plots of the community: below everything else."""
    found = []
    for lower, upper in itertools.pairwise(ACROSS):
        for left, right in itertools.pairwise(ALONG):
            # In two halves where the canal is, so that nothing lies below its water.
            cuts = (
                [left.at, CANAL_U - CANAL_HALF_M, CANAL_U + CANAL_HALF_M, right.at]
                if left.key == "N5"
                else [left.at, right.at]
            )
            for number, (low, high) in enumerate(zip(cuts[::2], cuts[1::2], strict=True)):
                ring = [*along((low, lower.at), (high, lower.at), STEP_M)[:-1], *along((high, lower.at), (high, upper.at), STEP_M)[:-1],
                        *along((high, upper.at), (low, upper.at), STEP_M)[:-1], *along((low, upper.at), (low, lower.at), STEP_M)[:-1]]  # fmt: skip
                found.append(
                    polygon(
                        f"GV-{lower.key}-{left.key}-{number}",
                        ring,
                        name="路侧绿带",
                        name_en="Verge",
                        kind="verge",
                    )
                )
    return found


def ground_cover(uses: dict[int, str]) -> list[Feature]:
    """What covers the ground of blocks by their use, the canal and its banks."""
    found = []
    labels = {"park": ("公园绿地", "Park"), "housing": ("住区绿地", "Green of an estate")}
    for block in blocks():
        kind = (
            "park"
            if uses[block.number] == "park"
            else "housing"
            if uses[block.number] in {"slabs", "towers"}
            else "paved"
        )
        zh, en = labels.get(kind, ("硬质场地", "Paved ground"))
        found.append(
            polygon(f"G{block.number:03d}", box(block.low, block.high), name=zh, name_en=en, kind=kind)
        )
    found += _verges()
    half, bank = CANAL_HALF_M, CANAL_HALF_M + 11.0
    for side, sign in (("W", -1.0), ("E", 1.0)):
        ring = [*along((CANAL_U + sign * half, SOUTH), (CANAL_U + sign * half, NORTH), STEP_M),
                *along((CANAL_U + sign * bank, NORTH), (CANAL_U + sign * bank, SOUTH), STEP_M)]  # fmt: skip
        found.append(polygon(f"GB-{side}", ring, name="河岸绿带", name_en="Bank of the canal", kind="park"))
    ring = [*along((CANAL_U - half, SOUTH - 60.0), (CANAL_U - half, NORTH + 60.0), STEP_M),
            *along((CANAL_U + half, NORTH + 60.0), (CANAL_U + half, SOUTH - 60.0), STEP_M)]  # fmt: skip
    found.append(polygon("W-1", ring, name="护城河支流", name_en="City canal", kind="water"))
    return found
