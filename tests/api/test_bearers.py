"""Bearer tokens of a provider: a set of keys made here, served on loopback."""

import hmac
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.testclient import TestClient

from api import bearers
from api.app import create_app
from api.bearers import KEEP_S, RETRY_S, Provider, ProviderBearers, checked_address, load_keys
from api.runtime import Runtime
from api.settings import Settings
from twin.errors import StoreError

ISSUER, AUDIENCE = "https://login.example", "twin"
PROVIDER = Provider(keys_url="https://login.example/keys", issuer=ISSUER, audience=AUDIENCE)
KEY = ECKey.generate_key("P-256", {"kid": "a"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "b"}, private=True)
NOW = 1_800_000_000.0


def _public(*keys: Any) -> bytes:
    return msgspec.json.encode(KeySet(list(keys)).as_dict(private=False))


def _token(
    key: Any = KEY, algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    given = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "li.na", "exp": int(NOW) + 600, "roles": ["reader"], **claims,
    }  # fmt: skip
    kid = {} if key.kid is None else {"kid": key.kid}
    wanted = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": algorithm, **kid, **(header or {})}, wanted, key, algorithms=[algorithm])


class _Source:
    """Keys that can change, be missing, and are counted."""

    def __init__(self, *keys: Any) -> None:
        self.keys: bytes | None = _public(*keys)
        self.asked = 0

    def __call__(self, _address: str) -> bytes:
        self.asked += 1
        if self.keys is None:
            raise OSError("unreachable")
        return self.keys


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def _ready(source: _Source, clock: _Clock, provider: Provider = PROVIDER) -> ProviderBearers:
    found = ProviderBearers(provider, load=source, clock=clock)
    found.fetch()
    return found


def test_a_token_that_the_provider_signed_is_somebody_with_its_roles() -> None:
    principal = _ready(_Source(KEY), _Clock()).principal(_token(roles=["reader", "operator"]))
    assert principal is not None
    assert (principal.name, principal.roles, principal.expires_at) == (
        "jwt li.na",
        ("reader", "operator"),
        NOW + 600,
    )


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, {"kid": "a"}, private=True), "RS256"),
        (RSAKey.generate_key(2048, {"kid": "a"}, private=True), "PS256"),
        (ECKey.generate_key("P-384", {"kid": "a"}, private=True), "ES384"),
    ],
)
def test_signatures_with_public_keys_count(key: Any, algorithm: str) -> None:
    assert _ready(_Source(key), _Clock()).principal(_token(key, algorithm)) is not None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"exp": int(NOW) - 3600},
        {"exp": None},
        {"exp": "never"},
        {"nbf": int(NOW) + 3600},
        {"sub": None},
    ],
)
def test_a_token_of_another_for_another_or_of_another_time_is_refused(claims: dict[str, Any]) -> None:
    assert _ready(_Source(KEY), _Clock()).principal(_token(**claims)) is None


def test_a_token_that_another_key_signed_is_refused() -> None:
    forged = ECKey.generate_key("P-256", {"kid": "a"}, private=True)
    assert _ready(_Source(KEY), _Clock()).principal(_token(forged)) is None


def test_a_token_without_a_signature_is_refused() -> None:
    head, body, _ = _token().split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    ready = _ready(_Source(KEY), _Clock())
    assert [
        ready.principal(one) for one in (f"{none}.{body}.", f"{head}.{body}.", f"{none}.{body}.AAAA")
    ] == [None] * 3


def test_a_public_key_is_no_secret_for_hmac() -> None:
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"a"}').rstrip(b"=")
    signed = head + b"." + _token().split(".")[1].encode()
    for secret in (KEY.as_pem(private=False), KEY.as_pem(private=False).strip()):
        mac = urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")
        assert _ready(_Source(KEY), _Clock()).principal((signed + b"." + mac).decode()) is None


def test_a_key_that_the_token_brings_along_does_not_count() -> None:
    header = {"jwk": OTHER.as_dict(private=False), "jku": "https://elsewhere.example/keys"}
    source = _Source(KEY)
    assert _ready(source, _Clock()).principal(_token(OTHER, header=header)) is None


def test_a_changed_claim_is_refused() -> None:
    head, _, signature = _token().split(".")
    other = _token(roles=["administrator"]).split(".")[1]
    assert _ready(_Source(KEY), _Clock()).principal(f"{head}.{other}.{signature}") is None


def test_a_token_runs_out_though_it_is_remembered() -> None:
    clock = _Clock()
    ready = _ready(_Source(KEY), clock)
    token = _token()
    assert ready.principal(token) is not None
    clock.now += 601
    assert ready.principal(token) is None


def test_a_new_key_is_fetched_when_a_token_names_it_but_not_at_once_again() -> None:
    clock, source = _Clock(), _Source(KEY)
    ready = _ready(source, clock)
    source.keys = _public(KEY, OTHER)
    token = _token(OTHER)
    assert not ready.wants_keys(token)
    clock.now += RETRY_S
    assert ready.wants_keys(token)
    ready.fetch()
    assert ready.principal(token) is not None
    assert source.asked == 2


def test_strangers_cannot_make_us_ask_often() -> None:
    clock, source = _Clock(), _Source(KEY)
    ready = _ready(source, clock)
    for _ in range(50):
        clock.now += 1
        if ready.wants_keys(_token(OTHER)):
            ready.fetch()
    assert source.asked == 2


def test_keys_stay_for_a_day_while_the_provider_is_away() -> None:
    clock, source = _Clock(), _Source(KEY)
    ready = _ready(source, clock)
    source.keys = None
    clock.now += KEEP_S - 1
    ready.fetch()
    token = _token(exp=int(NOW + 2 * KEEP_S))
    assert ready.principal(token) is not None
    clock.now += 2
    assert ready.principal(token) is None


@pytest.mark.parametrize("keys", [b"", b"[]", b'{"keys": 1}', b'{"keys": [{"kty": "?"}]}', b"\xff"])
def test_something_that_is_no_set_of_keys_changes_nothing(keys: bytes) -> None:
    clock, source = _Clock(), _Source(KEY)
    ready = _ready(source, clock)
    source.keys = keys
    clock.now += RETRY_S
    ready.fetch()
    assert ready.principal(_token()) is not None


@pytest.mark.parametrize(
    ("claim", "value", "roles"),
    [
        ("roles", "reader operator", ("reader", "operator")),
        ("realm_access.roles", {"roles": ["reader"]}, ("reader",)),
        ("roles", 7, ()),
        ("roles", [1, "reader"], ("reader",)),
    ],
)
def test_roles_are_where_the_settings_say(claim: str, value: Any, roles: tuple[str, ...]) -> None:
    provider = msgspec.structs.replace(PROVIDER, roles_claim=claim)
    token = _token(**{"roles": None, claim.split(".", maxsplit=1)[0]: value})
    principal = _ready(_Source(KEY), _Clock(), provider).principal(token)
    assert principal is not None
    assert principal.roles == roles


def test_with_names_of_roles_others_give_nothing() -> None:
    provider = msgspec.structs.replace(PROVIDER, role_names={"twin-admins": "administrator"})
    token = _token(roles=["twin-admins", "reader", "administrator"])
    principal = _ready(_Source(KEY), _Clock(), provider).principal(token)
    assert principal is not None
    assert principal.roles == ("administrator",)


@pytest.mark.parametrize("address", ["http://login.example/keys", "file:///etc/passwd", "ftp://x", "keys"])
def test_keys_come_over_https_or_from_this_machine(address: str) -> None:
    with pytest.raises(StoreError, match="https"):
        checked_address(address)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "/keys")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(_public(KEY) if self.path == "/keys" else b"x" * (bearers.MAX_KEYS + 1))

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the name of the base class


@pytest.fixture
def keys_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_keys_that_lie_elsewhere_or_never_end_are_not_taken(keys_server: str) -> None:
    with pytest.raises(HTTPError, match="302"):
        load_keys(f"{keys_server}/moved")
    with pytest.raises(ValueError, match="more than"):
        load_keys(f"{keys_server}/endless")


def test_a_token_of_the_provider_is_let_in_over_http(keys_server: str, tmp_path: Any) -> None:
    settings = Settings(
        data=tmp_path / "data", jwt_keys=f"{keys_server}/keys", jwt_issuer=ISSUER, jwt_audience=AUDIENCE
    )
    token = _token(exp=int(time.time()) + 60)
    with Runtime(settings) as runtime:
        app = create_app(runtime)
        with TestClient(app, base_url="http://localhost", client=("192.0.2.7", 1)) as client:
            headers = {"authorization": f"Bearer {token}"}
            asked = client.get("/api/v1/can-i", params={"action": "read"}, headers=headers).json()
            assert (asked["who"], asked["everywhere"]) == ("jwt li.na", True)
            assert client.delete("/api/v1/models/x", headers=headers).status_code in {403, 404}
            assert (
                client.get("/api/v1/models", headers={"authorization": f"Bearer {token}x"}).status_code == 401
            )


def test_without_an_audience_the_server_does_not_start(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match="TWIN_JWT_AUDIENCE"):
        Runtime(Settings(data=tmp_path / "data", jwt_keys="https://login.example/keys", jwt_issuer=ISSUER))
