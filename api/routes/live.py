"""`/api/v1/live`: states as they change, over a WebSocket or as server-sent events.

Both speak in the same frames. First `snapshot` (in parts, `more` on all but the last), then `delta`: what has changed since the
frame before, in the order of the commits, each signal once; `beat` when nothing does. Each has `seq`: a client that was cut off
after its snapshot asks again with `cursor=seq` (a browser's EventSource does by itself, with Last-Event-ID) and gets what it missed, and no
snapshot; where that is not kept any more, `reset` is followed by a fresh snapshot.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from msgspec.structs import replace
from starlette.responses import StreamingResponse

from api import schemas_live as schemas
from api.alarm_following import AlarmFollowing
from api.callers import caller_of
from api.following import Following
from api.problems import problem
from api.reader import Reader
from api.routes.common import Running, Seen, Who, document, refusals, runtime_of
from api.routes.live_filters import Asked
from api.runtime import Runtime
from api.theme_following import ThemeFollowing
from api.tickets import LIFE_S
from twin.errors import TwinError
from twin.ports import StateQuery

router = APIRouter(prefix="/api/v1/live", tags=["live"])

MAX_CURSOR = (1 << 63) - 1

CursorNumber = Annotated[
    int | None, Query(ge=0, description="`seq` of the last frame seen: go on from there.")
]


@router.post("/tickets", response_model=schemas.Ticket, responses=refusals(429))
def issue_ticket(running: Running, who: Who) -> Response:
    """A ticket to open the WebSocket with: `/api/v1/live?ticket=…`; good once, for 30 seconds."""
    ticket = running.tickets.issue(who.principal)
    if ticket is None:
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many tickets are unused; try again in 30 seconds.")
    return document({"ticket": ticket, "expires_at": datetime.now(UTC) + timedelta(seconds=LIFE_S)})


@router.get("/events", response_class=StreamingResponse, responses=refusals(400, 404, 422))
async def stream_events(
    request: Request,
    seen: Seen,
    asked: Asked,
    cursor: CursorNumber = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Server-sent events: the frames as `data`, `seq` as `id`."""
    following = Following(runtime_of(request), _followed(seen, asked), event_cursor(last_event_id, cursor))
    await following.prepare()
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(following), media_type="text/event-stream", headers=headers)


def event_cursor(last_event_id: str | None, cursor: int | None) -> int | None:
    """Where a browser's EventSource was; `cursor` where it tells nothing, or nothing that is a number."""
    if last_event_id is None or not last_event_id.isdecimal():
        return cursor
    return int(last_event_id) if len(last_event_id) <= len(str(MAX_CURSOR)) else MAX_CURSOR


async def _events(following: Following) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(following.frames()) as frames:
        async for seq, frame in frames:
            if seq is not None:
                yield b"id: %d\n" % seq
            yield b"data: %s\n\n" % frame


@router.websocket("")
async def follow(
    socket: WebSocket,
    asked: Asked,
    cursor: CursorNumber = None,
    format_: Annotated[Literal["json", "codes", "alarms"], Query(alias="format")] = "json",
    theme: Annotated[list[str], Query(description="Keys of themes, for `codes`.")] = [],  # noqa: B006
) -> None:
    """The same over a WebSocket, a text message a frame; with `format=codes` binary frames of themes (`state_sync.board.frame`), with `format=alarms` the list of open alarms whenever it is another one."""
    runtime: Runtime = socket.app.state.runtime
    seen = Reader(runtime.store, caller_of(socket))
    asked = _followed(seen, asked)
    await socket.accept()
    if format_ == "codes":
        coded = ThemeFollowing(runtime, asked, theme, cursor)
        try:
            await _serve(socket, coded, partial(_send_codes, socket, coded))
        finally:
            await coded.close()
        return
    following = (
        AlarmFollowing(runtime, seen, asked) if format_ == "alarms" else Following(runtime, asked, cursor)
    )
    await _serve(socket, following, partial(_send, socket, following))


def _followed(seen: Reader, asked: StateQuery) -> StateQuery:
    """What this reader may see of it. A cursor is a place in the channel here, not in a list of states."""
    return replace(seen.narrowed(asked), cursor=None)


async def _serve(
    socket: WebSocket,
    following: Following | AlarmFollowing | ThemeFollowing,
    sender: Callable[[], Coroutine[None, None, None]],
) -> None:
    """Prepare and send until the client leaves; what cannot be followed is told, and the socket closed."""
    try:
        await following.prepare()
    except TwinError as error:
        await socket.send_text(msgspec.json.encode({"type": "error", "detail": str(error)}).decode())
        await socket.close(1008)
        return
    sending = asyncio.create_task(sender())
    try:
        while not sending.done():
            await _received(socket, sending)
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sending


async def _send(socket: WebSocket, following: Following | AlarmFollowing) -> None:
    async with contextlib.aclosing(following.frames()) as frames:
        async for _, frame in frames:
            await socket.send_text(frame.decode())


async def _send_codes(socket: WebSocket, following: ThemeFollowing) -> None:
    async with contextlib.aclosing(following.frames()) as frames:
        async for frame in frames:
            await socket.send_bytes(frame)


async def _received(socket: WebSocket, sending: "asyncio.Task[None]") -> None:
    """Wait for the client to leave, or for the sending to end; what a client says is of no interest."""
    receiving = asyncio.ensure_future(socket.receive())
    await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED)
    if not receiving.done():
        receiving.cancel()
        return
    if receiving.result()["type"] == "websocket.disconnect":
        sending.cancel()
        await asyncio.wait({sending})
