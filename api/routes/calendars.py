"""`/api/v1/calendars`: what is commanded at times of day, at dusk and at dawn."""

import time
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Response

from api import calendar_work
from api import representations_calendars as representations
from api import schemas_calendars as schemas
from api.representations import page
from api.routes.common import OF_A_BODY, Cursor, Limit, Running, Who, act, document, refusals
from twin.calendars import calendar_from, following

router = APIRouter(prefix="/api/v1/calendars", tags=["calendars"])

CalendarId = Annotated[str, Path(max_length=200, description="A name for the calendar, as for a model.")]
MAX_UPCOMING = 1_000


@router.get("", response_model=schemas.CalendarPage, responses=refusals())
def list_calendars(running: Running, who: Who) -> Response:
    """All of which the caller may read every signal, or which are the caller's own."""
    store = running.store
    found = [each for each in store.calendars() if calendar_work.is_seen(store, who, each)]
    return document(page([representations.calendar(each) for each in found]))


@router.put(
    "/{calendar}",
    response_model=schemas.Calendar,
    responses={201: {"model": schemas.Calendar}, **refusals(*OF_A_BODY, 400, 404, 409)},
)
def put_calendar(
    running: Running, who: Who, calendar: CalendarId, fields: schemas.CalendarFields
) -> Response:
    """Make a calendar, or change it. It is the caller's then: its commands need the caller's rights each time."""
    wanted = calendar_from(calendar, fields.model_dump(mode="json", exclude_unset=True))
    with act(running, who, "calendar.put", calendar, fields.model_dump_json(exclude_unset=True)):
        created = calendar_work.save(running.store, who, calendar, wanted)
    answer = msgspec.json.encode(representations.calendar(running.store.calendar(calendar)))
    status = HTTPStatus.CREATED if created else HTTPStatus.OK
    return Response(answer, status, media_type="application/json")


@router.get("/{calendar}", response_model=schemas.Calendar, responses=refusals(404, 422))
def read_calendar(running: Running, who: Who, calendar: CalendarId) -> Response:
    """One calendar."""
    return document(representations.calendar(calendar_work.seen(running.store, who, calendar)))


@router.delete("/{calendar}", status_code=204, responses=refusals(404, 422))
def delete_calendar(running: Running, who: Who, calendar: CalendarId) -> Response:
    """Take a calendar away. Commands that it has asked for stay."""
    record = running.store.calendar(calendar)
    calendar_work.check_change(running.store, who, record)
    with act(running, who, "calendar.remove", calendar):
        running.store.remove_calendar(calendar)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{calendar}/occurrences", response_model=schemas.UpcomingPage, responses=refusals(404, 422))
def list_occurrences(
    running: Running,
    who: Who,
    calendar: CalendarId,
    limit: Annotated[int, Query(ge=1, le=MAX_UPCOMING, description="How many.")] = 20,
) -> Response:
    """What comes next, within four years."""
    record = calendar_work.seen(running.store, who, calendar)
    found = following(representations.read(record), time.time_ns() // 1000, limit)
    return document(page([representations.occurrence(each) for each in found]))


@router.get("/{calendar}/runs", response_model=schemas.RunPage, responses=refusals(400, 404, 422))
def list_runs(
    running: Running, who: Who, calendar: CalendarId, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """What became of occurrences: the requests that they are, or why nothing was done."""
    record = calendar_work.seen(running.store, who, calendar)
    found = running.store.calendar_runs(record.id, limit=limit, cursor=cursor)
    return document(page([representations.run(each) for each in found.items], found.next))
