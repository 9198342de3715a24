"""The whole command plane against an oracle, on both engines.

What must hold whatever happens: no device is sent twice what it could not tell apart; none is confirmed without a reading, or an acknowledgement where so
declared; none is lost; each ends. `test_planted_faults.py` shows that the same run finds what would break it. `--hypothesis-seed` gives other examples.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.plane import Plane, run, run_cases
from tests.twin.store.plane_servers import Servers, prepare
from tests.twin.store.postgres_server import PostgresServer
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url

EXAMPLES, STEPS = 50, 15
CASES = 3
"""How often all cases are tried, each time in another order."""

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def sqlite_servers() -> Iterator[Servers]:
    """Two servers on SQLite, in memory where there is a place for files there."""
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        template = Path(folder) / "template"
        with open_store(template) as store:
            prepare(store)

        def opened(clock: Clock) -> dict[str, SqlStore]:
            place = Path(mkdtemp(dir=folder))
            shutil.copy(template / DATABASE_NAME, place)
            return {server: open_store(place, clock=clock) for server in ("one", "two")}

        servers = Servers(opened)
        yield servers
        servers.close()


@pytest.fixture
def machine(sqlite_servers: Servers) -> type[Plane]:
    """The plane on SQLite."""
    return _machine(sqlite_servers)


def _machine(found: Servers) -> type[Plane]:
    class Machine(Plane):
        servers = found

    return Machine


@pytest.fixture
def number(request: pytest.FixtureRequest) -> int:
    """Which examples."""
    return int(request.config.getoption("--hypothesis-seed") or 0)


@pytest.mark.timeout(300)
def test_each_case_on_sqlite(machine: type[Plane], number: int) -> None:
    run_cases(machine, examples=CASES, number=number)


@pytest.mark.timeout(300)
def test_whatever_happens_on_sqlite(machine: type[Plane], number: int) -> None:
    run(machine, examples=EXAMPLES, steps=STEPS, number=number)


@pytest.fixture
def postgres_servers(postgres_server: PostgresServer, postgres_database: str) -> Iterator[Servers]:
    """Two servers on PostgreSQL."""

    def opened(clock: Clock) -> dict[str, SqlStore]:
        postgres_server.clear(postgres_database)
        url = postgres_server.url(postgres_database)
        one = open_store_url(url, clock=clock)
        prepare(one)
        return {"one": one, "two": open_store_url(url, clock=clock)}

    servers = Servers(opened)
    yield servers
    servers.close()


@pytest.mark.timeout(300)
def test_whatever_happens_with_two_servers_on_postgresql(postgres_servers: Servers, number: int) -> None:
    run_cases(_machine(postgres_servers), examples=2, number=number)
    run(_machine(postgres_servers), examples=8, steps=STEPS, number=number)
