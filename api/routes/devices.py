"""`/api/v1/devices`: what carries signals, as far as bindings tell."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import schemas_bindings as schemas
from api.devices import device_document, known_devices
from api.representations import page
from api.routes.common import Cursor, Running, document, place_of, refusals

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

MAX_PAGE = 10_000


@router.get("", response_model=schemas.DevicePage, responses=refusals(400, 422))
def list_devices(
    running: Running,
    gateway: Annotated[str | None, Query(description="Only those behind this gateway.")] = None,
    online: Annotated[
        bool | None, Query(description="`true`: report; `false`: have gone silent, or never reported.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1000,
    cursor: Cursor = None,
) -> Response:
    """Devices by id: when each was last heard of, whether it still reports, how many of its signals are stale."""
    start = place_of(cursor)
    found = [
        device
        for device in known_devices(running.store)
        if gateway in {None, device.gateway} and online in {None, device.online is True}
    ]
    following = str(start + limit) if start + limit < len(found) else None
    return document(page([device_document(device) for device in found[start : start + limit]], following))
