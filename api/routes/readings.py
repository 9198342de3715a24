"""`POST /api/v1/readings`: readings from gateways that speak HTTP."""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import schemas_live as schemas
from api.bodies import UnreadableBody, limited_body, unpacked
from api.callers import tell_denied
from api.problems import problem
from api.routes.common import Who, document, refusals, runtime_of
from api.runtime import Runtime
from state_sync.posted import Receipt, take
from twin.policy import Action, Reach

router = APIRouter(prefix="/api/v1/readings", tags=["readings"])

MAX_BODY = 16 << 20
"""Bytes of one request: some 150,000 readings."""

NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": schemas.ReadingsBody.model_json_schema()},
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One reading a line, as in `readings`."}
            },
        },
    }
}


@router.post(
    "", response_model=schemas.ReadingsReceipt, responses=refusals(400, 413, 415), openapi_extra=_CONTENT
)
async def post_readings(request: Request, who: Who) -> Response:
    """Record a batch in one transaction; the answer comes after the commit. Sending it again changes nothing. `Content-Encoding: gzip` is
    read.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        return problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Encoding {coding[:20]} is not read; send gzip, or the body as it is.",
        )
    body = await limited_body(request, MAX_BODY)
    try:
        body = unpacked(body, MAX_BODY) if coding == "gzip" and body is not None else body
    except UnreadableBody as error:
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    if body is None:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MAX_BODY >> 20} MiB; send several requests."
        )
    running = runtime_of(request)
    reach = who.reach(Action.INGEST)
    lines = request.headers.get("content-type", "").partition(";")[0].strip().lower() in NDJSON
    beyond: set[int] = set()
    try:
        receipt = await run_in_threadpool(_take, running, reach, body, beyond, lines=lines)
    except msgspec.DecodeError as error:
        return problem(
            HTTPStatus.BAD_REQUEST,
            f'The body is not {{"readings": […]}}: {error}. One reading a line needs Content-Type: application/x-ndjson.',
        )
    if beyond:
        tell_denied(request, f"readings of {len(beyond)} signals beyond what the caller may report")
    return document(receipt)


def _take(running: Runtime, reach: Reach, body: bytes, beyond: set[int], *, lines: bool) -> Receipt:
    """Record what the caller may report; signals that it may not are added to `beyond`."""

    def reached(numbers: Sequence[int]) -> set[int]:
        found = running.store.visible_signals(reach, numbers)
        beyond.update(set(numbers) - found)
        return found

    allowed = None if reach.is_everything else reached
    return take(
        running.store,
        running.signals,
        body,
        lines=lines,
        received_at=time.time_ns() // 1000,
        allowed=allowed,
    )
