"""From batches in the order of the source to tables in the order of ids: what a spool wants."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bim_import.gis import table
from bim_import.gis.ids import Numbered
from bim_import.gis.rules.values import Kept
from twin.spool import ObjectWriter
from twin.tables import NO_ORDINAL, Coded, ObjectTable, PropertyColumn, TextArray

SET_NAME = "attributes"
"""Name of the one property set of a feature: what GIS programs call its columns."""

_ROWS = 50_000
_FEW = 256
"""Distinct texts up to which a column is written as codes."""


class Held:
    """Batches of one layer on disk, in the order of the source, until all ids are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: pa.NativeFile | None = None
        self._writer: pa.RecordBatchFileWriter | None = None
        self._read: pa.RecordBatchFileReader | None = None
        self.counts: list[int] = []

    def add(self, rows: pa.RecordBatch) -> None:
        """Append a batch; all have the same columns."""
        if self._writer is None:
            self._file = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_file(self._file, _plain(rows).schema)
        self._writer.write_batch(_plain(rows))
        self.counts.append(len(rows))

    def batches(self) -> pa.RecordBatchFileReader:
        """The file, mapped."""
        if self._read is None:
            assert self._writer is not None
            assert self._file is not None
            self._writer.close()
            self._file.close()
            self._read = pa.ipc.open_file(pa.memory_map(str(self._path)))
        return self._read


def _plain(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Without dictionaries, which differ from batch to batch."""
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in rows.columns]
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLayer:
    """A layer of which all batches are held. `first`: number of its first feature; `parent`: number of its own object."""

    held: Held
    kept: tuple[Kept, ...]
    types: dict[str, str]
    first: int
    parent: int | None = None


def write_objects(folder: Path, layers: list[HeldLayer], parents: list[str], numbers: Numbered) -> None:
    """Write the tables of all features, and of `parents`, whose numbers follow the features': titles of the file and of its
    layers, which stand below it.
    """
    with ObjectWriter(folder) as writer:
        for start in range(0, len(numbers.order), _ROWS):
            chosen = numbers.order[start : start + _ROWS]
            writer.write_table(_table(start, chosen, layers, parents, numbers))


def _table(
    start: int, chosen: NDArray[np.int64], layers: list[HeldLayer], parents: list[str], numbers: Numbered
) -> ObjectTable:
    pieces = [(layer, np.flatnonzero(_within(layer, chosen))) for layer in layers]
    pieces = [(layer, places) for layer, places in pieces if len(places)]
    rows = [(layer, places, _gathered(layer, chosen[places])) for layer, places in pieces]
    total = len(chosen)
    features = np.zeros(total, dtype=bool)
    parent_numbers = np.full(total, -1, dtype=np.int64)
    for layer, places, _ in rows:
        features[places] = True
        parent_numbers[places] = -1 if layer.parent is None else layer.parent
    own = np.flatnonzero(~features)
    of_file = chosen[own] - _first_parent(layers)
    parent_numbers[own] = np.where(of_file > 0, _first_parent(layers), -1)
    found = np.where(parent_numbers < 0, NO_ORDINAL, numbers.ordinals[parent_numbers])
    layer_names = [parents[place] for place in of_file.tolist()]
    layer_classes = ["Dataset" if place == 0 else "Layer" for place in of_file.tolist()]
    return ObjectTable(
        first=start,
        global_ids=_texts(numbers.ids.take(pa.array(chosen))),
        names=_texts(_joined(rows, own, layer_names, table.NAME, total)),
        classes=_coded(_joined(rows, own, layer_classes, table.CLASS, total)),
        disciplines=_coded(_joined(rows, own, ["other"] * len(own), table.DISCIPLINE, total)),
        parents=found,
        storeys=np.full(total, NO_ORDINAL, dtype=np.int64),
        hidden=np.zeros(total, dtype=bool),
        products=features,
        properties=tuple(_properties(rows, total)),
    )


def _first_parent(layers: list[HeldLayer]) -> int:
    return sum(sum(layer.held.counts) for layer in layers)


def _within(layer: HeldLayer, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((numbers >= layer.first) & (numbers < layer.first + sum(layer.held.counts)))


def _gathered(layer: HeldLayer, numbers: NDArray[np.int64]) -> pa.RecordBatch:
    """The rows of a layer's features, in the order of `numbers`."""
    reader = layer.held.batches()
    ends = np.cumsum(layer.held.counts)
    rows = numbers - layer.first
    batch_of = np.searchsorted(ends, rows, side="right")
    begins = ends - np.array(layer.held.counts)
    taken, order = [], []
    for index in np.unique(batch_of).tolist():
        here = np.flatnonzero(batch_of == index)
        taken.append(reader.get_batch(index).take(pa.array(rows[here] - begins[index])))
        order.append(here)
    whole = pa.Table.from_batches(taken).combine_chunks().to_batches()[0] if len(taken) > 1 else taken[0]
    place = np.concatenate(order)
    if (np.diff(place) == 1).all():
        return whole
    return whole.take(pa.array(np.argsort(place)))


Rows = list[tuple[HeldLayer, NDArray[np.int64], pa.RecordBatch]]


def _joined(rows: Rows, own: NDArray[np.int64], texts: list[str], name: str, total: int) -> pa.Array:
    """A column of all layers' rows and of the layers' own objects, in place."""
    if len(rows) == 1 and not len(own):
        return rows[0][2].column(name)
    values = [each[2].column(name) for each in rows] + [pa.array(texts, type=pa.string())]
    places = np.concatenate([*(each[1] for each in rows), own])
    order = np.empty(total, dtype=np.int64)
    order[places] = np.arange(total)
    return pa.concat_arrays(values).take(pa.array(order))


def _properties(rows: Rows, total: int) -> Iterator[PropertyColumn]:
    for layer, places, batch in rows:
        for kept in layer.kept:
            column = batch.column(table.property_field(kept))
            if column.null_count == len(column):
                continue
            whole = column
            if len(column) < total:
                order = np.full(total, -1, dtype=np.int64)
                order[places] = np.arange(len(places))
                whole = column.take(pa.array(order, mask=order < 0))
            yield PropertyColumn(
                set_name=SET_NAME,
                name=kept.name,
                type=layer.types[kept.name],
                unit=kept.unit,
                values=_values(whole),
                valid=_valid(whole),
            )


def _valid(column: pa.Array) -> NDArray[np.bool_] | None:
    if not column.null_count:
        return None
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _values(column: pa.Array) -> Any:
    kind = column.type
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)
    if pa.types.is_integer(kind):
        return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    if pa.types.is_floating(kind):
        return np.asarray(pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False), dtype=np.float64)
    texts = pc.fill_null(column, "")
    coded = pc.dictionary_encode(texts)
    return _coded(texts) if len(coded.dictionary) <= min(_FEW, max(1, len(column) // 4)) else _texts(texts)


def _texts(column: pa.Array) -> TextArray:
    """The buffers of an Arrow string array, its offset taken off."""
    if column.offset or len(column) == 0:
        column = pa.concat_arrays([column, pa.array([], type=column.type)])
    _, offsets, data = column.buffers()
    if not len(column):
        return TextArray.of([])
    bounds = np.frombuffer(offsets, dtype=np.int32, count=len(column) + 1)
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    return TextArray(data=content, offsets=bounds)


def _coded(column: pa.Array) -> Coded:
    coded = pc.dictionary_encode(column)
    words = coded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    rank = np.empty(len(words), dtype=np.uint32)
    rank[order] = np.arange(len(words))
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False)).astype(np.int64)
    return Coded(codes=rank[codes], vocabulary=tuple(words[index] for index in order))
