"""Points: a model at each, turned and sized."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import Floats
from bim_import.gis.drawing.context import DRAWN, Batch, Note
from bim_import.gis.rules.measures import texts
from bim_import.gis.rules.values import Rule
from bim_import.gis.shapes.joined import Indexes
from twin.source import NotDrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where models stand: `rows` (k,) of the batch, `model` names, `transforms` (k, 3, 4) to local metres at scale 1,
    `scale` (k,) factors, `size` (k,) heights in metres that are wanted, NaN: the model's own.
    """

    rows: Indexes
    model: NDArray[np.object_]
    transforms: Floats
    scale: Floats
    size: Floats


def stands(batch: Batch, rule: Rule, rows: Indexes) -> Stand | None:
    """Where the models of `rows` stand; one row may have several points."""
    mixed = rows[shapely.get_type_id(batch.shapes[rows]) == 7]
    if len(mixed):
        batch.shapes[mixed] = [_points_of(shape) for shape in batch.shapes[mixed]]
        batch.notes[Note.COLLECTION] += len(mixed)
    native, row_of = _native(batch, rule, rows)
    geographic = batch.frame.to_geographic(native)
    there = np.isfinite(geographic).all(axis=1)
    bad_input = ~np.isfinite(native).all(axis=1)
    batch.refuse(np.unique(row_of[bad_input]), NotDrawn.INVALID_COORDINATES)
    nowhere = np.setdiff1d(row_of[~there & ~bad_input], row_of[there])
    batch.refuse(nowhere, NotDrawn.NOWHERE)
    geographic, row_of = geographic[there], row_of[there]
    batch.reasons[row_of] = DRAWN
    if not len(row_of):
        return None
    told = native[there, 2] != 0.0
    return Stand(
        rows=row_of,
        model=texts(rule.model, batch.columns)[row_of],
        transforms=_transforms(batch, rule, row_of, _on_ground(batch, geographic, row_of, told)),
        scale=_positive(batch.measured(rule.scale, row_of), 1.0),
        size=_positive(batch.measured(rule.size, row_of), np.nan),
    )


def _points_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPoint([part for part in parts if shapely.get_type_id(part) == 0])


def _native(batch: Batch, rule: Rule, rows: Indexes) -> tuple[Floats, Indexes]:
    shapes = batch.shapes[rows]
    deep = bool(shapely.has_z(shapes).any())
    points, place = shapely.get_coordinates(shapes, include_z=deep, return_index=True)
    row_of = rows[place]
    height = np.nan_to_num(points[:, 2]) if deep else np.zeros(len(points))
    base = batch.measured(rule.base, row_of)
    height = np.where(np.isfinite(base), base, height)
    return np.column_stack([points[:, :2], height]), row_of


def _on_ground(batch: Batch, points: Floats, row_of: Indexes, told: NDArray[np.bool_]) -> Floats:
    """Points without a height of their own stand on the terrain."""
    if batch.ground is None:
        return points
    ground = batch.ground.heights(points[:, 0], points[:, 1])
    off = ~told & ~np.isfinite(ground)
    ground[off] = batch.near_ground(points[off], row_of[off])
    height = np.where(~told & np.isfinite(ground), ground, points[:, 2])
    return np.column_stack([points[:, :2], height])


def _transforms(batch: Batch, rule: Rule, row_of: Indexes, points: Floats) -> Floats:
    """(k, 3, 4): the model's y axis points to its heading (clockwise from north), its z axis up."""
    points = points + np.array([0.0, 0.0, rule.offset])
    places, up = batch.frame.plane.local_and_up(points)
    east = np.cross(batch.frame.plane.pole, up)
    length = np.linalg.norm(east, axis=1, keepdims=True)
    east = np.where(length > 1e-9, east / np.where(length > 0.0, length, 1.0), np.array([1.0, 0.0, 0.0]))
    north = np.cross(up, east)
    turn = np.radians(np.nan_to_num(batch.measured(rule.heading, row_of)))[:, None]
    right = east * np.cos(turn) - north * np.sin(turn)
    ahead = east * np.sin(turn) + north * np.cos(turn)
    return np.stack([right, ahead, up, places], axis=2)


def _positive(values: Floats, instead: float) -> Floats:
    return np.where(np.isfinite(values) & (values > 0.0), values, instead)
