"""State indexes of GlobalIds and ids of classes, as the objects of a revision are staged."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from twin.errors import Conflict
from twin.store import counters, leases
from twin.store.database import Database
from twin.store.schema import class_name, revision, twin_object


class StagedHere(NamedTuple):
    """What identifies a staged revision inside the store."""

    id: int
    model_id: int
    number: int
    placement_id: int
    current_id: int | None
    """Revision that the model shows meanwhile."""
    packed: bool
    """Staged as tables, so far."""


def check_staged(connection: Connection, here: StagedHere) -> None:
    """Raise Conflict unless the revision is still staged and this process still holds its model."""
    status = connection.execute(_status, {"id": here.id}).scalar()
    if status != "staged":
        raise Conflict(
            f"Revision {here.number} is no longer staged ({status or 'discarded'}); import the source again."
        )
    if not leases.is_ours(connection, leases.model_lease(here.model_id)):
        raise Conflict(
            "Another process took over the import of this model; let it finish, or import again after it."
        )


_status = select(revision.c.status).where(revision.c.id == bindparam("id"))

_between = select(twin_object.c.global_id, twin_object.c.state_index, twin_object.c.first_revision).where(
    twin_object.c.model_id == bindparam("model_id"),
    # Not BETWEEN: SQLAlchemy's cast of its parameters, with a collation, is a syntax error for PostgreSQL.
    twin_object.c.global_id >= bindparam("first"),
    twin_object.c.global_id <= bindparam("last"),
)


def out_of_order(due: int, ordinal: int, global_id: str) -> Conflict:
    """Ids follow from ordinals and pages from the order of GlobalIds, so both must be what they are said to be."""
    return Conflict(
        f"Objects must be staged in the order of their GlobalIds, numbered from 0: {due} was due, "
        f"{ordinal} ({global_id!r}) came. This is a mistake of the importer: report it with the file."
    )


class Identities:
    """Gives numbers to what one revision names; remembers classes."""

    def __init__(self, database: Database, here: StagedHere) -> None:
        self._database = database
        self._here = here
        self.classes: dict[str, int] = {}
        """Ids of classes by name, as far as they were learnt."""

    def of(self, connection: Connection, global_ids: Sequence[str]) -> list[int]:
        """State indexes of these objects, which are in order: those they have, or the next ones in this order."""
        known, reserved = self._known(connection, global_ids)
        if reserved:
            connection.execute(
                update(twin_object)
                .where(twin_object.c.state_index.in_(reserved))
                .values(first_revision=self._here.number)
            )
        new = [global_id for global_id in global_ids if global_id not in known] if known else global_ids
        if new:
            first = counters.take(connection, "state_index", len(new))
            indexes = range(first, first + len(new))
            self._insert(connection, new, indexes)
            if not known:
                return list(indexes)
            known.update(zip(new, indexes, strict=True))
        return [known[global_id] for global_id in global_ids]

    def _insert(self, connection: Connection, global_ids: Sequence[str], indexes: Sequence[int]) -> None:
        count = len(global_ids)
        columns = (
            indexes,
            [self._here.model_id] * count,
            global_ids,
            [self._here.number] * count,
            [None] * count,
        )
        self._database.dialect.insert_columns(connection, twin_object, columns)

    def _known(self, connection: Connection, global_ids: Sequence[str]) -> tuple[dict[str, int], list[int]]:
        """Indexes that these objects and others between them have, and which of theirs only discarded imports have known so far.

        A range, because a piece is one in the order of GlobalIds, and a list of hundreds takes longer to bind.
        """
        asked = {"model_id": self._here.model_id, "first": global_ids[0], "last": global_ids[-1]}
        result = connection.execute(_between, asked)
        # From the driver's cursor: of rows that are kept there are so many that a collection of garbage comes, of 60 ms.
        cursor: Any = result.cursor
        known: dict[str, int] = {}
        unused: dict[str, int] = {}
        for name, index, first in cursor:
            known[name] = index
            if first is None:
                unused[name] = index
        result.close()
        return known, [unused[name] for name in global_ids if name in unused] if unused else []

    def learn_classes(self, connection: Connection, names: Iterable[str]) -> None:
        """Enter classes, so that `classes` has them; to be undone by clearing it if the transaction is."""
        unknown = sorted(name for name in set(names) if name not in self.classes)
        if not unknown:
            return
        self._database.dialect.insert_missing(
            connection, class_name, ("name",), [(name,) for name in unknown]
        )
        found = connection.execute(
            select(class_name.c.name, class_name.c.id).where(class_name.c.name.in_(unknown))
        )
        self.classes.update((name, identifier) for name, identifier in found)
