"""SQLite keeps the contract of a store of commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.command_contract import BulkContract, PlacingContract, SendingContract
from tests.twin.store.command_many_contract import ManyContract
from tests.twin.store.command_outcome_contract import (
    CrashContract,
    OutcomeContract,
    PersonContract,
    RevertContract,
)
from tests.twin.store.command_waiting_contract import WaitingContract
from twin.store import SqlStore, open_store


@pytest.fixture
def store(data: Path, clock: Clock) -> Iterator[SqlStore]:
    with open_store(data, clock=clock) as opened:
        yield opened


class TestPlacing(PlacingContract): ...


class TestBulk(BulkContract): ...


class TestMany(ManyContract): ...


class TestSending(SendingContract): ...


class TestWaiting(WaitingContract): ...


class TestOutcome(OutcomeContract): ...


class TestRevert(RevertContract): ...


class TestCrash(CrashContract): ...


class TestPerson(PersonContract): ...
