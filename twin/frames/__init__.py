"""Where a source's local frame lies on Earth: local → projected or geographic → ECEF. The only user of pyproj."""

from twin.frames.crs import geoid_choices
from twin.frames.frame import (
    AREA_MARGIN_KM,
    CHINA_FRAMES,
    Frame,
    Points,
    ecef_from_geographic,
    geographic_from_ecef,
)
from twin.frames.georeferenced import LayerPoints, authority_order, km_outside_point
from twin.frames.lookup import (
    CrsFacts,
    crs_facts,
    find_crs,
    find_vertical,
    find_zone,
    km_outside_area,
    project,
    suggest_crs,
    true_north_on_map,
    zone_hint,
)
from twin.frames.plane import TangentPlane
from twin.frames.values import ELLIPSOIDAL, Confidence, Diagnosis, Found, FoundValue, Placement

__all__ = [
    "AREA_MARGIN_KM",
    "CHINA_FRAMES",
    "ELLIPSOIDAL",
    "Confidence",
    "CrsFacts",
    "Diagnosis",
    "Found",
    "FoundValue",
    "Frame",
    "LayerPoints",
    "Placement",
    "Points",
    "TangentPlane",
    "authority_order",
    "crs_facts",
    "ecef_from_geographic",
    "find_crs",
    "find_vertical",
    "find_zone",
    "geographic_from_ecef",
    "geoid_choices",
    "km_outside_area",
    "km_outside_point",
    "project",
    "suggest_crs",
    "true_north_on_map",
    "zone_hint",
]
