"""Lists of objects, page by page.

Two orders. Plain: by model (first imported first) and GlobalId, which is the order of ids, so that a page is a piece of
the primary key. Tree (with `parent` or `roots`): by model, sort key and GlobalId, which is the order of an index. A cursor
holds what the last object shown is known by for ever, never a row id, so that it outlives a re-import.

The frames of the statements are built once: building one takes ten times as long as running it.
"""

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from typing import Any, Literal, NamedTuple

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    intersect,
    or_,
    select,
    true,
    tuple_,
)

from twin.errors import NotFound
from twin.filters import AllOf, Expression, Intersects
from twin.queries import ObjectQuery, ObjectRecord, Page, checked_limit, split_object_id
from twin.store import visibility
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.conditions import Shape, Values, built, is_selective, shapes
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.filtering import FEW_OF_FILTERED, Compiler
from twin.store.ids import SPAN
from twin.store.objects import current_objects, find, records
from twin.store.packed import search as packed
from twin.store.schema import (
    NO_PARENT,
    class_name,
    model,
    object_order,
    object_version,
    revision,
    twin_object,
)
from twin.store.texts import search_words


def children(
    database: Database, key: str, global_id: str, *, limit: int, cursor: str | None
) -> Page[ObjectRecord]:
    """See `twin.ports.ObjectReader.children`."""
    checked_limit(limit)
    with database.read() as connection:
        values: Values = {"parent_id": find(connection, key, global_id), "rows": limit + 1}
        if cursor is not None:
            values |= _position(connection, cursor, in_tree=True)
        statement = _children(after=cursor is not None, lateral=database.dialect.plans_as_written)
        return _page(connection, connection.execute(statement, values).all(), limit, in_tree=True)


def search(database: Database, query: ObjectQuery) -> Page[ObjectRecord]:
    """See `twin.ports.ObjectReader.objects`."""
    in_tree = query.parent is not None or query.roots
    with database.read() as connection:
        values: Values = {"rows": query.limit + 1}
        if query.cursor is not None:
            values |= _position(connection, query.cursor, in_tree=in_tree)
        try:
            values |= _own_values(connection, query)
        except NotFound:  # a parent or storey that is not there holds nothing
            return Page(items=[])
        few: list[Shape] = []
        many: list[Shape] = []
        for shape, given in shapes(connection, query):
            (few if is_selective(connection, database.dialect, shape, given) else many).append(shape)
            values |= given
        compiler = Compiler(database, connection)
        expression = _expression(query)
        starts = _few_starts(connection, compiler, expression)
        frame = _Frame(
            in_tree=in_tree,
            after=query.cursor is not None,
            own=tuple(sorted(values.keys() & _OWN_FILTERS.keys())),
            words=len(search_words(query.text or "")),
            roots=query.roots,
            under=query.parent is not None,
            few=tuple(few),
            many=tuple(many),
        )
        condition = None if expression is None else compiler.condition(expression, rows=False)
        if not query.reach.is_everything:
            reached = visibility.of_objects(database, connection, query.reach)
            condition = reached if condition is None else and_(condition, reached)
        if condition is None:
            statement = _statement(database.dialect, frame)
        else:
            chosen = [_versions(database.dialect, indexes) for indexes in starts]
            statement = _built(database.dialect, frame, chosen, condition)
        rows = list(connection.execute(statement, values))
        if passed := packed.passing(connection, database.dialect, query) if few or many else []:
            rows += _packed_rows(_Asked(connection, database.dialect, frame, values, condition), passed)
            rows.sort(key=_in_tree if in_tree else _by_id)
        return _page(connection, rows[: query.limit + 1], query.limit, in_tree=in_tree)


def _expression(query: ObjectQuery) -> Expression | None:
    """The filter and the polygon of a query."""
    parts = [] if query.polygon is None else [Intersects(query.polygon)]
    if query.filter is not None:
        return AllOf((*parts, query.filter.expression)) if parts else query.filter.expression
    return parts[0] if parts else None


def _few_starts(
    connection: Connection, compiler: Compiler, expression: Expression | None
) -> list[Sequence[int]]:
    """State indexes from which the search can begin: of each part of the filter that few objects pass."""
    starts = compiler.starts(expression) if expression is not None else []
    found = (connection.execute(start.limit(FEW_OF_FILTERED + 1)).scalars().all() for start in starts)
    return [indexes for indexes in found if len(indexes) <= FEW_OF_FILTERED]


def _versions(dialect: Dialect, state_indexes: Sequence[int]) -> Select[Any]:
    """Ids of object versions, of any revision."""
    given = dialect.given_ids(sorted(set(state_indexes))).subquery()
    return (
        select(object_version.c.id)
        .select_from(given)
        .join(object_version, object_version.c.state_index == given.c.id)
    )


def _by_id(row: Row[Any]) -> tuple[int, int]:
    return row.model_id, row.id


def _in_tree(row: Row[Any]) -> tuple[int, str, int]:
    return row.model_id, row.sort_key, row.id


class _Asked(NamedTuple):
    """What is asked of a page, beside conditions that packed models answer."""

    connection: Connection
    dialect: Dialect
    frame: "_Frame"
    values: Values
    condition: ColumnElement[bool] | None

    def among(self, ids: Sequence[int]) -> Sequence[Row[Any]]:
        """Of these objects, in order."""
        own = self.frame._replace(few=(), many=(), after=self.frame.after and self.frame.in_tree)
        statement = _built(self.dialect, own, [self.dialect.given_ids(ids)], self.condition)
        return self.connection.execute(statement, self.values).all()

    def following(self, keys: Sequence[str], row: Row[Any] | None, count: int) -> Sequence[Row[Any]]:
        """Of all objects of these models, after one in the order of the tree."""
        own = tuple(sorted({*self.frame.own, "keys"}))
        frame = self.frame._replace(few=(), many=(), own=own, after=self.frame.after or row is not None)
        values = self.values | {"keys": keys, "rows": count}
        if row is not None:
            values |= {"at_model": row.model_id, "last_id": row.id, "last_key": row.sort_key}
        return self.connection.execute(_built(self.dialect, frame, (), self.condition), values).all()


def _packed_rows(asked: _Asked, passed: Sequence[packed.Passing]) -> list[Row[Any]]:
    """The first rows of a page from among objects of packed models, which no statement on properties or boxes sees."""
    count = asked.values["rows"]
    if not asked.frame.in_tree:
        after = (asked.values["at_model"], asked.values["last_id"]) if asked.frame.after else (0, 0)
        return packed.first_by_id(passed, after, count, asked.among)
    ids = np.sort(np.concatenate([one.ids for one in passed]))
    if len(ids) <= packed.SORTED_AT_ONCE:
        return list(asked.among(ids.tolist()))
    return packed.first_in_tree(ids, count, partial(asked.following, [one.key for one in passed]))


def _page(
    connection: Connection, rows: Sequence[Row[Any]], limit: int, *, in_tree: bool
) -> Page[ObjectRecord]:
    """A page from its rows and one more if there are more."""
    items = records(connection, [row.id for row in rows[:limit]])
    if len(rows) <= limit:
        return Page(items=items)
    last = rows[limit - 1]
    tail = (last.sort_key, items[-1].global_id) if in_tree else (items[-1].global_id,)
    return Page(items=items, next=encode_cursor("t" if in_tree else "i", last.model_id, *tail))


def _position(connection: Connection, cursor: str, *, in_tree: bool) -> Values:
    """Values of the parameters that say after which object a page starts."""
    sort_key = ""
    if in_tree:
        _, model_id, sort_key, global_id = decode_cursor(cursor, tuple[Literal["t"], int, str, str])
    else:
        _, model_id, global_id = decode_cursor(cursor, tuple[Literal["i"], int, str])
    found = connection.execute(_last_until, {"at_model": model_id, "global_id": global_id}).scalar()
    return {"at_model": model_id, "last_id": found or 0, "last_key": sort_key}


_last_until = (
    select(object_version.c.id)
    .select_from(current_objects)
    .where(model.c.id == bindparam("at_model"), twin_object.c.global_id <= bindparam("global_id"))
    .order_by(twin_object.c.global_id.desc())
    .limit(1)
)
"""The current object that comes last among those with this GlobalId or a smaller one: so a page goes on where it stopped,
also after a re-import that gave all objects new ids."""

_here = model.c.id == bindparam("at_model")
_last_id: ColumnElement[int] = bindparam("last_id")


@cache
def _ordered(*, in_tree: bool, after: bool, lateral: bool) -> Select[Any]:
    """Ids of all current objects in order, from the start or after a position; `lateral`: those of one model, to be `_joined`."""
    walked = _walked(in_tree=in_tree)
    first: ColumnElement[int] = model.c.current_revision_id * SPAN
    if after and not in_tree:  # one lower bound, so that the search of the primary key can begin there
        first = case((and_(_here, _last_id > 0), _last_id + 1), else_=first)
    # `+ 0`: a tree has its own order; PostgreSQL takes a range of ids for a two-hundredth of the table and would go through it.
    own: ColumnElement[int] = walked.c.id + 0 if lateral and in_tree else walked.c.id
    here = and_(own >= first, own < (model.c.current_revision_id + 1) * SPAN)
    if lateral:
        order = (walked.c.sort_key, walked.c.id) if in_tree else (walked.c.id,)
        found = select(walked.c.id, walked.c.sort_key).select_from(walked).correlate(model)
        statement = found.where(here).order_by(*order).limit(bindparam("rows"))
    else:
        statement = _columns(walked, in_tree=in_tree).join_from(model, walked, here)
    if in_tree:
        statement = statement.join_from(walked, object_version, object_version.c.id == walked.c.id)
    return statement.where(_beyond(walked, in_tree=in_tree)) if after else statement


def _walked(*, in_tree: bool) -> Table:
    """Where objects lie in the order that is asked for."""
    return object_order if in_tree else object_version


def _joined(statement: Select[Any], *, in_tree: bool) -> Select[Any]:
    """The first objects of each model, model by model: an engine that does not see that models in order with objects in order
    are all in order, and would sort them all, stops at a page.
    """
    found = statement.lateral("found")
    order = (found.c.sort_key, found.c.id) if in_tree else (found.c.id,)
    columns = select(found.c.id, found.c.sort_key, model.c.id.label("model_id"))
    return columns.join_from(model, found, true()).order_by(model.c.id, *order).limit(bindparam("rows"))


@cache
def _children(*, after: bool, lateral: bool) -> Select[Any]:
    """The children of object `parent_id`."""
    ordered = _ordered(in_tree=True, after=after, lateral=lateral)
    statement = ordered.where(object_order.c.parent_id == bindparam("parent_id"))
    return _joined(statement, in_tree=True) if lateral else statement


def _columns(walked: Table, *, in_tree: bool) -> Select[Any]:
    own = walked.c
    order = (model.c.id, own.sort_key, own.id) if in_tree else (model.c.id, own.id)
    found = select(own.id, own.sort_key, model.c.id.label("model_id"))
    return found.order_by(*order).limit(bindparam("rows"))


def _beyond(walked: Table, *, in_tree: bool) -> ColumnElement[bool]:
    """After the last object shown. The first condition of each is one that an index can start from."""
    own = walked.c
    started = model.c.id >= bindparam("at_model")
    if not in_tree:
        return and_(started, or_(~_here, own.id > _last_id))
    last_key: ColumnElement[str] = bindparam("last_key")
    return and_(
        started,
        own.sort_key >= case((_here, last_key), else_=""),
        or_(~_here, tuple_(own.sort_key, own.id) > tuple_(last_key, _last_id)),
    )


class _Frame(NamedTuple):
    """What a statement is built from; the rest are values of its parameters."""

    in_tree: bool
    after: bool
    own: tuple[str, ...]
    words: int
    roots: bool
    under: bool
    """Under `parent_id`."""
    few: tuple[Shape, ...]
    many: tuple[Shape, ...]


@lru_cache(maxsize=256)
def _statement(dialect: Dialect, frame: _Frame) -> Select[Any]:
    return _built(dialect, frame)


def _built(
    dialect: Dialect,
    frame: _Frame,
    given: Sequence[Select[Any]] = (),
    condition: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """`given`: few objects that hold all that pass `condition`."""
    few = [*given, *(built(dialect, shape).ids for shape in frame.few)]
    lateral = dialect.plans_as_written and not few
    if few:
        statement = _among(few, in_tree=frame.in_tree)
    else:
        statement = _ordered(in_tree=frame.in_tree, after=frame.after, lateral=lateral)
    if few and frame.after:
        statement = statement.where(_beyond(object_version, in_tree=frame.in_tree))
    if frame.many:  # the others' boxes and properties are not in these tables
        unpacked = select(revision.c.id).where(~revision.c.packed)
        statement = statement.where(model.c.current_revision_id.in_(unpacked))
    parent = object_version.c.parent_id if few else _walked(in_tree=frame.in_tree).c.parent_id
    if frame.roots:
        statement = statement.where(parent == model.c.current_revision_id * SPAN + NO_PARENT)
    if frame.under:
        statement = statement.where(parent == bindparam("parent_id"))
    if frame.words:
        statement = statement.where(_has_words(frame.words))
    statement = statement.where(
        *(_OWN_FILTERS[name] for name in frame.own), *(built(dialect, shape).holds for shape in frame.many)
    )
    if condition is not None:
        statement = statement.where(condition)
    return _joined(statement, in_tree=frame.in_tree) if lateral else statement


def _among(chosen: list[Select[Any]], *, in_tree: bool) -> Select[Any]:
    """Current objects in order, of those alone that all these selections have."""
    several = intersect(*chosen) if len(chosen) > 1 else chosen[0].distinct()
    candidates = several.subquery()
    return (
        _columns(object_version, in_tree=in_tree)
        .select_from(candidates)
        .join(object_version, object_version.c.id == candidates.c.id)
        .join(model, model.c.current_revision_id == object_version.c.id // SPAN)
    )


_OWN_FILTERS: dict[str, ColumnElement[bool]] = {
    "keys": model.c.key.in_(bindparam("keys", expanding=True)),
    "class_id": object_version.c.class_id == bindparam("class_id"),
    # Several classes in one order cannot come from the index: `+ 0` has the planner scan in order and not sort.
    "class_ids": (object_version.c.class_id + 0).in_(bindparam("class_ids", expanding=True)),
    "storey_id": object_version.c.storey_id == bindparam("storey_id"),
    "state_indexes": object_version.c.state_index.in_(bindparam("state_indexes", expanding=True)),
}
"""Filters on the objects' own columns, by the parameter that each needs."""


def _own_values(connection: Connection, query: ObjectQuery) -> Values:
    """Parameters of `_OWN_FILTERS` as far as the query has such filters, and of the text. Raises NotFound."""
    values: Values = {f"word_{i}": _pattern(word) for i, word in enumerate(search_words(query.text or ""))}
    if values:
        values["text"] = (query.text or "").strip()
    if query.models:
        values["keys"] = list(query.models)
    if query.classes:
        wanted = class_name.c.name.in_(query.classes)
        ids = list(connection.execute(select(class_name.c.id).where(wanted)).scalars())
        values |= {"class_id": ids[0]} if len(ids) == 1 else {"class_ids": ids}
    if query.parent is not None:
        values["parent_id"] = find(connection, *split_object_id(query.parent))
    if query.storey is not None:
        values["storey_id"] = find(connection, *split_object_id(query.storey))
    if query.state_indexes:
        values["state_indexes"] = list(query.state_indexes)
    return values


def _pattern(word: str) -> str:
    """What LIKE finds if the word occurs; its own wildcards are taken literally."""
    for special in "/%_":
        word = word.replace(special, f"/{special}")
    return f"%{word}%"


def _has_words(count: int) -> ColumnElement[bool]:
    """All of `word_0` …, or the whole GlobalId `text`.

    A scan: 100,000 objects take 30 ms in the worst case, where nothing matches. A trigram index (FTS5) would answer at
    once, but not for the two characters of 水表 or 照明, which are what people here type.
    """
    words = (object_version.c.search.like(bindparam(f"word_{place}"), escape="/") for place in range(count))
    same = select(twin_object.c.state_index).where(twin_object.c.global_id == bindparam("text"))
    return or_(and_(*words), object_version.c.state_index.in_(same))
