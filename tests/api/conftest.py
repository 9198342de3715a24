"""A server in this process over a data folder with one small building, and clients of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from tests.twin.store.builders import building, published, staged

KEY = "1号楼"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A data folder with the model `1号楼`, nothing of it drawn."""
    with Runtime(Settings(data=tmp_path / "data")) as opened:
        revision, _ = staged(opened.store, KEY, building())
        published(opened.store, revision, tileset=None)
        # Else it finds out within a second that models have changed, and closes sockets.
        opened.guard.look(now=True)
        yield opened


@pytest.fixture
def client(runtime: Runtime) -> Iterator[TestClient]:
    """A reader on this machine, without a token."""
    app = create_app(runtime)
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4711)) as started:
        yield started


@pytest.fixture
def administrator(runtime: Runtime) -> Iterator[TestClient]:
    """The same with the administrator's token."""
    app = create_app(runtime)
    headers = {"authorization": f"Bearer {runtime.token}"}
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4711), headers=headers) as started:
        yield started
