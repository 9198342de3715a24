"""`/api/v1/bindings`: which message is which signal of which object."""

from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api import binding
from api import schemas_bindings as schemas
from api.bodies import limited_body
from api.problems import problem
from api.representations import Document, page
from api.routes.common import Cursor, Running, Seen, Who, act, document, place_of, refusals, runtime_of
from state_sync.bindings import Binding, BindingFile, InvalidBindings, from_entries, parse

router = APIRouter(prefix="/api/v1/bindings", tags=["bindings"])

MAX_BODY = 16 << 20
"""Bytes of one file: some 100,000 entries."""

MAX_PAGE = 10_000

SUFFIXES = {"application/toml": ".toml", "text/toml": ".toml", "text/csv": ".csv"}

_TEXT = {"schema": {"type": "string", "description": "A binding file."}}
_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": schemas.BindingsBody.model_json_schema()},
            "application/toml": _TEXT,
            "text/csv": _TEXT,
        },
    }
}


class _Body(msgspec.Struct, frozen=True):
    bindings: list[dict[str, Any]]


@router.post(
    "", response_model=schemas.BindingReport, responses=refusals(400, 413, 422), openapi_extra=_CONTENT
)
async def post_bindings(
    request: Request,
    who: Who,
    source: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="Name to keep the bindings under; those of the same name are replaced. `twin bind` uses the file's.",
        ),
    ] = "api",
    dry_run: Annotated[bool, Query(description="Only tell what would match; change nothing.")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """Find the objects, declare the signals, and replace what was bound from this source."""
    body = await limited_body(request, MAX_BODY)
    if body is None:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MAX_BODY >> 20} MiB; use several sources."
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    running = runtime_of(request)
    try:
        file = await run_in_threadpool(_file, body, source, SUFFIXES.get(kind))
        with act(running, who, "bindings.replace", source):
            outcome = await run_in_threadpool(binding.bind, running.store, file, dry_run=dry_run)
    except InvalidBindings as error:
        faults = [msgspec.to_builtins(fault) for fault in error.problems]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=faults)
    except msgspec.DecodeError as error:
        return problem(HTTPStatus.BAD_REQUEST, f'The body is not {{"bindings": […]}}: {error}.')
    if not dry_run:
        running.signals.forget()
    return document(binding.outcome_document(outcome))


def _file(body: bytes, source: str, suffix: str | None) -> BindingFile:
    """The body as a file named `source`. Raises InvalidBindings, msgspec.DecodeError."""
    if suffix is None:
        return from_entries(msgspec.json.decode(body, type=_Body).bindings, source)
    named = source if PurePath(source).suffix.lower() == suffix else source + suffix
    return msgspec.structs.replace(parse(body, named), name=source)


@router.get("", response_model=schemas.BindingPage, responses=refusals(400, 422))
def list_bindings(
    running: Running,
    seen: Seen,
    source: Annotated[str | None, Query(description="Only those of this source.")] = None,
    model: Annotated[str | None, Query(description="Only those of objects of this model.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1000,
    cursor: Cursor = None,
) -> Response:
    """Bindings in the order of sources and of the entries in each."""
    start = place_of(cursor)
    visible = seen.visible_ids()
    found = [
        (name, each)
        for name in dict.fromkeys(name for name, _ in running.store.bindings())
        if source in {None, name}
        for each in binding.stored(running.store, name)
        if model in {None, each.model} and (visible is None or each.signal in visible)
    ]
    following = str(start + limit) if start + limit < len(found) else None
    return document(page([_summary(*each) for each in found[start : start + limit]], following))


def _summary(source: str, each: Binding) -> Document:
    known = msgspec.to_builtins(each)
    for shown_otherwise in ("model", "global_id", "name", "declared"):
        known.pop(shown_otherwise, None)
    always = {
        "codec": each.codec, "path": each.path, "unit": each.unit, "factor": each.factor, "offset": each.offset,
    }  # fmt: skip
    return {"source": source, "signal": each.signal, **known, **always}
