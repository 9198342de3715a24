"""SQLite keeps the contract of a store for objects that come as tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from tests.twin.store.editing_contract import BoundsContract, ChangeContract, EditingContract, FileContract
from tests.twin.store.filter_contract import FilterContract
from tests.twin.store.import_contract import ImportContract, StateIndexContract
from tests.twin.store.query_contract import QueryContract, TreeContract
from tests.twin.store.search_contract import SearchContract
from tests.twin.store.tabled import tabled
from twin.ports import Store
from twin.store import open_store


@pytest.fixture
def store(data: Path, clock: Clock) -> Iterator[Store]:
    with open_store(data, clock=clock) as store:
        yield tabled(store)


class TestStateIndexes(StateIndexContract): ...


class TestImports(ImportContract): ...


class TestBounds(BoundsContract): ...


class TestEditing(EditingContract): ...


class TestChanges(ChangeContract): ...


class TestFiles(FileContract): ...


class TestQueries(QueryContract): ...


class TestTree(TreeContract): ...


class TestSearch(SearchContract): ...


class TestFilters(FilterContract): ...
