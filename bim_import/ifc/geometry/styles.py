"""Surfaces of IFC: which style an item or a product has, and what it looks like.

An item's own style wins, then the style of the mapped item that places it, of the presentation layer, of the product's
material, and last a colour by system and class. Colours are sRGB as IFC has them.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cached_property

import ifcopenshell

from bim_import.ifc.geometry.palette import BY_CLASS, BY_SYSTEM, DEFAULT, Color
from bim_import.ifc.geometry.textures import Textures
from bim_import.ifc.reading.entities import (
    ITEMS,
    MALFORMED,
    REPRESENTATION,
    REPRESENTATIONS,
    Entity,
    attribute,
    is_kind,
    kind,
    supertypes,
)
from bim_import.ifc.reading.materials import MATERIAL_PARTS
from twin.source import Material

_RELATED_OBJECTS, _RELATING = 4, 5
"""IfcRelAssociatesMaterial, IfcRelDefinesByType"""
_MIN_ALPHA = 0.05
"""What a file calls wholly transparent must still be found by a click."""


class Styles:
    """Styles of one file; each looked up once."""

    def __init__(self, file: ifcopenshell.file, textures: Textures) -> None:
        self._file = file
        self._textures = textures
        self._schema = str(file.schema_identifier)
        self._materials: dict[int, Material] = {}
        self._defaults: dict[str, Material] = {}

    def style_of(self, item: Entity) -> int:
        """STEP id of the IfcSurfaceStyle that an IfcStyledItem puts on this very item; 0: none that can be read."""
        for styled in item.StyledByItem:
            with suppress(*MALFORMED):
                found = self._surface_style(attribute(styled, 1) or ())
                if found:
                    return found
        return 0

    def material(self, style: int) -> Material:
        """What an IfcSurfaceStyle looks like."""
        if style not in self._materials:
            self._materials[style] = self._read_style(self._file.by_id(style))
        return self._materials[style]

    def fallback(self, product: Entity, mapped: Sequence[int]) -> Material:
        """Surface of those items of `product` that have no style themselves.

        `mapped`: ids of its mapped items, outermost first; the innermost with a style wins.
        """
        for number in reversed(mapped):
            style = self.style_of(self._file.by_id(number))
            if style:
                return self.material(style)
        style = self._layer_style(product) or self._material_style(product)
        return self.material(style) if style else self._default(product)

    def _surface_style(self, styles: Iterable[Entity]) -> int:
        """First surface style of a list, which IFC 2x3 and 4 may wrap in an IfcPresentationStyleAssignment."""
        for style in styles:
            if is_kind(style, "IfcSurfaceStyle"):
                return int(style.id())
            if is_kind(style, "IfcPresentationStyleAssignment"):
                found = self._surface_style(attribute(style, 0) or ())
                if found:
                    return found
        return 0

    def _read_style(self, style: Entity) -> Material:
        color: Color = DEFAULT
        texture = None
        for element in attribute(style, 2) or ():
            if is_kind(element, "IfcSurfaceStyleShading"):
                color = _shading_color(element, DEFAULT)
            elif is_kind(element, "IfcSurfaceStyleWithTextures"):
                texture = self._textures.first_of(attribute(element, 0) or ())
        return Material(name=str(attribute(style, 0) or ""), color=color, texture=texture)

    def _layer_style(self, product: Entity) -> int:
        if not self._style_of_assigned:
            return 0
        for representation in attribute(attribute(product, REPRESENTATION), REPRESENTATIONS) or ():
            for assigned in (representation, *(attribute(representation, ITEMS) or ())):
                found = self._style_of_assigned.get(assigned.id())
                if found:
                    return found
        return 0

    def _material_style(self, product: Entity) -> int:
        if not self._style_of_material:
            return 0
        number = product.id()
        for owner in (number, self._type_of.get(number, 0)):
            definition = self._material_of.get(owner)
            if definition:
                for material in _materials(self._file.by_id(definition)):
                    if material in self._style_of_material:
                        return self._style_of_material[material]
        return 0

    def _default(self, product: Entity) -> Material:
        name = kind(product)
        if is_kind(product, "IfcDistributionFlowElement"):
            system = self._system_of.get(product.id(), "")
            if system in BY_SYSTEM:
                return self._named_default(system, BY_SYSTEM[system])
        for candidate in supertypes(self._schema, name):
            if candidate in BY_CLASS:
                return self._named_default(candidate, BY_CLASS[candidate])
        return self._named_default("", DEFAULT)

    def _named_default(self, name: str, color: Color) -> Material:
        return self._defaults.setdefault(name, Material(name=name, color=color))

    @cached_property
    def _style_of_assigned(self) -> dict[int, int]:
        """Item or representation → style of the presentation layer it is assigned to."""
        found: dict[int, int] = {}
        for layer in self._file.by_type("IfcPresentationLayerWithStyle"):
            with suppress(*MALFORMED):
                style = self._surface_style(attribute(layer, 7))
                if style:
                    found.update((item.id(), style) for item in attribute(layer, 2))
        return found

    @cached_property
    def _style_of_material(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for definition in self._file.by_type("IfcMaterialDefinitionRepresentation"):
            with suppress(*MALFORMED):
                for representation in attribute(definition, 2):
                    for styled in attribute(representation, ITEMS):
                        style = (
                            self._surface_style(attribute(styled, 1))
                            if is_kind(styled, "IfcStyledItem")
                            else 0
                        )
                        if style:
                            found.setdefault(attribute(definition, 3).id(), style)
        return found

    @cached_property
    def _material_of(self) -> dict[int, int]:
        return self._related("IfcRelAssociatesMaterial")

    @cached_property
    def _type_of(self) -> dict[int, int]:
        return self._related("IfcRelDefinesByType")

    def _related(self, relation: str) -> dict[int, int]:
        found: dict[int, int] = {}
        for link in self._file.by_type(relation):
            with suppress(*MALFORMED):
                target = attribute(link, _RELATING)
                found.update((related.id(), target.id()) for related in attribute(link, _RELATED_OBJECTS))
        return found

    @cached_property
    def _system_of(self) -> dict[int, str]:
        """Element → predefined type of the distribution system it is assigned to (IFC 4 on)."""
        found: dict[int, str] = {}
        for link in self._file.by_type("IfcRelAssignsToGroup"):
            with suppress(*MALFORMED):
                group = attribute(link, 6)
                if is_kind(group, "IfcDistributionSystem"):
                    system = str(group.PredefinedType)
                    found.update((related.id(), system) for related in attribute(link, 4))
        return found


def _materials(definition: Entity, depth: int = 0) -> list[int]:
    """STEP ids of the IfcMaterials of a material definition, in its order."""
    if is_kind(definition, "IfcMaterial"):
        return [definition.id()]
    position = MATERIAL_PARTS.get(kind(definition))
    value = None if position is None or depth > len(MATERIAL_PARTS) else attribute(definition, position)
    parts = value if isinstance(value, tuple) else (value,)
    return [material for part in parts if part is not None for material in _materials(part, depth + 1)]


def _shading_color(shading: Entity, default: Color) -> Color:
    """Colour of an IfcSurfaceStyleShading or -Rendering. A diffuse colour replaces the surface colour; a diffuse *factor*
    is left out, as other viewers do: it is a share of reflected light, and exporters write it carelessly.
    """
    color = attribute(shading, 0)
    alpha = 1.0
    if len(shading) > 1:  # in IFC 2x3 only the rendering has a transparency
        alpha = 1.0 - float(attribute(shading, 1) or 0.0)
    if is_kind(shading, "IfcSurfaceStyleRendering"):
        diffuse = attribute(shading, 2)
        if diffuse is not None and is_kind(diffuse, "IfcColourRgb"):
            color = diffuse
    if color is None or not is_kind(color, "IfcColourRgb"):
        return default
    red, green, blue = rgb([float(attribute(color, position)) for position in (1, 2, 3)])
    return red, green, blue, min(max(alpha, _MIN_ALPHA), 1.0)


def rgb(values: list[float]) -> list[float]:
    """Three components within 0…1; files that count to 255 are understood."""
    top = 255.0 if max(values) > 1.0 else 1.0
    return [min(max(value / top, 0.0), 1.0) for value in values]
