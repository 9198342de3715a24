"""Readings on their way to their place in history: found at every moment, in the end all in place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.twin.store.builders import imported, plain
from tests.twin.store.clock import Clock
from tests.twin.store.fold_contract import FoldContract
from tests.twin.store.live_contract import NOW, temperature
from tests.twin.store.live_query_contract import HistoryContract, SceneContract
from tests.twin.store.rollup_contract import RollUpContract
from twin.state import Reading
from twin.store import DATABASE_NAME, SqlStore, open_store, recent

DAY = 86_400 * 1_000_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches are enough to be closed, and go in pieces of one reading."""
    for name, value in {"MAX_BATCHES": 2, "SAMPLE": 1, "PIECE_ROWS": 1}.items():
        monkeypatch.setattr(recent, name, value)


@pytest.fixture
def store(data: Path, clock: Clock, small: None) -> Iterator[SqlStore]:
    with open_store(data, clock=clock) as store:
        yield store


class TestFoldingWhileReadingsMove(FoldContract): ...


class TestHistoryWhileReadingsMove(HistoryContract): ...


class TestScenesWhileReadingsMove(SceneContract): ...


class TestRollUpsWhileReadingsMove(RollUpContract): ...


def counts(data: Path) -> tuple[int, int, int]:
    """Rows of history, rows that are on their way, and their batches."""
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        names = ("reading", "recent_reading", "recent_batch")
        found = [connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names]
    return found[0], found[1], found[2]


def test_batches_are_closed_and_move_in_pieces_while_others_come(data: Path, clock: Clock) -> None:
    drawn = np.random.default_rng(1)
    with open_store(data, clock=clock) as store:
        ids = [f"{i:04}" for i in range(2000)]
        imported(store, "a", plain(ids))
        numbers = [r.number for r in store.declare_signals([temperature(g) for g in ids])]
        longest = 0
        for batch in range(200):
            chosen = drawn.choice(numbers, 400, replace=False).tolist()
            before = counts(data)[0]
            store.record([Reading(n, float(batch), NOW + batch, NOW) for n in chosen])
            longest = max(longest, counts(data)[0] - before)
        settled, moving, batches = counts(data)
        assert settled + moving == 200 * 400
        assert settled >= 64 * 400
        assert batches <= 2 * recent.MAX_BATCHES
        assert longest < 8000
        found = store.history(numbers[7], start=0, end=1 << 60, limit=1000).items
        assert len(found) == _times(numbers, 7)


def _times(numbers: list[int], place: int) -> int:
    """In how many of those batches this signal is."""
    drawn = np.random.default_rng(1)
    return sum(numbers[place] in drawn.choice(numbers, 400, replace=False).tolist() for _ in range(200))


def test_late_readings_go_to_their_place_at_once(data: Path, clock: Clock) -> None:
    with open_store(data, clock=clock) as store:
        imported(store, "a", plain("xyz"))
        numbers = [r.number for r in store.declare_signals([temperature(g) for g in "xyz"])]
        store.record([Reading(n, 1.0, NOW, NOW) for n in numbers])
        store.record([Reading(n, 1.0, NOW + at, NOW) for n in numbers for at in (-2, 1, -1)])
        assert counts(data) == (6, 6, 2)
        assert store.record([Reading(n, 1.0, NOW - 2, NOW) for n in numbers]).duplicate == 3


def test_settling_leaves_nothing_on_its_way(data: Path, clock: Clock) -> None:
    with open_store(data, clock=clock) as store:
        imported(store, "a", plain("xyz"))
        numbers = [r.number for r in store.declare_signals([temperature(g) for g in "xyz"])]
        times = [-DAY * 365 * 60, -DAY * 365 * 60 + 1, 0, 1, DAY]
        for at in times:
            store.record([Reading(n, 1.0, NOW + at, NOW) for n in numbers])
        before = [store.history(n, start=-(1 << 60), end=1 << 60, limit=10).items for n in numbers]
        assert [row.observed_at for row in before[0]] == [NOW + at for at in times]
        recent.settle(store._database)
        assert counts(data) == (15, 0, 0)
        assert [store.history(n, start=-(1 << 60), end=1 << 60, limit=10).items for n in numbers] == before
        recent.settle(store._database)
        assert store.record([Reading(numbers[0], 1.0, NOW + DAY, NOW)]).duplicate == 1
