"""Lists of signals with their states, page by page, in the order of their numbers.

What is asked of objects (class, place, box, properties, geometry) passes few or many. Of few, the state indexes are looked up, and
the signals start from them; of many, signals are gone through in order until a page is full, and each is asked whether it passes.
A first statement finds numbers, a second one reads what is shown of them: what is left out is never read as a whole.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import isqrt
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    SelectBase,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
)

from twin.filters import AllOf, Expression, Intersects, asks_objects, of_rows
from twin.filters import Filter as TextFilter
from twin.policy import Reach
from twin.ports import QUALITIES, StateQuery, StateRecord
from twin.queries import ObjectQuery, Page, checked_limit, split_object_id
from twin.store import counters, visibility
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.conditions import Shape, Values, built, fenced, shapes
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.filtering import FEW_OF_FILTERED, Compiler
from twin.store.ids import SPAN
from twin.store.joins import OrderedJoin
from twin.store.objects import find
from twin.store.packed import search as packed
from twin.store.schema import class_name, model, object_order, object_version, twin_object
from twin.store.schema_live import signal, signal_state
from twin.store.states import records_by_number, shown_code

FEW = 10_000
"""State indexes that are looked up and sorted at most. Without a filter as many as cost less than going through all signals until
a page of 1,000 is full: 1.2 µs for each signal of theirs, five an object, against 3 µs for each that is gone through, so up to the
root of a hundred times all signals.
"""

ObjectFilter = str | Shape
"""`classes`, `place`, or a shape of `twin.store.conditions`."""


class Selection(NamedTuple):
    """Signals that pass: what to select from, and the conditions; parameters by name."""

    start: FromClause
    where: tuple[ColumnElement[bool], ...]
    values: Values
    narrow: bool
    """It starts from few objects."""

    def of(self, *columns: Any) -> Select[Any]:
        """Select columns of it."""
        return select(*columns).select_from(self.start).where(*self.where)


class _Wanted(NamedTuple):
    """A query, taken apart."""

    own: Values
    filters: dict[ObjectFilter, Values]
    expression: Expression | None
    packed: dict[ObjectFilter, Sequence[int]]
    """Ids of objects of packed models that pass a filter, which no statement on boxes or properties sees."""


def states(database: Database, query: StateQuery) -> Page[StateRecord]:
    """See `twin.ports.StateReader.states`."""
    limit = checked_limit(query.limit)
    with database.read() as connection:
        chosen = selection(database, connection, query)
        # `+ 0` has the planner start from the few objects and sort, instead of going through all signals in order.
        order = signal.c.number + 0 if chosen.narrow else signal.c.number
        statement = chosen.of(signal.c.number).order_by(order).limit(bindparam("rows"))
        numbers = connection.execute(statement, {**chosen.values, "rows": limit + 1}).scalars().all()
        items = records_by_number(database, connection, numbers[:limit])
    following = encode_cursor(numbers[limit - 1]) if len(numbers) > limit else None
    return Page(items=items, next=following)


def selection(
    database: Database, connection: Connection, query: StateQuery, *, objects: bool = False
) -> Selection:
    """The signals that a query asks for; `objects`: joined to their objects. Raises NotFound, InvalidQuery."""
    dialect, wanted = database.dialect, _wanted(connection, database.dialect, query)
    compiler = Compiler(database, connection)
    most = FEW_OF_FILTERED if wanted.expression is not None else _worth(connection)
    few: list[Sequence[int]] = []
    many: list[ObjectFilter] = []
    for name, parameters in wanted.filters.items():
        beside = _versions(dialect, wanted.packed.get(name, ()))
        indexes = _up_to(connection, union_all(_state_indexes(dialect, name), beside), parameters, most)
        if indexes is None:
            many.append(name)
        else:
            few.append(indexes)
    if wanted.expression is not None:
        found = (_up_to(connection, each, {}, most) for each in compiler.starts(wanted.expression))
        few.extend(indexes for indexes in found if indexes is not None)
    values = {**wanted.own, "now": database.now()}
    for name in many:
        values |= wanted.filters[name]
    own = {**_OWN_FILTERS, **(_OWN_WITHOUT_INDEX if few else {})}
    if not dialect.plans_as_written:
        own["names"] = _OWN_FILTERS[
            "names"
        ]  # by object and name, which no signal shares with another: the best index of all
    where = [own[name] for name in wanted.own]
    where += [_holds_or(dialect, name, wanted.packed.get(name, ())) for name in many]
    if wanted.expression is not None:
        where.append(compiler.condition(wanted.expression, rows=True))
    of_objects = wanted.expression is not None and asks_objects(wanted.expression)
    whole, keys = objects or of_objects, "keys" in wanted.own
    if not query.reach.is_everything:
        reach = _reach(query)
        where.append(visibility.of_signals(database, connection, reach))
        whole, keys = whole or visibility.needs_objects(reach), True
    joined = _joined(dialect, few, whole=whole, keys=keys)
    return Selection(joined, tuple(where), values, bool(few))


def _reach(query: StateQuery) -> Reach:
    """What is asked of objects would tell of those of which only signals may be read."""
    of_objects = query.filter is not None or query.properties or query.bbox or query.polygon
    return query.reach.of_objects if of_objects else query.reach


def _worth(connection: Connection) -> int:
    """How many objects are worth being looked up; see `FEW`."""
    return min(FEW, max(2_000, isqrt(100 * counters.peek(connection, "signal"))))


def _up_to(
    connection: Connection, indexes: SelectBase, parameters: Values, most: int
) -> Sequence[int] | None:
    """State indexes; None if there are more."""
    limited = select(indexes.subquery().c.state_index).limit(bindparam("most"))
    found = connection.execute(limited, {**parameters, "most": most + 1}).scalars().all()
    return None if len(found) > most else found


def _joined(dialect: Dialect, few: Sequence[Sequence[int]], *, whole: bool, keys: bool) -> FromClause:
    """Signals with their states, from few objects if there are few, with what else the conditions name."""
    start: FromClause = signal
    if few:
        given = dialect.given_ids(sorted(set(few[0]).intersection(*few[1:]))).subquery()
        start = OrderedJoin(given, signal, signal.c.state_index == given.c.id)
    start = start.join(signal_state, signal_state.c.number == signal.c.number)
    if whole or keys:
        start = start.join(twin_object, twin_object.c.state_index == signal.c.state_index)
        start = start.join(model, model.c.id == twin_object.c.model_id)
    if whole:
        first = model.c.current_revision_id * SPAN
        mine = (
            object_version.c.state_index == signal.c.state_index,
            object_version.c.id >= first,
            object_version.c.id < first + SPAN,
        )
        start = start.join(object_version, and_(*mine), isouter=True)
    return start


def _wanted(connection: Connection, dialect: Dialect, query: StateQuery) -> _Wanted:
    names, expression = query.names, None
    if query.filter is not None:
        names, expression = _filtered(query.filter, names)
    if query.polygon is not None:
        touches = Intersects(query.polygon)
        expression = touches if expression is None else AllOf((touches, expression))
    own: Values = {
        name: list(given)
        for name, given in (("keys", query.models), ("names", names), ("kinds", query.kinds))
        if given
    }
    if query.qualities:
        own["qualities"] = [QUALITIES.index(quality) for quality in query.qualities]
    if query.settable is not None:
        own["settable"] = query.settable
    if query.cursor is not None:
        (own["last"],) = decode_cursor(query.cursor, tuple[int])
    filters = dict(_object_filters(connection, query))
    return _Wanted(own, filters, expression, _packed(connection, dialect, query, filters))


def _packed(
    connection: Connection, dialect: Dialect, query: StateQuery, filters: Iterable[ObjectFilter]
) -> dict[ObjectFilter, Sequence[int]]:
    """What passes each shape, in the order in which `shapes` makes them of a query."""
    asked = [] if query.bbox is None else [ObjectQuery(bbox=query.bbox)]
    asked += [ObjectQuery(properties=(condition,)) for condition in query.properties]
    shaped = [name for name in filters if not isinstance(name, str)]
    found = (
        (name, packed.passing(connection, dialect, one)) for name, one in zip(shaped, asked, strict=True)
    )
    return {name: [i for one in passed for i in one.ids.tolist()] for name, passed in found if passed}


def _versions(dialect: Dialect, ids: Sequence[int]) -> Select[Any]:
    """State indexes of these object versions."""
    given = dialect.given_ids(ids).subquery()
    joined = given.join(object_version, object_version.c.id == given.c.id)
    return select(object_version.c.state_index).select_from(joined)


def _filtered(given: TextFilter, names: tuple[str, ...]) -> tuple[tuple[str, ...], Expression]:
    """Signals to list: those that the query names, else those that the filter names. Of one name, the listed signal is
    the one that is asked, without a look for it.
    """
    if not names and not given.asks_rows:
        names = given.signals
    return names, of_rows(given.expression, names[0]) if len(names) == 1 else given.expression


def _object_filters(connection: Connection, query: StateQuery) -> Iterable[tuple[ObjectFilter, Values]]:
    """The filters on objects, with their parameters. Raises NotFound, InvalidQuery."""
    if query.classes:
        yield "classes", {"classes": list(query.classes)}
    if query.place is not None:
        yield "place", {"place": find(connection, *split_object_id(query.place))}
    yield from shapes(connection, ObjectQuery(bbox=query.bbox, properties=query.properties))


_shown = shown_code(signal_state, bindparam("now"))

_OWN_FILTERS: dict[str, ColumnElement[bool]] = {
    "keys": model.c.key.in_(bindparam("keys", expanding=True)),
    "names": signal.c.name.in_(bindparam("names", expanding=True)),
    "kinds": signal.c.kind.in_(bindparam("kinds", expanding=True)),
    "settable": signal.c.settable == bindparam("settable"),
    "qualities": _shown.in_(bindparam("qualities", expanding=True)),
    "last": signal.c.number > bindparam("last"),
}
"""Filters on signals, by the parameter that each needs."""

_OWN_WITHOUT_INDEX: dict[str, ColumnElement[bool]] = {
    "names": (signal.c.name + "").in_(bindparam("names", expanding=True)),
    "kinds": (signal.c.kind + "").in_(bindparam("kinds", expanding=True)),
    "last": signal.c.number + 0 > bindparam("last"),
}
"""The same where the planner must start from few objects, and not from all signals of a kind."""


def _below() -> Select[Any]:
    """Ids of object `place` and of all below it."""
    start = select(object_version.c.id).where(object_version.c.id == bindparam("place"))
    down = start.cte("down", recursive=True)
    child = object_order.c
    return select(down.union(select(child.id).join(down, child.parent_id == down.c.id)).c.id)


def _passing(dialect: Dialect, name: ObjectFilter) -> Select[Any]:
    """Ids of object versions that pass a filter, of any revision."""
    if name == "place":
        return _below()
    if isinstance(name, str):
        return (
            select(object_version.c.id)
            .join(class_name, class_name.c.id == object_version.c.class_id)
            .where(class_name.c.name.in_(bindparam("classes", expanding=True)))
        )
    return built(dialect, name).ids


@lru_cache(maxsize=128)
def _state_indexes(dialect: Dialect, name: ObjectFilter) -> Select[Any]:
    """State indexes of current objects that pass."""
    passing = _passing(dialect, name).subquery()
    return (
        select(object_version.c.state_index)
        .select_from(passing)
        .join(object_version, object_version.c.id == passing.c.id)
        .join(model, model.c.current_revision_id == object_version.c.id // SPAN)
    )


def _holds_or(dialect: Dialect, name: ObjectFilter, ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether the object of `signal` passes, or is among these."""
    holds = _holds(dialect, name)
    return or_(holds, signal.c.state_index.in_(fenced(dialect, _versions(dialect, ids)))) if ids else holds


@lru_cache(maxsize=128)
def _holds(dialect: Dialect, name: ObjectFilter) -> ColumnElement[bool]:
    """Whether the object of `signal` passes."""
    if name == "place":
        return signal.c.state_index.in_(fenced(dialect, _state_indexes(dialect, name)))
    if isinstance(name, str):
        holds: ColumnElement[bool] = object_version.c.class_id.in_(
            select(class_name.c.id).where(class_name.c.name.in_(bindparam("classes", expanding=True)))
        )
    else:
        holds = built(dialect, name).holds
    mine = object_version.c.state_index == signal.c.state_index
    of_object = (
        select(object_version.c.id)
        .join(model, model.c.current_revision_id == object_version.c.id // SPAN)
        .where(mine, holds)
        .correlate(signal)
    )
    return exists(fenced(dialect, of_object))
