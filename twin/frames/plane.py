"""The local frame of data that comes in coordinates of the whole Earth: an east-north-up plane, exact at any distance.

A tangent plane is a rigid transform of ECEF. So nothing is lost in a tile, however large it is and however far from the
point of contact, where a map projection would be wrong by d²/2R (2 cm at 500 m from a tile's centre, 15 m at 14 km).
"""

import numpy as np

from twin.frames.frame import Points, east_north_up, ecef_from_geographic
from twin.frames.values import Placement

_SEMI_MAJOR_M = 6378137.0
_ECCENTRICITY_SQUARED = 0.0066943799901413165
"""WGS 84 (EPSG:7030): f (2 - f) with f = 1/298.257223563."""

_CRS = "EPSG:4979"

_GRID_DEG = 0.1
"""Points of contact lie on this grid (11 km), so that an edit at the edge of a layer does not move the frame of all of it.
That far away, up differs by a tenth of a degree from the frame's z, which boxes of tiles do not feel."""


class TangentPlane:
    """East, north, up in metres at a point of WGS 84 (degrees) on the ellipsoid."""

    def __init__(self, lon: float, lat: float) -> None:
        self.lon, self.lat = lon, lat
        self._axes = east_north_up(lon, lat)
        self._origin = ecef_from_geographic(np.array([[lon, lat, 0.0]]))[0]

    @property
    def pole(self) -> Points:
        """(3,) unit vector along the Earth's axis, northwards, in local axes: east is at right angles to it and to up."""
        return np.asarray(self._axes[2])

    @classmethod
    def near(cls, lon: float, lat: float) -> "TangentPlane":
        """The plane at the next point of a coarse grid: the same one for all data of a town."""
        steps = round(1.0 / _GRID_DEG)
        return cls(round(lon * steps) / steps, round(lat * steps) / steps)

    def placement(self, anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Placement:
        """This plane as the placement of a source; `anchor` is a local point in its middle."""
        return Placement(kind="geographic", crs=_CRS, origin=(self.lon, self.lat, 0.0), anchor=anchor)

    def local(self, points: Points) -> Points:
        """(n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres → (n, 3) local metres."""
        return self.local_and_up(points)[0]

    def local_and_up(self, points: Points) -> tuple[Points, Points]:
        """The same, and the (n, 3) unit vectors that point up there: h metres higher is `local + h * up`, exactly."""
        lon, lat = np.radians(points[:, 0]), np.radians(points[:, 1])
        cos_lat, sin_lat = np.cos(lat), np.sin(lat)
        up = np.empty((len(points), 3))
        up[:, 0], up[:, 1], up[:, 2] = cos_lat * np.cos(lon), cos_lat * np.sin(lon), sin_lat
        radius = _SEMI_MAJOR_M / np.sqrt(1.0 - _ECCENTRICITY_SQUARED * sin_lat * sin_lat)
        ecef = up * (radius + points[:, 2])[:, None]
        ecef[:, 2] -= _ECCENTRICITY_SQUARED * radius * sin_lat
        return (ecef - self._origin) @ self._axes, up @ self._axes
