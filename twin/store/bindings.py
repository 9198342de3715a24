"""Bindings, as documents."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from twin.store.database import Database
from twin.store.schema_live import binding


def replace_bindings(database: Database, source: str, documents: Sequence[str]) -> int:
    """See `twin.ports.BindingKeeper.replace_bindings`."""
    with database.write(durable=True, lane="live") as connection:
        connection.execute(delete(binding).where(binding.c.source == source))
        database.dialect.insert_rows(
            connection, binding, [(source, place, document) for place, document in enumerate(documents)]
        )
        return connection.execute(select(func.count()).select_from(binding)).scalar_one()


def bindings(database: Database) -> list[tuple[str, str]]:
    """See `twin.ports.BindingKeeper.bindings`."""
    ordered = select(binding.c.source, binding.c.document).order_by(binding.c.source, binding.c.position)
    with database.read() as connection:
        return [(row.source, row.document) for row in connection.execute(ordered)]


def command_bindings(database: Database) -> list[tuple[str, str]]:
    """See `twin.ports.BindingKeeper.command_bindings`. The key of the document, as `msgspec` writes it."""
    ordered = select(binding.c.source, binding.c.document).order_by(binding.c.source, binding.c.position)
    with database.read() as connection:
        found = connection.execute(ordered.where(binding.c.document.like('%"command":{%')))
        return [(row.source, row.document) for row in found]
