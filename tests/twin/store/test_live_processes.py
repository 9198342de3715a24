"""Several processes, and the sudden end of one: what `record` returned for is there, once, and told in order."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from alembic import command

from tests.conftest import ROOT
from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import temperature
from twin.ports import TwinStore
from twin.state import Reading
from twin.store import DATABASE_NAME, open_store
from twin.store.database import Database, migrations_config
from twin.store.schema import HEAD
from twin.store.sqlite import SqliteDialect

RECORDER = """
    import sys
    from pathlib import Path
    from twin.state import Reading
    from twin.store import open_store

    folder, first, batches = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with open_store(folder) as store:
        numbers = [record.number for record in store.signal_records()]
        print("ready", flush=True)
        sys.stdin.readline()
        for batch in range(batches):
            at = first + batch
            store.record([Reading(number, float(at), at, at) for number in numbers])
            print(at, flush=True)
"""


def recorder(data: Path, first: int, batches: int) -> "subprocess.Popen[str]":
    """A process that records a batch for each time from `first` on, and says so after each; waits for a line to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RECORDER), str(data), str(first), str(batches)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def begin(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def three_signals(store: TwinStore) -> list[int]:
    imported(store, "a", plain("xyz"))
    return [record.number for record in store.declare_signals([temperature(g) for g in "xyz"])]


def times(store: TwinStore, number: int) -> list[int]:
    return [row.observed_at for row in store.history(number, start=0, end=1 << 60, limit=10_000).items]


def test_two_processes_record_at_once_and_a_reader_sees_every_change_in_order(data: Path) -> None:
    with open_store(data) as store:
        numbers = three_signals(store)
        processes = [recorder(data, first, 100) for first in (1000, 2000)]
        for process in processes:
            begin(process)
        cursor = start = store.last_change()
        seen: list[int] = []
        while any(process.poll() is None for process in processes) or cursor < store.last_change():
            for change in store.state_changes(cursor, limit=7):
                seen.append(change.seq)
                cursor = change.seq
        for process in processes:
            process.communicate()
            assert process.returncode == 0
        # What came late (the smaller times, after the larger ones) is history without a change.
        assert seen == list(range(start + 1, store.last_change() + 1))
        assert 100 <= len(seen) <= 200
        for number in numbers:
            assert times(store, number) == [*range(1000, 1100), *range(2000, 2100)]
            assert store.states_by_number([number])[0].value == 2099.0


def test_what_record_returned_for_survives_a_kill(data: Path) -> None:
    with open_store(data) as store:
        numbers = three_signals(store)
    for first, until in ((1000, 3), (2000, 40), (3000, 17)):
        process = recorder(data, first, 100_000)
        begin(process)
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(until)]
        process.send_signal(signal.SIGKILL)
        said += [int(line) for line in process.communicate()[0].split()]
        with open_store(data) as store:
            for number in numbers:
                kept = [at for at in times(store, number) if at >= first]
                assert kept[: len(said)] == said
                assert kept == list(range(first, first + len(kept)))
                assert store.states_by_number([number])[0].value == float(kept[-1])
            (last,) = store.state_changes(store.last_change() - 1, limit=1)
            assert {delta.value for delta in last.states} == {float(times(store, numbers[0])[-1])}


def test_a_database_without_live_state_gets_it_when_it_is_opened(tmp_path: Path) -> None:
    dialect = SqliteDialect(tmp_path / DATABASE_NAME)
    dialect.create()
    database = Database(dialect, Clock())
    with database.write() as connection:
        command.upgrade(migrations_config(connection=connection, dialect=dialect), "0001")
        connection.exec_driver_sql("INSERT INTO counter VALUES ('change', 41)")
        connection.exec_driver_sql("INSERT INTO change VALUES (41, 'model_removed', 'old', NULL, '{}', 1)")
    database.close()
    with open_store(tmp_path) as store:
        assert [(c.seq, c.model) for c in store.changes(0, limit=10)] == [(41, "old")]
        one, *_ = three_signals(store)
        assert store.record([Reading(one, 1.0, 1, 1)]).seq == 43
    database = Database(dialect, Clock())
    with database.read() as connection:
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    database.close()
    assert version == HEAD
