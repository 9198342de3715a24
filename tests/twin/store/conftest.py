"""Stores for tests."""

import shutil
from pathlib import Path

import pytest

from tests.twin.store.clock import Clock
from twin.store import DATABASE_NAME, open_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without content; making one takes longer than a test."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).close()
    return folder / DATABASE_NAME


@pytest.fixture
def data(tmp_path: Path, empty_database: Path) -> Path:
    """A data folder, its name not plain, with an empty database."""
    folder = tmp_path / "数据 a%20'b"
    folder.mkdir()
    shutil.copy(empty_database, folder)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()
