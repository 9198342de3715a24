"""Simulated devices at work: what `state_sync.simulation` says, sent over any bus at the pace of a clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from state_sync.messages import Publication, Publisher
from state_sync.simulation.faults import Disturbance, Fault
from state_sync.simulation.schedule import Schedule
from state_sync.simulation.signals import SimulatedSignal
from twin.state import Value

TICK_S = 0.1
"""Reports that are due within it leave together: devices are not that punctual, and sleeping has a price."""

Connect = Callable[[str], Awaitable[Publisher]]
"""Connect the gateway of a name, with its will."""


class SimulatorCounts(Struct, kw_only=True):
    """What the devices did. `lag_s`: how far the last reports lagged behind their time."""

    sent: int = 0
    deaths: int = 0
    lag_s: float = 0.0


class Simulator:
    """Runs devices until cancelled. `held`: values by signal that were commanded: who takes commands writes them here.

    `start`: the time at which they begin, microseconds since 1970 UTC; None: now. `speed`: how many simulated seconds pass in a
    second; devices of a faster time than ours would report from the future, which the service refuses, so that a speed other than 1
    needs a `start` in the past.
    """

    def __init__(
        self,
        signals: Sequence[SimulatedSignal],
        connect: Connect,
        *,
        faults: Sequence[Fault] = (),
        start: int | None = None,
        speed: float = 1.0,
    ) -> None:
        self.counts = SimulatorCounts()
        self.held: dict[str, Value] = {}
        self._signals = signals
        self._connect = connect
        self._speed = speed
        self._start = time.time_ns() // 1000 if start is None else start
        self._schedule = Schedule(signals, start=self._start)
        self._disturbance = Disturbance(signals, faults, self.held)
        self._publishers: dict[str, Publisher] = {}

    async def run(self, *, until: int | None = None) -> None:
        """Report until cancelled, or until the simulated time `until`; then every message is acknowledged."""
        began = time.monotonic()
        try:
            now = self._start
            while until is None or now < until:
                await asyncio.sleep(TICK_S)
                now = self._start + round((time.monotonic() - began) * self._speed * 1e6)
                end = now if until is None else min(now, until)
                await self._tick(end)
            for publisher in self._publishers.values():
                await publisher.drained()
        finally:
            for publisher in self._publishers.values():
                await publisher.close()
            self._publishers.clear()

    async def _tick(self, now: int) -> None:
        reports = self._schedule.due(now)
        for gateway in list(self._publishers):
            await self._see_to(gateway, now)
        for gateway, message in self._disturbance.messages(reports, now):
            await self._send(gateway, message, now)
        if reports:
            self.counts.lag_s = (now - reports[0][0]) / 1e6

    async def _see_to(self, gateway: str, now: int) -> None:
        """Let a gateway die whose time has come."""
        if self._disturbance.dead(gateway, now) and gateway in self._publishers:
            await self._publishers.pop(gateway).die()
            self.counts.deaths += 1

    async def _send(self, gateway: str, message: Publication, now: int) -> None:
        if self._disturbance.dead(gateway, now):
            return
        if gateway not in self._publishers:
            self._publishers[gateway] = await self._connect(gateway)
        await self._publishers[gateway].publish(message)
        self.counts.sent += 1
