"""What callers reach, on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.reach_contract import ReachContract
from twin.store import SqlStore, open_store


@pytest.fixture
def store(data: Path, clock: Clock) -> Iterator[SqlStore]:
    with open_store(data, clock=clock) as store:
        yield store


class TestReach(ReachContract): ...
