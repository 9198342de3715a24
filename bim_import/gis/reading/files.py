"""The layers of a file, by what kind of file it is."""

import json
import warnings
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyogrio

from bim_import.archives import DAMAGED, check_directory, check_ratio
from bim_import.gis.osm import osm_layers
from bim_import.gis.reading.batches import Layer, Reading, nothing
from bim_import.gis.reading.content import keep_local
from bim_import.gis.reading.ogr import layer_names, ogr_layer, read_ogr
from bim_import.gis.reading.shapefile import companion, encoding_of
from bim_import.gis.reading.table import csv_layer, parquet_layer
from bim_import.gis.reading.text import as_sequence, as_utf8, large_as_texts, looked_at, sound_lines
from bim_import.placement.layer import LayerCrs
from twin.errors import DamagedSource, UnsupportedSource
from twin.frames import find_crs

_JSON = frozenset({".json", ".geojson", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"})
_OSM = (".pbf", ".osm", ".osm.bz2", ".osm.gz")
_SCHEMAS = {
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".fgb": "FlatGeobuf",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".kml": "KML",
    ".gml": "GML",
}
_INSIDE_ZIP = (".shp", ".gpkg", ".fgb", ".geojson", ".json", ".csv", ".parquet", ".geojsonl")
_MOST_BYTES = 64 << 30
"""Unpacked size above which an archive is refused: sixty-four times a country's buildings."""


_MOST_NAME = 255
"""Bytes that a file system takes for a name."""

_PARTS = "Unpack it and import the parts."


class Opened:
    """A file's layers. `schema` names its format for people; `unique_ids`: ids of features differ in all layers together.

    `tables` are those of its tables that have no geometry, and are no layers.
    """

    def __init__(
        self, schema: str, layers: list[Layer], *, unique_ids: bool = False, tables: Sequence[str] = ()
    ) -> None:
        self.schema = schema
        self.layers = layers
        self.unique_ids = unique_ids
        self.tables = tables


def open_layers(path: Path, workspace: Path) -> Opened:
    """All layers of a file. What must be unpacked or rewritten goes to the folder `workspace`.

    Raises DamagedSource, UnsupportedSource.
    """
    keep_local()
    pyogrio.set_gdal_config_options({"OGR_GEOJSON_MAX_OBJ_SIZE": 0})
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _from_zip(path, workspace)
    if path.name.lower().endswith(_OSM):
        return Opened("OpenStreetMap", osm_layers(path, workspace), unique_ids=True)
    if suffix in _JSON or _starts_like_json(path):
        return Opened("GeoJSON", [_json_layer(path, workspace)])
    schema = _SCHEMAS.get(suffix, "GIS")
    if schema == "CSV":
        return Opened(schema, [csv_layer(path, workspace, title=path.stem)])
    if schema == "GeoParquet":
        return Opened(schema, [parquet_layer(path, title=path.stem)])
    if schema == "Shapefile":
        return Opened(schema, [_shapefile(path)])
    names, tables = layer_names(str(path), str(path))
    return Opened(schema, _several(path, names), tables=tables)


def _starts_like_json(path: Path) -> bool:
    if path.suffix.lower() in _SCHEMAS:
        return False
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1] in {b"{", b"["}


def _several(path: Path, names: list[str]) -> list[Layer]:
    titles = names if len(names) > 1 else [path.stem]
    return [
        ogr_layer(str(path), name, source=path, title=title)
        for name, title in zip(names, titles, strict=True)
    ]


def _shapefile(path: Path) -> Layer:
    if companion(path, ".shx") is None or companion(path, ".dbf") is None:
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
    encoding = encoding_of(path)
    # Whole numbers in columns as wide as many programs write them would else be read as floats, their last digits lost.
    options = {"ADJUST_TYPE": "YES"} | ({"encoding": encoding} if encoding else {})
    return ogr_layer(str(path), None, source=path, title=path.stem, options=options)


def _json_layer(path: Path, workspace: Path) -> Layer:
    return Layer(name=path.stem, read=partial(_read_json, path, workspace))


def _read_json(path: Path, workspace: Path) -> Reading:
    if not path.stat().st_size:
        raise DamagedSource(str(path), "it is empty", "Export it again.")
    text = as_utf8(path, workspace)
    look = looked_at(text)
    id_column = "id" if look.text_ids else None
    if look.kind == "document":
        if not look.is_object:
            raise DamagedSource(str(path), "it is no GeoJSON", "Name it as what it is, or export it again.")
        _check_crs(look.crs)
        try:
            return read_ogr(str(text), None, source=path, options={}, id_column=id_column)
        except DamagedSource as error:
            if _TOO_LARGE not in str(error):
                raise
        text = large_as_texts(text, workspace)
        return read_ogr(str(text), None, source=path, options={}, id_column=id_column)
    workspace.mkdir(parents=True, exist_ok=True)
    lines = workspace / "features.geojsonl"
    count = as_sequence(text, lines) if look.kind == "list" else sound_lines(text, lines)
    if not count:
        return nothing(_RFC7946)
    return read_ogr(f"GeoJSONSeq:{lines}", None, source=path, options={}, id_column=id_column)


_TOO_LARGE = "Unrecognized number"
"""What GDAL says of a GeoJSON file with a whole number from 2⁶³ to 10¹⁹."""


def _check_crs(member: Any) -> None:
    """Warn of a `crs` member that GDAL passes over: its coordinates are taken for WGS 84 then."""
    if not isinstance(member, dict) or member.get("type") == "EPSG":
        return
    properties = member.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and ("CRS84" in name.upper() or find_crs(name) is not None):
        return
    shown = name if isinstance(name, str) else json.dumps(member, ensure_ascii=False)
    warnings.warn(
        f"Its crs member ({shown[:80]}) names no CRS that is known: its coordinates are read as WGS 84. "
        "If they are not, name theirs with --crs.",
        stacklevel=2,
    )


_RFC7946 = LayerCrs(what="RFC 7946", name="EPSG:4326")


def _from_zip(path: Path, workspace: Path) -> Opened:
    """The one or several layers of an archive, unpacked under their plain names."""
    folder = workspace / "unpacked"
    folder.mkdir(parents=True, exist_ok=True)
    check_directory(str(path), path, _PARTS)
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(path, archive, folder)
    except DAMAGED as error:
        raise DamagedSource(
            str(path),
            f"it cannot be unpacked ({error})",
            "Pack it again as a plain .zip (Deflate), without a password.",
        ) from error
    inside = sorted(file for file in folder.iterdir() if file.suffix.lower() in _INSIDE_ZIP)
    if not inside:
        raise UnsupportedSource(
            str(path), "no map layer in this archive", f"It should hold one of {', '.join(_INSIDE_ZIP)}."
        )
    opened = [open_layers(file, workspace / file.stem) for file in inside]
    layers = [layer for each in opened for layer in each.layers]
    return Opened(opened[0].schema, layers, tables=[table for each in opened for table in each.tables])


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    """Raises UnsupportedSource, and what zipfile raises."""
    members = [item for item in archive.infolist() if not item.is_dir() and "__MACOSX" not in item.filename]
    unpacked = sum(item.file_size for item in members)
    if unpacked > _MOST_BYTES:
        raise UnsupportedSource(str(path), "it would unpack to more than 64 GB", _PARTS)
    check_ratio(str(path), unpacked=unpacked, packed=path.stat().st_size, advice=_PARTS)
    _check_names(path, [_plain_name(item) for item in members])
    for item in members:
        with archive.open(item) as read, (folder / _plain_name(item)).open("wb") as write:
            while block := read.read(1 << 20):
                write.write(block)


def _check_names(path: Path, names: list[str]) -> None:
    """Raises where two layers of an archive have one name: the second would take the place of the first."""
    layers = [name for name in names if Path(name).suffix.lower() in _INSIDE_ZIP]
    twice = next((name for name in layers if layers.count(name) > 1), None)
    if twice is not None:
        raise UnsupportedSource(
            str(path), f"several folders in it have a {twice}", "Unpack it and import the folders one by one."
        )
    long = next((name for name in names if len(name.encode()) > _MOST_NAME), None)
    if long is not None:
        raise UnsupportedSource(str(path), f"a name in it is too long ({long[:40]}…)", _PARTS)


def _plain_name(item: zipfile.ZipInfo) -> str:
    """The last part of a member's path; names that are not said to be UTF-8 are GBK where that is possible."""
    name = item.filename
    if not item.flag_bits & 0x800:
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "unnamed" if plain in {"", ".", ".."} else plain
