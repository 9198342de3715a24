"""A server that restarts or dies, writers that wait for each other or do not, numbers in the order of commits."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.postgres_server import PostgresServer
from twin.errors import StoreError
from twin.queries import ObjectQuery
from twin.state import Reading, Signal
from twin.store import SqlStore, counters, open_store_url
from twin.store.database import Database, opened
from twin.store.dialect import Lane
from twin.store.postgres import PostgresDialect
from twin.store.schema import change, model
from twin.store.schema_live import state_change


@pytest.fixture(scope="module")
def mortal(postgres_programs: Path) -> Iterator[PostgresServer]:
    """A server that tests may stop, with a migrated database `city`."""
    server = PostgresServer.started(postgres_programs)
    server.execute("CREATE DATABASE city")
    open_store_url(server.url("city")).close()
    yield server
    server.stop()


@pytest.fixture
def city(mortal: PostgresServer) -> str:
    mortal.clear("city")
    return mortal.url("city")


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = opened(PostgresDialect(postgres_url), create=False, clock=Clock())
    yield database
    database.close()


def a_signal(store: SqlStore) -> int:
    imported(store, "a", plain("x"))
    (record,) = store.declare_signals([Signal(model="a", global_id="x", name="t")])
    return record.number


def test_an_open_store_works_on_after_the_server_was_restarted(mortal: PostgresServer, city: str) -> None:
    with open_store_url(city) as store:
        imported(store, "a", plain("xy"))
        mortal.halt()
        mortal.start()
        assert [item.global_id for item in store.objects(ObjectQuery()).items] == ["x", "y"]
        imported(store, "b", plain("z"))


def test_a_server_that_is_down_is_an_error_with_advice_until_it_is_up_again(
    mortal: PostgresServer, city: str
) -> None:
    with open_store_url(city) as store:
        number = a_signal(store)
        mortal.halt()
        with pytest.raises(StoreError, match="Check that the server runs"):
            store.models()
        with pytest.raises(StoreError, match="Check that the server runs"):
            store.record([Reading(number, 1.0, 1, 1)])
        mortal.start()
        assert store.record([Reading(number, 1.0, 1, 1)]).changed == 1


def test_what_was_recorded_survives_the_death_of_the_server_whatever_its_settings(
    mortal: PostgresServer, city: str
) -> None:
    """The server's own setting is `synchronous_commit=off`: it would lose the last tenths of a second."""
    with open_store_url(city) as store:
        number = a_signal(store)
        for at in range(1, 4):
            store.record([Reading(number, float(at), at, at)])
            mortal.halt(kill=True)
            mortal.start()
            assert len(store.history(number, start=0, end=10, limit=10).items) == at


def test_a_long_import_transaction_does_not_keep_live_ones_waiting(database: Database) -> None:
    with database.write(lane="models"):
        started = time.monotonic()
        with database.write(lane="live"):
            pass
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize("lane", ["models", "live"])
def test_writers_of_one_lane_in_two_processes_wait_for_each_other(
    database: Database, postgres_url: str, lane: Lane
) -> None:
    other = opened(PostgresDialect(postgres_url), create=False, clock=Clock())
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with other.write(lane=lane) as connection:
            # READ COMMITTED: what the first wrote is seen, although this transaction began before its commit.
            order.append(f"second, after {counters.peek(connection, 'test')}")

    thread = threading.Thread(target=second)
    with database.write(lane=lane) as connection:
        thread.start()
        waiting.wait()
        time.sleep(0.2)
        counters.take(connection, "test", 7)
        order.append("first")
    thread.join()
    other.close()
    assert order == ["first", "second, after 7"]


def test_a_process_that_stops_in_a_transaction_loses_its_lock(postgres_url: str, database: Database) -> None:
    asleep = opened(PostgresDialect(postgres_url), create=False, clock=Clock())
    with pytest.raises(StoreError) as caught, asleep.write() as connection:  # noqa: PT012 - what happens inside is the test
        limit = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
        assert limit == "1min"
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 200")
        counters.take(connection, "test")
        time.sleep(0.5)
        with database.write() as other:
            assert counters.peek(other, "test") == 0
        connection.execute(select(model.c.id))
    assert "idle" in str(caught.value)
    with asleep.write() as connection:
        assert counters.take(connection, "test") == 0
    asleep.close()


def test_change_numbers_have_no_gaps_for_any_reader_at_any_moment(
    postgres_url: str, database: Database
) -> None:
    with open_store_url(postgres_url) as store:
        imported(store, "a", plain("x"))
        signals = [Signal(model="a", global_id="x", name=name) for name in "tu"]
        numbers = [record.number for record in store.declare_signals(signals)]
    done = threading.Event()
    failures: list[object] = []

    def importing() -> None:
        with open_store_url(postgres_url) as store:
            for content in range(2, 12):
                imported(store, "a", plain("x"), str(content))

    def recording(number: int) -> None:
        with open_store_url(postgres_url) as store:
            for at in range(100):
                store.record([Reading(number, float(at), at, at)])

    def watching() -> None:
        while not done.is_set():
            with database.read() as connection:
                taken = counters.peek(connection, "change")
                there = sum(
                    connection.execute(select(func.count()).select_from(table)).scalar_one()
                    for table in (change, state_change)
                )
            if taken != there:
                failures.append((taken, there))

    writers = [threading.Thread(target=importing)]
    writers += [threading.Thread(target=recording, args=(number,)) for number in numbers]
    watcher = threading.Thread(target=watching)
    for thread in (watcher, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    watcher.join()
    with open_store_url(postgres_url) as store:
        assert store.last_change() == 1 + 10 + 200
    assert failures == []
