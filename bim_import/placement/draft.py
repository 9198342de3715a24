"""A placement being decided: what it rests on, what is doubtful, its height, and the last checks."""

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from bim_import.placement.evidence import Point
from twin.errors import PlacementError
from twin.frames import (
    AREA_MARGIN_KM,
    CHINA_FRAMES,
    ELLIPSOIDAL,
    Confidence,
    Frame,
    Placement,
    find_vertical,
    geoid_choices,
)

_LEVELS: tuple[Confidence, ...] = ("none", "low", "medium", "high")

FAR_M = 20_000.0
"""A model farther than this from its own origin is not in local coordinates: Revit, for one, allows 16 km (10 miles)."""

_SIZE_TOLERANCE = 0.02
"""Map scale and height above the ellipsoid change lengths by up to 0.4 % (UTM at its edges, 10 km up); beyond 2 % it is
another mistake, such as a unit, or a projection that is not for measuring (Web Mercator)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where the drawn model is in local metres: box (2, 3), or nothing known but the placement of its site."""

    box: NDArray[np.float64] | None
    site_origin: Point = (0.0, 0.0, 0.0)

    @property
    def centre(self) -> Point:
        """Middle of the box; without one the site's origin."""
        if self.box is None:
            return self.site_origin
        middle = self.box.mean(axis=0)
        return (float(middle[0]), float(middle[1]), float(middle[2]))

    @property
    def is_far(self) -> bool:
        """Whether the model lies far from its own origin."""
        return float(np.hypot(*self.centre[:2])) > FAR_M


def extent_of(bounds: NDArray[np.float64] | None, site_origin: Point) -> Extent:
    """Extent from bounds as the importer knows them; bounds that are not finite are none."""
    usable = bounds is not None and bool(np.isfinite(bounds).all())
    return Extent(box=bounds if usable else None, site_origin=site_origin)


@dataclass(slots=True, kw_only=True)
class Verdict:
    """How sure a placement is, and what a person should know."""

    confidence: Confidence = "high"
    warnings: list[str] = field(default_factory=list)

    def doubt(self, at_most: Confidence, warning: str) -> None:
        """Say something and be no surer than `at_most`."""
        self.warnings.append(warning)
        self.confidence = min(self.confidence, at_most, key=_LEVELS.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A placement as one piece of evidence gives it, its height not settled.

    `vertical`: name of what heights refer to, as the source has it (empty: not said). `height_is_settled`: nothing more
    to find out. `strict`: `vertical` was demanded, so a missing geoid is an error. `rests_on`: the evidence that decided.
    """

    used: str
    placement: Placement
    verdict: Verdict
    rests_on: tuple[object, ...] = ()
    vertical: str = ""
    height_is_settled: bool = False
    strict: bool = False


def settled(draft: Draft, height_offset_m: float | None) -> Placement:
    """The placement with its heights decided. Raises PlacementError for a demanded vertical CRS without its geoid."""
    placement = draft.placement
    if height_offset_m is not None:
        vertical = find_vertical(draft.vertical) or draft.vertical or placement.vertical
        return msgspec.structs.replace(placement, vertical=vertical, undulation_m=height_offset_m)
    if draft.height_is_settled or placement.crs in CHINA_FRAMES:
        return placement
    vertical = find_vertical(draft.vertical) or ""
    if vertical == ELLIPSOIDAL:
        return placement
    if not vertical:
        draft.verdict.doubt("medium", _unknown_height(draft.vertical))
        return placement
    return _with_geoid(draft, vertical)


def _unknown_height(named: str) -> str:
    said = f"The vertical datum {named[:60]!r} is not known" if named else "No vertical datum is stated"
    return (
        f"{said}: heights are taken as heights above the ellipsoid. If they are heights above sea level, give the height "
        "of the geoid there (−107 … +86 m) with --height-offset."
    )


def _with_geoid(draft: Draft, vertical: str) -> Placement:
    """Heights through PROJ's geoid of the vertical CRS, else through a global one, else as if ellipsoidal."""
    for choice in (vertical,) if draft.strict else geoid_choices(vertical):
        placement = msgspec.structs.replace(draft.placement, vertical=choice)
        try:
            Frame(placement)
        except PlacementError:
            if draft.strict:
                raise
            continue
        if choice != vertical:
            draft.verdict.doubt(
                "medium",
                f"The geoid of {vertical} is not available here; the global geoid {choice} stands in for it, which is "
                "right within about a metre.",
            )
        return placement
    draft.verdict.doubt(
        "medium",
        f"Heights refer to {vertical}, whose geoid is not available here: they are taken as heights above the ellipsoid, "
        "so that the model stands too low or too high by the height of the geoid there (−107 … +86 m). Give it with "
        "--height-offset, or put the grid into PROJ's folder.",
    )
    return draft.placement


def check(placement: Placement, verdict: Verdict) -> Frame:
    """Make the placement computable and look at what comes out. Raises PlacementError where nothing does."""
    frame = Frame(placement)
    for warning in frame.warnings:
        verdict.doubt("medium", warning)
    if frame.outside_km > AREA_MARGIN_KM:
        verdict.confidence = min(verdict.confidence, "low", key=_LEVELS.index)
    columns = frame.affine_at(np.array(placement.anchor))[:3, :3]
    sizes = np.linalg.norm(columns, axis=0)
    if np.abs(sizes - 1.0).max() > _SIZE_TOLERANCE:
        shown = " × ".join(f"{size:.3g}" for size in sizes)
        verdict.doubt(
            "low",
            f"In this placement the model is drawn {shown} times its size: scale, unit or projection do not fit it.",
        )
    return frame
