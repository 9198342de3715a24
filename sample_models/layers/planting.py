"""Trees along streets and the canal and in parks, and lamp poles along the streets of the community."""

import numpy as np

from sample_models.layers.chance import Chance
from sample_models.layers.features import Feature, Point, point
from sample_models.layers.streets import (
    ACROSS,
    ALONG,
    CANAL_HALF_M,
    CANAL_U,
    ESTATE_LANE,
    NORTH,
    SOUTH,
    Street,
    blocks,
    reach,
    streets,
)

SPECIES = (
    ("香樟", "Camphor", 8.5),
    ("银杏", "Ginkgo", 7.5),
    ("悬铃木", "Plane", 9.5),
    ("栾树", "Golden rain", 7.0),
)
POLES = 300
_MIDDLE = (20.0, 40.0)


def trees(kinds: dict[int, str]) -> list[Feature]:
    """Street trees within the inner town, trees of parks, and willows along the canal."""
    places: list[tuple[Point, tuple[str, str, float]]] = []
    for number, street in enumerate(streets()):
        if street.width_m >= 9.0:
            species = SPECIES[number % len(SPECIES)]
            places += [
                (at, species) for at in _beside(street, 14.0, street.width_m / 2 + 1.3) if _far(at) < 900.0
            ]
    for v in np.arange(SOUTH + 8.0, NORTH, 11.0).tolist():
        places += [
            ((CANAL_U + sign * (CANAL_HALF_M + 4.0), v + sign), ("垂柳", "Willow", 6.5))
            for sign in (-1.0, 1.0)
        ]
    chance = Chance(77)
    for block in blocks():
        if kinds[block.number] != "park":
            continue
        (u0, v0), (u1, v1) = block.low, block.high
        count = int((u1 - u0) * (v1 - v0) / 190.0)
        for _ in range(count):
            at = (chance.between(u0 + 4.0, u1 - 4.0), chance.between(v0 + 4.0, v1 - 4.0))
            places.append((at, chance.pick(SPECIES)))
    found = []
    for number, (at, (zh, en, tall)) in enumerate(places, 1):
        height = round(tall * (0.75 + 0.5 * chance.share()), 1)
        found.append(
            point(f"T{number:04d}", at, name=f"{zh}{number:04d}", name_en=f"{en} {number:04d}", 树种=zh, species=en,
                  tree_height=height, 朝向=chance.whole(0, 359))
        )  # fmt: skip
    return found


def _far(at: Point) -> float:
    return float(np.hypot(at[0] - _MIDDLE[0], at[1] - _MIDDLE[1]))


def _beside(street: Street, step: float, beside: float) -> list[Point]:
    """Places on both sides of a street, but not where others cross it."""
    low, high = reach(street)
    crossed = [
        other
        for other in (*ACROSS, *ALONG, ESTATE_LANE)
        if other.axis != street.axis and _meets(other, street)
    ]
    found = []
    for along_it in np.arange(low + step / 2, high, step).tolist():
        if any(abs(along_it - other.at) < other.half_m + 2.0 for other in crossed):
            continue
        if street.axis == 0 and abs(along_it - CANAL_U) < CANAL_HALF_M + 2.0:
            continue
        found += [street.place(along_it, beside), street.place(along_it, -beside)]
    return found


def _meets(other: Street, street: Street) -> bool:
    low, high = reach(other)
    return low - 1.0 <= street.at <= high + 1.0


def lamp_poles() -> list[Feature]:
    """The 300 nearest to the middle of the community of those that stand every 28 m, on both sides in turn."""
    places: list[tuple[float, Point, float, Street]] = []
    for street in streets():
        for number, at in enumerate(
            _beside(street, 28.0 if street.width_m >= 9.0 else 22.0, street.width_m / 2 + 0.6)
        ):
            # On narrow streets one side is enough.
            if street.width_m < 9.0 and number % 2:
                continue
            left = number % 2 == 0
            # The arm reaches over the street; the axes are turned by 12° from the map.
            facing = (180.0 if left else 0.0) if street.axis == 0 else (90.0 if left else 270.0)
            places.append((round(_far(at), 3), at, (facing - 12.0) % 360.0, street))
    nearest = sorted(places, key=lambda place: (place[0], place[1]))[:POLES]
    found = []
    for number, (_, at, heading, street) in enumerate(nearest, 1):
        smart = "是" if number % 5 == 1 else "否"
        tall = 9.0 if street.width_m >= 12.0 else 6.5
        found.append(
            point(f"LP-{number:03d}", at, name=f"{street.zh}智慧灯杆{number:03d}", name_en=f"Smart lamp pole {number:03d}, {street.en}",
                  道路=street.zh, road=street.en, 环境监测=smart, power_w=150 if tall > 8.0 else 80, lamp_height=tall,
                  heading=round(heading, 1))
        )  # fmt: skip
    return found
