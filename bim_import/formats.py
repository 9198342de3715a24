"""Which reader a file is for: by its suffix, and where one suffix serves several formats, by its content."""

import codecs
import mmap
import re
from enum import StrEnum
from pathlib import Path

from twin.errors import DamagedSource, UnsupportedSource


class Reader(StrEnum):
    """The readers, by what a model of theirs is called in the store."""

    IFC = "ifc"
    CITYJSON = "cityjson"
    CITYGML = "citygml"
    OSM = "osm"
    GIS = "gis"
    MESH = "mesh"
    POINTS = "points"


_BY_SUFFIX: dict[str, Reader] = {
    ".ifc": Reader.IFC,
    ".ifczip": Reader.IFC,
    ".ifcxml": Reader.IFC,
    ".pbf": Reader.OSM,
    ".osm": Reader.OSM,
    ".glb": Reader.MESH,
    ".gltf": Reader.MESH,
    ".obj": Reader.MESH,
    ".ply": Reader.MESH,
    ".stl": Reader.MESH,
    ".las": Reader.POINTS,
    ".laz": Reader.POINTS,
    ".jsonl": Reader.CITYJSON,
    ".gpkg": Reader.GIS,
    ".shp": Reader.GIS,
    ".fgb": Reader.GIS,
    ".parquet": Reader.GIS,
    ".geoparquet": Reader.GIS,
    ".geojsonl": Reader.GIS,
    ".geojsons": Reader.GIS,
    ".ndjson": Reader.GIS,
    ".csv": Reader.GIS,
    ".zip": Reader.GIS,
    ".kml": Reader.GIS,
}
"""What a suffix alone says; those of JSON and XML are looked into."""

_JSON = frozenset({".json", ".geojson", ".jsonl", ".ndjson", ".geojsonl", ".geojsons"})
_XML = frozenset({".xml", ".gml", ".citygml"})

_MAGIC: dict[bytes, Reader] = {
    b"ISO-10303-21": Reader.IFC,
    b"LASF": Reader.POINTS,
    b"glTF": Reader.MESH,
    b"SQLite format 3": Reader.GIS,
    b"fgb": Reader.GIS,
    b"PAR1": Reader.GIS,
}

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TYPES = re.compile(rb'"type"\s*:\s*"(CityJSON|CityJSONFeature|FeatureCollection|Feature)"')
_CITYGML = re.compile(rb"opengis\.net/citygml/")
_IFCXML = re.compile(rb"ifcXML", re.IGNORECASE)
_HEAD = 64 << 10
"""Bytes in which an XML file has named its namespaces: they stand in its first element."""


def known_suffixes() -> list[str]:
    """Every suffix that some reader takes, sorted."""
    return sorted({*_BY_SUFFIX, *_JSON, *_XML})


def reader_of(path: Path) -> Reader:
    """The reader for a file.

    Raises UnsupportedSource where there is none, DamagedSource where it is empty, OSError where the file cannot be read.
    """
    found = _find(path) or _by_magic(path)
    if found is not None:
        return found
    if path.is_file() and not path.stat().st_size:
        raise DamagedSource(str(path), "it is empty", "Export it again.")
    raise UnsupportedSource(
        str(path),
        "its format is not one that can be read",
        f"Readable are {', '.join(known_suffixes())}; of JSON and XML files: GeoJSON, CityJSON, CityGML.",
    )


def is_importable(path: Path) -> bool:
    """Whether a folder that is imported means this file, too. A file that cannot be read is meant: it fails by name."""
    suffix = path.suffix.lower()
    if suffix not in _JSON | _XML:
        return suffix in _BY_SUFFIX and suffix != ".zip"
    try:
        return path.is_file() and _find(path) is not None
    except OSError:
        return True


def _find(path: Path) -> Reader | None:
    suffix = path.suffix.lower()
    if suffix in _JSON:
        return _of_json(path) or _BY_SUFFIX.get(suffix)
    if suffix in _XML:
        return _of_xml(path)
    return _BY_SUFFIX.get(suffix)


def _by_magic(path: Path) -> Reader | None:
    """By the first bytes of a file whose suffix says nothing."""
    with path.open("rb") as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, reader in _MAGIC.items():
        if head.startswith(magic):
            return reader
    if head.startswith((b"{", b"[")):
        return _of_json(path)
    return _of_xml(path) if head.startswith(b"<") else None


def _of_json(path: Path) -> Reader | None:
    """By the first type that a JSON file names, wherever that stands; a bare list is one of features."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            found = _TYPES.search(text)
            if found is None and text[:2] in _UTF16:
                found = _TYPES.search(text[:_HEAD].replace(b"\0", b""))
            kind = found[1] if found else b""
    if kind.startswith(b"City"):
        return Reader.CITYJSON
    return Reader.GIS if kind else None


def _of_xml(path: Path) -> Reader | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    head = head.replace(b"\0", b"")  # UTF-16 becomes readable enough
    if _CITYGML.search(head):
        return Reader.CITYGML
    if _IFCXML.search(head):
        return Reader.IFC
    return Reader.GIS if b"opengis.net/gml" in head else None
