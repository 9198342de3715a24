"""What a part of a building is, as plain values: names, typed properties, kinds and occurrences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sample_models.shapes import Point3, Solid


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One name in Chinese and in English."""

    zh: str
    en: str

    def with_suffix(self, suffix: str) -> "Label":
        """The same name with a number or code behind it in both languages."""
        return Label(zh=f"{self.zh} {suffix}", en=f"{self.en} {suffix}")


def name(zh: str, en: str) -> Label:
    """Short way to write a `Label`."""
    return Label(zh=zh, en=en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value with its IFC measure type; `unit` is a key of `palette.UNITS`, None means the project's own unit."""

    measure: str
    value: str | float | int | bool
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A range with its IFC measure type (IfcPropertyBoundedValue)."""

    measure: str
    low: float
    high: float
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """A choice from a named list (IfcPropertyEnumeratedValue)."""

    options: str
    chosen: str


Property = Value | Between | OneOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Pset:
    """A named set of properties (IfcPropertySet)."""

    name: str
    properties: Mapping[str, Property]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """A named set of quantities (IfcElementQuantity): lengths in mm, areas in m², volumes in m³, counts."""

    name: str
    lengths_mm: Mapping[str, float] = field(default_factory=dict)
    areas_m2: Mapping[str, float] = field(default_factory=dict)
    volumes_m3: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A local coordinate system: its origin in mm in that of its parent, and the direction of its x axis."""

    origin: Point3 = (0.0, 0.0, 0.0)
    x_axis: Point3 = (1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type object (IfcTypeProduct); its solids are the shape that its occurrences share as mapped items.

    `cls` is the class of the type, for example `IfcWindowType`; occurrences are of the class without `Type`.
    """

    key: str
    cls: str
    label: Label
    solids: tuple[Solid, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    psets: tuple[Pset, ...] = ()
    material: str | None = None
    code: str | None = None

    @property
    def occurrence_class(self) -> str:
        """Class of the occurrences."""
        return self.cls.removesuffix("Type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One occurrence (IfcProduct). Give `kind` (and no solids for a mapped shape), or `cls` and solids, or both.

    `key` names the part once in the whole building: its GlobalId is derived from it and nothing else.
    """

    key: str
    label: Label
    kind: Kind | None = None
    cls: str | None = None
    place: Place = Place()
    solids: tuple[Solid, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    psets: tuple[Pset, ...] = ()
    quantities: Quantities | None = None
    material: str | None = None
    code: str | None = None

    @property
    def ifc_class(self) -> str:
        """Class of this occurrence; raises `ValueError` where neither class nor kind is given."""
        if self.cls is not None:
            return self.cls
        if self.kind is None:
            raise ValueError(f"{self.key} has neither a class nor a kind")
        return self.kind.occurrence_class


def text(value: str) -> Value:
    """A label of at most 255 characters."""
    return Value(measure="IfcLabel", value=value)


def identifier(value: str) -> Value:
    """A code that means something to machines or registers."""
    return Value(measure="IfcIdentifier", value=value)


def flag(value: bool) -> Value:  # noqa: FBT001 - the one parameter is the value itself
    """Yes or no."""
    return Value(measure="IfcBoolean", value=value)


def whole(value: int) -> Value:
    """A whole number."""
    return Value(measure="IfcInteger", value=value)


def count(value: int) -> Value:
    """A number of things (IfcCountMeasure)."""
    return Value(measure="IfcCountMeasure", value=value)


def measure(kind: str, value: float, unit: str | None = None) -> Value:
    """A physical quantity; `kind` without the `Ifc` and `Measure` around it, for example `Power`."""
    return Value(measure=f"Ifc{kind}Measure", value=float(value), unit=unit)


def length(value_mm: float) -> Value:
    """A positive length in mm, the project's length unit."""
    return measure("PositiveLength", value_mm)


def naming(label: Label) -> Pset:
    """Both names as properties, for everything that people look for by name."""
    return Pset(name="双语名称", properties={"中文名称": text(label.zh), "EnglishName": text(label.en)})


def as_new(reference: str) -> dict[str, Property]:
    """Reference and status that begin nearly every common property set."""
    return {"Reference": identifier(reference), "Status": OneOf(options="PEnum_ElementStatus", chosen="NEW")}
