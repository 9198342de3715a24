"""Requests for many signals whose commands are recorded in pieces: what is still to be done of them."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from twin.ports import Order
from twin.store.schema_commands import command_bulk, command_request

CHUNK = 500
"""Targets of one transaction: some 30 ms, in which readings wait."""

ABANDONED_US = 5_000_000
"""After so long whoever records a request in pieces is taken for gone; if it is not, two do pieces in turn."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Order)

_place = (
    select(command_bulk.c.next, command_request.c.id)
    .join(command_request, command_request.c.number == command_bulk.c.request)
    .where(command_bulk.c.request == bindparam("number"))
)
_next = _place.add_columns(command_bulk.c.document)


class Part(NamedTuple):
    """A piece that is to be recorded: the targets of the order from `start` on."""

    request: int
    identifier: str
    order: Order
    start: int


def begin(connection: Connection, request: int, order: Order, start_at: int, now: int) -> Order:
    """Keep what is to be recorded of a request, and return it; nothing of it is yet."""
    kept = msgspec.structs.replace(order, start_at=start_at, run=None)
    row = {"request": request, "document": _encoder.encode(kept), "next": 0, "touched_at": now}
    connection.execute(insert(command_bulk), row)
    return kept


def part(connection: Connection, request: int, order: Order | None = None) -> Part | None:
    """What is to be recorded next of a request; None: all is there. `order`: what `begin` has kept, for whoever knows it."""
    row = connection.execute(_next if order is None else _place, {"number": request}).one_or_none()
    if row is None:
        return None
    known = _decoder.decode(bytes(row.document)) if order is None else order
    return Part(request, row.id, known, row.next)


def advance(connection: Connection, done: Part, now: int) -> bool:
    """In the transaction that records the piece; false if it has been recorded already."""
    here: Any = (command_bulk.c.request == done.request) & (command_bulk.c.next == done.start)
    after = done.start + CHUNK
    if after >= len(done.order.targets):
        return connection.execute(delete(command_bulk).where(here)).rowcount == 1
    return (
        connection.execute(update(command_bulk).where(here).values(next=after, touched_at=now)).rowcount == 1
    )


def abandoned(connection: Connection, now: int) -> int | None:
    """A request that nobody goes on with."""
    old = command_bulk.c.touched_at <= now - ABANDONED_US
    return connection.execute(select(command_bulk.c.request).where(old).limit(1)).scalar()
