"""Both engines keep the contract about tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.difference_contract import DifferenceContract
from tests.twin.store.table_contract import TableContract
from tests.twin.store.trace_contract import TraceContract
from twin.store import SqlStore, open_store


class TestSqlite(TableContract, DifferenceContract, TraceContract):
    @pytest.fixture
    def store(self, data: Path, clock: Clock) -> Iterator[SqlStore]:
        with open_store(data, clock=clock) as store:
            yield store


class TestPostgres(TableContract, DifferenceContract, TraceContract):
    @pytest.fixture
    def store(self, postgres_store: SqlStore) -> SqlStore:
        return postgres_store
