"""Layers through GDAL, as Arrow batches."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pyogrio.errors
from pyogrio.raw import open_arrow

from bim_import.gis.columns import MEANING, is_text, sound_texts
from bim_import.gis.reading.batches import ROWS, Features, Layer, Reading
from bim_import.gis.reading.content import check_content
from bim_import.gis.reading.curves import has_curves, straightened
from bim_import.placement.layer import LayerCrs
from twin.errors import DamagedSource

_BEYOND = 2.0**63

_ADVICE = "Open it in the program that made it and export it again."
_FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pa.ArrowInvalid,
)


def damaged(source: str, error: Exception) -> DamagedSource:
    """What GDAL said, as an error of this software."""
    said = str(error).strip().rstrip(".").splitlines()
    return DamagedSource(
        source, f"it cannot be read ({said[0][:200] if said else type(error).__name__})", _ADVICE
    )


def layer_names(path: str, source: str) -> tuple[list[str], list[str]]:
    """Names of the layers of a file, in its order, and of its tables without geometry. Raises DamagedSource, UnsupportedSource."""
    check_content(path, source)
    try:
        listed = [(str(name), kind is None) for name, kind in pyogrio.list_layers(path)]
        return [name for name, bare in listed if not bare], [name for name, bare in listed if bare]
    except _FAULTS as error:
        raise damaged(source, error) from error


def ogr_layer(
    path: str, name: str | None, *, source: Path, title: str, options: dict[str, str] | None = None
) -> Layer:
    """Layer `name` of a file (None: its first) that GDAL opens with `options`. Reading it raises DamagedSource, UnsupportedSource."""
    return Layer(name=title, read=partial(read_ogr, path, name, source=source, options=options or {}))


def read_ogr(
    path: str, name: str | None, *, source: Path, options: dict[str, str], id_column: str | None = None
) -> Reading:
    """Open a layer and begin to read. Opening may take as long as reading: GDAL looks through JSON and CSV for types."""
    steps = _steps(path, name, source, options)
    declared = next(steps)
    assert not isinstance(declared, Features)
    return Reading(
        crs=declared, features=(each for each in steps if isinstance(each, Features)), id_column=id_column
    )


@contextmanager
def _opened(
    path: str, layer: str | None, source: Path, options: dict[str, str]
) -> Iterator[tuple[dict[str, Any], Any]]:
    """`open_arrow` whose errors are ours, also those that come while batches are read."""
    check_content(path, str(source))
    try:
        with open_arrow(
            path,
            layer=layer,
            batch_size=ROWS,
            use_pyarrow=True,
            return_fids=True,
            datetime_as_string=True,
            **options,
        ) as opened:
            yield opened
    except UnicodeDecodeError as error:
        raise DamagedSource(
            str(source),
            "the names of its columns are not in the encoding that it states",
            "Export it again in UTF-8, or correct what it states (the .cpg of a Shapefile).",
        ) from error
    except (*_FAULTS, OSError) as error:
        raise damaged(str(source), error) from error


def _declared(meta: dict[str, Any]) -> LayerCrs | None:
    crs = meta.get("crs")
    return LayerCrs(what="file", name=str(crs)) if crs else None


def _steps(
    path: str, name: str | None, source: Path, options: dict[str, str]
) -> Iterator[Features | LayerCrs | None]:
    """First the CRS that the file declares, then its features."""
    with _opened(path, name, source, options) as (meta, reader):
        yield _declared(meta)
        first = 0
        for batch in reader:
            if not len(batch):
                continue
            features = _as_features(batch, meta["fid_column"], meta["geometry_name"])
            if has_curves(features.geometry):
                yield from straightened(path, name, options, first)
                return
            yield features
            first += len(batch)


def _as_features(batch: pa.RecordBatch, fid_name: str, geometry_name: str) -> Features:
    """A batch as GDAL gives it: the first column is its own number of each feature, even if another has that name, too."""
    names = batch.schema.names
    fid = names.index(fid_name)
    place = geometry_place(batch.schema, geometry_name)
    kept = [index for index in range(len(names)) if index not in {fid, place}]
    return Features(
        fids=batch.column(fid).to_numpy(zero_copy_only=False).astype(np.int64),
        geometry=pa.nulls(len(batch), pa.binary()) if place is None else batch.column(place),
        table=_table(batch, kept, _distinct([names[index] for index in kept])),
    )


def _table(batch: pa.RecordBatch, kept: list[int], names: list[str]) -> pa.RecordBatch:
    """Columns of a batch under these names. What GDAL says of texts (JSON, dates with times) is told by their metadata."""
    columns, fields = [], []
    for index, name in zip(kept, names, strict=True):
        column, said = batch.column(index), batch.schema.field(index).metadata or {}
        meaning = "date and time" if said.get(b"GDAL:OGR:type") == b"DateTime" else None
        if isinstance(column, pa.ExtensionArray):
            meaning, column = ("json" if "json" in column.type.extension_name else meaning), column.storage
        column = sound_texts(column)
        metadata = {MEANING: meaning} if meaning and is_text(column.type) else None
        columns.append(column)
        fields.append(pa.field(name, column.type, metadata=metadata))
    _tell_of_lost_digits(columns, names)
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def _tell_of_lost_digits(columns: list[pa.Array], names: list[str]) -> None:
    """GDAL reads whole numbers that 64 bits do not hold as real ones, and says nothing of it."""
    for name, column in zip(names, columns, strict=True):
        if not pa.types.is_float64(column.type) or column.null_count == len(column):
            continue
        least, most = pc.min_max(column).values()
        if max(-least.as_py(), most.as_py()) >= _BEYOND and np.isfinite([least.as_py(), most.as_py()]).all():
            warnings.warn(
                f"The column {name} has numbers of 2⁶³ and more, read as real: whole ones have lost their last digits.",
                stacklevel=2,
            )


def _distinct(names: list[str]) -> list[str]:
    """Names of which each occurs once: later ones get `_2`, `_3` … behind them."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def geometry_place(schema: pa.Schema, named: str) -> int | None:
    """Index of the column with WKB; None where the layer has no geometry."""
    for index, field in enumerate(schema):
        extension = (field.metadata or {}).get(b"ARROW:extension:name", b"")
        if extension in {b"geoarrow.wkb", b"ogc.wkb"}:
            return index
    return schema.names.index(named) if named and named in schema.names else None
