"""What callers reach, on PostgreSQL."""

import pytest

from tests.twin.store.reach_contract import ReachContract
from twin.store import SqlStore


@pytest.fixture
def store(postgres_store: SqlStore) -> SqlStore:
    return postgres_store


class TestReach(ReachContract): ...
