"""Errors as RFC 9457 problem documents; the only table from error to HTTP status."""

import logging
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.callers import tell_denied
from twin import errors
from twin.alarms import InvalidRule
from twin.calendars import InvalidCalendar
from twin.devices import InvalidDevice
from twin.policy import InvalidPolicy

_log = logging.getLogger(__name__)

STATUS: dict[type[errors.TwinError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.KeyTaken: HTTPStatus.CONFLICT,
    errors.InvalidKey: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidQuery: HTTPStatus.BAD_REQUEST,
    InvalidDevice: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidRule: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidCalendar: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidPolicy: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PlacementError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SourceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Nearest class in the error's line of ancestors counts; any other TwinError is an internal error."""

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **extra: object) -> Response:
    """A problem document; `type` is left out, which means `about:blank`: the title is the status's own phrase."""
    body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, **extra}
    sent = {"x-content-type-options": "nosniff", **(headers or {})}
    return Response(msgspec.json.encode(body), status, headers=sent, media_type=MEDIA_TYPE)


def _status_of(error: errors.TwinError) -> HTTPStatus:
    for ancestor in type(error).__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR


async def _twin_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TwinError)
    if isinstance(error, errors.NotAllowed):
        tell_denied(request, str(error))
    if isinstance(error, errors.InvalidFilter):
        fault = {"where": ["filter"], "what": error.what, "position": error.position, "near": error.excerpt}
        return problem(_status_of(error), str(error), errors=[fault])
    return problem(_status_of(error), str(error))


async def _too_deep(_request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, "The body is nested too deeply.")


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


async def _invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [{"where": list(map(str, fault["loc"])), "what": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{'.'.join(fault['where'])}: {fault['what']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=faults)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "An unexpected error; the server's log has it.")


def add_handlers(app: FastAPI) -> None:
    """Make every error of the application a problem document."""
    app.add_exception_handler(errors.TwinError, _twin_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RecursionError, _too_deep)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _unexpected)
