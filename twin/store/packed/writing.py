"""Staging a table: columns are prepared as columns, rows are made of them by zip, properties are written as blocks."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, update

from twin.store.database import Database
from twin.store.identities import Identities, StagedHere, check_staged, out_of_order
from twin.store.ids import compose
from twin.store.ordering import OrderWriter
from twin.store.pace import Pace
from twin.store.packed.columns import attributes_at
from twin.store.packed.properties import ColumnWriter, prepare
from twin.store.schema import NO_PARENT, object_version, revision
from twin.store.texts import search_texts, sort_keys
from twin.tables import NO_ORDINAL, ObjectTable

FIRST_PIECE = 512
"""Objects of an import's first transaction; the pace is learnt from there (512: 6 ms)."""

_T = TypeVar("_T")


class _Rows(NamedTuple):
    """Columns of `object_version`, as far as they are known without the database."""

    ids: range
    classes: NDArray[np.unsignedinteger]
    parents: list[int]
    storeys: Sequence[int | None]
    disciplines: list[str]
    hidden: list[bool]
    products: list[bool]
    names: list[str]
    sort_keys: Sequence[str]
    searches: Sequence[str]


class TableStager:
    """Stages the objects of one revision from tables; remembers classes, properties and pace between them."""

    def __init__(self, database: Database, here: StagedHere) -> None:
        self._database = database
        self._here = here
        self._pace = Pace(FIRST_PIECE)
        self._naming = Pace(FIRST_PIECE)
        self._identities = Identities(database, here)
        self._columns = ColumnWriter(database, compose(here.id, 0))
        self._order = OrderWriter(database)
        self._packed = here.packed
        self._named: deque[NDArray[np.uint32]] = deque()
        self._named_to = self._next = 0
        self._last = ""

    def name(self, table: ObjectTable) -> NDArray[np.uint32]:
        """Give the objects of a table their state indexes; returns them in its order."""
        global_ids = table.global_ids.tolist()
        self._check_order(table.first, global_ids)
        given: list[int] = []
        for piece in self._naming.pieces(global_ids):
            given.extend(self._written(partial(self._identities.of, global_ids=piece)))
        self._named_to += len(table)
        self._named.append(np.array(given, dtype=np.uint32))
        return self._named[-1]

    def stage(self, table: ObjectTable) -> NDArray[np.uint32]:
        """Stage a table, named before or now; returns state indexes in its order."""
        if not self._named:
            self.name(table)
        indexes = self._named.popleft()
        if table.first != self._next or len(indexes) != len(table):
            raise out_of_order(self._next, table.first, "another table than was named")
        rows = _rows(table, compose(self._here.id, 0))
        columns = prepare(table)
        given = indexes.tolist()
        for piece in self._pace.pieces(range(len(table))):
            self._written(partial(self._insert, table, rows, given, slice(piece[0], piece[-1] + 1)))
        for some in self._columns.pieces(columns):
            self._written(partial(self._columns.write, some))
        self._order.collect(rows.parents, rows.sort_keys, rows.ids)
        self._next += len(table)
        return indexes

    def finish(self) -> None:
        """Write what was held back; to be called when all tables are staged. A second call does nothing."""
        self._order.flush()

    def _check_order(self, first: int, global_ids: Sequence[str]) -> None:
        if not global_ids:
            return
        if first != self._named_to or global_ids[0] <= self._last:
            raise out_of_order(self._named_to, first, global_ids[0])
        for place, (before, after) in enumerate(pairwise(global_ids), first + 1):
            if after <= before:
                raise out_of_order(place, place, after)
        self._last = global_ids[-1]

    def _written(self, body: Callable[[Connection], _T]) -> _T:
        """What `body` returns, run in a transaction; what it learnt is forgotten if that is undone."""
        try:
            with self._database.write() as connection:
                check_staged(connection, self._here)
                if not self._packed:
                    this = revision.c.id == self._here.id
                    connection.execute(update(revision).where(this).values(packed=True))
                given = body(connection)
        except BaseException:
            self._identities.classes.clear()
            self._columns.forget()
            raise
        self._packed = True
        return given

    def _insert(
        self, table: ObjectTable, rows: _Rows, given: Sequence[int], piece: slice, connection: Connection
    ) -> None:
        self._identities.learn_classes(connection, table.classes.vocabulary)
        known = np.array([self._identities.classes[name] for name in table.classes.vocabulary], np.int64)
        classes = known[rows.classes[piece]].tolist()
        columns = (rows.ids[piece], given[piece], classes, *(column[piece] for column in rows[2:]))
        self._database.dialect.insert_columns(connection, object_version, columns)


def _rows(table: ObjectTable, base: int) -> _Rows:
    names, storeys = table.names.tolist(), table.storeys
    held = (storeys + base).tolist()
    nowhere = storeys == NO_ORDINAL
    return _Rows(
        ids=range(base + table.first, base + table.first + len(table)),
        classes=table.classes.codes,
        parents=(np.where(table.parents == NO_ORDINAL, NO_PARENT, table.parents) + base).tolist(),
        storeys=[None] * len(table)
        if nowhere.all()
        else [None if no else place for no, place in zip(nowhere.tolist(), held, strict=True)],
        disciplines=table.disciplines.tolist(),
        hidden=table.hidden.tolist(),
        products=table.products.tolist(),
        names=names,
        sort_keys=sort_keys(table.classes, names, lambda row: attributes_at(table.properties, row)),
        searches=search_texts(names),
    )
