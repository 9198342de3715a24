"""Where a source's local frame lies on Earth: local → projected or geographic → ECEF. The only user of pyproj."""

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Placement(Struct, frozen=True, kw_only=True):
    """How local metres become coordinates of a CRS; serialisable, stored with every revision.

    projected: E, N = origin + scale · R(rotation) · (x, y), H = origin height + scale_z · z, in the CRS's own units
    (`crs` names the CRS, traditional GIS order easting, northing whatever the EPSG axis order).
    geographic: `origin` is (lon, lat, height) in degrees and metres; local axes are the east-north-up tangent plane there,
    turned by rotation.
    """

    kind: Literal["projected", "geographic"]
    crs: str
    """`EPSG:4549`, `EPSG:4979`, WKT, or `gcj02` / `bd09` (geographic only)."""
    origin: tuple[float, float, float]
    """(easting, northing, height) or (lon, lat, height) of the local origin; height in metres in `vertical`."""
    rotation_deg: float = 0.0
    """Angle from the CRS's east axis to the local x axis, counter-clockwise."""
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors from local metres to metres of the map, per local axis."""
    vertical: str = "ellipsoidal"
    """Vertical reference of `origin` height: `ellipsoidal`, or the name or EPSG code of a vertical datum."""
    undulation_m: float = 0.0
    """Geoid height N that is added: ellipsoidal = H + N."""
    matrix: tuple[float, ...] | None = None
    """Optional (3, 4) row-major local transform, applied first (metres to metres)."""


class Found(Struct, frozen=True, kw_only=True):
    """One thing in the source that says where it is."""

    what: str
    """`IfcMapConversion`, `ePSet_MapConversion`, `IfcSite`, `IfcRigidOperation`, `TrueNorth`, `override` …"""
    values: dict[str, str | float | int | bool | None | list[float]]
    used: bool
    reason: str = ""


class Diagnosis(Struct, frozen=True, kw_only=True):
    """Placement of one source with how it was arrived at."""

    placement: Placement
    used: str
    confidence: Literal["high", "medium", "low", "none"]
    found: list[Found] = []
    warnings: list[str] = []


class Frame:
    """A placement made computable. Raises PlacementError at construction for a CRS or grid that cannot be used."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        raise NotImplementedError

    def to_geographic(self, points: Points) -> Points:
        """(n, 3) local metres → (n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres."""
        raise NotImplementedError

    def to_ecef(self, points: Points) -> Points:
        """(n, 3) local metres → (n, 3) ECEF metres (EPSG:4978), exact."""
        raise NotImplementedError

    def affine_at(self, centre: Points) -> Points:
        """(4, 4) float64: local offset from `centre` (3,), metres → ECEF: the first-order map of `to_ecef` there."""
        raise NotImplementedError
