"""A device's side of MQTT: what simulated devices, tests and benchmarks send with."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Self

from gmqtt.storage import PersistentStorage

from state_sync.messages import Publication
from state_sync.mqtt_client import Backoff, Client, opened, properties_of
from state_sync.mqtt_settings import MqttSettings

log = logging.getLogger(__name__)


class Storage(PersistentStorage):  # type: ignore[misc]  # gmqtt has no annotations
    """Where gmqtt keeps what is unacknowledged: it stores on sending, and removes when the PUBACK is there.

    One for each connection: the same packet identifier means another message on the next. `sending`: number of the
    publication that is being sent; `in_flight`: numbers by packet identifier.
    """

    def __init__(self, confirmed: Callable[[int], None]) -> None:
        super().__init__()
        self.sending = 0
        self.in_flight: dict[int, int] = {}
        self._confirmed = confirmed

    def push_message(self, mid: int, raw_package: bytes) -> None:
        """What is being sent has this packet identifier."""
        super().push_message(mid, raw_package)
        self.in_flight[mid] = self.sending

    def remove_message_by_mid(self, mid: int) -> None:
        """The broker has acknowledged it."""
        super().remove_message_by_mid(mid)
        number = self.in_flight.pop(mid, None)
        if number is not None:
            self._confirmed(number)


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
        self._sequence = 0
        self._storage = Storage(self._confirm)
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
            storage = Storage(self._confirm)
            client = Client(self._settings, number=1, receive=ignore, storage=storage)
            try:
                async with opened(client):
                    backoff.reset()
                    self._begin(client, storage)
                    await client.lost.wait()
            except OSError as error:
                log.info("%r: %s", self._settings, error)
            finally:
                self._client = None
            await asyncio.sleep(backoff.next_s())

    def _begin(self, client: Client, storage: Storage) -> None:
        self._client, self._storage = client, storage
        self._unsent = deque(self._pending)
        self._push()

    def _push(self) -> None:
        client = self._client
        if client is None or not client.is_connected:
            return
        while self._unsent and len(self._storage.in_flight) < client.send_maximum:
            self._storage.sending = self._unsent.popleft()
            publication = self._pending.get(self._storage.sending)
            if publication is not None:
                client.publish(
                    publication.topic,
                    publication.payload,
                    qos=1,
                    retain=publication.retain,
                    **properties_of(publication),
                )

    def _confirm(self, number: int) -> None:
        """The broker has taken over a publication."""
        publication = self._pending.pop(number, None)
        if publication is None:
            return
        self.acknowledged += 1
        if self._on_acknowledged is not None:
            self._on_acknowledged(publication)
        self._push()
        self._progress.set()


def ignore(_messages: object) -> None:
    """A publisher subscribes to nothing."""
