"""What a source says about where it is, as plain values: no file format, nothing decided.

Lengths that are not said to be in metres are in the unit named beside them; angles are degrees unless named otherwise.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.frames import FoundValue

Matrix = NDArray[np.float64]
Point = tuple[float, float, float]
Values = dict[str, FoundValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsEvidence:
    """A CRS as the source names it. `unit`: metres (projected) or radians (geographic) in one unit of its axes."""

    what: str
    name: str = ""
    wkt: str = ""
    description: str = ""
    datum: str = ""
    projection: str = ""
    zone: str = ""
    vertical_datum: str = ""
    unit: float | None = None
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEvidence:
    """One operation from local coordinates to a CRS. `first`, `second`, `height` as the source has them.

    `angular`: first and second are radians. `unit`: metres in one unit of the three (None: not said). `scale` None: not
    said; it converts project length units to map units. `for_model`: it belongs to the 3D models, not to plans.
    """

    what: str
    first: float
    second: float
    height: float
    rotation_deg: float = 0.0
    scale: float | None = None
    factors: Point = (1.0, 1.0, 1.0)
    unit: float | None = None
    angular: bool = False
    rigid: bool = False
    for_model: bool = True
    crs: CrsEvidence | None = None
    values: Values = field(default_factory=dict)

    def same_as(self, other: "MapEvidence") -> bool:
        """Whether two operations put the model at the same place."""
        mine = (self.first, self.second, self.height, self.rotation_deg, self.scale, self.factors)
        theirs = (other.first, other.second, other.height, other.rotation_deg, other.scale, other.factors)
        return mine == theirs and (self.crs and self.crs.name) == (other.crs and other.crs.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEvidence:
    """Reference point of a site on WGS 84. `elevation_m` None: not said; `origin`: the local point (metres) it is of."""

    lon: float
    lat: float
    elevation_m: float | None
    origin: Point
    whole_seconds: bool
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NorthEvidence:
    """True north as stated. `rotation_deg`: angle from east to the local x axis, counter-clockwise from above."""

    rotation_deg: float
    values: Values = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that one source says about its place. `length_unit_m`: metres in one project length unit.

    `world`: (4, 4) world coordinate system of the model context in local metres, None where it is the identity.
    `site_origin`: placement of the first site, local metres. `addresses` are for people only.
    """

    length_unit_m: float = 1.0
    operations: list[MapEvidence] = field(default_factory=list)
    lone_crs: list[CrsEvidence] = field(default_factory=list)
    sites: list[SiteEvidence] = field(default_factory=list)
    north: NorthEvidence | None = None
    world: Matrix | None = None
    site_origin: Point = (0.0, 0.0, 0.0)
    addresses: list[Values] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
