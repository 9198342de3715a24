"""Units of a file: which unit a measure has by default, and every unit as a short UCUM-like symbol.

Symbols follow UCUM where it is readable (`m2`, `W/(m2.K)`, `Cel`, `deg`, `L/s`); for imperial units the customary symbol
stands (`ft`, `in`, `psi`) instead of UCUM's bracketed one.
"""

import math

from ifcopenshell import entity_instance

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.values import attribute, entities, text

_PREFIXES: dict[str, tuple[str, float]] = {
    "EXA": ("E", 1e18),
    "PETA": ("P", 1e15),
    "TERA": ("T", 1e12),
    "GIGA": ("G", 1e9),
    "MEGA": ("M", 1e6),
    "KILO": ("k", 1e3),
    "HECTO": ("h", 1e2),
    "DECA": ("da", 1e1),
    "DECI": ("d", 1e-1),
    "CENTI": ("c", 1e-2),
    "MILLI": ("m", 1e-3),
    "MICRO": ("u", 1e-6),
    "NANO": ("n", 1e-9),
    "PICO": ("p", 1e-12),
    "FEMTO": ("f", 1e-15),
    "ATTO": ("a", 1e-18),
}
"""IfcSIPrefix."""

_SI_UNITS: dict[str, str] = {
    "AMPERE": "A",
    "BECQUEREL": "Bq",
    "CANDELA": "cd",
    "COULOMB": "C",
    "CUBIC_METRE": "m3",
    "DEGREE_CELSIUS": "Cel",
    "FARAD": "F",
    "GRAM": "g",
    "GRAY": "Gy",
    "HENRY": "H",
    "HERTZ": "Hz",
    "JOULE": "J",
    "KELVIN": "K",
    "LUMEN": "lm",
    "LUX": "lx",
    "METRE": "m",
    "MOLE": "mol",
    "NEWTON": "N",
    "OHM": "Ohm",
    "PASCAL": "Pa",
    "RADIAN": "rad",
    "SECOND": "s",
    "SIEMENS": "S",
    "SIEVERT": "Sv",
    "SQUARE_METRE": "m2",
    "STERADIAN": "sr",
    "TESLA": "T",
    "VOLT": "V",
    "WATT": "W",
    "WEBER": "Wb",
}
"""IfcSIUnitName."""

_CUSTOMARY: dict[str, str] = {
    "ACRE": "acre",
    "BAR": "bar",
    "BTU": "BTU",
    "CUBIC FOOT": "ft3",
    "CUBIC INCH": "in3",
    "CUBIC YARD": "yd3",
    "DAY": "d",
    "DEGREE": "deg",
    "FAHRENHEIT": "degF",
    "FLUID OUNCE UK": "fl_oz_uk",
    "FLUID OUNCE US": "fl_oz_us",
    "FOOT": "ft",
    "GALLON UK": "gal_uk",
    "GALLON US": "gal_us",
    "GRAD": "gon",
    "GON": "gon",
    "HECTARE": "ha",
    "HOUR": "h",
    "INCH": "in",
    "KILOWATT HOUR": "kW.h",
    "KIP": "kip",
    "KSI": "ksi",
    "LBF": "lbf",
    "LITER": "L",
    "LITRE": "L",
    "MILE": "mi",
    "MINUTE": "min",
    "OUNCE": "oz",
    "PERCENT": "%",
    "PINT UK": "pt_uk",
    "PINT US": "pt_us",
    "POUND": "lb",
    "POUND-FORCE": "lbf",
    "PSI": "psi",
    "SQUARE FOOT": "ft2",
    "SQUARE INCH": "in2",
    "SQUARE MILE": "mi2",
    "SQUARE YARD": "yd2",
    "TON UK": "ton_uk",
    "TON US": "ton_us",
    "TONNE": "t",
    "US SURVEY FOOT": "ft_us",
    "YARD": "yd",
}
"""Names of IfcConversionBasedUnit (IFC 4.3, 8.11.3.2), upper case with spaces."""

_UNIT_OF_MEASURE: dict[str, str] = {
    "IfcPositiveLengthMeasure": "LENGTHUNIT",
    "IfcNonNegativeLengthMeasure": "LENGTHUNIT",
    "IfcPositivePlaneAngleMeasure": "PLANEANGLEUNIT",
    "IfcMonetaryMeasure": "MONETARYUNIT",
    "IfcPHMeasure": "PHUNIT",
}
"""Measures whose unit type is not simply their own name (`IfcAreaMeasure` → `AREAUNIT`)."""

_USUAL: dict[frozenset[tuple[str, int]], str] = {
    frozenset(powers.items()): symbol
    for symbol, powers in {
        "A/m2": {"A": 1, "m": -2},
        "J": {"kg": 1, "m": 2, "s": -2},
        "J/(kg.K)": {"m": 2, "K": -1, "s": -2},
        "N": {"kg": 1, "m": 1, "s": -2},
        "Pa": {"kg": 1, "m": -1, "s": -2},
        "Pa.s": {"kg": 1, "m": -1, "s": -1},
        "V": {"kg": 1, "m": 2, "s": -3, "A": -1},
        "W": {"kg": 1, "m": 2, "s": -3},
        "W/(m.K)": {"kg": 1, "m": 1, "K": -1, "s": -3},
        "W/(m2.K)": {"kg": 1, "K": -1, "s": -3},
        "W/m2": {"kg": 1, "s": -3},
        "lm": {"cd": 1, "sr": 1},
        "lx": {"cd": 1, "sr": 1, "m": -2},
    }.items()
}
"""Products of base units (Revit writes a U-value as kg/(K.s3)) and what people call them."""

_SPELLING = str.maketrans({"_": " ", "-": " "})
_MAX_DEPTH = 8
"""Conversion-based units refer to other units; deeper than this is a loop."""


class Units:
    """Units of one file. Symbols and factors of every unit are worked out once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout  # keeps the file: an entity does not outlive it
        self._symbols: dict[int, str | None] = {}
        self._by_type = _project_units(layout)
        self._measures: dict[str, str | None] = {}

    def of_measure(self, measure: str) -> str | None:
        """Symbol of the project's unit for values of a measure type, None for those without unit (labels, ratios,
        counts) and those for which the project names none.
        """
        if measure not in self._measures:
            unit = self._by_type.get(_unit_type(measure))
            self._measures[measure] = self.symbol(unit) if unit is not None else None
        return self._measures[measure]

    def symbol(self, unit: object) -> str | None:
        """Symbol of a unit entity (IfcNamedUnit, IfcDerivedUnit or IfcMonetaryUnit), None for anything else."""
        if not isinstance(unit, entity_instance):
            return None
        key = unit.id()
        if key not in self._symbols:
            self._symbols[key] = _symbol(unit)
        return self._symbols[key]

    @property
    def length_factor(self) -> float:
        """Metres in one length unit of the project; 1.0 where the file names none or nonsense."""
        unit = self._by_type.get("LENGTHUNIT")
        factor = _factor(unit) if unit is not None else 1.0
        return factor if math.isfinite(factor) and factor > 0.0 else 1.0


def _unit_type(measure: str) -> str:
    special = _UNIT_OF_MEASURE.get(measure)
    return special or measure.removeprefix("Ifc").removesuffix("Measure").upper() + "UNIT"


def _project_units(layout: Layout) -> dict[str, entity_instance]:
    """Unit type (`LENGTHUNIT`) → unit, from the project's assignment, else from the first in the file."""
    found: dict[str, entity_instance] = {}
    for project in layout.of_type("IfcProject"):
        index = layout.index(project.is_a(), "UnitsInContext")
        assigned = entities(attribute(project, index)) if index is not None else ()
        for assignment in assigned:
            _add_units(assignment, found)
    if not found:
        for assignment in layout.of_type("IfcUnitAssignment")[:1]:
            _add_units(assignment, found)
    return found


def _add_units(assignment: entity_instance, found: dict[str, entity_instance]) -> None:
    for unit in entities(attribute(assignment, 0)):
        kind = unit.is_a()
        if kind == "IfcMonetaryUnit":
            found.setdefault("MONETARYUNIT", unit)
        elif isinstance(kind_of := attribute(unit, 1), str):
            # IfcNamedUnit and IfcDerivedUnit both have UnitType second.
            found.setdefault(kind_of, unit)


def _symbol(unit: entity_instance) -> str | None:
    kind = unit.is_a()
    if kind == "IfcSIUnit":
        prefix = _PREFIXES.get(str(attribute(unit, 2)), ("", 1.0))[0]
        name = attribute(unit, 3)
        return prefix + _SI_UNITS.get(str(name), str(name).lower()) if name else None
    if kind == "IfcMonetaryUnit":
        return text(attribute(unit, 0))
    if kind == "IfcDerivedUnit":
        return _derived_symbol(unit)
    name = text(attribute(unit, 2))
    if name is None:
        return None
    spelled = name.strip().upper().translate(_SPELLING).removesuffix("S")
    return _CUSTOMARY.get(name.strip().upper()) or _CUSTOMARY.get(spelled) or name.strip().replace(" ", "_")


def _derived_symbol(unit: entity_instance) -> str | None:
    """`W/(m2.K)`: factors with positive exponents, then the others under one stroke."""
    powers: dict[str, int] = {}
    for element in entities(attribute(unit, 0)):
        base, exponent = attribute(element, 0), attribute(element, 1)
        symbol = (
            _symbol(base) if isinstance(base, entity_instance) and base.is_a() != "IfcDerivedUnit" else None
        )
        if symbol is None or not isinstance(exponent, int):
            return text(attribute(unit, 2))
        powers[symbol] = powers.get(symbol, 0) + exponent
    usual = _USUAL.get(frozenset(powers.items()))
    return usual or _quotient(powers) or text(attribute(unit, 2))


def _quotient(powers: dict[str, int]) -> str:
    above = [_power(symbol, exponent) for symbol, exponent in powers.items() if exponent > 0]
    below = [_power(symbol, -exponent) for symbol, exponent in powers.items() if exponent < 0]
    if not below:
        return ".".join(above)
    under = below[0] if len(below) == 1 else f"({'.'.join(below)})"
    return f"{'.'.join(above) or '1'}/{under}"


def _power(symbol: str, exponent: int) -> str:
    if exponent == 1:
        return symbol
    return f"({symbol}){exponent}" if symbol[-1].isdigit() else f"{symbol}{exponent}"


def _factor(unit: entity_instance, depth: int = 0) -> float:
    """SI units in one `unit` of length; NaN where the file does not say."""
    if depth > _MAX_DEPTH:
        return math.nan
    if unit.is_a() == "IfcSIUnit":
        return _PREFIXES.get(str(attribute(unit, 2)), ("", 1.0))[1]
    conversion = attribute(unit, 3)
    if not isinstance(conversion, entity_instance):
        return math.nan
    value, component = attribute(conversion, 0), attribute(conversion, 1)
    number = attribute(value, 0) if isinstance(value, entity_instance) else None
    if not isinstance(number, int | float) or not isinstance(component, entity_instance):
        return math.nan
    return number * _factor(component, depth + 1)
