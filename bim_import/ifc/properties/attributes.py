"""The direct attributes of an object: what a card shows, and every further simple one as a property."""

from dataclasses import dataclass

from ifcopenshell import entity_instance

from bim_import.ifc.properties.disciplines import discipline_of, follows_whole
from bim_import.ifc.properties.layout import AttributeLayout, Layout
from bim_import.ifc.properties.units import Units
from bim_import.ifc.properties.values import attribute, plain, text
from twin.objects import Property, PropertyType

ATTRIBUTE_SET = "Attributes"
"""Name of the set that holds direct attributes (`Elevation`, `OverallHeight`, `RefLatitude` …)."""

_FIRST_OWN = 5
"""GlobalId, OwnerHistory, Name, Description and ObjectType come first in every IfcObject."""

_SHOWN_APART = frozenset({"ObjectPlacement", "Representation", "Tag", "LongName", "PredefinedType"})
_LENGTHS = frozenset({"IfcLengthMeasure", "IfcPositiveLengthMeasure", "IfcNonNegativeLengthMeasure"})
LENGTH_DIGITS = 9
"""Lengths are rounded to nanometres, so that 2743.2 mm are 2.7432 m and not 2.7432000000000003."""

_HIDDEN = frozenset({"IfcSpace", "IfcSpatialZone"})
"""Volumes of air: content of their own, not shown at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectClass:
    """What is the same for all objects of a class: the places of its attributes, and how the class is treated."""

    name: str
    is_product: bool
    is_element: bool
    is_storey: bool
    hidden: bool
    discipline: str
    follows_whole: bool
    long_name: int | None
    tag: int | None
    predefined_type: int | None
    further: tuple[AttributeLayout, ...]


def object_class(layout: Layout, name: str) -> ObjectClass:
    """Look a class up in the schema."""
    family = layout.family(name)
    further = (item for item in layout.attributes(name)[_FIRST_OWN:] if item.name not in _SHOWN_APART)
    return ObjectClass(
        name=name,
        is_product="IfcProduct" in family,
        is_element="IfcElement" in family,
        is_storey="IfcBuildingStorey" in family,
        hidden=not _HIDDEN.isdisjoint(family),
        discipline=discipline_of(layout, name),
        follows_whole=follows_whole(layout, name),
        long_name=layout.index(name, "LongName"),
        tag=layout.index(name, "Tag"),
        predefined_type=layout.index(name, "PredefinedType"),
        further=tuple(item for item in further if not item.is_entity),
    )


def attribute_text(entity: entity_instance, index: int | None) -> str | None:
    """A text attribute, None where the class has none such."""
    return None if index is None else text(attribute(entity, index))


def further_attributes(entity: entity_instance, kind: ObjectClass, units: Units) -> dict[str, Property]:
    """Simple attributes that have no place of their own; lengths in metres, other measures in the project's units."""
    found: dict[str, Property] = {}
    for item in kind.further:
        value = plain(attribute(entity, item.index))
        if value is None or value == []:
            continue
        if item.type_name in _LENGTHS:
            found[item.name] = Property(
                value=_in_metres(value, units.length_factor), type=item.type_name, unit="m"
            )
        else:
            found[item.name] = Property(
                value=value, type=item.type_name, unit=units.of_measure(item.type_name)
            )
    return found


def _in_metres(value: PropertyType, factor: float) -> PropertyType:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * factor, LENGTH_DIGITS)
    return value
