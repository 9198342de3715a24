"""Conditions of rules: `height > 10 and (kind = 'office' or kind is null)` over the columns of a batch.

Names are column names, in backticks where they are not plain words; texts are in single quotes. A comparison with a missing
value is false, `not` of it too is decided by what is there: `not (kind = 'office')` holds where kind is missing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bim_import.gis.columns import Columns, plain_text

Mask = NDArray[np.bool_]
Test = Callable[[Columns], Mask]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<text>'(?:[^']|'')*')|`(?P<quoted>[^`]+)`"""
    r"""|(?P<operator><>|<=|>=|!=|==|[=<>(),])|(?P<word>[^\W\d][\w:.]*))"""
)
_COMPARE = {
    "=": np.equal,
    "==": np.equal,
    "!=": np.not_equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class WhereError(ValueError):
    """A condition that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    value: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that was read. `columns` are the names it uses."""

    text: str
    test: Test
    columns: tuple[str, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Tests are closures, which do not travel between processes: the text does."""
        return condition, (self.text,)

    def holds(self, columns: Columns) -> Mask:
        """(n,) for which rows it holds."""
        return self.test(columns)


def condition(text: str) -> Condition:
    """Read a condition. Raises WhereError."""
    parser = _Parser(text)
    test = parser.any_of()
    parser.end()
    return Condition(text=text, test=test, columns=tuple(dict.fromkeys(parser.columns)))


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None or match.lastgroup is None:
            raise WhereError(f"cannot read {stripped[at : at + 20]!r} (position {at + 1})")
        found.append(
            _Token(kind=match.lastgroup, value=match[match.lastgroup], at=match.start(match.lastgroup))
        )
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self.columns: list[str] = []

    def end(self) -> None:
        """Nothing may be left."""
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            raise WhereError(f"{token.value!r} is not expected at position {token.at + 1}")

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self._word("or"):
            tests.append(self.all_of())
        return tests[0] if len(tests) == 1 else lambda rows: np.any([test(rows) for test in tests], axis=0)

    def all_of(self) -> Test:
        tests = [self._negation()]
        while self._word("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda rows: np.all([test(rows) for test in tests], axis=0)

    def _negation(self) -> Test:
        if self._word("not"):
            inner = self._negation()
            return lambda rows: ~inner(rows)
        if self._operator("("):
            inside = self.any_of()
            if not self._operator(")"):
                raise WhereError("a closing parenthesis is missing")
            return inside
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._column()
        if self._word("is"):
            absent = not self._word("not")
            if not self._word("null"):
                raise WhereError(f"`is` after {name} needs `null` or `not null`")
            return lambda rows: rows.valid(name) != absent
        negated = self._word("not")
        if self._word("in"):
            return _turned(self._members(name), negated)
        if self._word("like"):
            return _turned(_like(name, self._text()), negated)
        if negated:
            raise WhereError(f"`not` after {name} needs `in` or `like`")
        return self._compared(name)

    def _compared(self, name: str) -> Test:
        token = self._take("operator", f"a comparison after {name}")
        if token.value not in _COMPARE:
            raise WhereError(f"{token.value!r} is no comparison (position {token.at + 1})")
        return _compare(name, token.value, self._value())

    def _members(self, name: str) -> Test:
        if not self._operator("("):
            raise WhereError("`in` needs a list in parentheses")
        tests = [_compare(name, "=", self._value())]
        while self._operator(","):
            tests.append(_compare(name, "=", self._value()))
        if not self._operator(")"):
            raise WhereError("the list of `in` is not closed")
        return lambda rows: np.any([test(rows) for test in tests], axis=0)

    def _column(self) -> str:
        token = self._peek()
        if token is None or token.kind not in {"word", "quoted"}:
            shown = "the end" if token is None else repr(token.value)
            raise WhereError(f"a column name is expected, not {shown}")
        self._next += 1
        self.columns.append(token.value)
        return token.value

    def _value(self) -> float | str | bool:
        token = self._peek()
        if token is None:
            raise WhereError("a value is missing at the end")
        self._next += 1
        if token.kind == "number":
            return float(token.value)
        if token.kind == "text":
            return token.value[1:-1].replace("''", "'")
        if token.kind == "word" and token.value.casefold() in {"true", "false"}:
            return token.value.casefold() == "true"
        raise WhereError(
            f"{token.value!r} is no value: texts stand in single quotes (position {token.at + 1})"
        )

    def _text(self) -> str:
        value = self._value()
        if not isinstance(value, str):
            raise WhereError("`like` needs a text in single quotes")
        return value

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, kind: str, what: str) -> _Token:
        token = self._peek()
        if token is None or token.kind != kind:
            raise WhereError(f"{what} is expected, not {'the end' if token is None else repr(token.value)}")
        self._next += 1
        return token

    def _word(self, word: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "word" and token.value.casefold() == word
        self._next += found
        return found

    def _operator(self, operator: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "operator" and token.value == operator
        self._next += found
        return found


def _turned(test: Test, negated: bool) -> Test:  # noqa: FBT001 - what the parser has just read
    return (lambda rows: ~test(rows)) if negated else test


def _compare(name: str, operator: str, value: float | str | bool) -> Test:  # noqa: FBT001 - a literal
    def by_number(rows: Columns) -> Mask:
        numbers = rows.numbers(name)
        with np.errstate(invalid="ignore"):
            return np.asarray(_COMPARE[operator](numbers, value) & ~np.isnan(numbers))

    def by_text(rows: Columns) -> Mask:
        texts = rows.texts(name)
        there = rows.valid(name)
        wanted = plain_text(value)
        result = np.zeros(len(texts), dtype=bool)
        result[there] = _COMPARE[operator](texts[there].astype(str), wanted)
        return result

    def by_flag(rows: Columns) -> Mask:
        real = rows.real_name(name)
        if real is not None and pa.types.is_boolean(rows.table.column(real).type):
            return by_text(rows)
        truth = np.isin(
            np.array([str(text).casefold() for text in rows.texts(name)]), ["true", "yes", "t", "1"]
        )
        return np.asarray(_COMPARE[operator](truth, value) & rows.valid(name))

    if isinstance(value, bool):
        return by_flag
    return by_text if isinstance(value, str) else by_number


def _like(name: str, pattern: str) -> Test:
    """SQL's like, without regard to case: `%` any text, `_` any letter."""
    escaped = re.sub(r"([\[\]*?])", r"[\1]", pattern.casefold())
    glob = escaped.replace("%", "*").replace("_", "?")

    def test(rows: Columns) -> Mask:
        texts = rows.texts(name)
        return np.array(
            [text is not None and fnmatchcase(text.casefold(), glob) for text in texts], dtype=bool
        )

    return test
