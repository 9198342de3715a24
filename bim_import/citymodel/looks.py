"""Colours of city objects where the source has none: by semantic surface, else by class of the object.

sRGB and alpha. The names are those of CityGML 2.0 and CityJSON 2.0 (which agree), matched without their prefix.
"""

from twin.source import Material

_Color = tuple[float, float, float, float]

_SURFACES: dict[str, _Color] = {
    "RoofSurface": (0.68, 0.30, 0.24, 1.0),
    "WallSurface": (0.90, 0.87, 0.80, 1.0),
    "GroundSurface": (0.52, 0.50, 0.47, 1.0),
    "ClosureSurface": (0.75, 0.80, 0.85, 0.4),
    "OuterCeilingSurface": (0.78, 0.76, 0.72, 1.0),
    "OuterFloorSurface": (0.62, 0.60, 0.57, 1.0),
    "InteriorWallSurface": (0.93, 0.92, 0.89, 1.0),
    "CeilingSurface": (0.95, 0.95, 0.94, 1.0),
    "FloorSurface": (0.66, 0.58, 0.49, 1.0),
    "Window": (0.47, 0.64, 0.78, 0.7),
    "WindowSurface": (0.47, 0.64, 0.78, 0.7),
    "Door": (0.42, 0.29, 0.20, 1.0),
    "DoorSurface": (0.42, 0.29, 0.20, 1.0),
    "TrafficArea": (0.36, 0.37, 0.39, 1.0),
    "AuxiliaryTrafficArea": (0.56, 0.62, 0.50, 1.0),
    "TransportationMarking": (0.95, 0.95, 0.95, 1.0),
    "TransportationHole": (0.25, 0.25, 0.26, 1.0),
    "WaterSurface": (0.32, 0.55, 0.75, 0.8),
    "WaterGroundSurface": (0.45, 0.42, 0.36, 1.0),
    "WaterClosureSurface": (0.32, 0.55, 0.75, 0.5),
}

_CLASSES: tuple[tuple[str, _Color], ...] = (
    ("Building", (0.84, 0.80, 0.73, 1.0)),
    ("Room", (0.80, 0.82, 0.90, 0.5)),
    ("Bridge", (0.66, 0.65, 0.63, 1.0)),
    ("Tunnel", (0.58, 0.57, 0.56, 1.0)),
    ("Road", (0.40, 0.41, 0.43, 1.0)),
    ("Track", (0.58, 0.52, 0.44, 1.0)),
    ("Railway", (0.47, 0.42, 0.38, 1.0)),
    ("Square", (0.66, 0.64, 0.60, 1.0)),
    ("Traffic", (0.40, 0.41, 0.43, 1.0)),
    ("Transport", (0.40, 0.41, 0.43, 1.0)),
    ("Waterway", (0.32, 0.55, 0.75, 0.8)),
    ("WaterPipe", (0.20, 0.45, 0.80, 1.0)),
    ("Sewer", (0.55, 0.42, 0.25, 1.0)),
    ("Electric", (0.85, 0.30, 0.20, 1.0)),
    ("Telecommunication", (0.45, 0.35, 0.70, 1.0)),
    ("Gas", (0.85, 0.70, 0.15, 1.0)),
    ("OilGas", (0.85, 0.70, 0.15, 1.0)),
    ("Thermal", (0.80, 0.40, 0.15, 1.0)),
    ("Manhole", (0.45, 0.45, 0.47, 1.0)),
    ("Handhole", (0.45, 0.45, 0.47, 1.0)),
    ("Water", (0.32, 0.55, 0.75, 0.8)),
    ("PlantCover", (0.44, 0.60, 0.33, 1.0)),
    ("Vegetation", (0.36, 0.55, 0.27, 1.0)),
    ("LandUse", (0.72, 0.74, 0.60, 1.0)),
    ("Relief", (0.66, 0.61, 0.50, 1.0)),
    ("TINRelief", (0.66, 0.61, 0.50, 1.0)),
    ("Furniture", (0.55, 0.57, 0.60, 1.0)),
)
"""The first whose word stands in the class counts."""

_PLAIN: _Color = (0.78, 0.77, 0.75, 1.0)

_DISCIPLINES: tuple[tuple[str, str], ...] = (
    ("Room", "spaces"),
    ("Storey", "architecture"),
    ("Building", "architecture"),
    ("OtherConstruction", "structure"),
    ("Bridge", "infrastructure"),
    ("Tunnel", "infrastructure"),
    ("Road", "infrastructure"),
    ("Railway", "infrastructure"),
    ("Track", "infrastructure"),
    ("Square", "infrastructure"),
    ("Traffic", "infrastructure"),
    ("Transport", "infrastructure"),
    ("Waterway", "infrastructure"),
    ("Pipe", "services"),
    ("Cable", "services"),
    ("Duct", "services"),
    ("Manhole", "services"),
    ("Handhole", "services"),
    ("Appurtenance", "services"),
    ("Utility", "services"),
    ("Vegetation", "site"),
    ("PlantCover", "site"),
    ("LandUse", "site"),
    ("Relief", "site"),
    ("Water", "site"),
)


def local_name(name: str) -> str:
    """A type name without its prefix (`bldg:RoofSurface`) or the mark of an extension (`+NoiseBuilding`)."""
    return name.rsplit(":", 1)[-1].lstrip("+")


def surface_material(surface: str | None, class_: str) -> Material:
    """How a surface looks of which the source has no colour."""
    name = local_name(surface) if surface else ""
    color = _SURFACES.get(name)
    if color is not None:
        return Material(name=name, color=color)
    plain = local_name(class_)
    return Material(name=plain, color=next((c for word, c in _CLASSES if word in plain), _PLAIN))


def discipline_of(class_: str) -> str:
    """Which discipline a class belongs to, in the words that IFC models use."""
    plain = local_name(class_)
    return next((discipline for word, discipline in _DISCIPLINES if word in plain), "other")


def is_room(class_: str) -> bool:
    """Whether it is a space inside, which is hidden at first as the spaces of IFC models are."""
    return local_name(class_) in {"Room", "BuildingRoom", "BridgeRoom", "HollowSpace", "TunnelHollowSpace"}
