"""Work on history beside serving: roll-ups of days that are over, corrections of those that late readings have changed, and
the dropping of what is older than it is kept, and moving what is old to the archive.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from twin.errors import TwinError
from twin.ports import Archived, Dropped, Retention, TwinStore

log = logging.getLogger(__name__)

EVERY_S = 60.0
"""Late readings count at once, also where a roll-up does not know of them yet; so there is no hurry."""

PAUSE_S = 0.2
"""Between two pieces of a long job."""

PIECE_S = 1.0
"""Time after which the lease is asked for again."""

TIDY_EVERY_S = 3600.0
"""Days are dropped, and periods archived, whole: once an hour is soon enough, and looking for them reads every declaration."""

KEEP_ALL = Retention()

JOB = "history"
"""Name of the job: one process does it for all."""


class Upkeep:
    """Does the job for as long as `run` is awaited; `close` ends it after the piece under way."""

    def __init__(
        self,
        store: TwinStore,
        *,
        retention: Retention = KEEP_ALL,
        archive_after_days: float | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self.rolled_up = 0
        """Signal-days that this process has rolled up."""
        self.corrected = 0
        """Signal-days made anew for late readings."""
        self.dropped = {"readings": 0, "roll_ups": 0, "unsummed": 0, "alarms": 0}
        """What this process has dropped, as in `twin.ports.Dropped`."""
        self.archived = {"files": 0, "rows": 0, "bytes": 0, "moved": 0}
        """What this process has archived, as in `twin.ports.Archived`."""
        self._retention = retention
        self._archive_after_days = archive_after_days
        self._steps: Iterator[None] | None = None
        self._begun_at = 0.0
        self._store = store
        self._every_s = every_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")

    async def run(self) -> None:
        """Forever."""
        failing = False
        more = False
        while True:
            await asyncio.sleep(PAUSE_S if more else self._every_s)
            try:
                more = await asyncio.get_running_loop().run_in_executor(self._thread, self._piece)
                failing = False
            except TwinError as error:
                more = False
                if not failing:
                    log.warning("history could not be worked on: %s", error)
                failing = True

    async def close(self) -> None:
        """Let another process do the job."""
        with contextlib.suppress(TwinError):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.leave_job, JOB)
        self._thread.shutdown(wait=True)

    def _piece(self) -> bool:
        """Do a piece; returns whether there is more to do."""
        if not self._store.take_job(JOB):
            self._steps = None
            return False
        done = self._store.roll_up()
        self.rolled_up += done.signals
        self.corrected += done.corrected
        return done.more or self._tidy()

    def _tidy(self) -> bool:
        """Drop and archive for about a second, once in a while; returns whether there is more."""
        now = time.monotonic()
        if self._steps is None:
            if self._begun_at and now - self._begun_at < TIDY_EVERY_S:
                return False
            self._steps, self._begun_at = self._tidied(), now
        for _ in self._steps:
            if time.monotonic() - now > PIECE_S:
                return True
        self._steps = None
        return False

    def _tidied(self) -> Iterator[None]:
        """One transaction after the other, or one file."""
        for dropped in self._store.enforce_retention(self._retention):
            _add(self.dropped, dropped)
            yield
        if self._archive_after_days is not None:
            for archived in self._store.archive(after_days=self._archive_after_days):
                _add(self.archived, archived)
                yield


def _add(counts: dict[str, int], step: Dropped | Archived) -> None:
    for name in counts:
        counts[name] += getattr(step, name)
