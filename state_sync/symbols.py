"""Spellings of units: one symbol each, UCUM-like where UCUM has one. Pure text; `units` knows what they mean."""

import re

SPELLINGS: dict[str, str] = {
    "°C": "Cel",
    "℃": "Cel",
    "degC": "Cel",
    "Celsius": "Cel",
    "°F": "[degF]",
    "℉": "[degF]",
    "degF": "[degF]",
    "Fahrenheit": "[degF]",
    "kWh": "kW.h",
    "Wh": "W.h",
    "MWh": "MW.h",
    "kVAh": "kVA.h",
    "kvarh": "kvar.h",
    "Ah": "A.h",
    "mAh": "mA.h",
    "VAR": "var",
    "%RH": "%",
    "percent": "%",
    "l": "L",
    "lux": "lx",
    "ppm": "[ppm]",
    "ppb": "[ppb]",
    "rpm": "/min",
    "1/min": "/min",
    "1/s": "/s",
    "dBA": "dB(A)",
    "[dBA]": "dB(A)",
    "Ω": "Ohm",
    "ohm": "Ohm",
    "°": "deg",
    "degree": "deg",
    "count": "1",
    "/": "1",
    "m3s": "m3/s",
    "sec": "s",
    "hour": "h",
    "hr": "h",
    "day": "d",
}
"""Other ways to write a symbol; those of SenML's registry (RFC 8798) among them. Case matters: mW is not MW."""

_SUPERSCRIPTS = str.maketrans(
    {"²": "2", "³": "3", "·": ".", "⋅": ".", "*": ".", "µ": "u", "μ": "u", "^": None, " ": None}
)
_PARTS = re.compile(r"([./])")

MAX_SYMBOL = 40
"""Characters of a symbol; longer ones are no unit."""


def canonical(symbol: str) -> str:
    """The one spelling of a symbol: `m³/h` is `m3/h`, `°C` is `Cel`, `kWh` is `kW.h`. Unknown symbols stay as they are."""
    text = symbol.strip()
    if len(text) > MAX_SYMBOL:
        return text
    if (known := SPELLINGS.get(text)) is not None:
        return known
    text = text.translate(_SUPERSCRIPTS)
    if (known := SPELLINGS.get(text)) is not None:
        return known
    return "".join(
        SPELLINGS.get(part, part) if part not in {".", "/"} else part for part in _PARTS.split(text)
    )
