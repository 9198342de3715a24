"""The building being written: products, kinds, and the relations between them, collected and written at the end.

Relations are gathered per storey, kind, property set, material and so on, so that one relation entity carries many
objects, as good exporters do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sample_models.ifc_writing import Entity, IfcWriter
from sample_models.materials import Materials
from sample_models.shapes import Point3, Solid, box
from sample_models.values import Kind, Label, Part, Place, Pset, Quantities, naming


@dataclass(slots=True)
class _Relations:
    """Related objects by the relating one; the keys are entity numbers or other stable marks."""

    contained: dict[int, list[Entity]] = field(default_factory=dict)
    aggregated: dict[int, list[Entity]] = field(default_factory=dict)
    typed: dict[str, list[Entity]] = field(default_factory=dict)
    described: dict[str, tuple[Pset | Quantities, list[Entity]]] = field(default_factory=dict)
    grouped: dict[int, list[Entity]] = field(default_factory=dict)
    nested: dict[int, list[Entity]] = field(default_factory=dict)


class IfcModel:
    """Adds parts to the file and remembers how they belong together; `finish` writes the relations, once."""

    def __init__(self, writer: IfcWriter) -> None:
        self.writer = writer
        self.body: Entity | None = None
        self.spatial: dict[str, Entity] = {}
        self.levels: dict[str, float] = {}
        self.materials = Materials(writer)
        self._kinds: dict[str, tuple[Entity, Entity | None]] = {}
        self._by_number: dict[int, Entity] = {}
        self._keys: dict[int, str] = {}
        self._by_key: dict[str, Entity] = {}
        self._relations = _Relations()

    def level_of(self, container: str) -> float:
        """Level of the origin of a spatial element above ±0.000, in mm."""
        return self.levels.get(container, 0.0)

    # ------------------------------------------------------------------------------------------ products
    def add(self, part: Part, parent: Entity) -> Entity:
        """Add a product to `parent`: contained in a spatial element, else as a component of an assembly.

        Its placement is relative to that of the parent.
        """
        product = self._product(part, parent.ObjectPlacement)
        if parent.is_a("IfcSpatialElement"):
            self._collect(self._relations.contained, parent, product)
        else:
            self._collect(self._relations.aggregated, parent, product)
        return product

    def add_space(self, part: Part, parent: Entity) -> Entity:
        """Add a spatial element below another one (aggregated, not contained)."""
        space = self._product(part, parent.ObjectPlacement)
        self._collect(self._relations.aggregated, parent, space)
        self.spatial[part.key] = space
        return space

    def _product(self, part: Part, relative_to: Entity | None) -> Entity:
        representation = self._representation(part)
        attributes = dict(part.attributes)
        if part.kind is not None:
            attributes = {**_inherited(part.kind), **attributes}
        product = self.writer.root(
            part.ifc_class,
            part.key,
            Name=part.label.zh,
            Description=part.label.en,
            ObjectPlacement=self.writer.placement(part.place, relative_to),
            Representation=representation,
            **attributes,
        )
        self.remember(product, part.key)
        self._describe(part, product)
        return product

    def _describe(self, part: Part, product: Entity) -> None:
        self.describe(product, part.psets)
        if part.kind is not None:
            self.kind(part.kind)
            self._relations.typed.setdefault(part.kind.key, []).append(product)
        if part.quantities is not None:
            found = self._relations.described.setdefault(repr(part.quantities), (part.quantities, []))
            found[1].append(product)
        if part.material:
            self.materials.assign(part.material, product)
        if part.code:
            self.materials.classify(part.code, product)

    def _representation(self, part: Part) -> Entity | None:
        if part.solids:
            return self.shape(part.solids)
        if part.kind is None:
            return None
        _, shape_map = self.kind(part.kind)
        return self._mapped(shape_map) if shape_map is not None else None

    def shape(self, solids: Iterable[Solid]) -> Entity:
        """A product shape with its own solids."""
        return self.writer.make("IfcProductDefinitionShape", Representations=(self._body(solids),))

    def _body(self, solids: Iterable[Solid]) -> Entity:
        items = tuple(self.writer.solid(solid) for solid in solids)
        meshes = all(item.is_a("IfcTessellatedFaceSet") for item in items)
        return self.writer.make(
            "IfcShapeRepresentation",
            ContextOfItems=self.body,
            RepresentationIdentifier="Body",
            RepresentationType="Tessellation" if meshes else _representation_type(items),
            Items=items,
        )

    def _mapped(self, shape_map: Entity) -> Entity:
        writer = self.writer
        target = writer.share("IfcCartesianTransformationOperator3D", LocalOrigin=writer.point(0.0, 0.0, 0.0))
        item = writer.make("IfcMappedItem", MappingSource=shape_map, MappingTarget=target)
        representation = writer.make(
            "IfcShapeRepresentation",
            ContextOfItems=self.body,
            RepresentationIdentifier="Body",
            RepresentationType="MappedRepresentation",
            Items=(item,),
        )
        return writer.make("IfcProductDefinitionShape", Representations=(representation,))

    # --------------------------------------------------------------------------------------------- kinds
    def kind(self, kind: Kind) -> tuple[Entity, Entity | None]:
        """The type object of a kind and the map of its shape, written at first use."""
        found = self._kinds.get(kind.key)
        if found is None:
            found = self._kinds[kind.key] = self._new_kind(kind)
        return found

    def _new_kind(self, kind: Kind) -> tuple[Entity, Entity | None]:
        path = f"kind/{kind.key}"
        shape_map = None
        if kind.solids:
            origin = self.writer.axes((0.0, 0.0, 0.0))
            shape_map = self.writer.make(
                "IfcRepresentationMap", MappingOrigin=origin, MappedRepresentation=self._body(kind.solids)
            )
        psets = tuple(
            self.writer.property_set(f"{path}/{pset.name}", pset)
            for pset in (*kind.psets, naming(kind.label))
        )
        entity = self.writer.root(
            kind.cls,
            path,
            Name=kind.label.zh,
            Description=kind.label.en,
            HasPropertySets=psets or None,
            RepresentationMaps=(shape_map,) if shape_map is not None else None,
            **kind.attributes,
        )
        self.remember(entity, path)
        if kind.material:
            self.materials.assign(kind.material, entity)
        if kind.code:
            self.materials.classify(kind.code, entity)
        return entity, shape_map

    # ------------------------------------------------------------------------------------------ openings
    def cut(self, host: Entity, key: str, low: Point3, high: Point3) -> Entity:
        """Cut a box out of `host`, given in its coordinates; returns the opening, placed at the middle of its base."""
        middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2])
        local_low = (low[0] - middle[0], low[1] - middle[1], 0.0)
        local_high = (high[0] - middle[0], high[1] - middle[1], high[2] - low[2])
        opening = self.writer.root(
            "IfcOpeningElement",
            key,
            Name="洞口",
            Description="Opening",
            ObjectPlacement=self.writer.placement(Place(origin=middle), host.ObjectPlacement),
            Representation=self.shape((box(local_low, local_high, ""),)),
            PredefinedType="OPENING",
        )
        self.remember(opening, key)
        self.writer.root(
            "IfcRelVoidsElement", f"{key}/voids", RelatingBuildingElement=host, RelatedOpeningElement=opening
        )
        return opening

    def fill(self, opening: Entity, part: Part, storey: Entity) -> Entity:
        """Put a door or window into an opening; it belongs to `storey` and stands relative to the opening."""
        filling = self._product(part, opening.ObjectPlacement)
        self._collect(self._relations.contained, storey, filling)
        self.writer.root(
            "IfcRelFillsElement",
            f"{part.key}/fills",
            RelatingOpeningElement=opening,
            RelatedBuildingElement=filling,
        )
        return filling

    # ----------------------------------------------------------------------------------------- relations
    def remember(self, entity: Entity, key: str) -> None:
        """Keep the key of an entity: relations get their identifiers from those of their ends."""
        self._by_number[entity.id()] = entity
        self._keys[entity.id()] = key
        self._by_key[key] = entity

    def key_of(self, entity: Entity) -> str:
        """The key under which an entity was added."""
        return self._keys[entity.id()]

    def by_key(self, key: str) -> Entity:
        """The entity that was added under a key; raises `KeyError` where there is none."""
        return self._by_key[key]

    def with_prefix(self, prefix: str) -> list[tuple[str, Entity]]:
        """Keys that begin so, and their entities, in the order in which they were added."""
        return [(key, entity) for key, entity in self._by_key.items() if key.startswith(prefix)]

    def describe(self, entity: Entity, psets: Iterable[Pset]) -> None:
        """Give property sets to an object; objects with equal ones share them."""
        for pset in psets:
            _, objects = self._relations.described.setdefault(repr(pset), (pset, []))
            objects.append(entity)

    def aggregate(self, whole: Entity, part: Entity) -> None:
        """Make `part` a part of `whole`."""
        self._collect(self._relations.aggregated, whole, part)

    def contain(self, storey: Entity, element: Entity) -> None:
        """Say that an element that was made elsewhere belongs to a spatial element."""
        self._collect(self._relations.contained, storey, element)

    def nest(self, host: Entity, port: Entity) -> None:
        """Give a port to the element that has it."""
        self._collect(self._relations.nested, host, port)

    def group(
        self, key: str, cls: str, label: Label, attributes: Mapping[str, object] | None = None
    ) -> Entity:
        """Add a group (a zone, a system) without members yet."""
        group = self.writer.root(cls, key, Name=label.zh, Description=label.en, **(attributes or {}))
        self.remember(group, key)
        return group

    def system(self, key: str, label: Label, kind: str, members: Iterable[Entity]) -> None:
        """Add a technical system without lines; `kind` is its IfcDistributionSystemEnum."""
        attributes = {"LongName": label.en, "PredefinedType": kind}
        self.assign(self.group(f"system/{key}", "IfcDistributionSystem", label, attributes), members)

    def assign(self, group: Entity, members: Iterable[Entity]) -> None:
        """Put objects into a group."""
        for member in members:
            self._collect(self._relations.grouped, group, member)

    def _collect(self, relation: dict[int, list[Entity]], one: Entity, other: Entity) -> None:
        if one.id() not in self._by_number:
            raise ValueError(f"{one} was not added through the model: its relations would have no identifier")
        relation.setdefault(one.id(), []).append(other)

    def _define(self, path: str, objects: list[Entity], definition: Entity) -> None:
        self.writer.root(
            "IfcRelDefinesByProperties",
            f"{path}/defines",
            RelatedObjects=tuple(objects),
            RelatingPropertyDefinition=definition,
        )

    def finish(self) -> None:
        """Write every collected relation. Nothing may be added after this."""
        relations = self._relations
        self._write("IfcRelAggregates", relations.aggregated, ("RelatingObject", "RelatedObjects"))
        self._write(
            "IfcRelContainedInSpatialStructure", relations.contained, ("RelatingStructure", "RelatedElements")
        )
        self._write("IfcRelNests", relations.nested, ("RelatingObject", "RelatedObjects"))
        self._write("IfcRelAssignsToGroup", relations.grouped, ("RelatingGroup", "RelatedObjects"))
        for key, objects in relations.typed.items():
            self.writer.root(
                "IfcRelDefinesByType",
                f"kind/{key}/defines",
                RelatedObjects=tuple(objects),
                RelatingType=self._kinds[key][0],
            )
        for found, objects in relations.described.values():
            # The first object that has a set names it: no two sets of one name start with the same object.
            path = f"{self._keys[objects[0].id()]}/{found.name}"
            definition = (
                self.writer.property_set(path, found)
                if isinstance(found, Pset)
                else self.writer.quantity_set(path, found)
            )
            self._define(path, objects, definition)
        self.materials.finish()

    def _write(self, cls: str, relation: dict[int, list[Entity]], ends: tuple[str, str]) -> None:
        for number, objects in relation.items():
            path = f"{self._keys[number]}/{cls}"
            self.writer.root(cls, path, **{ends[0]: self._by_number[number], ends[1]: tuple(objects)})


def _inherited(kind: Kind) -> dict[str, object]:
    """Attributes that an occurrence repeats from its type, so that readers that skip types still know them."""
    wanted = {"PredefinedType": "PredefinedType", "ElementType": "ObjectType"}
    if kind.cls == "IfcDoorType":
        wanted["OperationType"] = "OperationType"
    if kind.cls == "IfcWindowType":
        wanted["PartitioningType"] = "PartitioningType"
    return {wanted[name]: value for name, value in kind.attributes.items() if name in wanted}


def _representation_type(items: tuple[Entity, ...]) -> str:
    swept = all(item.is_a("IfcExtrudedAreaSolid") for item in items)
    return "SweptSolid" if swept else "SurfaceOrSolidModel"
