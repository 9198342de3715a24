"""One member of a city model → features with their attributes and where their geometry is, by level of detail.

No list of classes decides what a feature is, so that extensions are read, too. In GML a property has a name in lower case
and holds objects, whose names start in upper case. An object is a geometry, a semantic surface, a feature of its own (it
has an id, or is a known part), or else a data type, whose values are attributes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bim_import.citygml.attributes import Sets, read_generic, read_nested, typed_text
from bim_import.citygml.document import XLINK, Element, children, gml_id, local, namespace, text_of
from bim_import.citygml.geometry import is_geometry
from bim_import.citymodel.attributes import ATTRIBUTES, gather
from twin.objects import Property

_STANDARD = "http://www.opengis.net/citygml/"
_LEVEL = re.compile(r"lod(\d)")
_DEEPEST = 40
"""Features within features: buildings, parts, rooms, furniture are four."""

_SURFACES = frozenset(
    {
        "Window",
        "Door",
        "WindowSurface",
        "DoorSurface",
        "TrafficArea",
        "AuxiliaryTrafficArea",
        "Marking",
        "Hole",
    }
)
_PARTS = frozenset(
    {
        "BuildingPart", "BuildingInstallation", "IntBuildingInstallation", "BuildingFurniture", "Room", "BuildingRoom",
        "Storey", "BuildingUnit", "BuildingConstructiveElement",
        "BridgePart", "BridgeInstallation", "IntBridgeInstallation", "BridgeConstructionElement", "BridgeRoom",
        "TunnelPart", "TunnelInstallation", "IntTunnelInstallation", "HollowSpace", "TINRelief", "MassPointRelief",
        "BreaklineRelief", "RasterRelief", "Section", "Intersection", "TrafficSpace", "AuxiliaryTrafficSpace",
    }
)  # fmt: skip
"""Features of their own also where the file gives them no id."""

_NO_FEATURES = frozenset({"Address", "ExternalReference", "Appearance", "Envelope", "Occupancy", "Height"})
_NOT_DRAWN = frozenset({"extent", "boundedBy", "location"})
"""Properties that hold geometry which says where something is, not what it looks like."""


@dataclass(slots=True, kw_only=True)
class Feature:
    """A feature. Levels are `0` to `4`, empty where a property names none.

    `own`: geometry properties by level; `surfaces`: those of semantic surfaces with the kind of the surface; `implicit`:
    ImplicitGeometry elements. `level` is that of a relief, which has it as an attribute.
    """

    global_id: str | None
    class_: str
    parent: str | None
    name: str = ""
    description: str | None = None
    sets: Sets = field(default_factory=Sets)
    own: dict[str, list[Element]] = field(default_factory=dict)
    surfaces: dict[str, list[tuple[str, Element]]] = field(default_factory=dict)
    implicit: dict[str, list[Element]] = field(default_factory=dict)

    @property
    def levels(self) -> list[str]:
        """Levels of which there is any geometry."""
        return sorted({*self.own, *self.surfaces, *self.implicit})


def class_name(element: Element) -> str:
    """The local name of a class of CityGML, with its prefix for one of an extension."""
    name = local(element)
    return (
        name if namespace(element).startswith(_STANDARD) or not element.prefix else f"{element.prefix}:{name}"
    )


@dataclass(frozen=True, slots=True)
class FeatureReader:
    """Reads the features of one file. `make_id` gives an id to a feature of a class that has none."""

    make_id: Callable[[str], str]
    note: Callable[[str], None]

    def read(self, member: Element) -> Iterator[Feature]:
        """All features below a member of the top, wholes before their parts."""
        waiting = [(each, None, 0) for each in children(member)]
        waiting.reverse()
        above: list[tuple[Element, str | None, int]] = [*waiting]
        while above:
            element, parent, depth = above.pop()
            feature = Feature(global_id=gml_id(element), class_=class_name(element), parent=parent)
            feature.global_id = feature.global_id or self.make_id(feature.class_)
            parts = self._fill(feature, element)
            yield feature
            if depth >= _DEEPEST and parts:
                self.note("features within features too deeply")
                continue
            above += [(part, feature.global_id, depth + 1) for part in reversed(parts)]

    def _fill(self, feature: Feature, element: Element) -> list[Element]:
        """Take all properties of a feature; returns the features in it."""
        parts: list[Element] = []
        for prop in children(element):
            inner = list(children(prop))
            name = local(prop)
            if name == "genericAttribute":
                for each in inner:
                    read_generic(feature.sets, each)
            elif read_generic(feature.sets, prop) or (
                name in _NOT_DRAWN and not any(_is_surface(each) for each in inner)
            ):
                continue
            elif _LEVEL.match(name) or any(is_geometry(each) for each in inner):
                _take_geometry(feature, prop, inner)
            elif inner:
                for each in inner:
                    self._take_object(feature, each, parts)
            else:
                _take_value(feature, prop)
        return parts

    def _take_object(self, feature: Feature, element: Element, parts: list[Element]) -> None:
        name = local(element)
        if _is_surface(element):
            self._take_surface(feature, element)
        elif name == "Appearance":
            return
        elif name == "Address":
            read_nested(feature.sets, element)
        elif name in _PARTS or (gml_id(element) is not None and name not in _NO_FEATURES):
            parts.append(element)
        else:
            read_nested(feature.sets, element)

    def _take_surface(self, feature: Feature, surface: Element) -> None:
        """Geometry of a semantic surface and of the openings in it; their attributes are told of the feature, by their kind."""
        waiting = [surface]
        while waiting:
            at = waiting.pop()
            for prop in children(at):
                inner = list(children(prop))
                level = _LEVEL.match(local(prop))
                if level:
                    implicit = [each for each in inner if local(each) == "ImplicitGeometry"]
                    if implicit:
                        feature.implicit.setdefault(level[1], []).extend(implicit)
                    else:
                        feature.surfaces.setdefault(level[1], []).append((local(at), prop))
                elif any(_is_surface(each) for each in inner):
                    waiting += [each for each in inner if _is_surface(each)]
                else:
                    _take_word(feature.sets, local(at), prop, inner)


def _is_surface(element: Element) -> bool:
    name = local(element)
    return (name.endswith("Surface") and not is_geometry(element) and name[:1].isupper()) or name in _SURFACES


def _take_word(sets: Sets, kind: str, prop: Element, inner: list[Element]) -> None:
    """An attribute of a surface, in the set that is called as the surface is, nested ones behind a point."""
    own = Sets()
    generic = inner if local(prop) == "genericAttribute" else [prop]
    taken = [read_generic(own, each, kind) for each in generic]
    if any(taken):
        pass
    elif inner:
        for each in inner:
            if local(each) != "Appearance" and not is_geometry(each):
                read_nested(own, each)
    elif prop.get(XLINK):
        own.put(kind, local(prop), Property(value=str(prop.get(XLINK)), type="link"))
    elif text_of(prop):
        own.put(kind, local(prop), typed_text(prop))
    for set_name, values in own.sets.items():
        target = set_name if set_name == kind else f"{kind}.{set_name}"
        for name, value in values.items():
            gather(sets.sets, target, name, value)


def _take_geometry(feature: Feature, prop: Element, inner: list[Element]) -> None:
    found = _LEVEL.match(local(prop))
    level = found[1] if found else ""
    implicit = [each for each in inner if local(each) == "ImplicitGeometry"]
    if implicit:
        feature.implicit.setdefault(level, []).extend(implicit)
    else:
        feature.own.setdefault(level, []).append(prop)


def _take_value(feature: Feature, prop: Element) -> None:
    name = local(prop)
    href = prop.get(XLINK)
    if href:
        feature.sets.put("Links", name, Property(value=str(href), type="link"))
    elif name == "name" and not feature.name:
        feature.name = text_of(prop)
    elif name == "description":
        feature.description = text_of(prop) or None
    else:
        feature.sets.put(ATTRIBUTES, name, typed_text(prop))
