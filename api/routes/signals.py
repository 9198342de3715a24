"""`/api/v1/signals`: what is measured and what can be set, with the present value."""

from fastapi import APIRouter, Response

from api import representations_live as representations
from api import schemas_live as schemas
from api.representations import page
from api.routes.common import Seen, document, refusals
from api.routes.live_filters import Asked

router = APIRouter(prefix="/api/v1/signals", tags=["signals"])


@router.get("", response_model=schemas.SignalPage, responses=refusals(400, 404, 422))
def list_signals(seen: Seen, asked: Asked) -> Response:
    """Signals that pass all filters given, with their present values."""
    found = seen.states(asked)
    return document(page([representations.signal(record) for record in found.items], found.next))


@router.get("/{model}/{global_id:path}/{name}", response_model=schemas.SignalSummary, responses=refusals(404))
def read_signal(seen: Seen, model: str, global_id: str, name: str) -> Response:
    """One signal with its present value."""
    record = seen.signal(model, global_id, name)
    return document(representations.signal(seen.state_of(record.number)))
