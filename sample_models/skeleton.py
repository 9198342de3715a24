"""The spatial skeleton of any building of the community: project, site, building, storeys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sample_models import georeference
from sample_models.georeference import Spot
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity, IfcWriter
from sample_models.plan import Storey
from sample_models.shapes import Outline, Point2, area, rectangle
from sample_models.values import (
    Label,
    Part,
    Place,
    Property,
    Pset,
    Quantities,
    Value,
    flag,
    identifier,
    measure,
    name,
    naming,
)

PROJECT = name("宁波市海曙区甬泰社区", "Yongtai community, Haishu, Ningbo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The ground that belongs to a building: its corners in the building's axes (mm), its title, its address."""

    label: Label
    low: Point2
    high: Point2
    reference: str
    title: str
    address: Label

    @property
    def area_m2(self) -> float:
        """Its area."""
        return area(rectangle(self.low, self.high)) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """What a building is as a whole.

    `scope` begins the paths from which its GlobalIds are made. `footprint` gives the outline of a storey's floor by its key.
    `facts` are what Pset_BuildingCommon says of it; `gross_m2`: floor area above ground; `height`: from ground to top, mm.
    """

    scope: str
    label: Label
    spot: Spot
    plot: Plot
    storeys: tuple[Storey, ...]
    footprint: Callable[[str], Outline]
    gross_m2: float
    height: float
    ground: float
    facts: Mapping[str, Property]
    code: str


def start(skeleton: Skeleton) -> tuple[IfcModel, Entity]:
    """A model with project, site, building and storeys, ready for parts; and the context of plan views."""
    writer = IfcWriter(skeleton.scope)
    model = IfcModel(writer)
    units = georeference.units(writer)
    context, body, plan_view = georeference.contexts(writer)
    georeference.georeference(writer, context, skeleton.spot)
    model.body = model.materials.body = body
    project = writer.root(
        "IfcProject",
        "project",
        Name=skeleton.label.zh,
        Description=skeleton.label.en,
        LongName=f"{PROJECT.zh} {PROJECT.en}",
        Phase="竣工 As built",
        RepresentationContexts=(context,),
        UnitsInContext=units,
    )
    model.remember(project, "project")
    site = _site(model, project, skeleton)
    building = _building(model, site, skeleton)
    for storey in skeleton.storeys:
        model.levels[storey.key] = storey.level
        _storey(model, building, storey, skeleton)
    return model, plan_view


def _site(model: IfcModel, project: Entity, skeleton: Skeleton) -> Entity:
    writer, plot = model.writer, skeleton.plot
    site = writer.root(
        "IfcSite",
        "site",
        Name=plot.label.zh,
        Description=plot.label.en,
        LongName=plot.label.en,
        ObjectPlacement=writer.placement(Place(), None),
        CompositionType="ELEMENT",
        RefLatitude=skeleton.spot.latitude,
        RefLongitude=skeleton.spot.longitude,
        RefElevation=georeference.HEIGHT_M * 1000,
        LandTitleNumber=plot.title,
        SiteAddress=_address(writer, plot.address),
    )
    model.remember(site, "site")
    model.spatial["site"] = site
    model.aggregate(project, site)
    common = Pset(
        name="Pset_SiteCommon",
        properties={
            "Reference": identifier(plot.reference),
            "TotalArea": measure("Area", plot.area_m2),
            "FloorAreaRatio": measure("PositiveRatio", round(skeleton.gross_m2 / plot.area_m2, 3)),
        },
    )
    model.describe(site, (common, naming(plot.label)))
    return site


def _address(writer: IfcWriter, address: Label) -> Entity:
    return writer.make(
        "IfcPostalAddress",
        Purpose="SITE",
        AddressLines=(f"{address.zh}（样例地址）", f"{address.en} (fictional)"),
        Town="宁波市海曙区",
        Region="浙江省",
        PostalCode="315000",
        Country="中国",
    )


def _building(model: IfcModel, site: Entity, skeleton: Skeleton) -> Entity:
    part = Part(
        key="building",
        cls="IfcBuilding",
        label=skeleton.label,
        code=skeleton.code,
        attributes={
            "LongName": skeleton.label.en,
            "CompositionType": "ELEMENT",
            "ElevationOfRefHeight": georeference.HEIGHT_M * 1000,
            "ElevationOfTerrain": georeference.HEIGHT_M * 1000 + skeleton.ground,
        },
        psets=(Pset(name="Pset_BuildingCommon", properties=skeleton.facts), naming(skeleton.label)),
        quantities=Quantities(
            name="Qto_BuildingBaseQuantities",
            lengths_mm={"Height": skeleton.height},
            areas_m2={"GrossFloorArea": skeleton.gross_m2},
        ),
    )
    return model.add_space(part, site)


def _storey(model: IfcModel, building: Entity, storey: Storey, skeleton: Skeleton) -> None:
    floor = area(skeleton.footprint(storey.key)) / 1e6
    part = Part(
        key=storey.key,
        cls="IfcBuildingStorey",
        label=storey.label,
        place=Place(origin=(0.0, 0.0, storey.level)),
        attributes={"LongName": storey.label.en, "CompositionType": "ELEMENT", "Elevation": storey.level},
        psets=(
            Pset(
                name="Pset_BuildingStoreyCommon",
                properties={
                    "Reference": identifier(storey.key),
                    "EntranceLevel": flag(storey.key == "1F"),
                    "AboveGround": Value(measure="IfcLogical", value=storey.above_ground),
                    "SprinklerProtection": flag(True),
                },
            ),
            naming(storey.label),
        ),
        quantities=Quantities(
            name="Qto_BuildingStoreyBaseQuantities",
            lengths_mm={"GrossHeight": storey.height},
            areas_m2={"GrossFloorArea": floor},
        ),
    )
    model.add_space(part, building)
