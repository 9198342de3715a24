"""Coordinates of a CRS, or of a Chinese map service, as a layer has them → WGS 84. No local frame."""

import math

import numpy as np

from twin.errors import PlacementError
from twin.frames.china import ACCURACY_M
from twin.frames.crs import (
    AxisOrder,
    axis_order,
    crs_from,
    horizontal_part,
    km_outside,
    operation_to_wgs84,
    transform,
)
from twin.frames.frame import CHINA_FRAMES, Frame, Georeference, Points
from twin.frames.values import Placement


class LayerPoints:
    """Points in the CRS that `placement` names → lon, lat, ellipsoidal height.

    Of the placement only the CRS, the heights and the origin count: there the one datum operation of the layer is chosen.
    Points are east, north (the CRS's units) or lon, lat (degrees; also of `gcj02`, `bd09`), and height in metres.
    `warnings` and `outside_km` are those of a Frame; `degrees`: points are lon, lat. Raises PlacementError like one.
    """

    def __init__(self, placement: Placement) -> None:
        frame = Frame(placement)
        self.warnings, self.outside_km = frame.warnings, frame.outside_km
        self._crs, self._undulation_m = placement.crs, placement.undulation_m or 0.0
        self._georeference: Georeference | None = None
        self.degrees = placement.kind == "geographic"
        if placement.crs not in CHINA_FRAMES:
            self._georeference = Georeference(placement, np.array(placement.origin))
        else:
            self.warnings = [f"Positions in {placement.crs} are right within about {ACCURACY_M:g} m."]

    def to_geographic(self, points: Points) -> Points:
        """(n, 3) → (n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres.

        A row that has no place on Earth, or that is not finite, comes back as NaN.
        """
        if not len(points):
            return np.empty((0, 3))
        usable = np.isfinite(points).all(axis=1)
        if self.degrees:  # PROJ would wrap them around the Earth
            usable &= np.abs(points[:, 0]) <= 360.0
        kept = points if usable.all() else points[usable]
        result = np.full((len(points), 3), np.nan)
        if len(kept):
            result[usable] = self._converted(kept)
        result[~(np.isfinite(result).all(axis=1) & (np.abs(result[:, 1]) <= 90.0))] = np.nan
        return result

    def from_geographic(self, lon_lat: Points) -> Points:
        """(n, 2) lon, lat in degrees (WGS 84) → (n, 2) east, north in the CRS's units (or lon, lat of it, in degrees).

        Only for a CRS, not for the Chinese map services; what has no image there is NaN or infinite.
        """
        assert self._georeference is not None, "map services are converted one way only"
        return self._georeference.from_wgs84(lon_lat)

    def _converted(self, points: Points) -> Points:
        if self._georeference is not None:
            return self._georeference.to_wgs84(points)
        flat = CHINA_FRAMES[self._crs](points[:, :2])
        return np.column_stack([flat, points[:, 2] + self._undulation_m])


def authority_order(crs_text: str) -> AxisOrder:
    """In which order and sense the registry has the axes of a CRS: `native = east_north[:, order] * signs`."""
    return axis_order(horizontal_part(crs_from(crs_text)))


def km_outside_point(crs_text: str, east: float, north: float) -> float:
    """Distance (km) from a point (east, north or lon, lat in the CRS's units) to its area of use; inf: not on Earth."""
    crs = horizontal_part(crs_from(crs_text))
    if crs.is_geographic and (abs(north) > 90.0 or abs(east) > 360.0):
        return math.inf
    axes = axis_order(crs)
    native = np.array([east, north])[list(axes.order)] * np.array(axes.signs)
    try:
        operation = operation_to_wgs84(crs, native)
    except PlacementError:
        return math.inf
    lat, lon, _ = transform(operation.transformer, np.array([[*native, 0.0]]))[0]
    return km_outside(crs, float(lon), float(lat)) if np.isfinite([lon, lat]).all() else math.inf
