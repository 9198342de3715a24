"""One CityGML file → a spool. Read twice: for its looks and links first, then object by object."""

import copy
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bim_import.citygml.appearance import Appearances
from bim_import.citygml.document import (
    XLINK,
    Element,
    gml_id,
    is_appearance,
    local,
    members,
    version_of,
)
from bim_import.citygml.drawing import Drawer
from bim_import.citygml.features import Feature, FeatureReader
from bim_import.citygml.geometry import GeometryReader, positions
from bim_import.citymodel.collector import Collector
from bim_import.citymodel.images import Images
from bim_import.citymodel.looks import discipline_of, is_room
from bim_import.citymodel.result import empty_result
from bim_import.placement.layer import LayerCrs, LayerFrame, layer_frame
from bim_import.placement.outcome import result_of
from bim_import.values import ImportOptions, ImportResult, Progress
from twin.objects import Attributes, SourceObject

_PROGRESS_SECONDS = 0.1
_URNS = ("urn:", "http://", "https://")
"""A CRS that is named by URN or URL has its coordinates in the order of the registry (OGC 07-092r3, GML 3.2); one that is
named `EPSG:25832` has east first by custom."""

_OLD_URL = re.compile(r".*/epsg\.xml#", re.IGNORECASE)
"""GML 3.1 also knows `http://www.opengis.net/gml/srs/epsg.xml#25832`, with east first."""


def import_citygml(
    source: Path, folder: Path, *, options: ImportOptions, progress: Callable[[Progress], None]
) -> ImportResult:
    """Read a CityGML file into the spool `folder`.

    Raises UnsupportedSource (version, document type, missing CRS), DamagedSource, PlacementError.
    """
    schema = f"CityGML {version_of(source)}"
    survey = _survey(source)
    if survey.first is None and not survey.members:
        return empty_result(source, folder, schema, options)
    first = survey.first if survey.first is not None else np.zeros((1, 3))
    box = np.array([first.min(axis=0), first.max(axis=0)])
    frame = layer_frame(str(source), _declared(survey.crs), overrides=options.placement, box=box)
    images = Images(source.resolve().parent)
    with Collector(folder, str(source)) as collector:
        for done in _read(source, survey, (collector, frame, images), options.lod):
            progress(Progress(phase="reading", done=done, total=survey.members))
        report, bounds = collector.finish(schema)
    report.warnings += images.warnings()
    report.warnings += [
        f"{n:,} × {text}, not shown" for text, n in sorted(survey.appearances.skipped.items())
    ]
    report.warnings += survey.warnings()
    progress(Progress(phase="reading", done=survey.members, total=survey.members, objects_written=True))
    return result_of(report, frame.diagnosis(bounds))


def _read(
    source: Path, survey: "_Survey", tools: tuple[Collector, LayerFrame, Images], lod: str | None
) -> Iterator[int]:
    """Take all objects; yields how many members are done, now and then."""
    collector, frame, images = tools
    shared = _shared(source, survey.dangling)
    index: dict[str, Element] = {}
    geometry = GeometryReader(lambda id_: index.get(id_, shared.get(id_)), collector.notes.add)
    drawer = Drawer(
        collector=collector,
        frame=frame,
        geometry=geometry,
        theme=survey.appearances.chosen(),
        images=images,
        lod=lod,
    )
    reader = FeatureReader(_Ids(), collector.notes.add)
    told = 0.0
    for done, member in enumerate(members(source)):
        if is_appearance(member):
            continue
        index.clear()
        index.update(_ids_below(member))
        for feature in reader.read(member):
            drawer.draw(collector.add(_object(feature), parent=feature.parent), feature)
        if time.monotonic() - told >= _PROGRESS_SECONDS:
            told = time.monotonic()
            yield done


class _Ids:
    """Ids for features that have none: their class with a number, in the order of the file."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def __call__(self, class_: str) -> str:
        self._counts[class_] = self._counts.get(class_, 0) + 1
        return f"{class_}-{self._counts[class_]}"


@dataclass(slots=True)
class _Survey:
    """What the first reading finds. `dangling`: ids that are linked to from a member that does not hold them."""

    appearances: Appearances = field(default_factory=Appearances)
    crs: list[str] = field(default_factory=list)
    first: NDArray[np.float64] | None = None
    members: int = 0
    dangling: set[str] = field(default_factory=set)

    def warnings(self) -> list[str]:
        """What a person should know of the file as a whole."""
        if len(self.crs) > 1:
            return [
                f"The file names several CRSs ({', '.join(self.crs[:4])}); all of it is read in the first."
            ]
        return []


def _survey(source: Path) -> _Survey:
    survey = _Survey()
    for member in members(source):
        if survey.members == 0:
            _note_crs(survey, member.getparent())
        if is_appearance(member):
            survey.appearances.read(member)
            continue
        survey.members += 1
        survey.appearances.read(member)
        _note_crs(survey, member)
        if survey.first is None:
            points = _first_points(member)
            survey.first = points if len(points) else None
        links = {
            str(each.get(XLINK))[1:] for each in member.iter() if str(each.get(XLINK) or "").startswith("#")
        }
        if links:
            survey.dangling |= links - _ids_below(member).keys()
    return survey


def _note_crs(survey: _Survey, element: Element) -> None:
    for each in element.iter():
        name = each.get("srsName") if isinstance(each.tag, str) else None
        if name and name not in survey.crs and not name.startswith("#"):
            survey.crs.append(str(name))


def _first_points(member: Element) -> NDArray[np.float64]:
    """Coordinates of the first polygon that is no implicit geometry, whose coordinates are relative."""
    for ring in member.iter("{*}LinearRing"):
        if not any(local(above) == "ImplicitGeometry" for above in ring.iterancestors()):
            return positions(ring)
    for point in member.iter("{*}referencePoint"):
        return positions(point)
    return np.empty((0, 3))


def _ids_below(member: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for each in member.iter():
        id_ = gml_id(each)
        if id_ is not None:
            found.setdefault(id_, each)
    return found


def _shared(source: Path, ids: set[str]) -> dict[str, Element]:
    """Elements that are linked to across members, kept apart; read only where there are any such links."""
    if not ids:
        return {}
    found: dict[str, Element] = {}
    for member in members(source):
        for id_, element in _ids_below(member).items():
            if id_ in ids:
                found[id_] = copy.deepcopy(element)
    return found


def _declared(names: list[str]) -> LayerCrs | None:
    if not names:
        return None
    name = names[0]
    if ":adv:" in name:  # urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH: horizontal and vertical, east first
        flat, _, height = name.rsplit(":", 1)[-1].partition("*")
        vertical = height.removeprefix("DE_").removesuffix("_NH").replace("_", " ")
        return LayerCrs(what="srsName", name=flat.replace("_", " "), vertical=vertical)
    return LayerCrs(
        what="srsName",
        name=_OLD_URL.sub("EPSG:", name),
        authority_order=name.lower().startswith(_URNS) and not _OLD_URL.search(name),
    )


def _object(feature: Feature) -> SourceObject:
    return SourceObject(
        ordinal=0,
        global_id=feature.global_id or "",
        class_=feature.class_,
        name=feature.name,
        discipline=discipline_of(feature.class_),
        hidden=is_room(feature.class_),
        attributes=Attributes(description=feature.description, properties=feature.sets.sets),
    )
