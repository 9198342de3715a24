"""From CQL2 text to a filter. The parser is lark's (LALR, no recursion); what it finds is checked here, with its place.

Raises InvalidFilter, which says where in the text the error is.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from twin.errors import InvalidFilter
from twin.filters.expressions import AllOf, Expression, Filter, OneOf, leaves, negated
from twin.filters.making import LeafMaker, Misread, Place

MAX_LENGTH = 4_000
"""Characters: half of what proxies let through in an address (8 kB are usual)."""

MAX_TERMS = 64
"""Leaves; each is a nested look-up of the database."""

MAX_DEPTH = 32
"""Levels of AND in OR in AND: more than people write."""

_WORDS = {
    "RPAR": "`)`",
    "LPAR": "`(`",
    "COMMA": "`,`",
    "DOT": "`.`",
    "_AND": "AND",
    "_OR": "OR",
    "_NOT": "NOT",
    "NOT": "NOT",
    "_LIKE": "LIKE",
    "_BETWEEN": "BETWEEN",
    "_IN": "IN",
    "_IS": "IS",
    "_NULL": "NULL",
    "NAME": "a name",
    "QUOTED": "a name in double quotes",
    "STRING": "a text in single quotes",
    "NUMBER": "a number",
    "OPERATOR": "one of = <> < <= > >=",
    "TRUE": "TRUE",
    "FALSE": "FALSE",
    "TIMESTAMP": "TIMESTAMP('…')",
    "GEOMETRY": "a geometry",
    "BBOX": "BBOX(…)",
    "$END": "the end",
}
"""What a parser's token is called for people; others are not worth naming."""


_WHAT_IS_NOT_READ = re.compile(r"\b(CASEI|ACCENTI)\s*\(", re.IGNORECASE)
"""Functions of CQL2 that stand in comparisons."""

_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")


def parse_filter(text: str) -> Filter:
    """Read a filter. Raises InvalidFilter."""
    if len(text) > MAX_LENGTH:
        raise InvalidFilter(f"is longer than {MAX_LENGTH} characters", text="", position=MAX_LENGTH)
    try:
        expression: Expression = _parser().parse(text)  # type: ignore[assignment]  # what the transformer's `start` returns
    except UnexpectedInput as error:
        raise _syntax(text, error) from None
    except VisitError as error:
        raise _meaning(text, error.orig_exc) from None
    except Misread as error:
        raise _meaning(text, error) from None
    count = len(leaves(expression))
    if count > MAX_TERMS:
        raise InvalidFilter(f"has {count} conditions; at most {MAX_TERMS} are taken", text=text, position=0)
    return Filter(text=text, expression=expression)


@cache
def _parser() -> Lark:
    """Built at the first use: 50 ms."""
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, transformer=_Reader())


def _syntax(text: str, error: UnexpectedInput) -> InvalidFilter:
    position: int = vars(error).get("pos_in_stream") or 0
    told = _WHAT_IS_NOT_READ.search(_TEXTS.sub(lambda found: "_" * len(found[0]), text))
    if told is not None:
        return InvalidFilter(
            f"calls {told[1]}, which is not understood here; LIKE and = mind case and accents",
            text=text,
            position=told.start(),
        )
    if text[position : position + 1] in set("+-*/"):
        return InvalidFilter(
            "has arithmetic, which is not understood here; compare a name with a value",
            text=text,
            position=position,
        )
    if isinstance(error, UnexpectedToken):
        position = len(text) if error.token.type == "$END" else position
        accepted = error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        accepted = error.allowed or set()
    else:
        accepted = set()
    expected = [word for name, word in _WORDS.items() if name in accepted]
    found = "ends too early" if position >= len(text) else "cannot be read from here"
    return InvalidFilter(f"{found}; expected {_listed(expected)}", text=text, position=position)


def _listed(words: list[str]) -> str:
    unique = list(dict.fromkeys(words))
    return " or ".join(filter(None, [", ".join(unique[:-1]), *unique[-1:]])) or "something else"


def _meaning(text: str, error: Exception) -> InvalidFilter:
    if not isinstance(error, Misread):
        raise error
    return InvalidFilter(error.what, text=text, position=error.position)


def _shallow(made: AllOf | OneOf) -> Expression:
    """Checked as it is made, from the innermost on: so nothing ever walks deeper. Raises Misread."""
    if _depth(made) > MAX_DEPTH:
        raise Misread(0, f"is nested deeper than {MAX_DEPTH} levels")
    return made


def _depth(expression: Expression) -> int:
    if isinstance(expression, AllOf | OneOf):
        return 1 + max(map(_depth, expression.parts))
    return 0


class _Reader(Transformer[Token, Expression]):
    """Makes expressions as the parser goes; a method for each rule of the grammar."""

    def __init__(self) -> None:
        super().__init__()
        self._leaf = LeafMaker()

    def start(self, children: list[Expression]) -> Expression:
        return children[0]

    def any(self, children: list[Expression]) -> Expression:
        return _shallow(OneOf(tuple(children)))

    def all(self, children: list[Expression]) -> Expression:
        return _shallow(AllOf(tuple(children)))

    def not_(self, children: list[Expression]) -> Expression:
        return negated(children[0])

    def comparison(self, children: list[Any]) -> Expression:
        left, operator, right = children
        return self._leaf.comparison(left, str(operator), right)

    def like(self, children: list[Any]) -> Expression:
        subject, pattern = children[0], children[-1]
        made = self._leaf.like(subject, Place(_start([pattern]), _unquoted(pattern)))
        return negated(made) if len(children) == 3 else made

    def between(self, children: list[Any]) -> Expression:
        made = self._leaf.between(children[0], children[-2], children[-1])
        return negated(made) if len(children) == 4 else made

    def in_(self, children: list[Any]) -> Expression:
        turned = isinstance(children[1], Token)
        made = self._leaf.among(children[0], children[2 if turned else 1 :])
        return negated(made) if turned else made

    def null(self, children: list[Any]) -> Expression:
        made = self._leaf.known(children[0])
        return made if len(children) == 2 else negated(made)

    def function(self, children: list[Any]) -> Expression:
        name: Token = children[0]
        return self._leaf.function(Place(_start([name]), str(name)), children[1:])

    def property(self, children: list[Token]) -> Place:
        parts = tuple((_unquoted(part), part.type == "QUOTED") for part in children)
        return Place(_start(children), self._leaf.field(_start(children), parts))

    def number(self, children: list[Token]) -> Place:
        return Place(_start(children), self._leaf.number(_start(children), str(children[0])))

    def text(self, children: list[Token]) -> Place:
        return Place(_start(children), self._leaf.text(_start(children), _unquoted(children[0])))

    def truth(self, children: list[Token]) -> Place:
        return Place(_start(children), children[0].upper() == "TRUE")

    def instant(self, children: list[Token]) -> Place:
        word, text = children
        return Place(_start(children), self._leaf.instant(_start(children), word.upper(), _unquoted(text)))

    def position(self, children: list[Token]) -> str:
        return " ".join(children)

    def group(self, children: list[str]) -> str:
        return f"({', '.join(children)})"

    def geometry(self, children: list[str]) -> Place:
        return Place(_start(children), self._leaf.geometry(_start(children), " ".join(map(str, children))))

    def box(self, children: list[Token]) -> Place:
        return Place(
            _start(children), self._leaf.box(_start(children), [float(part) for part in children[1:]])
        )


def _unquoted(token: Token) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote) if quote in "'\"" else str(token)


def _start(tokens: Sequence[object]) -> int:
    first = tokens[0]
    assert isinstance(first, Token)
    return first.start_pos or 0
