"""Calendars as a job of the server: one process does it for all that use the database."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from api.calendar_owner import Owner, acting_as
from api.calendar_targets import targets_for
from api.callers import Caller
from api.guard import Guard
from twin.access import Entry
from twin.calendars import Calendar, Due, calendar_from, following, to_do
from twin.errors import StoreError, TwinError
from twin.ports import CalendarRecord, CalendarRun, Order, Placed, RunOutcome, TwinStore

log = logging.getLogger(__name__)

JOB = "calendars"
EVERY_S = 1.0
RETRY_S = 5.0
MAX_WAIT_US = 7 * 86_400_000_000
"""A command waits for a device that is offline until the next occurrence of its calendar, at most a week."""


class CalendarJob:
    """Runs until cancelled. `wake`: called when commands have been asked for. `failing`: why the last look failed; None: it did not."""

    def __init__(
        self,
        store: TwinStore,
        guard: Guard,
        wake: Callable[[], None],
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.failing: str | None = None
        self.counts: Counter[str] = Counter()
        """Occurrences that this process has dealt with, by outcome."""
        self._store = store
        self._guard = guard
        self._wake = wake
        self._clock = clock

    async def run(self) -> None:
        """Look again and again, in a thread of its own."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="calendars")
        try:
            while True:
                await loop.run_in_executor(thread, self.look)
                await asyncio.sleep(RETRY_S if self.failing else EVERY_S)
        finally:
            with contextlib.suppress(TwinError):
                await asyncio.shield(loop.run_in_executor(thread, self._store.leave_job, JOB))
            thread.shutdown(wait=True)

    def look(self) -> None:
        """Do what has come up, if this process is the one that does. One calendar that fails keeps no other from being done."""
        failed: list[str] = []
        try:
            due = self._store.calendars_due() if self._store.take_job(JOB) else []
            if due:
                self._guard.look(now=True)
        except TwinError as error:
            due, failed = [], [str(error)]
        for record in due:
            try:
                self._do(record)
            except Exception as error:
                trace = None if isinstance(error, TwinError) else error
                if self.failing is None:
                    log.warning("calendar %s: %s", record.id, error, exc_info=trace)
                failed.append(f"{record.id}: {error}")
        self.failing = "; ".join(failed) or None

    def _do(self, record: CalendarRecord) -> None:
        """All that has come up of one calendar. Raises StoreError: it is tried again, and nothing is done twice."""
        now = self._clock()
        calendar = calendar_from(record.id, msgspec.json.decode(record.document))
        runs: list[CalendarRun] = []
        for each in to_do(calendar, record.until, now):
            run = CalendarRun(calendar=record.id, at=each.occurrence.at, entry=each.occurrence.entry)
            done = self._one(record, calendar, each, run)
            self.counts[done.outcome] += 1
            if done.outcome is not RunOutcome.PLACED:
                runs.append(done)
        if runs:
            log.warning(
                "calendar %s: %d occurrences were not done; the last: %s",
                record.id,
                len(runs),
                runs[-1].detail,
            )
        upcoming = following(calendar, now)
        next_at = upcoming[0].at if upcoming else None
        self._store.calendar_done(record, runs, until=now, next_at=next_at)

    def _one(self, record: CalendarRecord, calendar: Calendar, each: Due, run: CalendarRun) -> CalendarRun:
        """One occurrence. Raises StoreError."""
        if each.skip is not None:
            return msgspec.structs.replace(run, outcome=RunOutcome.SKIPPED, detail=each.skip)
        owner = msgspec.json.decode(record.owner, type=Owner)
        caller = acting_as(owner, self._guard, self._clock())
        try:
            why = caller if isinstance(caller, str) else self._place(caller, calendar, each, run)
        except StoreError:
            raise
        except TwinError as error:
            why = str(error)
        return run if why is None else msgspec.structs.replace(run, outcome=RunOutcome.REFUSED, detail=why)

    def _place(self, caller: Caller, calendar: Calendar, each: Due, run: CalendarRun) -> str | None:
        """Ask for the commands; returns why nothing was taken."""
        at = each.occurrence.at
        upcoming = [after for after in following(calendar, at, 10) if after.missing is None]
        order = Order(
            by=caller.name,
            reason=f"calendar {run.calendar}: {calendar.entries[run.entry].at}",
            targets=targets_for(self._store, caller, calendar, each.occurrence.value),
            priority=calendar.priority,
            expires_at=min(upcoming[0].at, at + MAX_WAIT_US) if upcoming else None,
            rate=calendar.rate,
            key=f"calendar/{run.calendar}/{at}/{run.entry}",
            bulk=True,
            run=run,
        )
        entry = Entry(
            who=caller.name,
            action="calendar.run",
            target=run.calendar,
            detail=order.reason,
            origin="calendar",
        )
        with self._store.acting(entry):
            placed = self._store.place_command(order)
        if placed.created:
            self._wake()
        return _refused(placed)


def _refused(placed: Placed) -> str | None:
    if placed.id is not None or not placed.outcomes:
        return None
    first = next(each for outcome in placed.outcomes for each in outcome.refusals)
    return f"all {len(placed.outcomes)} targets were refused; the first: {first.code}: {first.detail}"
