"""Transactions that are read over several connections see one state of the database, whoever writes meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from tests.twin.store.clock import Clock
from tests.twin.store.places import Place
from twin.store import DATABASE_NAME, counters
from twin.store.database import Database, opened
from twin.store.postgres import PostgresDialect
from twin.store.schema import counter
from twin.store.sqlite import SqliteDialect

TURNS = 150
_seen = select(counter.c.value).where(counter.c.name == "test")


@contextmanager
def _database(place: Place) -> Iterator[Database]:
    dialect = (
        PostgresDialect(place.address)
        if place.is_postgres
        else SqliteDialect(Path(place.address) / DATABASE_NAME)
    )
    database = opened(dialect, create=False, clock=Clock())
    try:
        yield database
    finally:
        database.close()


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Commits one after the other, from another thread."""
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            with database.write(lane="live") as connection:
                counters.take(connection, "test")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_connections_read_together_see_the_same_commits(place: Place) -> None:
    with _database(place) as reader, _database(place) as writer, writing(writer):
        pairs, together = set(), 0
        for _ in range(TURNS):
            with reader.read_together(2) as connections:
                seen = {connection.execute(_seen).scalar() for connection in connections}
                assert len(seen) == 1
                together += len(connections) == 2
                pairs |= seen
        assert len(pairs) > 5  # the writer wrote
        assert together > 0


def test_a_second_reader_over_several_connections_gets_one_and_does_not_wait(place: Place) -> None:
    with (
        _database(place) as database,
        database.read_together(2) as first,
        database.read_together(2) as second,
    ):
        assert (len(first), len(second)) == (2, 1)
