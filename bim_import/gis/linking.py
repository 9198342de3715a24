"""The ends of lines and the points of all layers of a source, collected while it is read, and what they come to: who feeds whom."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import Columns
from bim_import.gis.network import (
    END_LEVELS,
    FROM_NODES,
    START_LEVELS,
    TO_NODES,
    Pairs,
    by_place,
    directed,
    told,
    turned_by_names,
    with_names,
)
from bim_import.gis.reading.batches import Features
from bim_import.placement.layer import LayerFrame

_LINES = (2, 5)
_POINTS = (1,)
_VARIANTS = (0, 1000, 2000, 3000)
"""WKB types (OGC 06-103r4, section 8.2.8): a line, several; a point. With heights and measures, some thousands more."""


@dataclass(slots=True)
class _Lines:
    """Lines of one layer: numbers of appearance, both ends in local metres (NaN: no height), names of their nodes."""

    rows: list[NDArray[np.int64]] = field(default_factory=list)
    starts: list[NDArray[np.float64]] = field(default_factory=list)
    ends: list[NDArray[np.float64]] = field(default_factory=list)
    from_nodes: list[str | None] = field(default_factory=list)
    to_nodes: list[str | None] = field(default_factory=list)


class Linking:
    """Collects what a network consists of."""

    def __init__(self) -> None:
        self._layers: dict[int, _Lines] = {}
        self._point_rows: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        self._points: list[NDArray[np.float64]] = [np.empty((0, 3))]

    def add(self, layer: int, frame: LayerFrame, features: Features, first: int) -> None:
        """Take the lines and points among features, the first of which has number `first` in the source."""
        lines, points = _of_kinds(features.geometry, _LINES), _of_kinds(features.geometry, _POINTS)
        if not len(lines) and not len(points):
            return
        shapes = features.shapes()
        if len(points):
            coordinates = _coordinates(frame, shapes[points])
            self._point_rows.append(points + first)
            self._points.append(coordinates)
        if len(lines):
            self._add_lines(self._layers.setdefault(layer, _Lines()), frame, features, (shapes, lines, first))

    def _add_lines(
        self,
        known: _Lines,
        frame: LayerFrame,
        features: Features,
        found: tuple[NDArray[np.object_], NDArray[np.int64], int],
    ) -> None:
        shapes, rows, first = found
        parts = shapely.get_num_geometries(shapes[rows])
        begin = shapely.get_point(shapely.get_geometry(shapes[rows], 0), 0)
        finish = shapely.get_point(shapely.get_geometry(shapes[rows], parts - 1), -1)
        starts, ends = _coordinates(frame, begin), _coordinates(frame, finish)
        _take_levels(features.table, rows, starts, ends)
        known.rows.append(rows + first)
        known.starts.append(starts)
        known.ends.append(ends)
        names = [_column(features.table, wanted) for wanted in (FROM_NODES, TO_NODES)]
        for kept, name in zip((known.from_nodes, known.to_nodes), names, strict=True):
            texts = [None] * len(features) if name is None else _texts(features.table.column(name))
            kept.extend(texts[row] for row in rows.tolist())

    def pairs(self) -> Pairs:
        """(k, 2) numbers of appearance: the first feeds the second."""
        points = np.concatenate(self._points)
        rows_of_points = np.concatenate(self._point_rows)
        found = [np.empty((0, 2), np.int64)]
        for lines in self._layers.values():
            rows = np.concatenate(lines.rows)
            names = (lines.from_nodes, lines.to_nodes)
            starts, ends = np.concatenate(lines.starts), np.concatenate(lines.ends)
            turned = np.where(told(*names), turned_by_names(starts, ends, *names), directed(starts, ends))
            starts, ends = (np.where(turned[:, None], *pair) for pair in ((ends, starts), (starts, ends)))
            here = np.isfinite(starts[:, :2]).all(axis=1) & np.isfinite(ends[:, :2]).all(axis=1)
            placed = np.isfinite(points[:, :2]).all(axis=1)
            local = np.concatenate([np.flatnonzero(here), len(rows) + np.flatnonzero(placed)])
            spots = local[by_place(starts[here], ends[here], points[placed])]
            found.append(np.concatenate([rows, rows_of_points])[with_names(spots, *names)])
        return np.concatenate(found)


def _of_kinds(geometry: pa.Array, kinds: tuple[int, ...]) -> NDArray[np.int64]:
    """Rows of these types, told by the head of their WKB: most layers have none, and are not read for it."""
    heads = [
        order + (kind + variant).to_bytes(4, name)  # type: ignore[arg-type]  # a literal
        for kind in kinds
        for variant in _VARIANTS
        for order, name in ((b"\1", "little"), (b"\0", "big"))
    ]
    heads += [
        b"\1" + (kind | 0x8000_0000).to_bytes(4, "little") for kind in kinds
    ]  # heights as PostGIS writes them
    head = pc.binary_slice(geometry, 0, 5)
    found = pc.is_in(head, value_set=pa.array(heads, head.type))
    return np.flatnonzero(found.to_numpy(zero_copy_only=False))


def _coordinates(frame: LayerFrame, points: NDArray[np.object_]) -> NDArray[np.float64]:
    """(n, 3) local metres east and north, height as it is stated; NaN for what is empty."""
    plain = np.full((len(points), 3), np.nan)
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    plain[there] = shapely.get_coordinates(points[there], include_z=True)
    known = np.isfinite(plain[:, :2]).all(axis=1)
    flat = np.column_stack([plain[known, :2], np.zeros(int(known.sum()))])
    if len(flat):
        plain[known, :2] = frame.to_local(flat)[:, :2]
    return plain


def _take_levels(
    table: pa.RecordBatch, rows: NDArray[np.int64], starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> None:
    """Put the levels that columns tell of both ends of a line in place of its geometry's heights: surveys of sewers say them so."""
    names = [_column(table, wanted) for wanted in (START_LEVELS, END_LEVELS)]
    if names[0] is None or names[1] is None:
        return
    columns = Columns(table)
    first, last = (columns.numbers(name)[rows] for name in names if name is not None)
    told = np.isfinite(first) & np.isfinite(last)
    starts[told, 2], ends[told, 2] = first[told], last[told]


def _column(table: pa.RecordBatch, wanted: tuple[str, ...]) -> str | None:
    names = {name.casefold(): name for name in table.schema.names}
    return next((names[name] for name in wanted if name in names), None)


def _texts(column: pa.Array) -> list[str | None]:
    return [None if value is None else str(value) for value in column.to_pylist()]
