"""Which attribute stands where, by class, in the schema of one file: names instead of numbers at the price of a look-up."""

from dataclasses import dataclass
from functools import cached_property

import ifcopenshell
from ifcopenshell import entity_instance, ifcopenshell_wrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeLayout:
    """One explicit attribute of a class. `type_name` is its declared type (`IfcPositiveLengthMeasure`, an enumeration, an
    entity), or the simple type (`REAL`) or `LIST`; `is_entity` where it refers to entities or selects of such.
    """

    index: int
    name: str
    type_name: str
    is_entity: bool


class Layout:
    """The classes of one file's schema, looked up once each."""

    def __init__(self, file: ifcopenshell.file) -> None:
        self._file = file
        self._attributes: dict[str, tuple[AttributeLayout, ...]] = {}
        self._indices: dict[tuple[str, str], int | None] = {}
        self._families: dict[str, frozenset[str]] = {}

    @cached_property
    def _schema(self) -> ifcopenshell_wrapper.schema_definition:
        return ifcopenshell_wrapper.schema_by_name(self._file.schema_identifier)

    def by_id(self, step_id: int) -> entity_instance | None:
        """The entity of a STEP id; None for a reference into nothing."""
        try:
            return self._file.by_id(step_id)
        except RuntimeError:
            return None

    @cached_property
    def names(self) -> dict[str, str]:
        """Upper-case name of every class and type, as files have it → the name as the schema spells it."""
        return {declaration.name().upper(): declaration.name() for declaration in self._schema.declarations()}

    def of_type(self, class_name: str) -> tuple[entity_instance, ...]:
        """All entities of a class and its subtypes; none where the schema lacks the class."""
        try:
            return self._file.by_type(class_name)
        except RuntimeError:
            return ()

    def attributes(self, class_name: str) -> tuple[AttributeLayout, ...]:
        """The explicit attributes of a class in the order of the file."""
        known = self._attributes.get(class_name)
        if known is None:
            entity = self._schema.declaration_by_name(class_name).as_entity()
            assert entity is not None
            known = tuple(
                _layout(index, attribute) for index, attribute in enumerate(entity.all_attributes())
            )
            self._attributes[class_name] = known
        return known

    def index(self, class_name: str, attribute: str) -> int | None:
        """Place of an attribute, None where the class has none of that name."""
        key = (class_name, attribute)
        if key not in self._indices:
            found = (item.index for item in self.attributes(class_name) if item.name == attribute)
            self._indices[key] = next(found, None)
        return self._indices[key]

    def family(self, class_name: str) -> frozenset[str]:
        """The names of a class and all its supertypes."""
        known = self._families.get(class_name)
        if known is None:
            names = []
            entity = self._schema.declaration_by_name(class_name).as_entity()
            while entity is not None:
                names.append(entity.name())
                entity = entity.supertype()
            known = self._families[class_name] = frozenset(names)
        return known


def _layout(index: int, attribute: ifcopenshell_wrapper.attribute) -> AttributeLayout:
    declared = attribute.type_of_attribute()
    named = declared.as_named_type()
    if named is not None:
        type_name = named.declared_type().name()
        is_entity = (
            named.declared_type().as_entity() is not None
            or named.declared_type().as_select_type() is not None
        )
    else:
        simple = declared.as_simple_type()
        type_name = simple.declared_type().upper() if simple is not None else "LIST"
        is_entity = simple is None and "<entity" in str(declared)
    return AttributeLayout(index=index, name=attribute.name(), type_name=type_name, is_entity=is_entity)
