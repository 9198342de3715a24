"""PostgreSQL keeps the contract of a store."""

from collections.abc import Iterator

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.editing_contract import BoundsContract, ChangeContract, EditingContract, FileContract
from tests.twin.store.import_contract import ImportContract, StateIndexContract
from tests.twin.store.postgres_server import PostgresServer
from tests.twin.store.query_contract import QueryContract, TreeContract
from tests.twin.store.search_contract import SearchContract
from twin.store import SqlStore
from twin.store.database import Database, opened
from twin.store.postgres import PostgresDialect


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer, postgres_database: str) -> Iterator[Database]:
    """Opened once: SQLAlchemy compiles every statement anew for each engine."""
    dialect = PostgresDialect(postgres_server.url(postgres_database))
    database = opened(dialect, create=False, clock=Clock())
    yield database
    database.close()


@pytest.fixture
def store(postgres_url: str, database: Database, clock: Clock) -> SqlStore:
    database.clock = clock
    return SqlStore(database)


class TestStateIndexes(StateIndexContract): ...


class TestImports(ImportContract): ...


class TestBounds(BoundsContract): ...


class TestEditing(EditingContract): ...


class TestChanges(ChangeContract): ...


class TestFiles(FileContract): ...


class TestQueries(QueryContract): ...


class TestTree(TreeContract): ...


class TestSearch(SearchContract): ...
