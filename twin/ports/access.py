"""What callers need from a store of rights: tokens, roles, and the audit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from twin.access import AccessState, AuditRecord, Entry, TokenRecord
from twin.policy import Reach
from twin.queries import Page


class AccessKeeper(Protocol):
    """Tokens and roles. Every change counts a version, which other processes look at."""

    def access_version(self) -> tuple[int, int]:
        """`version` and `models` of `AccessState`: cheaper than reading it."""
        ...

    def access_state(self) -> AccessState:
        """All of it."""
        ...

    def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        ...

    def revoke_token(self, identifier: str) -> TokenRecord:
        """Let a token in no more; once revoked it stays so, and its record stays. Raises NotFound."""
        ...

    def note_token_use(self, used: Mapping[str, int]) -> None:
        """When tokens were last used, by id: microseconds since 1970 UTC. No change that is counted."""
        ...

    def replace_roles(self, documents: Mapping[str, str]) -> None:
        """Write all roles anew, in one transaction: documents by name."""
        ...


class Watcher(Protocol):
    """Which objects and signals a caller reaches."""

    def visible_objects(self, reach: Reach, ids: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of these objects, by model and GlobalId, those in the current revision of their model that are reached."""
        ...

    def visible_signals(self, reach: Reach, numbers: Sequence[int] | None = None) -> set[int]:
        """Of these signals (None: of all), by number, those that are reached."""
        ...


class AuditKeeper(Protocol):
    """Who has done what."""

    def acting(self, entry: Entry) -> AbstractContextManager[None]:
        """Enter `entry` into the audit with the first transaction that is written inside, in this thread or one it waits for.

        Nothing is entered where nothing is written. Acts inside of an act are entered one by one.
        """
        ...

    def enter(self, entries: Sequence[Entry]) -> None:
        """Enter something into the audit that no other transaction tells: what was refused. Raises StoreError."""
        ...

    def audit(self, *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        """Entries, the newest first. Raises InvalidQuery."""
        ...

    def audit_chain(self) -> Iterator[AuditRecord]:
        """All entries, the oldest first, as they are kept."""
        ...

    def audit_head(self) -> AuditRecord | None:
        """The newest entry."""
        ...

    def audit_count(self) -> int:
        """How many entries there should be."""
        ...
