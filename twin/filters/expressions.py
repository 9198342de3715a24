"""What a filter says, as values. Negations are gone: each leaf carries its own, so that "holds" is asked of leaves alone.

A leaf has three answers: it holds, it does not, or it cannot be told (no such value, or one of another type). With the negations at
the leaves, an object passes exactly if the formula holds where "cannot be told" counts as "does not hold" (Kleene's logic).
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Operator = Literal["=", "<>", "<", "<=", ">", ">="]

OPPOSITE: dict[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""The operator that holds where a comparison of two known values does not."""

MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator after both sides have changed places."""

ValueType = Literal["any", "text", "number", "boolean", "time", "quality"]


class Instant(Struct, frozen=True):
    """A time: microseconds since 1970 UTC."""

    at: int


Literal_ = bool | float | str | Instant


class Attribute(Struct, frozen=True):
    """A column of the object: `class`, `name` …; see `ATTRIBUTES`."""

    name: str


class SignalField(Struct, frozen=True):
    """Something of a signal of the object, by the signal's name; see `SIGNAL_FIELDS`."""

    signal: str
    field: str


class RowField(Struct, frozen=True):
    """Something of the signal that is listed itself; see `ROW_FIELDS`."""

    field: str


class PropertyField(Struct, frozen=True):
    """A property by (set, name); several pairs where dots leave it open; set None: of any set."""

    pairs: tuple[tuple[str | None, str], ...]


Field = Attribute | SignalField | RowField | PropertyField

ATTRIBUTES: dict[str, ValueType] = {
    "id": "text",
    "model": "text",
    "global_id": "text",
    "class": "text",
    "name": "text",
    "storey": "text",
    "storey_name": "text",
    "discipline": "text",
    "hidden": "boolean",
    "state_index": "number",
}
"""As the documents of objects call them."""

SIGNAL_FIELDS: dict[str, ValueType] = {
    "value": "any",
    "quality": "quality",
    "observed_at": "time",
    "received_at": "time",
    "changed_at": "time",
    "age": "number",
    "kind": "text",
}
"""`age`: seconds since `observed_at`."""

ROW_FIELDS: dict[str, ValueType] = {**SIGNAL_FIELDS, "signal": "text", "settable": "boolean"}
"""`signal`: its name."""

GEOMETRY = "geometry"


class Comparison(Struct, frozen=True):
    """`field operator value`. Of a property with several values: one of them passes, or, `negated`, it has values that can
    be compared and none passes. `<>` is the negation of `=`, and does not stand here for a property.
    """

    field: Field
    operator: Operator
    value: Literal_
    negated: bool = False


class Between(Struct, frozen=True):
    """`field BETWEEN low AND high`, both included, of one type."""

    field: Field
    low: Literal_
    high: Literal_
    negated: bool = False


class Like(Struct, frozen=True):
    """`field LIKE pattern`: `parts` of the pattern, None for `%` and an empty text for `_`."""

    field: Field
    parts: tuple[str | None, ...]
    negated: bool = False


class Known(Struct, frozen=True):
    """`field IS NOT NULL`; `negated`: IS NULL."""

    field: Field
    negated: bool = False


class Intersects(Struct, frozen=True):
    """`S_INTERSECTS(geometry, …)`: the object's bounds touch it. `wkb`: longitude, latitude in degrees."""

    wkb: bytes
    negated: bool = False


Leaf = Comparison | Between | Like | Known | Intersects


class AllOf(Struct, frozen=True):
    """All of them hold."""

    parts: tuple["Expression", ...]


class OneOf(Struct, frozen=True):
    """One of them holds."""

    parts: tuple["Expression", ...]


Expression = AllOf | OneOf | Leaf


def leaves(expression: Expression) -> list[Leaf]:
    """All leaves, from left to right."""
    if isinstance(expression, AllOf | OneOf):
        return [leaf for part in expression.parts for leaf in leaves(part)]
    return [expression]


def asks_objects(expression: Expression) -> bool:
    """Whether it asks for something of the object itself, and not of signals alone."""
    return any(
        isinstance(leaf, Intersects) or isinstance(leaf.field, Attribute | PropertyField)
        for leaf in leaves(expression)
    )


def negated(expression: Expression) -> Expression:
    """What holds where `expression` is known not to hold."""
    match expression:
        case AllOf(parts):
            return OneOf(tuple(negated(part) for part in parts))
        case OneOf(parts):
            return AllOf(tuple(negated(part) for part in parts))
        case Comparison(PropertyField() as field, operator, value, turned):
            return Comparison(field, operator, value, not turned)
        case Comparison(field, operator, value, turned):
            return Comparison(field, OPPOSITE[operator], value, turned)
        case Between(field, low, high, turned):
            return Between(field, low, high, not turned)
        case Like(field, parts_, turned):
            return Like(field, parts_, not turned)
        case Known(field, turned):
            return Known(field, not turned)
        case Intersects(wkb, turned):
            return Intersects(wkb, not turned)


def of_rows(expression: Expression, name: str) -> Expression:
    """The same for lists of signals of this name alone: what is asked of the signal is asked of the row itself."""
    match expression:
        case AllOf(parts):
            return AllOf(tuple(of_rows(part, name) for part in parts))
        case OneOf(parts):
            return OneOf(tuple(of_rows(part, name) for part in parts))
        case Intersects():
            return expression
        case leaf if isinstance(leaf.field, SignalField) and leaf.field.signal == name:
            return replace(leaf, field=RowField(leaf.field.field))
        case leaf:
            return leaf


class Filter(Struct, frozen=True):
    """A filter that has been read. `text`: as it was written."""

    text: str
    expression: Expression

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals that it asks for, each once."""
        named = [_field(leaf) for leaf in leaves(self.expression)]
        return tuple(dict.fromkeys(field.signal for field in named if isinstance(field, SignalField)))

    @property
    def asks_rows(self) -> bool:
        """Whether it asks for something of the listed signal itself: it makes sense for lists of signals alone."""
        return any(isinstance(_field(leaf), RowField) for leaf in leaves(self.expression))

    @property
    def changes(self) -> bool:
        """Whether a reading can change what passes."""
        lasting = {"kind", "signal", "settable"}
        named = [_field(leaf) for leaf in leaves(self.expression)]
        return any(isinstance(f, SignalField | RowField) and f.field not in lasting for f in named)


def _field(leaf: Leaf) -> Field | None:
    return None if isinstance(leaf, Intersects) else leaf.field
