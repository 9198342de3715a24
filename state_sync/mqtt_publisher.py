"""A device's side of MQTT: what simulated devices, tests and benchmarks send with."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Self

from gmqtt.storage import PersistentStorage

from state_sync.messages import Publication
from state_sync.mqtt_client import Backoff, Client, opened
from state_sync.mqtt_settings import MqttSettings

log = logging.getLogger(__name__)


class _Storage(PersistentStorage):  # type: ignore[misc]  # gmqtt has no annotations
    """Where gmqtt keeps what is unacknowledged: it stores on sending, and removes when the PUBACK is there."""

    def __init__(self, publisher: "MqttPublisher") -> None:
        super().__init__()
        self._publisher = publisher

    def push_message(self, mid: int, raw_package: bytes) -> None:
        super().push_message(mid, raw_package)
        self._publisher.sent(mid)

    def remove_message_by_mid(self, mid: int) -> None:
        super().remove_message_by_mid(mid)
        self._publisher.confirmed(mid)


class MqttPublisher:
    """Sends with QoS 1 and knows what the broker has acknowledged. Implements `Publisher`; `async with` starts and ends it.

    `window`: how many may be unacknowledged. After a reconnect those are sent again, in their order, so that the broker may get
    a message twice. `on_acknowledged` is told each publication that got its PUBACK.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        window: int = 500,
        on_acknowledged: Callable[[Publication], None] | None = None,
    ) -> None:
        self.acknowledged = 0
        self._settings = settings
        self._window = window
        self._on_acknowledged = on_acknowledged
        self._pending: dict[int, Publication] = {}
        self._unsent: deque[int] = deque()
        self._in_flight: dict[int, int] = {}
        self._sequence = 0
        self._sending = 0
        self._client: Client | None = None
        self._progress = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._client is not None

    async def __aenter__(self) -> Self:
        """Begin to connect, in the background."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """As `close`."""
        await self.close()

    async def publish(self, publication: Publication) -> None:
        """Send, now or once connected; waits while `window` messages are unacknowledged."""
        await self._until(lambda: len(self._pending) < self._window)
        self._sequence += 1
        self._pending[self._sequence] = publication
        self._unsent.append(self._sequence)
        self._push()

    async def drained(self) -> None:
        """Wait until everything is acknowledged."""
        await self._until(lambda: not self._pending)

    async def close(self) -> None:
        """Say goodbye; what is unacknowledged is given up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def die(self) -> None:
        """Vanish without goodbye: the broker sends the will."""
        if self._client is not None:
            self._client.cut()
        await self.close()

    def cut(self) -> None:
        """Lose the connection; another is made."""
        if self._client is not None:
            self._client.cut()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._progress.clear()
            await self._progress.wait()

    async def _run(self) -> None:
        backoff = Backoff(self._settings)
        while True:
            client = Client(self._settings, number=1, receive=_ignore, storage=_Storage(self))
            try:
                async with opened(client):
                    backoff.reset()
                    self._begin(client)
                    await client.lost.wait()
            except OSError as error:
                log.info("%r: %s", self._settings, error)
            finally:
                self._client = None
            await asyncio.sleep(backoff.next_s())

    def _begin(self, client: Client) -> None:
        self._client = client
        self._in_flight.clear()
        self._unsent = deque(self._pending)
        self._push()

    def _push(self) -> None:
        client = self._client
        if client is None or not client.is_connected:
            return
        while self._unsent and len(self._in_flight) < client.send_maximum:
            self._sending = self._unsent.popleft()
            publication = self._pending[self._sending]
            client.publish(publication.topic, publication.payload, qos=1, retain=publication.retain)

    def sent(self, identifier: int) -> None:
        """What is being sent got this packet identifier."""
        self._in_flight[identifier] = self._sending

    def confirmed(self, identifier: int) -> None:
        """The broker has taken over what has this packet identifier."""
        sequence = self._in_flight.pop(identifier, None)
        publication = self._pending.pop(sequence, None) if sequence is not None else None
        if publication is None:
            return
        self.acknowledged += 1
        if self._on_acknowledged is not None:
            self._on_acknowledged(publication)
        self._push()
        self._progress.set()


def _ignore(_messages: object) -> None:
    """A publisher subscribes to nothing."""
