"""Map conversions in property sets: how IFC 2x3, which has no IfcMapConversion, is georeferenced.

Property sets `ePSet_MapConversion` and `ePSet_ProjectedCRS` on IfcProject or IfcSite (Model Setup IDM, Volume I:
Geo-referencing, 2.0), in any spelling of upper and lower case, in any schema.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import ifcopenshell

from bim_import.ifc.georeference.axes import (
    UNREADABLE,
    Entity,
    entities,
    finite,
    is_a,
    unit_factor,
    x_axis_angle,
)
from bim_import.placement.evidence import CrsEvidence, MapEvidence, Values

_CONVERSION = "epset_mapconversion"
_CRS = "epset_projectedcrs"

UNIT_NAMES = {
    "metre": 1.0, "meter": 1.0, "m": 1.0, "millimetre": 1e-3, "millimeter": 1e-3, "mm": 1e-3, "centimetre": 1e-2,
    "cm": 1e-2, "kilometre": 1e3, "km": 1e3, "foot": 0.3048, "feet": 0.3048, "ft": 0.3048, "inch": 0.0254,
    "us survey foot": 1200.0 / 3937.0, "ussurveyfoot": 1200.0 / 3937.0, "us-ft": 1200.0 / 3937.0, "ftus": 1200.0 / 3937.0,
}  # fmt: skip
"""Metres in the units that MapUnit is named with."""

Properties = dict[str, tuple[Any, float | None]]
"""Name in lower case → value, metres in its own unit where it has one."""


def read_epsets(file: ifcopenshell.file, warnings: list[str]) -> list[MapEvidence]:
    """Map conversions told in property sets; what cannot be read is named in `warnings`."""
    sets = _property_sets(file)
    if _CONVERSION not in sets:
        return []
    conversion = sets[_CONVERSION]
    target, _ = conversion.get("targetcrs", ("", None))
    crs = _crs(sets.get(_CRS, {}), str(target or ""))
    try:
        return [_conversion(conversion, crs)]
    except UNREADABLE as error:
        warnings.append(f"The property set ePSet_MapConversion cannot be read ({error}) and is left out.")
        return []


def _property_sets(file: ifcopenshell.file) -> dict[str, Properties]:
    """The two property sets; of several with one name the first on IfcProject, then IfcSite, wins."""
    found: dict[str, Properties] = {}
    for name in ("IfcProject", "IfcSite"):
        for owner in entities(file, name):
            for key, properties in _named_sets(owner):
                found.setdefault(key, properties)
    return found


def _named_sets(owner: Entity) -> Iterator[tuple[str, Properties]]:
    """The wanted property sets of an object; what cannot be read is none of them."""
    for relation in getattr(owner, "IsDefinedBy", None) or ():
        with suppress(*UNREADABLE):
            definition = relation.RelatingPropertyDefinition
            if is_a(definition, "IfcPropertySet"):
                key = (definition.Name or "").strip().casefold()
                if key in (_CONVERSION, _CRS):
                    yield key, _properties(definition)


def _properties(definition: Entity) -> Properties:
    result: Properties = {}
    for single in definition.HasProperties or ():
        with suppress(*UNREADABLE):
            if is_a(single, "IfcPropertySingleValue") and single.NominalValue is not None:
                result[single.Name.strip().casefold()] = (
                    single.NominalValue.wrappedValue,
                    unit_factor(single.Unit),
                )
    return result


def _number(properties: Properties, name: str, default: float) -> float:
    """A number, also where it is written as text (with a decimal point or comma)."""
    value, _ = properties.get(name, (None, None))
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return default
        value = float(text.replace(",", ".") if "." not in text else text.replace(",", ""))
    return finite(value, default)


def _crs(properties: Properties, target: str) -> CrsEvidence:
    texts = {name: str(value).strip() for name, (value, _) in properties.items() if value is not None}
    values: Values = dict(texts)
    if target:
        values["targetcrs"] = target
    return CrsEvidence(
        what="ePSet_ProjectedCRS",
        name=texts.get("name", "") or target,
        description=texts.get("description", ""),
        datum=texts.get("geodeticdatum", ""),
        vertical_datum=texts.get("verticaldatum", ""),
        projection=texts.get("mapprojection", ""),
        zone=texts.get("mapzone", ""),
        unit=UNIT_NAMES.get(texts.get("mapunit", "").replace("_", " ").casefold()),
        values=values,
    )


def _conversion(properties: Properties, crs: CrsEvidence) -> MapEvidence:
    _, own_unit = properties.get("eastings", (None, None))
    scale = _number(properties, "scale", 0.0)
    values: Values = {
        name: value for name, (value, _) in properties.items() if isinstance(value, str | float | int)
    }
    values.update({f"CRS.{name}": value for name, value in crs.values.items()})
    return MapEvidence(
        what="ePSet_MapConversion",
        first=_number(properties, "eastings", 0.0),
        second=_number(properties, "northings", 0.0),
        height=_number(properties, "orthogonalheight", 0.0),
        rotation_deg=x_axis_angle(
            _number(properties, "xaxisabscissa", 0.0), _number(properties, "xaxisordinate", 0.0)
        ),
        scale=scale if scale > 0.0 else None,
        unit=own_unit or crs.unit,
        crs=crs,
        values=values,
    )
