"""Filters on PostgreSQL."""

import pytest

from tests.twin.store.filter_contract import FilterContract
from tests.twin.store.filter_name_contract import FilterNameContract
from tests.twin.store.totals_contract import TotalsContract
from twin.store import SqlStore


@pytest.fixture
def store(postgres_store: SqlStore) -> SqlStore:
    return postgres_store


class TestFilters(FilterContract): ...


class TestTotals(TotalsContract): ...


class TestFilterNames(FilterNameContract): ...
