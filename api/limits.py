"""ASGI middleware behind `api.access`: how much a caller may ask for, and what every answer says to browsers.

Requests are counted for each caller in a bucket that fills steadily; streams that stay open, and what clients say on them, are bounded, too.
"""

import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from math import ceil

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import OPEN_FOLDER, OPEN_PATHS, POLICY_VIOLATION, STREAMS
from api.callers import KEY, Caller
from api.problems import problem

BURST_S = 20.0
"""Seconds of its rate that a caller may save up: a viewer asks for a thousand tiles at once, and then for none."""

CALLERS = 10_000
"""Buckets at once; the one that was used longest ago goes."""

MOST_STREAMS = 2_000
"""Open sockets and event streams of one caller: screens of a whole site behind one token."""

MESSAGES_PER_S = 20.0
"""What clients may say on a socket, where nothing they say is of interest: pings of libraries."""

LARGE_BODIES = frozenset({"/api/v1/readings", "/api/v1/bindings"})
LARGE, USUAL = 16 << 20, 1 << 20
"""Bytes of a body: of batches, and of any other; a policy of a thousand roles has some 300 kB."""

API_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""Of documents: nothing in them is ever run or shown in a frame."""


class Bucket:
    """Allows `rate` a second, and `burst` at once."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def wait_s(self, now: float) -> float:
        """Take one; else the seconds until there is one."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level >= 1.0:
            self._level -= 1.0
            return 0.0
        return (1.0 - self._level) / self._rate


class Limits:
    """`rate`: requests a second of one caller; 0: any number."""

    def __init__(self, app: ASGIApp, *, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on."""
        caller: Caller | None = scope.get(KEY)
        if caller is None:
            await self._app(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        guarded = send if is_socket else _with_headers(send)
        if (wait := self._wait_s(caller, scope["path"])) > 0:
            told = {"retry-after": str(ceil(wait))}
            detail = f"{caller.name} asks too often: at most {self._rate:g} times a second."
            await problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=told)(scope, receive, guarded)
        elif is_socket or scope["path"] in STREAMS:
            await self._stream(caller, scope, receive, guarded)
        elif (limit := _limit(scope)) < _told_length(scope):
            await _too_large(limit)(scope, receive, guarded)
        else:
            await self._app(scope, _counted(receive, limit), guarded)

    def _wait_s(self, caller: Caller, path: str) -> float:
        if not self._rate or path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return 0.0
        now, key = self._clock(), _key(caller)
        bucket = self._buckets.pop(key, None) or Bucket(self._rate, self._rate * BURST_S, now)
        self._buckets[key] = bucket
        if len(self._buckets) > CALLERS:
            self._buckets.popitem(last=False)
        return bucket.wait_s(now)

    async def _stream(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(caller)
        if self._streams[key] >= MOST_STREAMS:
            detail = f"{caller.name} has {MOST_STREAMS} open streams; close some."
            refusal = problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"retry-after": "60"})
            await refusal(scope, receive, send)
            return
        self._streams[key] += 1
        try:
            if scope["type"] == "websocket":
                await self._socket(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            self._streams[key] -= 1
            if not self._streams[key]:
                del self._streams[key]

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A client that talks without end is for the application one that has left."""
        bucket = Bucket(MESSAGES_PER_S, 10 * MESSAGES_PER_S, self._clock())
        cut = False

        async def heard() -> Message:
            nonlocal cut
            message = await receive()
            if message["type"] == "websocket.receive" and bucket.wait_s(self._clock()) > 0:
                cut = True
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            return message

        await self._app(scope, heard, send)
        if cut:
            with contextlib.suppress(RuntimeError, OSError):  # the client has left in this moment
                await send(
                    {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "too many messages"}
                )


def _key(caller: Caller) -> str:
    """A caller; without a token, its address."""
    return caller.origin if caller.principal.kind == "anonymous" else caller.name


def _limit(scope: Scope) -> int:
    return LARGE if scope["path"] in LARGE_BODIES else USUAL


def _told_length(scope: Scope) -> int:
    """What the headers say of the body's length; 0 where they say nothing that is a number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0


def _too_large(limit: int) -> ASGIApp:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {limit >> 20} MiB.")


def _counted(receive: Receive, limit: int) -> Receive:
    """The body, up to a limit: what comes in pieces need not say how long it is."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {limit >> 20} MiB."
            )
        return message

    return counted


def _with_headers(send: Send) -> Send:
    """What browsers should make of an answer, where the route does not say it."""

    async def completed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("referrer-policy", "no-referrer")
            if "json" in headers.get("content-type", ""):
                headers.setdefault("content-security-policy", API_CONTENT_POLICY)
        await send(message)

    return completed
