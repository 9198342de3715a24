"""What callers need from a store of calendars. Synchronous; StoreError from any method. Times are microseconds since 1970-01-01 UTC."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from twin.queries import Page


class CalendarRecord(Struct, frozen=True, kw_only=True):
    """A calendar as it is kept. `document`: a `twin.calendars.Calendar` as JSON; `owner`: whose rights its commands need, as JSON.

    `source`: the file that it came from, None: the API. `until`: up to when its occurrences have been dealt with; `next_at`: of the next one, None: there is none.
    `version`: another one after each change.
    """

    id: str
    document: str
    owner: str
    source: str | None = None
    changed_at: int = 0
    until: int = 0
    next_at: int | None = None
    version: int = 0


class RunOutcome(StrEnum):
    """What became of an occurrence."""

    PLACED = "placed"
    """The commands were asked for; the request tells the rest."""
    REFUSED = "refused"
    """Nothing could be commanded."""
    SKIPPED = "skipped"
    """Missed by too much, or there was no sunset."""


class CalendarRun(Struct, frozen=True, kw_only=True):
    """One occurrence: of a calendar, at a time, by one of its entries (from 0). `request`: id of the request that it became."""

    calendar: str
    at: int
    entry: int
    outcome: RunOutcome = RunOutcome.PLACED
    request: str | None = None
    detail: str | None = None
    done_at: int = 0


class CalendarKeeper(Protocol):
    """Calendars and what became of their occurrences."""

    def calendars(self) -> list[CalendarRecord]:
        """All, by id."""
        ...

    def calendar(self, identifier: str) -> CalendarRecord:
        """One. Raises NotFound."""
        ...

    def put_calendar(self, record: CalendarRecord) -> bool:
        """Make it, or change it; returns whether it is new. It begins now; what has come up of an older version and is not dealt with is not lost.

        Of the record `changed_at`, `until` and `version` are set here.
        """
        ...

    def remove_calendar(self, identifier: str) -> None:
        """Take it away; commands that it has asked for stay. Raises NotFound."""
        ...

    def calendars_due(self) -> list[CalendarRecord]:
        """Those of which an occurrence has come up: one look at an index."""
        ...

    def calendar_done(
        self, record: CalendarRecord, runs: Sequence[CalendarRun], *, until: int, next_at: int | None
    ) -> bool:
        """Note what became of occurrences that asked for nothing, and that all up to `until` are dealt with.

        False: the calendar is another one by now; what was noted stays, and the rest is looked at again.
        """
        ...

    def calendar_runs(self, identifier: str, *, limit: int, cursor: str | None = None) -> Page[CalendarRun]:
        """What became of its occurrences, the newest first. Raises InvalidQuery."""
        ...
