"""Rows that nothing needs any more: dead imports, replaced placements, old revisions. In short transactions.

The caller holds the model's lease. Whatever is interrupted here goes on at the next sweep.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from twin.store import counters, leases, lifecycle, ordering, properties, references, relations, shapes
from twin.store.database import Database
from twin.store.ids import id_range
from twin.store.pace import Pace
from twin.store.packed import properties as packed
from twin.store.placements import erase_boxes
from twin.store.schema import (
    class_count,
    object_attributes,
    object_property_set,
    object_version,
    placement,
    revision,
    twin_object,
)

_FIRST_PIECE = 128
"""Rows of the first transaction; the pace is learnt from there."""


def recover(database: Database) -> None:
    """Discard what dead processes left staged, in all models that no living one works on."""
    with database.read() as connection:
        staged = connection.execute(
            select(revision.c.model_id).where(revision.c.status == "staged").distinct()
        )
        models = list(staged.scalars())
    for model_id in models:
        name = leases.model_lease(model_id)
        with database.write() as connection:
            free = leases.acquire(connection, name, database.now())
        if free:
            sweep(database, model_id)
            with database.write() as connection:
                leases.release(connection, name)


def sweep(database: Database, model_id: int) -> None:
    """Delete what this model no longer needs."""
    _discard_staged(database, model_id)
    with database.read() as connection:
        replaced = _ids(connection, _of(model_id, placement.c.id != revision.c.placement_id), placement.c.id)
        gone = or_(revision.c.status == "discarded", revision.c.kept.is_(False))
        empty = _ids(
            connection,
            and_(revision.c.model_id == model_id, gone, revision.c.emptied.is_(False)),
            revision.c.id,
        )
    for placement_id in replaced:
        erase_boxes(database, placement_id)
        with database.write() as connection:
            references.let_go(connection, model_id, [placement_id], database.now())
            connection.execute(delete(placement).where(placement.c.id == placement_id))
    for revision_id in empty:
        _empty(database, model_id, revision_id)


def _of(model_id: int, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(revision.c.model_id == model_id, placement.c.revision_id == revision.c.id, *conditions)


def _ids(connection: Connection, condition: ColumnElement[bool], column: Any) -> list[int]:
    return list(connection.execute(select(column).where(condition)).scalars())


def _discard_staged(database: Database, model_id: int) -> None:
    staged = and_(revision.c.model_id == model_id, revision.c.status == "staged")
    with database.write() as connection:
        for revision_id in _ids(connection, staged, revision.c.id):
            lifecycle.step(connection, revision_id, "discarded")


def _empty(database: Database, model_id: int, revision_id: int) -> None:
    """Delete the objects of a revision; of one that never was published, the row as well."""
    with database.read() as connection:
        placements = _ids(connection, placement.c.revision_id == revision_id, placement.c.id)
        row = connection.execute(select(revision).where(revision.c.id == revision_id)).one()
    for placement_id in placements:
        erase_boxes(database, placement_id)
    _erase_objects(database, revision_id)
    if row.published_at is None:
        _give_back(database, model_id, row.number)
    with database.write() as connection:
        references.let_go(connection, model_id, placements, database.now())
        connection.execute(delete(class_count).where(class_count.c.revision_id == revision_id))
        if row.published_at is None:
            connection.execute(delete(placement).where(placement.c.revision_id == revision_id))
            connection.execute(delete(revision).where(revision.c.id == revision_id))
        else:
            connection.execute(update(revision).where(revision.c.id == revision_id).values(emptied=True))


def _erase_objects(database: Database, revision_id: int) -> None:
    first, last = id_range(revision_id)
    with database.read() as connection:
        ids = _ids(connection, object_version.c.id.between(first, last), object_version.c.id)
    ids.sort()
    for piece in Pace(_FIRST_PIECE).pieces(ids):
        with database.write() as connection:
            _erase_range(connection, piece[0], piece[-1])
    ordering.erase(database, revision_id)
    packed.erase(database, revision_id)
    shapes.erase(database, revision_id)
    relations.erase(database, revision_id)


def _erase_range(connection: Connection, first: int, last: int) -> None:
    """Delete object versions with these ids, and property sets that were theirs alone."""
    linked = object_property_set.c.object_id.between(first, last)
    here = object_property_set.alias("here")
    other = exists().where(object_property_set.c.set_id == here.c.set_id, ~linked)
    lonely = select(here.c.set_id).where(here.c.object_id.between(first, last), ~other).distinct()
    unused = list(connection.execute(lonely).scalars())
    connection.execute(delete(object_property_set).where(linked))
    connection.execute(delete(object_attributes).where(object_attributes.c.id.between(first, last)))
    connection.execute(delete(object_version).where(object_version.c.id.between(first, last)))
    properties.erase(connection, unused)


def _give_back(database: Database, model_id: int, number: int) -> None:
    """Indexes that only a discarded import had: those at the tail are free again, the others stay reserved for the
    same GlobalIds (nobody has seen them, so a later import of this model may show them for the first time).
    """
    theirs = and_(twin_object.c.model_id == model_id, twin_object.c.first_revision == number)
    with database.read() as connection:
        given = np.sort(_ids(connection, theirs, twin_object.c.state_index)).tolist()
    for piece in Pace(_FIRST_PIECE).pieces(given):
        with database.write() as connection:
            connection.execute(
                update(twin_object).where(twin_object.c.state_index.in_(piece)).values(first_revision=None)
            )
    free_tail(database)


def free_tail(database: Database) -> None:
    """Delete identities at the upper end that nobody has ever seen, and count on from there."""
    pace = Pace(_FIRST_PIECE)
    while True:
        with database.read() as connection:
            tail = _unseen_tail(connection)
        if not tail:
            return
        for piece in pace.pieces(tail):
            with database.write() as connection:
                if not _is_unseen_tail(connection, piece):
                    break  # another import has taken numbers above, or one of these
                connection.execute(delete(twin_object).where(twin_object.c.state_index.in_(piece)))
                counters.give_back(connection, "state_index", piece[-1])


def _is_unseen_tail(connection: Connection, indexes: Sequence[int]) -> bool:
    unseen = and_(twin_object.c.state_index.in_(indexes), twin_object.c.first_revision.is_(None))
    counted = connection.execute(select(func.count()).select_from(twin_object).where(unseen)).scalar()
    return counted == len(indexes) and counters.peek(connection, "state_index") == indexes[0] + 1


def _unseen_tail(connection: Connection) -> Sequence[int]:
    """State indexes of never published objects above all others, the highest first."""
    unseen = twin_object.c.first_revision.is_(None)
    highest = (
        select(twin_object.c.state_index).where(~unseen).order_by(twin_object.c.state_index.desc()).limit(1)
    )
    above = connection.execute(highest).scalar()
    tail = select(twin_object.c.state_index).where(
        twin_object.c.state_index > (-1 if above is None else above)
    )
    return list(connection.execute(tail.order_by(twin_object.c.state_index.desc())).scalars())
