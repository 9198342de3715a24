"""What a caller reaches, as a condition of statements: so pages are full, counts tell nothing, and nothing is read that is not shown.

A condition is asked of `model` and `object_version` (of the current revision; no row where an object is not in it), and of `signal` where
signals are listed. What hangs below a place is found once for a revision, and remembered: revisions do not change.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, false, or_, select, true

from twin.errors import NotFound
from twin.policy import Part, Reach, Scope
from twin.queries import split_object_id
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.objects import current_objects, find
from twin.store.schema import class_name, model, object_version, twin_object
from twin.store.schema_live import signal


def of_objects(database: Database, connection: Connection, reach: Reach) -> ColumnElement[bool]:
    """Whether `object_version`, in the current revision of `model`, is reached."""
    return _any_of(database, connection, reach.of_objects.parts, named=False)


def of_signals(database: Database, connection: Connection, reach: Reach) -> ColumnElement[bool]:
    """Whether `signal`, joined to `twin_object`, `model` and (outer) to `object_version`, is reached."""
    return _any_of(database, connection, reach.parts, named=True)


def needs_objects(reach: Reach) -> bool:
    """Whether `of_signals` asks anything of `object_version`."""
    return any(scope.classes or scope.places for part in reach.parts for scope in part)


def _any_of(
    database: Database, connection: Connection, parts: Iterable[Part], *, named: bool
) -> ColumnElement[bool]:
    conditions = [
        and_(
            true(),
            *(each for scope in part for each in _conditions(database, connection, scope, named=named)),
        )
        for part in parts
    ]
    return or_(false(), *conditions)


def _conditions(
    database: Database, connection: Connection, scope: Scope, *, named: bool
) -> Iterable[ColumnElement[bool]]:
    dialect = database.dialect
    # What would be an expression of a column's index is none on purpose: a list that is gone through in its own order stops when a page is full.
    if scope.models:
        yield (model.c.key + "").in_(scope.models)
    if scope.classes:
        ids = connection.execute(select(class_name.c.id).where(class_name.c.name.in_(scope.classes)))
        yield _known((object_version.c.class_id + 0).in_(list(ids.scalars())))
    if scope.places:
        yield _known((object_version.c.state_index + 0).in_(_of_places(database, connection, scope.places)))
    if scope.signals and named:
        yield _signals(dialect, scope.signals)


def _known(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """False, not NULL, where the object is not there."""
    return and_(object_version.c.id.is_not(None), condition)


def _of_places(database: Database, connection: Connection, places: Sequence[str]) -> Select[tuple[int]]:
    found: set[int] = set()
    for place in places:
        try:
            version_id = find(connection, *split_object_id(place))
        except NotFound:
            continue
        found.update(database.places.below(connection, version_id))
    return database.dialect.given_ids(sorted(found))


def _signals(dialect: Dialect, names: Sequence[str]) -> ColumnElement[bool]:
    """By name, or as single ones by id: a name holds no slash."""
    plain = [name for name in names if "/" not in name]
    whole = [name for name in names if "/" in name]
    identifier = model.c.key + "/" + twin_object.c.global_id + "/" + signal.c.name
    conditions = [(signal.c.name + "").in_(dialect.given_texts(plain))] if plain else []
    conditions += [identifier.in_(dialect.given_texts(whole))] if whole else []
    return or_(false(), *conditions)


def visible_versions(
    database: Database, connection: Connection, reach: Reach, version_ids: Sequence[int]
) -> set[int]:
    """Of these versions of objects in current revisions, those that are reached."""
    if reach.is_everything:
        return set(version_ids)
    given = database.dialect.given_ids(sorted(set(version_ids))).subquery()
    statement = (
        select(object_version.c.id)
        .select_from(given)
        .join(object_version, object_version.c.id == given.c.id)
        .join(model, model.c.current_revision_id == object_version.c.id // SPAN)
        .where(of_objects(database, connection, reach))
    )
    return set(connection.execute(statement).scalars())


def visible_objects(
    database: Database, reach: Reach, ids: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """See `twin.ports.access.Watcher.visible_objects`."""
    by_model: dict[str, list[str]] = {}
    for key, global_id in sorted(ids):
        by_model.setdefault(key, []).append(global_id)
    found: set[tuple[str, str]] = set()
    with database.read() as connection:
        condition = true() if reach.is_everything else of_objects(database, connection, reach)
        for key, global_ids in by_model.items():
            statement = (
                select(twin_object.c.global_id)
                .select_from(current_objects)
                .where(
                    model.c.key == bindparam(None, key),
                    twin_object.c.global_id.in_(database.dialect.given_texts(global_ids)),
                    condition,
                )
            )
            found.update((key, global_id) for global_id in connection.execute(statement).scalars())
    return found


def visible_signals(database: Database, reach: Reach, numbers: Sequence[int] | None) -> set[int]:
    """See `twin.ports.access.Watcher.visible_signals`."""
    if reach.is_nothing or numbers == []:
        return set()
    first = model.c.current_revision_id * SPAN
    mine = (
        object_version.c.state_index == signal.c.state_index,
        object_version.c.id >= first,
        object_version.c.id < first + SPAN,
    )
    with database.read() as connection:
        statement = (
            select(signal.c.number)
            .join(twin_object, twin_object.c.state_index == signal.c.state_index)
            .join(model, model.c.id == twin_object.c.model_id)
            .join(object_version, and_(*mine), isouter=True)
        )
        if not reach.is_everything:
            statement = statement.where(of_signals(database, connection, reach))
        if numbers is not None:
            given = database.dialect.given_ids(sorted(set(numbers)))
            statement = statement.where(signal.c.number.in_(given))
        return set(connection.execute(statement).scalars())
