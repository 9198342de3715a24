"""ASGI middleware that recognises who sends a request or opens a WebSocket, or answers with a problem document.

What they may do is asked by the routes (`api.rights`). A stream that stays open ends when its caller's rights do.
"""

import asyncio
import contextlib
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.callers import KEY, Caller, Principal
from api.guard import Guard
from api.problems import problem
from api.security import bearer_token, is_loopback, is_loopback_name
from api.tickets import Tickets

Refusal = tuple[HTTPStatus, str]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READING_POSTS = frozenset({"/api/v1/state/query", "/api/v1/live/tickets"})
"""Questions too long for an address, and tickets to go on reading: they change nothing."""

STREAMS = frozenset({"/api/v1/live/events"})
"""Answered without end."""

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/"})
OPEN_FOLDER = "/viewer/"
"""Answered to anybody: a load balancer has no token, and neither has a browser before the page has taken it from the address.
Nothing in there tells of the twin.
"""

POLICY_VIOLATION = 1008
"""RFC 6455, section 7.4.1: what a socket is closed with whose caller may not listen any more."""


class AccessControl:
    """Checks each request and each WebSocket before anything else sees it.

    `hosts`: names, in lower case, under which the server is reached. `origins`: pages elsewhere that may open sockets.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        guard: Guard,
        tickets: Tickets,
        hosts: frozenset[str],
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._guard = guard
        self._tickets = tickets
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        await self._guard.refresh(bearer_token(connection))
        is_socket = scope["type"] == "websocket"
        found = self._of_socket(connection) if is_socket else self._found(connection, scope["method"])
        if not isinstance(found, Principal):
            status, detail = found
            challenge = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
            await problem(status, detail, headers=challenge)(scope, receive, send)
            return
        client = connection.client.host if connection.client else "unknown"
        scope[KEY] = caller = Caller(found, self._guard.rules, client)
        if is_socket or scope["path"] in STREAMS:
            await self._streamed(caller, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _streamed(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the caller leaves, or may not listen any more."""
        serving = asyncio.ensure_future(self._app(scope, receive, send))
        watching = asyncio.ensure_future(self._guard.until_changed(caller))
        try:
            await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
                return
            await _ended(serving)
            if scope["type"] == "websocket":
                with contextlib.suppress(RuntimeError, OSError):  # the client has left in this moment
                    await send(
                        {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": watching.result()}
                    )
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watching.cancel()
            await _ended(serving)

    def _of_socket(self, connection: HTTPConnection) -> Principal | Refusal:
        """Browsers let any page open a socket to anywhere, and tell from which: the origin is checked here."""
        origin = connection.headers.get("origin")
        if origin is not None and not self._knows(origin, connection):
            return (
                HTTPStatus.FORBIDDEN,
                f"Pages of {origin} may not follow this server. See TWIN_CORS_ORIGINS.",
            )
        ticket = connection.query_params.get("ticket")
        if ticket is not None:
            principal = self._tickets.redeem(ticket)
            if principal is not None and self._guard.is_good(principal):
                return principal
            return HTTPStatus.UNAUTHORIZED, "The ticket is not valid: it is good once, for 30 seconds."
        return self._found(connection, "GET")

    def _knows(self, origin: str, connection: HTTPConnection) -> bool:
        name = _name(origin)
        return (
            origin in self._origins
            or is_loopback_name(name)
            or (name != "" and name == _host_name(connection))
        )

    def _found(self, connection: HTTPConnection, method: str) -> Principal | Refusal:
        path = connection.scope["path"]
        given = bearer_token(connection)
        principal = self._guard.recognise(given)
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return principal or self._guard.nobody
        if principal is None:
            return HTTPStatus.UNAUTHORIZED, "The token is not valid."
        if given is not None:
            return principal
        if method not in SAFE_METHODS and path not in READING_POSTS:
            return (
                HTTPStatus.UNAUTHORIZED,
                "Writing needs a token: the data folder's admin.token, or one of `twin token create`.",
            )
        return self._refusal(connection) or principal

    def _refusal(self, connection: HTTPConnection) -> Refusal | None:
        """Why somebody without a token may not even read."""
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


async def _ended(serving: "asyncio.Future[None]") -> None:
    """Stop what serves, and wait for it."""
    if not serving.done():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await serving


def _host_name(connection: HTTPConnection) -> str:
    """The name of the Host header without its port; empty where it is malformed."""
    return _name("//" + connection.headers.get("host", ""))


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
