"""Where a source's local frame lies on Earth: local → projected or geographic → ECEF. The only user of pyproj."""

from twin.frames.frame import Frame, Points, ecef_from_geographic, geographic_from_ecef
from twin.frames.values import ELLIPSOIDAL, Confidence, Diagnosis, Found, FoundValue, Placement

__all__ = [
    "ELLIPSOIDAL",
    "Confidence",
    "Diagnosis",
    "Found",
    "FoundValue",
    "Frame",
    "Placement",
    "Points",
    "ecef_from_geographic",
    "geographic_from_ecef",
]
