"""The service's way to devices over MQTT: a connection of its own, on which nothing is ever sent twice."""

import asyncio
import logging

from msgspec.structs import replace

from state_sync.messages import InDoubt, NotSent, Publication
from state_sync.mqtt_client import Backoff, Client, opened, properties_of
from state_sync.mqtt_publisher import Storage, ignore
from state_sync.mqtt_settings import MqttSettings

log = logging.getLogger(__name__)


class MqttOutlet:
    """Implements `Outlet`. QoS 1 without repetition: a PUBACK says that the broker has it, a lost connection leaves a doubt.

    `settings`: those of the service; the session is another one, and none is kept at the broker.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = replace(
            settings, client_id=f"{settings.client_id}-control", session_expiry_s=0, share=None, will=None
        )
        self._client: Client | None = None
        self._storage = Storage(self._confirm)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._sequence = 0
        self._room = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether something can be sent now."""
        return self._client is not None and self._client.is_connected

    async def run(self) -> None:
        """Stay connected until cancelled."""
        backoff = Backoff(self._settings)
        while True:
            try:
                await self._once(backoff)
            except OSError as error:
                log.info("commands: %r: %s", self._settings, error)
            except Exception:
                # Whatever the client library stumbles over: a service without a connection is worse.
                log.exception("commands: %r", self._settings)
            await asyncio.sleep(backoff.next_s())

    async def _once(self, backoff: Backoff) -> None:
        storage = Storage(self._confirm)
        client = Client(self._settings, number=1, receive=ignore, storage=storage)
        try:
            async with opened(client):
                backoff.reset()
                self._storage, self._client = storage, client
                self._room.set()
                await client.lost.wait()
        finally:
            self._client = None
            self._give_up()

    def _give_up(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(InDoubt("the connection was lost before the broker acknowledged"))
        self._room.set()

    async def send(self, publication: Publication) -> None:
        """As `Outlet.send`."""
        client = self._client
        while client is not None and len(self._waiting) >= client.send_maximum:
            self._room.clear()
            await self._room.wait()
            client = self._client
        if client is None or not client.is_connected:
            raise NotSent("there is no connection to the broker")
        self._sequence += 1
        number = self._storage.sending = self._sequence
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        client.publish(
            publication.topic,
            publication.payload,
            qos=1,
            retain=publication.retain,
            **properties_of(publication),
        )
        try:
            await answer
        finally:
            self._waiting.pop(number, None)
            self._room.set()

    def _confirm(self, number: int) -> None:
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_result(None)
