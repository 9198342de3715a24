"""Which discipline a class belongs to, for filters and groups of tiles."""

from bim_import.ifc.properties.layout import Layout

_DISCIPLINES: tuple[tuple[str, frozenset[str]], ...] = (
    ("spaces", frozenset({"IfcSpace", "IfcSpatialZone", "IfcExternalSpatialStructureElement"})),
    ("site", frozenset({"IfcSite", "IfcGeographicElement"})),
    (
        "other",
        frozenset({"IfcAnnotation", "IfcGrid", "IfcProxy", "IfcBuildingElementProxy", "IfcVirtualElement"}),
    ),
    (
        "infrastructure",
        frozenset(
            {
                "IfcBearing",
                "IfcBridge",
                "IfcBridgePart",
                "IfcCivilElement",
                "IfcCourse",
                "IfcEarthworksElement",
                "IfcEarthworksCut",
                "IfcFacilityPart",
                "IfcGeotechnicalElement",
                "IfcImpactProtectionDevice",
                "IfcKerb",
                "IfcLinearElement",
                "IfcMarineFacility",
                "IfcMooringDevice",
                "IfcNavigationElement",
                "IfcPavement",
                "IfcPositioningElement",
                "IfcRail",
                "IfcRailway",
                "IfcRoad",
                "IfcSign",
                "IfcSurfaceFeature",
                "IfcTrackElement",
                "IfcVehicle",
            }
        ),
    ),
    (
        "services",
        frozenset({"IfcDistributionElement", "IfcPort", "IfcElectricalElement", "IfcTransportElement"}),
    ),
    (
        "structure",
        frozenset(
            {
                "IfcBeam",
                "IfcColumn",
                "IfcDeepFoundation",
                "IfcElementComponent",
                "IfcFastener",
                "IfcFooting",
                "IfcMember",
                "IfcPile",
                "IfcPlate",
                "IfcReinforcingElement",
                "IfcStructuralActivity",
                "IfcStructuralItem",
            }
        ),
    ),
    ("architecture", frozenset({"IfcElement", "IfcBuilding", "IfcBuildingStorey"})),
    ("infrastructure", frozenset({"IfcFacility"})),
)
"""First match wins; names of supertypes stand for all their subtypes. A lift (IfcTransportElement) is serviced with the
building services; what no line names is `other`."""

_PARTS_OF_WHOLES = frozenset({"IfcMember", "IfcPlate", "IfcElementComponent", "IfcBuildingElementProxy"})
"""Classes that make up curtain walls, stairs and railings as often as frames: as parts they go with their whole."""


def discipline_of(layout: Layout, class_name: str) -> str:
    """`architecture`, `structure`, `services`, `spaces`, `site`, `infrastructure` or `other`."""
    family = layout.family(class_name)
    return next((name for name, members in _DISCIPLINES if not members.isdisjoint(family)), "other")


def follows_whole(layout: Layout, class_name: str) -> bool:
    """Whether a part of this class takes the discipline of the element that it is part of."""
    return not _PARTS_OF_WHOLES.isdisjoint(layout.family(class_name))
