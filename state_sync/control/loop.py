"""The loop that sends commands and watches the clock: recorded, then sent, then told that the broker has them."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from msgspec import Struct, field

from state_sync.control.addresses import Addresses, AddressSource
from state_sync.control.writing import publication
from state_sync.messages import InDoubt, NotSent, Outlet, Publication
from twin.controls import USUAL
from twin.errors import TwinError
from twin.ports import CommandOutbox, Outgoing

log = logging.getLogger(__name__)

T = TypeVar("T")

EVERY_S = 0.05
"""Time between two looks at the clock: a look at nothing is one question of some 100 µs. New commands wake the loop."""

IDLE_S = 1.0
"""The same while there is no way to devices: new commands are left to whoever has one, or wait."""

REST_S = 0.02
"""Longest rest after a turn, which is otherwise as long as the turn took."""

BEAT_S = 1.0
"""How often the worker says that it lives, and looks for commands of workers that do not."""

RETRY_S = 1.0
"""Time until the next attempt after the store has failed."""

WINDOW = 500
"""Commands on their way to the broker at once."""


class ControlStore(CommandOutbox, AddressSource, Protocol):
    """What the loop needs of a store."""

    def take_job(self, name: str) -> bool:
        """As `twin.ports.JobKeeper`."""
        ...

    def leave_job(self, name: str) -> None:
        """As `twin.ports.JobKeeper`."""
        ...


class ControlCounts(Struct, kw_only=True):
    """What has passed in this process. Numbers only grow. `failed`: by reason."""

    sent: int = 0
    again: int = 0
    doubtful: int = 0
    failed: Counter[str] = field(default_factory=Counter)


class Control:
    """One worker. `outlets`: ways to devices by the source of the bindings that they are for; None: all others.

    Without any it only watches the clock: another process may have the way. `failing`: why the store cannot be used now.
    """

    def __init__(
        self,
        store: ControlStore,
        outlets: Mapping[str | None, Outlet],
        *,
        every_s: float = EVERY_S,
        worker: str | None = None,
    ) -> None:
        self.counts = ControlCounts()
        self.failing: str | None = None
        self.worker = worker or secrets.token_hex(4)
        self._store = store
        self._outlets = dict(outlets)
        self._every_s = every_s
        self._addresses = Addresses(store)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._beat_at = float("-inf")
        self._unsent: dict[int, Outgoing] = {}
        self._deliveries: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether there is a way to some devices now."""
        return any(outlet.connected for outlet in self._outlets.values())

    def reach(self, source: str | None, outlet: Outlet) -> None:
        """Another way to devices; before `run`."""
        self._outlets[source] = outlet

    def wake(self) -> None:
        """There is something new. From any thread."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
                loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Work until cancelled; what is being sent then is in doubt, or sent again, by whoever goes on."""
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="control")
        connections = [asyncio.create_task(outlet.run()) for outlet in self._outlets.values()]
        try:
            while True:
                began = time.monotonic()
                await self._turn()
                # Under many commands a turn takes several: half of the time at most is spent on turns, and what came meanwhile goes together.
                await asyncio.sleep(min(REST_S, time.monotonic() - began))
                await self._pause()
        finally:
            await self._end(connections)

    async def _pause(self) -> None:
        """Until there may be something to do."""
        alone = self.failing is None and not self.connected
        if alone:
            until = time.monotonic() + IDLE_S
            while not self.connected and time.monotonic() < until:  # noqa: ASYNC110 - an outlet does not tell
                await asyncio.sleep(self._every_s)
        else:
            # Before Python 3.12 `wait_for` forgets a cancellation in the moment in which its event comes, and `run` would never end.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self.failing else self._every_s):
                    await self._wake.wait()
        self._wake.clear()

    async def _end(self, connections: Sequence[asyncio.Task[None]]) -> None:
        for task in (*self._deliveries, *connections):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        assert self._thread is not None
        with contextlib.suppress(TwinError):
            await asyncio.shield(self._call(lambda: self._store.leave_job(self._lease)))
        self._thread.shutdown(wait=True)

    @property
    def _lease(self) -> str:
        return f"control:{self.worker}"

    async def _turn(self) -> None:
        """One look: what the clock does, and what goes out now."""
        try:
            ready = await self._call(self._look)
        except TwinError as error:
            if self.failing is None:
                log.warning("commands: %s", error)
            self.failing = str(error)
            return
        except Exception as error:
            if self.failing is None:
                log.exception("commands are not looked at")
            self.failing = repr(error)
            return
        self.failing = None
        if ready:
            delivery = asyncio.create_task(self._deliver(ready))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("commands were not delivered", exc_info=task.exception())

    def _look(self) -> list[tuple[Outgoing, Outlet, Publication]]:
        """In the thread of the store. Raises StoreError."""
        store, outgoing = self._store, list[Outgoing]()
        if time.monotonic() - self._beat_at >= BEAT_S:
            store.take_job(self._lease)
            if self.connected:
                outgoing += store.recover_commands(self.worker)
                outgoing += self._once_more()
            self._beat_at = time.monotonic()
        sending = self.connected
        if store.commands_due(sending=sending):
            outgoing += store.work_commands(self.worker, sending=sending)
        return self._addressed(outgoing)

    def _once_more(self) -> list[Outgoing]:
        """Those that surely did not leave, or may leave twice, and to which nothing has happened since."""
        waiting, self._unsent = self._unsent, {}
        still = self._store.still_sent(list(waiting)) if waiting else set()
        return [each for number, each in waiting.items() if number in still]

    def _addressed(self, outgoing: Sequence[Outgoing]) -> list[tuple[Outgoing, Outlet, Publication]]:
        ready: list[tuple[Outgoing, Outlet, Publication]] = []
        refused: dict[str, list[int]] = {}
        for each in outgoing:
            found = self._written(each)
            if isinstance(found, str):
                refused.setdefault(found, []).append(each.command.number)
            else:
                ready.append((each, *found))
        for why, numbers in refused.items():
            self._store.commands_failed(numbers, why=why)
            self.counts.failed[why] += len(numbers)
        return ready

    def _written(self, each: Outgoing) -> tuple[Outlet, Publication] | str:
        """The message of a command and the way that it goes, or why there is none."""
        signal = each.signal.signal
        found = self._addresses.find(signal.id)
        if found is None:
            return "no binding says how the signal is commanded"
        source, placed = found
        if placed.refused is not None:
            return placed.refused
        outlet = self._outlets.get(source) or self._outlets.get(None)
        if outlet is None:
            return "this server has no connection to its device"
        try:
            return outlet, publication(each.command, placed.binding, signal.control or USUAL)
        except ValueError as error:
            return f"the binding cannot be used: {error}"

    async def _deliver(self, ready: Sequence[tuple[Outgoing, Outlet, Publication]]) -> None:
        for start in range(0, len(ready), WINDOW):
            piece = ready[start : start + WINDOW]
            results = await asyncio.gather(*(self._send(*each) for each in piece))
            await self._settle([each for each, _, _ in piece], results)

    async def _send(self, each: Outgoing, outlet: Outlet, message: Publication) -> str:
        try:
            await outlet.send(message)
        except NotSent:
            return "unsent"
        except InDoubt:
            return "unsent" if (each.signal.signal.control or USUAL).resend == "always" else "doubtful"
        return "sent"

    async def _settle(self, piece: Sequence[Outgoing], results: Sequence[str]) -> None:
        """Tell the store what became of them. If that fails, they are in doubt, which is true."""
        numbers: dict[str, list[int]] = {}
        for each, result in zip(piece, results, strict=True):
            numbers.setdefault(result, []).append(each.command.number)
            if result == "unsent":
                self._unsent[each.command.number] = each
            elif result == "sent":
                self.counts.again += each.again
        self.counts.sent += len(numbers.get("sent", ()))
        self.counts.doubtful += len(numbers.get("doubtful", ()))
        try:
            if sent := numbers.get("sent"):
                await self._call(lambda: self._store.commands_published(sent))
            if doubtful := numbers.get("doubtful"):
                await self._call(lambda: self._store.commands_doubtful(doubtful))
        except TwinError as error:
            log.warning("what became of %d commands could not be kept: %s", len(piece), error)

    async def _call(self, work: Callable[[], T]) -> T:
        assert self._thread is not None
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
