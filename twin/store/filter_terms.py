"""What leaves of filters compare, as parts of statements."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, or_

from twin.filters import Between, Comparison, Leaf, Like, Literal_, Operator
from twin.store.properties import searchable

_FAR = 1 << 62
"""Microseconds on either side of 1970 that every engine compares."""

MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator that does the same on a column that grows where the field shrinks."""


class Term(NamedTuple):
    """What a leaf compares: a column, what must hold for it to be of the right type, and how a literal is written."""

    column: ColumnElement[Any]
    guard: ColumnElement[bool]
    written: Callable[[Any], Any]
    falling: bool = False
    """The column grows where the field shrinks (`age`)."""


def literal_of(leaf: Leaf) -> Literal_:
    """A value of the type that a leaf compares with; of LIKE, a text."""
    match leaf:
        case Comparison(value=value):
            return value
        case Between(low=low):
            return low
        case _:
            return ""


def positive(leaf: Leaf) -> Leaf:
    """The leaf without its negation."""
    match leaf:
        case Comparison(field, operator, value):
            return Comparison(field, operator, value)
        case Between(field, low, high):
            return Between(field, low, high)
        case Like(field, parts):
            return Like(field, parts)
        case _:
            return leaf


def as_stored(value: Literal_) -> Any:
    """A literal as the tables of properties hold such values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return searchable(value) if isinstance(value, str) else value


def compare(column: ColumnElement[Any], operator: Operator, value: Any) -> ColumnElement[bool]:
    """A comparison with a value as parameter."""
    comparisons: dict[Operator, Callable[[Any], ColumnElement[bool]]] = {
        "=": column.__eq__,
        "<>": column.__ne__,
        "<": column.__lt__,
        "<=": column.__le__,
        ">": column.__gt__,
        ">=": column.__ge__,
    }
    return comparisons[operator](bindparam(None, value))


def within(column: ColumnElement[Any], low: Any, high: Any, *, negated: bool) -> ColumnElement[bool]:
    """BETWEEN; `negated`: outside of both ends."""
    if negated:
        return or_(column < bindparam(None, low), column > bindparam(None, high))
    return and_(column >= bindparam(None, low), column <= bindparam(None, high))


def near(microseconds: float) -> int:
    """A time that every engine can compare."""
    return int(min(max(microseconds, -_FAR), _FAR))
