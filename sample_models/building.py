"""The spatial skeleton: project, site, building, storeys and the grid of axes."""

from sample_models import georeference, plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity, IfcWriter
from sample_models.shapes import area, rectangle
from sample_models.values import (
    Part,
    Place,
    Pset,
    Quantities,
    Value,
    flag,
    identifier,
    measure,
    name,
    naming,
    text,
    whole,
)

PROJECT = name("宁波市海曙区甬泰社区", "Yongtai community, Haishu, Ningbo")
CENTRE = name("甬泰社区综合服务中心", "Yongtai Community Centre")
SITE = name("甬泰社区服务中心地块", "Community centre plot")
PLOT_LOW, PLOT_HIGH = (-16000.0, -22000.0), (90000.0, 30000.0)
"""Corners of the plot in the building's axes, in mm."""


def start_model() -> IfcModel:
    """A model with project, site, building and storeys, ready for parts."""
    writer = IfcWriter()
    model = IfcModel(writer)
    units = georeference.units(writer)
    context, body, plan_view = georeference.contexts(writer)
    georeference.georeference(writer, context)
    model.body = model.materials.body = body
    project = writer.root(
        "IfcProject",
        "project",
        Name=PROJECT.zh,
        Description=PROJECT.en,
        LongName="数字孪生样例社区",
        Phase="竣工 As built",
        RepresentationContexts=(context,),
        UnitsInContext=units,
    )
    model.remember(project, "project")
    site = _site(model, project)
    building = _building(model, site)
    for storey in plan.STOREYS:
        _storey(model, building, storey)
    _grid(model, plan_view)
    return model


def _site(model: IfcModel, project: Entity) -> Entity:
    plot = area(rectangle(PLOT_LOW, PLOT_HIGH)) / 1e6
    writer = model.writer
    site = writer.root(
        "IfcSite",
        "site",
        Name=SITE.zh,
        Description=SITE.en,
        LongName=SITE.en,
        ObjectPlacement=writer.placement(Place(), None),
        CompositionType="ELEMENT",
        RefLatitude=georeference.LATITUDE,
        RefLongitude=georeference.LONGITUDE,
        RefElevation=georeference.HEIGHT_M * 1000,
        LandTitleNumber="甬海曙样例-0001",
        SiteAddress=_address(writer),
    )
    model.remember(site, "site")
    model.spatial["site"] = site
    model.aggregate(project, site)
    common = Pset(
        name="Pset_SiteCommon",
        properties={
            "Reference": identifier("YT-01"),
            "TotalArea": measure("Area", plot),
            "FloorAreaRatio": measure("PositiveRatio", round(_gross_floor_area() / plot, 3)),
        },
    )
    model.describe(site, (common, naming(SITE)))
    return site


def _gross_floor_area() -> float:
    """Area of the three floors above ground, in m²."""
    upper = area(plan.upper_outline()) / 1e6
    full = (plan.LENGTH + 2 * plan.WALL) * (plan.DEPTH + 2 * plan.WALL) / 1e6
    return 2 * full + upper


def _address(writer: IfcWriter) -> Entity:
    return writer.make(
        "IfcPostalAddress",
        Purpose="SITE",
        AddressLines=("甬泰路18号（样例地址）", "18 Yongtai Road (fictional)"),
        Town="宁波市海曙区",
        Region="浙江省",
        PostalCode="315000",
        Country="中国",
    )


def _building(model: IfcModel, site: Entity) -> Entity:
    part = Part(
        key="building",
        cls="IfcBuilding",
        label=CENTRE,
        code="10-SQ.01",
        attributes={
            "LongName": CENTRE.en,
            "CompositionType": "ELEMENT",
            "ElevationOfRefHeight": georeference.HEIGHT_M * 1000,
            "ElevationOfTerrain": georeference.HEIGHT_M * 1000 + plan.GROUND,
        },
        psets=(
            Pset(
                name="Pset_BuildingCommon",
                properties={
                    "Reference": identifier("YT-01-A"),
                    "BuildingID": identifier("330203-YT-0001"),
                    "ConstructionMethod": text("现浇钢筋混凝土框架结构"),
                    "FireProtectionClass": text("二级"),
                    "SprinklerProtection": flag(True),
                    "OccupancyType": text("社区公共服务"),
                    "GrossPlannedArea": measure("Area", round(_gross_floor_area(), 1)),
                    "NumberOfStoreys": whole(3),
                    "YearOfConstruction": text("2024"),
                },
            ),
            naming(CENTRE),
        ),
        quantities=Quantities(
            name="Qto_BuildingBaseQuantities",
            lengths_mm={"Height": plan.PARAPET - plan.GROUND},
            areas_m2={"GrossFloorArea": _gross_floor_area()},
        ),
    )
    return model.add_space(part, site)


def _storey(model: IfcModel, building: Entity, storey: plan.Storey) -> None:
    floor = area(plan.footprint(storey.key)) / 1e6
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


def _grid(model: IfcModel, plan_view: Entity) -> None:
    """The axes, drawn as lines; a product without a body, as in most real models."""
    writer = model.writer
    overrun = 3000.0
    across = [(str(i), (x, -overrun), (x, plan.DEPTH + overrun)) for i, x in enumerate(plan.AXES_X, 1)]
    along = [
        (letter, (-overrun, y), (plan.CAR_PARK_LENGTH + overrun, y))
        for letter, y in zip("ABCD", plan.AXES_Y, strict=True)
    ]
    axes = [[_axis(writer, *line) for line in lines] for lines in (across, along)]
    curves = writer.make("IfcGeometricCurveSet", Elements=tuple(a.AxisCurve for group in axes for a in group))
    representation = writer.make(
        "IfcShapeRepresentation",
        ContextOfItems=plan_view,
        RepresentationIdentifier="FootPrint",
        RepresentationType="GeometricCurveSet",
        Items=(curves,),
    )
    storey = model.spatial["1F"]
    grid = writer.root(
        "IfcGrid",
        "grid",
        Name="轴网",
        Description="Grid of axes",
        ObjectPlacement=writer.placement(Place(), storey.ObjectPlacement),
        Representation=writer.make("IfcProductDefinitionShape", Representations=(representation,)),
        UAxes=tuple(axes[0]),
        VAxes=tuple(axes[1]),
        PredefinedType="RECTANGULAR",
    )
    model.remember(grid, "grid")
    model.contain(storey, grid)


def _axis(writer: IfcWriter, tag: str, start: tuple[float, float], end: tuple[float, float]) -> Entity:
    curve = writer.make("IfcPolyline", Points=(writer.point(*start), writer.point(*end)))
    return writer.make("IfcGridAxis", AxisTag=tag, AxisCurve=curve, SameSense=True)
