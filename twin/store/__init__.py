"""Where the twin is kept: one schema, one implementation, one small module for each database engine."""

from datetime import UTC, datetime
from pathlib import Path

from twin.store.database import Clock, opened
from twin.store.sqlite import SqliteDialect
from twin.store.store import SqlStore
from twin.store.sweep import recover

__all__ = ["DATABASE_NAME", "SqlStore", "open_store"]

DATABASE_NAME = "twin.sqlite"
"""Name of the database in a data folder."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(data: Path, *, create: bool = True, clock: Clock = _utc_now) -> SqlStore:
    """Open the store in the data folder, made and migrated as needed; imports that died are cleaned up.

    Raises StoreError: the folder cannot be written, the database is absent and `create` is false, of a newer version,
    damaged, or not one of this software.
    """
    database = opened(SqliteDialect(data / DATABASE_NAME), create=create, clock=clock)
    try:
        recover(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
