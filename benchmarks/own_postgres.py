"""A PostgreSQL of the benchmark's own, as it comes: every commit waits for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.twin.store.postgres_server import PostgresServer, find_programs

AS_IT_COMES = (
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
)
"""The first three are PostgreSQL's defaults; the last two what docs/postgresql.md advises for a machine of this size."""


@contextmanager
def database(store: str) -> Iterator[str]:
    """URL of an empty database where `store` is the word `postgresql`; anything else is handed back as it is."""
    if store != "postgresql":
        yield store
        return
    programs = find_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL with PostGIS on this machine: scripts/setup test installs it")
    server = PostgresServer.started(programs)
    try:
        server.halt()
        server.start(*AS_IT_COMES)
        yield server.url(server.database())
    finally:
        server.stop()
