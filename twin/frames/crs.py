"""Coordinate reference systems by name, their axes and units, and the operation that leads from one to WGS 84."""

import os
import re
import warnings as python_warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pyproj
import pyproj.exceptions
from numpy.typing import NDArray
from pyproj.datadir import get_data_dir, get_user_data_dir  # type: ignore[attr-defined]  # public, but not in __all__
from pyproj.enums import TransformDirection
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # public, but not in __all__
from pyproj.transformer import TransformerGroup

from twin.errors import PlacementError

Coordinates = NDArray[np.float64]

_EPSG = re.compile(r"^\s*(?:urn:ogc:def:crs:)?epsg\s*[:/_ ]*\s*(?:[\d.]*:)?\s*(\d{4,6})\s*$", re.IGNORECASE)
"""`EPSG:4549`, `epsg 4549`, `EPSG4549`, `urn:ogc:def:crs:EPSG::4549`, `urn:ogc:def:crs:EPSG:9.9:4549`."""

_SAME_AS_WGS84 = frozenset({"China 2000"})
"""Datums for which PROJ knows no operation, but which realise the same ITRS as WGS 84 does: CGCS2000 is ITRF97 at epoch
2000.0. They differ by plate motion since then, some decimetres."""

KM_PER_DEGREE = 111.2
"""Length of a degree of a great circle on a sphere of 6371 km."""


def crs_from(text: str) -> pyproj.CRS:
    """CRS of an EPSG code in any usual spelling, a compound of two (`EPSG:28992+5709`), a name or WKT.

    Raises PlacementError where PROJ does not know it.
    """
    code = _EPSG.match(text)
    try:
        return _cached_crs(f"EPSG:{code[1]}" if code else text.strip())
    except (pyproj.exceptions.CRSError, UnicodeEncodeError) as error:
        shown = text if len(text) <= 60 else text[:57] + "…"
        advice = "Name one with --crs, for example --crs EPSG:4549"
        raise PlacementError(f"the coordinate reference system {shown!r} is not known", advice) from error


@lru_cache(maxsize=256)
def _cached_crs(text: str) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(text)


def horizontal_part(crs: pyproj.CRS) -> pyproj.CRS:
    """The two-dimensional part of a compound or three-dimensional CRS; raises PlacementError for other kinds."""
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    flat = crs.to_2d()
    if not (flat.is_projected or flat.is_geographic) or len(flat.axis_info) < 2:
        advice = "A projected or geographic one is needed: name it with --crs, for example --crs EPSG:4549"
        raise PlacementError(f"{crs.name} is a {crs.type_name}", advice)
    return flat


def vertical_part(crs: pyproj.CRS) -> pyproj.CRS | None:
    """The vertical CRS of a compound one."""
    return crs.sub_crs_list[1] if crs.is_compound else None


def unit_m(crs: pyproj.CRS) -> float:
    """Metres (projected, vertical) or radians (geographic) in one unit of the first axis."""
    return float(crs.axis_info[0].unit_conversion_factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisOrder:
    """How (east, north) become the first two axes of a CRS: `native = east_north[:, order] * signs`."""

    order: tuple[int, int]
    signs: tuple[float, float]


_AXES: dict[str, tuple[int, float]] = {
    "east": (0, 1.0),
    "west": (0, -1.0),
    "north": (1, 1.0),
    "south": (1, -1.0),
}


def axis_order(crs: pyproj.CRS) -> AxisOrder:
    """Axis order of a CRS. Polar systems, whose axes both point north or south, go by the names of their axes."""
    first, second = crs.axis_info[:2]
    if {first.direction, second.direction} <= _AXES.keys():
        (i, sign_i), (j, sign_j) = _AXES[first.direction], _AXES[second.direction]
        if i != j:
            return AxisOrder(order=(i, j), signs=(sign_i, sign_j))
    northing_first = first.name.lower().startswith("north") or first.abbrev in ("N", "Y")
    return AxisOrder(order=(1, 0) if northing_first else (0, 1), signs=(1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The one datum operation that takes a model from its CRS to WGS 84 (EPSG:4979).

    `accuracy_m` is what the EPSG registry states, None where it is unknown; `ballpark`: no operation is known, the two
    datums are taken for the same.
    """

    transformer: pyproj.Transformer
    description: str
    accuracy_m: float | None
    ballpark: bool


def transform(transformer: pyproj.Transformer, points: Coordinates, *, backward: bool = False) -> Coordinates:
    """(n, 3) → (n, 3) in the axis orders of source and target; what has no image becomes infinite or NaN."""
    direction = TransformDirection.INVERSE if backward else TransformDirection.FORWARD
    # pyproj takes an array of one point for a scalar, in a way that numpy deprecates
    padded = points if len(points) > 1 else np.repeat(points, 2, axis=0)
    columns: list[Coordinates] = list(np.ascontiguousarray(padded.T))
    moved = transformer.transform(*columns, direction=direction)  # type: ignore[call-overload]  # 2 or 3 of them
    return np.column_stack(moved)[: len(points)]


def operation_to_wgs84(crs: pyproj.CRS, native: Coordinates) -> Operation:
    """The best available operation at the point `native` (2,) or (3,), in the axes and units of `crs`.

    One operation for the whole model: PROJ's own choice changes from point to point at borders, and a wall would
    break there. The network is never asked. Raises PlacementError where the point cannot be transformed.
    """
    set_network_enabled(active=False)
    try:
        chooser = pyproj.Transformer.from_crs(crs, "EPSG:4979")
        chooser.transform(*np.append(native, 0.0)[:3])
    except pyproj.exceptions.ProjError as error:
        advice = "Name another with --crs, or give the position with --origin LON,LAT,HEIGHT"
        raise PlacementError(f"PROJ cannot lead {crs.name} to WGS 84 ({error})", advice) from error
    pinned = _last_used(chooser)
    accuracy = float(pinned.accuracy)
    return Operation(
        transformer=pinned,
        description=pinned.description,
        accuracy_m=accuracy if accuracy >= 0.0 else None,
        ballpark="ballpark" in pinned.description.lower(),
    )


def _last_used(chooser: pyproj.Transformer) -> pyproj.Transformer:
    try:
        return chooser.get_last_used_operation()
    except pyproj.exceptions.ProjError:  # there was only one to choose from, or the point has no image
        return chooser


def same_as_wgs84(crs: pyproj.CRS) -> bool:
    """Whether a missing datum operation is right, because the datum realises the same reference system."""
    geodetic = crs.geodetic_crs
    datum = geodetic.datum if geodetic is not None else None
    return datum is not None and datum.name in _SAME_AS_WGS84


def missing_grids(crs: pyproj.CRS) -> list[str]:
    """File names of the PROJ grids that would make the way from `crs` to WGS 84 better, best first."""
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        group = TransformerGroup(crs, "EPSG:4979")
    names = [
        grid.short_name
        for operation in group.unavailable_operations
        for grid in operation.grids
        if not grid.available
    ]
    return list(dict.fromkeys(names))


_GLOBAL_GEOIDS = {
    "EPSG:3855": ("us_nga_egm08_25.tif", "egm08_25.gtx"),
    "EPSG:5773": ("us_nga_egm96_15.tif", "egm96_15.gtx"),
}
"""EGM2008 and EGM96, with the names of their grids in PROJ: within about a metre of most national height systems."""


def grid_files() -> frozenset[str]:
    """Names of the grids that PROJ can find on this machine; its wheels for Python come without any."""
    folders = [Path(text) for text in (*get_data_dir().split(os.pathsep), get_user_data_dir())]
    return frozenset(
        path.name
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.suffix.lower() in (".tif", ".gtx", ".gsb")
    )


def geoid_choices(vertical: str) -> tuple[str, ...]:
    """Vertical CRSs worth trying for heights in `vertical`: itself, then the global ones whose grids are there.

    None at all without any grid. Looking for files is what keeps this cheap: PROJ takes half a second to find out.
    """
    files = grid_files()
    if not files:
        return ()
    return (vertical, *(name for name, grids in _GLOBAL_GEOIDS.items() if files.intersection(grids)))


def km_outside(crs: pyproj.CRS, lon: float, lat: float) -> float:
    """Rough distance (km, plate carrée at that latitude) from a point (degrees) to the area of use of a CRS; 0 inside."""
    area = crs.area_of_use
    if area is None:
        return 0.0
    width = (area.east - area.west) % 360.0 or 360.0
    past = (lon - area.west) % 360.0
    east = 0.0 if past <= width else min(past - width, 360.0 - past)
    north = max(area.south - lat, lat - area.north, 0.0)
    return float(np.hypot(east * np.cos(np.radians(lat)), north) * KM_PER_DEGREE)


def crs_kind(crs: pyproj.CRS) -> Literal["projected", "geographic"]:
    """Kind of the horizontal part; raises PlacementError for engineering and geocentric systems."""
    return "projected" if horizontal_part(crs).is_projected else "geographic"
