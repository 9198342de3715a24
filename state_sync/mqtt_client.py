"""gmqtt, with what it lacks: acknowledgements after the commit, back-off, and a fast path for PUBLISH.

It hands a callback no packet identifier, so nobody but itself could acknowledge; it does that before the callback is done, or
by one task a message. Here the protocol's parser is replaced on each connection: PUBLISH packets become messages with a
receipt, everything else goes gmqtt's way. Its reconnecting, with one fixed delay and without end, is switched off.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.package import Package
from gmqtt.storage import PersistentStorage

from state_sync.messages import Message, Publication
from state_sync.mqtt_packets import Arrival, MalformedPacket, acknowledgements, split_packets
from state_sync.mqtt_settings import MqttSettings

log = logging.getLogger(__name__)

GOODBYE_S = 2.0
"""How long a DISCONNECT may take to leave; then the socket is cut."""

GULP_S = 0.005
"""Pause between two reads of the socket. A broker writes each message by itself: at 5,000 a second, reading every one as it comes
would wake the loop as often, and cost twice the processor time of the work itself."""

Receive = Callable[[list[Message]], None]


class NotConnected(ConnectionError):
    """The broker refused, or went away before it accepted."""


class Client(gmqtt.Client):  # type: ignore[misc]  # gmqtt has no annotations
    """One connection to a broker, never reused. `number`: which it is in this process, from 1; part of receipts."""

    def __init__(
        self,
        settings: MqttSettings,
        *,
        number: int,
        receive: Receive,
        storage: PersistentStorage | None = None,
    ) -> None:
        five = settings.version == "5"
        properties = {
            "session_expiry_interval": settings.session_expiry_s,
            "receive_maximum": settings.receive_maximum,
        }
        super().__init__(
            settings.client_id,
            clean_session=settings.session_expiry_s == 0,
            optimistic_acknowledgement=False,
            will_message=_will(settings),
            persistent_storage=storage,
            logger=log,
            **(properties if five else {}),
        )
        self.settings = settings
        self.lost = asyncio.Event()
        self.session_present = False
        self.refused: list[str] = []
        self._five = five
        self._receive = receive
        self._number = number
        self._held = False
        self._wanted: dict[int, list[str]] = {}
        self.on_disconnect = _on_disconnect
        self.on_connect = _on_connect
        self.on_subscribe = _on_subscribe
        if settings.username is not None:
            self.set_auth_credentials(settings.username, settings.password)

    async def open(self) -> None:
        """Connect and wait for the broker's word. Raises OSError (NotConnected, TimeoutError, SSL errors too)."""
        settings = self.settings
        encryption = settings.tls.context() if settings.tls is not None else False
        version = MQTTv50 if self._five else MQTTv311
        connecting = asyncio.ensure_future(
            self.connect(
                settings.host, settings.port, ssl=encryption, keepalive=settings.keepalive_s, version=version
            )
        )
        losing = asyncio.ensure_future(self.lost.wait())
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await asyncio.wait({connecting, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise NotConnected(
                    f"{settings.host}:{settings.port} closed the connection before it accepted"
                )
            connecting.result()
        except gmqtt.MQTTConnectError as error:
            raise NotConnected(str(error)) from error
        finally:
            for task in (connecting, losing):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, gmqtt.MQTTConnectError):
                await connecting

    async def reconnect(self, delay: bool = False) -> None:  # noqa: FBT001, FBT002 -- gmqtt's signature
        """Not at all: whoever made this client makes another."""

    async def _create_connection(self, *args: Any, **kwargs: Any) -> Any:
        connection = await super()._create_connection(*args, **kwargs)
        # The only place where packets can be had before gmqtt treats them one by one.
        connection._protocol._read_packet = self._read  # noqa: SLF001
        return connection

    def _read(self, data: bytes) -> int:
        """What gmqtt's parser does: take packets from the front of `data`, return how many bytes they took."""
        arrival = Arrival(time.time_ns() // 1000, self._number)
        try:
            messages, others, consumed = split_packets(data, arrival, properties=self._five)
        except MalformedPacket as error:
            log.warning("%r sent what is not MQTT: %s", self.settings, error)
            self.cut()
            return len(data)
        connection = self._package_handler.current_connection
        connection._last_data_in = time.monotonic()  # noqa: SLF001 -- as put_package does
        for first, body in others:
            connection.put_package(Package(first, body))
        if messages:
            self._pause()
            asyncio.get_running_loop().call_later(GULP_S, self._resume)
            self._receive(messages)
        return consumed

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK those that came over this connection, in one write."""
        packets = acknowledgements(messages, self._number)
        if packets and self.is_connected:
            self._connection.send_package(packets)

    def want(self, filters: Sequence[str]) -> None:
        """Subscribe with QoS 1; retained messages only where the subscription is new (MQTT 5.0 §3.8.3.1)."""
        if not filters:
            return
        handling = 1 if self._five else 0
        subscriptions = [
            gmqtt.Subscription(self.settings.shared(each), qos=1, retain_handling_options=handling)
            for each in filters
        ]
        identifier = self.subscribe(subscriptions)
        self._wanted[identifier] = list(filters)

    def unwant(self, filters: Sequence[str]) -> None:
        """Unsubscribe."""
        if filters:
            self.unsubscribe([self.settings.shared(each) for each in filters])

    def granted(self, identifier: int, codes: Sequence[int]) -> None:
        """The broker's answer to a subscription, one code a filter."""
        asked = self._wanted.pop(identifier, [])
        self.refused += [name for name, code in zip(asked, codes, strict=False) if code >= 0x80]

    def hold(self) -> None:
        """Read no more from the socket."""
        self._held = True
        self._pause()

    def go_on(self) -> None:
        """Read again."""
        self._held = False
        self._resume()

    def _pause(self) -> None:
        if self.is_open:
            self._connection._transport.pause_reading()  # noqa: SLF001 -- gmqtt offers no flow control

    def _resume(self) -> None:
        if self.is_open and not self._held:
            self._connection._transport.resume_reading()  # noqa: SLF001

    @property
    def send_maximum(self) -> int:
        """How many messages the broker takes unacknowledged (MQTT 5.0 §3.2.2.3.3)."""
        # gmqtt numbers them below this limit, and keeps one number free.
        return int(self._package_handler.id_generator._max) - 2  # noqa: SLF001

    def cut(self) -> None:
        """End the connection without goodbye: the broker sends the will."""
        if self._connection is not None:
            self._stop_timer()
            self._connection._transport.abort()  # noqa: SLF001
        self.lost.set()

    async def close(self) -> None:
        """Say goodbye; the session stays at the broker."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                if self.is_open and not self.lost.is_set():
                    await self.disconnect()
        except OSError:
            log.debug("%r was gone before goodbye", self.settings)
        finally:
            self.cut()

    @property
    def is_open(self) -> bool:
        """Whether there is a socket."""
        return self._connection is not None and not self._connection.is_closing()

    def _stop_timer(self) -> None:
        timer = self._connection._keep_connection_callback  # noqa: SLF001 -- it would hold the connection for a keepalive
        if timer is not None:
            timer.cancel()


def _will(settings: MqttSettings) -> gmqtt.Message | None:
    will = settings.will
    return will and gmqtt.Message(will.topic, will.payload, qos=will.qos, retain=will.retain)


def _on_connect(client: Client, session_present: int, _code: int, _properties: object) -> None:
    client.session_present = bool(session_present)


def _on_disconnect(client: Client, _packet: object) -> None:
    client.lost.set()


def _on_subscribe(client: Client, identifier: int, codes: Sequence[int], _properties: object) -> None:
    client.granted(identifier, codes)


@asynccontextmanager
async def opened(client: Client) -> AsyncIterator[Client]:
    """A connected client, closed at the end. Raises as `Client.open`."""
    try:
        await client.open()
        yield client
    finally:
        await client.close()


def properties_of(publication: Publication) -> dict[str, Any]:
    """Request and response (MQTT 5.0 §4.10), and how long the broker may keep it; an older broker is told nothing of it."""
    found: dict[str, Any] = {}
    if publication.response_topic is not None:
        found["response_topic"] = publication.response_topic
    if publication.correlation:
        found["correlation_data"] = publication.correlation
    if publication.expiry_s is not None:
        found["message_expiry_interval"] = publication.expiry_s
    return found


class Backoff:
    """Seconds to wait before the next attempt: doubling, with the upper half random; from the start after `reset`."""

    def __init__(self, settings: MqttSettings) -> None:
        self._first_s = settings.reconnect_from_s
        self._last_s = settings.reconnect_to_s
        self._next_s = self._first_s

    def reset(self) -> None:
        """It worked."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """How long to wait now."""
        now_s = self._next_s
        self._next_s = min(self._last_s, 2 * now_s)
        return now_s * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads clients, keeps no secret
