"""What conditions and filters ask of a property's value, as functions on values. Pure.

Numbers compare with numbers, texts with texts as `twin.store.properties.searchable` cuts them; booleans are texts.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.filters import Between, Comparison, Known, Leaf, Like, Literal_
from twin.queries import PropertyCondition
from twin.store.properties import searchable

Numbers = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


class Test(NamedTuple):
    """Which numbers pass (None: none), and which texts."""

    numbers: Numbers | None = None
    text: Callable[[str], bool] | None = None
    equal: str | None = None
    """The one text that passes, if there is but one."""
    low: float = -np.inf
    high: float = np.inf
    """Only numbers between these two, both included, can pass."""


def of_condition(condition: PropertyCondition) -> Test:
    """See PropertyCondition for what is compared with what."""
    operator, number, text = condition.operator, condition.number, condition.text
    test = Test()
    if number is not None:
        # SQL's comparison with a missing end holds for nothing.
        upper = np.nan if condition.upper_number is None else condition.upper_number
        test = _of_numbers(operator, number, upper)
    if text is not None and (operator in {"=", "!="} or number is None):
        upper_text = None if condition.upper_text is None else searchable(condition.upper_text)
        texts = _of_texts(operator, searchable(text), upper_text)
        test = test._replace(text=texts.text, equal=texts.equal)
    return test


def of_leaf(leaf: Leaf) -> Test:
    """A leaf of a filter without its negation: its literal says what kind of value is compared."""
    match leaf:
        case Comparison(_, operator, value):
            return _of_literal("!=" if operator == "<>" else operator, value, None)
        case Between(_, low, high):
            return _of_literal("between", low, high)
        case Like(_, parts):
            pattern = re.compile("".join(map(_pattern, parts)), re.DOTALL)
            return Test(text=lambda text: pattern.fullmatch(text) is not None)
        case _:
            return ANY


def comparable(leaf: Leaf) -> Test:
    """Values that a leaf can be compared with at all."""
    literal = leaf.value if isinstance(leaf, Comparison) else leaf.low if isinstance(leaf, Between) else ""
    if isinstance(leaf, Known):
        return ANY
    return Test(numbers=ANY.numbers) if _is_number(literal) else Test(text=ANY.text)


ANY = Test(numbers=lambda values: np.ones(len(values), np.bool_), text=lambda _text: True)


def _is_number(literal: Any) -> bool:
    return isinstance(literal, float | int) and not isinstance(literal, bool)


def _of_literal(operator: str, value: Literal_, upper: Literal_ | None) -> Test:
    if _is_number(value):
        return _of_numbers(operator, float(value), np.nan if upper is None else float(upper))  # type: ignore[arg-type]
    return _of_texts(operator, _text(value), None if upper is None else _text(upper))


def _text(value: Literal_) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return searchable(str(value))


def _pattern(part: str | None) -> str:
    return ".*" if part is None else re.escape(searchable(part)) if part else "."


def _of_numbers(operator: str, value: float, upper: float) -> Test:
    tests: dict[str, tuple[Numbers, float, float]] = {
        "=": (lambda values: values == value, value, value),
        "!=": (lambda values: values != value, -np.inf, np.inf),
        "<": (lambda values: values < value, -np.inf, value),
        "<=": (lambda values: values <= value, -np.inf, value),
        ">": (lambda values: values > value, value, np.inf),
        ">=": (lambda values: values >= value, value, np.inf),
        "between": (lambda values: (values >= value) & (values <= upper), value, upper),
    }
    numbers, low, high = tests[operator]
    return Test(numbers=numbers, low=low, high=high)


def _of_texts(operator: str, value: str, upper: str | None) -> Test:
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda text: text == value,
        "!=": lambda text: text != value,
        "<": lambda text: text < value,
        "<=": lambda text: text <= value,
        ">": lambda text: text > value,
        ">=": lambda text: text >= value,
        "between": lambda text: upper is not None and value <= text <= upper,
    }
    return Test(text=tests[operator], equal=value if operator == "=" else None)
