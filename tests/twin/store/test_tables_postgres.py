"""PostgreSQL keeps the contract of a store for objects that come as tables."""

import pytest

from tests.twin.store.editing_contract import BoundsContract, ChangeContract, EditingContract, FileContract
from tests.twin.store.filter_contract import FilterContract
from tests.twin.store.import_contract import ImportContract, StateIndexContract
from tests.twin.store.query_contract import QueryContract, TreeContract
from tests.twin.store.search_contract import SearchContract
from tests.twin.store.tabled import tabled
from twin.ports import Store
from twin.store import SqlStore


@pytest.fixture
def store(postgres_store: SqlStore) -> Store:
    return tabled(postgres_store)


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
