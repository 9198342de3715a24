"""The community centre as a whole: its place in the skeleton, and the grid of axes."""

from sample_models import georeference, plan
from sample_models.ifc_model import IfcModel
from sample_models.ifc_writing import Entity, IfcWriter
from sample_models.shapes import area
from sample_models.skeleton import Plot, Skeleton, start
from sample_models.values import Place, flag, identifier, measure, name, text, whole

CENTRE = name("甬泰社区综合服务中心", "Yongtai Community Centre")
PLOT = Plot(
    label=name("甬泰社区服务中心地块", "Community centre plot"),
    low=(-16000.0, -22000.0),
    high=(90000.0, 30000.0),
    reference="YT-01",
    title="甬海曙样例-0001",
    address=name("甬泰路18号", "18 Yongtai Road"),
)


def start_model() -> IfcModel:
    """A model with project, site, building, storeys and grid, ready for parts."""
    model, plan_view = start(_skeleton())
    _grid(model, plan_view)
    return model


def _skeleton() -> Skeleton:
    return Skeleton(
        scope="",
        label=CENTRE,
        spot=georeference.COMMUNITY_CENTRE,
        plot=PLOT,
        storeys=plan.STOREYS,
        footprint=plan.footprint,
        gross_m2=_gross_floor_area(),
        height=plan.PARAPET - plan.GROUND,
        ground=plan.GROUND,
        facts={
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
        code="10-SQ.01",
    )


def _gross_floor_area() -> float:
    """Area of the three floors above ground, in m²."""
    upper = area(plan.upper_outline()) / 1e6
    full = (plan.LENGTH + 2 * plan.WALL) * (plan.DEPTH + 2 * plan.WALL) / 1e6
    return 2 * full + upper


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
