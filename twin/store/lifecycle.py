"""The life of a revision, as a table, and the rows that only its steps write."""

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select, update

from twin.errors import Conflict, NotFound
from twin.events import Change, ChangeKind, Payload
from twin.objects import RevisionStatus
from twin.store import counters
from twin.store.codec import to_json
from twin.store.schema import change, model, placement, revision
from twin.times import from_microseconds

NEXT: Mapping[RevisionStatus, frozenset[RevisionStatus]] = {
    "staged": frozenset({"published", "discarded"}),
    "published": frozenset({"superseded"}),
    "superseded": frozenset({"published"}),
    "discarded": frozenset(),
}
"""What a revision may become. `superseded → published` is a roll-back."""


def step(connection: Connection, revision_id: int, to: RevisionStatus) -> None:
    """Give a revision its next status; raises Conflict if the table has no such step."""
    row = connection.execute(select(revision.c.status).where(revision.c.id == revision_id)).one_or_none()
    status: RevisionStatus = "discarded" if row is None else row.status
    if to not in NEXT[status]:
        raise Conflict(
            f"A revision that is {status} cannot become {to}; look at the model's revisions and try again."
        )
    connection.execute(update(revision).where(revision.c.id == revision_id).values(status=to))


def model_id_of(connection: Connection, key: str, *, current: bool = True) -> tuple[int, int]:
    """Ids of a model and of its current revision; raises NotFound. `current=False`: also of one that shows nothing (id 0)."""
    found = connection.execute(
        select(model.c.id, model.c.current_revision_id).where(model.c.key == key)
    ).one_or_none()
    if found is None or (current and found[1] is None):
        raise NotFound("model", key)
    return found[0], found[1] or 0


def write_change(
    connection: Connection, kind: ChangeKind, *, key: str, now: int, revision_id: int | None = None
) -> Change:
    """Write a row of the change log about what is current now (`revision_id`; None: nothing any more).

    Always the last step of its transaction, so that the numbers follow the order of the commits.
    """
    number, payload = (None, {}) if revision_id is None else _shown(connection, revision_id)
    seq = counters.take(connection, "change") + 1
    connection.execute(
        insert(change).values(
            seq=seq, kind=kind, model=key, revision=number, payload=to_json(payload), at=now
        )
    )
    return Change(seq=seq, kind=kind, model=key, revision=number, payload=payload, at=from_microseconds(now))


def _shown(connection: Connection, revision_id: int) -> tuple[int, Payload]:
    row = connection.execute(
        select(revision.c.number, revision.c.objects, placement.c.tileset)
        .join(placement, placement.c.id == revision.c.placement_id)
        .where(revision.c.id == revision_id)
    ).one()
    return row.number, {"objects": row.objects, "tileset": row.tileset}
