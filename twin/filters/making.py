"""Leaves of filters, made from what the parser has read, if they make sense."""

import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import shapely
from shapely.errors import GEOSException

from twin.filters.expressions import (
    ATTRIBUTES,
    GEOMETRY,
    MIRRORED,
    OPPOSITE,
    ROW_FIELDS,
    SIGNAL_FIELDS,
    Attribute,
    Between,
    Comparison,
    Expression,
    Field,
    Instant,
    Intersects,
    Known,
    Like,
    Literal_,
    OneOf,
    Operator,
    PropertyField,
    RowField,
    SignalField,
    ValueType,
    negated,
)
from twin.state import Quality
from twin.times import to_microseconds

MAX_WILDCARDS = 8
"""`%` in one pattern: matching takes time to the power of them."""

MAX_VERTICES = 10_000
"""Of one geometry: a city's outline has some thousand."""

_QUALITIES = tuple(quality.value for quality in Quality)
_GEOMETRY_WORD = Attribute(GEOMETRY)
_TIMES: dict[str, Operator] = {"T_BEFORE": "<", "T_AFTER": ">"}


class Misread(Exception):
    """What the filter says makes no sense, at a place of its text."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position
        self.what = what


class Place(NamedTuple):
    """Something read, and where it begins."""

    position: int
    value: Any


class LeafMaker:
    """Makes leaves; every method raises Misread."""

    def field(self, position: int, parts: tuple[tuple[str, bool], ...]) -> Field:
        """What a name means; `parts`: texts between the dots, and whether they were quoted."""
        first = parts[0][0]
        if len(parts) > 1 and not parts[0][1] and first in {"signal", "property"}:
            return _explicit(first, [text for text, _ in parts[1:]])
        exact = len(parts) > 1 and parts[0][1]
        words = [text for text, _ in parts] if exact else ".".join(text for text, _ in parts).split(".")
        if not all(words):
            raise Misread(position, "has a name with an empty part")
        if len(words) == 1:
            return _simple(first)
        if words[-1] in SIGNAL_FIELDS:
            return SignalField(".".join(words[:-1]), words[-1])
        return _property(words, exact=exact)

    def number(self, position: int, digits: str) -> float:
        """A number that a float64 holds."""
        value = float(digits)
        if not math.isfinite(value):
            raise Misread(position, "has a number beyond the range of a float64")
        return value

    def text(self, position: int, text: str) -> str:
        """A text that databases can compare."""
        if "\0" in text or (not text.isprintable() and _broken(text)):
            raise Misread(position, "has a text with characters that no database keeps")
        return text

    def instant(self, position: int, word: str, text: str) -> Instant:
        """TIMESTAMP('2026-11-23T08:00:00Z'); a time without a zone is UTC."""
        if word != "TIMESTAMP":
            raise Misread(position, f"compares times: write TIMESTAMP('{text}T00:00:00Z')")
        try:
            moment = datetime.fromisoformat(text)
            return Instant(to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
        except (ValueError, OverflowError):
            raise Misread(
                position, f"has a time that is none: {text!r}; write TIMESTAMP('2026-11-23T08:00:00Z')"
            ) from None

    def geometry(self, position: int, text: str) -> bytes:
        """A geometry in WKT."""
        try:
            return checked_geometry(shapely.from_wkt(text))
        except (GEOSException, ValueError) as error:
            raise Misread(position, f"has a geometry that is none: {error}") from None

    def box(self, position: int, numbers: list[float]) -> bytes:
        """BBOX(west, south, east, north); west > east: across the antimeridian."""
        if len(numbers) != 4:
            raise Misread(position, "has a BBOX that is not (west, south, east, north)")
        west, south, east, north = numbers
        if south > north:
            raise Misread(position, "has a BBOX whose south is above its north")
        pieces = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        boxes = shapely.union_all([shapely.box(w, south, e, north) for w, e in pieces])
        if west == east or south == north:  # a line or a point: GEOS keeps no empty surfaces
            boxes = shapely.linestrings([(west, south), (east, north)])
        try:
            return checked_geometry(boxes)
        except ValueError as error:
            raise Misread(position, f"has a BBOX that is none: {error}") from None

    def comparison(self, left: Place, operator: str, right: Place) -> Expression:
        """A field and a value, in either order."""
        compare: Operator = next(known for known in OPPOSITE if known == operator)
        if not _is_field(left.value) and _is_field(right.value):
            left, right, compare = right, left, MIRRORED[compare]
        field, value = self._sides(left, right)
        if _type(field) in {"quality", "boolean"} and compare not in {"=", "<>"}:
            raise Misread(
                left.position, f"compares {_named(field)} with {compare}; it has no order, use = or <>"
            )
        if compare == "<>" and isinstance(field, PropertyField):
            return negated(Comparison(field, "=", value))
        return Comparison(field, compare, value)

    def between(self, subject: Place, low: Place, high: Place) -> Expression:
        """Both ends included."""
        field, least = self._sides(subject, low)
        _, most = self._sides(subject, high)
        if type(least) is not type(most):
            raise Misread(high.position, "has a BETWEEN with two ends of different types")
        if _type(field) in {"quality", "boolean"} or isinstance(least, bool):
            raise Misread(subject.position, f"has {_named(field)} BETWEEN, but it has no order")
        return Between(field, least, most)

    def among(self, subject: Place, values: list[Place]) -> Expression:
        """One of them."""
        parts = []
        for value in values:
            field, known = self._sides(subject, value)
            parts.append(Comparison(field, "=", known))
        return parts[0] if len(parts) == 1 else OneOf(tuple(parts))

    def like(self, subject: Place, pattern: Place) -> Expression:
        r"""`%` for any text, `_` for one character; a backslash takes the next character as it is."""
        field = _field(subject)
        if _type(field) not in {"text", "any"}:
            raise Misread(subject.position, f"has {_named(field)} LIKE, but it is no text")
        parts = _pattern(self.text(pattern.position, pattern.value))
        if parts.count(None) > MAX_WILDCARDS:
            raise Misread(
                pattern.position, f"has a pattern with more than {MAX_WILDCARDS} times % between texts"
            )
        return Like(field, parts)

    def known(self, subject: Place) -> Expression:
        """IS NOT NULL."""
        return Known(_field(subject))

    def function(self, name: Place, arguments: list[Place]) -> Expression:
        """The functions that are understood."""
        word = name.value.upper()
        if word in _TIMES and len(arguments) == 2:
            return self.comparison(arguments[0], _TIMES[word], arguments[1])
        if word in {"S_INTERSECTS", "S_DISJOINT"} and len(arguments) == 2:
            made = _intersects(name, arguments)
            return negated(made) if word == "S_DISJOINT" else made
        known = "S_INTERSECTS(geometry, …), S_DISJOINT(geometry, …), T_BEFORE(…, …), T_AFTER(…, …)"
        raise Misread(name.position, f"calls {name.value}, which is not understood here; there are {known}")

    def _sides(self, subject: Place, value: Place) -> tuple[Field, Literal_]:
        field = _field(subject)
        if _is_field(value.value):
            raise Misread(value.position, "compares two names; one side has to be a value")
        if not isinstance(value.value, bool | float | str | Instant):
            raise Misread(value.position, f"compares {_named(field)} with a geometry")
        given = value.value
        wanted = _type(field)
        if wanted == "quality" and given not in _QUALITIES:
            raise Misread(
                value.position, f"compares a quality with {_shown(given)}; there are {', '.join(_QUALITIES)}"
            )
        if wanted not in {"any", "quality"} and wanted != _type_of(given):
            example = _EXAMPLES[wanted]
            raise Misread(
                value.position,
                f"compares {_named(field)}, a {wanted}, with {_shown(given)}; write it as {example}",
            )
        if wanted == "any" and isinstance(given, Instant):
            raise Misread(
                value.position, f"compares {_named(field)} with a time; did you mean its .observed_at?"
            )
        return field, given


_EXAMPLES = {
    "text": "'text'",
    "number": "3.5",
    "boolean": "TRUE",
    "time": "TIMESTAMP('2026-11-23T08:00:00Z')",
}


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _explicit(scope: str, words: list[str]) -> Field:
    """`signal.…` and `property.…`: for names that would mean something else."""
    if scope == "signal":
        if len(words) > 1 and words[-1] in SIGNAL_FIELDS:
            return SignalField(".".join(words[:-1]), words[-1])
        return SignalField(".".join(words), "value")
    if len(words) == 1:
        return PropertyField(((None, words[0]),))
    return _property(words, exact=True)


def _simple(word: str) -> Field:
    if word in ATTRIBUTES or word == GEOMETRY:
        return Attribute(word)
    if word in ROW_FIELDS:
        return RowField(word)
    return SignalField(word, "value")


def _property(words: list[str], *, exact: bool) -> PropertyField:
    """The set ends at the first dot if it was quoted by itself; else at any of them."""
    ends = [1] if exact else range(1, len(words))
    return PropertyField(tuple((".".join(words[:end]), ".".join(words[end:])) for end in ends))


def _is_field(value: object) -> bool:
    return isinstance(value, Attribute | SignalField | RowField | PropertyField)


def _field(subject: Place) -> Field:
    if not _is_field(subject.value):
        raise Misread(subject.position, "has a value where a name belongs")
    if subject.value == _GEOMETRY_WORD:
        raise Misread(subject.position, "compares `geometry`; write S_INTERSECTS(geometry, POLYGON((…)))")
    field: Field = subject.value
    return field


def _type(field: Field) -> ValueType:
    match field:
        case Attribute(name):
            return ATTRIBUTES[name]
        case SignalField(_, name):
            return SIGNAL_FIELDS[name]
        case RowField(name):
            return ROW_FIELDS[name]
        case PropertyField():
            return "any"


def _type_of(value: Literal_) -> ValueType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else "time"


def _shown(value: Literal_) -> str:
    return "a time" if isinstance(value, Instant) else repr(value)


def _named(field: Field) -> str:
    match field:
        case Attribute(name) | RowField(name):
            return f"`{name}`"
        case SignalField(signal, "value"):
            return f"`{signal}`"
        case SignalField(signal, name):
            return f"`{signal}.{name}`"
        case PropertyField(pairs):
            set_name, name = pairs[0]
            return f"`{name}`" if set_name is None else f"`{set_name}.{name}`"


def _pattern(text: str) -> tuple[str | None, ...]:
    """Texts to be taken as they are, None for `%` (several are one), an empty text for `_`."""
    parts: list[str | None] = []
    literal: list[str] = []
    letters = iter(text)
    for letter in letters:
        if letter not in "%_":
            literal.append(next(letters, "\\") if letter == "\\" else letter)
            continue
        if literal:
            parts.append("".join(literal))
            literal = []
        if letter == "_":
            parts.append("")
        elif not parts or parts[-1] is not None:
            parts.append(None)
    return (*parts, "".join(literal)) if literal else tuple(parts)


def _intersects(name: Place, arguments: list[Place]) -> Intersects:
    shapes = [each.value for each in arguments if isinstance(each.value, bytes)]
    words = [each.value for each in arguments if each.value == _GEOMETRY_WORD]
    if len(shapes) != 1 or len(words) != 1:
        raise Misread(
            name.position, f"has {name.value} of something else than `geometry` and one given geometry"
        )
    return Intersects(shapes[0])


def checked_geometry(geometry: shapely.Geometry) -> bytes:
    """As WKB, if it is a valid one of longitudes and latitudes. Raises ValueError, with the reason."""
    count = int(shapely.get_num_coordinates(geometry))
    if not count:
        raise ValueError("it is empty")
    if count > MAX_VERTICES:
        raise ValueError(f"it has {count} vertices; at most {MAX_VERTICES} are taken")
    west, south, east, north = shapely.bounds(geometry)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(
            "it has coordinates that are not longitude (-180 to 180) and latitude (-90 to 90), in this order"
        )
    if not shapely.is_valid(geometry):
        raise ValueError(str(shapely.is_valid_reason(geometry)))
    return bytes(shapely.to_wkb(shapely.force_2d(geometry)))
