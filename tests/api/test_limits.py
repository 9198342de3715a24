"""How much a caller may ask for, what answers say to browsers, and what is never written to logs."""

import asyncio
import gc
import logging
import warnings
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient, WebSocketDenialResponse

from api import limits
from api.alarm_following import AlarmFollowing
from api.app import create_app
from api.following import Following
from api.limits import LARGE, USUAL, Bucket
from api.redaction import redact_logs, redacted
from api.runtime import Runtime
from api.settings import Settings
from api.theme_following import ThemeFollowing
from twin.access import new_secret

SOCKET = "ws://localhost/api/v1/live"
HERE = ("127.0.0.1", 4711)


@pytest.fixture
def slow(runtime: Runtime) -> Iterator[TestClient]:
    """A reader on a server that allows one request in ten seconds, and two at once."""
    runtime.settings = runtime.settings.model_copy(update={"rate": 0.1})
    with TestClient(create_app(runtime), base_url="http://localhost", client=HERE) as started:
        yield started


def test_who_asks_too_often_is_told_when_to_ask_again(slow: TestClient) -> None:
    answers = [slow.get("/api/v1/models") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10


def test_each_token_has_a_rate_of_its_own(slow: TestClient, runtime: Runtime) -> None:
    for _ in range(3):
        slow.get("/api/v1/models")
    headers = {"authorization": f"Bearer {runtime.token}"}
    assert slow.get("/api/v1/models", headers=headers).status_code == 200


def test_sockets_count_as_requests(slow: TestClient) -> None:
    for _ in range(2):
        slow.get("/api/v1/models")
    with pytest.raises(WebSocketDenialResponse) as refused, slow.websocket_connect(SOCKET):
        pass
    assert refused.value.status_code == 429


def test_health_is_told_however_often(slow: TestClient) -> None:
    assert {slow.get("/healthz").status_code for _ in range(5)} == {200}


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(rate=2.0, burst=3.0, now=0.0)
    assert [bucket.wait_s(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert bucket.wait_s(0.5) == 0.0
    assert bucket.wait_s(0.5) == 0.5


def test_a_caller_has_only_so_many_streams(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_STREAMS", 1)
    with client.websocket_connect(SOCKET):
        with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(SOCKET):
            pass
        assert refused.value.status_code == 429
    with client.websocket_connect(SOCKET) as again:
        assert again.receive_json()["type"] == "snapshot"


@pytest.mark.parametrize("format_", ["json", "codes&theme=temperature", "alarms"])
def test_a_client_that_leaves_while_its_stream_is_prepared_leaves_nothing_begun(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    async def without_end(_: object) -> None:
        await asyncio.sleep(3600)

    for following in (Following, ThemeFollowing, AlarmFollowing):
        monkeypatch.setattr(following, "prepare", without_end)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with client.websocket_connect(f"{SOCKET}?format={format_}"):
            pass
        gc.collect()
    assert [str(each.message) for each in told if "never awaited" in str(each.message)] == []


def test_a_client_that_talks_without_end_is_cut_off(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGES_PER_S", 0.1)
    with client.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        for _ in range(5):
            socket.send_text("?")
        message = socket.receive()
        assert (message["type"], message["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize("path", ["/api/v1/state/query", "/api/v1/policy", "/api/v1/readings"])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_that_is_too_large_is_refused(
    administrator: TestClient, path: str, *, in_pieces: bool
) -> None:
    size = LARGE if path.endswith("readings") else USUAL
    body = b"[" + b" " * size
    content = iter([body[:1000], body[1000:]]) if in_pieces else body
    method = "PUT" if path.endswith("policy") else "POST"
    headers = {"content-type": "application/json"}
    answer = administrator.request(method, path, content=content, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/readings"),
        ("POST", "/api/v1/bindings"),
        ("POST", "/api/v1/state/query"),
        ("PUT", "/api/v1/policy"),
        ("POST", "/api/v1/devices"),
    ],
)
@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"readings":' * 50_000, '{"bindings":[{"a":' + "[" * 200_000]
)
def test_a_body_that_is_nested_too_deeply_is_refused(
    administrator: TestClient, method: str, path: str, text: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = administrator.request(method, path, content=text.encode(), headers=headers)
    assert answer.status_code in {400, 422}


def test_documents_are_never_run_or_framed(client: TestClient) -> None:
    headers = client.get("/api/v1/models").headers
    assert (headers["x-content-type-options"], headers["content-security-policy"]) == (
        "nosniff",
        "default-src 'none'; frame-ancestors 'none'",
    )


def test_refusals_are_not_guessed_at_by_browsers(client: TestClient) -> None:
    refused = client.get("/api/v1/models", headers={"authorization": "Bearer wrong"})
    assert (refused.status_code, refused.headers["x-content-type-options"]) == (401, "nosniff")


def test_a_page_of_more_than_a_thousand_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/objects", params={"limit": 1001}).status_code == 422


@pytest.mark.parametrize(
    "name", ["../admin.token", "..%2fadmin.token", "%2e%2e/admin.token", "....//admin.token"]
)
@pytest.mark.parametrize("base", ["/tiles/1号楼", "/terrain", "/viewer"])
def test_no_path_leads_out_of_its_folder(client: TestClient, runtime: Runtime, base: str, name: str) -> None:
    answer = client.get(f"{base}/{name}")
    assert answer.status_code in {404, 405}
    assert runtime.token not in answer.text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def", "abc.def"),
        ("GET /api/v1/live?ticket=s3cr3t&model=a", "s3cr3t"),
        ("cannot reach postgresql://twin:pass word", ""),
        ("cannot reach mqtts://gateway:p4ss@broker:8883", "p4ss"),
        ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "c2ln"),
    ],
)
def test_secrets_are_taken_out_of_a_text(text: str, secret: str) -> None:
    assert not secret or secret not in redacted(text)


def test_a_token_is_taken_out_of_a_text() -> None:
    token = new_secret().text
    assert token[18:] not in redacted(f"got {token}")


def test_logs_hold_no_secret_whoever_writes_them(caplog: pytest.LogCaptureFixture) -> None:
    token = new_secret().text
    before = logging.getLogRecordFactory()
    try:
        redact_logs()
        try:
            int(token)
        except ValueError:
            logging.getLogger("elsewhere").exception("with %s", token)
    finally:
        logging.setLogRecordFactory(before)
    assert "twin_" in caplog.text
    assert token[18:] not in caplog.text


def test_errors_and_documents_repeat_no_token(client: TestClient, runtime: Runtime) -> None:
    token = new_secret().text
    answer = client.get("/api/v1/models", headers={"authorization": f"Bearer {token}"})
    assert token not in answer.text + str(answer.headers)


def test_settings_show_no_secret() -> None:
    secret = SecretStr("s3cr3t" * 8)
    assert "s3cr3t" not in repr(Settings(database=secret, mqtt=secret, audit_key=secret))
