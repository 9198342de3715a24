"""What units mean: factor and offset from the device's unit to the signal's, computed once, at binding time, by pint.

Symbols are UCUM-like: `Cel`, `[degF]`, `m3/h`, `kW.h`, `%`, `ug/m3`, `/min`. Usual other spellings are understood
(`state_sync.symbols`). A dot multiplies, a slash divides by the next symbol alone, digits at the end of a symbol are its exponent.
"""

import re
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from state_sync.conversion import Scale
from state_sync.symbols import MAX_SYMBOL, canonical
from twin.errors import TwinError

if TYPE_CHECKING:
    import pint

_PINT: dict[str, str] = {
    "Cel": "degree_Celsius",
    "[degF]": "degree_Fahrenheit",
    "K": "kelvin",
    "%": "percent",
    "[ppm]": "ppm",
    "[ppb]": "ppb_twin",
    "L": "liter",
    "mL": "milliliter",
    "t": "metric_ton",
    "a": "year",
    "mo": "month",
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
    "s": "second",
    "m": "meter",
    "g": "gram",
    "u": "dalton",
    "deg": "degree",
    "Ohm": "ohm",
    "kOhm": "kiloohm",
    "MOhm": "megaohm",
    "bar": "bar",
    "mbar": "millibar",
    "[psi]": "psi",
    "[gal_us]": "gallon",
    "[ft_i]": "foot",
    "[in_i]": "inch",
    "[cft_i]": "foot**3",
    "VA": "apparent_volt_ampere",
    "kVA": "kiloapparent_volt_ampere",
    "MVA": "megaapparent_volt_ampere",
    "1": "dimensionless",
}
"""Symbols that mean something else to pint, or nothing."""

_OWN = (
    "reactive_volt_ampere = [reactive_power] = var",
    "apparent_volt_ampere = [apparent_power]",
    "ppb_twin = 1e-9",
)
"""Reactive and apparent power are no power to bill: pint would convert kVA to kW."""

_TEMPERATURES = {
    "K": (Fraction(0), Fraction(1)),
    "Cel": (Fraction("273.15"), Fraction(1)),
    "[degF]": (Fraction("459.67"), Fraction(5, 9)),
}
"""Scales with a zero of their own: kelvin = (value + zero) * step (SI brochure, section 2.3.1; NIST SP 811, B.9)."""

_ALONE = frozenset({"dB", "dB(A)", "dBm", "dBW", "pH", "[pH]", "1:N"})
"""Scales that are not proportional: they are converted to nothing but themselves."""

_SYMBOL = re.compile(r"(\[[A-Za-z_]+\]|[A-Za-zΩ%]+|1)(-?[1-9])?")
_TERM = re.compile(r"/?[^./]+(?:[./][^./]+)*")

_PINT_ERRORS = (ValueError, TypeError, AttributeError, KeyError)
"""Each of pint's errors is one of these, too."""


class UnknownUnit(TwinError):
    """A symbol that is no unit."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        super().__init__(
            f"{symbol!r} is no unit that is known here; write it like Cel, m3/h, kW.h, %, ug/m3 or lx."
        )


class NoConversion(TwinError):
    """Two units of different kinds."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        super().__init__(
            f"{source!r} cannot be converted to {target!r}; name the unit that the device really sends."
        )


@cache
def _registry() -> "pint.UnitRegistry[float]":
    import pint  # noqa: PLC0415 - half a second to import, and decoding messages needs none of it

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    for definition in _OWN:
        registry.define(definition)
    return registry


def _expression(symbol: str) -> str | None:
    """For pint; None for a scale that stands alone. Raises UnknownUnit."""
    text = canonical(symbol)
    if text in _ALONE:
        return None
    if not text or len(text) > MAX_SYMBOL:
        raise UnknownUnit(symbol)
    if not _TERM.fullmatch(text):
        raise UnknownUnit(symbol)
    expression = "".join(
        {".": "*", "/": "/"}.get(part) or _factor(part, symbol) for part in re.split(r"([./])", text) if part
    )
    return expression if text[0] != "/" else "1" + expression


def _factor(part: str, symbol: str) -> str:
    match = _SYMBOL.fullmatch(part)
    if match is None:
        raise UnknownUnit(symbol)
    name = _PINT.get(match[1], match[1])
    if name not in _registry():
        raise UnknownUnit(symbol)
    return f"({name})**{match[2]}" if match[2] else f"({name})"


def checked_unit(symbol: str) -> str:
    """The canonical spelling of a unit. Raises UnknownUnit."""
    expression = _expression(symbol)
    if expression is not None:
        _unit(expression, symbol)
    return canonical(symbol)


def _unit(expression: str, symbol: str) -> "pint.Unit":
    try:
        return _registry().parse_units(expression)
    except _PINT_ERRORS as error:
        raise UnknownUnit(symbol) from error


@lru_cache(maxsize=1024)
def conversion(source: str, target: str) -> Scale:
    """Factor and offset that turn a value in `source` into one in `target`. Raises UnknownUnit, NoConversion."""
    first, second = checked_unit(source), checked_unit(target)
    if first == second:
        return Scale()
    if first in _TEMPERATURES and second in _TEMPERATURES:
        return _temperature(first, second)
    if first in _ALONE or second in _ALONE or {first, second} & set(_TEMPERATURES):
        raise NoConversion(source, target)
    registry = _registry()
    units = [_unit(_expression(symbol) or "", symbol) for symbol in (first, second)]
    try:
        return Scale(float(registry.Quantity(1.0, units[0]).to(units[1]).magnitude))
    except _PINT_ERRORS as error:
        raise NoConversion(source, target) from error


def _temperature(source: str, target: str) -> Scale:
    """Exact, where pint's way over kelvin leaves an error of 4e-14."""
    (zero, step), (other_zero, other_step) = _TEMPERATURES[source], _TEMPERATURES[target]
    return Scale(float(step / other_step), float(zero * step / other_step - other_zero))
