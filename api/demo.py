"""The devices of the demo: bound at first start, simulated beside the server over a bus in the process; its lamps take commands."""

import asyncio
import time
from collections.abc import Sequence

from api import binding
from sample_models.community import BINDINGS, MODELS, site_file
from state_sync.actuating import Actuating
from state_sync.bindings import parse
from state_sync.bus import Bus, BusOutlet, BusSource
from state_sync.messages import Publisher
from state_sync.simulation.actuators import Actuator, Actuators, actuators
from state_sync.simulation.faults import Fault
from state_sync.simulation.signals import SimulatedSignal, of_bindings, publication, value_at
from state_sync.simulator import Simulator
from twin.ports import TwinStore

SOURCE = BINDINGS

_LOOK_EVERY_S = 0.05
"""How often devices look whether somebody listens already."""


def bind_sample(store: TwinStore) -> binding.Outcome | None:
    """Bind the devices of the sample; None where they are bound already, or there is no sample."""
    if any(source == SOURCE for source, _ in store.bindings()):
        return None
    if not any(model.key in MODELS for model in store.models()):
        return None
    return binding.bind(store, parse(site_file(SOURCE).encode(), SOURCE), dry_run=False)


def sample_devices(store: TwinStore) -> list[SimulatedSignal]:
    """Devices for what is bound of the sample now."""
    records = store.signal_records()
    found, _ = of_bindings(binding.stored(store, SOURCE), (record.signal for record in records))
    return found


def sample_actuators(store: TwinStore, signals: Sequence[SimulatedSignal]) -> list[Actuator]:
    """Devices that take commands, for what is settable of the sample: lamps, pumps, valves, fans."""
    return actuators(binding.stored(store, SOURCE), signals)


class DemoDevices:
    """The sample's devices on a bus of their own: `source` is for the ingest, `outlet` for commands, `run` runs them."""

    def __init__(
        self,
        signals: Sequence[SimulatedSignal],
        faults: Sequence[Fault] = (),
        actuators: Sequence[Actuator] = (),
    ) -> None:
        self._bus = Bus()
        self.source: BusSource = self._bus.source()
        self.outlet: BusOutlet = self._bus.outlet()
        self._commands = self._bus.source()
        self._signals = signals
        self._faults = faults
        self._actuators = actuators
        # From now on: a command that comes before they run waits for them, where the bus would drop it.
        self._commands.subscribe(Actuators(actuators).topics)

    async def run(self) -> None:
        """Each reports once at the start, so that a screen is full at once; then they go on until cancelled."""
        while not all(self.source.wants(each.topic) for each in self._signals):  # noqa: ASYNC110 - a bus does not tell
            await asyncio.sleep(_LOOK_EVERY_S)
        now = time.time_ns() // 1000
        publisher = self._bus.publisher()
        for each in self._signals:
            await publisher.publish(publication(each, now, value_at(each, now)))
        simulator = Simulator(self._signals, self._connect, faults=self._faults)
        lamps = Actuators(self._actuators, simulator.held)
        acting = asyncio.create_task(Actuating(lamps, self._commands, publisher).run())
        try:
            await simulator.run()
        finally:
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)

    async def _connect(self, _gateway: str) -> Publisher:
        return self._bus.publisher()
