"""A command becomes a message for its device. Pure: the inverse of what a codec and a conversion do with readings."""

import math
from typing import Any

import msgspec

from state_sync.bindings.binding import Binding, CommandAddress
from state_sync.codecs import parse_path
from state_sync.codecs.sparkplug import command_payload
from state_sync.messages import Publication
from twin.commands import Command
from twin.controls import Confirm, Control
from twin.state import Value
from twin.times import from_microseconds

_encoder = msgspec.json.Encoder()


def publication(command: Command, binding: Binding, control: Control) -> Publication:
    """The message of a command. `expiry_s`: how long a broker may keep it for a device that is away: no longer than it is waited for.

    Raises ValueError for an address that was edited into nonsense.
    """
    address = binding.command
    if address is None:
        raise ValueError("the binding says nothing of commands")
    patience_s = max(1, math.ceil(control.confirm_s if control.confirm is Confirm.READING else control.ack_s))
    raw = raw_value(command.value, binding)
    if address.codec == "sparkplug":
        payload = command_payload(address.path, raw, command.sent_at or command.created_at)
        return Publication(address.topic, payload, expiry_s=patience_s)
    until = (command.sent_at or command.created_at) + patience_s * 1_000_000
    return Publication(
        address.topic,
        _plain(raw) if address.codec == "plain" else _document(address, command.id, raw, until),
        response_topic=address.reply,
        correlation=command.id.encode(),
        expiry_s=patience_s,
    )


def raw_value(value: Value, binding: Binding) -> Value:
    """What the device calls a value of the signal: by the map, else in its unit."""
    for text, meant in binding.map.items():
        if type(meant) is type(value) and meant == value:
            return text
    if isinstance(value, (bool, str)) or (binding.factor, binding.offset) == (1.0, 0.0):
        return value
    return (value - binding.offset) / binding.factor


def _plain(raw: Value) -> bytes:
    if isinstance(raw, bool):
        return b"true" if raw else b"false"
    return (raw if isinstance(raw, str) else f"{raw:.15g}").encode()


def _document(address: CommandAddress, identifier: str, raw: Value, until: int) -> bytes:
    expires = from_microseconds(until).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document: dict[str, Any] = {"id": identifier, "expires_at": expires}
    place = document
    *above, last = parse_path(address.path)
    for name in above:
        place = place.setdefault(str(name), {})
    place[str(last)] = raw
    return _encoder.encode(document)
