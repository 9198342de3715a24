"""Features of CityGML drawn: the level of detail chosen, polygons gathered once each, dressed in their looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bim_import.citygml.appearance import Image, Theme
from bim_import.citygml.document import Element, children, gml_id, local, text_of
from bim_import.citygml.features import Feature
from bim_import.citygml.geometry import GeometryReader, Polygon, Ring, positions
from bim_import.citymodel.collector import Collector
from bim_import.citymodel.images import Images
from bim_import.citymodel.levels import chosen_level
from bim_import.citymodel.looks import surface_material
from bim_import.citymodel.surfaces import Surfaces
from bim_import.placement.layer import LayerFrame
from twin.source import Material, NotDrawn

Floats = NDArray[np.float64]
Look = tuple[str | None, Material | None, Image | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """Draws the features of one file into its collector."""

    collector: Collector
    frame: LayerFrame
    geometry: GeometryReader
    theme: Theme
    images: Images
    lod: str | None

    def draw(self, number: int, feature: Feature) -> None:
        """Draw one feature at the highest of its levels (not above the one asked for) that has any surface."""
        levels = feature.levels
        if levels:
            self.collector.refuse(number, NotDrawn.NO_SURFACE)
        while levels:
            level = chosen_level(levels, self.lod)
            polygons = self._polygons(feature, level)
            if polygons:
                self.collector.draw(number, self._surfaces(polygons, feature.class_), self.frame)
            placed = [self._place(number, feature, each) for each in feature.implicit.get(level, ())]
            if polygons or any(placed):
                return
            levels.remove(level)

    def _polygons(self, feature: Feature, level: str) -> list[tuple[str | None, Polygon]]:
        """The polygons of a level, each once, with the kind of their surface.

        A solid shares its polygons with the semantic surfaces, as it should, or repeats them in another form: then
        the surfaces say more.
        """
        found: list[tuple[str | None, Polygon]] = []
        seen: set[object] = set()
        for kind, prop in feature.surfaces.get(level, ()):
            for polygon in self.geometry.polygons(prop)[0]:
                if seen.isdisjoint(polygon.marks):
                    found.append((kind, polygon))
                seen.update(polygon.marks)
        shared = False
        further: list[tuple[str | None, Polygon]] = []
        bounded = bool(found)
        for prop in feature.own.get(level, ()):
            for polygon in self.geometry.polygons(prop)[0]:
                if seen.isdisjoint(polygon.marks):
                    further.append((None, polygon))
                    seen.update(polygon.marks)
                else:
                    shared = True
        return found + further if shared or not bounded else found

    def _surfaces(self, polygons: list[tuple[str | None, Polygon]], class_: str) -> Surfaces:
        rings: list[tuple[int, Ring, Floats | None, bool]] = []
        looks: list[Look] = []
        for kind, polygon in polygons:
            image = self.theme.image(polygon)
            places = [self.theme.place(polygon, ring) if image else None for ring in polygon.rings]
            if image is not None and places[0] is None:
                image = None
            looks.append((kind, self.theme.color(polygon), image))
            rings += [
                (len(looks) - 1, ring, place, polygon.backward)
                for ring, place in zip(polygon.rings, places, strict=True)
            ]
        keys = list(dict.fromkeys(looks))
        materials = [self._material(look, class_) for look in keys]
        slot = {key: number for number, key in enumerate(keys)}
        faces = np.array([face for face, _, _, _ in rings], dtype=np.int64)
        textured = any(each.texture is not None for each in materials)
        return Surfaces(
            points=np.concatenate([_turned(ring.points, back) for _, ring, _, back in rings]),
            counts=np.array([len(ring.points) for _, ring, _, _ in rings], dtype=np.int64),
            faces=faces,
            outer=np.r_[True, np.diff(faces) > 0],
            slots=np.array([slot[look] for look in looks], dtype=np.int64),
            shells=np.zeros(len(looks), dtype=np.int64),
            materials=materials,
            uvs=_places(rings) if textured else None,
        )

    def _material(self, look: Look, class_: str) -> Material:
        kind, color, image = look
        texture = self.images.texture(image.uri, repeats=image.repeats) if image is not None else None
        if texture is not None:
            return Material(color=(1.0, 1.0, 1.0, 1.0), texture=texture)
        return color if color is not None else surface_material(kind, class_)

    def _place(self, number: int, feature: Feature, implicit: Element) -> bool:
        """Draw by a shape that is told once and placed by a matrix and a point; false where that cannot be."""
        parts = {local(child): child for child in children(implicit)}
        if "libraryObject" in parts and "relativeGMLGeometry" not in parts:
            self.collector.notes.add("a shape in a file of another format, which is not read")
            self.collector.refuse(number, NotDrawn.NO_BODY)
            return False
        shape, point = parts.get("relativeGMLGeometry"), parts.get("referencePoint")
        at = positions(point) if point is not None else np.empty((0, 3))
        matrix = matrix_of(parts.get("transformationMatrix"))
        if shape is None or len(at) != 1 or matrix is None or not np.isfinite(at).all():
            self.collector.notes.add("an implicit geometry without a usable shape, point or matrix")
            return False
        key = self._shape(shape, feature)
        if key is None:
            return False
        there = np.eye(4)
        there[:3, :3] = self.frame.axes_at(at[0])
        there[:3, 3] = self.frame.to_local(at)[0]
        self.collector.place(number, key, there @ matrix)
        return True

    def _shape(self, prop: Element, feature: Feature) -> object | None:
        polygons = self.geometry.polygons(prop)[0]
        if not polygons:
            return None
        target = next((gml_id(each) for each in children(prop)), None)
        link = prop.get("{http://www.w3.org/1999/xlink}href")
        name = target or (str(link)[1:] if link else None)
        key: object = (name, feature.class_) if name else object()
        if not self.collector.has_template(key):
            surfaces = self._surfaces([(None, polygon) for polygon in polygons], feature.class_)
            self.collector.template(key, surfaces)
        return key


def matrix_of(element: Element | None) -> Floats | None:
    """(4, 4), row-major as CityGML has it; the identity where none is given, None for one that cannot be used."""
    if element is None:
        return np.eye(4)
    try:
        matrix = np.array(text_of(element).split(), dtype=np.float64).reshape(4, 4)
    except ValueError:
        return None
    return matrix if np.isfinite(matrix).all() and abs(np.linalg.det(matrix[:3, :3])) > 0.0 else None


def _turned(points: Floats, backward: bool) -> Floats:  # noqa: FBT001 - beside the points that it is of
    return points[::-1] if backward else points


def _places(rings: list[tuple[int, Ring, Floats | None, bool]]) -> NDArray[np.float32]:
    parts = [
        _turned(place, back) if place is not None else np.zeros((len(ring.points), 2))
        for _, ring, place, back in rings
    ]
    return np.concatenate(parts).astype(np.float32)
