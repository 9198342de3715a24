"""What the routes share: the runtime, documents as responses, and the problem answers of the OpenAPI page."""

from contextlib import AbstractContextManager
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Query, Request, Response

from api.callers import Caller, caller_of
from api.problems import MEDIA_TYPE
from api.reader import Reader
from api.runtime import Runtime
from api.schemas import Problem
from twin.access import Entry
from twin.errors import InvalidQuery
from twin.filters import Filter, parse_filter
from twin.queries import DEFAULT_LIMIT, MAX_LIMIT


def runtime_of(request: Request) -> Runtime:
    """The runtime that the application was made with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _running(request: Request) -> Runtime:
    """The same for a dependency: async, as FastAPI sends a plain function to a thread, which each request would wait for."""
    return runtime_of(request)


async def _seen(request: Request) -> Reader:
    return Reader(runtime_of(request).store, caller_of(request))


async def _who(request: Request) -> Caller:
    return caller_of(request)


Running = Annotated[Runtime, Depends(_running)]
Seen = Annotated[Reader, Depends(_seen)]
"""The twin as the caller sees it: what every route asks that only reads."""
Who = Annotated[Caller, Depends(_who)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items of one page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.", max_length=2048)]
PAGE = DEFAULT_LIMIT


FilterText = Annotated[
    str | None,
    Query(
        alias="filter",
        description="CQL2 text: `temperature > 30 AND temperature.quality = 'good'`; see docs/queries.md.",
        examples=["temperature > 30 AND class = 'IfcSpace'"],
    ),
]


def filter_of(text: str | None) -> Filter | None:
    """The filter of a request. Raises InvalidFilter."""
    return None if text is None else parse_filter(text)


def document(content: Any, headers: dict[str, str] | None = None) -> Response:
    """JSON of plain values and msgspec structs; several times faster than going through a model."""
    return Response(msgspec.json.encode(content), headers=headers, media_type="application/json")


def act(
    running: Runtime, who: Caller, action: str, target: str = "", detail: str = ""
) -> AbstractContextManager[None]:
    """What is written inside is entered into the audit as done by the caller."""
    return running.store.acting(
        Entry(who=who.name, action=action, target=target, detail=detail, origin=who.origin)
    )


def place_of(cursor: str | None) -> int:
    """Where a page begins in a list whose cursors are plain numbers. Raises InvalidQuery."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 9:
        raise InvalidQuery("The cursor is none of ours: take `next` of the page before.")
    return int(cursor)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem answers of a route, for the OpenAPI page."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": _MEANING[status], "content": content} for status in (*statuses, *ALWAYS)}


OF_A_BODY = (400, 422)
"""What every route with a JSON body may answer: it is no text, or not of the right form."""

ALWAYS = (401, 403, 404, 413, 429)
"""What every route may answer: to a stranger, without the right, for what is not to be seen, and beyond the limits."""

_MEANING = {
    400: "The filter, condition or cursor cannot be understood.",
    401: "A token is needed, or the one given is not valid.",
    403: "The caller has not the right to do this.",
    404: "No such model, revision or object, or none that the caller may see.",
    429: "Too many requests; `Retry-After` says when to try again.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read.",
    409: "Contradicts what is stored; read again and decide anew.",
    422: "A parameter is not of the right form.",
}
