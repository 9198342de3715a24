"""Fields of a binding file: their names, and how a cell of CSV or a value of TOML is read. Pure."""

import math
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, get_args

import msgspec
from msgspec import Struct

from state_sync.bindings.binding import Codec, MappedValue
from state_sync.codecs import TimeFormat
from twin.alarms import AlarmRule, InvalidRule, Kind, check_rules, checked_rule
from twin.controls import Confirm, Interlock, InvalidControl, Priority, parse_interlock
from twin.state import SignalType


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong in a binding file, where, and what to do. `line` counts from 1; `field` is empty where no one field is to blame."""

    line: int
    field: str
    message: str
    advice: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"line {self.line}: {f'{self.field}: ' if self.field else ''}{self.message}. {self.advice}"


class Unreadable(Exception):
    """A value that a field cannot take; caught where fields are read."""

    def __init__(self, message: str, advice: str) -> None:
        self.message = message
        self.advice = advice
        super().__init__(message)


def _text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw.strip()
    raise Unreadable(f"{raw!r} is no text", "Put it in quotes.")


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise Unreadable(f"{raw!r} is no number", "Write it like 21.5.")
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise Unreadable(f"{raw!r} is no finite number", "Write it like 21.5, with a point.")
    return value


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in {"true", "false"}:
        return raw.lower() == "true"
    raise Unreadable(f"{raw!r} is neither true nor false", "Write true or false.")


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        text = _text(raw)
        if text in allowed:
            return text
        raise Unreadable(f"{text!r} is not known", f"Write one of {', '.join(allowed)}.")

    return read


def _several(raw: Any) -> tuple[str, ...]:
    """A list of texts; in CSV separated by `|`."""
    parts = raw.split("|") if isinstance(raw, str) else raw
    if not isinstance(parts, list):
        raise Unreadable(f"{raw!r} is no list", 'Write ["a", "b"], in CSV a|b.')
    texts = tuple(_text(part) for part in parts)
    if not all(texts) or len(set(texts)) != len(texts):
        raise Unreadable(f"{raw!r} has an empty or repeated element", "Name each once.")
    return texts


def _map(raw: Any) -> dict[str, MappedValue]:
    """A table of device text → value; in CSV `0=closed|1=open`, where `true`, `false` and numbers are no texts."""
    if isinstance(raw, str):
        pairs = [part.partition("=") for part in raw.split("|")]
        if not all(equals and key.strip() for key, equals, _ in pairs):
            raise Unreadable(f"{raw!r} is no list of pairs", "Write 0=closed|1=open.")
        return {key.strip(): _cell(value.strip()) for key, _, value in pairs}
    if isinstance(raw, dict) and all(isinstance(value, (bool, int, float, str)) for value in raw.values()):
        return {str(key): value for key, value in raw.items()}
    raise Unreadable(f"{raw!r} is no table", 'Write map = { "0" = "closed", "1" = "open" }.')


def _cell(text: str) -> MappedValue:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _alarms(raw: Any) -> tuple[AlarmRule, ...]:
    """A list of tables; in CSV `high 30 delay_s=10 message=Too warm|stale`: kind, limit or states, fields, the message last."""
    if isinstance(raw, str):
        raw = [_alarm_of_cell(part.strip()) for part in raw.split("|")]
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise Unreadable(
            f"{raw!r} is no list of rules", 'Write [[binding.alarm]] with kind = "high" and limit = 30.'
        )
    try:
        rules = tuple(checked_rule(msgspec.convert(each, AlarmRule)) for each in map(_known_fields, raw))
        check_rules(rules)
    except (msgspec.ValidationError, InvalidRule) as error:
        raise Unreadable(str(error), _ALARM_ADVICE) from error
    return rules


_ALARM_ADVICE = f"A rule has kind ({', '.join(Kind)}), limit or states, and perhaps {', '.join(AlarmRule.__struct_fields__[3:])}."


def _known_fields(given: dict[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in AlarmRule.__struct_fields__:
            raise Unreadable(f"a rule for alarms has no {name!r}", _ALARM_ADVICE)
    return given


def _alarm_of_cell(text: str) -> dict[str, Any]:
    head, marked, message = text.partition("message=")
    kind, *words = head.split()
    rule: dict[str, Any] = {"kind": kind}
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            rule[name] = _cell(value)
        elif kind == Kind.STATE:
            rule["states"] = [_cell(state) for state in name.split(",")]
        else:
            rule["limit"] = _cell(name)
    return {**rule, "message": message.strip()} if marked else rule


def _interlocks(raw: Any) -> tuple[Interlock, ...]:
    """Conditions as texts; in CSV separated by `|`."""
    try:
        return tuple(map(parse_interlock, _several(raw)))
    except InvalidControl as error:
        raise Unreadable(error.reason, 'Write ["level > 0.3", "model/global_id/door = closed"].') from error


READERS: dict[str, Callable[[Any], Any]] = {
    "object": _text,
    "global_id": _text,
    "tag": _text,
    "property": _text,
    "class": _several,
    "model": _text,
    "signal": _text,
    "type": _one_of(get_args(SignalType)),
    "kind": _text,
    "unit": _text,
    "minimum": _number,
    "maximum": _number,
    "choices": _several,
    "period_s": _number,
    "settable": _flag,
    "tolerance": _number,
    "deadband": _number,
    "keep_days": _number,
    "keep_rollup_days": _number,
    "alarm": _alarms,
    "topic": _text,
    "device": _text,
    "codec": _one_of(get_args(Codec)),
    "path": _text,
    "time": _text,
    "time_format": _one_of(get_args(TimeFormat)),
    "quality": _text,
    "each": _text,
    "device_unit": _text,
    "lenient": _flag,
    "map": _map,
    "command_topic": _text,
    "command_codec": _one_of(("plain", "json", "sparkplug")),
    "command_path": _text,
    "reply_topic": _text,
    "confirm": _one_of(tuple(Confirm)),
    "confirm_signal": _text,
    "on_change": _flag,
    "ack_s": _number,
    "confirm_s": _number,
    "expires_s": _number,
    "clock_s": _number,
    "dangerous": _flag,
    "approval_s": _number,
    "priority": _one_of(tuple(Priority)),
    "revert": _flag,
    "resend": _one_of(("always", "never")),
    "offline": _one_of(("wait", "send")),
    "interlocks": _interlocks,
}
"""How each field is read, in the order of the documentation."""

SIGNAL_FIELDS = (
    "type", "kind", "unit", "minimum", "maximum", "choices", "period_s", "settable", "tolerance", "deadband",
    "keep_days", "keep_rollup_days",
)  # fmt: skip
"""Fields that declare the signal, beside its name."""


def read_fields(raw: dict[str, Any], line_of: Callable[[str], int]) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of an entry, read; and what could not be. Empty texts and nulls count as absent."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in raw.items():
        if given is None or given == "":
            continue
        read = READERS.get(name)
        if read is None:
            problems.append(_unknown(name, line_of(name)))
            continue
        try:
            values[name] = read(given)
        except Unreadable as error:
            problems.append(
                Problem(line=line_of(name), field=name, message=error.message, advice=error.advice)
            )
    return values, problems


def _unknown(name: str, line: int) -> Problem:
    near = get_close_matches(name, READERS, 1)
    advice = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(READERS)}."
    return Problem(line=line, field=name, message="no such field", advice=advice)
