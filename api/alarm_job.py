"""The evaluation of rules for alarms as a job of the server: one process does it for all that use the database."""

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from state_sync.alarm_watch import AlarmCounts, AlarmWatcher
from twin.errors import TwinError
from twin.ports import TwinStore

log = logging.getLogger(__name__)

JOB = "alarms"

EVERY_S = 0.05
"""Time between two looks at the log: a look at nothing costs some 200 µs, so that this is half a percent of a processor."""

LEASE_EVERY_S = 1.0
"""How often is asked whether another process does the job."""

RETRY_S = 1.0


class AlarmJob:
    """Runs until cancelled. `failing`: why the last look failed; None: it did not."""

    def __init__(self, store: TwinStore, *, every_s: float = EVERY_S) -> None:
        self.failing: str | None = None
        self._store = store
        self._watcher = AlarmWatcher(store)
        self._every_s = every_s
        self._ours = False
        self._asked_at = float("-inf")

    @property
    def counts(self) -> AlarmCounts:
        """What this process has evaluated."""
        return self._watcher.counts

    async def run(self) -> None:
        """Look at the log again and again, in a thread of its own."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="alarms")
        try:
            while True:
                await loop.run_in_executor(thread, self.look)
                await asyncio.sleep(RETRY_S if self.failing else self._every_s)
        finally:
            with contextlib.suppress(TwinError):
                await asyncio.shield(loop.run_in_executor(thread, self._leave))
            thread.shutdown(wait=True)

    def look(self) -> None:
        """Evaluate once what is new, if this process is the one that does."""
        try:
            if self._is_ours():
                self._watcher.step(time.time_ns() // 1000)
        except Exception as error:
            if self.failing is None:
                trace = None if isinstance(error, TwinError) else error
                log.warning("rules for alarms are not evaluated: %s", error, exc_info=trace)
            self.failing = str(error) or type(error).__name__
            self._watcher.forget()
        else:
            self.failing = None

    def _is_ours(self) -> bool:
        if time.monotonic() - self._asked_at >= LEASE_EVERY_S:
            self._ours = self._store.take_job(JOB)
            self._asked_at = time.monotonic()
            if not self._ours:
                self._watcher.forget()
        return self._ours

    def _leave(self) -> None:
        if self._ours:
            self._store.leave_job(JOB)
