"""ASGI middleware that lets a request or a WebSocket in, or answers with a problem document.

Rules until the policy comes: anonymous reads from loopback, under a loopback name (a page elsewhere whose name is rebound
to 127.0.0.1 is not one); anything else needs the administrator's token.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from api.security import bearer_token, is_loopback, is_loopback_name, same_token
from api.tickets import Tickets

Refusal = tuple[HTTPStatus, str]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READING_POSTS = frozenset({"/api/v1/state/query", "/api/v1/live/tickets"})
"""Questions too long for an address, and tickets to go on reading: they change nothing."""

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answered to anybody: a load balancer has no token, and they tell nothing."""


class AccessControl:
    """Checks each request and each WebSocket before anything else sees it.

    `hosts`: names, in lower case, under which the server is reached. `origins`: pages elsewhere that may open sockets.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str,
        tickets: Tickets,
        hosts: frozenset[str],
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._token = token
        self._tickets = tickets
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on."""
        if scope["type"] in {"http", "websocket"}:
            connection = HTTPConnection(scope)
            if scope["type"] == "http":
                refusal = self._refusal(connection, scope["method"])
            else:
                refusal = self._socket_refusal(connection)
            if refusal is not None:
                status, detail = refusal
                challenge = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
                await problem(status, detail, headers=challenge)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _socket_refusal(self, connection: HTTPConnection) -> Refusal | None:
        """Browsers let any page open a socket to anywhere, and tell from which: the origin is checked here."""
        origin = connection.headers.get("origin")
        if origin is not None and not self._knows(origin, connection):
            return (
                HTTPStatus.FORBIDDEN,
                f"Pages of {origin} may not follow this server. See TWIN_CORS_ORIGINS.",
            )
        ticket = connection.query_params.get("ticket")
        if ticket is not None:
            if self._tickets.redeem(ticket):
                return None
            return HTTPStatus.UNAUTHORIZED, "The ticket is not valid: it is good once, for 30 seconds."
        return self._refusal(connection, "GET")

    def _knows(self, origin: str, connection: HTTPConnection) -> bool:
        name = _name(origin)
        return (
            origin in self._origins
            or is_loopback_name(name)
            or (name != "" and name == _host_name(connection))
        )

    def _refusal(self, connection: HTTPConnection, method: str) -> Refusal | None:
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
    return _name("//" + connection.headers.get("host", ""))


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
