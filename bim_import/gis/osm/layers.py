"""OpenStreetMap extracts: one reading of the file, areas put together from their ways, a layer a theme.

Features go to Arrow files beside the spool as they come, so that memory holds a batch of each layer, the positions of
nodes (16 bytes each, for the ways) and the ways of multipolygons.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import osmium
import osmium.filter
import osmium.geom
import osmium.osm
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bim_import.gis.columns import MEANING
from bim_import.gis.osm.themes import AREA_KEYS, COLUMNS, Kind, Tags, theme_of
from bim_import.gis.reading.batches import ROWS, Features, Layer, Reading
from bim_import.placement.layer import LayerCrs
from twin.errors import DamagedSource

_KINDS: dict[type, Kind] = {
    osmium.osm.Area: "area",
    osmium.osm.Way: "way",
    osmium.osm.Node: "node",
}
_WGS84 = LayerCrs(what="OpenStreetMap", name="EPSG:4326")
ID = "osm_id"
_REST = "tags"
_GEOMETRY = "geometry"


def osm_layers(path: Path, workspace: Path) -> list[Layer]:
    """All layers of an extract that have features. What was read is kept in the folder `workspace`.

    Raises DamagedSource where the file breaks off.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    with _Tables(workspace) as tables:
        try:
            _sort(path, tables)
        except (RuntimeError, osmium.InvalidLocationError) as error:
            raise DamagedSource(
                str(path), f"it breaks off ({error})", "Download the extract again."
            ) from error
        except ValueError as error:  # what osmium raises for texts beyond the limits of OpenStreetMap
            raise DamagedSource(
                str(path),
                f"it is not as OpenStreetMap has it ({error})",
                "Have it written by another program.",
            ) from error
        parts = tables.parts
    tree = shapely.STRtree(np.array(parts, dtype=object)) if parts else None
    return [
        Layer(name=name, read=partial(_read, file, tree if name == "buildings" else None))
        for name, file in tables.files.items()
    ]


class _Tables:
    """Arrow files of the layers, written a batch at a time. `parts` are points within the parts of buildings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, _Table] = {}
        self.parts: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for table in self._open.values():
            table.close()

    @property
    def files(self) -> dict[str, Path]:
        """Files of the layers that have features, in their order."""
        return {name: self._open[name].file for name in COLUMNS if name in self._open}

    def add(self, theme: str, id_: str, tags: Tags, geometry: bytes | None) -> None:
        """Take one feature."""
        if theme not in self._open:
            self._open[theme] = _Table(self._folder / f"osm-{theme}.arrow", COLUMNS[theme])
        self._open[theme].add(id_, tags, geometry)
        if theme == "building_parts" and geometry is not None:
            self.parts.append(shapely.from_wkb(geometry).representative_point())


@dataclass(slots=True)
class _Table:
    file: Path
    columns: tuple[str, ...]
    rows: list[tuple[str, Tags, bytes | None]] = field(default_factory=list)
    writer: Any = None

    def add(self, id_: str, tags: Tags, geometry: bytes | None) -> None:
        self.rows.append((id_, tags, geometry))
        if len(self.rows) >= ROWS:
            self.flush()

    def flush(self) -> None:
        if not self.rows:
            return
        batch = self._batch()
        if self.writer is None:
            self.writer = pa.ipc.new_file(str(self.file), batch.schema)
        self.writer.write_batch(batch)
        self.rows.clear()

    def close(self) -> None:
        self.flush()
        if self.writer is not None:
            self.writer.close()

    def _batch(self) -> pa.RecordBatch:
        known = set(self.columns)
        rest = [{key: value for key, value in tags.items() if key not in known} for _, tags, _ in self.rows]
        arrays = [pa.array([tags.get(key) for _, tags, _ in self.rows], pa.string()) for key in self.columns]
        texts = [msgspec.json.encode(each).decode() if each else None for each in rest]
        return pa.record_batch(
            [
                pa.array([geometry for _, _, geometry in self.rows], pa.binary()),
                pa.array([id_ for id_, _, _ in self.rows], pa.string()),
                *arrays,
                pa.array(texts, pa.string()),
            ],
            schema=pa.schema(
                [
                    pa.field(_GEOMETRY, pa.binary()),
                    *(pa.field(name, pa.string()) for name in (ID, *self.columns)),
                    pa.field(_REST, pa.string(), metadata={MEANING: "json"}),
                ]
            ),
        )


def _sort(path: Path, tables: _Tables) -> None:
    """Read the file once and put every element that is on a layer there."""
    make = osmium.geom.WKBFactory()
    elements = (
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_areas(osmium.filter.KeyFilter(*AREA_KEYS))
        .with_filter(osmium.filter.EmptyTagFilter())
    )
    waiting: dict[str, tuple[str, Tags]] = {}
    for element in elements:
        tags = {tag.k: tag.v for tag in element.tags}
        kind = _KINDS.get(type(element))
        if _is_to_be_an_area(element, tags):
            theme = theme_of("area", tags)
            if theme is not None:
                waiting[_id("way" if kind == "way" else "relation", element)] = (theme, tags)
        theme = theme_of(kind, tags) if kind is not None else None
        if kind is not None and theme is not None:
            id_ = _id(kind, element)
            waiting.pop(id_, None)
            tables.add(theme, id_, tags, _geometry(kind, element, make))
    for id_, (theme, tags) in waiting.items():
        tables.add(theme, id_, tags, None)


def _is_to_be_an_area(element: Any, tags: Tags) -> bool:
    """Whether an area should come of it later: none does where its ring is broken or leads out of the extract."""
    if isinstance(element, osmium.osm.Way):
        return bool(element.is_closed()) and tags.get("area") != "no"
    return isinstance(element, osmium.osm.Relation) and tags.get("type") == "multipolygon"


def _id(kind: str, element: Any) -> str:
    if kind == "area":
        return f"{'way' if element.from_way() else 'relation'}/{element.orig_id()}"
    return f"{kind}/{element.id}"


def _geometry(kind: Kind, element: Any, make: Any) -> bytes | None:
    """WKB of an element; None where nodes of it are not in the extract."""
    try:
        if kind == "area":
            return bytes.fromhex(make.create_multipolygon(element))
        if kind == "way":
            return bytes.fromhex(make.create_linestring(element))
        return bytes.fromhex(make.create_point(element))
    except (RuntimeError, osmium.InvalidLocationError):
        return None


def _read(file: Path, parts: shapely.STRtree | None) -> Reading:
    return Reading(crs=_WGS84, features=_batches(file, parts), id_column=ID)


def _batches(file: Path, parts: shapely.STRtree | None) -> Iterator[Features]:
    at = 0
    with pa.memory_map(str(file)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            geometry = batch.column(0)
            if parts is not None:
                geometry = _without_outlines(geometry, parts)
            table = batch.select(batch.schema.names[1:])
            yield Features(fids=np.arange(at, at + len(batch)), geometry=geometry, table=table)
            at += len(batch)


def _without_outlines(geometry: pa.Array, parts: shapely.STRtree) -> pa.Array:
    """Buildings that are drawn by their parts have no shape of their own (Simple 3D Buildings, "building outline")."""
    shapes = shapely.from_wkb(geometry.to_numpy(zero_copy_only=False), on_invalid="ignore")
    pairs: NDArray[np.int64] = parts.query(shapes, predicate="contains")
    outlines = np.zeros(len(shapes), dtype=bool)
    outlines[pairs[0]] = True
    return pa.compute.if_else(pa.array(outlines), pa.scalar(None, pa.binary()), geometry)
