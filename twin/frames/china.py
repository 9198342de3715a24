"""The obfuscated coordinates of Chinese map services: GCJ-02 (Amap, Tencent, Google China) and BD-09 (Baidu).

Neither is published by its authority. The formulas are the ones that every open implementation shares; against the
services they agree to about a metre, which bounds the accuracy of what stands on them. The inverses here are exact
inverses of these formulas (fixed point), not the usual one-step guess.

All points are (n, 2) float64, lon, lat in degrees. Outside the box of `in_china` all frames are the same, which is
what the services do; across its edge they jump by up to some hundred metres.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LonLat = NDArray[np.float64]

ACCURACY_M = 1.0
"""Agreement of the open formulas with the services, metres: what their users report; there is no official figure."""

_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the area that is obfuscated, degrees: the convention of every open implementation."""

_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
"""Krasovsky 1940, the ellipsoid in the published formulas."""

_BAIDU_ANGLE = np.pi * 3000.0 / 180.0
_BAIDU_SHIFT = np.array([0.0065, 0.006])

_TOLERANCE_DEG = 1e-11
"""A micrometre on the ground: two digits below what is promised (1e-9°)."""

_MAX_STEPS = 30
"""The maps are the identity plus a term of slope below 0.03, so that each step gains 1.5 digits: 10 do."""


def in_china(points: LonLat) -> NDArray[np.bool_]:
    """Whether points (lon, lat in degrees) lie in the box where the obfuscation is applied."""
    west, south, east, north = _BOX
    lon, lat = points[:, 0], points[:, 1]
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _waves(values: LonLat, slow: float, slower: float, amplitudes: tuple[float, float]) -> LonLat:
    """The shared sine terms of the published polynomials, metres."""
    pi = np.pi
    first = 20.0 * np.sin(values * pi) + 40.0 * np.sin(values / 3.0 * pi)
    second = amplitudes[0] * np.sin(values / slow * pi) + amplitudes[1] * np.sin(values / slower * pi)
    total: LonLat = (first + second) * 2.0 / 3.0
    return total


def _offset_deg(points: LonLat) -> LonLat:
    """GCJ-02 minus WGS 84, degrees, inside the box."""
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += _waves(y, 12.0, 30.0, (160.0, 320.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += _waves(x, 12.0, 30.0, (150.0, 300.0))
    latitude = np.radians(points[:, 1])
    magic = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel = _SEMI_MAJOR_M / np.sqrt(magic) * np.cos(latitude)
    offset: LonLat = np.degrees(np.column_stack([east / parallel, north / meridian]))
    return offset


def wgs84_to_gcj02(points: LonLat) -> LonLat:
    """WGS 84 → GCJ-02."""
    inside = in_china(points)[:, None]
    return np.where(inside, points + _offset_deg(points), points)


def gcj02_to_bd09(points: LonLat) -> LonLat:
    """GCJ-02 → BD-09."""
    lon, lat = points[:, 0], points[:, 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_ANGLE)
    shifted = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + _BAIDU_SHIFT
    return np.where(in_china(points)[:, None], shifted, points)


def _inverted(forward: Callable[[LonLat], LonLat], points: LonLat) -> LonLat:
    """Points whose image under `forward` is `points`: fixed-point iteration; outside the box the points themselves."""
    guess = points.copy()
    for _ in range(_MAX_STEPS):
        step = points - forward(guess)
        guess = guess + step
        if not np.any(np.abs(step) > _TOLERANCE_DEG):
            break
    return guess


def gcj02_to_wgs84(points: LonLat) -> LonLat:
    """GCJ-02 → WGS 84, to better than 1e-9° of the inverse of `wgs84_to_gcj02`."""
    inside = in_china(points)
    result = points.astype(np.float64)
    result[inside] = _inverted(lambda guess: guess + _offset_deg(guess), result[inside])
    return result


def bd09_to_gcj02(points: LonLat) -> LonLat:
    """BD-09 → GCJ-02, to better than 1e-9° of the inverse of `gcj02_to_bd09`."""
    inside = in_china(points)
    result = points.astype(np.float64)
    result[inside] = _inverted(gcj02_to_bd09, result[inside])
    return result


def wgs84_to_bd09(points: LonLat) -> LonLat:
    """WGS 84 → BD-09."""
    return gcj02_to_bd09(wgs84_to_gcj02(points))


def bd09_to_wgs84(points: LonLat) -> LonLat:
    """BD-09 → WGS 84."""
    return gcj02_to_wgs84(bd09_to_gcj02(points))
