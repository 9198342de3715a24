"""Materials, layer sets and classification references, and what they are assigned to."""

from sample_models.classes import CLASSES, TABLES
from sample_models.ifc_writing import Entity, IfcWriter
from sample_models.palette import LAYERS, MATERIALS

STANDARD = "GB/T 51269-2017"
"""建筑信息模型分类和编码标准, the Chinese standard for classification and coding of building information models."""


class Materials:
    """Collects who is made of what, and writes one association per material or class at the end."""

    def __init__(self, writer: IfcWriter) -> None:
        self._writer = writer
        self.body: Entity | None = None
        self._made_of: dict[str, list[Entity]] = {}
        self._classified: dict[str, list[Entity]] = {}
        self._written: dict[str, Entity] = {}

    def assign(self, key: str, entity: Entity) -> None:
        """Make an object or type of a material or a layer set; raises `KeyError` for an unknown key."""
        if key not in MATERIALS and key not in LAYERS:
            raise KeyError(key)
        self._made_of.setdefault(key, []).append(entity)

    def classify(self, code: str, entity: Entity) -> None:
        """Give an object or type a class; raises `KeyError` for a code that `classes` does not know."""
        if code not in CLASSES:
            raise KeyError(code)
        self._classified.setdefault(code, []).append(entity)

    def finish(self) -> None:
        """Write the associations."""
        for key, entities in self._made_of.items():
            self._writer.root(
                "IfcRelAssociatesMaterial",
                f"material/{key}/associates",
                RelatedObjects=tuple(entities),
                RelatingMaterial=self.layer_set(key) if key in LAYERS else self.material(key),
            )
        for code, entities in self._classified.items():
            self._writer.root(
                "IfcRelAssociatesClassification",
                f"class/{code}/associates",
                RelatedObjects=tuple(entities),
                RelatingClassification=self._reference(code),
            )

    def material(self, key: str) -> Entity:
        """A material, with its colour."""
        found = self._written.get(key)
        if found is None:
            label, category, paint = MATERIALS[key]
            found = self._writer.make("IfcMaterial", Name=label.zh, Description=label.en, Category=category)
            self._colour(found, paint)
            self._written[key] = found
        return found

    def _colour(self, material: Entity, paint: str) -> None:
        writer = self._writer
        styled = writer.make("IfcStyledItem", Styles=(writer.style(paint),))
        representation = writer.make(
            "IfcStyledRepresentation",
            ContextOfItems=self.body,
            RepresentationIdentifier="Style",
            RepresentationType="Material",
            Items=(styled,),
        )
        writer.make(
            "IfcMaterialDefinitionRepresentation",
            Representations=(representation,),
            RepresentedMaterial=material,
        )

    def layer_set(self, key: str) -> Entity:
        """A layer set; the layers run from outside to inside, or from top to bottom."""
        found = self._written.get(key)
        if found is None:
            label, layers = LAYERS[key]
            entities = tuple(
                self._writer.make(
                    "IfcMaterialLayer", Material=self.material(material), LayerThickness=thickness
                )
                for material, thickness in layers
            )
            found = self._written[key] = self._writer.make(
                "IfcMaterialLayerSet", MaterialLayers=entities, LayerSetName=label.zh, Description=label.en
            )
        return found

    def _reference(self, code: str) -> Entity:
        table = code.split("-", 1)[0]
        source = self._writer.share(
            "IfcClassification",
            Source="中华人民共和国住房和城乡建设部",
            Edition="2017",
            Name=STANDARD,
            Description="建筑信息模型分类和编码标准 Standard for classification and coding of building information model",
        )
        parent = self._writer.share(
            "IfcClassificationReference",
            Identification=table,
            Name=TABLES[table].zh,
            ReferencedSource=source,
            Description=TABLES[table].en,
        )
        return self._writer.make(
            "IfcClassificationReference",
            Identification=code,
            Name=CLASSES[code].zh,
            ReferencedSource=parent,
            Description=CLASSES[code].en,
        )
