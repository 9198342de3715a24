"""`/api/v1/ingest`: whether readings get through, how many, and what became no reading."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import schemas_ingest as schemas
from api.moments import moment
from api.representations import Document, page
from api.routes.common import Running, document, refusals
from api.work import Work
from state_sync.ingest import IngestHealth
from state_sync.recording import IngestCounts
from twin.ports import Rejected

router = APIRouter(prefix="/api/v1/ingest", tags=["operation"])

MOST_LETTERS = 1_000
_UNKNOWN = IngestCounts()


@router.get("", response_model=schemas.IngestDocument, responses=refusals())
def read_ingest(request: Request) -> Response:
    """How each source of readings stands, with what has passed since this process started. Readings posted over HTTP are answered to who
    posts them, and are not in here.
    """
    work: Work = request.app.state.work
    counts = work.counts
    sources = [_source(name, health, counts.get(name, _UNKNOWN)) for name, health in work.health.items()]
    return document(
        {
            "sources": sources,
            "complaints": work.complaints,
            "gone_stale": work.swept + sum(each.stale + each.silenced for each in counts.values()),
        }
    )


@router.get("/rejected", response_model=schemas.RejectedPage, responses=refusals(422))
def list_rejected(running: Running, limit: Annotated[int, Query(ge=1, le=MOST_LETTERS)] = 100) -> Response:
    """The newest messages that became no reading, the newest first: why, and what they were. A bounded number is kept."""
    return document(page([_letter(one) for one in running.store.rejected(limit=limit)]))


def _source(name: str, health: IngestHealth, counts: IngestCounts) -> Document:
    return {
        "name": name,
        "ok": health.ok,
        "connected": health.link.connected,
        "waiting": health.link.waiting,
        "committed_at": moment(health.committed_at),
        "messages": counts.messages,
        "acknowledged": counts.acknowledged,
        "batches": counts.batches,
        "retries": counts.retries,
        # Copies: the ingest adds to them in another thread.
        "readings": dict(counts.readings),
        "rejected": dict(counts.rejected),
    }


def _letter(one: Rejected) -> Document:
    return {
        "reason": one.reason,
        "detail": one.detail,
        "topic": one.topic,
        "payload": one.payload.decode(errors="replace"),
        "received_at": moment(one.received_at),
    }
