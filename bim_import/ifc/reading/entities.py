"""Typed access to entities of a parsed file, by position where speed counts.

Reading an attribute by position takes a quarter of the time that reading it by name takes (1.5 µs against 6.3 µs), and
asking for a name that a class lacks imports the express rules of the schema. The positions below are the same in IFC 2x3, 4
and 4.3.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ifcopenshell import entity_instance, ifcopenshell_wrapper

Entity = entity_instance

PLACEMENT = 5
"""IfcProduct.ObjectPlacement"""
REPRESENTATION = 6
"""IfcProduct.Representation"""
REPRESENTATIONS = 2
"""IfcProductRepresentation.Representations"""
CONTEXT, IDENTIFIER, TYPE, ITEMS = 0, 1, 2, 3
"""IfcRepresentation: ContextOfItems, RepresentationIdentifier, RepresentationType, Items"""
MAPPING_SOURCE, MAPPING_TARGET = 0, 1
"""IfcMappedItem"""
MAPPING_ORIGIN, MAPPED_REPRESENTATION = 0, 1
"""IfcRepresentationMap"""
RELATING, RELATED = 4, 5
"""The two ends of IfcRelVoidsElement, IfcRelAggregates"""
OPERATOR, FIRST, SECOND = 0, 1, 2
"""IfcBooleanResult"""


MALFORMED = (AttributeError, TypeError, LookupError, ValueError, ArithmeticError, RuntimeError)
"""What comes of reading entities whose attributes are not what their class says: text that is no number, another class, none
at all. Schemas are not checked beforehand, so whoever follows references must expect these."""


def attribute(entity: Entity, position: int) -> Any:
    """Attribute at `position`, counted from 0 with those of the supertypes."""
    return entity.get_argument(position)


def kind(entity: Entity) -> str:
    """Name of the class, as `IfcWall`."""
    return str(entity.is_a())


def is_kind(entity: Entity, name: str) -> bool:
    """Whether the class is `name` or one of its subclasses."""
    return bool(entity.is_a(name))


def classes(schema: str, names: Iterable[str]) -> frozenset[str]:
    """The classes `names` and all their subclasses in a schema (`IFC4`); names that the schema lacks are left out."""
    found: set[str] = set()
    definition = ifcopenshell_wrapper.schema_by_name(schema)
    for name in names:
        try:
            open_ends = [definition.declaration_by_name(name).as_entity()]
        except RuntimeError:
            continue
        while open_ends:
            declaration = open_ends.pop()
            assert declaration is not None
            found.add(declaration.name())
            open_ends.extend(declaration.subtypes())
    return frozenset(found)


@lru_cache(maxsize=1024)
def supertypes(schema: str, name: str) -> tuple[str, ...]:
    """`name` and its superclasses, nearest first."""
    declaration = ifcopenshell_wrapper.schema_by_name(schema).declaration_by_name(name).as_entity()
    found: list[str] = []
    while declaration is not None:
        found.append(declaration.name())
        declaration = declaration.supertype()
    return tuple(found)
