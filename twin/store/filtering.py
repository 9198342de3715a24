"""Filters of `twin.filters` as conditions of statements, with parameters for all that people wrote.

A condition is asked of `object_version` (or of nothing, for signals whose object is gone) joined to its `model`, and, for lists of
signals, of `signal` and `signal_state`. A leaf becomes a condition that is true exactly where the leaf is known to hold; NULL
counts as false, and nothing is negated in SQL but what cannot be NULL.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)

from twin.filters import (
    AllOf,
    Attribute,
    Between,
    Comparison,
    Expression,
    Intersects,
    Known,
    Leaf,
    Like,
    OneOf,
    PropertyField,
    RowField,
    SignalField,
)
from twin.store.conditions import fenced
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.filter_terms import MIRRORED, Term, as_stored, compare, literal_of, near, positive, within
from twin.store.ids import SPAN
from twin.store.outlines import touching
from twin.store.packed import search as packed
from twin.store.packed.comparing import comparable, of_leaf
from twin.store.properties import normal
from twin.store.schema import (
    class_name,
    model,
    object_box,
    object_property_set,
    object_version,
    property_key,
    property_number,
    property_text,
    revision,
    twin_object,
)
from twin.store.schema_live import signal, signal_state
from twin.store.states import shown_code
from twin.store.values import BOOLEAN, INTEGER, QUALITY_CODES, TEXT

FEW_OF_FILTERED = 20_000
"""Objects from which a search begins. More than without a filter: nobody knows how soon a page is full then, and going through
a million signals takes seconds.
"""


class Compiler:
    """Compiles one filter, for one statement."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._connection = connection
        self._dialect: Dialect = database.dialect
        self._now = database.now()
        self._found: dict[bytes, list[int]] = {}
        self._of_packed: dict[int, tuple[list[int], list[int]]] = {}

    def condition(self, expression: Expression, *, rows: bool) -> ColumnElement[bool]:
        """Whether an object passes, or with `rows` a signal."""
        index = signal.c.state_index if rows else object_version.c.state_index
        return self._condition(expression, index)

    def starts(self, expression: Expression) -> list[Select[Any]]:
        """Selections of `state_index` of current objects, each of them a superset of what passes: where a search can begin."""
        parts = expression.parts if isinstance(expression, AllOf) else (expression,)
        return [found for part in parts if (found := self._start(part)) is not None]

    def _condition(self, expression: Expression, index: ColumnElement[int]) -> ColumnElement[bool]:
        if isinstance(expression, AllOf):
            return and_(true(), *(self._condition(part, index) for part in expression.parts))
        if isinstance(expression, OneOf):
            return or_(false(), *(self._condition(part, index) for part in expression.parts))
        return self._leaf(expression, index)

    def _leaf(self, leaf: Leaf, index: ColumnElement[int]) -> ColumnElement[bool]:
        if isinstance(leaf, Intersects):
            return self._touches(leaf)
        match leaf.field:
            case Attribute(name):
                return self._attribute(name, leaf)
            case SignalField(name, field):
                return self._of_signal(name, field, leaf, index)
            case RowField(field):
                return self._of_row(field, leaf, signal, signal_state)
            case PropertyField():
                return self._property(leaf.field, leaf)

    def _start(self, part: Expression) -> Select[Any] | None:
        """Where to begin, of one part of a conjunction: geometry, properties, classes, and signals of a name."""
        match part:
            case Intersects(wkb, negated=False):
                ids = self._dialect.given_ids(self._touched(wkb)).subquery()
                return _indexes.select_from(ids).join(object_version, object_version.c.id == ids.c.id)
            case Comparison(PropertyField() as field, negated=False):
                sets = self._sets(field, part)
                if sets is None:
                    return None
                both = union_all(_with_set(sets.passing), _of_versions(self._dialect, sets.packed_passing))
                return select(both.subquery().c.state_index)
            case Comparison(Attribute("class"), "=", str(name)):
                named = object_version.c.class_id == class_name.c.id
                given = class_name.c.name == bindparam(None, name)
                return _of_current(_indexes.select_from(class_name).join(object_version, named).where(given))
            case Comparison(SignalField(name, field)):
                found = select(signal.c.state_index).join(
                    signal_state, signal_state.c.number == signal.c.number
                )
                named = signal.c.name == bindparam(None, name)
                return found.where(named, self._of_row(field, part, signal, signal_state))
            case _:
                return None

    def _of_signal(self, name: str, field: str, leaf: Leaf, index: ColumnElement[int]) -> ColumnElement[bool]:
        """Of the object's signal of this name; without it only IS NULL holds."""
        mine, state = signal.alias(), signal_state.alias()
        found = (
            select(literal(1))
            .select_from(mine)
            .join(state, state.c.number == mine.c.number)
            .where(mine.c.state_index == index, mine.c.name == bindparam(None, name))
            .correlate(index.table)
        )
        if isinstance(leaf, Known):
            there = exists(fenced(self._dialect, found.where(_known(field, mine, state))))
            return ~there if leaf.negated else there
        return exists(fenced(self._dialect, found.where(self._of_row(field, leaf, mine, state))))

    def _of_row(self, field: str, leaf: Leaf, its: FromClause, state: FromClause) -> ColumnElement[bool]:
        """Of a signal that is joined to its state."""
        if isinstance(leaf, Known):
            known = _known(field, its, state)
            return ~known if leaf.negated else known
        return self._compared(leaf, self._row_term(field, leaf, its, state))

    def _row_term(self, field: str, leaf: Leaf, its: FromClause, state: FromClause) -> Term:
        now = self._now
        match field:
            case "value":
                return self._value_term(leaf, state)
            case "quality":
                reported = state.c.observed_at.is_not(None)
                return Term(shown_code(state, now), reported, lambda word: QUALITY_CODES[word])
            case "age":
                return Term(state.c.observed_at, true(), lambda s: near(now - s * 1e6), falling=True)
            case "kind":
                return Term(self._ordered(its.c.kind), true(), str)
            case "signal":
                return Term(its.c.name, true(), str)
            case "settable":
                return Term(its.c.settable, true(), bool)
            case _:
                return Term(state.c[field], true(), lambda instant: near(instant.at))

    def _value_term(self, leaf: Leaf, state: FromClause) -> Term:
        """A value compares with values of its own type: numbers with numbers and integers."""
        code, given = state.c.code, literal_of(leaf)
        reported = state.c.observed_at.is_not(None)
        if isinstance(given, bool):
            return Term(state.c.value, and_(reported, code < BOOLEAN + 4), float)
        if isinstance(given, float):
            return Term(state.c.value, and_(reported, code >= INTEGER, code < TEXT), float)
        return Term(self._ordered(state.c.text), and_(reported, code >= TEXT), str)

    def _ordered(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return self._dialect.by_code_points(column)

    def _attribute(self, name: str, leaf: Leaf) -> ColumnElement[bool]:
        version, its = object_version.c, twin_object.alias()
        mine = select(literal(1)).select_from(its).where(its.c.state_index == version.state_index)
        match name:
            case "class":
                found = select(class_name.c.id).where(self._held(leaf, class_name.c.name))
                return version.class_id.in_(found)
            case "model":
                return self._held(leaf, model.c.key)
            case "global_id":
                return exists(mine.where(self._held(leaf, its.c.global_id)).correlate(object_version))
            case "id":
                whole = model.c.key + "/" + its.c.global_id
                return exists(mine.where(self._held(leaf, whole)).correlate(object_version, model))
            case "storey" | "storey_name":
                return self._storey(name, leaf)
            case "hidden":
                return self._held(leaf, version.hidden, bool)
            case "state_index":
                return self._held(leaf, version.state_index, float)
            case _:
                return self._held(leaf, self._ordered(version[name]))

    def _storey(self, name: str, leaf: Leaf) -> ColumnElement[bool]:
        storey, its = object_version.alias(), twin_object.alias()
        if isinstance(leaf, Known):
            column = object_version.c.storey_id
            return column.is_(None) if leaf.negated else column.is_not(None)
        shown = self._ordered(storey.c.name) if name == "storey_name" else model.c.key + "/" + its.c.global_id
        found = (
            select(literal(1))
            .select_from(storey)
            .join(its, its.c.state_index == storey.c.state_index)
            .where(storey.c.id == object_version.c.storey_id, self._held(leaf, shown))
            .correlate(object_version, model)
        )
        return exists(found)

    def _held(
        self, leaf: Leaf, column: ColumnElement[Any], written: Callable[[Any], Any] = str
    ) -> ColumnElement[bool]:
        """Of a column of the object that has one type."""
        if isinstance(leaf, Known):
            here = object_version.c.id.is_not(None)
            return and_(here, column.is_(None) if leaf.negated else column.is_not(None))
        return self._compared(leaf, Term(column, true(), written))

    def _compared(self, leaf: Leaf, term: Term) -> ColumnElement[bool]:
        """A leaf on a term with one value."""
        column, guard, written, falling = term
        match leaf:
            case Comparison(_, operator, value):
                return and_(
                    guard, compare(column, MIRRORED[operator] if falling else operator, written(value))
                )
            case Between(_, low, high, turned):
                ends = (written(high), written(low)) if falling else (written(low), written(high))
                return and_(guard, within(column, *ends, negated=turned))
            case Like(_, parts, turned):
                matches = self._dialect.matches(column, parts)
                return and_(guard, ~matches if turned else matches)
            case _:
                raise AssertionError(leaf)

    def _property(self, field: PropertyField, leaf: Leaf) -> ColumnElement[bool]:
        """Of a property, which may have several values: one passes, or, negated, some can be compared and none passes."""
        sets = self._sets(field, leaf)
        if sets is None:
            return true() if isinstance(leaf, Known) and leaf.negated else false()
        passes = self._has_any(sets.passing, sets.packed_passing)
        if not leaf.negated or isinstance(leaf, Known):
            return ~passes if leaf.negated else passes
        return and_(self._has_any(sets.comparable, sets.packed_comparable), ~passes)

    def _has_any(self, sets: Sequence[Select[Any]], packed_ids: Sequence[int]) -> ColumnElement[bool]:
        """One of these property sets, or to be one of these objects of packed models."""
        rows = or_(false(), *(self._has_set(each) for each in sets))
        return or_(rows, object_version.c.id.in_(self._dialect.given_ids(packed_ids))) if packed_ids else rows

    def _sets(self, field: PropertyField, leaf: Leaf) -> "_Sets | None":
        """Property sets for a leaf, whether or not it is negated; None: no object has ever had such a property."""
        keys = property_key.c
        wanted = [
            keys.name == normal(name)
            if set_name is None
            else and_(keys.set_name == normal(set_name), keys.name == normal(name))
            for set_name, name in field.pairs
        ]
        ids = list(self._connection.execute(select(keys.id).where(or_(*wanted))).scalars())
        if not ids:
            return None
        number = select(property_number.c.set_id).where(property_number.c.key_id.in_(ids))
        text = select(property_text.c.set_id).where(property_text.c.key_id.in_(ids))
        beside = self._packed(ids, leaf)
        if isinstance(leaf, Known):
            return _Sets([number, text], [], *beside)
        numeric = isinstance(literal_of(leaf), float)
        column: ColumnElement[Any] = property_number.c.number if numeric else property_text.c.text
        of_type = number if numeric else text
        passing = of_type.where(self._compared(positive(leaf), Term(column, true(), as_stored)))
        return _Sets([passing], [of_type], *beside)

    def _packed(self, keys: Sequence[int], leaf: Leaf) -> tuple[list[int], list[int]]:
        """Ids of objects of packed models for a leaf: with a value that passes, with one that can be compared (if negated)."""
        if id(leaf) not in self._of_packed:
            passing = packed.with_property(self._connection, keys, of_leaf(positive(leaf)))
            compared = packed.with_property(self._connection, keys, comparable(leaf)) if leaf.negated else []
            self._of_packed[id(leaf)] = passing, compared
        return self._of_packed[id(leaf)]

    def _has_set(self, sets: Select[Any]) -> ColumnElement[bool]:
        link = object_property_set.alias()
        # `+ 0` keeps the planner from trying every passing set on every object, instead of the object's few sets.
        mine = (
            select(link.c.set_id)
            .where(link.c.object_id == object_version.c.id, (link.c.set_id + 0).in_(sets))
            .correlate(object_version)
        )
        return exists(fenced(self._dialect, mine))

    def _touches(self, leaf: Intersects) -> ColumnElement[bool]:
        ids = self._dialect.given_ids(self._touched(leaf.wkb))
        if not leaf.negated:
            return object_version.c.id.in_(ids)
        shift = (revision.c.id - revision.c.placement_id) * SPAN
        boxed = (
            select(literal(1))
            .select_from(revision)
            .join(object_box, object_box.c.id == object_version.c.id - shift)
            .where(revision.c.id == object_version.c.id // SPAN)
            .correlate(object_version)
        )
        beside = packed.near(self._connection, self._dialect, (-180.0, -90.0, 180.0, 90.0))[0].tolist()
        has_box = or_(exists(boxed), object_version.c.id.in_(self._dialect.given_ids(beside)))
        return and_(has_box, object_version.c.id.not_in(ids))

    def _touched(self, wkb: bytes) -> list[int]:
        if wkb not in self._found:
            self._found[wkb] = touching(self._connection, self._dialect, wkb)
        return self._found[wkb]


class _Sets(NamedTuple):
    """Selections of ids of property sets: with a value that passes, with one that can be compared."""

    passing: list[Select[Any]]
    comparable: list[Select[Any]]
    packed_passing: list[int]
    packed_comparable: list[int]
    """Objects of packed models, by id."""


_indexes = select(object_version.c.state_index)


def _of_versions(dialect: Dialect, ids: Sequence[int]) -> Select[Any]:
    given = dialect.given_ids(ids).subquery()
    return _indexes.select_from(given).join(object_version, object_version.c.id == given.c.id)


def _of_current(versions: Select[Any]) -> Select[Any]:
    return versions.join(model, model.c.current_revision_id == object_version.c.id // SPAN)


def _with_set(passing: Sequence[Select[Any]]) -> Select[Any]:
    """State indexes of current objects that have one of these property sets."""
    sets, link = union_all(*passing).subquery(), object_property_set.c
    found = _indexes.select_from(sets).join(object_property_set, link.set_id == sets.c.set_id)
    return _of_current(found.join(object_version, object_version.c.id == link.object_id))


def _known(field: str, its: FromClause, state: FromClause) -> ColumnElement[bool]:
    if field in {"kind", "signal", "settable"}:
        column = its.c["name" if field == "signal" else field]
        return column.is_not(None)
    return state.c.observed_at.is_not(None)
