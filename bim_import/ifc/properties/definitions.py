"""Which type and which property sets each object has; a type's sets are inherited, the occurrence's values win."""

from collections.abc import Iterator
from dataclasses import dataclass

from ifcopenshell import entity_instance

from bim_import.ifc.properties.attributes import attribute_text
from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.property_sets import Properties, PropertySets
from bim_import.ifc.properties.property_text import TextDefinitions, references
from bim_import.ifc.properties.relations import related
from bim_import.ifc.properties.values import attribute, entities, text

_TYPE_SETS = 5
"""IfcTypeObject.HasPropertySets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """What an occurrence takes from its IfcTypeObject."""

    step_id: int
    name: str | None
    predefined_type: str | None
    sets: dict[str, Properties]


class Definitions:
    """Types and property sets by STEP id of the object."""

    def __init__(self, layout: Layout, sets: PropertySets) -> None:
        self._layout = layout
        self._sets = sets
        self._types: dict[int, ObjectType] = {}
        self._type_of: dict[int, entity_instance] = {}
        self._definitions_of: dict[int, list[int]] = {}
        for kind, objects in related(layout, "IfcRelDefinesByType", "RelatingType"):
            for step_id in objects:
                self._type_of.setdefault(step_id, kind)
        for definitions, objects in _relations(layout, sets.found):
            for step_id in objects:
                self._definitions_of.setdefault(step_id, []).extend(definitions)

    def type_of(self, step_id: int) -> ObjectType | None:
        """The type of an object, None where it has none."""
        entity = self._type_of.get(step_id)
        if entity is None:
            return None
        key = entity.id()
        known = self._types.get(key)
        if known is None:
            known = self._types[key] = self._read_type(entity)
        return known

    def properties(self, step_id: int, kind: ObjectType | None) -> dict[str, Properties]:
        """Set name → properties. The outer dictionary is the caller's own, the inner ones are shared: do not change them."""
        merged = dict(kind.sets) if kind is not None else {}
        for definition in self._definitions_of.get(step_id, ()):
            self._add(definition, merged)
        return merged

    def _read_type(self, entity: entity_instance) -> ObjectType:
        sets: dict[str, Properties] = {}
        for definition in entities(attribute(entity, _TYPE_SETS)):
            self._add(definition.id(), sets)
        predefined = attribute_text(entity, self._layout.index(entity.is_a(), "PredefinedType"))
        return ObjectType(
            step_id=entity.id(), name=text(attribute(entity, 2)), predefined_type=predefined, sets=sets
        )

    def _add(self, definition: int, merged: dict[str, Properties]) -> None:
        name, properties = self._sets.read(definition)
        if properties:
            before = merged.get(name)
            merged[name] = properties if before is None else {**before, **properties}


def _relations(layout: Layout, found: TextDefinitions) -> Iterator[tuple[list[int], list[int]]]:
    """Definitions and objects of each IfcRelDefinesByProperties in the order of the file. What the text did not give, or
    gave too much of (a relation inside a comment), is asked of the parser.
    """
    for relation in layout.of_type("IfcRelDefinesByProperties"):
        known = found.relations.get(relation.id())
        if known is not None:
            yield [known[0]], references(known[1])
        else:
            objects = [item.id() for item in entities(attribute(relation, 4))]
            definitions = entities(attribute(relation, 5))
            yield [member.id() for definition in definitions for member in _members(definition)], objects


def _members(definition: entity_instance) -> tuple[entity_instance, ...]:
    """One definition, or the several of an IfcPropertySetDefinitionSet (IFC 4: a typed list, hence without a STEP id)."""
    return (definition,) if definition.id() else entities(attribute(definition, 0))
