"""Lists of signals with their states, page by page, in the order of their numbers.

A filter on objects (class, place, box) passes few or many. Of few, the signals are looked up and sorted; of many, signals are
gone through in order until a page is full, and each is asked whether it passes.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)

from twin.ports import QUALITIES, StateQuery, StateRecord
from twin.queries import ObjectQuery, Page, checked_limit, split_object_id
from twin.state import Quality
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.conditions import FEW, BoxShape, Values, built, fenced, shapes
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.objects import find
from twin.store.schema import class_name, model, object_version, revision
from twin.store.schema_live import signal, signal_state
from twin.store.states import state_columns, state_record

_STALE = QUALITIES.index(Quality.STALE)
_BAD = QUALITIES.index(Quality.BAD)


class _Frame(NamedTuple):
    """What a statement is built from; the rest are values of its parameters."""

    own: tuple[str, ...]
    few: tuple[str, ...]
    many: tuple[str, ...]
    crossing: bool


def states(database: Database, query: StateQuery) -> Page[StateRecord]:
    """See `twin.ports.StateReader.states`."""
    limit, now = checked_limit(query.limit), database.now()
    with database.read() as connection:
        values = {"rows": limit + 1, "now": now, **_own_values(query)}
        of_objects = _object_values(connection, query)
        crossing = "west_1" in of_objects
        values |= of_objects
        few: list[str] = []
        many: list[str] = []
        for name in _object_filters(query):
            counted = _counted(database.dialect, name, crossing=crossing)
            passing: int = connection.execute(counted, values).scalar_one()
            (few if passing <= FEW else many).append(name)
        own = tuple(sorted(values.keys() & _OWN_FILTERS.keys()))
        frame = _Frame(own, tuple(few), tuple(many), crossing)
        rows = connection.execute(_statement(database.dialect, frame), values).all()
    items = [state_record(row, now) for row in rows[:limit]]
    following = encode_cursor(items[-1].signal.number) if len(rows) > limit else None
    return Page(items=items, next=following)


def _own_values(query: StateQuery) -> Values:
    """Parameters of `_OWN_FILTERS` as far as the query has such filters."""
    values: Values = {
        name: list(wanted)
        for name, wanted in (("keys", query.models), ("names", query.names), ("kinds", query.kinds))
        if wanted
    }
    if query.qualities:
        values["qualities"] = [QUALITIES.index(quality) for quality in query.qualities]
    if query.settable is not None:
        values["settable"] = query.settable
    if query.cursor is not None:
        (values["last"],) = decode_cursor(query.cursor, tuple[int])
    return values


def _object_filters(query: StateQuery) -> list[str]:
    given = (("classes", query.classes), ("place", query.place), ("box", query.bbox))
    return [name for name, value in given if value]


def _object_values(connection: Connection, query: StateQuery) -> Values:
    """Parameters of the filters on objects. Raises NotFound, InvalidQuery."""
    values: Values = {}
    if query.classes:
        values["classes"] = list(query.classes)
    if query.place is not None:
        values["place"] = find(connection, *split_object_id(query.place))
    if query.bbox is not None:
        ((_, box),) = shapes(connection, ObjectQuery(bbox=query.bbox))
        values |= box
    return values


_shown = case(
    (
        and_(
            signal_state.c.observed_at.is_not(None),
            signal_state.c.code % 4 != _BAD,
            or_(
                signal_state.c.stale,
                signal_state.c.observed_at + signal_state.c.period_us < bindparam("now"),
            ),
        ),
        _STALE,
    ),
    (signal_state.c.observed_at.is_(None), -1),
    else_=signal_state.c.code % 4,
)
"""The effective quality, as its place in `QUALITIES`; -1: has never reported."""

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
}
"""The same where the planner must start from few objects, and not from all signals of a kind."""

_current = and_(
    revision.c.id == model.c.current_revision_id,
    object_version.c.id >= revision.c.id * SPAN,
    object_version.c.id < (revision.c.id + 1) * SPAN,
)


def _below() -> Select[Any]:
    """Ids of object `place` and of all below it."""
    start = select(object_version.c.id).where(object_version.c.id == bindparam("place"))
    down = start.cte("down", recursive=True)
    child = object_version.alias("child")
    return select(down.union(select(child.c.id).join(down, child.c.parent_id == down.c.id)).c.id)


@lru_cache(maxsize=64)
def _passing(dialect: Dialect, name: str, *, crossing: bool) -> Select[Any]:
    """Ids of object versions that pass a filter, of any revision."""
    if name == "box":
        return built(dialect, BoxShape(crossing=crossing)).ids
    if name == "place":
        return _below()
    return (
        select(object_version.c.id)
        .join(class_name, class_name.c.id == object_version.c.class_id)
        .where(class_name.c.name.in_(bindparam("classes", expanding=True)))
    )


@lru_cache(maxsize=64)
def _counted(dialect: Dialect, name: str, *, crossing: bool) -> Select[Any]:
    """How many objects pass, counted up to one more than `FEW`."""
    return select(func.count()).select_from(
        _passing(dialect, name, crossing=crossing).limit(FEW + 1).subquery()
    )


def _state_indexes(dialect: Dialect, name: str, *, crossing: bool) -> Select[Any]:
    """State indexes of current objects that pass."""
    passing = _passing(dialect, name, crossing=crossing).subquery()
    return (
        select(object_version.c.state_index)
        .select_from(passing)
        .join(object_version, object_version.c.id == passing.c.id)
        .join(model, model.c.current_revision_id == object_version.c.id // SPAN)
    )


@lru_cache(maxsize=256)
def _statement(dialect: Dialect, frame: _Frame) -> Select[Any]:
    own = {**_OWN_FILTERS, **_OWN_WITHOUT_INDEX} if frame.few else _OWN_FILTERS
    start, few = _start(dialect, frame)
    statement = state_columns(start).limit(bindparam("rows")).where(*(own[name] for name in frame.own))
    for name in few:
        indexes = _state_indexes(dialect, name, crossing=frame.crossing)
        statement = statement.where(signal.c.state_index.in_(indexes))
    for name in frame.many:
        statement = statement.where(_holds(dialect, name, crossing=frame.crossing))
    # `+ 0` has the planner start from the few objects and sort, instead of going through all signals in order.
    return statement.order_by(signal.c.number + 0 if frame.few else signal.c.number)


def _start(dialect: Dialect, frame: _Frame) -> tuple[FromClause, tuple[str, ...]]:
    """Where the joins begin, and the selective filters that this leaves to be applied."""
    if not frame.few or not dialect.plans_as_written:
        return signal, frame.few
    indexes = _state_indexes(dialect, frame.few[0], crossing=frame.crossing).distinct().subquery()
    return indexes.join(signal, signal.c.state_index == indexes.c.state_index), frame.few[1:]


def _holds(dialect: Dialect, name: str, *, crossing: bool) -> ColumnElement[bool]:
    """Whether the object of `signal` passes."""
    if name == "place":
        return signal.c.state_index.in_(fenced(dialect, _state_indexes(dialect, name, crossing=crossing)))
    if name == "box":
        holds = built(dialect, BoxShape(crossing=crossing)).holds
    else:
        holds = object_version.c.class_id.in_(
            select(class_name.c.id).where(class_name.c.name.in_(bindparam("classes", expanding=True)))
        )
    mine = object_version.c.state_index == signal.c.state_index
    return exists(fenced(dialect, select(object_version.c.id).where(mine, _current, holds)))
