"""Values that say where a model stands and how that was found. Pure: nothing is computed here."""

from typing import Literal

from msgspec import Struct

Confidence = Literal["high", "medium", "low", "none"]

ELLIPSOIDAL = "ellipsoidal"
"""The vertical reference that needs no geoid: height above the WGS 84 ellipsoid, as in tiles."""

FoundValue = str | float | int | bool | None | list[float]


class Placement(Struct, frozen=True, kw_only=True):
    """How local metres become coordinates of a CRS; serialisable, stored with every revision.

    `matrix` is applied first where there is one. Then
    projected: (E, N) = origin + R(rotation) · (scale_x · x, scale_y · y), H = origin height + scale_z · z. `crs` names the
    CRS, in traditional GIS order easting, northing whatever its EPSG axis order; where its axes point west or south,
    easting and northing are their negatives.
    geographic: `origin` is (lon, lat, height) in degrees and metres; local axes are the east-north-up tangent plane there,
    turned by rotation, scaled like the above.
    """

    kind: Literal["projected", "geographic"]
    crs: str
    """`EPSG:4549`, `EPSG:4979`, WKT, or `gcj02` / `bd09` (geographic only)."""
    origin: tuple[float, float, float]
    """(easting, northing, height) or (lon, lat, height) of the local origin. Easting and northing in the units of the CRS
    (US survey feet where it has them); height in metres in `vertical`."""
    rotation_deg: float = 0.0
    """Angle from the CRS's east axis to the local x axis, counter-clockwise seen from above."""
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors from local metres to metres of the map, per local axis, before the rotation."""
    vertical: str = ELLIPSOIDAL
    """Vertical reference of heights: `ellipsoidal`, or the name or EPSG code of a vertical CRS or datum."""
    undulation_m: float | None = None
    """Geoid height N that is added: ellipsoidal = H + N. None: not stated; then `vertical` is looked up in PROJ."""
    matrix: tuple[float, ...] | None = None
    """Optional (3, 4) row-major local transform, applied first (metres to metres)."""
    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """A local point (metres, before `matrix`) in the middle of the model: there the datum operation is chosen and the area
    of use is checked. Matters where the local origin is far from the model."""


class Found(Struct, frozen=True, kw_only=True):
    """One thing in the source that says where it is."""

    what: str
    """`IfcMapConversion`, `ePSet_MapConversion`, `IfcSite`, `IfcRigidOperation`, `TrueNorth`, `override` …"""
    values: dict[str, FoundValue]
    used: bool
    reason: str = ""


class Diagnosis(Struct, frozen=True, kw_only=True):
    """Placement of one source with how it was arrived at.

    `used` names the thing of `found` that decided (or `default`). `warnings` are sentences for a person.
    """

    placement: Placement
    used: str
    confidence: Confidence
    found: list[Found] = []
    warnings: list[str] = []
