"""Layers with arcs: GDAL hands them over as Arrow with their curves, which no reader of WKB here knows, else as chords."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio.raw

from bim_import.gis.reading.batches import ROWS, Features

_CURVES = (8, 9, 10, 11, 12)
"""ISO 13249-3 WKB codes of CircularString, CompoundCurve, CurvePolygon, MultiCurve and MultiSurface, plus 1000 a further dimension."""

_HEADER = 5
"""Bytes of the order and the type at the start of WKB; GDAL's Arrow is little-endian throughout."""


def has_curves(geometry: pa.Array) -> bool:
    """Whether one of these geometries ((n,) WKB or null) is of a type that has arcs."""
    wide = pa.types.is_large_binary(geometry.type)
    _, offsets, data = geometry.buffers()
    if data is None or not len(geometry):
        return False
    edges = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)
    edges = edges[geometry.offset : geometry.offset + len(geometry) + 1]
    starts = edges[:-1][np.diff(edges) >= _HEADER]
    texts = np.frombuffer(data, dtype=np.uint8)
    kinds = sum(texts[starts + 1 + place].astype(np.uint32) << np.uint32(8 * place) for place in range(4))
    return bool(np.isin(np.asarray(kinds) % 1000, _CURVES).any())


def straightened(path: str, name: str | None, options: dict[str, str], first: int) -> Iterator[Features]:
    """The features of a layer from number `first` on, arcs as GDAL strokes them. Raises pyogrio's errors."""
    warnings.warn("Curves were taken as chords of 4° each.", stacklevel=2)
    while True:
        meta, fids, geometry, columns = pyogrio.raw.read(
            path,
            layer=name,
            skip_features=first,
            max_features=ROWS,
            return_fids=True,
            datetime_as_string=True,
            **options,
        )
        if len(fids):
            yield _features(meta, fids, geometry, columns)
        first += len(fids)
        if len(fids) < ROWS:
            return


def _features(meta: dict[str, Any], fids: Any, geometry: Any, columns: Any) -> Features:
    arrays = [pa.array(column, from_pandas=True) for column in columns]
    return Features(
        fids=np.asarray(fids, dtype=np.int64),
        geometry=pa.array(geometry, type=pa.binary()),
        table=pa.RecordBatch.from_arrays(arrays, names=[str(field) for field in meta["fields"]]),
    )
