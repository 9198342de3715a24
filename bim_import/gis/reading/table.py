"""CSV and Parquet files: tables, with or without a geometry column."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bim_import.gis.reading.batches import ROWS, Features, Layer, Reading, nothing
from bim_import.gis.reading.kinds import converted, kinds_of
from bim_import.gis.reading.ogr import damaged, read_ogr
from bim_import.gis.reading.points import Coordinates, coordinates_of, point_geometry
from bim_import.gis.reading.shapefile import guessed
from bim_import.placement.layer import LayerCrs
from twin.errors import UnsupportedSource

_SAMPLE = 4 << 20

_WGS84 = LayerCrs(what="column names", name="EPSG:4326")
"""What longitude and latitude mean where nothing else is said."""


def csv_layer(path: Path, workspace: Path, *, title: str) -> Layer:
    """A CSV file as a layer. Reading it raises UnsupportedSource where no columns are coordinates."""
    return Layer(name=title, read=partial(_read_csv, path, workspace))


def _read_csv(path: Path, workspace: Path) -> Reading:
    readable = str(_as_utf8(path, workspace))
    looked = read_ogr(readable, None, source=path, options={})
    kinds = kinds_of(features.table for features in looked.features)
    texts = read_ogr(readable, None, source=path, options={})
    typed = (replace(each, table=converted(each.table, kinds)) for each in texts.features)
    return _placed(Reading(crs=texts.crs, features=typed), path)


def _as_utf8(path: Path, workspace: Path) -> Path:
    """The file itself, or a copy in UTF-8 (named .csv, which GDAL goes by)."""
    with path.open("rb") as file:
        encoding = guessed(file.read(_SAMPLE))
    if encoding == "UTF-8" and path.suffix.lower() == ".csv":
        return path
    workspace.mkdir(parents=True, exist_ok=True)
    copy = workspace / "table.csv"
    with (
        path.open(encoding=encoding, errors="replace", newline="") as read,
        copy.open("w", newline="") as write,
    ):
        while block := read.read(1 << 20):
            write.write(block)
    return copy


def _placed(plain: Reading, path: Path) -> Reading:
    """The rows of a table with points made of its coordinate columns."""
    first = next(plain.features, None)
    if first is None:
        return nothing()
    schema = first.table.schema
    columns = coordinates_of(schema)
    if columns is None:
        shown = ", ".join(schema.names[:12])
        raise UnsupportedSource(
            str(path),
            f"none of its columns are coordinates ({shown})",
            "Name two of them lon and lat, or x and y (with --crs), or one WKT.",
        )
    batches = _with_points(chain([first], plain.features), columns)
    return Reading(crs=_WGS84 if columns.angular else plain.crs, features=batches)


def _with_points(batches: Iterator[Features], columns: Coordinates) -> Iterator[Features]:
    for batch in batches:
        geometry = point_geometry(batch.table, columns)
        yield Features(fids=batch.fids, geometry=geometry, table=batch.table)


def parquet_layer(path: Path, *, title: str) -> Layer:
    """A GeoParquet file, or a Parquet table with coordinate columns. Reading raises DamagedSource, UnsupportedSource."""
    return Layer(name=title, read=partial(_read_parquet, path))


def _read_parquet(path: Path) -> Reading:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(str(path), error) from error
    try:
        described = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        column = described.get("primary_column")
        facts = {} if column is None else dict(described["columns"][column])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damaged(str(path), ValueError("its `geo` metadata are not as GeoParquet has them")) from error
    if column is None:
        return _placed(Reading(crs=None, features=_parquet(path, None, set())), path)
    if str(facts.get("encoding", "WKB")).upper() != "WKB":
        raise UnsupportedSource(
            str(path),
            f"its geometry is encoded as {facts['encoding']}",
            "Write it with WKB, which every GeoParquet writer does by default.",
        )
    left = {column, *(name for name in _covering(facts) if name)}
    return Reading(crs=_parquet_crs(facts), features=_parquet(path, column, left))


def _covering(facts: dict[str, Any]) -> Iterator[str | None]:
    """Columns with the box of each feature (GeoParquet 1.1, "covering"): no properties."""
    for place in facts.get("covering", {}).get("bbox", {}).values():
        yield place[0] if isinstance(place, list) and place else None


def _parquet_crs(facts: dict[str, Any]) -> LayerCrs | None:
    """GeoParquet 1.1: absent means OGC:CRS84, null means unknown, else PROJJSON."""
    if "crs" not in facts:
        return LayerCrs(what="GeoParquet", name="EPSG:4326")
    found = facts["crs"]
    if found is None:
        return None
    known = found.get("id") or {}
    if {"authority", "code"} <= known.keys():
        name = f"{known['authority']}:{known['code']}"
        return LayerCrs(what="GeoParquet", name="EPSG:4326" if name == "OGC:CRS84" else name)
    return LayerCrs(what="GeoParquet", name=json.dumps(found))


def _parquet(path: Path, column: str | None, left: set[str]) -> Iterator[Features]:
    try:
        with pq.ParquetFile(path) as file:
            at = 0
            for batch in file.iter_batches(batch_size=ROWS):
                kept = [name for name in batch.schema.names if name not in left]
                geometry = pa.nulls(len(batch), pa.binary())
                if column is not None:
                    geometry = batch.column(column).cast(pa.binary())
                yield Features(
                    fids=np.arange(at, at + len(batch)), geometry=geometry, table=batch.select(kept)
                )
                at += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(str(path), error) from error
