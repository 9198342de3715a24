"""A small plant for tests of commands: lamps that are bound, an ingest, a worker, and devices, on any bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from msgspec.structs import replace

from api import binding
from state_sync.actuating import Actuating
from state_sync.bindings import parse
from state_sync.bus import Bus
from state_sync.control import Control
from state_sync.decoding import from_store
from state_sync.ingest import Ingest, IngestOptions
from state_sync.messages import Outlet, Publication, Publisher, Source
from state_sync.simulation.actuators import Actuators, Manner, actuators
from state_sync.simulation.signals import simulated
from tests.twin.store.builders import imported, plain
from twin.commands import Status
from twin.ports import Order, Target, TwinStore
from twin.state import Signal, Value

OPTIONS = IngestOptions(linger_s=0.001, sweep_every_s=0, reload_every_s=0)

FILE = """
[[binding]]
class = ["IfcWall"]
signal = "level"
minimum = 0
maximum = 100
tolerance = 0.5
settable = true
codec = "json"
path = "value"
time = "time"
topic = "lamps/{{global_id}}/level"
ack_s = {deadline_s}
confirm_s = {deadline_s}
{more}
"""


def bound(
    store: TwinStore, names: Sequence[str] = ("x",), more: str = "", *, deadline_s: float = 1.5
) -> None:
    """A model `a` with lamps of these names, bound; `deadline_s` for the acknowledgement, and again for the reading."""
    imported(store, "a", plain(names))
    outcome = binding.bind(
        store, parse(FILE.format(more=more, deadline_s=deadline_s).encode(), "lamps.toml"), dry_run=False
    )
    assert outcome.report.clean


def devices(store: TwinStore, manner: Manner) -> Actuators:
    """A lamp for each binding, of one manner."""
    bindings = binding.stored(store)
    signals: list[Signal] = [record.signal for record in store.signal_records()]
    topics = {each.signal: each.topic for each in bindings}
    made = [
        replace(each, topic=topics[each.signal.id]) for each in simulated(signals) if each.signal.id in topics
    ]
    return Actuators(actuators(bindings, made, manner))


class SlowOutlet:
    """An outlet whose broker acknowledges late, and after which a test may look."""

    connected = True

    def __init__(self, inner: Outlet, after_s: float) -> None:
        self._inner = inner
        self._after_s = after_s

    async def run(self) -> None:
        await self._inner.run()

    async def send(self, publication: Publication) -> None:
        await self._inner.send(publication)
        await asyncio.sleep(self._after_s)


class BadOutlet:
    """An outlet that fails as told, the first times; `sent` is what got through."""

    connected = True

    def __init__(self, error: Exception, times: int = 1) -> None:
        self.sent: list[Publication] = []
        self._error = error
        self._times = times

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send(self, publication: Publication) -> None:
        if self._times:
            self._times -= 1
            raise self._error
        self.sent.append(publication)


class Plant:
    """What runs. `order` asks for a command and wakes the worker; `ends` waits for its end."""

    def __init__(self, store: TwinStore, control: Control, actuators: Actuators) -> None:
        self.store = store
        self.control = control
        self.actuators = actuators

    async def order(self, value: Value, *names: str, **fields: Any) -> str:
        targets = [Target(f"a/{name}/level", value) for name in names or ("x",)]
        known = {"by": "ada", "reason": "test", "targets": targets, "bulk": len(targets) > 1, **fields}
        placed = await asyncio.to_thread(self.store.place_command, Order(**known))
        assert placed.id is not None, placed
        self.control.wake()
        return placed.id

    def path(self, identifier: str) -> list[str]:
        return [step.status.value for step in self.store.command_steps(identifier) if not step.told]

    def notes(self, identifier: str) -> list[str]:
        return [step.detail or "" for step in self.store.command_steps(identifier) if step.told]

    async def ends(self, identifier: str, within_s: float = 20.0) -> dict[Status, int]:
        """Counts by status when all commands of a request are over."""
        running = {Status.AWAITING_APPROVAL, Status.QUEUED, Status.SENT, Status.ACKNOWLEDGED}
        async with asyncio.timeout(within_s):
            while True:
                counts = (await asyncio.to_thread(self.store.command, identifier)).counts
                if not running & counts.keys():
                    return dict(counts)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*jobs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Tasks that are cancelled at the end."""
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def plant(
    store: TwinStore,
    ways: tuple[Source, Outlet, Source, Publisher],
    manner: Manner | None = None,
) -> AsyncIterator[Plant]:
    """`ways`: readings to the service, commands to devices, commands at the devices, what devices say."""
    source, outlet, commands, publisher = ways
    lamps = devices(store, manner or Manner())
    control = Control(store, {None: outlet}, every_s=0.02)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(Ingest(store, source, load=from_store(store), options=OPTIONS))
        await stack.enter_async_context(running(Actuating(lamps, commands, publisher).run, control.run))
        yield Plant(store, control, lamps)


@asynccontextmanager
async def bus_plant(
    store: TwinStore, manner: Manner | None = None, *, puback_after_s: float = 0.0
) -> AsyncIterator[Plant]:
    """The same on a bus in the process."""
    bus = Bus()
    outlet: Outlet = bus.outlet()
    if puback_after_s:
        outlet = SlowOutlet(outlet, puback_after_s)
    async with plant(store, (bus.source(), outlet, bus.source(), bus.publisher()), manner) as made:
        yield made
