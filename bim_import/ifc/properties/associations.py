"""What else is said of objects: materials, classification references and groups, by STEP id of the object."""

from ifcopenshell import entity_instance

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.relations import related
from bim_import.ifc.properties.values import attribute, entities, text
from bim_import.ifc.reading.materials import MATERIAL_PARTS
from twin.objects import ClassificationRef, GroupRef

_MAX_DEPTH = 6
"""Usage → set → layer → material is three; references between classification references rarely exceed five."""


def read_materials(layout: Layout) -> dict[int, list[str]]:
    """Names of the materials of each object or type, in the order of layers, each once."""
    known: dict[int, list[str]] = {}
    found: dict[int, list[str]] = {}
    for material, objects in related(layout, "IfcRelAssociatesMaterial", "RelatingMaterial"):
        names = known.get(material.id())
        if names is None:
            names = known[material.id()] = list(dict.fromkeys(_material_names(material, 0)))
        for step_id in objects:
            before = found.get(step_id)
            found[step_id] = names if before is None else list(dict.fromkeys(before + names))
    return found


def _material_names(material: entity_instance, depth: int) -> list[str]:
    kind = material.is_a()
    if kind == "IfcMaterial":
        name = text(attribute(material, 0))
        return [name] if name else []
    part = MATERIAL_PARTS.get(kind)
    if part is None or depth > _MAX_DEPTH:
        return []
    return [
        name for inner in entities(attribute(material, part)) for name in _material_names(inner, depth + 1)
    ]


def read_classifications(layout: Layout) -> dict[int, list[ClassificationRef]]:
    """Classification references of each object or type."""
    found: dict[int, list[ClassificationRef]] = {}
    for reference, objects in related(layout, "IfcRelAssociatesClassification", "RelatingClassification"):
        read = _classification(reference)
        for step_id in objects:
            refs = found.setdefault(step_id, [])
            if read not in refs:
                refs.append(read)
    return found


def _classification(reference: entity_instance) -> ClassificationRef:
    """IfcClassificationReference (location, code, name, source), a whole IfcClassification, or the notation of IFC 2x3."""
    kind = reference.is_a()
    if kind == "IfcClassification":
        return ClassificationRef(system=text(attribute(reference, 3)))
    if kind == "IfcClassificationNotation":
        facets = (text(attribute(facet, 0)) for facet in entities(attribute(reference, 0)))
        return ClassificationRef(code=".".join(facet for facet in facets if facet) or None)
    code = text(attribute(reference, 1))
    return ClassificationRef(system=_system(reference), code=code, name=text(attribute(reference, 2)))


def _system(reference: entity_instance) -> str | None:
    """Name of the system at the end of the chain of sources (IFC 4 lets references refer to references)."""
    at: object = reference
    for _ in range(_MAX_DEPTH):
        if not isinstance(at, entity_instance):
            return None
        if at.is_a() == "IfcClassification":
            return text(attribute(at, 3))
        at = attribute(at, 3)
    return None


def read_groups(layout: Layout) -> dict[int, list[GroupRef]]:
    """Systems, zones and other groups of each object; a group without a name is called by its class."""
    found: dict[int, list[GroupRef]] = {}
    known: dict[int, GroupRef] = {}
    for group, objects in related(layout, "IfcRelAssignsToGroup", "RelatingGroup"):
        read = known.get(group.id())
        if read is None:
            kind = group.is_a()
            name = text(attribute(group, 2)) or text(attribute(group, 4)) or kind
            read = known[group.id()] = GroupRef(kind=kind, name=name, global_id=text(attribute(group, 0)))
        for step_id in objects:
            refs = found.setdefault(step_id, [])
            if read not in refs:
                refs.append(read)
    return found


def count_ports(layout: Layout) -> dict[int, int]:
    """Number of distribution ports of each element: nested (IFC 4) or connected to it (IFC 2x3)."""
    ports: dict[int, set[int]] = {}
    index = layout.index("IfcRelConnectsPortToElement", "RelatedElement")
    if index is not None:
        for relation in layout.of_type("IfcRelConnectsPortToElement"):
            for element in entities(attribute(relation, index)):
                ports.setdefault(element.id(), set()).update(e.id() for e in entities(attribute(relation, 4)))
    every = {port.id() for port in layout.of_type("IfcPort")}
    if every:
        for whole, parts in related(layout, "IfcRelNests", "RelatingObject"):
            nested = every.intersection(parts)
            if nested:
                ports.setdefault(whole.id(), set()).update(nested)
    return {step_id: len(found) for step_id, found in ports.items()}
