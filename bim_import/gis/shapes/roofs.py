"""Pitched roofs over footprints: gabled, hipped, pyramidal, skillion, as OpenStreetMap's Simple 3D Buildings describe them.

A roof is a height over the plan: linear on a few regions of the plan, which the footprint is cut by. The roof's triangles, the
same ones on the underside, and a wall below every edge that only one of them has make a closed solid.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.shapes.extrude import corners_of
from bim_import.gis.shapes.joined import (
    BODY,
    ROOF,
    Floats,
    Indexes,
    Shapes,
    cross,
    joined,
    starts,
    unit,
)
from bim_import.gis.shapes.outlines import Outlines
from bim_import.gis.shapes.plans import cut_outlines, polygons_of, unflattened
from bim_import.gis.shapes.triangles import triangulated
from twin.frames import TangentPlane
from twin.geometry import unique_rows

GABLED, HIPPED, PYRAMIDAL, SKILLION = 1, 2, 3, 4
SHAPES = {"gabled": GABLED, "hipped": HIPPED, "pyramidal": PYRAMIDAL, "skillion": SKILLION}

_GRID_M = 1e-3
"""Footprints are cut on this grid, so that a corner that two regions share is the same for both: a millimetre, a tenth of what
positions are promised to."""

_MARGIN_M = 1.0
"""How far regions reach beyond the footprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitch:
    """By feature (k,): `shape` code; `rise_m` of the roof; `direction` (k, 2) unit east, north in which it falls, NaN: not said;
    `across`: the ridge runs along the short side.
    """

    shape: NDArray[np.int64]
    rise_m: Floats
    direction: Floats
    across: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """By feature (k,): the middle (k, 2) of its plan, `ridge` and `fall` (k, 2) unit axes, half sizes along and across the ridge."""

    middle: Floats
    ridge: Floats
    fall: Floats
    along: Floats
    across: Floats


def plan_of(shape: Outlines, direction: Floats, across: NDArray[np.bool_]) -> Plan:
    """Axes of roofs: of the smallest rectangle around each footprint, unless a direction is said."""
    features = corners_of(shape)
    box = shapely.get_coordinates(shapely.oriented_envelope(polygons_of(shape))).reshape(-1, 5, 2)
    first, second = box[:, 1] - box[:, 0], box[:, 2] - box[:, 1]
    longer = np.hypot(*first.T) >= np.hypot(*second.T)
    ridge = _unit(np.where(np.reshape(longer != across, (-1, 1)), first, second))
    said = np.asarray(np.isfinite(direction).all(axis=1))
    ridge = np.where(said[:, None], np.column_stack([direction[:, 1], -direction[:, 0]]), ridge)
    fall = np.column_stack([-ridge[:, 1], ridge[:, 0]])
    s = np.einsum("ij,ij->i", shape.flat, ridge[features.of])
    t = np.einsum("ij,ij->i", shape.flat, fall[features.of])
    low = np.column_stack([np.minimum.reduceat(each, features.first) for each in (s, t)])
    high = np.column_stack([np.maximum.reduceat(each, features.first) for each in (s, t)])
    centre, half = (low + high) / 2.0, (high - low) / 2.0
    middle = ridge * centre[:, :1] + fall * centre[:, 1:]
    return Plan(middle=middle, ridge=ridge, fall=fall, along=half[:, 0], across=half[:, 1])


def roofed(
    shape: Outlines, pitch: Pitch, plan: Plan, levels: tuple[Floats, Floats], plane: TangentPlane
) -> tuple[Shapes | None, Indexes]:
    """Solids with their roofs, one mesh a feature, and the places of features whose outline does not take the roof.

    `levels`: (k,) underside and eaves of each feature, metres above the ellipsoid.
    """
    pieces = _cut(shape, pitch, plan)
    part_counts = pieces.part_counts
    part_of = np.repeat(np.arange(len(part_counts)), part_counts)
    feature_of_part = pieces.part_rows
    feature = feature_of_part[part_of]
    rise = _rise(pieces.flat, feature, pitch, plan)
    triangles, per_part = triangulated(pieces)
    welded = _welded(pieces.flat, feature)
    corners = welded[triangles]
    real = (corners != np.roll(corners, 1, axis=1)).all(axis=1)
    owner = np.repeat(feature_of_part, per_part)
    triangles, corners, owner, part = (
        triangles[real],
        corners[real],
        owner[real],
        np.repeat(np.arange(len(per_part)), per_part)[real],
    )
    rims, bad = _rims(corners, owner, len(plan.along), pieces, shape)
    keep = ~np.isin(owner, bad)
    if not keep.any():
        return None, bad
    context = _Context(
        rows=corners_of(shape).rows,
        points=unflattened(pieces.flat, feature, shape),
        feature=feature,
        lower=levels[0][feature],
        upper=levels[1][feature] + rise,
        plane=plane,
    )
    top = _faces(context, triangles[keep], owner[keep], part[keep])
    under = _underside(context, triangles[keep], owner[keep])
    rims = rims[~np.isin(feature[triangles.reshape(-1)[rims]], bad)]
    sides = _walls(context, triangles, rims)
    return joined([top, under, sides]), bad


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    rows: Indexes
    points: Floats
    feature: Indexes
    lower: Floats
    upper: Floats
    plane: TangentPlane

    def at(self, vertices: Indexes, heights: Floats) -> tuple[Floats, Floats]:
        """Places and up vectors of vertices at some heights."""
        lon_lat = self.points[vertices]
        return self.plane.local_and_up(np.column_stack([lon_lat, heights]))


def _unit(vectors: Floats) -> Floats:
    length = np.hypot(*vectors.T)[:, None]
    return np.asarray(vectors / np.where(length > 0.0, length, 1.0))


def _cut(shape: Outlines, pitch: Pitch, plan: Plan) -> Outlines:
    """The footprints cut by the regions of their roofs; `part_rows` are places of features, `points` are left empty."""
    whole = polygons_of(shape)
    regions, owner = _regions(pitch, plan)
    pieces = shapely.intersection(whole[owner], regions, grid_size=_GRID_M)
    fans, fan_owner = _fans(shape, pitch)
    return cut_outlines(pieces, owner, (fans, fan_owner))


def _regions(pitch: Pitch, plan: Plan) -> tuple[NDArray[np.object_], Indexes]:
    """Regions of the plan on which roofs are planes, and the feature that each is of; pyramids have none here."""
    far_s, far_t = plan.along + _MARGIN_M, plan.across + _MARGIN_M
    end = np.maximum(plan.along - plan.across, 0.0)
    reach = np.minimum(plan.along, plan.across) + _MARGIN_M
    zero = np.zeros_like(end)
    corner_s = end + reach
    made: list[tuple[NDArray[np.bool_], list[tuple[Floats, Floats]]]] = []
    for sign in (1.0, -1.0):
        half = [(-far_s, zero), (far_s, zero), (far_s, sign * far_t), (-far_s, sign * far_t)]
        made.append((pitch.shape == GABLED, half))
        trapezoid = [(-end, zero), (end, zero), (corner_s, sign * reach), (-corner_s, sign * reach)]
        made.append((pitch.shape == HIPPED, trapezoid))
        made.append(
            (pitch.shape == HIPPED, [(sign * end, zero), (sign * corner_s, reach), (sign * corner_s, -reach)])
        )
    whole = [(-far_s, -far_t), (far_s, -far_t), (far_s, far_t), (-far_s, far_t)]
    made.append((pitch.shape == SKILLION, whole))
    regions, owners = [np.empty(0, dtype=object)], [np.empty(0, np.int64)]
    for chosen, outline in made:
        if not chosen.any():
            continue
        corners = np.stack([_placed(plan, s, t) for s, t in outline], axis=1)[chosen]
        regions.append(np.asarray(shapely.polygons(corners)))
        owners.append(np.flatnonzero(chosen))
    return np.concatenate(regions), np.concatenate(owners)


def _placed(plan: Plan, s: Floats, t: Floats) -> Floats:
    return np.asarray(plan.middle + plan.ridge * s[:, None] + plan.fall * t[:, None])


def _fans(shape: Outlines, pitch: Pitch) -> tuple[NDArray[np.object_], Indexes]:
    """Of pyramids a triangle from each side of the outline to the middle."""
    features = corners_of(shape)
    chosen = pitch.shape[features.of] == PYRAMIDAL
    if not chosen.any():
        return np.empty(0, dtype=object), np.empty(0, np.int64)
    here = np.flatnonzero(chosen)
    apex = _apexes(shape)[features.of[here]]
    corners = np.stack([shape.flat[here], shape.flat[shape.following[here]], apex], axis=1)
    return np.asarray(shapely.polygons(corners)), features.of[here]


def _apexes(shape: Outlines) -> Floats:
    return shapely.get_coordinates(shapely.centroid(polygons_of(shape)))


def _rise(flat: Floats, feature: Indexes, pitch: Pitch, plan: Plan) -> Floats:
    """(v,) metres above the eaves at corners of pieces."""
    offset = flat - plan.middle[feature]
    s = np.abs(np.einsum("ij,ij->i", offset, plan.ridge[feature]))
    t = np.einsum("ij,ij->i", offset, plan.fall[feature])
    along, across = plan.along[feature], np.maximum(plan.across[feature], 1e-9)
    gable = 1.0 - np.abs(t) / across
    hip = np.minimum(gable, (along - s) / np.minimum(np.maximum(along, 1e-9), across))
    slope = (1.0 - t / across) / 2.0
    kind = pitch.shape[feature]
    share = np.select([kind == GABLED, kind == HIPPED, kind == SKILLION], [gable, hip, slope], default=0.0)
    share = np.where(kind == PYRAMIDAL, _at_apex(kind == PYRAMIDAL), share)
    return np.asarray(np.clip(share, 0.0, 1.0) * pitch.rise_m[feature])


def _at_apex(pyramidal: NDArray[np.bool_]) -> Floats:
    """1 at every third corner: a fan's triangles end in the apex."""
    place = np.cumsum(pyramidal) - 1
    return np.asarray(place % 3 == 2, dtype=np.float64)


def _welded(flat: Floats, feature: Indexes) -> Indexes:
    """(v,) number of each corner, the same for corners of one feature that coincide."""
    cells = np.rint(flat / _GRID_M).astype(np.int64)
    return unique_rows(np.column_stack([cells, feature]))[1]


def _rims(
    corners: Indexes, owner: Indexes, count: int, pieces: Outlines, shape: Outlines
) -> tuple[Indexes, Indexes]:
    """Half-edges (3 t + k, in the triangles given) that have no partner, and features that make no sound roof.

    A sound roof covers its footprint once: no edge twice in the same direction, and the areas agree.
    """
    start, end = corners.reshape(-1), np.roll(corners, -1, axis=1).reshape(-1)
    size = int(corners.max(initial=0)) + 1
    forward, backward = start * size + end, end * size + start
    alone = ~np.isin(forward, backward)
    distinct, counts = np.unique(forward, return_counts=True)
    doubled = np.isin(forward, distinct[counts > 1])
    bad = np.zeros(count, dtype=bool)
    bad[np.repeat(owner, 3)[doubled]] = True
    covered = _areas(pieces, pieces.part_rows, count)
    features = corners_of(shape)
    wanted = _areas(shape, np.searchsorted(features.rows, shape.part_rows), count)
    bad |= np.abs(covered - wanted) > 1e-3 * np.maximum(wanted, 1e-6)
    return np.flatnonzero(alone), np.flatnonzero(bad)


def _areas(shape: Outlines, owner: Indexes, count: int) -> Floats:
    """(count,) square metres of the polygons of each owner; holes run the other way."""
    after = shape.following
    twice = shape.flat[:, 0] * shape.flat[after, 1] - shape.flat[after, 0] * shape.flat[:, 1]
    total = np.bincount(np.repeat(owner, shape.part_counts), weights=twice, minlength=count)
    return np.asarray(total / 2.0)


def _faces(context: _Context, triangles: Indexes, owner: Indexes, part: Indexes) -> Shapes:
    """The roof itself: vertices of each plane of their own, so that it is shaded flat."""
    used, local = np.unique(triangles, return_inverse=True)
    places, _ = context.at(used, context.upper[used])
    corners = places[local.reshape(-1, 3)]
    normals = cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    of_part = np.zeros((int(part.max()) + 1, 3))
    np.add.at(of_part, part, normals)
    shading = np.empty((len(used), 3))
    shading[local.reshape(-1)] = np.repeat(unit(of_part)[part], 3, axis=0)
    return _shapes(context, (places, shading, used), local.reshape(-1, 3), owner, ROOF)


def _underside(context: _Context, triangles: Indexes, owner: Indexes) -> Shapes:
    used, local = np.unique(triangles, return_inverse=True)
    places, up = context.at(used, context.lower[used])
    return _shapes(context, (places, -up, used), local.reshape(-1, 3)[:, ::-1], owner, BODY)


def _walls(context: _Context, triangles: Indexes, rims: Indexes) -> Shapes:
    """A wall of four vertices below each half-edge without partner."""
    flat = triangles.reshape(-1)
    start, end = flat[rims], flat[rims - rims % 3 + (rims + 1) % 3]
    low, up = context.at(start, context.lower[start])
    low_end, _ = context.at(end, context.lower[end])
    high, _ = context.at(start, context.upper[start])
    high_end, _ = context.at(end, context.upper[end])
    places = np.stack([low, low_end, high_end, high], axis=1).reshape(-1, 3)
    outward = np.repeat(unit(cross(low_end - low, up)), 4, axis=0)
    quads = 4 * np.arange(len(rims))[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])
    owner = np.repeat(context.feature[start], 2)
    return _shapes(context, (places, outward, np.repeat(start, 4)), quads.reshape(-1, 3), owner, BODY)


def _shapes(
    context: _Context, vertices: tuple[Floats, Floats, Indexes], triangles: Indexes, owner: Indexes, slot: int
) -> Shapes:
    """Vertices (places, normals, corner that each is of) and triangles of features in ascending order, a mesh for each."""
    places, normals, corner = vertices
    here, counts = np.unique(context.feature[corner], return_counts=True)
    per_feature = np.unique(owner, return_counts=True)[1]
    first = np.repeat(starts(counts), per_feature)
    return Shapes(
        rows=context.rows[here],
        vertex_counts=counts,
        triangle_counts=per_feature,
        positions=places,
        normals=normals.astype(np.float32),
        triangles=triangles - first[:, None],
        slots=np.full(len(triangles), slot, dtype=np.uint8),
    )
