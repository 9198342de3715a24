"""Filters on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.filter_contract import FilterContract
from tests.twin.store.filter_name_contract import FilterNameContract
from tests.twin.store.totals_contract import TotalsContract
from twin.store import SqlStore, open_store


@pytest.fixture
def store(data: Path, clock: Clock) -> Iterator[SqlStore]:
    with open_store(data, clock=clock) as store:
        yield store


class TestFilters(FilterContract): ...


class TestTotals(TotalsContract): ...


class TestFilterNames(FilterNameContract): ...
