"""What the objects of a file are: names, place in the tree, attributes, properties; no geometry."""

import mmap
from collections.abc import Iterator

from ifcopenshell import entity_instance

from bim_import.ifc.georeference.axes import placement_origin
from bim_import.ifc.properties.associations import (
    count_ports,
    read_classifications,
    read_groups,
    read_materials,
)
from bim_import.ifc.properties.attributes import (
    ATTRIBUTE_SET,
    LENGTH_DIGITS,
    ObjectClass,
    attribute_text,
    further_attributes,
    object_class,
)
from bim_import.ifc.properties.definitions import Definitions, ObjectType
from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.property_sets import Properties, PropertySets
from bim_import.ifc.properties.tree import read_tree
from bim_import.ifc.properties.units import Units
from bim_import.ifc.properties.values import attribute, text
from bim_import.ifc.reading.index import ProductIndex
from bim_import.ifc.reading.open import OpenedIfc
from twin.objects import Attributes, ClassificationRef, Property, SourceObject

_BATCH = 1000
"""Objects per batch: a few megabytes with their properties."""

_UNDEFINED = frozenset({None, "NOTDEFINED"})


def read_objects(opened: OpenedIfc, index: ProductIndex) -> Iterator[list[SourceObject]]:
    """All objects of the index in the order of their ordinals, in batches.

    Warnings about the tree are appended to `opened.warnings` before the first batch. Nothing is raised for what is wrong
    inside the file: a damaged attribute is an absent one.
    """
    reader = _Reader(opened, index)
    count = len(index.step_ids)
    for start in range(0, count, _BATCH):
        yield [reader.read(ordinal) for ordinal in range(start, min(start + _BATCH, count))]


class _Reader:
    """All relations of one file, read once, and the way from there to an object."""

    def __init__(self, opened: OpenedIfc, index: ProductIndex) -> None:
        layout = Layout(opened.file)
        self._index = index
        self._entities = [opened.file.by_id(step_id) for step_id in index.step_ids]
        names = [entity.is_a() for entity in self._entities]
        by_name = {name: object_class(layout, name) for name in set(names)}
        self._classes: list[ObjectClass] = [by_name[name] for name in names]
        self._tree = read_tree(layout, index, names, opened.schema)
        opened.warnings.extend(self._tree.warnings)
        self._units = Units(layout)
        self._definitions = Definitions(layout, PropertySets(layout, self._units, opened.text))
        if hasattr(mmap, "MADV_DONTNEED"):
            opened.text.madvise(
                mmap.MADV_DONTNEED
            )  # the pages of the file need not count as memory of this process
        self._materials = read_materials(layout)
        self._classifications = read_classifications(layout)
        self._groups = read_groups(layout)
        self._ports = count_ports(layout)

    def read(self, ordinal: int) -> SourceObject:
        """One object with everything that is known of it."""
        entity, kind = self._entities[ordinal], self._classes[ordinal]
        occurrence_type = self._definitions.type_of(self._index.step_ids[ordinal])
        attributes = self._attributes(ordinal, entity, occurrence_type)
        name = text(attribute(entity, 2)) or attributes.long_name or attributes.tag or attributes.type_name
        return SourceObject(
            ordinal=ordinal,
            global_id=self._index.global_ids[ordinal],
            class_=kind.name,
            name=name or kind.name,
            parent=self._tree.parents[ordinal],
            storey=self._tree.storeys[ordinal],
            discipline=self._discipline(ordinal),
            hidden=kind.hidden,
            product=kind.is_product,
            attributes=attributes,
        )

    def _attributes(
        self, ordinal: int, entity: entity_instance, occurrence_type: ObjectType | None
    ) -> Attributes:
        step_id, kind = self._index.step_ids[ordinal], self._classes[ordinal]
        type_id = occurrence_type.step_id if occurrence_type is not None else -1
        return Attributes(
            description=text(attribute(entity, 3)),
            long_name=attribute_text(entity, kind.long_name),
            object_type=text(attribute(entity, 4)),
            predefined_type=_predefined_type(entity, kind, occurrence_type),
            tag=attribute_text(entity, kind.tag),
            type_name=occurrence_type.name if occurrence_type is not None else None,
            materials=self._materials.get(step_id) or self._materials.get(type_id) or [],
            classifications=self._classifications_of(step_id, type_id),
            groups=self._groups.get(step_id, []),
            properties=self._properties(ordinal, entity, occurrence_type),
        )

    def _classifications_of(self, step_id: int, type_id: int) -> list[ClassificationRef]:
        """The object's own references, then those of its type that it does not repeat."""
        own, inherited = self._classifications.get(step_id, []), self._classifications.get(type_id)
        return own if not inherited else own + [ref for ref in inherited if ref not in own]

    def _properties(
        self, ordinal: int, entity: entity_instance, occurrence_type: ObjectType | None
    ) -> dict[str, Properties]:
        step_id = self._index.step_ids[ordinal]
        direct = further_attributes(entity, self._classes[ordinal], self._units)
        if self._classes[ordinal].is_storey and "Elevation" not in direct:
            direct["Elevation"] = self._placed_elevation(entity)
        ports = self._ports.get(step_id)
        if ports is not None:
            direct["Ports"] = Property(value=ports, type="IfcInteger")
        properties = self._definitions.properties(step_id, occurrence_type)
        if direct:
            properties[ATTRIBUTE_SET] = {**properties.get(ATTRIBUTE_SET, {}), **direct}
        return properties

    def _placed_elevation(self, storey: entity_instance) -> Property:
        """Height of a storey's placement: IFC 4.3 deprecates the attribute, and many writers leave it out."""
        height = placement_origin(storey, self._units.length_factor)[2]
        return Property(value=round(height, LENGTH_DIGITS), type="IfcLocalPlacement", unit="m")

    def _discipline(self, ordinal: int) -> str:
        kind, parent = self._classes[ordinal], self._tree.parents[ordinal]
        if kind.follows_whole and parent is not None and self._classes[parent].is_element:
            return self._classes[parent].discipline
        return kind.discipline


def _predefined_type(
    entity: entity_instance, kind: ObjectClass, occurrence_type: ObjectType | None
) -> str | None:
    """The occurrence's own predefined type if it says something, else its type's."""
    own = attribute_text(entity, kind.predefined_type)
    if own in _UNDEFINED and occurrence_type is not None:
        return occurrence_type.predefined_type or own
    return own
