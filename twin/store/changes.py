"""Reading the change log."""

import msgspec
from sqlalchemy import select

from twin.events import Change, ChangeKind, Payload
from twin.store import counters
from twin.store.database import Database
from twin.store.schema import change
from twin.times import from_microseconds

_payloads = msgspec.json.Decoder(Payload)


def changes(database: Database, after: int, *, limit: int) -> list[Change]:
    """See `twin.ports.ChangeReader.changes`."""
    statement = select(change).where(change.c.seq > after).order_by(change.c.seq).limit(limit)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        Change(
            seq=row.seq,
            kind=ChangeKind(row.kind),
            model=row.model,
            revision=row.revision,
            payload=_payloads.decode(row.payload),
            at=from_microseconds(row.at),
        )
        for row in rows
    ]


def last_change(database: Database) -> int:
    """See `twin.ports.ChangeReader.last_change`."""
    with database.read() as connection:
        return counters.peek(connection, "change")
