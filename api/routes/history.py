"""`/api/v1/signals/…/history`: the past of one signal, as single readings, summed up, or as a curve."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Response

from api import representations_live as representations
from api import schemas_live as schemas
from api.representations import page
from api.routes.common import Cursor, Running, Seen, document, refusals
from twin.errors import InvalidQuery
from twin.ports import CurveQuery, RollUpQuery, SignalRecord
from twin.times import to_microseconds

router = APIRouter(prefix="/api/v1/signals", tags=["signals"])

MAX_HISTORY = 10_000
"""Readings, or spans, of one page of history."""


class Times(NamedTuple):
    """Microseconds since 1970 UTC, the end not included."""

    start: int
    end: int


def _times(
    start: Annotated[
        datetime | None,
        Query(
            alias="from",
            description="First instant, RFC 3339 (UTC without offset); default: a day before `to`.",
        ),
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="End, not included; default: now.")] = None,
) -> Times:
    until = _aware(end) if end is not None else datetime.now(UTC)
    since = _aware(start) if start is not None else until - timedelta(days=1)
    if since > until:
        raise InvalidQuery(f"`from` ({since.isoformat()}) is after `to` ({until.isoformat()}): swap them.")
    return Times(to_microseconds(since), to_microseconds(until))


@router.get(
    "/{model}/{global_id:path}/{name}/history",
    response_model=schemas.History | schemas.Aggregates | schemas.Curve,
    responses=refusals(400, 404, 422),
)
def read_history(
    running: Running,
    seen: Seen,
    model: str,
    global_id: str,
    name: str,
    times: Annotated[Times, Depends(_times)],
    resolution: Annotated[
        Literal["raw", "1m", "15m", "1h"] | None,
        Query(
            description="`raw`: single readings (the default); else what those of each minute, quarter or hour come to."
        ),
    ] = None,
    points: Annotated[
        int | None,
        Query(
            ge=3,
            le=MAX_HISTORY,
            description="A curve of at most so many readings; the answer says from what.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_HISTORY)] = 1000,
    cursor: Cursor = None,
) -> Response:
    """The past of a signal by the device's clock, the oldest first, late readings in their place.

    Summed up: spans that begin within the times asked and hold a reading.
    """
    record = seen.signal(model, global_id, name)
    if points is not None:
        if resolution is not None or cursor is not None:
            raise InvalidQuery(
                "A curve chooses its resolution, and has one page; leave `resolution` and `cursor` out."
            )
        found = running.store.curve(
            record.number, CurveQuery(start=times.start, end=times.end, points=points)
        )
        return document({**_about(record), **representations.curve(found)})
    if resolution is None or resolution == "raw":
        past = running.store.history(
            record.number, start=times.start, end=times.end, limit=limit, cursor=cursor
        )
        shown = page([representations.past(row) for row in past.items], past.next)
        return document({**_about(record), "resolution": "raw", **shown})
    query = RollUpQuery(resolution=resolution, start=times.start, end=times.end, limit=limit, cursor=cursor)
    spans = running.store.roll_ups(record.number, query)
    shown = page([representations.span(one) for one in spans.items], spans.next)
    return document({**_about(record), "resolution": resolution, **shown})


def _about(record: SignalRecord) -> dict[str, str | None]:
    return {"signal": record.signal.id, "unit": record.signal.unit}


def _aware(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC, as all times of this interface are."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
