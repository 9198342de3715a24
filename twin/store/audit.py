"""The audit: entries are noted while a transaction is written, and bound to the chain as its last step.

The last step, because a chain has one end: whoever adds to it holds a row of `counter` until the commit, and must not take another
lock after that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec.structs import replace
from sqlalchemy import Connection, Row, select

from twin.access import AuditRecord, Entry
from twin.auditing import FIRST, mac_of
from twin.queries import Page, checked_limit
from twin.store import counters, direct
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.dialect import Dialect
from twin.store.schema_access import audit

COUNTER = "audit"
"""Counter: entries that were written."""

_NOTED = "twin.audit"
_PART = 1_000

_acting: ContextVar[tuple[list[Entry], ...]] = ContextVar("acting", default=())


@contextmanager
def acting(entry: Entry) -> Iterator[None]:
    """See `twin.ports.access.AuditKeeper.acting`. The list is one for all threads that a context is copied to."""
    token = _acting.set((*_acting.get(), [entry]))
    try:
        yield
    finally:
        _acting.reset(token)


def acts() -> tuple[list[Entry], ...]:
    """Who acts in this thread: lists that are emptied once they are entered."""
    return _acting.get()


def note(connection: Connection, *entries: Entry) -> None:
    """Enter something into the audit with the transaction of this connection."""
    connection.info.setdefault(_NOTED, []).extend(entries)


def forget(connection: Connection) -> None:
    """Nothing has been noted: for the beginning of a transaction, after one that was undone."""
    connection.info.pop(_NOTED, None)


def flush(dialect: Dialect, connection: Connection, key: bytes | None, now: int) -> None:
    """Bind to the chain what was noted, and who acts; without a key nothing is kept."""
    noted: list[Entry] = connection.info.pop(_NOTED, [])
    active = [act for act in acts() if act]
    entries = [_kept(entry) for entry in (*(entry for act in active for entry in act), *noted)]
    if key is None or not entries:
        return
    first = counters.take(connection, COUNTER, len(entries)) + 1
    before = direct.run(connection, _newest).fetchone()
    rows, mac = [], FIRST if before is None else bytes(before[0])
    for seq, entry in enumerate(entries, first):
        mac = mac_of(key, mac, seq, now, entry)
        rows.append((seq, now, entry.who, entry.action, entry.target, entry.detail, entry.origin, mac))
    dialect.insert_rows(connection, audit, rows)
    for act in active:
        act.clear()


def _kept(entry: Entry) -> Entry:
    """As every engine keeps it: what is bound to the chain is what is read later."""
    changed = {
        name: text.replace("\0", "\ufffd")
        for name in Entry.__struct_fields__
        if "\0" in (text := getattr(entry, name))
    }
    return replace(entry, **changed) if changed else entry


_newest = direct.text("SELECT mac FROM audit ORDER BY seq DESC LIMIT 1")


def _record(row: Row[tuple[object, ...]]) -> AuditRecord:
    entry = Entry(who=row.who, action=row.action, target=row.target, detail=row.detail, origin=row.origin)
    return AuditRecord(seq=row.seq, at=row.at, entry=entry, mac=bytes(row.mac))


def page(connection: Connection, *, limit: int, cursor: str | None) -> Page[AuditRecord]:
    """See `twin.ports.access.AuditKeeper.audit`."""
    statement = select(audit).order_by(audit.c.seq.desc()).limit(checked_limit(limit) + 1)
    if cursor is not None:
        (last,) = decode_cursor(cursor, tuple[int])
        statement = statement.where(audit.c.seq < last)
    rows = connection.execute(statement).all()
    items = [_record(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(items[-1].seq) if len(rows) > limit else None)


def chain(connection: Connection) -> Iterator[AuditRecord]:
    """All entries, the oldest first, some at a time."""
    last = -(1 << 63)
    while True:
        following = select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(_PART)
        rows = connection.execute(following).all()
        yield from map(_record, rows)
        if len(rows) < _PART:
            return
        last = rows[-1].seq


def head(connection: Connection) -> AuditRecord | None:
    """The newest entry."""
    row = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else _record(row)
