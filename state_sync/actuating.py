"""Simulated devices that take commands, at work on any bus."""

import asyncio
import time

from state_sync.messages import Publisher, Source
from state_sync.simulation.actuators import Actuator, Actuators, Reaction

TAKE = 200
"""Commands taken at once."""


class Actuating:
    """Runs devices until cancelled: commands come from `source`, what they say leaves through `publisher`."""

    def __init__(self, actuators: Actuators, source: Source, publisher: Publisher) -> None:
        self.taken = 0
        self._actuators = actuators
        self._source = source
        self._publisher = publisher
        self._going: set[asyncio.Task[None]] = set()
        source.subscribe(actuators.topics)

    async def run(self) -> None:
        """Take commands until cancelled."""
        connection = asyncio.create_task(self._source.run())
        try:
            while True:
                messages = await self._source.take(TAKE, linger_s=0)
                self._source.acknowledge(messages)
                for message in messages:
                    self.taken += 1
                    each = self._actuators.find(message.topic)
                    for reaction in self._actuators.take(message) if each is not None else ():
                        self._begin(each, reaction)
        finally:
            for task in (connection, *self._going):
                task.cancel()
            await asyncio.gather(connection, *self._going, return_exceptions=True)

    def _begin(self, each: Actuator | None, reaction: Reaction) -> None:
        assert each is not None
        task = asyncio.create_task(self._react(each, reaction))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _react(self, each: Actuator, reaction: Reaction) -> None:
        if reaction.after_s > 0:
            await asyncio.sleep(reaction.after_s)
        for said in reaction.says:
            await self._publisher.publish(said)
        if reaction.value is not None:
            report = self._actuators.report(each, reaction.value, time.time_ns() // 1000)
            for _ in range(reaction.reports):
                await self._publisher.publish(report)
