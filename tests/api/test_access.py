"""Who may call without a token, and who may not."""

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.access import AccessControl
from api.guard import Guard
from api.tickets import Tickets
from twin.access import AccessState

TOKEN = "the-token"


class _Empty:
    """No tokens, no roles."""

    def access_version(self) -> tuple[int, int]:
        return 0, 0

    def access_state(self) -> AccessState:
        return AccessState(version=0, models=0, tokens={}, roles={})

    def note_token_use(self, used: Mapping[str, int]) -> None: ...


def _client(
    peer: str = "127.0.0.1", host: str = "localhost", hosts: frozenset[str] = frozenset()
) -> TestClient:
    def answer(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    routes = [Route("/healthz", answer), Route("/x", answer, methods=["GET", "PUT", "DELETE"])]
    app = AccessControl(
        Starlette(routes=routes), guard=Guard(TOKEN, _Empty()), tickets=Tickets(), hosts=hosts
    )
    return TestClient(app, base_url=f"http://{host}", client=(peer, 4711))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1"])
def test_a_reader_on_this_machine_needs_no_token(peer: str) -> None:
    assert _client(peer).get("/x").status_code == 200


@pytest.mark.parametrize("host", ["localhost:8500", "127.0.0.1:8500", "[::1]:8500"])
def test_every_loopback_name_is_this_server(host: str) -> None:
    assert _client(host=host).get("/x").status_code == 200


@pytest.mark.parametrize("peer", ["10.0.0.7", "2001:db8::7", "testclient"])
def test_a_reader_elsewhere_needs_a_token(peer: str) -> None:
    answer = _client(peer).get("/x")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_reader_elsewhere_with_the_token_is_let_in() -> None:
    assert (
        _client("10.0.0.7", host="twin.example")
        .get("/x", headers={"authorization": f"Bearer {TOKEN}"})
        .is_success
    )


def test_a_page_whose_name_was_rebound_to_loopback_is_refused() -> None:
    assert _client(host="evil.example").get("/x").status_code == 421


def test_a_name_in_the_settings_is_accepted() -> None:
    assert _client(host="twin.example", hosts=frozenset({"twin.example"})).get("/x").is_success


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_writing_needs_the_token_even_on_this_machine(method: str) -> None:
    assert _client().request(method, "/x").status_code == 401


def test_writing_with_the_token_is_let_in() -> None:
    assert _client().put("/x", headers={"authorization": f"bearer {TOKEN}"}).is_success


def test_a_wrong_token_is_refused_even_for_reading_on_this_machine() -> None:
    assert _client().get("/x", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_health_is_told_to_anybody() -> None:
    assert _client("10.0.0.7", host="anything").get("/healthz").is_success


def test_a_refusal_is_a_problem_document() -> None:
    answer = _client().put("/x")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401
