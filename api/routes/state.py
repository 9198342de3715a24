"""`/api/v1/state`: what is reported now, what was reported at an instant, and many signals in one request."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import representations_live as representations
from api import schemas_live as schemas
from api.coding import CODES_TYPE, codes_at
from api.compact import MEDIA_TYPE, scene_frame
from api.reader import Reader
from api.representations import page
from api.routes.common import OF_A_BODY, Seen, document, refusals
from api.routes.live_filters import Asked, asked_of
from twin.errors import InvalidQuery
from twin.ports import StateQuery
from twin.ports.totals import AGGREGATED_BY
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/state", tags=["state"])

_FRAME: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in (MEDIA_TYPE, CODES_TYPE)
        }
    }
}


@router.get("", response_model=schemas.StatePage, responses=refusals(400, 404, 422) | _FRAME)
def list_states(
    request: Request,
    seen: Seen,
    asked: Asked,
    at: Annotated[
        datetime | None,
        Query(
            description="An instant (RFC 3339; UTC without offset): the whole scene then, late data included. Filters go by objects and signals as they are now."
        ),
    ] = None,
    theme: Annotated[
        str | None,
        Query(description="Key of a theme: with `at`, its codes then, as a snapshot of the live channel."),
    ] = None,
) -> Response:
    """Present states of signals that pass all filters given; with `at`, the scene at that instant.

    Such a scene comes as one binary frame for `Accept: application/vnd.city-twin.scene`; with `theme`, always as a frame of codes.
    """
    if at is None:
        if theme is not None:
            raise InvalidQuery("`theme` colours an instant: give `at`, or follow /api/v1/live?format=codes.")
        return _states(seen, asked)
    instant = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    if theme is not None:
        codes = codes_at(seen, theme, to_microseconds(instant), asked)
        return Response(codes, media_type=CODES_TYPE)
    scene = seen.scene_at(to_microseconds(instant), asked)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return Response(scene_frame(scene), media_type=MEDIA_TYPE)
    records = {record.number: record for record in seen.signal_records()}
    return document(page(representations.scene(scene, records)))


@router.get("/aggregate", response_model=schemas.StateTotals, responses=refusals(400, 404, 422))
def aggregate_states(
    seen: Seen,
    asked: Asked,
    by: Annotated[
        AGGREGATED_BY, Query(description="What groups are made by; `name`: of the signal.")
    ] = "all",
) -> Response:
    """Counts, means and sums of the signals that pass all filters, by group, kind and unit; `limit` and `cursor` do not count.

    Stale and bad values, and signals that have never reported, are counted, and left out of the rest.
    """
    found = seen.aggregate(asked, by)
    return document({"by": by, "items": found, "next": None})


@router.post("/query", response_model=schemas.StatePage, responses=refusals(*OF_A_BODY, 404))
def query_states(seen: Seen, question: schemas.StateQuestion) -> Response:
    """Present states of many signals: by id, in the order asked for, or of all that pass the conditions. Reads only: no token is
    needed where reading needs none.
    """
    if question.signals is None:
        return _states(seen, asked_of(question))
    if question.model_fields_set != {"signals"}:
        raise InvalidQuery("`signals` names the states by itself; leave the conditions out, or the ids.")
    found = seen.states_of(question.signals)
    return document(page([representations.state(record) for record in found]))


def _states(seen: Reader, asked: StateQuery) -> Response:
    found = seen.states(asked)
    return document(page([representations.state(record) for record in found.items], found.next))
