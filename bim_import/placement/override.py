"""Placement as a person states it: `--crs`, `--origin`, `--rotation`, `--height-offset`. It wins over the file."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from msgspec import Struct

from bim_import.placement.draft import Draft, Extent, Verdict
from bim_import.placement.evidence import Point
from twin.errors import PlacementError
from twin.frames import CHINA_FRAMES, CrsFacts, Placement, crs_facts, project, true_north_on_map

WGS84_3D = "EPSG:4979"
_HIGHEST_M = 100_000.0
"""No building is higher or deeper: beyond that a unit or an axis is mistaken."""


class PlacementOverrides(Struct, frozen=True, kw_only=True):
    """What a person says about where a source stands; None: nothing.

    `crs`: code, name or WKT, or `gcj02` / `bd09`. `origin`: where the local origin stands, lon, lat in degrees (of `crs`
    where that is geographic, `gcj02` or `bd09`; else WGS 84) and height in metres above the ellipsoid; with a projected
    `crs` also easting, northing in its units. `rotation_deg`: from east (of the map) to the local x axis, counter-clockwise.
    `height_offset_m`: added to heights; the geoid height where they are above sea level. Raises PlacementError for numbers
    that cannot be meant (infinite, not a number, heights beyond 100 km).
    """

    crs: str | None = None
    origin: tuple[float, float, float] | None = None
    rotation_deg: float | None = None
    height_offset_m: float | None = None

    def __post_init__(self) -> None:
        origin = self.origin or (0.0, 0.0, 0.0)
        numbers = (*origin, self.rotation_deg or 0.0, self.height_offset_m or 0.0)
        if not all(map(math.isfinite, numbers)):
            raise PlacementError("origin, rotation and height offset must be numbers", "Check what is given")
        if max(abs(origin[2]), abs(self.height_offset_m or 0.0)) > _HIGHEST_M:
            raise PlacementError(
                f"a height beyond {_HIGHEST_M / 1000:g} km cannot be meant", "Give heights in metres"
            )

    @property
    def given(self) -> bool:
        """Whether anything is said at all."""
        return any(
            value is not None for value in (self.crs, self.origin, self.rotation_deg, self.height_offset_m)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a source beside the overrides.

    `on_map` makes the draft of what the source says about a map, in a CRS that is given; None: it says nothing.
    `at_site`: its placement at a point. `map_turn_deg`: angle from the map's east axis to the local x axis; `true_turn_deg`:
    from true east. None: not known.
    """

    extent: Extent
    on_map: Callable[[CrsFacts], Draft] | None = None
    at_site: Placement | None = None
    map_turn_deg: float | None = None
    true_turn_deg: float | None = None


def override_draft(overrides: PlacementOverrides, known: Known) -> Draft:
    """Placement from `--crs` or `--origin` (one is given). Raises PlacementError where they make none."""
    crs = _china_name(overrides.crs)
    if crs in CHINA_FRAMES:
        return _at_point(crs, _point_of(crs, overrides, known), overrides, known)
    facts = crs_facts(crs) if crs is not None else None
    if facts is None or not facts.projected:
        text = facts.text if facts is not None else WGS84_3D
        return _at_point(text, _point_of(text, overrides, known), overrides, known)
    if overrides.origin is not None:
        return _at_map_point(facts, overrides.origin, known)
    return _on_map(facts, known)


def _china_name(crs: str | None) -> str | None:
    if crs is None:
        return None
    plain = crs.strip().casefold().replace("-", "").replace("_", "")
    return plain if plain in CHINA_FRAMES else crs


def _point_of(crs: str, overrides: PlacementOverrides, known: Known) -> Placement:
    """The origin that is stated, or the file's own point read in another geographic frame."""
    if overrides.origin is not None:
        lon, lat, _ = overrides.origin
        if abs(lat) > 90.0 or abs(lon) > 360.0:
            raise PlacementError(
                f"--origin {lon:g},{lat:g} is not longitude, latitude", "Give LON,LAT,HEIGHT in degrees"
            )
        return Placement(kind="geographic", crs=crs, origin=overrides.origin)
    if known.at_site is None:
        raise PlacementError(
            f"{crs} alone does not say where the model is", "Give --origin LON,LAT,HEIGHT, too"
        )
    return msgspec.structs.replace(known.at_site, crs=crs)


def _at_point(crs: str, placement: Placement, overrides: PlacementOverrides, known: Known) -> Draft:
    verdict = Verdict()
    stated = overrides.origin is not None
    if stated:
        turn = next((t for t in (known.true_turn_deg, known.map_turn_deg) if t is not None), 0.0)
        placement = msgspec.structs.replace(
            placement, rotation_deg=turn, matrix=_near_matrix(known.extent, verdict)
        )
    if crs in CHINA_FRAMES:
        verdict.doubt(
            "medium", f"Positions in {crs} are right within about a metre: its formulas are not official."
        )
    return Draft(
        used="override",
        placement=msgspec.structs.replace(placement, anchor=known.extent.centre),
        verdict=verdict,
        height_is_settled=stated,
    )


def _near_matrix(extent: Extent, verdict: Verdict) -> tuple[float, ...] | None:
    """A stated origin is of the model, also where that is far from its own origin."""
    if not extent.is_far:
        return None
    east, north, _ = extent.centre
    verdict.warnings.append(
        f"The model lies {np.hypot(east, north) / 1000.0:,.0f} km from its own origin: its middle is put at --origin."
    )
    return (1.0, 0.0, 0.0, -east, 0.0, 1.0, 0.0, -north, 0.0, 0.0, 1.0, 0.0)


def _at_map_point(facts: CrsFacts, origin: Point, known: Known) -> Draft:
    """A projected CRS and an origin: local axes are the map's, turned; the origin is lon, lat or easting, northing."""
    verdict = Verdict()
    first, second, height = origin
    turn = known.map_turn_deg
    if abs(first) <= 180.0 and abs(second) <= 90.0:
        if turn is None and known.true_turn_deg is not None:
            turn = known.true_turn_deg + true_north_on_map(facts.text, first, second)
        first, second = project(facts.text, first, second)
    return Draft(
        used="override",
        placement=Placement(
            kind="projected",
            crs=facts.text,
            origin=(first, second, height),
            rotation_deg=turn or 0.0,
            matrix=_near_matrix(known.extent, verdict),
            anchor=known.extent.centre,
        ),
        verdict=verdict,
        vertical=facts.vertical or "",
        height_is_settled=facts.vertical is None,
        strict=facts.vertical is not None,
    )


def _on_map(facts: CrsFacts, known: Known) -> Draft:
    """A projected CRS alone: the source's map conversion read in it, else the model's coordinates are the map's."""
    if known.on_map is not None:
        draft = known.on_map(facts)
    else:
        placement = Placement(
            kind="projected", crs=facts.text, origin=(0.0, 0.0, 0.0), anchor=known.extent.centre
        )
        draft = Draft(used="override", placement=placement, verdict=Verdict())
    demanded = facts.vertical is not None
    return replace(draft, used="override", vertical=facts.vertical or draft.vertical, strict=demanded)


def same_metres(placement: Placement, facts: CrsFacts) -> Draft:
    """A placement on a map in another CRS, its coordinates in metres unchanged."""
    try:
        before = crs_facts(placement.crs).unit_m
    except PlacementError:
        before = 1.0
    east, north, height = placement.origin
    factor = before / facts.unit_m
    changed = msgspec.structs.replace(
        placement, crs=facts.text, origin=(east * factor, north * factor, height)
    )
    return Draft(
        used="override", placement=changed, verdict=Verdict(), height_is_settled=facts.vertical is None
    )
