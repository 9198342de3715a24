"""A proxy between broker and service that shuffles and doubles what the broker delivers, and cuts connections."""

import asyncio
import contextlib
import random
from collections import Counter
from types import TracebackType
from typing import Self

PUBLISH, PUBACK = 3, 4
"""Types of packets (MQTT 5.0 §2.1.2)."""


_GRACE_S = 0.2
"""Until a cut, at most: without it no acknowledgement would ever get through, and the broker would deliver the same for ever."""


class UnkindProxy:
    """Listens on a free loopback port, `port`, and passes on to the broker's; `async with`.

    Deliveries of one read are shuffled, one in ten comes twice (its second PUBACK stays here, because a broker takes one
    only), and a connection is cut after `packets_per_life` deliveries, with whatever was under way.
    """

    def __init__(self, broker_port: int, *, seed: int, packets_per_life: int) -> None:
        self.port = 0
        self.cuts = self.doubled = self.shuffled = 0
        self._broker_port = broker_port
        self._chance = random.Random(seed)
        self._packets_per_life = packets_per_life
        self._server: asyncio.Server | None = None
        self._lives: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._live, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)

    async def _live(self, service_in: asyncio.StreamReader, service_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lives.add(task)
        broker_in, broker_out = await asyncio.open_connection("127.0.0.1", self._broker_port)
        surplus: Counter[bytes] = Counter()
        ways = [
            asyncio.create_task(self._deliver(broker_in, service_out, surplus)),
            asyncio.create_task(self._answer(service_in, broker_out, surplus)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (service_out, broker_out):
                writer.transport.abort()
            self._lives.discard(task)

    async def _deliver(
        self, broker: asyncio.StreamReader, service: asyncio.StreamWriter, surplus: Counter[bytes]
    ) -> None:
        delivered, rest = 0, b""
        while data := await broker.read(65536):
            packets, rest = _split(rest + data)
            deliveries = [packet for packet in packets if packet[0] >> 4 == PUBLISH]
            others = [packet for packet in packets if packet[0] >> 4 != PUBLISH]
            twice = [packet for packet in deliveries if self._chance.random() < 0.1]
            surplus.update(_identifier(packet) for packet in twice)
            self.doubled += len(twice)
            self.shuffled += len(deliveries) > 1
            deliveries += twice
            self._chance.shuffle(deliveries)
            service.write(b"".join(others + deliveries))
            await service.drain()
            delivered += len(deliveries)
            if delivered > self._packets_per_life:
                self.cuts += 1
                await asyncio.sleep(self._chance.random() * _GRACE_S)
                return

    async def _answer(
        self, service: asyncio.StreamReader, broker: asyncio.StreamWriter, surplus: Counter[bytes]
    ) -> None:
        rest = b""
        while data := await service.read(65536):
            packets, rest = _split(rest + data)
            for packet in packets:
                identifier = packet[2:4]
                if packet[0] >> 4 == PUBACK and surplus[identifier] > 0:
                    surplus[identifier] -= 1
                else:
                    broker.write(packet)
            with contextlib.suppress(ConnectionError):
                await broker.drain()


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole packets, and the beginning of the next."""
    packets, position = [], 0
    while position + 2 <= len(data):
        length, shift, at = 0, 0, position + 1
        while at < len(data):
            length |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
        else:
            break
        if at + length > len(data):
            break
        packets.append(data[position : at + length])
        position = at + length
    return packets, data[position:]


def _identifier(publish: bytes) -> bytes:
    """Of a PUBLISH with QoS 1 (§3.3.2)."""
    at = 1
    while publish[at] > 127:
        at += 1
    topic = int.from_bytes(publish[at + 1 : at + 3], "big")
    return publish[at + 3 + topic : at + 5 + topic]
