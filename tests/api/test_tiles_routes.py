"""Tiles over HTTP, of a model that was really imported."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings
from tests.api.test_imports import WALL

KEY = "1号楼 A"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiles")
    shutil.copy(WALL, folder / f"{KEY}.ifc")
    import_sources(
        Settings(data=folder / "data"), ImportRequest(sources=[folder / f"{KEY}.ifc"]), lambda _: None
    )
    return folder / "data"


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with (
        Runtime(Settings(data=data)) as runtime,
        TestClient(create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)) as started,
    ):
        yield started


def test_the_scene_leads_to_the_model_and_that_to_its_contents(client: TestClient) -> None:
    scene = client.get("/tiles/tileset.json").json()
    (child,) = scene["root"]["children"]
    assert child["content"]["uri"] == f"{quote(KEY)}/tileset.json"
    tileset = client.get(f"/tiles/{child['content']['uri']}").json()
    uris = _uris(tileset["root"])
    assert uris
    for uri in [*uris, tileset["schemaUri"]]:
        assert client.get(f"/tiles/{quote(KEY)}/{uri}").status_code == 200


def _uris(tile: dict[str, object]) -> list[str]:
    content = tile.get("content")
    own = [str(content["uri"])] if isinstance(content, dict) else []
    children = tile.get("children", [])
    assert isinstance(children, list)
    return own + [uri for child in children for uri in _uris(child)]


def test_the_scene_is_answered_without_a_body_if_the_caller_has_it(client: TestClient) -> None:
    etag = client.get("/tiles/tileset.json").headers["etag"]
    assert client.get("/tiles/tileset.json", headers={"if-none-match": etag}).status_code == 304


def test_a_pointer_is_asked_for_again_and_a_content_never(client: TestClient) -> None:
    pointer = client.get(f"/tiles/{quote(KEY)}/tileset.json")
    (content, *_) = _uris(pointer.json()["root"])
    answer = client.get(f"/tiles/{quote(KEY)}/{content}")
    assert (pointer.headers["cache-control"], "immutable" in answer.headers["cache-control"]) == (
        "private, no-cache",
        True,
    )


def test_the_tiler_s_own_notes_are_not_handed_out(client: TestClient, data: Path) -> None:
    (layout,) = (data / "tiles" / KEY).glob("layout-*.msgpack")
    assert client.get(f"/tiles/{quote(KEY)}/{layout.name}").status_code == 404


def test_the_tileset_on_disk_is_the_one_that_is_served(client: TestClient, data: Path) -> None:
    (file,) = (data / "tiles" / KEY).glob("tileset-*.json")
    assert json.loads(file.read_text()) == client.get(f"/tiles/{quote(KEY)}/tileset.json").json()


def test_head_tells_what_get_would_and_sends_nothing(client: TestClient) -> None:
    scene = client.get("/tiles/tileset.json").json()
    address = f"/tiles/{scene['root']['children'][0]['content']['uri']}"
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type", "cache-control"):
        assert head.headers[name] == whole.headers[name]


def test_head_of_nothing_is_not_found(client: TestClient) -> None:
    assert client.head("/tiles/none/tileset.json").status_code == 404
