"""Objects of a revision that is being filled: prepared outside the lock, written in transactions of some 20 ms."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select, update

from twin.errors import Conflict
from twin.objects import Attributes, SourceObject
from twin.store import counters, leases
from twin.store.database import Database
from twin.store.ids import compose
from twin.store.pace import Pace
from twin.store.properties import COLLECTED, PreparedSet, PropertyWriter, prepare
from twin.store.schema import (
    NO_PARENT,
    class_name,
    object_attributes,
    object_property_set,
    object_version,
    revision,
    twin_object,
)
from twin.store.texts import search_text, sort_key

FIRST_PIECE = 128
"""Objects of an import's first transaction; the pace is learnt from there (128 with 40 new properties each: 25 ms)."""

_encoder = msgspec.json.Encoder()
_NOTHING = _encoder.encode(Attributes())


_identities_between = select(
    twin_object.c.global_id, twin_object.c.state_index, twin_object.c.first_revision
).where(
    twin_object.c.model_id == bindparam("model_id"),
    # Not BETWEEN: SQLAlchemy's cast of its parameters, with a collation, is a syntax error for PostgreSQL.
    twin_object.c.global_id >= bindparam("first"),
    twin_object.c.global_id <= bindparam("last"),
)


class _Prepared(NamedTuple):
    """One object, as far as it can be encoded without the database."""

    item: SourceObject
    digests: tuple[bytes, ...]
    attributes: str | None
    sort_key: str
    search: str


class StagedHere(NamedTuple):
    """What identifies a staged revision inside the store."""

    id: int
    model_id: int
    number: int
    placement_id: int
    current_id: int | None
    """Revision that the model shows meanwhile."""


class ObjectStager:
    """Stages the objects of one revision; remembers classes, properties and pace between batches."""

    def __init__(self, database: Database, here: StagedHere) -> None:
        self._database = database
        self._here = here
        self._pace = Pace(FIRST_PIECE)
        self._properties = PropertyWriter(database, here.current_id)
        self._classes: dict[str, int] = {}
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

    def _check_order(self, objects: Sequence[SourceObject]) -> None:
        """Ids follow from ordinals and pages from the order of GlobalIds, so both must be what they are said to be."""
        for place, item in enumerate(objects, self._next):
            if item.ordinal != place or item.global_id <= self._last:
                raise Conflict(
                    f"Objects must be staged in the order of their GlobalIds, numbered from 0: {place} was due, "
                    f"{item.ordinal} ({item.global_id!r}) came. This is a mistake of the importer: report it with the file."
                )
            self._last = item.global_id

    def _write(self, piece: Sequence[_Prepared], sets: dict[bytes, PreparedSet]) -> list[int]:
        try:
            with self._database.write() as connection:
                check_staged(connection, self._here)
                indexes = self._insert(connection, piece, sets)
        except BaseException:
            self._properties.undone()
            self._classes.clear()
            raise
        self._properties.committed()
        return indexes

    def _insert(
        self, connection: Connection, piece: Sequence[_Prepared], sets: dict[bytes, PreparedSet]
    ) -> list[int]:
        insert_rows = self._database.dialect.insert_rows
        indexes = self._identities(connection, [one.item.global_id for one in piece])
        self._learn_classes(connection, {one.item.class_ for one in piece})
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
            self._classes[item.class_],
            base + (NO_PARENT if item.parent is None else item.parent),
            None if item.storey is None else base + item.storey,
            item.discipline,
            item.hidden,
            item.product,
            item.name,
            one.sort_key,
            one.search,
        )

    def _identities(self, connection: Connection, global_ids: Sequence[str]) -> list[int]:
        """State indexes of these objects: those they have, or the next ones in this order."""
        known, reserved = self._known(connection, global_ids)
        if reserved:
            connection.execute(
                update(twin_object)
                .where(twin_object.c.state_index.in_(reserved))
                .values(first_revision=self._here.number)
            )
        new = [global_id for global_id in global_ids if global_id not in known]
        if new:
            first = counters.take(connection, "state_index", len(new))
            known.update(zip(new, range(first, first + len(new)), strict=True))
            rows = [(known[g], self._here.model_id, g, self._here.number, None) for g in new]
            self._database.dialect.insert_rows(connection, twin_object, rows)
        return [known[global_id] for global_id in global_ids]

    def _known(self, connection: Connection, global_ids: Sequence[str]) -> tuple[dict[str, int], list[int]]:
        """Indexes that these objects have, and which of those only discarded imports have known so far.

        A range, because a piece is one in the order of GlobalIds, and a list of hundreds takes longer to bind.
        """
        known = {"model_id": self._here.model_id, "first": global_ids[0], "last": global_ids[-1]}
        wanted = set(global_ids)
        found = [row for row in connection.execute(_identities_between, known) if row.global_id in wanted]
        reserved = [row.state_index for row in found if row.first_revision is None]
        return {row.global_id: row.state_index for row in found}, reserved

    def _learn_classes(self, connection: Connection, names: set[str]) -> None:
        unknown = sorted(name for name in names if name not in self._classes)
        if not unknown:
            return
        self._database.dialect.insert_missing(
            connection, class_name, ("name",), [(name,) for name in unknown]
        )
        found = connection.execute(
            select(class_name.c.name, class_name.c.id).where(class_name.c.name.in_(unknown))
        )
        self._classes.update((name, identifier) for name, identifier in found)


def check_staged(connection: Connection, here: StagedHere) -> None:
    """Raise Conflict unless the revision is still staged and this process still holds its model."""
    status = connection.execute(select(revision.c.status).where(revision.c.id == here.id)).scalar()
    if status != "staged":
        raise Conflict(
            f"Revision {here.number} is no longer staged ({status or 'discarded'}); import the source again."
        )
    if not leases.is_ours(connection, leases.model_lease(here.model_id)):
        raise Conflict(
            "Another process took over the import of this model; let it finish, or import again after it."
        )


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
