"""`/api/v1/devices`: what carries signals: those that are registered, and those that bindings tell of."""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Query, Response
from starlette.concurrency import run_in_threadpool

from api import devices
from api import schemas_devices as schemas
from api.devices import device_document, known_device, known_devices
from api.representations import page
from api.routes.common import OF_A_BODY, Cursor, Running, Seen, Who, act, document, place_of, refusals
from api.runtime import Runtime
from twin.devices import Device, InvalidDevice

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

MAX_PAGE = 10_000

Fields = Annotated[dict[str, Any], Body(json_schema_extra=schemas.DeviceBody.model_json_schema())]


@router.get("", response_model=schemas.DevicePage, responses=refusals(400, 422))
def list_devices(
    running: Running,
    seen: Seen,
    gateway: Annotated[str | None, Query(description="Only those behind this gateway.")] = None,
    online: Annotated[
        bool | None, Query(description="`true`: report; `false`: have gone silent, or never reported.")
    ] = None,
    registered: Annotated[bool | None, Query(description="`false`: only bindings tell of them.")] = None,
    disabled: Annotated[bool | None, Query(description="Whether their messages are refused.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1000,
    cursor: Cursor = None,
) -> Response:
    """Devices by id: when each was last heard of, whether it still reports, how many of its signals are stale."""
    start = place_of(cursor)
    found = [
        each
        for device in known_devices(running.store, seen.visible_ids())
        for each in (device_document(device),)
        if gateway in {None, each["gateway"]}
        and online in {None, each["online"] is True}
        and registered in {None, each["registered"]}
        and disabled in {None, each["refused"] is not None}
    ]
    following = str(start + limit) if start + limit < len(found) else None
    return document(page(found[start : start + limit], following))


@router.post("", response_model=schemas.DeviceDetail, status_code=201, responses=refusals(*OF_A_BODY, 409))
def create_device(running: Running, who: Who, fields: Fields) -> Response:
    """Register a device. Its credentials are a reference to where the secret is, never the secret."""
    device = _from_body(fields)
    with act(running, who, "device.create", device.id):
        devices.register(running.store, device, new=True)
    return _answer(running, device.id, HTTPStatus.CREATED)


@router.post("/{device:path}/disable", response_model=schemas.DeviceDetail, responses=refusals(404, 409))
def disable_device(running: Running, who: Who, device: str) -> Response:
    """Refuse its messages from now on (`device_disabled`), and mark its signals as stale; so with all devices behind it."""
    with act(running, who, "device.disable", device):
        devices.set_disabled(running.store, device, disabled=True)
    return _answer(running, device)


@router.post("/{device:path}/enable", response_model=schemas.DeviceDetail, responses=refusals(404, 409))
def enable_device(running: Running, who: Who, device: str) -> Response:
    """Take its messages again."""
    with act(running, who, "device.enable", device):
        devices.set_disabled(running.store, device, disabled=False)
    return _answer(running, device)


@router.post(
    "/{device:path}/replace",
    response_model=schemas.DeviceDetail,
    status_code=201,
    responses=refusals(*OF_A_BODY, 404, 409),
)
def replace_device(running: Running, who: Who, device: str, fields: Fields) -> Response:
    """Another device takes its place: signals, history and bindings stay, messages are read at the new one's address."""
    successor = _from_body(fields)
    with act(running, who, "device.replace", device, f"by {successor.id}"):
        taken = devices.replace(running.store, device, successor)
    return _answer(running, taken.id, HTTPStatus.CREATED)


@router.get("/{device:path}", response_model=schemas.DeviceDetail, responses=refusals(404))
def read_device(running: Running, seen: Seen, device: str) -> Response:
    """One device with its signals and with what is behind it."""
    found = known_device(running.store, device, seen.visible_ids())
    return document(device_document(found, full=True))


@router.put(
    "/{device:path}",
    response_model=schemas.DeviceDetail,
    responses={201: {"model": schemas.DeviceDetail}, **refusals(*OF_A_BODY, 404, 409)},
)
def put_device(running: Running, who: Who, device: str, fields: Fields) -> Response:
    """Register a device, or write all of it anew."""
    described = _from_body(fields, device)
    with act(running, who, "device.put", device):
        created = devices.register(running.store, described)
    return _answer(running, device, HTTPStatus.CREATED if created else HTTPStatus.OK)


@router.patch("/{device:path}", response_model=schemas.DeviceDetail, responses=refusals(*OF_A_BODY, 404, 409))
def patch_device(running: Running, who: Who, device: str, fields: Fields) -> Response:
    """Change some fields; `null` empties one."""
    fields.pop("id", None)
    with act(running, who, "device.change", device, ", ".join(sorted(fields))):
        devices.patch(running.store, device, fields)
    return _answer(running, device)


@router.delete("/{device:path}", status_code=204, responses=refusals(404, 409))
async def delete_device(running: Running, who: Who, device: str) -> Response:
    """Forget what is written down of it. Its signals and their history stay, and bindings still tell of it."""
    with act(running, who, "device.remove", device):
        await run_in_threadpool(devices.forget, running.store, device)
    running.signals.forget()
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _from_body(fields: dict[str, Any], identifier: str | None = None) -> Device:
    given = fields.pop("id", identifier)
    if not isinstance(given, str) or identifier not in {None, given}:
        raise InvalidDevice("id", "there is none, or another than in the path. Name the device by it")
    return devices.described(given, fields)


def _answer(running: Runtime, identifier: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    running.signals.forget()
    answer = device_document(known_device(running.store, identifier), full=True)
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
