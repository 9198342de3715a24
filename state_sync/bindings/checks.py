"""What an entry of a binding file must fulfil. Each check yields what is wrong. Pure."""

import unicodedata
from collections.abc import Iterator
from typing import Any

from state_sync.bindings.patterns import IDENTIFYING, as_filter, fill, pattern_problem, placeholders
from state_sync.bindings.topics import topic_problem
from state_sync.codecs import parse_path
from state_sync.codecs.sparkplug import source_of_binding
from state_sync.units import NoConversion, UnknownUnit, checked_unit, conversion
from twin.alarms import LIMITS
from twin.errors import InvalidKey, InvalidQuery
from twin.objects import checked_key
from twin.queries import parse_condition, split_object_id

Found = Iterator[tuple[str, str, str]]
"""(field, message, advice)."""

Values = dict[str, Any]

_ONE = ("object", "global_id", "tag")
JSON_ONLY = ("time", "quality", "each", "time_format")
NUMERIC_ONLY = ("unit", "device_unit", "minimum", "maximum", "tolerance", "deadband")


def selection(values: Values) -> Found:
    """Which objects: exactly one way to name them."""
    chosen = [name for name in _ONE if name in values]
    if len(chosen) > 1:
        yield chosen[1], f"{' and '.join(chosen)} both name the object", "Keep one of them."
    if "object" in values:
        yield from _object(values)
    if "property" in values:
        try:
            parse_condition(values["property"])
        except InvalidQuery as error:
            yield "property", str(error).rstrip("."), "Quote names that hold a dot."
    names = placeholders(values.get("topic")) + placeholders(values.get("path"))
    tells_apart = any(name in IDENTIFYING or "." in name for name in names)
    if not chosen and "property" not in values and not (values.get("class") and tells_apart):
        yield (
            "",
            "nothing says which object this is",
            (
                "Name it by object, global_id, tag or property; or name a class and let {tag}, {name} or {global_id} in the topic tell."
            ),
        )


def _object(values: Values) -> Found:
    try:
        model, _ = split_object_id(values["object"])
    except InvalidQuery as error:
        yield "object", str(error).rstrip("."), "Look it up with the API, or name the object by its tag."
        return
    if values.get("model", model) != model:
        yield "model", "another model than that of the object", "Leave it out."


def message(values: Values) -> Found:
    """Which message, and what in it."""
    codec = values.get("codec", "plain")
    if "topic" not in values:
        yield "topic", "there is none", "Name the MQTT topic of the messages."
        return
    for field in ("topic", "path", "device"):
        if (wrong := pattern_problem(values.get(field))) is not None:
            yield field, wrong, "Write placeholders like {tag} or {Set.Name}."
            return
    yield from _topic(values, codec)
    if codec in {"senml", "sparkplug"} and "path" not in values:
        named = "name of the SenML record, base name included" if codec == "senml" else "name of the metric"
        yield "path", f"{codec} needs one", f"Write the {named}."
    if codec == "plain" and "path" in values:
        yield "path", "a plain value has no parts", 'Leave it out, or write codec = "json".'
    if codec == "json":
        yield from _paths(values)
    else:
        for field in JSON_ONLY:
            if field in values:
                yield field, f"means nothing with codec {codec}", 'It belongs to codec = "json".'


def _topic(values: Values, codec: str) -> Found:
    topic = values["topic"]
    if codec == "sparkplug":
        try:
            source_of_binding(fill(topic, lambda _: "x", levels=True) or "")
        except ValueError:
            yield (
                "topic",
                "no Sparkplug node or device",
                "Write spBv1.0/GROUP/+/NODE or spBv1.0/GROUP/+/NODE/DEVICE.",
            )
        return
    wrong = topic_problem(as_filter(topic))
    if wrong is not None:
        yield "topic", f"no topic filter: {wrong}", "See section 4.7 of the MQTT standard."
    elif topic.startswith(("$share/", "spBv1.0/")):
        yield (
            "topic",
            "reserved",
            "Leave out $share/…, which is a setting; Sparkplug topics need codec sparkplug.",
        )
    elif topic in {"#", "+"}:
        yield "topic", "would read every message as a value of this signal", "Name a narrower topic."


def _paths(values: Values) -> Found:
    for field in ("path", "time", "quality", "each"):
        try:
            parse_path(values.get(field, ""))
        except ValueError as error:
            yield field, str(error), "A pointer like /sensors/0/value works, too."
    if "time_format" in values and "time" not in values:
        yield "time_format", "there is no time to read", "Say with time where it is."


def signal(values: Values) -> Found:
    """What the signal is."""
    kind = values.get("type", "number")
    if "signal" not in values:
        yield "signal", "there is none", "Name the signal, like temperature."
    else:
        yield from _name(values["signal"])
    if (kind == "enum") != bool(values.get("choices")):
        yield (
            "choices",
            "an enum has choices, other types have none",
            'Write type = "enum" and choices = ["a", "b"].',
        )
    yield from _alarms(values, kind)
    if kind not in {"number", "integer"}:
        for field in NUMERIC_ONLY:
            if field in values:
                yield field, f"means nothing for a {kind}", "Leave it out, or change the type."
        return
    yield from _units(values)
    yield from _limits(values)


def _alarms(values: Values, kind: str) -> Found:
    """Rules that could never hold."""
    for rule in values.get("alarm", ()):
        if rule.kind in LIMITS and kind not in {"number", "integer"}:
            yield (
                "alarm",
                f"{rule.kind} means nothing for a {kind}",
                'Write kind = "state" and states = [...].',
            )
        elif kind == "enum" and (other := set(rule.states) - set(values.get("choices", ()))):
            yield (
                "alarm",
                f"{min(map(str, other))!r} is none of the choices",
                "Name some of the choices.",
            )
        elif kind == "boolean" and not all(isinstance(state, bool) for state in rule.states):
            yield "alarm", "a boolean is true or false", "Write states = [true]."


def _name(name: str) -> Found:
    try:
        checked_key(name)
    except InvalidKey as error:
        yield "signal", f"{name!r} is no name: {error.reason}", "Name it like temperature."
    if unicodedata.normalize("NFC", name) != name:
        yield "signal", f"{name!r} is not in Unicode normal form C", "Type it anew."


def _units(values: Values) -> Found:
    bad = False
    for field in ("unit", "device_unit"):
        try:
            checked_unit(values.get(field, "1"))
        except UnknownUnit as error:
            bad = True
            yield (
                field,
                f"{error.symbol!r} is no unit known here",
                "Write it like Cel, m3/h, kW.h, %, ug/m3 or lx.",
            )
    if "device_unit" not in values or bad:
        return
    if "unit" not in values:
        yield (
            "device_unit",
            "the signal has no unit to convert to",
            "Say the unit in which it is kept with unit.",
        )
        return
    try:
        conversion(values["device_unit"], values["unit"])
    except NoConversion as error:
        yield (
            "device_unit",
            f"{error.source} cannot be converted to {error.target}",
            "Name the unit that the device sends.",
        )


def _limits(values: Values) -> Found:
    if values.get("minimum", float("-inf")) > values.get("maximum", float("inf")):
        yield "minimum", "larger than the maximum", "Swap them."
    if values.get("period_s", 1) <= 0:
        yield "period_s", "not more than zero", "Leave it out for a signal that may be silent for ever."
    for field in ("keep_days", "keep_rollup_days"):
        if values.get(field, 1) < 1:
            yield (
                field,
                "less than a day",
                "History is kept by whole days; leave it out to keep what the server keeps.",
            )
    for field in ("tolerance", "deadband"):
        if values.get(field, 0) < 0:
            yield field, "less than zero", "Write how far apart two values may be."
    if "tolerance" in values and values["tolerance"] < values.get("deadband", 0):
        yield (
            "tolerance",
            "less than the deadband: no reading could confirm a command",
            "Make it at least the deadband.",
        )
