"""One CityJSON file or sequence → a spool: objects with their tree and attributes, surfaces in colours, a report."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bim_import.cityjson.document import Document, Feature, open_document, vertex_array
from bim_import.cityjson.geometry import DRAWABLE, Palette, surfaces_of
from bim_import.citymodel.attributes import ATTRIBUTES, gather, name_of, property_of
from bim_import.citymodel.collector import Collector
from bim_import.citymodel.images import Images
from bim_import.citymodel.levels import chosen_level
from bim_import.citymodel.looks import discipline_of, is_room
from bim_import.citymodel.result import empty_result
from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.outcome import result_of
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.objects import Attributes, Property, SourceObject
from twin.source import NotDrawn

Json = dict[str, Any]

_INSTANCE = "GeometryInstance"
_STANDARD_MEMBERS = frozenset(
    {
        "type",
        "attributes",
        "geometry",
        "parents",
        "children",
        "children_roles",
        "geographicalExtent",
        "address",
    }
)
_PROGRESS_SECONDS = 0.1


def import_cityjson(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read a CityJSON file into the spool `folder`.

    Raises UnsupportedSource (version, missing CRS), DamagedSource, PlacementError.
    """
    document = open_document(source)
    first, features = _peeked(document)
    schema = f"CityJSON {document.version}"
    if first is None:
        return empty_result(source, folder, schema, options)
    frame = layer_frame(
        str(source), _declared(document.header), overrides=options.placement, box=_box(first.vertices)
    )
    images = Images(source.resolve().parent)
    done = 0
    with Collector(folder, str(source)) as collector:
        reading = _Reading(
            collector=collector,
            frame=frame,
            images=images,
            templates=_templates(document.header),
            lod=options.lod,
        )
        told = 0.0
        for feature in features:
            reading.read(feature)
            done += len(feature.objects)
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                progress(Progress(phase="reading", done=done, total=done))
        report, bounds = collector.finish(schema)
    report.warnings += images.warnings()
    progress(Progress(phase="reading", done=done, total=done, objects_written=True))
    return result_of(report, frame.diagnosis(bounds))


def _peeked(document: Document) -> tuple[Feature | None, Iterator[Feature]]:
    """The first feature with any vertex in use, and all features. None: there is no object at all."""
    seen: list[Feature] = []
    for feature in document.features:
        seen.append(feature)
        if len(feature.vertices):
            return feature, chain(seen, document.features)
    objects = any(feature.objects for feature in seen)
    return (seen[0] if objects else None), iter(seen)


def _box(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    known = vertices[np.isfinite(vertices).all(axis=1)]
    if not len(known):
        return np.zeros((2, 3))
    return np.array([known.min(axis=0), known.max(axis=0)])


def _declared(header: Json) -> LayerCrs | None:
    metadata = header.get("metadata")
    named = metadata.get("referenceSystem") if isinstance(metadata, dict) else None
    if isinstance(named, str) and named.strip():
        return LayerCrs(what="referenceSystem", name=named)
    # CityJSON 0.x and some writers of 1.0
    code = metadata.get("crs") if isinstance(metadata, dict) else None
    if isinstance(code, dict) and isinstance(code.get("epsg"), int):
        return LayerCrs(what="metadata.crs", name=f"EPSG:{code['epsg']}")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Templates:
    """Shapes that instances share, in metres of their own."""

    geometries: list[Any]
    vertices: NDArray[np.float64]


def _templates(header: Json) -> _Templates:
    found = header.get("geometry-templates")
    found = found if isinstance(found, dict) else {}
    geometries, vertices = found.get("templates"), found.get("vertices-templates")
    return _Templates(
        geometries=geometries if isinstance(geometries, list) else [],
        vertices=vertex_array(vertices if isinstance(vertices, list) else []),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One file being read."""

    collector: Collector
    frame: LayerFrame
    images: Images
    templates: _Templates
    lod: str | None

    def read(self, feature: Feature) -> None:
        """Take all objects of a feature."""
        palette = Palette.of(feature.appearance, self.images, self.collector.notes.add)
        for global_id, item in feature.objects.items():
            class_ = str(item.get("type") or "CityObject")
            number = self.collector.add(_object(global_id, class_, item), parent=_parent(item))
            self._draw(number, class_, item.get("geometry"), (feature, palette))

    def _draw(self, number: int, class_: str, found: Any, context: tuple[Feature, Palette]) -> None:
        geometries = (
            [each for each in found or [] if isinstance(each, dict)] if isinstance(found, list) else []
        )
        if not geometries:
            return
        drawable = [
            each for each in geometries if each.get("type") in DRAWABLE or each.get("type") == _INSTANCE
        ]
        if not drawable:
            self.collector.refuse(number, NotDrawn.NO_SURFACE)
            return
        level = chosen_level([self._level(each) for each in drawable], self.lod)
        chosen = [each for each in drawable if self._level(each) == level]
        feature, palette = context
        plain = [each for each in chosen if each.get("type") in DRAWABLE]
        self.collector.refuse(number, NotDrawn.EMPTY_GEOMETRY)
        if plain:
            surfaces = surfaces_of(plain, feature.vertices, class_, palette)
            self.collector.draw(number, surfaces, self.frame)
        for each in chosen:
            if each.get("type") == _INSTANCE:
                self._place(number, class_, each, context)

    def _level(self, geometry: Json) -> str:
        """LoD of a geometry; an instance has that of its template."""
        if geometry.get("type") == _INSTANCE:
            template = self._template_of(geometry)
            return str(template.get("lod", "")) if template is not None else ""
        return str(geometry.get("lod", ""))

    def _template_of(self, geometry: Json) -> Json | None:
        number, known = geometry.get("template"), self.templates.geometries
        if type(number) is not int or not 0 <= number < len(known) or not isinstance(known[number], dict):
            return None
        found: Json = known[number]
        return found if found.get("type") in DRAWABLE else None

    def _place(self, number: int, class_: str, geometry: Json, context: tuple[Feature, Palette]) -> None:
        feature, palette = context
        template, point = self._template_of(geometry), _point(geometry, feature.vertices)
        matrix = _matrix(geometry.get("transformationMatrix"))
        if template is None or point is None or matrix is None:
            self.collector.notes.add("an instance without a usable template, point or matrix")
            return
        key = (geometry["template"], class_)
        if not self.collector.has_template(key):
            self.collector.template(key, surfaces_of([template], self.templates.vertices, class_, palette))
        there = np.eye(4)
        there[:3, :3] = self.frame.axes_at(point)
        there[:3, 3] = self.frame.to_local(point[None, :])[0]
        self.collector.place(number, key, there @ matrix)


def _point(geometry: Json, vertices: NDArray[np.float64]) -> NDArray[np.float64] | None:
    found = geometry.get("boundaries")
    number = found[0] if isinstance(found, list) and len(found) == 1 else None
    if type(number) is not int or not 0 <= number < len(vertices):
        return None
    point: NDArray[np.float64] = vertices[number]
    return point if np.isfinite(point).all() else None


def _matrix(found: Any) -> NDArray[np.float64] | None:
    """(4, 4), row-major as CityJSON has it; None where that is none. Not said: the identity."""
    if found is None:
        return np.eye(4)
    try:
        matrix = np.array(found, dtype=np.float64).reshape(4, 4)
    except (TypeError, ValueError):
        return None
    return matrix if np.isfinite(matrix).all() and abs(np.linalg.det(matrix[:3, :3])) > 0.0 else None


def _parent(item: Json) -> str | None:
    parents = item.get("parents")
    first = parents[0] if isinstance(parents, list) and parents else parents
    return first if isinstance(first, str) else None


def _object(global_id: str, class_: str, item: Json) -> SourceObject:
    found = item.get("attributes")
    attributes: Json = found if isinstance(found, dict) else {}
    sets: dict[str, dict[str, Property]] = {}
    if attributes:
        sets[ATTRIBUTES] = {name: property_of(value) for name, value in attributes.items()}
    found = item.get("address")
    for number, address in enumerate(found if isinstance(found, list) else [found], 1):
        if isinstance(address, dict):  # its place, a geometry, is the one member that is an object
            plain = {name: value for name, value in address.items() if not isinstance(value, dict)}
            told = {name: property_of(value) for name, value in plain.items()}
            sets["Address" if number == 1 else f"Address {number}"] = told
    further = {name: value for name, value in item.items() if name not in _STANDARD_MEMBERS}
    if further:
        sets["Extension"] = {name: property_of(value) for name, value in further.items()}
    _take_surfaces(sets, item.get("geometry"))
    return SourceObject(
        ordinal=0,
        global_id=global_id,
        class_=class_,
        name=name_of(attributes, ""),
        discipline=discipline_of(class_),
        hidden=is_room(class_),
        attributes=Attributes(properties=sets),
    )


_LINKS = frozenset({"type", "parent", "children"})
"""Members of a semantic surface that are no attributes (CityJSON 2.0, 3.3)."""


def _take_surfaces(sets: dict[str, dict[str, Property]], geometries: Any) -> None:
    """Attributes of semantic surfaces, in sets that are called as the surfaces are."""
    for geometry in geometries if isinstance(geometries, list) else []:
        semantics = geometry.get("semantics") if isinstance(geometry, dict) else None
        surfaces = semantics.get("surfaces") if isinstance(semantics, dict) else None
        for surface in surfaces if isinstance(surfaces, list) else []:
            if isinstance(surface, dict):
                kind = str(surface.get("type") or "Surface")
                for name, value in surface.items():
                    if name not in _LINKS:
                        gather(sets, kind, name, property_of(value))
