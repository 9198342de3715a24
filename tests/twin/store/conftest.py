"""Stores for tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.command_contract import Bench
from tests.twin.store.places import Place
from tests.twin.store.postgres_server import PostgresServer, find_programs
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url
from twin.store.database import Database, opened
from twin.store.postgres import PostgresDialect


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without content; making one takes longer than a test."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).close()
    return folder / DATABASE_NAME


@pytest.fixture
def data(tmp_path: Path, empty_database: Path) -> Path:
    """A data folder, its name not plain, with an empty database."""
    folder = tmp_path / "数据 a%20'b"
    folder.mkdir()
    shutil.copy(empty_database, folder)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """Skips where PostgreSQL with PostGIS is not installed, fails where `scripts/test` promised it."""
    found = find_programs()
    if found is None and os.environ.get("TWIN_REQUIRE_POSTGRES"):
        pytest.fail("no PostgreSQL with PostGIS although set-up should have installed it")
    if found is None:
        pytest.skip(
            "no PostgreSQL with PostGIS (Debian: postgresql, postgresql-postgis); TWIN_POSTGRES_BIN names one"
        )
    return found


@pytest.fixture(scope="session")
def postgres_server(postgres_programs: Path) -> Iterator[PostgresServer]:
    """One server for all tests that do not stop it."""
    server = PostgresServer.started(postgres_programs)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Name of a migrated database without content."""
    name = postgres_server.database()
    open_store_url(postgres_server.url(name)).close()
    return name


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer, postgres_template: str) -> str:
    """Name of the database that most tests share, one after the other."""
    return postgres_server.database(postgres_template)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_database: str) -> str:
    """URL of a database, migrated and empty."""
    postgres_server.clear(postgres_database)
    return postgres_server.url(postgres_database)


@pytest.fixture(scope="session")
def _opened_postgres(postgres_server: PostgresServer, postgres_database: str) -> Iterator[Database]:
    """Opened once: SQLAlchemy compiles every statement anew for each engine."""
    dialect = PostgresDialect(postgres_server.url(postgres_database))
    database = opened(dialect, create=False, clock=Clock())
    yield database
    database.close()


@pytest.fixture
def postgres_store(postgres_url: str, _opened_postgres: Database, clock: Clock) -> SqlStore:
    """A store in an empty PostgreSQL database, with the test's clock."""
    _opened_postgres.clock = clock
    return SqlStore(_opened_postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty database of each engine."""
    name = {"sqlite": "data", "postgres": "postgres_url"}[request.param]
    return Place(address=str(request.getfixturevalue(name)))


@pytest.fixture
def bench(store: SqlStore, clock: Clock) -> Bench:
    """A store of commands with its clock."""
    return Bench(store, clock)
