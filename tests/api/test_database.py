"""`TWIN_DATABASE`: the same API over PostgreSQL."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from tests.twin.store.builders import building, published, staged
from tests.twin.store.conftest import (  # noqa: F401 - fixtures
    postgres_database,
    postgres_programs,
    postgres_server,
    postgres_template,
    postgres_url,
)
from twin.store import DATABASE_NAME


@pytest.fixture
def settings(
    tmp_path: Path,
    postgres_url: str,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    monkeypatch.setenv("TWIN_DATABASE", postgres_url)
    return Settings(data=tmp_path / "data")


def test_models_and_objects_are_answered_from_the_database_that_the_settings_name(settings: Settings) -> None:
    with Runtime(settings) as runtime:
        revision, _ = staged(runtime.store, "1号楼", building())
        published(runtime.store, revision, tileset=None)
        app = create_app(runtime)
        with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4711)) as client:
            models = client.get("/api/v1/models").raise_for_status().json()["items"]
            found = client.get("/api/v1/objects/1号楼/e3").raise_for_status().json()
            ready = client.get("/readyz").status_code
    assert [(one["key"], one["objects"]) for one in models] == [("1号楼", 10)]
    assert (found["name"], ready) == ("水表 SB-07", 200)
    assert not (settings.data / DATABASE_NAME).exists()


def test_settings_do_not_show_the_database_with_its_password() -> None:
    settings = Settings(database="postgresql://twin:s3cret@db/city")  # type: ignore[arg-type]  # as from the environment
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump_json()}"
