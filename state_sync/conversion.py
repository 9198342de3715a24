"""Raw values of devices become values of a signal's type, in its unit. Pure; compiled once per binding.

What goes in is what a codec yields. Rules: a `number` is always a float, so that 21 and 21.0 are the same value. An `integer`
lies within ±2**53 (beyond, JSON and JavaScript lose digits) and has no fraction, unless a unit conversion made one: then it
is rounded. Nothing is guessed: texts are numbers, and words are booleans, only where the codec has nothing but text or the
binding says `lenient`. Booleans are never numbers, and numbers are booleans (0 and 1) only where lenient.
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from state_sync.codecs.values import MAX_TEXT, NOT_FINITE, Refused
from twin.state import Signal, SignalType, Value

MAX_INTEGER = 2**53
"""The largest magnitude of an `integer`: exact as a double (RFC 7493, section 2.2)."""

TRUE_WORDS = frozenset({"true", "on", "yes", "open", "opened", "active", "1"})
FALSE_WORDS = frozenset({"false", "off", "no", "closed", "close", "inactive", "0"})
"""The usual words, in any case; only where a binding says `lenient`."""

_MAX_DIGITS = 64
"""Characters of a number written as a text; a double never needs more than 25."""

Convert = Callable[[Value], Value | Refused]


class Scale(Struct, frozen=True):
    """`value = raw * factor + offset`."""

    factor: float = 1.0
    offset: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether it is more than the identity."""
        return self.factor != 1.0 or self.offset != 0.0


def _wrong(raw: Value, wanted: str) -> Refused:
    return Refused("wrong_type", f"{str(raw)[:60]!r} is no {wanted}")


def _parsed(text: str, kind: type[int] | type[float]) -> float | int | None:
    """A number as JSON and everybody write it: no digits of other scripts, no underscores, which Python would take."""
    if len(text) > _MAX_DIGITS or "_" in text or not text.isascii():
        return None
    try:
        return kind(text)
    except ValueError:
        return None


def to_number(scale: Scale, *, from_text: bool) -> Convert:
    """Floats; anything that is not finite after scaling is refused."""
    factor, offset = scale.factor, scale.offset

    def convert(raw: Value) -> Value | Refused:
        kind = type(raw)
        number: Any = raw
        if kind is not float and kind is not int:
            number = _parsed(raw, float) if isinstance(raw, str) and from_text else None
            if number is None:
                return _wrong(raw, "number")
        try:
            value: float = number * factor + offset
        except OverflowError:
            return NOT_FINITE
        return value if math.isfinite(value) else NOT_FINITE

    return convert


def to_integer(scale: Scale, *, from_text: bool) -> Convert:
    """Integers within ±2**53; a fraction is rounded where units are converted, refused where they are not."""
    scaled = to_number(scale, from_text=from_text)
    changes = scale.changes

    def convert(raw: Value) -> Value | Refused:
        exact: Any = _parsed(raw, int) if isinstance(raw, str) and from_text else raw
        if type(exact) is not int or changes:
            value = scaled(raw)
            if not isinstance(value, float):
                return value
            if not changes and not value.is_integer():
                return _wrong(raw, "integer")
            exact = round(value)
        return exact if -MAX_INTEGER <= exact <= MAX_INTEGER else _wrong(raw, "integer within ±2**53")

    return convert


def to_boolean(*, from_text: bool, lenient: bool) -> Convert:
    """`true` and `false`; lenient: 0, 1 and the usual words too."""

    def convert(raw: Value) -> Value | Refused:
        if type(raw) is bool:
            return raw
        if lenient and type(raw) in {int, float} and raw in {0, 1}:
            return bool(raw)
        if isinstance(raw, str):
            word = raw.lower()
            if (from_text or lenient) and word in {"true", "false"}:
                return word == "true"
            if lenient and word in TRUE_WORDS:
                return True
            if lenient and word in FALSE_WORDS:
                return False
        return _wrong(raw, "boolean")

    return convert


def to_text(raw: Value) -> Value | Refused:
    """Texts of at most 4096 characters; no null character and no lone surrogate, which databases refuse."""
    if not isinstance(raw, str):
        return _wrong(raw, "text")
    if len(raw) > MAX_TEXT:
        return Refused("too_large", f"a text of more than {MAX_TEXT} characters")
    if "\0" in raw or (not raw.isascii() and any("\ud800" <= letter <= "\udfff" for letter in raw)):
        return Refused("malformed", "a text with characters that cannot be kept")
    return raw


def to_choice(choices: tuple[str, ...]) -> Convert:
    """One of the declared texts; integers are compared by their decimal digits."""
    known = frozenset(choices)

    def convert(raw: Value) -> Value | Refused:
        text = str(raw) if type(raw) is int else raw
        return text if text in known else _wrong(raw, "choice of this signal")

    return convert


def mapped(values: Mapping[str, Value], convert: Convert) -> Convert:
    """First what the map says, by the text of the raw value (`true`, `3`, `open`); else the conversion."""

    def look_up(raw: Value) -> Value | Refused:
        text = ("true" if raw else "false") if type(raw) is bool else str(raw)[:MAX_TEXT]
        found = values.get(text)
        return convert(raw) if found is None else found

    return look_up


@lru_cache(maxsize=1024)
def _by_type(
    type_: SignalType,
    choices: tuple[str, ...],
    scale: Scale,
    *,
    from_text: bool,
    lenient: bool,
) -> Convert:
    """Thousands of bindings share one."""
    text = from_text or lenient
    match type_:
        case "number":
            return to_number(scale, from_text=text)
        case "integer":
            return to_integer(scale, from_text=text)
        case "boolean":
            return to_boolean(from_text=from_text, lenient=lenient)
        case "enum":
            return to_choice(choices)
        case _:
            return to_text


def compile_conversion(
    signal: Signal,
    scale: Scale,
    *,
    from_text: bool = False,
    lenient: bool = False,
    values: Mapping[str, Value] | None = None,
) -> Convert:
    """The conversion for values of a signal. `from_text`: the codec knows nothing but texts.

    `values`: a map from texts of the device to values of the signal's type, in its unit; those that are not are left out.
    """
    convert = _by_type(signal.type, signal.choices, scale, from_text=from_text, lenient=lenient)
    if not values:
        return convert
    plain = compile_conversion(signal, Scale())
    known = {text: value for text, raw in values.items() if not isinstance(value := plain(raw), Refused)}
    return mapped(known, convert)
