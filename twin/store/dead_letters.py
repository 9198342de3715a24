"""Messages that became no reading, the newest of them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from twin.ports import Rejected
from twin.store import counters
from twin.store.database import Database
from twin.store.schema_live import dead_letter

PAYLOAD_BYTES = 4096
KEPT = 10_000
"""At 4 KiB each 40 MB at most."""

EARLIEST_US, LATEST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds since 1970 of the first and the last instant that can be written (years 1 to 9999)."""

TEXT_LENGTH = 1000
"""Characters of a topic or detail; MQTT topics may have 65,535 bytes."""


def rows(rejected: Sequence[Rejected]) -> list[tuple[object, ...]]:
    """Columns of the newest of these, without their ids. A time that nobody can write becomes the farthest that can be: a letter is kept
    whatever is wrong with it.
    """
    return [
        (
            _text(one.reason),
            _text(one.detail),
            _text(one.topic),
            one.payload[:PAYLOAD_BYTES],
            min(max(one.received_at, EARLIEST_US), LATEST_US),
        )
        for one in rejected[-KEPT:]
    ]


def _text(text: str) -> str:
    """What every engine can keep: no half of a surrogate pair, no NUL."""
    return text[:TEXT_LENGTH].encode(errors="backslashreplace").decode().replace("\0", "\\0")


def write(database: Database, connection: Connection, letters: Sequence[tuple[object, ...]]) -> None:
    """Write them, in the caller's transaction; the oldest go."""
    if not letters:
        return
    first = counters.take(connection, "dead_letter", len(letters))
    database.dialect.insert_rows(
        connection, dead_letter, [(first + place, *letter) for place, letter in enumerate(letters)]
    )
    connection.execute(delete(dead_letter).where(dead_letter.c.id < first + len(letters) - KEPT))


def rejected(database: Database, *, limit: int) -> list[Rejected]:
    """See `twin.ports.StateReader.rejected`."""
    newest = select(dead_letter).order_by(dead_letter.c.id.desc()).limit(limit)
    with database.read() as connection:
        found = connection.execute(newest).all()
    return [
        Rejected(
            reason=row.reason,
            detail=row.detail,
            topic=row.topic,
            payload=row.payload,
            received_at=row.received_at,
        )
        for row in found
    ]
