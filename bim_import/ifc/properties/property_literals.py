"""Turns values as they stand in the text of a file into properties."""

from ifcopenshell import decode_spf_string

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.property_text import Named, RawValue
from bim_import.ifc.properties.units import Units
from bim_import.ifc.properties.values import scalar, text
from twin.objects import Property, PropertyType

_LOGICALS: dict[bytes, PropertyType] = {b".T.": True, b".F.": False, b".U.": "UNKNOWN"}
_QUANTITY_MEASURES = {
    b"*IFCQUANTITYLENGTH": "IfcLengthMeasure",
    b"*IFCQUANTITYAREA": "IfcAreaMeasure",
    b"*IFCQUANTITYVOLUME": "IfcVolumeMeasure",
    b"*IFCQUANTITYWEIGHT": "IfcMassMeasure",
    b"*IFCQUANTITYCOUNT": "IfcCountMeasure",
    b"*IFCQUANTITYTIME": "IfcTimeMeasure",
}
_NO_VALUE = Property(value=None, type="IfcPropertySingleValue")


class TextValues:
    """Reads names and values of one file as they stand in its text."""

    def __init__(self, layout: Layout, units: Units) -> None:
        self._layout = layout
        self._units = units
        self._texts: dict[bytes, str | None] = {}

    def text(self, raw: bytes) -> str | None:
        """A string as `ifc_values.text` gives it, "" for none; None where only the parser can tell."""
        if raw not in self._texts:
            decoded = _decoded(raw)
            self._texts[raw] = None if decoded is None else text(decoded) or ""
        return self._texts[raw]

    def property(self, raw: RawValue) -> Named | None:
        """Name and value, None where only the parser can tell."""
        raw_name, raw_kind, raw_value, raw_unit = raw
        name = self.text(raw_name)
        if name is None:
            return None
        if raw_kind is None or raw_value is None:
            return name, _NO_VALUE
        kind = _QUANTITY_MEASURES.get(raw_kind) or self._layout.names.get(raw_kind.decode("ascii").upper())
        try:
            value = _literal(raw_value)
        except ValueError:
            return None
        if kind is None:
            return None
        unit = None if raw_unit == b"$" else self._layout.by_id(int(raw_unit[1:]))
        symbol = self._units.of_measure(kind) if unit is None else self._units.symbol(unit)
        return name, Property(value=value, type=kind, unit=symbol)


def _literal(raw: bytes) -> PropertyType:
    """A simple literal of ISO 10303-21 (6.3), None for a real that overflows; raises ValueError for anything else."""
    if raw.startswith(b"'"):
        decoded = _decoded(raw)
        if decoded is None:
            raise ValueError(raw)
        return scalar(decoded)
    if raw.startswith(b"."):
        if raw not in _LOGICALS:
            raise ValueError(raw)
        return _LOGICALS[raw]
    return int(raw) if raw.lstrip(b"+-").isdigit() else scalar(float(raw))


def _decoded(raw: bytes) -> str | None:
    """The characters of a string literal, quotes removed and escapes decoded; "" for `$`."""
    if raw == b"$":
        return ""
    inner = raw[1:-1].decode("ascii")
    if "\\" not in inner:
        return inner.replace("''", "'") if "'" in inner else inner
    if "'" in inner:
        return None  # whether a quote belongs to an escape, the parser knows
    try:
        return decode_spf_string(inner)
    except RuntimeError:
        return None
