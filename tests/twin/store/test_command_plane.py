"""The whole command plane against an oracle, on both engines.

What must hold whatever happens: no device is sent twice what it could not tell apart; none is confirmed without a reading, or an acknowledgement where so
declared; none is lost; each ends. `test_planted_faults.py` shows that the same run finds what would break it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from tests.twin.store.plane import Plane, run
from tests.twin.store.plane_asking import prepare
from tests.twin.store.postgres_server import PostgresServer
from twin.store import DATABASE_NAME, SqlStore, open_store, open_store_url

EXAMPLES, STEPS = 50, 15
"""The default run: some ten seconds."""

_MEMORY = Path("/dev/shm")


@pytest.fixture
def machine() -> Iterator[type[Plane]]:
    """The plane on SQLite, each example on a database of its own."""
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        template = Path(folder) / "template"
        with open_store(template) as store:
            prepare(store)

        class Machine(Plane):
            place: Path | None = None

            def opened(self) -> SqlStore:
                if self.place is None:
                    self.place = Path(mkdtemp(dir=folder))
                    shutil.copy(template / DATABASE_NAME, self.place)
                return open_store(self.place, clock=self.clock)

        yield Machine


@pytest.mark.timeout(300)
def test_whatever_happens_on_sqlite(machine: type[Plane]) -> None:
    run(machine, examples=EXAMPLES, steps=STEPS)


@pytest.mark.timeout(300)
def test_whatever_happens_with_two_servers_on_postgresql(
    postgres_server: PostgresServer, postgres_database: str
) -> None:
    class Machine(Plane):
        place: str | None = None

        def opened(self) -> SqlStore:
            first = self.place is None
            if self.place is None:
                postgres_server.clear(postgres_database)
                self.place = postgres_server.url(postgres_database)
            store = open_store_url(self.place, clock=self.clock)
            if first:
                prepare(store)
            return store

    run(Machine, examples=8, steps=25)
