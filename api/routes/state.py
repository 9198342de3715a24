"""`/api/v1/state`: what is reported now, what was reported at an instant, and many signals in one request."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import representations_live as representations
from api import schemas_live as schemas
from api.representations import page
from api.routes.common import Running, document, refusals
from api.routes.live_filters import Asked
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/state", tags=["state"])


@router.get("", response_model=schemas.StatePage, responses=refusals(400, 404, 422))
def list_states(
    running: Running,
    asked: Asked,
    at: Annotated[
        datetime | None,
        Query(
            description="An instant (RFC 3339): the whole scene then, late data included; of the filters `model` counts."
        ),
    ] = None,
) -> Response:
    """Present states of signals that pass all filters given."""
    if at is None:
        found = running.store.states(asked)
        return document(page([representations.state(record) for record in found.items], found.next))
    instant = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    scene = running.store.scene_at(to_microseconds(instant), asked.models)
    records = {record.number: record for record in running.store.signal_records()}
    return document(page(representations.scene(scene, records)))


@router.post("/query", response_model=schemas.StatePage, responses=refusals(400, 422))
def query_states(running: Running, question: schemas.StateQuestion) -> Response:
    """Present states of many signals, in the order asked for. Reads only: no token is needed where reading needs none."""
    found = running.store.states_of(question.signals)
    return document(page([representations.state(record) for record in found]))
