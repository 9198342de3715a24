"""Many messages with little work: PUBLISH with QoS 1 over a plain socket, a window of them unacknowledged."""

import asyncio
import struct
from collections.abc import Sequence

from state_sync.messages import Publication

WINDOW = 2_000
CHUNK = 250


async def flood(port: int, publications: Sequence[Publication]) -> None:
    """Publish all of them, in their order; returns when the broker has acknowledged every one (MQTT 3.1.1)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    variable = b"\0\4MQTT\x04\x02\0\0" + _text("flood")
    writer.write(bytes([0x10, len(variable)]) + variable)
    assert await reader.readexactly(4) == b"\x20\x02\0\0"
    acknowledged = 0
    for start in range(0, len(publications), CHUNK):
        while start - acknowledged > WINDOW - CHUNK:
            await reader.readexactly(4)
            acknowledged += 1
        chunk = publications[start : start + CHUNK]
        writer.write(b"".join(_packet(each, start + place) for place, each in enumerate(chunk)))
        await writer.drain()
    await reader.readexactly(4 * (len(publications) - acknowledged))
    writer.close()
    await writer.wait_closed()


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("!H", len(encoded)) + encoded


def _packet(publication: Publication, number: int) -> bytes:
    body = _text(publication.topic) + struct.pack("!H", number % 60_000 + 1) + publication.payload
    assert len(body) < 128 * 128
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    return b"\x32" + length + body
