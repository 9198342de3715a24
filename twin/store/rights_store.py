# ruff: noqa: D102  # what the methods do is said once, in twin.ports.access
"""The part of the store that keeps rights: tokens, roles, who reaches what, and the audit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from twin.access import AccessState, AuditRecord, Entry, TokenRecord
from twin.policy import Reach
from twin.queries import Page
from twin.store import access, audit, counters, visibility
from twin.store.database import Database


class RightsStore:
    """See `twin.ports.access`."""

    _database: Database

    def access_version(self) -> tuple[int, int]:
        return access.version(self._database)

    def access_state(self) -> AccessState:
        return access.state(self._database)

    def add_token(self, record: TokenRecord) -> None:
        access.add_token(self._database, record)

    def revoke_token(self, identifier: str) -> TokenRecord:
        return access.revoke_token(self._database, identifier)

    def note_token_use(self, used: Mapping[str, int]) -> None:
        access.note_token_use(self._database, used)

    def replace_roles(self, documents: Mapping[str, str]) -> None:
        access.replace_roles(self._database, documents)

    def visible_objects(self, reach: Reach, ids: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        return visibility.visible_objects(self._database, reach, ids)

    def visible_signals(self, reach: Reach, numbers: Sequence[int] | None = None) -> set[int]:
        return visibility.visible_signals(self._database, reach, numbers)

    def keep_audit(self, key: bytes) -> None:
        """Enter into the audit from now on what is done. `key`: kept outside of the database."""
        self._database.audit_key = key

    def acting(self, entry: Entry) -> AbstractContextManager[None]:
        return audit.acting(entry)

    def enter(self, entries: Sequence[Entry]) -> None:
        with self._database.write(durable=True, lane="live") as connection:
            audit.note(connection, *entries)

    def audit(self, *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        with self._database.read() as connection:
            return audit.page(connection, limit=limit, cursor=cursor)

    def audit_chain(self) -> Iterator[AuditRecord]:
        with self._database.read() as connection:
            yield from audit.chain(connection)

    def audit_head(self) -> AuditRecord | None:
        with self._database.read() as connection:
            return audit.head(connection)

    def audit_count(self) -> int:
        with self._database.read() as connection:
            return counters.peek(connection, audit.COUNTER)
