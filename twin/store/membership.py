"""Which objects the twin had at an instant: those of the revisions that were current then.

The change log says which revision of a model was current when. Before the first one, its first one counts: readings are often
older than the model that they are bound to.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from twin.events import ChangeKind
from twin.store.ids import id_range
from twin.store.schema import change, model, object_version, revision, twin_object

_KINDS = [
    ChangeKind.REVISION_PUBLISHED.value,
    ChangeKind.REVISION_ROLLED_BACK.value,
    ChangeKind.MODEL_REMOVED.value,
]
_models = select(model.c.id, model.c.key, model.c.current_revision_id)
_history = (
    select(change.c.model, change.c.revision, change.c.at)
    .where(change.c.kind.in_(_KINDS))
    .order_by(change.c.seq)
)


class _Then(NamedTuple):
    """A model at an instant: the revision's number, None where the model was removed; `current`: it is so now, too."""

    model_id: int
    number: int | None
    removed_now: bool
    current: bool


def absent(connection: Connection, at: int) -> NDArray[np.int64]:
    """State indexes of objects that were not there at `at`, ascending, each once."""
    rows = connection.execute(select(revision.c.id, revision.c.number)).all()
    numbers = {row.id: row.number for row in rows}
    then = _then(connection, at, numbers)
    parts = [_indexes(connection, and_(_is_gone(_number_now), *_of(then, current=True)))]
    parts += [_not_then(connection, one) for one in then if not one.current]
    return np.unique(np.concatenate(parts))


def _then(connection: Connection, at: int, numbers: dict[int, int]) -> list[_Then]:
    first: dict[str, int] = {}
    last: dict[str, int | None] = {}
    for key, number, changed_at in connection.execute(_history):
        if number is not None:
            first.setdefault(key, number)
        if changed_at <= at:
            last[key] = number
    found = []
    for model_id, key, revision_id in connection.execute(_models):
        number = last[key] if key in last else first.get(key)
        now = None if revision_id is None else numbers[revision_id]
        found.append(_Then(model_id, number, revision_id is None, number == now))
    return found


_number_now = revision.c.number


def _is_gone(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Of a current revision: lost since, or not in it yet."""
    identity = twin_object.c
    return or_(
        number.is_(None),
        identity.retired_revision.is_not(None),
        identity.first_revision.is_(None),
        identity.first_revision > number,
    )


def _of(then: Sequence[_Then], *, current: bool) -> list[ColumnElement[bool]]:
    others = [one.model_id for one in then if one.current is not current]
    return [twin_object.c.model_id.not_in(others)] if others else []


def _indexes(connection: Connection, condition: ColumnElement[bool]) -> NDArray[np.int64]:
    found = (
        select(twin_object.c.state_index)
        .join(model, model.c.id == twin_object.c.model_id)
        .join(revision, revision.c.id == model.c.current_revision_id, isouter=True)
        .where(condition)
    )
    return np.array(connection.execute(found).scalars().all(), np.int64)


def _not_then(connection: Connection, then: _Then) -> NDArray[np.int64]:
    """Objects of a model that another revision had then than now has. Of one whose objects are deleted by now, what identities
    tell counts: since when an object is known, and when it was lost for good.
    """
    mine = twin_object.c.model_id == then.model_id
    if then.number is None:
        return _indexes(connection, mine)
    row = connection.execute(
        select(revision.c.id, revision.c.emptied).where(
            revision.c.model_id == then.model_id, revision.c.number == then.number
        )
    ).one()
    if not row.emptied:
        first, last = id_range(row.id)
        there = select(object_version.c.state_index).where(object_version.c.id.between(first, last))
        held = np.array(connection.execute(there).scalars().all(), np.int64)
        return np.setdiff1d(_indexes(connection, mine), held)
    identity, number = twin_object.c, then.number
    lost = identity.retired_revision < number if then.removed_now else identity.retired_revision <= number
    return _indexes(
        connection, and_(mine, or_(identity.first_revision.is_(None), identity.first_revision > number, lost))
    )
