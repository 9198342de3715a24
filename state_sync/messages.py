"""What travels between buses, codecs and the ingest: messages in, readings out. Protocols only, no socket."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from twin.commands import Reply
from twin.ports.live import Rejected
from twin.state import Reading


class Message(Struct, frozen=True, gc=False):
    """One message from a bus.

    `received_at`: microseconds since 1970 UTC. `retained`: the broker kept it from before we subscribed, so that it says
    nothing about now. `receipt`: what the bus wants back as acknowledgement; 0: nothing (QoS 0). `correlation`, `response_topic`: of MQTT 5,
    empty where there is none.
    """

    topic: str
    payload: bytes
    received_at: int
    retained: bool = False
    receipt: int = 0
    correlation: bytes = b""
    response_topic: str = ""


class Publication(Struct, frozen=True):
    """A message to be sent. `response_topic`, `correlation`, `expiry_s` (whole seconds, from 1): for MQTT 5, left out elsewhere."""

    topic: str
    payload: bytes
    retain: bool = False
    response_topic: str | None = None
    correlation: bytes = b""
    expiry_s: int | None = None


class Decoded(Struct, frozen=True, kw_only=True):
    """What one message says.

    `silenced`: numbers of signals whose gateway has died; they turn stale at once, before the readings of the same message.
    `requests`: what must be asked of devices (a Sparkplug rebirth). `replies`: what devices say to commands.
    """

    readings: Sequence[Reading] = ()
    rejected: Sequence[Rejected] = ()
    silenced: Sequence[int] = ()
    requests: Sequence[Publication] = ()
    replies: Sequence[Reply] = ()


class Decoder(Protocol):
    """Bindings and codecs: which topics are wanted, and what their messages mean. Called in one thread only."""

    @property
    def filters(self) -> Sequence[str]:
        """MQTT topic filters to subscribe to."""
        ...

    @property
    def muted(self) -> frozenset[int]:
        """Numbers of signals whose messages are all refused, because their device is disabled."""
        ...

    def decode(self, message: Message) -> Decoded:
        """Never raises because of what a message holds: that is in `rejected`."""
        ...


class Link(Struct, frozen=True, kw_only=True):
    """How a bus stands. `error`: why it is not connected, or what the broker refused; None: all is well.

    `waiting`: messages taken from the bus and not yet taken by the ingest. `connects`: how often it got through.
    """

    connected: bool = False
    connects: int = 0
    waiting: int = 0
    error: str | None = None


class Source(Protocol):
    """A bus as the ingest sees it. A message that is not acknowledged comes again after the connection or the process ends."""

    @property
    def link(self) -> Link:
        """How it stands now."""
        ...

    async def run(self) -> None:
        """Stay connected until cancelled; says goodbye then."""
        ...

    async def take(self, limit: int, *, linger_s: float) -> list[Message]:
        """Wait for messages, then return 1 to `limit` of them, in their order.

        If fewer than `limit` are there it waits `linger_s` once, so that commits are shared. Cancelling loses none.
        """
        ...

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """These are durable. Receipts of an earlier connection are ignored: those messages come again."""
        ...

    def subscribe(self, filters: Sequence[str]) -> None:
        """From now on, exactly these filters."""
        ...

    def publish(self, publication: Publication) -> None:
        """Send at most once; dropped while there is no connection."""
        ...


class Publisher(Protocol):
    """A device's or gateway's side of a bus."""

    async def publish(self, publication: Publication) -> None:
        """Send at least once; waits while too many are unacknowledged."""
        ...

    async def drained(self) -> None:
        """Wait until everything sent is acknowledged."""
        ...

    async def close(self) -> None:
        """Say goodbye: the last will is not sent."""
        ...

    async def die(self) -> None:
        """Vanish without goodbye: the bus sends the last will."""
        ...


class NotSent(ConnectionError):
    """A message has surely not left: there is no connection."""


class InDoubt(ConnectionError):
    """A message may have left: the connection was lost before it was acknowledged."""


class Outlet(Protocol):
    """The way to devices."""

    @property
    def connected(self) -> bool:
        """Whether something can be sent now."""
        ...

    async def run(self) -> None:
        """Stay connected until cancelled."""
        ...

    async def send(self, publication: Publication) -> None:
        """Send once, and never again by itself; returns when the bus has it. Raises NotSent, InDoubt."""
        ...
