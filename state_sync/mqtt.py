"""MQTT 5 and 3.1.1: a source for the ingest, and a publisher for simulated devices."""

import asyncio
import logging
from collections.abc import Sequence

from state_sync.inbox import DEFAULT_LIMIT, Inbox
from state_sync.messages import Link, Message, Publication
from state_sync.mqtt_client import Backoff, Client, opened
from state_sync.mqtt_settings import MqttSettings

log = logging.getLogger(__name__)


class MqttSource:
    """A persistent session at a broker. Implements `Source`.

    Nothing is acknowledged but by `acknowledge`. Memory is bounded by the receive maximum (MQTT 5), and beyond the inbox's
    limit the socket is not read: the broker holds the rest.
    """

    def __init__(self, settings: MqttSettings, *, limit: int = DEFAULT_LIMIT) -> None:
        self._settings = settings
        self._inbox = Inbox(limit, on_room=self._go_on)
        self._filters: tuple[str, ...] = ()
        self._client: Client | None = None
        self._connects = 0
        self._error: str | None = "not started"

    @property
    def link(self) -> Link:
        """How it stands now."""
        client = self._client
        refused = client.refused if client is not None else []
        error = f"the broker refused {', '.join(refused)}" if refused else self._error
        return Link(
            connected=client is not None, connects=self._connects, waiting=len(self._inbox), error=error
        )

    async def run(self) -> None:
        """Stay connected until cancelled; the session stays at the broker."""
        backoff = Backoff(self._settings)
        while True:
            try:
                await self._once(backoff)
            except OSError as error:
                self._error = str(error) or type(error).__name__
                log.warning("%r: %s", self._settings, self._error)
            except Exception as error:
                # Whatever the client library stumbles over: a service without a connection is worse.
                self._error = repr(error)
                log.exception("%r", self._settings)
            await asyncio.sleep(backoff.next_s())

    async def _once(self, backoff: Backoff) -> None:
        async with opened(Client(self._settings, number=self._connects + 1, receive=self._receive)) as client:
            self._connects += 1
            self._client, self._error = client, None
            backoff.reset()
            client.want(self._filters)
            if self._inbox.full:
                client.hold()
            try:
                await client.lost.wait()
            finally:
                self._client, self._error = None, "the connection was lost"

    def _receive(self, messages: list[Message]) -> None:
        self._inbox.put(messages)
        if self._inbox.full and self._client is not None:
            self._client.hold()

    def _go_on(self) -> None:
        if self._client is not None:
            self._client.go_on()

    async def take(self, limit: int, *, linger_s: float) -> list[Message]:
        """As `Source.take`."""
        return await self._inbox.take(limit, linger_s=linger_s)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK. Those of an earlier connection come again, as duplicates."""
        if self._client is not None:
            self._client.acknowledge(messages)

    def subscribe(self, filters: Sequence[str]) -> None:
        """From now on, exactly these filters; what an earlier process of the same session asked for stays at the broker."""
        before, self._filters = self._filters, tuple(dict.fromkeys(filters))
        if self._client is not None:
            self._client.want([each for each in self._filters if each not in before])
            self._client.unwant([each for each in before if each not in self._filters])

    def publish(self, publication: Publication) -> None:
        """Send with QoS 0, if connected."""
        if self._client is not None and self._client.is_connected:
            self._client.publish(publication.topic, publication.payload, qos=0, retain=publication.retain)
