"""Values to IFC entities: identifiers, shared geometry, styles, units, properties. Knows nothing of buildings.

Everything that may be shared is written once, which keeps the file small; everything is written in the order of the
calls, which keeps its bytes the same from run to run.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import ifcopenshell
import ifcopenshell.guid

from sample_models.palette import PAINTS
from sample_models.shapes import Block, Mesh, Outline, Point3, Rod, Solid
from sample_models.values import Between, OneOf, Place, Property, Pset, Quantities

Entity = ifcopenshell.entity_instance

IDENTIFIERS = uuid5(NAMESPACE_URL, "https://city-twin.example/sample-community")
"""Namespace of all GlobalIds: another name of the building gives other identifiers, another run does not."""

TIME_STAMP = "2026-01-01T00:00:00"
"""Time in the file header. Fixed: equal input gives equal bytes."""

CHOICES: dict[str, tuple[str, ...]] = {
    "PEnum_ElementStatus": (
        "NEW", "EXISTING", "DEMOLISH", "TEMPORARY", "OTHER", "NOTKNOWN", "UNSET",
    ),
}  # fmt: skip
"""Enumerations of the property templates of IFC4 that are used here."""


class IfcWriter:
    """A growing IFC4 file. `make` adds an entity, `share` adds it only where no equal one was shared before.

    `scope` tells the GlobalIds of one building from those of others, whose parts have the same paths.
    """

    def __init__(self, scope: str = "") -> None:
        self.scope = scope
        self.file = ifcopenshell.file(schema="IFC4")
        self.units: dict[str, Entity] = {}
        self._shared: dict[tuple[object, ...], Entity] = {}
        self._paths: set[str] = set()

    def make(self, cls: str, **attributes: object) -> Entity:
        """Add an entity with the given attributes."""
        return self.file.create_entity(cls, **attributes)

    def share(self, cls: str, **attributes: object) -> Entity:
        """The entity with exactly these attributes, added at its first use. Not for rooted entities."""
        key = (cls, *((name, _key(value)) for name, value in attributes.items()))
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = self.make(cls, **attributes)
        return found

    def root(self, cls: str, path: str, **attributes: object) -> Entity:
        """Add a rooted entity; its GlobalId depends on `path` alone. Raises `ValueError` for a path used before."""
        if path in self._paths:
            raise ValueError(f"two rooted entities would have the identifier of {path!r}")
        self._paths.add(path)
        return self.make(cls, GlobalId=global_id(self.scope + path), **attributes)

    # ------------------------------------------------------------------------------------------ geometry
    def point(self, *coordinates: float) -> Entity:
        """A shared point, in mm."""
        return self.share("IfcCartesianPoint", Coordinates=tuple(float(c) for c in coordinates))

    def direction(self, *ratios: float) -> Entity:
        """A shared direction."""
        return self.share("IfcDirection", DirectionRatios=tuple(float(r) for r in ratios))

    def axes(self, origin: Point3, axis: Point3 | None = None, ref: Point3 | None = None) -> Entity:
        """A shared IfcAxis2Placement3D. Both directions or none: the defaults are z up and x along x."""
        if axis is None or ref is None or (axis, ref) == ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0)):
            return self.share("IfcAxis2Placement3D", Location=self.point(*origin))
        return self.share(
            "IfcAxis2Placement3D",
            Location=self.point(*origin),
            Axis=self.direction(*axis),
            RefDirection=self.direction(*ref),
        )

    def placement(self, place: Place, relative_to: Entity | None) -> Entity:
        """A local placement of its own (never shared: moving one object must not move another)."""
        axes = self.axes(place.origin, (0.0, 0.0, 1.0), place.x_axis)
        return self.make("IfcLocalPlacement", PlacementRelTo=relative_to, RelativePlacement=axes)

    def outline(self, outline: Outline) -> Entity:
        """A closed polygon as a shared IfcIndexedPolyCurve (a third of the lines that an IfcPolyline takes)."""
        ring = tuple((float(x), float(y)) for x, y in (*outline, outline[0]))
        points = self.share("IfcCartesianPointList2D", CoordList=ring)
        return self.share("IfcIndexedPolyCurve", Points=points, SelfIntersect=False)

    def solid(self, solid: Solid) -> Entity:
        """The geometry of one solid, with its style, if it names one."""
        item = self._geometry(solid)
        if solid.style:
            self.make("IfcStyledItem", Item=item, Styles=(self.style(solid.style),))
        return item

    def _geometry(self, solid: Solid) -> Entity:
        if isinstance(solid, Mesh):
            points = self.make("IfcCartesianPointList3D", CoordList=solid.points)
            index = tuple(tuple(i + 1 for i in triangle) for triangle in solid.triangles)
            return self.make("IfcTriangulatedFaceSet", Coordinates=points, Closed=True, CoordIndex=index)
        if isinstance(solid, Block):
            profile = self.share(
                "IfcRectangleProfileDef",
                ProfileType="AREA",
                XDim=float(solid.size[0]),
                YDim=float(solid.size[1]),
            )
            return self._extrusion(profile, self.axes(solid.base), solid.size[2])
        if isinstance(solid, Rod):
            return self._rod(solid)
        profile = self.share(
            "IfcArbitraryClosedProfileDef", ProfileType="AREA", OuterCurve=self.outline(solid.outline)
        )
        return self._extrusion(profile, self.axes(solid.origin, solid.axis, solid.ref), solid.depth)

    def _rod(self, rod: Rod) -> Entity:
        run = tuple(b - a for a, b in zip(rod.start, rod.end, strict=True))
        depth = sum(d * d for d in run) ** 0.5
        axis = (run[0] / depth, run[1] / depth, run[2] / depth)
        # Any direction not along the axis serves as reference: a circle looks the same from all.
        ref = (1.0, 0.0, 0.0) if abs(axis[0]) < 0.9 else (0.0, 1.0, 0.0)
        profile = self.share("IfcCircleProfileDef", ProfileType="AREA", Radius=float(rod.radius))
        return self._extrusion(profile, self.axes(rod.start, axis, ref), depth)

    def _extrusion(self, profile: Entity, position: Entity, depth: float) -> Entity:
        return self.make(
            "IfcExtrudedAreaSolid",
            SweptArea=profile,
            Position=position,
            ExtrudedDirection=self.direction(0.0, 0.0, 1.0),
            Depth=float(depth),
        )

    def style(self, paint_key: str) -> Entity:
        """The shared surface style of a paint."""
        paint = PAINTS[paint_key]
        red, green, blue = (channel / 255 for channel in paint.rgb)
        colour = self.share("IfcColourRgb", Red=round(red, 4), Green=round(green, 4), Blue=round(blue, 4))
        shading = self.share(
            "IfcSurfaceStyleRendering",
            SurfaceColour=colour,
            Transparency=paint.transparency,
            ReflectanceMethod="NOTDEFINED",
        )
        return self.share("IfcSurfaceStyle", Name=paint.label, Side="BOTH", Styles=(shading,))

    # ---------------------------------------------------------------------------------------- properties
    def property_set(self, path: str, pset: Pset) -> Entity:
        """A property set of its own; its properties are shared with equal ones of other sets."""
        properties = tuple(self._property(name, value) for name, value in pset.properties.items())
        return self.root("IfcPropertySet", path, Name=pset.name, HasProperties=properties)

    def _property(self, name: str, value: Property) -> Entity:
        if isinstance(value, OneOf):
            options = tuple(self._value("IfcLabel", option) for option in CHOICES[value.options])
            listing = self._enumeration(value.options, options)
            return self.share(
                "IfcPropertyEnumeratedValue",
                Name=name,
                EnumerationValues=(self._value("IfcLabel", value.chosen),),
                EnumerationReference=listing,
            )
        unit = self.units[value.unit] if value.unit else None
        if isinstance(value, Between):
            low, high = self._value(value.measure, value.low), self._value(value.measure, value.high)
            return self.share(
                "IfcPropertyBoundedValue", Name=name, UpperBoundValue=high, LowerBoundValue=low, Unit=unit
            )
        nominal = self._value(value.measure, value.value)
        return self.share("IfcPropertySingleValue", Name=name, NominalValue=nominal, Unit=unit)

    def _enumeration(self, name: str, options: tuple[Entity, ...]) -> Entity:
        return self.share("IfcPropertyEnumeration", Name=name, EnumerationValues=options)

    def _value(self, measure: str, value: object) -> Entity:
        return self.make(measure, wrappedValue=value)

    def quantity_set(self, path: str, quantities: Quantities) -> Entity:
        """A quantity set of its own: lengths in mm, areas in m², volumes in m³."""
        parts: list[Entity] = []
        groups: Iterable[tuple[str, str, Mapping[str, float]]] = (
            ("IfcQuantityLength", "LengthValue", quantities.lengths_mm),
            ("IfcQuantityArea", "AreaValue", quantities.areas_m2),
            ("IfcQuantityVolume", "VolumeValue", quantities.volumes_m3),
        )
        for cls, attribute, values in groups:
            for label, value in values.items():
                parts.append(self.share(cls, Name=label, **{attribute: round(float(value), 3)}))
        return self.root("IfcElementQuantity", path, Name=quantities.name, Quantities=tuple(parts))

    # ---------------------------------------------------------------------------------------------- file
    def save(self, path: Path, title: str) -> None:
        """Write the file. The header carries `title`, no clock, no user and no version of the writing library.

        Raises `OSError` where the file cannot be written.
        """
        header: Any = self.file.header
        header.file_description.description = ("ViewDefinition [DesignTransferView_V1.0]",)
        names = header.file_name
        names.name = title
        names.time_stamp = TIME_STAMP
        names.author = ("City Twin",)
        names.organization = ("City Twin",)
        names.preprocessor_version = "city-twin sample_models"
        names.originating_system = "city-twin sample_models"
        names.authorization = ""
        # Not file.write: that one says nothing where the folder is missing.
        path.write_bytes(self.file.to_string().encode("ascii"))


def global_id(path: str) -> str:
    """The 22-character GlobalId of a path, with the scope of its file before it."""
    return ifcopenshell.guid.compress(uuid5(IDENTIFIERS, path).hex)


def _key(value: object) -> object:
    if isinstance(value, ifcopenshell.entity_instance):
        number = value.id()
        # Values like IfcLabel('x') have no number of their own; what they hold tells them apart.
        return ("#", number) if number else (value.is_a(), repr(value[0]))
    if isinstance(value, (tuple, list)):
        return tuple(_key(item) for item in value)
    return (type(value).__name__, value)
