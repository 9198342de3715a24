"""Which objects a model loses and which return when another of its revisions becomes the current one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, update

from twin.store.ids import id_range, integers
from twin.store.pace import lists
from twin.store.schema import model, object_version, twin_object


class Retirement(NamedTuple):
    """State indexes of objects that are lost and of those that return."""

    lost: Sequence[int]
    returned: Sequence[int]


def retirement(connection: Connection, model_id: int, revision_id: int) -> Retirement:
    """What changes if `revision_id` becomes current."""
    current = connection.execute(select(model.c.current_revision_id).where(model.c.id == model_id)).scalar()
    retired = select(twin_object.c.state_index).where(
        twin_object.c.model_id == model_id, twin_object.c.retired_revision.is_not(None)
    )
    away = integers(connection.execute(retired))
    if current is None and not len(away):
        return Retirement((), ())
    new = _indexes(connection, revision_id)
    old = _indexes(connection, current) if current is not None else np.empty(0, np.int64)
    return Retirement(np.setdiff1d(old, new).tolist(), np.intersect1d(away, new).tolist())


def _indexes(connection: Connection, revision_id: int) -> NDArray[np.int64]:
    first, last = id_range(revision_id)
    found = select(object_version.c.state_index).where(object_version.c.id.between(first, last))
    return integers(connection.execute(found))


def retire(connection: Connection, gone: Retirement, number: int) -> None:
    """Mark the lost ones as retired by revision `number`, and the returned ones as there."""
    for indexes, value in ((gone.lost, number), (gone.returned, None)):
        for piece in lists(indexes):
            connection.execute(
                update(twin_object).where(twin_object.c.state_index.in_(piece)).values(retired_revision=value)
            )
