"""Where the buildings of the community stand, and the coordinate systems and units that say so."""

import math
from dataclasses import dataclass

from sample_models.ifc_writing import Entity, IfcWriter

HEIGHT_M = 3.5
"""Level ±0.000 above the 1985 national height datum; the ground around is 0.3 m lower."""

ROTATION_DEG = 12.0
"""From grid east to the x axis of every building, and of the streets around them, counter-clockwise."""

CONVERGENCE_DEG = 0.7222
"""Meridian convergence at the community (PROJ, EPSG:4549): true north lies this far west of grid north."""

Angle = tuple[int, int, int, int]
"""Degrees, minutes, seconds and millionths of a second, as IfcSite has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Origin of a building in EPSG:4549 (CGCS2000 / 3-degree Gauss-Kruger CM 120E), and the same in CGCS2000.

    An easting and a northing, whatever the axis order of the CRS (which is northing first): so IfcMapConversion asks.
    """

    easting_m: float
    northing_m: float
    latitude: Angle
    longitude: Angle


COMMUNITY_CENTRE = Spot(
    easting_m=640090.0,
    northing_m=3306560.0,
    latitude=(29, 52, 11, 167223),
    longitude=(121, 26, 59, 813316),
)
"""In the west of Ningbo; all other places of the community are told from here."""

TOWER = Spot(
    easting_m=640082.978,
    northing_m=3306621.893,
    latitude=(29, 52, 13, 179503),
    longitude=(121, 26, 59, 580806),
)
PUMP_HOUSE = Spot(
    easting_m=640025.026,
    northing_m=3306548.234,
    latitude=(29, 52, 10, 811816),
    longitude=(121, 26, 57, 387481),
)


def units(writer: IfcWriter) -> Entity:
    """The units of the project (mm, m², m³, W, …); also fills `writer.units` with those that single properties name."""
    metre = writer.share("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
    second = writer.share("IfcSIUnit", UnitType="TIMEUNIT", Name="SECOND")
    watt = writer.share("IfcSIUnit", UnitType="POWERUNIT", Name="WATT")
    kelvin = writer.share("IfcSIUnit", UnitType="THERMODYNAMICTEMPERATUREUNIT", Name="KELVIN")
    square_metre = writer.share("IfcSIUnit", UnitType="AREAUNIT", Name="SQUARE_METRE")
    writer.units.update(
        {
            "m": metre,
            "kW": writer.share("IfcSIUnit", UnitType="POWERUNIT", Prefix="KILO", Name="WATT"),
            "kPa": writer.share("IfcSIUnit", UnitType="PRESSUREUNIT", Prefix="KILO", Name="PASCAL"),
            "MPa": writer.share("IfcSIUnit", UnitType="PRESSUREUNIT", Prefix="MEGA", Name="PASCAL"),
            "m3/h": _cubic_metres_per_hour(writer, metre, second),
        }
    )
    simple = tuple(
        writer.share("IfcSIUnit", UnitType=kind, Prefix=prefix, Name=name) for kind, prefix, name in _SIMPLE
    )
    derived = (
        _derived(writer, "VOLUMETRICFLOWRATEUNIT", ((metre, 3), (second, -1))),
        _derived(writer, "THERMALTRANSMITTANCEUNIT", ((watt, 1), (square_metre, -1), (kelvin, -1))),
        _derived(writer, "ROTATIONALFREQUENCYUNIT", ((second, -1),)),
    )
    everyday = (second, watt, square_metre, _degree(writer))
    return writer.make("IfcUnitAssignment", Units=(*simple, *everyday, *derived))


_SIMPLE: tuple[tuple[str, str | None, str], ...] = (
    ("LENGTHUNIT", "MILLI", "METRE"),
    ("VOLUMEUNIT", None, "CUBIC_METRE"),
    ("MASSUNIT", "KILO", "GRAM"),
    ("THERMODYNAMICTEMPERATUREUNIT", None, "DEGREE_CELSIUS"),
    ("ELECTRICVOLTAGEUNIT", None, "VOLT"),
    ("ELECTRICCURRENTUNIT", None, "AMPERE"),
    ("FREQUENCYUNIT", None, "HERTZ"),
    ("PRESSUREUNIT", None, "PASCAL"),
    ("ILLUMINANCEUNIT", None, "LUX"),
    ("LUMINOUSFLUXUNIT", None, "LUMEN"),
    ("ENERGYUNIT", None, "JOULE"),
)


def _derived(writer: IfcWriter, kind: str, elements: tuple[tuple[Entity, int], ...]) -> Entity:
    parts = tuple(
        writer.share("IfcDerivedUnitElement", Unit=unit, Exponent=exponent) for unit, exponent in elements
    )
    return writer.make("IfcDerivedUnit", Elements=parts, UnitType=kind)


def _converted(writer: IfcWriter, kind: str, name: str, base: tuple[str, float, Entity]) -> Entity:
    measure, factor, unit = base
    none = dict.fromkeys(
        (
            "LengthExponent",
            "MassExponent",
            "TimeExponent",
            "ElectricCurrentExponent",
            "ThermodynamicTemperatureExponent",
            "AmountOfSubstanceExponent",
            "LuminousIntensityExponent",
        ),
        0,
    )
    if kind == "TIMEUNIT":
        none["TimeExponent"] = 1
    value = writer.make(measure, wrappedValue=factor)
    return writer.make(
        "IfcConversionBasedUnit",
        Dimensions=writer.share("IfcDimensionalExponents", **none),
        UnitType=kind,
        Name=name,
        ConversionFactor=writer.make("IfcMeasureWithUnit", ValueComponent=value, UnitComponent=unit),
    )


def _degree(writer: IfcWriter) -> Entity:
    radian = writer.share("IfcSIUnit", UnitType="PLANEANGLEUNIT", Name="RADIAN")
    return _converted(
        writer, "PLANEANGLEUNIT", "DEGREE", ("IfcPlaneAngleMeasure", round(math.pi / 180, 12), radian)
    )


def _cubic_metres_per_hour(writer: IfcWriter, metre: Entity, second: Entity) -> Entity:
    hour = _converted(writer, "TIMEUNIT", "HOUR", ("IfcTimeMeasure", 3600.0, second))
    return _derived(writer, "VOLUMETRICFLOWRATEUNIT", ((metre, 3), (hour, -1)))


def contexts(writer: IfcWriter) -> tuple[Entity, Entity, Entity]:
    """The model context with true north, and its subcontexts for bodies and for the grid lines."""
    # True north in the building's own axes: turned back by the building's rotation, then west by the convergence.
    angle = math.radians(90.0 - ROTATION_DEG + CONVERGENCE_DEG)
    model = writer.make(
        "IfcGeometricRepresentationContext",
        ContextType="Model",
        CoordinateSpaceDimension=3,
        Precision=1e-5,
        WorldCoordinateSystem=writer.axes((0.0, 0.0, 0.0)),
        TrueNorth=writer.direction(round(math.cos(angle), 9), round(math.sin(angle), 9)),
    )
    body = _subcontext(writer, model, "Body", "MODEL_VIEW")
    return model, body, _subcontext(writer, model, "FootPrint", "PLAN_VIEW")


def _subcontext(writer: IfcWriter, parent: Entity, identifier: str, view: str) -> Entity:
    return writer.make(
        "IfcGeometricRepresentationSubContext",
        ContextIdentifier=identifier,
        ContextType="Model",
        ParentContext=parent,
        TargetView=view,
    )


def georeference(writer: IfcWriter, context: Entity, spot: Spot) -> Entity:
    """IfcProjectedCRS and IfcMapConversion: engineering coordinates in mm, map coordinates in m, so scale 0.001."""
    crs = writer.make(
        "IfcProjectedCRS",
        Name="EPSG:4549",
        Description="CGCS2000 / 3-degree Gauss-Kruger CM 120E",
        GeodeticDatum="CGCS2000",
        VerticalDatum="1985国家高程基准",
        MapProjection="Gauss-Kruger",
        MapZone="CM 120E",
        MapUnit=writer.units["m"],
    )
    return writer.make(
        "IfcMapConversion",
        SourceCRS=context,
        TargetCRS=crs,
        Eastings=spot.easting_m,
        Northings=spot.northing_m,
        OrthogonalHeight=HEIGHT_M,
        XAxisAbscissa=round(math.cos(math.radians(ROTATION_DEG)), 12),
        XAxisOrdinate=round(math.sin(math.radians(ROTATION_DEG)), 12),
        Scale=0.001,
    )
