"""Lists of objects, page by page.

Two orders. Plain: by model (first imported first) and GlobalId, which is the order of ids, so that a page is a piece of
the primary key. Tree (with `parent` or `roots`): by model, sort key and GlobalId, which is the order of an index. A cursor
holds what the last object shown is known by for ever, never a row id, so that it outlives a re-import.
"""

from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, case, intersect, literal, or_, select, tuple_

from twin.errors import NotFound
from twin.queries import ObjectQuery, ObjectRecord, Page, checked_limit, split_object_id
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.conditions import Selection, has_text, in_classes, selections
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.objects import current_objects, find, records
from twin.store.schema import NO_PARENT, model, object_version, twin_object


class _Position(NamedTuple):
    """Where a page starts: after this object of this model, or with the model if the object is 0."""

    model_id: int
    last_id: int
    sort_key: str = ""


def children(
    database: Database, key: str, global_id: str, *, limit: int, cursor: str | None
) -> Page[ObjectRecord]:
    """See `twin.ports.ObjectReader.children`."""
    checked_limit(limit)
    with database.read() as connection:
        parent = find(connection, key, global_id)
        query = ObjectQuery(models=(key,), limit=limit, cursor=cursor)
        return _page(connection, database.dialect, query, tree_parent=object_version.c.parent_id == parent)


def search(database: Database, query: ObjectQuery) -> Page[ObjectRecord]:
    """See `twin.ports.ObjectReader.objects`."""
    with database.read() as connection:
        try:
            return _page(connection, database.dialect, query, tree_parent=_tree_parent(connection, query))
        except NotFound:  # a parent or storey that is not there holds nothing
            return Page(items=[])


def _tree_parent(connection: Connection, query: ObjectQuery) -> ColumnElement[bool] | None:
    if query.parent is not None:
        return object_version.c.parent_id == find(connection, *split_object_id(query.parent))
    if query.roots:
        return object_version.c.parent_id == model.c.current_revision_id * SPAN + NO_PARENT
    return None


def _page(
    connection: Connection, dialect: Dialect, query: ObjectQuery, *, tree_parent: ColumnElement[bool] | None
) -> Page[ObjectRecord]:
    in_tree = tree_parent is not None
    position = None if query.cursor is None else _position(connection, query.cursor, in_tree=in_tree)
    statement = _selected(selections(connection, dialect, query), position, in_tree=in_tree)
    statement = statement.where(*_filters(connection, query))
    if tree_parent is not None:
        statement = statement.where(tree_parent)
    rows = connection.execute(statement.limit(query.limit + 1)).all()
    items = records(connection, [row.id for row in rows[: query.limit]])
    if len(rows) <= query.limit:
        return Page(items=items)
    last = rows[query.limit - 1]
    tail = (last.sort_key, items[-1].global_id) if in_tree else (items[-1].global_id,)
    return Page(items=items, next=encode_cursor("t" if in_tree else "i", last.model_id, *tail))


def _position(connection: Connection, cursor: str, *, in_tree: bool) -> _Position:
    if in_tree:
        _, model_id, sort_key, global_id = decode_cursor(cursor, tuple[Literal["t"], int, str, str])
        return _Position(model_id, _last_until(connection, model_id, global_id), sort_key)
    _, model_id, global_id = decode_cursor(cursor, tuple[Literal["i"], int, str])
    return _Position(model_id, _last_until(connection, model_id, global_id))


def _last_until(connection: Connection, model_id: int, global_id: str) -> int:
    """Id of the current object that comes last among those with this GlobalId or a smaller one; 0: none does."""
    found = connection.execute(
        select(object_version.c.id)
        .select_from(current_objects)
        .where(model.c.id == model_id, twin_object.c.global_id <= global_id)
        .order_by(twin_object.c.global_id.desc())
        .limit(1)
    ).scalar()
    return int(found or 0)


def _selected(chosen: list[Selection], position: _Position | None, *, in_tree: bool) -> Select[Any]:
    """Ids of current objects in order, from a position on."""
    version = object_version.c
    order = (model.c.id, version.sort_key, version.id) if in_tree else (model.c.id, version.id)
    statement = select(version.id, version.sort_key, model.c.id.label("model_id")).order_by(*order)
    first = model.c.current_revision_id * SPAN
    if position is not None:
        statement = statement.where(model.c.id >= position.model_id, _after(position, in_tree=in_tree))
        if not in_tree and position.last_id:
            first = case((model.c.id == position.model_id, literal(position.last_id + 1)), else_=first)
    here = and_(version.id >= first, version.id < (model.c.current_revision_id + 1) * SPAN)
    if not chosen:
        return statement.join_from(model, object_version, here)
    several = intersect(*chosen) if len(chosen) > 1 else chosen[0].distinct()
    candidates = several.subquery()
    return (
        statement.select_from(candidates)
        .join(object_version, version.id == candidates.c.id)
        .join(model, model.c.current_revision_id == version.id // SPAN)
    )


def _after(position: _Position, *, in_tree: bool) -> ColumnElement[bool]:
    """Beyond the last object shown. The first condition alone is one that an index can start from."""
    here = model.c.id == position.model_id
    version = object_version.c
    if not in_tree:
        return or_(~here, version.id > position.last_id)
    beyond = tuple_(version.sort_key, version.id) > tuple_(
        literal(position.sort_key), literal(position.last_id)
    )
    return and_(
        version.sort_key >= case((here, literal(position.sort_key)), else_=literal("")),
        or_(~here, beyond),
    )


def _filters(connection: Connection, query: ObjectQuery) -> list[ColumnElement[bool]]:
    version = object_version.c
    filters: list[ColumnElement[bool]] = []
    if query.models:
        filters.append(model.c.key.in_(query.models))
    if query.classes:
        filters.append(in_classes(connection, query.classes))
    if query.storey is not None:
        filters.append(version.storey_id == find(connection, *split_object_id(query.storey)))
    if query.state_indexes:
        filters.append(version.state_index.in_(query.state_indexes))
    text = None if query.text is None else has_text(query.text)
    if text is not None:
        filters.append(text)
    return filters
