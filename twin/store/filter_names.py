"""Mistakes in filters that only the twin's content shows: names that nothing has, values of a type that nothing of the name has.

A name that was known once stays known (signals, keys of properties are never forgotten), so what has been found is remembered.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from threading import Lock

from sqlalchemy import ColumnElement, Connection, Table, and_, not_, or_, select, text

from twin.errors import InvalidFilter
from twin.filters import Filter, Intersects, Known, Leaf, PropertyField, SignalField, leaves
from twin.store.database import Database
from twin.store.filter_terms import literal_of
from twin.store.packed import search as packed
from twin.store.packed.comparing import comparable
from twin.store.properties import normal
from twin.store.schema import property_key, property_number, property_text
from twin.store.schema_live import signal
from twin.store.signals import declared

MAX_REMEMBERED = 10_000
"""Names, with types, that were found."""

MAX_SUGGESTED_FROM = 5_000
"""Names among which near ones are looked for: of signals there are some hundred, of properties some thousand."""

_SIGNAL_TYPES = {float: ("number", "integer"), str: ("text", "enum"), bool: ("boolean",)}
"""Declared types of the values that compare with a literal."""

_EXAMPLES = {"number": "3.5", "integer": "3", "boolean": "TRUE", "text": "'text'", "enum": "'text'"}

_signal_names = text(
    "WITH RECURSIVE each_name(name) AS (SELECT min(name) FROM signal UNION ALL "
    "SELECT (SELECT min(s.name) FROM signal s WHERE s.name > each_name.name) FROM each_name WHERE each_name.name IS NOT NULL) "
    "SELECT name FROM each_name WHERE name IS NOT NULL LIMIT :most"
)
"""A step of the index for each name; DISTINCT goes through all signals."""


class KnownTerms:
    """What has been found of names; safe to use from several threads."""

    def __init__(self) -> None:
        self._found: set[tuple[object, ...]] = set()
        self._lock = Lock()

    def __contains__(self, term: tuple[object, ...]) -> bool:
        return term in self._found

    def add(self, term: tuple[object, ...]) -> None:
        """Remember one; what there is too much of is looked for again."""
        with self._lock:
            if len(self._found) >= MAX_REMEMBERED:
                self._found = set()
            self._found.add(term)


def check(database: Database, known: KnownTerms, given: Filter) -> None:
    """Raises InvalidFilter for a filter with a condition that can hold of nothing, whatever is reported: with advice, and near names."""
    with database.read() as connection:
        for leaf in leaves(given.expression):
            if isinstance(leaf, Intersects):
                continue
            match leaf.field:
                case SignalField(name, field):
                    _check_signal(connection, known, given, name, None if field != "value" else leaf)
                case PropertyField() as named:
                    _check_property(connection, known, given, named, leaf)
                case _:
                    pass


def _check_signal(
    connection: Connection, known: KnownTerms, given: Filter, name: str, compared: Leaf | None
) -> None:
    """`compared`: the leaf, where it asks for the value."""
    if ("signal", name) not in known:
        found = connection.execute(select(signal.c.number).where(signal.c.name == name).limit(1)).first()
        if found is None:
            raise _no_signal(connection, given, name)
        known.add(("signal", name))
    if compared is None or isinstance(compared, Known):
        return
    literal = literal_of(compared)
    types = _SIGNAL_TYPES[type(literal)]  # an Instant is refused by the parser
    if ("signal", name, types) in known:
        return
    fitting = and_(signal.c.name == name, _of_types(types))
    if connection.execute(select(signal.c.number).where(fitting).limit(1)).first() is not None:
        known.add(("signal", name, types))
        return
    one = connection.execute(select(signal.c.declaration).where(signal.c.name == name).limit(1)).scalar_one()
    told = declared(one)
    unit = f" in {told.unit}" if told.unit else ""
    what = f"compares `{name}`, a signal of type {told.type}{unit}, with {literal!r}; write it as {_EXAMPLES[told.type]}"
    raise _invalid(given, name, what)


def _of_types(types: Sequence[str]) -> ColumnElement[bool]:
    """Declarations of these types: `type` is the first of their fields, and left out for a number."""
    declaration = signal.c.declaration
    named = [declaration.startswith(f'{{"type":"{type_}"', autoescape=True) for type_ in types]
    return (
        or_(*named, not_(declaration.startswith('{"type":"', autoescape=True)))
        if "number" in types
        else or_(*named)
    )


def _no_signal(connection: Connection, given: Filter, name: str) -> InvalidFilter:
    names = list(connection.execute(_signal_names, {"most": MAX_SUGGESTED_FROM}).scalars())
    what = f"names `{name}`, and no signal of this twin is called so"
    if connection.execute(
        select(property_key.c.id).where(property_key.c.name == normal(name)).limit(1)
    ).first():
        what += f"; a property is: write property.{_quoted(name)}"
    elif not names:
        what += "; there are none yet, see docs/live.md for how to bind some"
    else:
        what += _suggestion(name, names)
    return _invalid(given, name, what)


def _check_property(
    connection: Connection, known: KnownTerms, given: Filter, named: PropertyField, leaf: Leaf
) -> None:
    if ("property", named.pairs) not in known:
        if not _keys(connection, named):
            raise _no_property(connection, given, named)
        known.add(("property", named.pairs))
    if isinstance(leaf, Known):
        return
    numeric = isinstance(literal_of(leaf), float)
    if ("property", named.pairs, numeric) in known:
        return
    keys = _keys(connection, named)
    wanted, other = (property_number, property_text) if numeric else (property_text, property_number)
    if (
        _has(connection, wanted, keys)
        or not _has(connection, other, keys)
        or packed.with_property(connection, keys, comparable(leaf))
    ):
        known.add(("property", named.pairs, numeric))
        return
    shown, last = _shown(named), named.pairs[0][1]
    values, example = ("texts", "'text'") if numeric else ("numbers", "3.5")
    what = f"compares `{shown}`, whose values are {values}, with {literal_of(leaf)!r}; write it as {example}"
    raise _invalid(given, last, what)


def _keys(connection: Connection, named: PropertyField) -> list[int]:
    keys = property_key.c
    wanted = [
        keys.name == normal(name)
        if set_name is None
        else and_(keys.set_name == normal(set_name), keys.name == normal(name))
        for set_name, name in named.pairs
    ]
    return list(connection.execute(select(keys.id).where(or_(*wanted))).scalars())


def _has(connection: Connection, table: Table, keys: Sequence[int]) -> bool:
    found = select(table.c.set_id).where(table.c.key_id.in_(keys)).limit(1)
    return connection.execute(found).first() is not None


def _no_property(connection: Connection, given: Filter, named: PropertyField) -> InvalidFilter:
    keys = property_key.c
    rows = connection.execute(select(keys.set_name, keys.name).distinct().limit(MAX_SUGGESTED_FROM)).all()
    any_set = named.pairs[0][0] is None
    names = [name if any_set else f"{set_name}.{name}" for set_name, name in rows]
    what = f"names `{_shown(named)}`, and no object has ever had such a property{_suggestion(_shown(named), names)}"
    return _invalid(given, named.pairs[0][1], what)


def _shown(named: PropertyField) -> str:
    set_name, name = named.pairs[0]
    return name if set_name is None else f"{set_name}.{name}"


def _suggestion(name: str, names: Sequence[str]) -> str:
    """Near names, whatever the case."""
    by_folded = {each.casefold(): each for each in names}
    near = [by_folded[each] for each in get_close_matches(name.casefold(), list(by_folded), n=3)]
    if near:
        return f"; did you mean {' or '.join(f'`{each}`' for each in near)}?"
    some = ", ".join(f"`{each}`" for each in sorted(set(names))[:5])
    return f"; there are {some}{' and others' if len(set(names)) > 5 else ''}" if some else ""


def _quoted(name: str) -> str:
    return name if name.isidentifier() else '"' + name.replace('"', '""') + '"'


def _invalid(given: Filter, name: str, what: str) -> InvalidFilter:
    return InvalidFilter(what, text=given.text, position=max(given.text.find(name), 0))
