"""The application factory: routes, middleware and error answers around a runtime."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from api import problems
from api.access import AccessControl
from api.audit_heads import heads_file, keep_exporting
from api.calendar_job import CalendarJob
from api.collecting import collect_rarely
from api.denials import DenialAudit, Denials, keep_entering
from api.head import HeadLikeGet
from api.limits import Limits
from api.metrics import RequestMetrics
from api.metrics_alarms import AlarmMetrics
from api.metrics_commands import CommandMetrics
from api.metrics_live import LiveMetrics
from api.rights import authorize
from api.routes import (
    alarms,
    bindings,
    calendars,
    commands,
    devices,
    health,
    history,
    ingest,
    live,
    models,
    objects,
    readings,
    rights,
    signals,
    state,
    terrain,
    themes,
    tiles,
    viewer,
)
from api.runtime import Runtime
from api.work import Work

LOOPBACK_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Pages on this machine may ask: a planner's own Cesium page on another port (docs/embedding.md)."""

_COMPRESS_FROM_BYTES = 1024
_GZIP_LEVEL = 4
"""Documents are made per request: beyond level 4 gzip costs more time than the bytes that it saves on a network."""


def create_app(runtime: Runtime, work: Work | None = None) -> FastAPI:
    """Make the application; the caller opens and closes the runtime.

    `work` runs while the application does; None: only what every server does, the search for silent signals.
    """
    app = FastAPI(
        lifespan=_lifespan,
        dependencies=[Depends(authorize)],
        title="City twin",
        version="0.1.0",
        summary="Objects of building models and city layers, their tiles, where they stand, and what they report.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.runtime = runtime
    app.state.work = work or Work(runtime.store)
    app.state.work.calendars = CalendarJob(runtime.store, runtime.guard, app.state.work.control.wake)
    app.state.denials = Denials(runtime.store)
    app.state.registry = CollectorRegistry()
    app.state.registry.register(LiveMetrics(app.state.work))
    app.state.registry.register(AlarmMetrics(runtime.store, app.state.work.alarms))
    app.state.registry.register(CommandMetrics(app.state.work))
    for router in (
        health.router,
        models.router,
        objects.router,
        history.router,
        signals.router,
        state.router,
        readings.router,
        bindings.router,
        devices.router,
        alarms.router,
        commands.router,
        calendars.router,
        live.router,
        ingest.router,
        rights.router,
        terrain.router,
        themes.router,
        tiles.router,
    ):
        app.include_router(router)
    viewer.mount(app, runtime.viewer_folder)
    problems.add_handlers(app)
    _add_middleware(app, runtime)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    work: Work = app.state.work
    runtime: Runtime = app.state.runtime
    collect_rarely()
    await work.start()
    keeping = [
        asyncio.create_task(keep_exporting(runtime.store, heads_file(runtime.settings))),
        asyncio.create_task(keep_entering(app.state.denials)),
    ]
    try:
        yield
    finally:
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        await run_in_threadpool(app.state.denials.flush)
        await work.stop()


def _add_middleware(app: FastAPI, runtime: Runtime) -> None:
    """The last one added sees a request first."""
    settings = runtime.settings
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESS_FROM_BYTES, compresslevel=_GZIP_LEVEL)
    app.add_middleware(Limits, rate=settings.rate)
    app.add_middleware(DenialAudit, denials=app.state.denials)
    app.add_middleware(
        AccessControl,
        guard=runtime.guard,
        tickets=runtime.tickets,
        hosts=frozenset(name.lower() for name in settings.hosts),
        origins=frozenset(settings.cors_origins),
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_origin_regex=LOOPBACK_ORIGINS,
        # Writing needs a token in a header, which no browser adds by itself: a page that has none can post nothing but questions.
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["Authorization", "Content-Type", "Range", "If-None-Match"],
        expose_headers=["ETag", "Content-Range", "Content-Length"],
    )
    app.add_middleware(RequestMetrics, registry=app.state.registry)
    app.add_middleware(HeadLikeGet)
