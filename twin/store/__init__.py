"""Where the twin is kept: one schema, one implementation, one small module for each database engine."""

from datetime import UTC, datetime
from pathlib import Path

from twin.store.archive_store import Archive
from twin.store.database import Clock, opened
from twin.store.dialect import Dialect
from twin.store.sqlite import SqliteDialect
from twin.store.store import SqlStore
from twin.store.sweep import recover

__all__ = ["CACHE_NAME", "DATABASE_NAME", "SqlStore", "open_store", "open_store_url"]

DATABASE_NAME = "twin.sqlite"
"""Name of the database in a data folder."""


ARCHIVE_NAME, CACHE_NAME = "archive", "archive-cache"
"""Names of folders in a data folder: files of archived readings, copies of those that lie elsewhere."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(
    data: Path, *, create: bool = True, clock: Clock = _utc_now, archive: str | None = None
) -> SqlStore:
    """Open the store in the data folder, made and migrated as needed; imports that died are cleaned up.

    Raises StoreError: the folder cannot be written, the database is absent and `create` is false, of a newer version,
    damaged, or not one of this software. `archive`: URL of a folder or object store for old readings; default: a folder beside it.
    """
    kept = Archive(archive or f"file://{(data / ARCHIVE_NAME).absolute()}", cache=data / CACHE_NAME)
    return _store(SqliteDialect(data / DATABASE_NAME), create=create, clock=clock, archive=kept)


def open_store_url(  # noqa: PLR0913 - what a deployment chooses
    url: str,
    *,
    create: bool = True,
    clock: Clock = _utc_now,
    connections: int = 16,
    archive: str | None = None,
    cache: Path | None = None,
) -> SqlStore:
    """Open the store in the PostgreSQL database at `postgresql://…`, migrated as needed, as `open_store` does.

    `archive`: URL of a folder or object store for old readings, the same for all processes; without one, none can be moved there or
    read from there. `cache`: folder for copies of what is read from afar. `connections`: at most so many readers at once in this process, and two writers. Raises StoreError: no such URL,
    server or database, no right to it, no PostGIS, or as for `open_store`. No message shows the URL's password.
    """
    from twin.store.postgres import PostgresDialect  # noqa: PLC0415 - 60 ms, and most deployments need no driver

    kept = Archive(archive, cache=cache) if archive else None
    return _store(PostgresDialect(url, connections=connections), create=create, clock=clock, archive=kept)


def _store(dialect: Dialect, *, create: bool, clock: Clock, archive: Archive | None) -> SqlStore:
    database = opened(dialect, create=create, clock=clock, archive=archive)
    try:
        recover(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
