"""ASGI middleware that lets a request in or answers with a problem document.

Rules until the policy comes: anonymous reads from loopback, under a loopback name (a page elsewhere whose name is rebound
to 127.0.0.1 is not one); anything else needs the administrator's token.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from api.security import bearer_token, is_loopback, is_loopback_name, same_token

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READING_POSTS = frozenset({"/api/v1/state/query"})
"""Questions too long for an address: they change nothing."""

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered to anybody: a load balancer has no token, and they tell nothing."""


class AccessControl:
    """Checks each HTTP request before anything else sees it."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[str]) -> None:
        self._app = app
        self._token = token
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on."""
        if scope["type"] == "http":
            refusal = self._refusal(HTTPConnection(scope), scope["method"])
            if refusal is not None:
                status, detail = refusal
                challenge = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
                await problem(status, detail, headers=challenge)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, connection: HTTPConnection, method: str) -> tuple[HTTPStatus, str] | None:
        if connection.url.path in OPEN_PATHS:
            return None
        given = bearer_token(connection)
        if same_token(given, self._token):
            return None
        if given is not None:
            return HTTPStatus.UNAUTHORIZED, "The token is not valid."
        if method not in SAFE_METHODS and connection.url.path not in READING_POSTS:
            return (
                HTTPStatus.UNAUTHORIZED,
                "Writing needs the administrator's token: the data folder's admin.token.",
            )
        host = _host_name(connection)
        if not is_loopback_name(host) and host not in self._hosts:
            return (
                HTTPStatus.MISDIRECTED_REQUEST,
                f"This server is not {host!r}. Add the name with TWIN_HOSTS.",
            )
        client = connection.client.host if connection.client else None
        if not is_loopback(client):
            return HTTPStatus.UNAUTHORIZED, "Reading from another machine needs a token."
        return None


def _host_name(connection: HTTPConnection) -> str:
    """The name of the Host header without its port; empty where it is malformed."""
    try:
        return urlsplit("//" + connection.headers.get("host", "")).hostname or ""
    except ValueError:
        return ""
