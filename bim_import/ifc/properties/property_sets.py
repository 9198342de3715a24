"""Property sets, quantities and predefined sets as flat, typed values.

What IFC nests is flattened with a dot: the members of a complex property are `Outer.Inner`, the bounds of a bounded value
`Name.LowerBoundValue`, `Name.UpperBoundValue` and `Name` (the set point), the columns of a table `Name.DefiningValues`
and `Name.DefinedValues`. A value stands in the property's own unit, else in the project's unit for its measure.
"""

import mmap
from collections.abc import Callable, Iterator

from ifcopenshell import entity_instance

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.property_literals import TextValues
from bim_import.ifc.properties.property_text import read_definitions, references
from bim_import.ifc.properties.units import Units
from bim_import.ifc.properties.values import attribute, entities, plain, scalar, text
from twin.objects import Property, PropertyType

Properties = dict[str, Property]
NamedSet = tuple[str, Properties]

_MAX_DEPTH = 6
"""Complex properties inside complex properties; deeper is a loop."""

_FIRST_OWN = 4
"""Attributes of IfcRoot come first; what follows in a predefined set are its properties."""


class PropertySets:
    """Reads each property set of a file once; objects that share a set share the dictionary, which nobody changes."""

    def __init__(self, layout: Layout, units: Units, content: mmap.mmap | bytes) -> None:
        self._layout = layout
        self._units = units
        self._texts = TextValues(layout, units)
        self.found = read_definitions(content, self._texts.property)
        self._sets: dict[int, NamedSet] = {}
        self._properties: dict[int, list[tuple[str, Property]]] = {}
        self._quantity_types: dict[str, str] = {}
        self._readers: dict[str, Callable[[entity_instance, int], Iterator[tuple[str, Property]]]] = {
            "IfcPropertyEnumeratedValue": self._enumerated,
            "IfcPropertyBoundedValue": self._bounded,
            "IfcPropertyListValue": self._listed,
            "IfcPropertyTableValue": self._table,
            "IfcPropertyReferenceValue": self._reference,
            "IfcComplexProperty": self._complex,
            "IfcPhysicalComplexQuantity": self._complex,
        }

    def read(self, step_id: int) -> NamedSet:
        """Name and properties of the property set, quantity set or predefined set with this STEP id."""
        known = self._sets.get(step_id)
        if known is None:
            known = self._sets[step_id] = self._read_set(step_id)
        return known

    def _read_set(self, step_id: int) -> NamedSet:
        found = self.found.sets.get(step_id)
        if found is not None and (name := self._texts.text(found[0])):
            return name, self._members(references(found[1]))
        definition = self._layout.by_id(step_id)
        if definition is None:
            return "", {}
        kind = definition.is_a()
        name = text(attribute(definition, 2)) or kind
        if kind == "IfcPropertySet":
            return name, self._members([member.id() for member in entities(attribute(definition, 4))])
        if kind == "IfcElementQuantity":
            return name, self._members([member.id() for member in entities(attribute(definition, 5))])
        return name, dict(self._predefined(definition, kind))

    def _members(self, members: list[int]) -> Properties:
        """Properties of a set; of two with one name the later one counts, as elsewhere."""
        found: Properties = {}
        values, known = self.found.values, self._properties
        for step_id in members:
            named = values.get(step_id)
            if named is not None:
                found[named[0]] = named[1]
                continue
            parsed = known.get(step_id)
            if parsed is None:
                member = self._layout.by_id(step_id)
                parsed = known[step_id] = list(self._member(member, 0)) if member is not None else []
            found.update(parsed)
        return found

    def _member(self, member: entity_instance, depth: int) -> Iterator[tuple[str, Property]]:
        kind = member.is_a()
        if kind == "IfcPropertySingleValue":
            yield self._single(member)
        elif kind in self._readers:
            yield from self._readers[kind](member, depth)
        elif kind.startswith("IfcQuantity"):
            yield self._quantity(member, kind)

    def _single(self, member: entity_instance) -> tuple[str, Property]:
        name = text(attribute(member, 0)) or ""
        value, unit = attribute(member, 2), attribute(member, 3)
        if not isinstance(value, entity_instance):
            return name, Property(value=None, type="IfcPropertySingleValue")
        kind = value.is_a()
        symbol = self._units.of_measure(kind) if unit is None else self._units.symbol(unit)
        return name, Property(value=scalar(attribute(value, 0)), type=kind, unit=symbol)

    def _quantity(self, member: entity_instance, kind: str) -> tuple[str, Property]:
        """IfcPhysicalSimpleQuantity: name, description, unit, value."""
        measure = self._quantity_types.get(kind)
        if measure is None:
            measure = self._quantity_types[kind] = self._layout.attributes(kind)[3].type_name
        unit = attribute(member, 2)
        symbol = self._units.of_measure(measure) if unit is None else self._units.symbol(unit)
        return text(attribute(member, 0)) or "", Property(
            value=scalar(attribute(member, 3)), type=measure, unit=symbol
        )

    def _typed(self, values: object, unit: object, fallback: str) -> Property:
        """A list of typed values; its type is that of the first one."""
        found = entities(values)
        kind = found[0].is_a() if found else fallback
        symbol = self._units.symbol(unit) if unit is not None else self._units.of_measure(kind)
        return Property(value=plain(found) if found else None, type=kind, unit=symbol if found else None)

    def _enumerated(self, member: entity_instance, _depth: int) -> Iterator[tuple[str, Property]]:
        reference = attribute(member, 3)
        unit = attribute(reference, 2) if isinstance(reference, entity_instance) else None
        yield (
            text(attribute(member, 0)) or "",
            self._typed(attribute(member, 2), unit, "IfcPropertyEnumeratedValue"),
        )

    def _listed(self, member: entity_instance, _depth: int) -> Iterator[tuple[str, Property]]:
        unit = attribute(member, 3)
        yield (
            text(attribute(member, 0)) or "",
            self._typed(attribute(member, 2), unit, "IfcPropertyListValue"),
        )

    def _bounded(self, member: entity_instance, _depth: int) -> Iterator[tuple[str, Property]]:
        """IfcPropertyBoundedValue: upper, lower, unit and, since IFC 4, set point."""
        name, unit = text(attribute(member, 0)) or "", attribute(member, 4)
        bounds = {".LowerBoundValue": 3, ".UpperBoundValue": 2, "": 5}
        found = [
            (suffix, value)
            for suffix, index in bounds.items()
            if (value := attribute(member, index)) is not None
        ]
        for suffix, value in found:
            yield name + suffix, self._one(value, unit)
        if not found:
            yield name, Property(value=None, type="IfcPropertyBoundedValue")

    def _one(self, value: object, unit: object) -> Property:
        typed = self._typed(value, unit, "IfcValue")
        single: PropertyType = typed.value[0] if isinstance(typed.value, list) and typed.value else None
        return Property(value=single, type=typed.type, unit=typed.unit)

    def _table(self, member: entity_instance, _depth: int) -> Iterator[tuple[str, Property]]:
        name = text(attribute(member, 0)) or ""
        for suffix, values, unit in ((".DefiningValues", 2, 5), (".DefinedValues", 3, 6)):
            yield (
                name + suffix,
                self._typed(attribute(member, values), attribute(member, unit), "IfcPropertyTableValue"),
            )

    def _reference(self, member: entity_instance, _depth: int) -> Iterator[tuple[str, Property]]:
        """A reference to another entity as the name of that entity, for people to read."""
        target = attribute(member, 3)
        name = text(attribute(member, 0)) or ""
        if not isinstance(target, entity_instance):
            yield name, Property(value=None, type="IfcPropertyReferenceValue")
            return
        yield name, Property(value=self._label(target), type=target.is_a())

    def _label(self, target: entity_instance) -> str:
        """The first text of an entity (a name, an identification), else its class and STEP id."""
        for item in self._layout.attributes(target.is_a()):
            found = text(attribute(target, item.index))
            if found is not None:
                return found
        return f"{target.is_a()} #{target.id()}"

    def _complex(self, member: entity_instance, depth: int) -> Iterator[tuple[str, Property]]:
        """IfcComplexProperty (members fourth) or IfcPhysicalComplexQuantity (members third)."""
        if depth >= _MAX_DEPTH:
            return
        name = text(attribute(member, 0)) or ""
        members = attribute(member, 3 if member.is_a() == "IfcComplexProperty" else 2)
        for inner in entities(members):
            for inner_name, value in self._member(inner, depth + 1):
                yield f"{name}.{inner_name}", value

    def _predefined(self, definition: entity_instance, kind: str) -> Iterator[tuple[str, Property]]:
        """IfcDoorLiningProperties and its like: each own attribute is a property."""
        for item in self._layout.attributes(kind)[_FIRST_OWN:]:
            value = plain(attribute(definition, item.index))
            if value is not None and not item.is_entity:
                yield (
                    item.name,
                    Property(value=value, type=item.type_name, unit=self._units.of_measure(item.type_name)),
                )
