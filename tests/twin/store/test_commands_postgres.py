"""PostgreSQL keeps the contract of a store of commands."""

import pytest

from tests.twin.store.command_contract import BulkContract, PlacingContract, SendingContract
from tests.twin.store.command_many_contract import ManyContract
from tests.twin.store.command_outcome_contract import (
    CrashContract,
    OutcomeContract,
    PersonContract,
    RevertContract,
)
from tests.twin.store.command_waiting_contract import WaitingContract
from twin.store import SqlStore


@pytest.fixture
def store(postgres_store: SqlStore) -> SqlStore:
    return postgres_store


class TestPlacing(PlacingContract): ...


class TestBulk(BulkContract): ...


class TestMany(ManyContract): ...


class TestSending(SendingContract): ...


class TestWaiting(WaitingContract): ...


class TestOutcome(OutcomeContract): ...


class TestRevert(RevertContract): ...


class TestCrash(CrashContract): ...


class TestPerson(PersonContract): ...
