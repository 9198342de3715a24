"""Reads what an IFC file says about where it is. Decides nothing: `bim_import.placement` does.

What cannot be read is left out with a warning, never an error: a model with a damaged map conversion is still a model.
"""

import math
from collections.abc import Callable
from typing import TypeVar

import ifcopenshell
import numpy as np

from bim_import.ifc.georeference.axes import (
    UNREADABLE,
    Entity,
    angle_unit,
    axes_matrix,
    class_of,
    entities,
    finite,
    is_a,
    length_unit_m,
    placement_origin,
    unit_factor,
    x_axis_angle,
)
from bim_import.ifc.georeference.epset import read_epsets
from bim_import.placement.evidence import (
    CrsEvidence,
    Evidence,
    MapEvidence,
    NorthEvidence,
    SiteEvidence,
    Values,
)

T = TypeVar("T")

_TOO_SMALL = 1e-9
"""Components of a direction below this are taken for zero."""


def gather(file: ifcopenshell.file) -> Evidence:
    """Everything in a file that says where it is."""
    evidence = Evidence(length_unit_m=length_unit_m(file))
    _read_context(evidence, file)
    operations = _of_models(evidence, entities(file, "IfcCoordinateOperation"))
    evidence.operations = _each(evidence, operations, lambda entity: _operation(entity, file))
    evidence.operations += read_epsets(file, evidence.warnings)
    targets = set(_each(evidence, operations, lambda entity: _id(entity.TargetCRS), quiet=True))
    alone = [crs for crs in entities(file, "IfcCoordinateReferenceSystem") if crs.id() not in targets]
    evidence.lone_crs = _each(evidence, alone, _crs)
    sites = entities(file, "IfcSite")
    if sites:
        evidence.site_origin = placement_origin(sites[0], evidence.length_unit_m)
    found = _each(evidence, sites, lambda site: _site(site, evidence.length_unit_m))
    evidence.sites = [site for site in found if site is not None]
    addresses = _each(evidence, entities(file, "IfcPostalAddress"), _address, quiet=True)
    evidence.addresses = [values for values in addresses if values]
    return evidence


def _each(
    evidence: Evidence, found: list[Entity], read: Callable[[Entity], T], *, quiet: bool = False
) -> list[T]:
    """Read entities one by one; what fails is left out, with a warning unless `quiet`."""
    results = []
    for entity in found:
        try:
            results.append(read(entity))
        except UNREADABLE as error:
            if not quiet:
                evidence.warnings.append(_unreadable(f"#{entity.id()} {class_of(entity)}", error))
    return results


def _unreadable(what: str, error: Exception) -> str:
    told = " ".join(str(error).split())[:120]
    return f"{what} cannot be read ({told}) and is left out."


def _of_models(evidence: Evidence, operations: list[Entity]) -> list[Entity]:
    """Operations that start at a representation context; chains from one CRS to another are not followed."""

    def starts_at_crs(entity: Entity) -> bool:
        source = entity.SourceCRS
        return source is not None and is_a(source, "IfcCoordinateReferenceSystem")

    chained = []
    for entity in operations:
        if any(_each(evidence, [entity], starts_at_crs, quiet=True)):
            chained.append(entity.id())
            evidence.warnings.append(
                f"#{entity.id()} leads from one CRS to another; such chains are not followed."
            )
    return [entity for entity in operations if entity.id() not in chained]


def _id(entity: Entity | None) -> int:
    return entity.id() if entity is not None else 0


def _text(entity: Entity, name: str) -> str:
    value = getattr(entity, name, None)
    return value.strip() if isinstance(value, str) else ""


def _crs(entity: Entity) -> CrsEvidence:
    unit = unit_factor(getattr(entity, "MapUnit", None) or getattr(entity, "AngleUnit", None))
    texts = {
        name: _text(entity, name)
        for name in ("Name", "Description", "GeodeticDatum", "VerticalDatum", "MapProjection", "MapZone")
    }
    wkt = [_text(text, "WellKnownText") for text in getattr(entity, "WellKnownText", None) or ()]
    values: Values = {name: text for name, text in texts.items() if text}
    if wkt:
        values["WellKnownText"] = wkt[0]
    if unit is not None:
        values["MapUnit"] = unit
    return CrsEvidence(
        what=class_of(entity),
        name=texts["Name"],
        wkt=wkt[0] if wkt else "",
        description=texts["Description"],
        datum=texts["GeodeticDatum"],
        vertical_datum=texts["VerticalDatum"],
        projection=texts["MapProjection"],
        zone=texts["MapZone"],
        unit=unit,
        values=values,
    )


def _operation(entity: Entity, file: ifcopenshell.file) -> MapEvidence:
    crs = _crs(entity.TargetCRS) if entity.TargetCRS is not None else None
    source = entity.SourceCRS
    is_context = source is not None and is_a(source, "IfcGeometricRepresentationContext")
    for_model = is_context and source.ContextType != "Plan" and source.CoordinateSpaceDimension != 2
    values = _plain_values(entity)
    values.update({f"CRS.{name}": value for name, value in (crs.values if crs else {}).items()})
    if is_a(entity, "IfcRigidOperation"):
        return _rigid(entity, file, crs, for_model=for_model, values=values)
    return MapEvidence(
        what=class_of(entity),
        first=finite(entity.Eastings),
        second=finite(entity.Northings),
        height=finite(entity.OrthogonalHeight, 0.0),
        rotation_deg=x_axis_angle(entity.XAxisAbscissa, entity.XAxisOrdinate),
        scale=_positive(getattr(entity, "Scale", None)),
        factors=(_factor(entity, "FactorX"), _factor(entity, "FactorY"), _factor(entity, "FactorZ")),
        unit=crs.unit if crs else None,
        for_model=for_model,
        crs=crs,
        values=values,
    )


def _rigid(
    entity: Entity, file: ifcopenshell.file, crs: CrsEvidence | None, *, for_model: bool, values: Values
) -> MapEvidence:
    """IfcRigidOperation (IFC 4.3, 8.18.3): an offset as lengths, or as angles towards a geographic CRS."""
    first, second = entity.FirstCoordinate, entity.SecondCoordinate
    angular = "PlaneAngle" in class_of(first)
    factor = 1.0
    if angular:
        factor = (crs.unit if crs and crs.what == "IfcGeographicCRS" else None) or angle_unit(file)
    height_unit = unit_factor(getattr(entity.TargetCRS, "HeightUnit", None)) if angular else None
    return MapEvidence(
        what=class_of(entity),
        first=finite(first.wrappedValue) * factor,
        second=finite(second.wrappedValue) * factor,
        height=finite(entity.Height, 0.0),
        unit=height_unit if angular else (crs.unit if crs else None),
        angular=angular,
        rigid=True,
        for_model=for_model,
        crs=crs,
        values=values,
    )


def _plain_values(entity: Entity) -> Values:
    values: Values = {"id": entity.id()}
    for name, value in entity.get_info(include_identifier=False, recursive=False).items():
        plain = value.wrappedValue if isinstance(value, Entity) and value.id() == 0 else value
        if isinstance(plain, str | float | int | bool) and name != "type":
            values[name] = plain
    return values


def _positive(value: object) -> float | None:
    return None if value is None or finite(value) <= 0.0 else finite(value)


def _factor(entity: Entity, name: str) -> float:
    return _positive(getattr(entity, name, None)) or 1.0


def compound_angle(parts: tuple[int, ...] | None) -> float | None:
    """Degrees of an IfcCompoundPlaneAngleMeasure: degrees, minutes, seconds, optional millionths of a second.

    All parts have the sign of the angle; files that sign only the first (or first non-zero) part are understood too.
    """
    if not parts:
        return None
    values = [float(part) for part in parts]
    sign = -1.0 if next((part for part in values if part), 0.0) < 0.0 else 1.0
    weights = (1.0, 60.0, 3600.0, 3600e6)
    return sign * sum(abs(value) / weight for value, weight in zip(values, weights, strict=False))


def _site(entity: Entity, unit_m: float) -> SiteEvidence | None:
    lat, lon = compound_angle(entity.RefLatitude), compound_angle(entity.RefLongitude)
    if lat is None or lon is None:
        return None
    if abs(lat) > 90.0 or abs(lon) > 180.0:
        raise ValueError(f"latitude {lat:.6f}°, longitude {lon:.6f}° is not on Earth")
    elevation = entity.RefElevation
    elevation_m = None if elevation is None else finite(elevation) * unit_m
    origin = placement_origin(entity, unit_m)
    millionths = [parts[3] for parts in (entity.RefLatitude, entity.RefLongitude) if len(parts) > 3]
    return SiteEvidence(
        lon=lon,
        lat=lat,
        elevation_m=elevation_m,
        origin=origin,
        whole_seconds=not any(millionths),
        values={
            "id": entity.id(),
            "latitude": lat,
            "longitude": lon,
            "elevation_m": elevation_m,
            "local_origin_m": list(origin),
        },
    )


def _read_context(evidence: Evidence, file: ifcopenshell.file) -> None:
    """World coordinate system and true north of the context that holds the 3D models."""
    contexts = [c for c in entities(file, "IfcGeometricRepresentationContext") if "Sub" not in class_of(c)]
    ranked = _each(
        evidence, contexts, lambda c: (c.ContextType != "Model", c.CoordinateSpaceDimension != 3, c.id())
    )
    if not ranked:
        return
    context = file.by_id(min(ranked)[2])
    world = _each(evidence, [context], lambda c: axes_matrix(c.WorldCoordinateSystem, evidence.length_unit_m))
    if world and not np.allclose(world[0], np.eye(4), atol=_TOO_SMALL):
        evidence.world = world[0]
    turn = np.eye(4) if evidence.world is None else evidence.world
    north = _each(evidence, [context], lambda c: (c.TrueNorth is not None, _north(c, turn)))
    evidence.north = north[0][1] if north else None
    if north and north[0][0] and evidence.north is None:
        evidence.warnings.append(
            "The direction of true north in the file has no length; local y is taken for north."
        )


def _north(context: Entity, world: np.ndarray) -> NorthEvidence | None:
    """True north is given within the xy plane of the world coordinate system (IFC 4.3, 8.18.3.4)."""
    if context.TrueNorth is None:
        return None
    ratios = [finite(ratio) for ratio in context.TrueNorth.DirectionRatios[:2]]
    if len(ratios) < 2 or math.hypot(*ratios) < _TOO_SMALL:
        return None
    local = world[:2, :2] @ np.array(ratios)
    rotation = 90.0 - math.degrees(math.atan2(local[1], local[0]))
    return NorthEvidence(rotation_deg=rotation, values={"direction": ratios, "rotation_deg": rotation})


def _address(entity: Entity) -> Values:
    lines = [text for text in entity.AddressLines or () if isinstance(text, str) and text.strip()]
    named = {name: _text(entity, name) for name in ("Town", "Region", "PostalCode", "Country")}
    values: Values = {name: text for name, text in named.items() if text}
    if lines:
        values["AddressLines"] = ", ".join(lines)
    return values
