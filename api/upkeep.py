"""Work on history beside serving: roll-ups of days that are over, corrections of those that late readings have changed."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor

from twin.errors import TwinError
from twin.ports import TwinStore

log = logging.getLogger(__name__)

EVERY_S = 60.0
"""Late readings count at once, also where a roll-up does not know of them yet; so there is no hurry."""

PAUSE_S = 0.2
"""Between two pieces of a long job."""

JOB = "history"
"""Name of the job: one process does it for all."""


class Upkeep:
    """Does the job for as long as `run` is awaited; `close` ends it after the piece under way."""

    def __init__(self, store: TwinStore, *, every_s: float = EVERY_S) -> None:
        self.rolled_up = 0
        """Signal-days that this process has rolled up."""
        self.corrected = 0
        """Signal-days made anew for late readings."""
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
            return False
        done = self._store.roll_up()
        self.rolled_up += done.signals
        self.corrected += done.corrected
        return done.more
