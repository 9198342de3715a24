"""Small IFC files that say where they are in one way or another, and where a local point of them lands."""

from typing import Any, Literal

import ifcopenshell
import ifcopenshell.guid
import numpy as np
import pyproj
from numpy.typing import NDArray

from bim_import.ifc.georeference.diagnose import diagnose
from bim_import.placement.override import PlacementOverrides
from twin.frames import Diagnosis, Frame

Entity = ifcopenshell.entity_instance

NOTHING = PlacementOverrides()


class Model:
    """An IFC file with a project, a model context and a site."""

    def __init__(
        self,
        schema: Literal["IFC2X3", "IFC4", "IFC4X3"] = "IFC4",
        *,
        millimetres: bool = False,
        site_at: tuple[float, float, float] = (0.0, 0.0, 0.0),
        true_north: tuple[float, ...] | None = None,
        world: tuple[float, float, float] | None = None,
        site: dict[str, Any] | None = None,
    ) -> None:
        self.file = ifcopenshell.file(schema=schema)
        self.unit = self.si("LENGTHUNIT", "MILLI" if millimetres else None, "METRE")
        degree = self.file.createIfcConversionBasedUnit(
            self.file.createIfcDimensionalExponents(0, 0, 0, 0, 0, 0, 0),
            "PLANEANGLEUNIT",
            "DEGREE",
            self.file.createIfcMeasureWithUnit(
                self.file.createIfcPlaneAngleMeasure(np.pi / 180.0), self.si("PLANEANGLEUNIT", None, "RADIAN")
            ),
        )
        north = self.file.createIfcDirection(true_north) if true_north else None
        axes = self.axes(world or (0.0, 0.0, 0.0))
        self.context = self.file.createIfcGeometricRepresentationContext(None, "Model", 3, 1e-5, axes, north)
        units = self.file.createIfcUnitAssignment([self.unit, degree])
        contexts = {"RepresentationContexts": [self.context], "UnitsInContext": units}
        self.project = self.root("IfcProject", **contexts)
        placement = self.file.createIfcLocalPlacement(None, self.axes(site_at))
        self.site = self.root("IfcSite", ObjectPlacement=placement, CompositionType="ELEMENT", **(site or {}))

    def si(self, kind: str, prefix: str | None, name: str) -> Entity:
        return self.file.createIfcSIUnit(None, kind, prefix, name)

    def root(self, name: str, **attributes: Any) -> Entity:
        if self.file.schema == "IFC2X3":
            attributes["OwnerHistory"] = self.owner()
        return self.file.create_entity(name, GlobalId=ifcopenshell.guid.new(), **attributes)

    def owner(self) -> Entity:
        organisation = self.file.createIfcOrganization(None, "o")
        person = self.file.createIfcPersonAndOrganization(self.file.createIfcPerson(None, "p"), organisation)
        application = self.file.createIfcApplication(organisation, "1", "a", "a")
        return self.file.createIfcOwnerHistory(person, application, None, "ADDED", None, None, None, 0)

    def axes(self, at: tuple[float, float, float], turn_deg: float = 0.0) -> Entity:
        turn = np.radians(turn_deg)
        x = self.file.createIfcDirection((float(np.cos(turn)), float(np.sin(turn)), 0.0))
        up = self.file.createIfcDirection((0.0, 0.0, 1.0))
        return self.file.createIfcAxis2Placement3D(self.file.createIfcCartesianPoint(at), up, x)

    def crs(self, name: str | None = "EPSG:25832", **attributes: Any) -> Entity:
        return self.file.create_entity("IfcProjectedCRS", Name=name, **attributes)

    def convert(
        self, crs: Entity, east: float, north: float, height: float = 0.0, **attributes: Any
    ) -> Entity:
        kind = attributes.pop("kind", "IfcMapConversion")
        return self.file.create_entity(
            kind,
            SourceCRS=self.context,
            TargetCRS=crs,
            Eastings=east,
            Northings=north,
            OrthogonalHeight=height,
            **attributes,
        )

    def property_set(self, owner: Entity, name: str, **values: Any) -> None:
        singles = [
            self.file.createIfcPropertySingleValue(key, None, self.file.create_entity(kind, value), None)
            for key, (kind, value) in values.items()
        ]
        pset = self.root("IfcPropertySet", Name=name, HasProperties=singles)
        self.root("IfcRelDefinesByProperties", RelatedObjects=[owner], RelatingPropertyDefinition=pset)

    def diagnose(
        self,
        overrides: PlacementOverrides = NOTHING,
        *,
        box: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None,
    ) -> Diagnosis:
        return diagnose(self.file, overrides=overrides, bounds=None if box is None else np.array(box))


def box_at(x: float, y: float, z: float = 0.0, size: float = 20.0) -> tuple[Any, Any]:
    """Bounds of a building of `size` metres at a local point."""
    return (x, y, z), (x + size, y + size, z + size)


def lands(
    diagnosis: Diagnosis, local: tuple[float, float, float], crs: str = "EPSG:25832"
) -> NDArray[np.float64]:
    """Easting, northing (traditional order) and ellipsoidal height of a local point, by pyproj from WGS 84."""
    lon, lat, height = Frame(diagnosis.placement).to_geographic(np.array([local]))[0]
    east, north = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return np.array([east, north, height])


def warned(diagnosis: Diagnosis, text: str) -> bool:
    return any(text in warning for warning in diagnosis.warnings)
