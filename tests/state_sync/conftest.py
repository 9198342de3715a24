"""Fixtures with a real broker, and a real PostgreSQL that a test may stop."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.state_sync.broker import Broker
from tests.twin.store.postgres_server import PostgresServer, find_programs


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto that runs; stopped at the end."""
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server of the module's own, that loses nothing it has committed when it is killed."""
    programs = find_programs()
    if programs is None and os.environ.get("TWIN_REQUIRE_POSTGRES"):
        pytest.fail("no PostgreSQL with PostGIS although set-up should have installed it")
    if programs is None:
        pytest.skip("no PostgreSQL with PostGIS (Debian: postgresql, postgresql-postgis)")
    server = PostgresServer.started(programs)
    server.halt()
    server.start("synchronous_commit=on", "full_page_writes=on")
    yield server
    server.stop()


@pytest.fixture
def postgres_location(postgres: PostgresServer) -> Iterator[str]:
    """URL of an empty database."""
    name = postgres.database()
    yield postgres.url(name)
    postgres.drop(name)
