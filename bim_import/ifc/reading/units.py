"""The scale of a file's units, for files that may lie about them."""

import ifcopenshell
from ifcopenshell.util.unit import calculate_unit_scale

from bim_import.ifc.reading.entities import MALFORMED, Entity, attribute, is_kind

_CONVERSION_FACTOR, _UNIT_COMPONENT = 3, 1
"""IfcConversionBasedUnit, IfcMeasureWithUnit"""


def unit_scale(file: ifcopenshell.file, unit_type: str = "LENGTHUNIT") -> float:
    """SI units in one project unit; 1.0 where the project names none.

    Raises whatever the library stumbles over in a damaged unit, ValueError for one that is defined by itself (it would
    follow that for ever).
    """
    for unit in file.by_type("IfcConversionBasedUnit"):
        _check_ends(unit)
    return float(calculate_unit_scale(file, unit_type))


def _check_ends(unit: Entity) -> None:
    seen: set[int] = set()
    try:
        while is_kind(unit, "IfcConversionBasedUnit"):
            if unit.id() in seen:
                raise ValueError("a unit is defined by itself")
            seen.add(unit.id())
            unit = attribute(attribute(unit, _CONVERSION_FACTOR), _UNIT_COMPONENT)
    except MALFORMED as error:
        if isinstance(error, ValueError):
            raise
