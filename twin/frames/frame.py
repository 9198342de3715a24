"""A placement made computable: local → projected or geographic → ECEF in double precision."""

from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.datadir import get_user_data_dir  # type: ignore[attr-defined]  # public, but not in __all__

from twin.errors import PlacementError
from twin.frames.china import ACCURACY_M, bd09_to_wgs84, gcj02_to_wgs84
from twin.frames.crs import (
    AxisOrder,
    Operation,
    axis_order,
    crs_from,
    horizontal_part,
    km_outside,
    missing_grids,
    operation_to_wgs84,
    same_as_wgs84,
    transform,
    unit_m,
    vertical_part,
)
from twin.frames.values import ELLIPSOIDAL, Placement

Points = NDArray[np.float64]

_SEMI_MAJOR_M = 6378137.0
_FLATTENING = 1.0 / 298.257223563
_ECCENTRICITY_SQUARED = _FLATTENING * (2.0 - _FLATTENING)
"""WGS 84 (EPSG:7030)."""

CHINA_FRAMES = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
"""Declared input frames that are no CRS: geographic origins only."""

_STEP_M = 100.0
"""Half width of the central difference in `affine_at`: rounding (1e-9 m of ECEF) and the third derivative (1/R²) both
stay below 1e-7 m at 500 m."""

AREA_MARGIN_KM = 100.0
"""Surveys run a little over the edge of a zone everywhere (EPSG:4549 in all of Ningbo); beyond this it is a mistake."""

_ACCURATE_M = 1.0
"""Datum operations stated worse than this are warned of: the streets of a base map are no better."""


def ecef_from_geographic(points: Points) -> Points:
    """(n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres → (n, 3) ECEF metres (EPSG:4978)."""
    lon, lat = np.radians(points[:, 0]), np.radians(points[:, 1])
    radius = _SEMI_MAJOR_M / np.sqrt(1.0 - _ECCENTRICITY_SQUARED * np.sin(lat) ** 2)
    across = (radius + points[:, 2]) * np.cos(lat)
    up = (radius * (1.0 - _ECCENTRICITY_SQUARED) + points[:, 2]) * np.sin(lat)
    return np.column_stack([across * np.cos(lon), across * np.sin(lon), up])


def geographic_from_ecef(points: Points) -> Points:
    """(n, 3) ECEF metres (EPSG:4978) → (n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres."""
    return transform(_from_ecef(), points)


@lru_cache(maxsize=1)
def _from_ecef() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def east_north_up(lon_deg: float, lat_deg: float) -> Points:
    """(3, 3) float64 whose columns are the unit vectors east, north and up in ECEF at a point of WGS 84."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    east = [-np.sin(lon), np.cos(lon), 0.0]
    north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
    up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return np.array([east, north, up], dtype=np.float64).T


class Georeference:
    """CRS coordinates (east, north in the CRS's units, or lon, lat in degrees; height in metres) → WGS 84.

    Plane and height go separate ways: a datum shift in three dimensions would turn a height above one ellipsoid into one
    above another, and PROJ finds no geoid where it knows no datum operation (CGCS2000).
    """

    def __init__(self, placement: Placement, at: Points) -> None:
        crs = crs_from(placement.crs)
        self.horizontal = horizontal_part(crs)
        self.degrees = self.horizontal.is_geographic
        self.axes: AxisOrder = axis_order(self.horizontal)
        self.undulation_m = placement.undulation_m or 0.0
        self.operation: Operation = operation_to_wgs84(self.horizontal, self._native(at[None, :])[0])
        self.geoid: Operation | None = None
        vertical = None if placement.undulation_m is not None else _vertical_crs(placement, crs)
        if vertical is not None:
            self.height_unit_m = unit_m(vertical)
            self.geoid = _geoid(vertical, *self._flat(at[None, :])[0])

    def _native(self, points: Points) -> Points:
        flat = points[:, :2]
        if self.degrees:
            flat = np.radians(flat) / unit_m(self.horizontal)
        native: Points = flat[:, list(self.axes.order)] * np.array(self.axes.signs)
        return native

    def _flat(self, points: Points) -> Points:
        """(n, 2) lat, lon."""
        native = np.column_stack([self._native(points), np.zeros(len(points))])
        return transform(self.operation.transformer, native)[:, :2]

    def to_wgs84(self, points: Points) -> Points:
        """(n, 3) → (n, 3) lon, lat, ellipsoidal height."""
        flat = self._flat(points)
        height = points[:, 2] + self.undulation_m
        if self.geoid is not None:
            above_geoid = np.column_stack([flat, height / self.height_unit_m])
            height = transform(self.geoid.transformer, above_geoid)[:, 2]
        return np.column_stack([flat[:, 1], flat[:, 0], height])

    def from_wgs84(self, lon_lat: Points) -> Points:
        """(n, 2) lon, lat in degrees → (n, 2) east, north in the CRS's units, or lon, lat in degrees."""
        turned = np.column_stack([lon_lat[:, 1], lon_lat[:, 0], np.zeros(len(lon_lat))])
        native = transform(self.operation.transformer, turned, backward=True)[:, :2]
        result = np.empty_like(native)
        result[:, list(self.axes.order)] = native * np.array(self.axes.signs)
        return np.degrees(result * unit_m(self.horizontal)) if self.degrees else result


def _vertical_crs(placement: Placement, crs: pyproj.CRS) -> pyproj.CRS | None:
    """The vertical CRS that must be looked up in PROJ; None for ellipsoidal heights."""
    if placement.vertical == ELLIPSOIDAL:
        return vertical_part(crs)
    vertical = crs_from(placement.vertical)
    if not vertical.is_vertical:
        vertical = vertical_part(vertical) or vertical
    if not vertical.is_vertical:
        advice = "Give the geoid height with --height-offset"
        raise PlacementError(f"{placement.vertical} is not a vertical reference", advice)
    return vertical


def _geoid(vertical: pyproj.CRS, lat: float, lon: float) -> Operation:
    """The operation from heights of a vertical CRS to ellipsoidal ones. Raises PlacementError without a geoid."""
    crs = pyproj.crs.CompoundCRS(f"WGS 84 + {vertical.name}", ["EPSG:4326", vertical])
    operation = operation_to_wgs84(crs, np.array([lat, lon]))
    if not operation.ballpark:
        return operation
    grids = missing_grids(crs)
    wanted = f"put the PROJ grid {grids[0]} into {get_user_data_dir()}, or " if grids else ""
    raise PlacementError(
        f"heights in {vertical.name} need a geoid that PROJ does not have here",
        f"To go on, {wanted}give the height of the geoid above the ellipsoid with --height-offset",
    )


class Frame:
    """A placement made computable. Raises PlacementError at construction for a CRS or grid that cannot be used.

    `operation` describes the datum operation in use, `accuracy_m` what is stated of it (None: unknown), `outside_km` how
    far the model lies outside the area of use of its CRS; `warnings` says in plain words what a person should know of
    the way to WGS 84.
    """

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.warnings: list[str] = []
        self.operation = "none"
        self.accuracy_m: float | None = 0.0
        self.outside_km = 0.0
        self._local = _local_matrix(placement)
        self._georeference: Georeference | None = None
        self._tangent: tuple[Points, Points] | None = None
        if placement.crs in CHINA_FRAMES:
            self._stand_in_china()
        else:
            self._stand_on_crs()

    @property
    def is_rigid(self) -> bool:
        """Whether `to_ecef` is one rigid map, so that `affine_at` is exact at any distance; a map projection is none."""
        return self._tangent is not None

    def to_geographic(self, points: Points) -> Points:
        """(n, 3) local metres → (n, 3) lon, lat in degrees (WGS 84), ellipsoidal height in metres.

        Rows with NaN stay NaN. Raises PlacementError where a finite point has no place on Earth.
        """
        if self._georeference is None:
            return geographic_from_ecef(self.to_ecef(points))
        mapped = _affine(self._local, points)
        result = self._georeference.to_wgs84(mapped)
        self._refuse_nowhere(mapped, result)
        return result

    def to_ecef(self, points: Points) -> Points:
        """(n, 3) local metres → (n, 3) ECEF metres (EPSG:4978), exact. Raises like `to_geographic`."""
        if self._tangent is None:
            return ecef_from_geographic(self.to_geographic(points))
        axes, origin = self._tangent
        return _affine(self._local, points) @ axes.T + origin

    def affine_at(self, centre: Points) -> Points:
        """(4, 4) float64: local offset from `centre` (3,), metres → ECEF: the first-order map of `to_ecef` there.

        What it leaves out is of second order, with the radius R of the Earth: d²/2R of height at a distance d (20 mm at
        500 m, 1.3 m at 4 km), z·d/R sideways at a height z above the centre (plumb lines spread: 8 mm at 100 m and
        500 m), and the change of the map's scale (below 1 mm at 500 m within a zone). Of a geographic placement, which
        is a plane, nothing is left out.
        """
        centre = np.asarray(centre, dtype=np.float64)
        steps = np.vstack([np.zeros((1, 3)), np.eye(3) * _STEP_M, np.eye(3) * -_STEP_M])
        ecef = self.to_ecef(centre + steps)
        result = np.eye(4)
        result[:3, :3] = (ecef[1:4] - ecef[4:7]).T / (2.0 * _STEP_M)
        result[:3, 3] = ecef[0]
        return result

    def _stand_in_china(self) -> None:
        placement = self.placement
        if placement.kind != "geographic":
            advice = "Give the position as --origin LON,LAT,HEIGHT"
            raise PlacementError(f"{placement.crs} is no projected system", advice)
        if placement.vertical != ELLIPSOIDAL and placement.undulation_m is None:
            raise PlacementError(
                f"heights in {placement.vertical} cannot be looked up beside {placement.crs}",
                "Give the height of the geoid above the ellipsoid with --height-offset",
            )
        flat = CHINA_FRAMES[placement.crs](np.array([placement.origin[:2]]))[0]
        height = placement.origin[2] + (placement.undulation_m or 0.0)
        self.operation, self.accuracy_m = f"published formulas of {placement.crs}", ACCURACY_M
        self._stand_at(np.array([flat[0], flat[1], height]))

    def _stand_on_crs(self) -> None:
        anchor = _affine(self._local, np.array([self.placement.anchor]))[0]
        geographic = self.placement.kind == "geographic"
        at = np.array(self.placement.origin) if geographic else anchor
        georeference = Georeference(self.placement, at)
        if georeference.degrees != geographic:
            kind = "geographic" if georeference.degrees else "projected"
            raise PlacementError(
                f"{georeference.horizontal.name} is {kind}, the placement is {self.placement.kind}",
                "Name a fitting CRS with --crs",
            )
        place = georeference.to_wgs84(at[None, :])
        self._refuse_nowhere(at[None, :], place)
        self._describe(georeference, place[0])
        if geographic:
            self._stand_at(place[0])
        else:
            self._georeference = georeference

    def _stand_at(self, place: Points) -> None:
        if abs(place[1]) > 90.0:
            raise PlacementError(
                f"latitude {place[1]:.6f}° is not on Earth", "Give --origin LON,LAT,HEIGHT in degrees"
            )
        self._tangent = east_north_up(place[0], place[1]), ecef_from_geographic(place[None, :])[0]

    def _describe(self, georeference: Georeference, place: Points) -> None:
        operation, crs = georeference.operation, georeference.horizontal
        self.operation, self.accuracy_m = operation.description, operation.accuracy_m
        if operation.ballpark and not same_as_wgs84(crs):
            self.warnings.append(
                f"PROJ knows no datum transformation from {crs.name} to WGS 84 here; the two are taken for the same, which "
                "may be wrong by some hundred metres."
            )
        elif operation.accuracy_m is not None and operation.accuracy_m > _ACCURATE_M:
            self.warnings.append(
                f"The datum transformation from {crs.name} to WGS 84 is stated to {operation.accuracy_m:g} m."
            )
        self.outside_km = km_outside(crs, float(place[0]), float(place[1]))
        if self.outside_km > AREA_MARGIN_KM:
            self.warnings.append(
                f"The model lands at {place[0]:.4f}°, {place[1]:.4f}°, {self.outside_km:,.0f} km outside the area of use of "
                f"{crs.name}: CRS or coordinates are probably wrong."
            )

    def _refuse_nowhere(self, mapped: Points, result: Points) -> None:
        lost = np.isfinite(mapped).all(axis=1) & ~np.isfinite(result).all(axis=1)
        if lost.any():
            east, north = mapped[lost][0][:2]
            raise PlacementError(
                f"{east:.3f}, {north:.3f} is no place in {self.placement.crs[:60]}",
                "Check the CRS and the origin, or state them with --crs and --origin",
            )


def _local_matrix(placement: Placement) -> Points:
    """(3, 4): local metres → map units and metres of height (projected), or metres east, north, up (geographic)."""
    turn = np.radians(placement.rotation_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    linear = spin @ np.diag(placement.scale)
    shift = np.zeros(3)
    if placement.kind == "projected":
        shift = np.array(placement.origin, dtype=np.float64)
        unit = unit_m(horizontal_part(crs_from(placement.crs))) if placement.crs not in CHINA_FRAMES else 1.0
        linear = np.diag([1.0 / unit, 1.0 / unit, 1.0]) @ linear
    if placement.matrix is not None:
        first = np.array(placement.matrix, dtype=np.float64).reshape(3, 4)
        return np.column_stack([linear @ first[:, :3], linear @ first[:, 3] + shift])
    return np.column_stack([linear, shift])


def _affine(matrix: Points, points: Points) -> Points:
    return np.asarray(points, dtype=np.float64) @ matrix[:, :3].T + matrix[:, 3]
