"""Reads each relation of a file once, into plain dictionaries of STEP ids.

Inverse attributes cost a search per object; relations read forward cost one pass over what is there. In every dictionary
the first relation of the file wins where only one can hold.
"""

from collections.abc import Iterator

from ifcopenshell import entity_instance

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.values import attribute, entities

_PARENT_RELATIONS: tuple[tuple[str, str, str], ...] = (
    ("IfcRelAggregates", "RelatingObject", "RelatedObjects"),
    ("IfcRelContainedInSpatialStructure", "RelatingStructure", "RelatedElements"),
    ("IfcRelNests", "RelatingObject", "RelatedObjects"),
    ("IfcRelFillsElement", "RelatingOpeningElement", "RelatedBuildingElement"),
    ("IfcRelVoidsElement", "RelatingBuildingElement", "RelatedOpeningElement"),
    ("IfcRelProjectsElement", "RelatingElement", "RelatedFeatureElement"),
    ("IfcRelAdheresToElement", "RelatingElement", "RelatedSurfaceFeatures"),
    ("IfcRelCoversBldgElements", "RelatingBuildingElement", "RelatedCoverings"),
    ("IfcRelCoversSpaces", "RelatingSpace", "RelatedCoverings"),
    ("IfcRelConnectsPortToElement", "RelatedElement", "RelatingPort"),
    ("IfcRelReferencedInSpatialStructure", "RelatingStructure", "RelatedElements"),
)
"""Relation, its parent attribute, its child attribute. What comes first wins: the whole that a part belongs to is nearer
than the storey that both stand in, and a door stands in its storey rather than in the hole that it fills."""

_SPATIAL_AMENDED = {("IfcRelCoversSpaces", "IFC2X3"): "RelatedSpace"}
"""Attributes with another name in an older schema."""


def parent_relations(layout: Layout, schema: str) -> Iterator[tuple[str, dict[int, int]]]:
    """For each kind of relation, most binding first: its class, and child STEP id → parent STEP id."""
    for name, parent_name, child_name in _PARENT_RELATIONS:
        amended = _SPATIAL_AMENDED.get((name, schema), parent_name)
        yield name, _parents(layout, name, amended, child_name)


def _parents(layout: Layout, name: str, parent_name: str, child_name: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for relation, parent_index, child_index in _with_indices(layout, name, parent_name, child_name):
        for parent in entities(attribute(relation, parent_index))[:1]:
            parent_id = parent.id()
            for child in entities(attribute(relation, child_index)):
                found.setdefault(child.id(), parent_id)
    return found


def related(layout: Layout, name: str, relating: str) -> Iterator[tuple[entity_instance, list[int]]]:
    """For every relation of a class that has `RelatedObjects`: its relating entity and the STEP ids of the objects."""
    for relation, relating_index, related_index in _with_indices(layout, name, relating, "RelatedObjects"):
        one = attribute(relation, relating_index)
        if isinstance(one, entity_instance):
            yield one, [item.id() for item in entities(attribute(relation, related_index))]


def _with_indices(
    layout: Layout, name: str, first: str, second: str
) -> Iterator[tuple[entity_instance, int, int]]:
    """Each entity of a class with the places of two attributes; nothing where the schema lacks the class or one of them."""
    found = layout.of_type(name)
    if not found:
        return
    first_index, second_index = layout.index(name, first), layout.index(name, second)
    if first_index is None or second_index is None:
        return
    for entity in found:
        yield entity, first_index, second_index
