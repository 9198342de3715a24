"""One entry of a binding file, checked: which objects, which signal, which message. Pure."""

import unicodedata
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from state_sync.bindings import checks, commanding
from state_sync.bindings.binding import Codec, CommandAddress, MappedValue
from state_sync.bindings.fields import SIGNAL_FIELDS, Problem
from state_sync.bindings.patterns import IDENTIFYING, placeholders
from state_sync.codecs import Refused, TimeFormat
from state_sync.conversion import Scale, compile_conversion
from state_sync.units import checked_unit, conversion
from twin.queries import PropertyCondition, parse_condition
from twin.state import Signal

_AS_THEY_ARE = ("topic", "codec", "global_id", "tag", "model", "path", "time", "time_format",
                "quality", "each", "lenient", "map", "device")  # fmt: skip


class Rule(Struct, frozen=True, kw_only=True):
    """One entry. Objects: by `object_id`, `global_id`, `tag`, `condition` on a property, or by the placeholders of topic and path.

    `command`: where commands go, with placeholders still. `signal` has no model and no global_id yet. `scale`: from the device's unit to the signal's. `line`: where it stands.
    """

    line: int
    signal: Signal
    topic: str
    codec: Codec = "plain"
    object_id: str | None = None
    global_id: str | None = None
    tag: str | None = None
    condition: PropertyCondition | None = None
    classes: tuple[str, ...] = ()
    model: str | None = None
    path: str | None = None
    time: str | None = None
    time_format: TimeFormat = "rfc3339"
    quality: str | None = None
    each: str | None = None
    device_unit: str | None = None
    scale: Scale = Scale()
    lenient: bool = False
    map: dict[str, MappedValue] = {}
    device: str | None = None
    command: CommandAddress | None = None

    @property
    def placeholders(self) -> frozenset[str]:
        """Names in the braces of topic and path."""
        return frozenset(placeholders(self.topic) + placeholders(self.path))

    @property
    def several(self) -> bool:
        """Whether one entry stands for many objects: its messages tell them apart."""
        one = self.object_id or self.global_id or self.tag
        return one is None and any(name in IDENTIFYING or "." in name for name in self.placeholders)


def checked_rule(values: dict[str, Any], line_of: Callable[[str], int]) -> tuple[Rule | None, list[Problem]]:
    """The rule of an entry whose fields could be read; else None and all that is wrong with it."""
    problems = [
        Problem(line=line_of(field), field=field, message=message, advice=advice)
        for check in (checks.selection, checks.message, checks.signal, commanding.checks)
        for field, message, advice in check(values)
    ]
    if problems:
        return None, problems
    rule = _rule(values, line_of)
    problems = [
        Problem(
            line=line_of("map"),
            field="map",
            message=f"{value!r} is no value of this signal: {why.detail}",
            advice="Map to values of the signal's type, in its unit.",
        )
        for value in rule.map.values()
        if isinstance(why := compile_conversion(rule.signal, Scale())(value), Refused)
    ]
    return (None, problems) if problems else (rule, [])


def _rule(values: dict[str, Any], line_of: Callable[[str], int]) -> Rule:
    unit = values.get("unit")
    device_unit = values.get("device_unit", unit)
    declared = {name: values[name] for name in SIGNAL_FIELDS if name in values}
    if unit is not None:
        declared["unit"] = checked_unit(unit)
    if "alarm" in values:
        declared["alarms"] = values["alarm"]
    if values.get("settable"):
        declared["control"] = commanding.control_of(values)
    name = unicodedata.normalize("NFC", values["signal"])
    return Rule(
        line=line_of("signal"),
        signal=Signal(model="", global_id="", name=name, **declared),
        object_id=values.get("object"),
        condition=parse_condition(values["property"]) if "property" in values else None,
        classes=values.get("class", ()),
        command=commanding.address_of(values) if values.get("settable") else None,
        device_unit=None if device_unit is None else checked_unit(device_unit),
        scale=Scale() if device_unit is None else conversion(device_unit, unit or device_unit),
        **{name: values[name] for name in _AS_THEY_ARE if name in values},
    )
