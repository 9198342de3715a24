"""Archives of each kind on each engine, and the sudden end of whoever moves readings there."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.twin.store.archive_contract import ArchiveContract, moved
from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, declared, past, read, temperature
from tests.twin.store.rollup_contract import finished
from twin.errors import StoreError
from twin.state import Reading
from twin.store import SqlStore, open_store
from twin.store.archive_store import Archive


class TestFolderBesideSqlite(ArchiveContract):
    @pytest.fixture
    def store(self, data: Path, clock: Clock) -> Iterator[SqlStore]:
        with open_store(data, clock=clock) as store:
            yield store


class TestObjectStoreBesideSqlite(ArchiveContract):
    @pytest.fixture
    def store(self, data: Path, clock: Clock) -> Iterator[SqlStore]:
        with open_store(data, clock=clock, archive="memory:///") as store:
            yield store


class TestFolderBesidePostgres(ArchiveContract):
    @pytest.fixture
    def store(self, postgres_store: SqlStore, tmp_path: Path) -> Iterator[SqlStore]:
        archive = Archive(f"file://{tmp_path / 'archive'}")
        postgres_store._database.archive = archive
        yield postgres_store
        postgres_store._database.archive = None
        archive.close()


MOVER = """
    import sys
    from pathlib import Path
    from tests.twin.store.clock import Clock
    from twin.store import archive_job, open_store

    archive_job.ROWS = 700
    with open_store(Path(sys.argv[1]), clock=Clock()) as store:
        print("ready", flush=True)
        for step in store.archive(after_days=0):
            pass
    print("done", flush=True)
"""


def _mover(data: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(MOVER), str(data)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_whoever_moves_readings_may_be_killed_at_any_moment(data: Path, clock: Clock) -> None:
    ids = [f"{i:02}" for i in range(20)]
    days = range(-25, 0)
    with open_store(data, clock=clock) as store:
        imported(store, "a", plain(ids))
        numbers = [record.number for record in store.declare_signals([temperature(g) for g in ids])]
        for day in days:
            at = [NOW + day * 86_400 * S + i * 60 * S for i in range(40)]
            store.record([Reading(n, float(t % 977), t, t + 5) for t in at for n in numbers])
        finished(store)
        before = [past(store, number, limit=10_000) for number in numbers]
        scene = store.scene_at(NOW - 9 * 86_400 * S).values.tolist()
    drawn = random.Random(1)
    for kill in range(12):
        process = _mover(data)
        time.sleep(drawn.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open_store(data, clock=clock) as store:
            assert [past(store, number, limit=10_000) for number in numbers] == before
            assert store.scene_at(NOW - 9 * 86_400 * S).values.tolist() == scene
            late = NOW - 20 * 86_400 * S + kill + 1
            assert store.record([Reading(numbers[0], 1.0, late, late)]).late == 1
            before[0] = sorted([*before[0], ((late - NOW) / S, 1.0, "good")])
            if kill % 3 == 2:
                moved(store)
    with open_store(data, clock=clock) as store:
        moved(store)
        assert [past(store, number, limit=10_000) for number in numbers] == before
        with store._database.read() as connection:
            left = connection.exec_driver_sql("SELECT count(DISTINCT day) FROM reading").scalar_one()
        assert left < 8


def test_files_that_are_needed_no_longer_are_deleted_after_a_while(
    data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data, clock=clock) as store:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), t) for t in range(-2_000_000, 0, 3600)])
        moved(store)
        files = {path.name for path in (data / "archive").iterdir()}
        store.record([read(one.number, 1.0, -1_900_001)])
        moved(store)
        ours, _, _ = min(files).partition("-")
        stray = data / "archive" / f"{ours}-stray.parquet"
        foreign = data / "archive" / "other-stray.parquet"
        stray.write_bytes(b"")
        foreign.write_bytes(b"")
        assert files < {path.name for path in (data / "archive").iterdir()}
        monkeypatch.setattr("twin.store.archive_job.GRACE_US", -1)
        monkeypatch.setattr("twin.store.archive_job.STRAY_S", -1)
        moved(store)
        left = {path.name for path in (data / "archive").iterdir()}
        assert len(left) == len(files) + 1
        assert foreign.name in left
        assert stray.name not in left
        assert len(past(store, one.number)) == 557


def test_an_archive_that_cannot_be_reached_is_told_and_the_present_is_answered(
    data: Path, clock: Clock
) -> None:
    with open_store(data, clock=clock) as store:
        one, *_ = declared(store)
        store.record([read(one.number, float(t), t) for t in range(-2_000_000, 0, 3600)])
        moved(store)
    with open_store(data, clock=clock, archive="file:///nowhere") as store:
        with pytest.raises(StoreError, match="archive"):
            past(store, one.number)
        assert past(store, one.number, start=NOW - 86_400 * S)
        assert store.record([read(one.number, 1.0, 1)]).changed == 1
