"""Tokens and roles. There are thousands at most, and they are read all together."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from twin.access import AccessState, TokenRecord
from twin.errors import NotFound
from twin.policy import Scope
from twin.store import counters
from twin.store.database import Database
from twin.store.schema import change
from twin.store.schema_access import role, token

VERSION = "access_version"
"""Counter: grows with each change of rights."""

_newest_change = select(func.max(change.c.seq))


def version(database: Database) -> tuple[int, int]:
    """See `twin.ports.access.AccessKeeper.access_version`."""
    with database.read() as connection:
        return _version(connection)


def _version(connection: Connection) -> tuple[int, int]:
    return counters.peek(connection, VERSION), connection.execute(_newest_change).scalar() or 0


def state(database: Database) -> AccessState:
    """See `twin.ports.access.AccessKeeper.access_state`."""
    with database.read() as connection:
        counted, models = _version(connection)
        tokens = [_record(row) for row in connection.execute(select(token).order_by(token.c.created_at))]
        roles = {row.name: row.document for row in connection.execute(select(role).order_by(role.c.name))}
    return AccessState(version=counted, models=models, tokens={one.id: one for one in tokens}, roles=roles)


def _record(row: Row[tuple[object, ...]]) -> TokenRecord:
    return TokenRecord(
        id=row.id,
        name=row.name,
        roles=tuple(msgspec.json.decode(row.roles)),
        scope=msgspec.json.decode(row.scope, type=Scope),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        digest=bytes(row.digest),
    )


def add_token(database: Database, record: TokenRecord) -> None:
    """See `twin.ports.access.AccessKeeper.add_token`."""
    row = {name: getattr(record, name) for name in TokenRecord.__struct_fields__}
    row |= {name: msgspec.json.encode(row[name]).decode() for name in ("roles", "scope")}
    with database.write(durable=True, lane="live") as connection:
        connection.execute(insert(token), row)
        counters.take(connection, VERSION)


def revoke_token(database: Database, identifier: str) -> TokenRecord:
    """See `twin.ports.access.AccessKeeper.revoke_token`."""
    with database.write(durable=True, lane="live") as connection:
        row = connection.execute(select(token).where(token.c.id == identifier)).one_or_none()
        if row is None:
            raise NotFound("token", identifier)
        found = _record(row)
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=database.now())
            revoked = update(token).where(token.c.id == identifier).values(revoked_at=found.revoked_at)
            connection.execute(revoked)
            counters.take(connection, VERSION)
        return found


_used = update(token).where(token.c.id == bindparam("this")).values(last_used_at=bindparam("at"))


def note_token_use(database: Database, used: Mapping[str, int]) -> None:
    """See `twin.ports.access.AccessKeeper.note_token_use`."""
    if used:
        with database.write(lane="live") as connection:
            connection.execute(_used, [{"this": identifier, "at": at} for identifier, at in used.items()])


def replace_roles(database: Database, documents: Mapping[str, str]) -> None:
    """See `twin.ports.access.AccessKeeper.replace_roles`."""
    with database.write(durable=True, lane="live") as connection:
        connection.execute(delete(role))
        rows = [{"name": name, "document": document} for name, document in documents.items()]
        if rows:
            connection.execute(insert(role), rows)
        counters.take(connection, VERSION)
