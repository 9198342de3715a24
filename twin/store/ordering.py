"""The order of children for people: collected while a revision is staged, written sorted when it is complete.

Names come in the order of GlobalIds, so each would land on a page of its own (measured: 4 kB of log an object).
"""

from collections.abc import Iterable

import numpy as np
from sqlalchemy import bindparam, delete, select, tuple_

from twin.store.database import Database
from twin.store.ids import id_range
from twin.store.pace import Pace
from twin.store.schema import object_order

_FIRST_PIECE = 2_000
"""Rows of the first transaction (measured: 2,000 sorted ones take 4 ms)."""


class OrderWriter:
    """Collects the places of one revision's objects in the tree."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parents: list[int] = []
        self._keys: list[str] = []
        self._ids: list[int] = []

    def collect(self, parents: Iterable[int], keys: Iterable[str], ids: Iterable[int]) -> None:
        """Objects that are staged: id of the parent, sort key, id."""
        self._parents.extend(parents)
        self._keys.extend(keys)
        self._ids.extend(ids)

    def flush(self) -> None:
        """Write all that was collected."""
        columns = self._sorted()
        for piece in Pace(_FIRST_PIECE).pieces(range(len(self._keys))):
            part = slice(piece[0], piece[-1] + 1)
            with self._database.write() as connection:
                self._database.dialect.insert_columns(
                    connection, object_order, [each[part] for each in columns]
                )
        self._parents, self._keys, self._ids = [], [], []

    def _sorted(self) -> tuple[list[int], list[str], list[int]]:
        """By parent, key and id. Ids come ascending, so that two stable sorts do: a third of the time of sorting tuples."""
        parents = np.array(self._parents, dtype=np.int64)
        order = np.array(sorted(range(len(self._keys)), key=self._keys.__getitem__), dtype=np.int64)
        order = order[np.argsort(parents[order], kind="stable")]
        ids = np.array(self._ids, dtype=np.int64)[order].tolist()
        return parents[order].tolist(), [self._keys[row] for row in order.tolist()], ids


_place = tuple_(object_order.c.parent_id, object_order.c.sort_key, object_order.c.id)
_between = delete(object_order).where(
    _place >= tuple_(bindparam("parent"), bindparam("key"), bindparam("id")),
    _place <= tuple_(bindparam("last_parent"), bindparam("last_key"), bindparam("last_id")),
)


def erase(database: Database, revision_id: int) -> None:
    """Delete the order of a revision that nobody sees, in short transactions."""
    first, last = id_range(revision_id)
    with database.read() as connection:
        theirs = select(object_order).where(object_order.c.parent_id.between(first, last))
        rows = connection.execute(theirs.order_by(*object_order.primary_key.columns)).all()
    for piece in Pace(_FIRST_PIECE).pieces(rows):
        start, end = piece[0], piece[-1]
        ends = {"parent": start[0], "key": start[1], "id": start[2]}
        ends |= {"last_parent": end[0], "last_key": end[1], "last_id": end[2]}
        with database.write() as connection:
            connection.execute(_between, ends)
