"""Where the inner walls run, and their doors, storey by storey. Millimetres, as in `plan`."""

from sample_models.shapes import Point2

Door = tuple[str, float]
"""Code of the door, and its middle as an x (in walls along x) or a y (in walls along y)."""

Line = tuple[str, Point2, Point2, str, tuple[Door, ...]]
"""Key, start and end of the middle of the wall, key of its kind (`walls.BUILDS`), doors."""


def _across(key: str, x: float, kind: str = "block", doors: tuple[Door, ...] = ()) -> Line:
    """A wall from the south front to the corridor."""
    return (f"S{key}", (x, 0.0), (x, 8900.0), kind, doors)


def _behind(key: str, x: float, kind: str = "block", doors: tuple[Door, ...] = ()) -> Line:
    """A wall from the corridor to the north front."""
    return (f"N{key}", (x, 11600.0), (x, 19200.0), kind, doors)


def _corridor_south(key: str, x_low: float, x_high: float, doors: tuple[Door, ...]) -> Line:
    return (f"CS{key}", (x_low, 9000.0), (x_high, 9000.0), "block", doors)


def _corridor_north(key: str, x_low: float, x_high: float, doors: tuple[Door, ...]) -> Line:
    return (f"CN{key}", (x_low, 11500.0), (x_high, 11500.0), "block", doors)


_CORE: tuple[Line, ...] = (
    _behind("1", 3600.0, "core"),
    _behind("2", 8400.0),
    _behind("3", 16800.0, "core"),
    _behind("4", 19600.0, "core", (("FM1021", 17600.0),)),
    _behind("6", 25200.0),
    _behind("7", 33600.0),
    _behind("8", 38400.0, "core"),
    ("lift-front", (16900.0, 13700.0), (19500.0, 13700.0), "core", (("DT1121", 18200.0),)),
    ("lift-back", (16900.0, 16300.0), (19500.0, 16300.0), "core", ()),
)
_TOILETS = _behind("5", 22450.0)
_WEST: tuple[Door, ...] = (("FM1521", 1900.0), ("FM1021", 6000.0))
"""Doors of the first staircase and of the riser room, the same on every storey."""

_EAST: Door = ("FM1521", 40200.0)
"""Door of the second staircase."""

_WCS: tuple[Door, ...] = (("M0921", 21000.0), ("M0921", 23800.0))

LINES: dict[str, tuple[Line, ...]] = {
    "B2": (
        _corridor_south("1", 0.0, 42000.0, (("FM1521", 12600.0), ("FM1521", 21000.0), ("FM1521", 31000.0))),
        _corridor_north(
            "1",
            0.0,
            42000.0,
            (
                *_WEST,
                ("FM1521", 12600.0),
                ("FM1521", 18200.0),
                ("FM1021", 22400.0),
                ("FM1521", 29400.0),
                ("FM1021", 36000.0),
                _EAST,
            ),
        ),
        _across("1", 8400.0, "core"),
        _across("2", 16800.0),
        _across("3", 25200.0),
        *_CORE,
    ),
    "B1": (
        _corridor_north("1", 0.0, 8500.0, _WEST),
        _corridor_north("2", 16700.0, 25300.0, (("FM1521", 18200.0), ("FM1521", 22400.0))),
        _corridor_north("3", 33500.0, 42100.0, (("FM1521", 36000.0), _EAST)),
        *_CORE,
        _behind("9", 42000.0),
    ),
    "1F": (
        _corridor_south("1", 0.0, 16900.0, (("M1521", 4200.0), ("MLC1824", 12600.0))),
        _corridor_south("2", 25100.0, 42000.0, (("M1521", 29400.0), ("M1021", 37800.0))),
        _corridor_north("1", 0.0, 16900.0, (*_WEST, ("FM1021", 12600.0))),
        _corridor_north("2", 19500.0, 42000.0, (*_WCS, ("M1521", 29400.0), ("M1021", 36000.0), _EAST)),
        _across("1", 8400.0),
        _across("2", 16800.0, "block", (("MLC1824", 7000.0),)),
        _across("3", 25200.0, "block", (("MLC1824", 7000.0),)),
        _across("4", 33600.0, "block", (("M1021", 7200.0),)),
        *_CORE,
        _TOILETS,
    ),
    "2F": (
        _corridor_south("1", 0.0, 16900.0, (("MLC1824", 4200.0), ("MLC1824", 12600.0))),
        _corridor_south("2", 25100.0, 42000.0, (("M1521", 29400.0), ("M1521", 37800.0))),
        _corridor_north("1", 0.0, 16900.0, (*_WEST, ("M1021", 12600.0))),
        _corridor_north("2", 19500.0, 42000.0, (*_WCS, ("M1521", 29400.0), ("M1021", 36000.0), _EAST)),
        _across("2", 16800.0),
        _across("3", 25200.0),
        _across("4", 33600.0),
        *_CORE,
        _TOILETS,
    ),
    "3F": (
        _corridor_south("1", 0.0, 16900.0, (("FM1521", 4200.0), ("FM1521", 12600.0))),
        _corridor_south("2", 25100.0, 33900.0, (("M1521", 29400.0),)),
        _corridor_north("1", 0.0, 16900.0, (*_WEST, ("M1021", 12600.0))),
        _corridor_north("2", 19500.0, 42000.0, (*_WCS, ("M1521", 29400.0), ("M1021", 36000.0), _EAST)),
        _across("2", 16800.0),
        _across("3", 25200.0),
        *_CORE,
        _TOILETS,
    ),
}
"""Inner walls of each storey."""
