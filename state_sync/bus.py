"""A bus inside the process, for tests and the demo: topics, filters, acknowledgements and last wills, but no network."""

import asyncio
import time
from collections.abc import Sequence

from state_sync.inbox import DEFAULT_LIMIT, Inbox
from state_sync.messages import Link, Message, Publication
from state_sync.routing.trie import FilterTrie


class Bus:
    """Delivers to every source whose filters match. There are no retained messages, and nothing survives the process."""

    def __init__(self) -> None:
        self._sources: list[BusSource] = []

    def source(self, *, limit: int = DEFAULT_LIMIT) -> "BusSource":
        """Another subscriber. What is published before it subscribes it does not get."""
        source = BusSource(limit=limit)
        self._sources.append(source)
        return source

    def publisher(self, *, will: Publication | None = None) -> "BusPublisher":
        """Another device."""
        return BusPublisher(self, will)

    def outlet(self) -> "BusOutlet":
        """The service's way to devices."""
        return BusOutlet(self)

    async def deliver(self, publication: Publication) -> None:
        """Hand a message to all who want it; waits for those whose inbox is full."""
        for source in self._sources:
            if source.wants(publication.topic):
                await source.receive(publication)

    async def acknowledged(self) -> None:
        """Wait until every source has acknowledged everything."""
        for source in self._sources:
            await source.acknowledged()


class BusSource:
    """Implements `Source` in process."""

    def __init__(self, *, limit: int) -> None:
        self._room = asyncio.Event()
        self._settled = asyncio.Event()
        self._inbox = Inbox(limit, on_room=self._room.set)
        self._filters: FilterTrie[str] = FilterTrie()
        self._receipts = 0
        self._open: dict[int, Message] = {}

    @property
    def link(self) -> Link:
        """Always connected."""
        return Link(connected=True, connects=1, waiting=len(self._inbox))

    async def run(self) -> None:
        """Deliver again what an ingest before left unacknowledged; then there is nothing to do."""
        again = list(self._open.values())
        self._inbox.clear()
        self._inbox.put(again)
        await asyncio.Event().wait()

    def wants(self, topic: str) -> bool:
        """Whether a filter matches."""
        return bool(self._filters.matches(topic))

    async def receive(self, publication: Publication) -> None:
        """Take a message in; waits while the inbox is full."""
        while self._inbox.full:
            self._room.clear()
            await self._room.wait()
        self._receipts += 1
        message = Message(
            publication.topic,
            publication.payload,
            time.time_ns() // 1000,
            receipt=self._receipts,
            correlation=publication.correlation,
            response_topic=publication.response_topic or "",
        )
        self._open[self._receipts] = message
        self._inbox.put([message])

    async def acknowledged(self) -> None:
        """Wait until nothing is unacknowledged."""
        while self._open:
            self._settled.clear()
            await self._settled.wait()

    async def take(self, limit: int, *, linger_s: float) -> list[Message]:
        """As `Source.take`."""
        return await self._inbox.take(limit, linger_s=linger_s)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """These need not be delivered again."""
        for message in messages:
            self._open.pop(message.receipt, None)
        self._settled.set()

    def subscribe(self, filters: Sequence[str]) -> None:
        """From now on, exactly these filters."""
        self._filters = FilterTrie()
        for each in filters:
            self._filters[each] = each

    def publish(self, publication: Publication) -> None:
        """Nobody listens to the service on this bus."""


class BusPublisher:
    """Implements `Publisher` in process: the bus acknowledges at once."""

    def __init__(self, bus: Bus, will: Publication | None) -> None:
        self._bus = bus
        self._will = will

    async def publish(self, publication: Publication) -> None:
        """Send; waits while a subscriber is full."""
        await self._bus.deliver(publication)

    async def drained(self) -> None:
        """Nothing is ever under way."""

    async def close(self) -> None:
        """Say goodbye."""
        self._will = None

    async def die(self) -> None:
        """Vanish: the will is sent."""
        will, self._will = self._will, None
        if will is not None:
            await self._bus.deliver(will)


class BusOutlet:
    """Implements `Outlet` in process: always there."""

    connected = True

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def run(self) -> None:
        """There is nothing to do."""
        await asyncio.Event().wait()

    async def send(self, publication: Publication) -> None:
        """Hand it to the devices that want it."""
        await self._bus.deliver(publication)
