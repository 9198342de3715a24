"""Files on the wire."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from api.delivery import IMMUTABLE, deliver

PLAIN, BROTLI, GZIP = b"0123456789" * 10, b"brotli bytes", b"gzip bytes"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    tile = tmp_path / "abc.glb"
    tile.write_bytes(PLAIN)
    tile.with_name("abc.glb.br").write_bytes(BROTLI)
    tile.with_name("abc.glb.gz").write_bytes(GZIP)

    def answer(request: Request) -> Response:
        return deliver(request, tile, tag="abc", caching=IMMUTABLE)

    with TestClient(Starlette(routes=[Route("/tile", answer)])) as started:
        yield started


def _raw(client: TestClient, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", "/tile", headers=named) as answer:
        return answer.status_code, b"".join(answer.iter_raw()), dict(answer.headers)


@pytest.mark.parametrize(
    ("accepted", "body"),
    [
        ("br, gzip", BROTLI),
        ("gzip", GZIP),
        ("identity", PLAIN),
        ("br;q=0, gzip", GZIP),
        ("br;q=0.0, gzip;q=0", PLAIN),
        ("*", BROTLI),
    ],
)
def test_the_best_encoding_that_the_caller_takes_is_sent(
    client: TestClient, accepted: str, body: bytes
) -> None:
    assert _raw(client, accept_encoding=accepted)[1] == body


def test_each_encoding_has_a_validator_of_its_own(client: TestClient) -> None:
    tags = {_raw(client, accept_encoding=encoding)[2]["etag"] for encoding in ("br", "gzip", "identity")}
    assert len(tags) == 3


def test_a_known_validator_is_answered_without_a_body(client: TestClient) -> None:
    assert _raw(client, accept_encoding="br", if_none_match='"old", W/"abc-br"')[:2] == (304, b"")


def test_a_range_is_of_the_plain_file(client: TestClient) -> None:
    status, body, headers = _raw(client, accept_encoding="br", range="bytes=3-5")
    assert (status, body, headers["content-range"]) == (206, b"345", f"bytes 3-5/{len(PLAIN)}")


def test_a_tile_has_its_media_type_and_may_be_kept_for_ever(client: TestClient) -> None:
    headers = _raw(client)[2]
    assert (headers["content-type"], headers["cache-control"]) == ("model/gltf-binary", IMMUTABLE)


@pytest.mark.parametrize("asked", ["bytes=abc", "lines=1-2", "bytes=", "bytes=5"])
def test_a_range_in_another_form_is_ignored(client: TestClient, asked: str) -> None:
    status, body, _ = _raw(client, accept_encoding="br", range=asked)
    assert (status, body) == (200, BROTLI)


@pytest.mark.parametrize(("asked", "body"), [("bytes=-4", b"6789"), ("bytes=98-", b"89")])
def test_a_range_may_be_open_at_one_end(client: TestClient, asked: str, body: bytes) -> None:
    assert _raw(client, range=asked)[:2] == (206, body)


def test_a_range_beyond_the_end_is_told_how_long_the_file_is(client: TestClient) -> None:
    status, _, headers = _raw(client, range="bytes=1000-")
    assert (status, headers["content-range"]) == (416, f"bytes */{len(PLAIN)}")
