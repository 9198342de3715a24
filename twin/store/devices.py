"""Registered devices, as documents."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from twin.devices import Device, DeviceRegistry
from twin.errors import Conflict
from twin.store import counters
from twin.store.database import Database
from twin.store.schema_devices import device

_VERSION = "device_version"
"""Counter: grows with each change."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Device)


def registry(database: Database) -> DeviceRegistry:
    """See `twin.ports.DeviceKeeper.device_registry`."""
    with database.read() as connection:
        return DeviceRegistry(version=counters.peek(connection, _VERSION), devices=_all(connection))


def _all(connection: Connection) -> tuple[Device, ...]:
    rows = connection.execute(select(device.c.document).order_by(device.c.id)).scalars()
    return tuple(map(_decoder.decode, rows))


def version(database: Database) -> int:
    """See `twin.ports.DeviceKeeper.devices_version`."""
    with database.read() as connection:
        return counters.peek(connection, _VERSION)


def change(database: Database, put: Sequence[Device], remove: Sequence[str], *, known: int) -> int:
    """See `twin.ports.DeviceKeeper.change_devices`."""
    gone = [*remove, *(each.id for each in put)]
    rows = [{"id": each.id, "document": _encoder.encode(each).decode()} for each in put]
    with database.write(durable=True, lane="live") as connection:
        if counters.peek(connection, _VERSION) != known:
            raise Conflict("The devices have been changed meanwhile; look again and repeat.")
        connection.execute(delete(device).where(device.c.id.in_(gone)))
        if rows:
            connection.execute(insert(device), rows)
        return counters.take(connection, _VERSION) + 1
