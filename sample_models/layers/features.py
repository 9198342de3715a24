"""Features in the axes of the streets, and GeoJSON of them. The same features give the same bytes.

The axes are those of the community centre: origin there, u along its south front, v to its back, metres; `lon_lat` says where that
is. Farther out the streets bend a little, so that the town does not look ruled.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sample_models.georeference import COMMUNITY_CENTRE, ROTATION_DEG
from twin.frames import LayerPoints, Placement

Point = tuple[float, float]
Floats = NDArray[np.float64]

STRAIGHT_M, BENT_M = 230.0, 480.0
"""Distances from the middle of the community within which streets are straight, and from which they bend in full."""
_BEND_M, _WAVE_M = 16.0, 430.0
_MIDDLE = (20.0, 40.0)
_DIGITS = 8
"""Of degrees: a millimetre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature; `points` are one point, a line, or the outer ring of a polygon without its last corner."""

    id: str
    kind: str
    points: tuple[Point, ...]
    properties: Mapping[str, str | float | int] = field(default_factory=dict)


def point(identifier: str, at: Point, **properties: str | float) -> Feature:
    """A point."""
    return Feature(id=identifier, kind="Point", points=(at,), properties=properties)


def line(identifier: str, points: Sequence[Point], **properties: str | float) -> Feature:
    """A line, in the order of the points."""
    return Feature(id=identifier, kind="LineString", points=tuple(points), properties=properties)


def polygon(identifier: str, ring: Sequence[Point], **properties: str | float) -> Feature:
    """A polygon without holes."""
    return Feature(id=identifier, kind="Polygon", points=tuple(ring), properties=properties)


def box(low: Point, high: Point) -> tuple[Point, ...]:
    """The corners of a rectangle along the streets, counter-clockwise."""
    return ((low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]))


def along(start: Point, end: Point, step: float) -> list[Point]:
    """Points from start to end, both included, not farther apart than `step`."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    count = max(1, int(np.ceil(length / step)))
    return [
        (start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count)
        for i in range(count + 1)
    ]


def bent(points: Floats) -> Floats:
    """(n, 2) street axes, as if all streets were straight → the same with their bends."""
    far = np.hypot(points[:, 0] - _MIDDLE[0], points[:, 1] - _MIDDLE[1])
    share = np.clip((far - STRAIGHT_M) / (BENT_M - STRAIGHT_M), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    u, v = points.T
    return np.column_stack(
        [u + share * _BEND_M * np.sin(v / _WAVE_M), v + share * _BEND_M * np.sin(u / _WAVE_M + 0.7)]
    )


@lru_cache(maxsize=1)
def _map() -> LayerPoints:
    spot = COMMUNITY_CENTRE
    return LayerPoints(
        Placement(kind="projected", crs="EPSG:4549", origin=(spot.easting_m, spot.northing_m, 0.0))
    )


def on_map(points: Floats) -> Floats:
    """(n, 2) street axes, without bends, metres → easting and northing in EPSG:4549."""
    angle = np.radians(ROTATION_DEG)
    cos, sin = np.cos(angle), np.sin(angle)
    u, v = points.T
    spot = COMMUNITY_CENTRE
    return np.column_stack([spot.easting_m + cos * u - sin * v, spot.northing_m + sin * u + cos * v])


def lon_lat(points: Floats) -> Floats:
    """(n, 2) street axes, as if all streets were straight → longitude and latitude in degrees, with the bends."""
    places = on_map(bent(points))
    return np.asarray(_map().to_geographic(np.column_stack([places, np.zeros(len(places))]))[:, :2])


def collection(name: str, features: Iterable[Feature]) -> str:
    """A GeoJSON FeatureCollection (RFC 7946), one feature a line."""
    kept = list(features)
    counts = np.cumsum([0, *(len(each.points) for each in kept)])
    places = lon_lat(np.array([corner for each in kept for corner in each.points], np.float64)).round(_DIGITS)
    lines = (_document(each, places[counts[i] : counts[i + 1]].tolist()) for i, each in enumerate(kept))
    head = f'{{"type": "FeatureCollection", "name": {json.dumps(name, ensure_ascii=False)}, "features": [\n'
    return head + ",\n".join(lines) + "\n]}\n"


def _document(feature: Feature, places: list[list[float]]) -> str:
    coordinates: object = places
    if feature.kind == "Point":
        coordinates = places[0]
    elif feature.kind == "Polygon":
        coordinates = [[*places, places[0]]]
    document = {
        "type": "Feature",
        "id": feature.id,
        "properties": {"id": feature.id, **feature.properties},
        "geometry": {"type": feature.kind, "coordinates": coordinates},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def write(path: Path, features: Iterable[Feature]) -> None:
    """Write a layer; its name is that of the file. Raises `OSError`."""
    path.write_text(collection(path.stem, features), encoding="utf-8", newline="\n")
