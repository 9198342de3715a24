"""What a server does beside answering: it takes in readings, runs the demo's devices, looks for signals that have gone silent, evaluates
rules for alarms, sends commands, and keeps history in order.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from api.alarm_job import AlarmJob
from api.calendar_job import CalendarJob
from api.upkeep import Upkeep
from state_sync.control import Control
from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestHealth, IngestOptions
from state_sync.messages import Source
from state_sync.recording import IngestCounts
from twin.errors import TwinError
from twin.ports import TwinStore

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 5.0
SWEEP = "sweep-stale"
"""Name of the job: one process does it for all."""

RESTART_S = 5.0
"""Time until an ingest that could not start, or has ended, is tried again."""

Devices = Callable[[], Awaitable[None]]
"""Simulated devices: runs until cancelled."""


class Work:
    """Background work of one server process. `start` and `stop` are called once, in one event loop.

    `sources`: buses by the name under which health and metrics show them. Ways to devices are
    given to `control`, and what does the `calendars` is set, before the start. Nothing that fails here keeps the server from answering.
    """

    def __init__(
        self,
        store: TwinStore,
        sources: Mapping[str, Source] | None = None,
        *,
        devices: Devices | None = None,
        upkeep: Upkeep | None = None,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        self.swept = 0
        self.upkeep = upkeep or Upkeep(store)
        self.alarms = AlarmJob(store)
        self.control = Control(store, {})
        self.calendars: CalendarJob | None = None
        self._store = store
        self._sources = dict(sources or {})
        self._devices = devices
        self._sweep_every_s = sweep_every_s
        self._ingests: dict[str, Ingest] = {}
        self._faults: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sweeper: ThreadPoolExecutor | None = None

    @property
    def counts(self) -> dict[str, IngestCounts]:
        """What has come in, by source."""
        return {name: ingest.counts for name, ingest in self._ingests.items()}

    @property
    def health(self) -> dict[str, IngestHealth]:
        """How each source stands that has been started."""
        return {name: ingest.health for name, ingest in self._ingests.items()}

    @property
    def complaints(self) -> list[str]:
        """What is wrong, in words that anybody may read; empty: all is well."""
        found = [f"{name}: not started" for name in self._sources if name not in self._ingests]
        for name, health in self.health.items():
            if name in self._faults:
                found.append(f"{name}: ended, will be started again")
            elif health.failing is not None:
                found.append(f"{name}: the store takes no readings")
            elif not health.link.connected:
                found.append(f"{name}: not connected")
            elif health.link.error is not None:
                found.append(f"{name}: a subscription was refused")
        if self.alarms.failing is not None:
            found.append("alarms: rules are not evaluated")
        if self.control.failing is not None:
            found.append("commands: the store cannot be used")
        if self.calendars is not None and self.calendars.failing is not None:
            found.append("calendars: some cannot be done")
        return found

    async def start(self) -> None:
        """Begin; returns at once."""
        self._sweeper = ThreadPoolExecutor(1, thread_name_prefix="sweep")
        jobs: list[Coroutine[Any, Any, None]] = [
            self._sweep(self._sweeper),
            self.upkeep.run(),
            self.alarms.run(),
            self.control.run(),
        ]
        if self.calendars is not None:
            jobs.append(self.calendars.run())
        jobs += [self._take_in(name, source) for name, source in self._sources.items()]
        if self._devices is not None:
            jobs.append(self._simulate(self._devices))
        self._tasks = [asyncio.create_task(job) for job in jobs]

    async def stop(self) -> None:
        """End in order: what is being committed is committed and acknowledged."""
        # Devices first, so that what they have said is still taken in; what else is done comes first in the list.
        for task in reversed(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._sweeper is not None:
            with contextlib.suppress(TwinError):
                await asyncio.get_running_loop().run_in_executor(self._sweeper, self._store.leave_job, SWEEP)
            self._sweeper.shutdown(wait=True)
            await self.upkeep.close()

    async def _take_in(self, name: str, source: Source) -> None:
        """One ingest after another, if one ends."""
        while True:
            ingest = Ingest(
                self._store, source, load=from_store(self._store), options=IngestOptions(sweep_every_s=0)
            )
            try:
                await ingest.start()
                self._ingests[name] = ingest
                self._faults.pop(name, None)
                try:
                    await ingest.ended()
                finally:
                    await ingest.stop()
            except Exception as error:
                self._faults[name] = str(error)
                trace = None if isinstance(error, TwinError) else error
                log.warning("taking in readings from %s: %s", name, error, exc_info=trace)
            await asyncio.sleep(RESTART_S)

    async def _simulate(self, devices: Devices) -> None:
        try:
            await devices()
        except Exception:
            log.exception("the simulated devices have ended")

    async def _sweep(self, sweeper: ThreadPoolExecutor) -> None:
        """Also without any bus: readings come over HTTP, too, and signals fall silent by themselves."""
        failing = False
        while True:
            await asyncio.sleep(self._sweep_every_s)
            try:
                await asyncio.get_running_loop().run_in_executor(sweeper, self._sweep_once)
                failing = False
            except TwinError as error:
                if not failing:
                    log.warning("silent signals could not be marked: %s", error)
                failing = True

    def _sweep_once(self) -> None:
        if self._store.take_job(SWEEP):
            self.swept += self._store.sweep_stale()
