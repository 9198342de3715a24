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
    correlation, response_topic = b"", ""
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
                if length > 127:
                    length, more = _long(body, position, length)
                    position += more
                correlation, response_topic = _answering(body[position : position + length])
                position += length
    except (struct.error, IndexError) as error:
        raise MalformedPacket("a PUBLISH that ends too early") from error
    if position > len(body):
        raise MalformedPacket("a PUBLISH that ends too early")
    if correlation or response_topic:
        stamps = arrival.received_at, bool(first & 0x01), receipt
        return Message(topic, body[position:], *stamps, correlation, response_topic)
    return Message(topic, body[position:], arrival.received_at, bool(first & 0x01), receipt)


_FIXED = {0x01: 1, 0x02: 4, 0x23: 2}
"""Bytes of the properties of a PUBLISH that are numbers: payload format, expiry, topic alias (MQTT 5.0 §3.3.2.3)."""

_RESPONSE_TOPIC, _CORRELATION = 0x08, 0x09
_TEXTS = {0x03: 1, _RESPONSE_TOPIC: 1, _CORRELATION: 1, 0x26: 2}
"""Those that are texts or bytes, with a length before each: content type, response topic, correlation data, user property (a pair)."""

_SUBSCRIPTION = 0x0B
"""Subscription identifier: a number of one to four bytes."""


def _answering(properties: bytes) -> tuple[bytes, str]:
    """Correlation data and response topic, empty where they are missing. Stops at what it does not know."""
    correlation, topic = b"", ""
    position = 0
    while position < len(properties):
        kind = properties[position]
        position += 1
        if kind in _FIXED:
            position += _FIXED[kind]
        elif kind == _SUBSCRIPTION:
            while position < len(properties) and properties[position] > 127:
                position += 1
            position += 1
        elif kind in _TEXTS:
            value = b""
            for _ in range(_TEXTS[kind]):
                end = position + 2 + _UINT16(properties, position)[0]
                value = properties[position + 2 : end]
                position = end
            if kind == _CORRELATION:
                correlation = value
            elif kind == _RESPONSE_TOPIC:
                topic = value.decode(errors="replace")
        else:
            break
    return correlation, topic


def _long(body: bytes, position: int, length: int) -> tuple[int, int]:
    """The length of properties where it takes more than one byte, and how many more there are."""
    length &= 127
    for place in range(1, 4):
        byte = body[position + place - 1]
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, place
    raise MalformedPacket("properties with a length of more than four bytes")


def acknowledgements(messages: Sequence[Message], connection: int) -> bytes:
    """PUBACKs for those messages that came over `connection`, in their order (MQTT 5.0 §4.6)."""
    receipts = np.fromiter((message.receipt for message in messages), dtype=np.int64, count=len(messages))
    identifiers = receipts[receipts >> 16 == connection] & 0xFFFF
    packets = np.empty((len(identifiers), 2), dtype=">u2")
    packets[:, 0] = PUBACK_HEADER
    packets[:, 1] = identifiers
    return packets.tobytes()
