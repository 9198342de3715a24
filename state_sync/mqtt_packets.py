"""The packets of MQTT that come and go by the thousand: PUBLISH in, PUBACK out. Pure: bytes in, values out.

The client library parses a PUBLISH in about 16 µs and writes every PUBACK with a system call of its own; these do the same
for a whole read of the socket in 2 µs a message, and for a whole batch in one write.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from state_sync.messages import Message

PUBLISH = 0x30
PUBACK_HEADER = 0x4002
"""Type 4, flags 0, two bytes to follow: success, without reason code and properties (MQTT 5.0 §3.4.2.1, 3.1.1 §3.4)."""

_UINT16 = struct.Struct("!H").unpack_from


class MalformedPacket(ValueError):
    """Bytes that are no MQTT packet; what follows them cannot be understood either."""


class Split(NamedTuple):
    """Packets found in bytes: QoS 0 and 1 PUBLISH as messages, the others as (first byte, body), and how many bytes they took."""

    messages: list[Message]
    others: list[tuple[int, bytes]]
    consumed: int


class Arrival(NamedTuple):
    """What bytes were read at (microseconds since 1970 UTC), and over which connection (a positive number)."""

    received_at: int
    connection: int


def split_packets(data: bytes, arrival: Arrival, *, properties: bool) -> Split:
    """Split what was read into packets; the last one may be incomplete. `properties`: MQTT 5.

    Raises MalformedPacket (§1.5.5 a length of more than four bytes, §3.3 a PUBLISH shorter than it says).
    """
    messages: list[Message] = []
    others: list[tuple[int, bytes]] = []
    position = 0
    while (frame := _frame(data, position)) is not None:
        start, end = frame
        first = data[position]
        if first & 0xF4 == PUBLISH:  # 0x04: QoS 2, which no subscription of ours asks for
            messages.append(_message(first, data[start:end], arrival, properties))
        else:
            others.append((first, data[start:end]))
        position = end
    return Split(messages, others, position)


def _frame(data: bytes, position: int) -> tuple[int, int] | None:
    """Where the body of the packet at `position` starts and ends; None: it is not complete."""
    size = len(data)
    if position + 2 > size:
        return None
    length = data[position + 1]
    start = position + 2
    if length > 127:
        length &= 127
        shift = 7
        while True:
            if shift > 21:
                raise MalformedPacket("a remaining length of more than four bytes")
            if start >= size:
                return None
            byte = data[start]
            start += 1
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
    return (start, start + length) if start + length <= size else None


def _message(first: int, body: bytes, arrival: Arrival, properties: bool) -> Message:  # noqa: FBT001 -- the hot path: keywords cost
    receipt = 0
    try:
        position = 2 + _UINT16(body)[0]
        topic = body[2:position].decode(errors="replace")
        if first & 0x02:
            receipt = arrival.connection << 16 | _UINT16(body, position)[0]
            position += 2
        if properties:
            length = body[position]
            position += 1
            if length:
                position += length if length < 128 else _long(body, position, length)
    except (struct.error, IndexError) as error:
        raise MalformedPacket("a PUBLISH that ends too early") from error
    if position > len(body):
        raise MalformedPacket("a PUBLISH that ends too early")
    return Message(topic, body[position:], arrival.received_at, bool(first & 0x01), receipt)


def _long(body: bytes, position: int, length: int) -> int:
    """Bytes from `position` to the end of properties whose length takes more than one byte."""
    length &= 127
    for place in range(1, 4):
        byte = body[position + place - 1]
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length + place
    raise MalformedPacket("properties with a length of more than four bytes")


def acknowledgements(messages: Sequence[Message], connection: int) -> bytes:
    """PUBACKs for those messages that came over `connection`, in their order (MQTT 5.0 §4.6)."""
    receipts = np.fromiter((message.receipt for message in messages), dtype=np.int64, count=len(messages))
    identifiers = receipts[receipts >> 16 == connection] & 0xFFFF
    packets = np.empty((len(identifiers), 2), dtype=">u2")
    packets[:, 0] = PUBACK_HEADER
    packets[:, 1] = identifiers
    return packets.tobytes()
