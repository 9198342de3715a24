"""Files of the viewer: as they are, or as the compressed twin that lies beside them."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.routes import viewer

ENGINE = b"export const engine = 1;" * 50


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "engine.js").write_bytes(ENGINE)
    (tmp_path / "engine.js.gz").write_bytes(gzip.compress(ENGINE))
    (tmp_path / "own.js").write_bytes(b"export {};")
    app = FastAPI()
    viewer.mount(app, tmp_path)
    with TestClient(app) as started:
        yield started


def test_a_compressed_twin_is_sent_under_the_page_s_policy(client: TestClient) -> None:
    answer = client.get("/viewer/engine.js", headers={"accept-encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.content) == ("gzip", ENGINE)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_who_takes_no_compression_gets_the_file(client: TestClient) -> None:
    answer = client.get("/viewer/engine.js", headers={"accept-encoding": "identity"})
    assert ("content-encoding" in answer.headers, answer.content) == (False, ENGINE)


@pytest.mark.parametrize("name", ["engine.js", "own.js"])
def test_what_one_has_is_not_sent_again(client: TestClient, name: str) -> None:
    first = client.get(f"/viewer/{name}")
    again = client.get(f"/viewer/{name}", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_a_file_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/viewer/nothing.js").status_code == 404
