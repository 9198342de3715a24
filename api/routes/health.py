"""Whether the server lives, whether it can answer, and its numbers."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.problems import problem
from api.routes.common import Running, document, refusals
from api.work import Work
from twin.errors import TwinError

router = APIRouter(tags=["operation"])


@router.get("/healthz")
def live() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(request: Request, running: Running) -> Response:
    """The database answers. `degraded`: it does, but readings do not come in as they should; `detail` says from where."""
    try:
        running.store.last_change()
    except TwinError as error:
        return problem(503, str(error))
    work: Work = request.app.state.work
    complaints = work.complaints
    return document({"status": "degraded", "detail": complaints} if complaints else {"status": "ready"})


@router.get("/metrics", response_class=Response, responses=refusals())
def metrics(request: Request) -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
