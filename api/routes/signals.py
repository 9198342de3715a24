"""`/api/v1/signals`: what is measured and what can be set, with the present value; and the past of one signal."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import representations_live as representations
from api import schemas_live as schemas
from api.representations import page
from api.routes.common import Cursor, Running, document, refusals
from api.routes.live_filters import Asked
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/signals", tags=["signals"])

MAX_HISTORY = 10_000
"""Readings of one page of history."""


@router.get("", response_model=schemas.SignalPage, responses=refusals(400, 404, 422))
def list_signals(running: Running, asked: Asked) -> Response:
    """Signals that pass all filters given, with their present values."""
    found = running.store.states(asked)
    return document(page([representations.signal(record) for record in found.items], found.next))


@router.get(
    "/{model}/{global_id}/{name}/history", response_model=schemas.History, responses=refusals(400, 404, 422)
)
def read_history(
    running: Running,
    model: str,
    global_id: str,
    name: str,
    start: Annotated[
        datetime | None,
        Query(alias="from", description="First instant, RFC 3339; default: a day before `to`."),
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="End, not included; default: now.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_HISTORY)] = 1000,
    cursor: Cursor = None,
) -> Response:
    """Readings of a signal by the device's clock, the oldest first, late ones in their place."""
    record = running.store.signal(model, global_id, name)
    until = _aware(end) if end is not None else datetime.now(UTC)
    since = _aware(start) if start is not None else until - timedelta(days=1)
    found = running.store.history(
        record.number, start=to_microseconds(since), end=to_microseconds(until), limit=limit, cursor=cursor
    )
    return document(
        {
            "signal": record.signal.id,
            "unit": record.signal.unit,
            **page([representations.past(row) for row in found.items], found.next),
        }
    )


@router.get("/{model}/{global_id}/{name}", response_model=schemas.SignalSummary, responses=refusals(404))
def read_signal(running: Running, model: str, global_id: str, name: str) -> Response:
    """One signal with its present value."""
    record = running.store.signal(model, global_id, name)
    (state,) = running.store.states_by_number([record.number])
    return document(representations.signal(state))


def _aware(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC, as all times of this interface are."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
