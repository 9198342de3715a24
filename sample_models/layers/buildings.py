"""The buildings around: estates of slabs and of towers, old houses, shops, offices, schools, workshops; block by block."""

from collections.abc import Iterator
from dataclasses import dataclass

from sample_models.layers.chance import Chance
from sample_models.layers.features import Feature, Point, box, polygon
from sample_models.layers.streets import Block, blocks

_ESTATES = (
    ("翠柏苑", "Cuibai Court"), ("柳汀新村", "Liuting Village"), ("望湖花园", "Wanghu Garden"), ("春晓小区", "Chunxiao Estate"),
    ("安丰家园", "Anfeng Homes"), ("白云庄", "Baiyun Manor"), ("西城年华", "Xicheng Years"), ("锦苑", "Jin Court"),
    ("联丰新村", "Lianfeng Village"), ("广安里", "Guang'an Lane"), ("文景苑", "Wenjing Court"), ("高塘花园", "Gaotang Garden"),
    ("青林湾", "Qinglin Bay"), ("汇丰佳园", "Huifeng Homes"), ("泰和苑", "Taihe Court"), ("桂花园", "Osmanthus Garden"),
)  # fmt: skip
_WALLS = {
    "slabs": ("#e6dccb", "#dccfb8", "#e9e2d6", "#d8c4a8", "#e2d3c4", "#cfd4d6"),
    "towers": ("#e8e1d4", "#d9c9b2", "#cbb39a", "#dfe2e2", "#d6d0c6"),
    "old": ("#e9e6df", "#dcd6ca", "#d3cbbd", "#c9c4bb"),
    "shops": ("#d9d4cc", "#c8b7a3", "#dfd9cf", "#bfc6ca"),
    "offices": ("#9fb4c3", "#b3c4cf", "#8ea3b2", "#c3ccd1"),
    "school": ("#d99a78", "#e3b58f", "#e8dfcf"),
    "works": ("#c9cfd3", "#b9c3ca", "#d5d8d8"),
}
_ROOFS = ("#8d5a47", "#7b4f42", "#6f7479", "#5d646b", "#9a6a52")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    zh: str
    en: str


USES = {
    "slabs": _Use(zh="多层住宅", en="Housing"),
    "towers": _Use(zh="高层住宅", en="High-rise housing"),
    "old": _Use(zh="老城民居", en="Old houses"),
    "shops": _Use(zh="沿街商业", en="Shops"),
    "offices": _Use(zh="商务办公", en="Offices"),
    "school": _Use(zh="学校", en="School"),
    "works": _Use(zh="工业厂房", en="Workshops"),
    "park": _Use(zh="公园", en="Park"),
}


def uses() -> dict[int, str]:
    """What each block is used for, by its number."""
    found = {}
    for block in blocks():
        chance, (u, v) = Chance(block.number + 12), block.middle
        far = ((u - 20.0) ** 2 + (v - 40.0) ** 2) ** 0.5
        share = chance.share()
        if u < -850.0 or v < -640.0:
            found[block.number] = "works" if share < 0.55 else "slabs" if share < 0.8 else "old"
        elif 300.0 < u < 760.0 and 100.0 < v < 500.0:
            found[block.number] = "offices" if share < 0.6 else "towers"
        elif far < 330.0:
            # Towers only in the north: they would take the sun from the community, and hide it from who looks from the south.
            found[block.number] = (
                "park" if share < 0.18 else "towers" if v > 100.0 and share < 0.6 else "slabs"
            )
        else:
            table = (
                ("slabs", 0.46),
                ("old", 0.58),
                ("towers", 0.76),
                ("school", 0.87),
                ("park", 0.93),
                ("offices", 1.0),
            )
            found[block.number] = next(key for key, limit in table if share < limit)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """One building: ring, floors, height in metres, roof, and use."""

    ring: tuple[Point, ...]
    floors: int
    height: float
    use: str
    roof: str = "flat"
    base: float = 0.0


def buildings() -> list[Feature]:
    """All of them, numbered block by block."""
    found = []
    kinds = uses()
    for block in blocks():
        chance = Chance(block.number + 1001)
        estate_zh, estate_en = _ESTATES[block.number % len(_ESTATES)]
        makers = {
            "slabs": _slabs,
            "towers": _towers,
            "old": _old,
            "offices": _offices,
            "school": _school,
            "works": _works,
        }
        maker = makers.get(kinds[block.number])
        bodies = list(maker(block, chance)) if maker else []
        for number, body in enumerate(bodies, 1):
            use = USES[body.use]
            wall = chance.pick(_WALLS[body.use])
            found.append(
                polygon(
                    f"B{block.number:03d}-{number:02d}",
                    body.ring,
                    name=f"{estate_zh}{number}号楼",
                    name_en=f"{estate_en}, building {number}",
                    kind=f"building_{body.use}",
                    用途=use.zh,
                    use=use.en,
                    floors=body.floors,
                    height=round(body.height, 1),
                    min_height=round(body.base, 1),
                    建成年份=chance.whole(1986, 2022),
                    colour=wall,
                    roof_shape=body.roof,
                    roof_colour=chance.pick(_ROOFS) if body.roof != "flat" else _pale(wall),
                )
            )
    return found


def _pale(colour: str) -> str:
    """A grey roof with a touch of the wall's colour."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(0.62 * part + 0.38 * 150 - 18):02x}" for part in parts)


def _slab(u: float, v: float, length: float, depth: float) -> tuple[Point, ...]:
    """A row of flats with its staircases set back in the north."""
    steps = max(2, round(length / 18.0))
    unit = length / steps
    north: list[Point] = []
    for i in range(steps):
        left, middle = u + i * unit, u + (i + 0.5) * unit
        north += [(left, v + depth), (middle - 1.6, v + depth), (middle - 1.6, v + depth - 1.5),
                  (middle + 1.6, v + depth - 1.5), (middle + 1.6, v + depth)]  # fmt: skip
    return ((u + length, v), (u + length, v + depth), *reversed(north), (u, v))


def _slabs(block: Block, chance: Chance) -> Iterator[_Body]:
    """Rows that look south, with shops of one or two floors along the street in the south."""
    (u0, v0), (u1, v1) = block.low, block.high
    floors = chance.whole(5, 7) if chance.share() < 0.6 else chance.whole(9, 12)
    roof = "hipped" if floors <= 7 and chance.share() < 0.6 else "flat"
    yield from _shops(block, chance)
    v = v0 + 24.0
    pitch = 13.0 + max(18.0, floors * 2.9 * 1.15)
    while v + 13.0 < v1 - 5.0:
        u = u0 + 6.0
        while u + 34.0 < u1 - 4.0:
            length = min(chance.between(36.0, 64.0), u1 - 5.0 - u)
            if length >= 30.0 and chance.share() < 0.96:
                tall = floors + chance.whole(-1, 1)
                ring = _slab(u, v + chance.between(-1.0, 1.0), length, 12.5)
                yield _Body(
                    ring=ring,
                    floors=tall,
                    height=tall * 2.9 + 0.8 + (3.2 if roof == "hipped" else 0.0),
                    use="slabs",
                    roof=roof,
                )
            u += length + chance.between(9.0, 15.0)
        v += pitch


def _shops(block: Block, chance: Chance) -> Iterator[_Body]:
    (u0, v0), (u1, _) = block.low, block.high
    u = u0 + 3.0
    while u + 14.0 < u1 - 2.0:
        length = min(chance.between(14.0, 30.0), u1 - 2.0 - u)
        floors = chance.whole(1, 3)
        if chance.share() < 0.8:
            yield _Body(
                ring=box((u, v0 + 2.0), (u + length - 1.5, v0 + 13.0)),
                floors=floors,
                height=floors * 3.9 + 0.6,
                use="shops",
            )
        u += length


def _towers(block: Block, chance: Chance) -> Iterator[_Body]:
    """Points with stepped corners, in rows that leave sun for each other."""
    (u0, v0), (u1, v1) = block.low, block.high
    yield from _shops(block, chance)
    v, row = v0 + 26.0, 0
    while v + 17.0 < v1 - 4.0:
        u = u0 + 8.0 + (row % 2) * 14.0
        while u + 30.0 < u1 - 4.0:
            floors = chance.whole(17, 32)
            w, d = 28.0, 15.0
            ring = ((u, v + 3.0), (u + 7.0, v + 3.0), (u + 7.0, v), (u + w - 7.0, v), (u + w - 7.0, v + 3.0), (u + w, v + 3.0),
                    (u + w, v + d), (u + 18.0, v + d), (u + 18.0, v + d - 2.0), (u + 10.0, v + d - 2.0), (u + 10.0, v + d), (u, v + d))  # fmt: skip
            height = floors * 2.95 + 1.2
            yield _Body(ring=ring, floors=floors, height=height, use="towers")
            head = box((u + 9.0, v + 5.0), (u + 19.0, v + 12.0))
            yield _Body(ring=head, floors=1, height=height + 4.5, base=height, use="towers")
            u += w + chance.between(20.0, 30.0)
        v += 52.0
        row += 1


def _old(block: Block, chance: Chance) -> Iterator[_Body]:
    """Small houses with pitched roofs along lanes."""
    (u0, v0), (u1, v1) = block.low, block.high
    v = v0 + 3.0
    while v + 9.0 < v1 - 2.0:
        u = u0 + 3.0
        deep = chance.between(8.0, 11.0)
        while u + 9.0 < u1 - 2.0:
            length = min(chance.between(10.0, 21.0), u1 - 2.0 - u)
            floors = chance.whole(1, 3)
            if chance.share() < 0.88 and length > 7.0:
                roof = "gabled" if chance.share() < 0.75 else "flat"
                top = floors * 3.0 + (2.4 if roof == "gabled" else 0.5)
                ring = box((u, v + chance.between(0.0, 1.5)), (u + length - 1.2, v + deep))
                yield _Body(ring=ring, floors=floors, height=top, use="old", roof=roof)
            u += length + (chance.between(3.0, 5.0) if chance.share() < 0.25 else 0.4)
        v += deep + chance.between(4.5, 8.0)


def _offices(block: Block, chance: Chance) -> Iterator[_Body]:
    """Towers that stand on podiums."""
    (u0, v0), (u1, v1) = block.low, block.high
    for low_u, high_u in ((u0 + 8.0, (u0 + u1) / 2 - 7.0), ((u0 + u1) / 2 + 7.0, u1 - 8.0)):
        for low_v, high_v in ((v0 + 8.0, (v0 + v1) / 2 - 9.0), ((v0 + v1) / 2 + 9.0, v1 - 8.0)):
            if high_u - low_u < 40.0 or high_v - low_v < 40.0:
                continue
            podium = chance.whole(3, 5)
            low = podium * 4.8
            yield _Body(ring=box((low_u, low_v), (high_u, high_v)), floors=podium, height=low, use="shops")
            floors = chance.whole(14, 38)
            u = low_u + (high_u - low_u - 34.0) * chance.share()
            v = low_v + (high_v - low_v - 30.0) * chance.share()
            ring = ((u + 4.0, v), (u + 30.0, v), (u + 34.0, v + 4.0), (u + 34.0, v + 26.0), (u + 30.0, v + 30.0),
                    (u + 4.0, v + 30.0), (u, v + 26.0), (u, v + 4.0))  # fmt: skip
            top = low + floors * 4.0
            yield _Body(ring=ring, floors=floors, height=top, base=low, use="offices")
            crown = box((u + 6.0, v + 6.0), (u + 28.0, v + 24.0))
            yield _Body(ring=crown, floors=1, height=top + 7.0, base=top, use="offices")


def _school(block: Block, chance: Chance) -> Iterator[_Body]:
    """Wings around yards, a hall, a running track beside them."""
    (u0, v0), (u1, v1) = block.low, block.high
    if u1 - u0 < 120.0:
        return
    floors = chance.whole(4, 5)
    right = (u0 + u1) / 2 + 10.0
    rows = int((v1 - v0 - 30.0) / 34.0)
    for row in range(rows):
        v = v0 + 16.0 + row * 34.0
        yield _Body(
            ring=_slab(u0 + 10.0, v, right - u0 - 24.0, 12.0),
            floors=floors,
            height=floors * 3.8 + 1.0,
            use="school",
        )
    yield _Body(ring=box((right - 14.0, v0 + 16.0), (right - 5.0, v0 + 16.0 + rows * 34.0 - 20.0)), floors=floors,
                height=floors * 3.8 + 1.0, use="school")  # fmt: skip
    hall = box((right + 12.0, v1 - 42.0), (min(right + 58.0, u1 - 6.0), v1 - 10.0))
    yield _Body(ring=hall, floors=2, height=15.0, use="school", roof="hipped")


def _works(block: Block, chance: Chance) -> Iterator[_Body]:
    """Long halls with low gables, and an office at the gate."""
    (u0, v0), (u1, v1) = block.low, block.high
    v = v0 + 8.0
    while v + 24.0 < v1 - 6.0:
        u = u0 + 8.0
        while u + 40.0 < u1 - 6.0:
            length = min(chance.between(45.0, 95.0), u1 - 8.0 - u)
            yield _Body(
                ring=box((u, v), (u + length, v + 24.0)),
                floors=1,
                height=chance.between(9.0, 12.5),
                use="works",
                roof="gabled",
            )
            u += length + 12.0
        v += 24.0 + chance.between(10.0, 16.0)
