"""What the drawing of one batch works on, and what it finds out on the way."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import Columns, Floats
from bim_import.gis.reading.batches import Features
from bim_import.gis.rules.measures import numbers
from bim_import.gis.rules.values import Measure, Rule
from bim_import.gis.shapes.joined import Indexes, Shapes
from bim_import.ground import Ground
from bim_import.placement.layer import LayerFrame
from twin.source import NotDrawn

REASONS = tuple(NotDrawn)
DRAWN = -1
"""What stands in `Batch.reasons` for a row that is drawn; otherwise a place in REASONS."""


class Note(StrEnum):
    """What was done to features that a person should know of; counted, and told with its number in the report."""

    REPAIRED = "with crossing rings, misplaced holes or the like: repaired"
    COLLECTION = "collections of several kinds of geometry: only the kind that is drawn was taken"
    ANTIMERIDIAN = "across the antimeridian: drawn in one piece"
    NO_HEIGHT = "without height and floors: drawn with the default height"
    NO_SUCH_HEIGHT = (
        "whose height or floors are told in a way that is not understood: drawn with the default height"
    )
    FAR_TOO_HIGH = (
        "more than 10 km high: drawn with the default height (is the unit of their heights metres?)"
    )
    FLAT = "without a height above 0 that is understood, in a layer that has a column of heights: drawn flat, as areas"
    UPSIDE_DOWN = "with their top below their underside: turned over"
    NEAR_GROUND = "beside the terrain, or where it has no value: put at the nearest heights"
    NO_GROUND = "far outside the terrain: put at height 0"
    NO_DIAMETER = "without diameter: drawn with the default one"
    NO_SUCH_DIAMETER = "whose diameter is told in a way that is not understood: drawn with the default one"
    NO_DEPTH = "without depth and elevation: drawn at the default depth"
    NO_WIDTH = "without width and lanes: drawn with the default width"
    PLAIN_ROOF = "with a roof shape that is not drawn, or that does not fit the outline: drawn flat"
    WRONG_TYPE = "with a value that is not of the type which a rule gives to that property: left out"
    NO_MODEL = "with a model that cannot be found: drawn as a marker"


_RINGS_M = tuple(5.0 * 2.0**step for step in range(9))
"""Up to 1.3 km: there the viewer's ground has not fallen off yet; features further away are not of this terrain."""
_DIRECTIONS = 16
_DEGREE_M = 111_200.0
"""Length of a degree of a great circle."""


@dataclass(slots=True)
class Batch:
    """The features of one batch with where they lie. `reasons` (n,) int8: place in REASONS of why a row is not drawn, or DRAWN."""

    columns: Columns
    shapes: NDArray[np.object_]
    frame: LayerFrame
    ground: Ground | None
    reasons: NDArray[np.int8]
    notes: Counter[Note] = field(default_factory=Counter)

    def refuse(self, rows: Indexes, reason: NotDrawn) -> None:
        """These rows are not drawn, for this reason."""
        self.reasons[rows] = REASONS.index(reason)

    def measured(self, measure: Measure, rows: Indexes) -> Floats:
        """Values of a measure for some rows."""
        return numbers(measure, self.columns)[rows]

    def near_ground(self, points: Floats, row_of: Indexes) -> Floats:
        """(k,) heights of the ground nearest to (k, ≥ 2) places in degrees of which it knows none; NaN where none is near.

        A raster's voids and its rim: around each place rings are looked at, and of the first that knows something the mean is taken.
        """
        found = np.full(len(points), np.nan)
        lost = np.flatnonzero(np.isfinite(points[:, :2]).all(axis=1))
        lost = lost if self.ground is not None else lost[:0]
        angles = np.linspace(0.0, 2.0 * np.pi, _DIRECTIONS, endpoint=False)
        for radius in _RINGS_M:
            if self.ground is None or not len(lost):
                break
            lat = points[lost, 1][:, None] + radius / _DEGREE_M * np.sin(angles)
            stretch = np.maximum(np.cos(np.radians(points[lost, 1])), 1e-3)[:, None]
            lon = points[lost, 0][:, None] + radius / _DEGREE_M * np.cos(angles) / stretch
            around = self.ground.heights(lon.ravel(), lat.ravel()).reshape(lon.shape)
            known = np.isfinite(around)
            here = known.any(axis=1)
            found[lost[here]] = np.nansum(around[here], axis=1) / known[here].sum(axis=1)
            lost = lost[~here]
        near = np.isfinite(found)
        self.notes[Note.NEAR_GROUND] += len(np.unique(row_of[near]))
        self.notes[Note.NO_GROUND] += len(np.unique(row_of[~near]))
        return found

    def unread(self, measure: Measure, rows: Indexes) -> NDArray[np.bool_]:
        """Which of some rows have a text in a column of a measure that is no amount."""
        found = np.zeros(len(self.columns), dtype=bool)
        for name in measure.columns:
            found |= self.columns.valid(name) & np.isnan(self.columns.numbers(name, measure.unit_m))
        return found[rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Meshes of one rule's features, to be coloured as it says."""

    rule: Rule
    shapes: Shapes


def first_reasons(features: Features, shapes: NDArray[np.object_]) -> NDArray[np.int8]:
    """(n,) reasons of features whose `shapes` are none: no geometry, empty, not readable; DRAWN for the others."""
    reasons = np.full(len(shapes), DRAWN, dtype=np.int8)
    missing = np.flatnonzero(shapely.is_missing(shapes))
    if len(missing):
        absent = np.asarray(features.geometry.is_null().to_numpy(zero_copy_only=False))[missing]
        reasons[missing[absent]] = REASONS.index(NotDrawn.NO_REPRESENTATION)
        reasons[missing[~absent]] = REASONS.index(NotDrawn.INVALID_GEOMETRY)
    reasons[shapely.is_empty(shapes)] = REASONS.index(NotDrawn.EMPTY_GEOMETRY)
    return reasons


DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}
"""Of geometries; a collection has that of its highest part, none at all has -1."""
