"""Objects of a revision that is being filled: prepared outside the lock, written in transactions of some 20 ms."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin.objects import Attributes, SourceObject
from twin.store.database import Database
from twin.store.identities import Identities, StagedHere, check_staged, out_of_order
from twin.store.ids import compose
from twin.store.ordering import OrderWriter
from twin.store.pace import Pace
from twin.store.properties import COLLECTED, PreparedSet, PropertyWriter, prepare
from twin.store.schema import (
    NO_PARENT,
    object_attributes,
    object_property_set,
    object_version,
)
from twin.store.texts import search_text, sort_key

FIRST_PIECE = 128
"""Objects of an import's first transaction; the pace is learnt from there (128 with 40 new properties each: 25 ms)."""

_encoder = msgspec.json.Encoder()
_NOTHING = _encoder.encode(Attributes())


class _Prepared(NamedTuple):
    """One object, as far as it can be encoded without the database."""

    item: SourceObject
    digests: tuple[bytes, ...]
    attributes: str | None
    sort_key: str
    search: str


class ObjectStager:
    """Stages the objects of one revision; remembers classes, properties and pace between batches."""

    def __init__(self, database: Database, here: StagedHere) -> None:
        self._database = database
        self._here = here
        self._pace = Pace(FIRST_PIECE)
        self._properties = PropertyWriter(database, here.current_id)
        self._identities = Identities(database, here)
        self._order = OrderWriter(database)
        self._next = 0
        self._last = ""

    def stage(self, objects: Sequence[SourceObject]) -> NDArray[np.uint32]:
        """Stage a batch; returns state indexes in its order."""
        self._check_order(objects)
        sets: dict[bytes, PreparedSet] = {}
        ready = [_prepare(item, sets) for item in objects]
        given: list[int] = []
        for piece in self._pace.pieces(ready):
            given.extend(self._write(piece, sets))
            self._next += len(piece)
        self._properties.flush(COLLECTED)
        return np.array(given, dtype=np.uint32)

    def finish(self) -> None:
        """Write what was held back for a larger batch; to be called before the revision is published."""
        self._properties.flush()
        self._order.flush()

    def _check_order(self, objects: Sequence[SourceObject]) -> None:
        for place, item in enumerate(objects, self._next):
            if item.ordinal != place or item.global_id <= self._last:
                raise out_of_order(place, item.ordinal, item.global_id)
            self._last = item.global_id

    def _write(self, piece: Sequence[_Prepared], sets: dict[bytes, PreparedSet]) -> list[int]:
        try:
            with self._database.write() as connection:
                check_staged(connection, self._here)
                indexes = self._insert(connection, piece, sets)
        except BaseException:
            self._properties.undone()
            self._identities.classes.clear()
            raise
        self._properties.committed()
        base = compose(self._here.id, 0)
        self._order.collect(
            (_parent(base, one.item) for one in piece),
            (one.sort_key for one in piece),
            (base + one.item.ordinal for one in piece),
        )
        return indexes

    def _insert(
        self, connection: Connection, piece: Sequence[_Prepared], sets: dict[bytes, PreparedSet]
    ) -> list[int]:
        insert_rows = self._database.dialect.insert_rows
        indexes = self._identities.of(connection, [one.item.global_id for one in piece])
        self._identities.learn_classes(connection, {one.item.class_ for one in piece})
        ids = self._properties.write(connection, {d: sets[d] for one in piece for d in one.digests})
        base = compose(self._here.id, 0)
        rows = [self._version(base, one, index) for one, index in zip(piece, indexes, strict=True)]
        insert_rows(connection, object_version, rows)
        insert_rows(
            connection,
            object_attributes,
            [(base + one.item.ordinal, one.attributes) for one in piece if one.attributes is not None],
        )
        insert_rows(
            connection,
            object_property_set,
            [(base + one.item.ordinal, at, ids[d]) for one in piece for at, d in enumerate(one.digests)],
        )
        return indexes

    def _version(self, base: int, one: _Prepared, state_index: int) -> tuple[object, ...]:
        item = one.item
        return (
            base + item.ordinal,
            state_index,
            self._identities.classes[item.class_],
            _parent(base, item),
            None if item.storey is None else base + item.storey,
            item.discipline,
            item.hidden,
            item.product,
            item.name,
            one.sort_key,
            one.search,
        )


def _parent(base: int, item: SourceObject) -> int:
    return base + (NO_PARENT if item.parent is None else item.parent)


def _prepare(item: SourceObject, sets: dict[bytes, PreparedSet]) -> _Prepared:
    digests = tuple(
        prepare(name, properties, sets) for name, properties in item.attributes.properties.items()
    )
    plain = _encoder.encode(msgspec.structs.replace(item.attributes, properties={}))
    return _Prepared(
        item,
        digests,
        None if plain == _NOTHING else plain.decode(),
        sort_key(item),
        search_text(item),
    )
