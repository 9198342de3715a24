"""`/api/v1/themes`: what can be coloured, by which signals, and what the codes of the live channel mean."""

from fastapi import APIRouter, Response

from api import schemas_themes as schemas
from api.representations import Document, page
from api.routes.common import document, refusals
from state_sync.themes import SPECIAL_COLOURS, SPECIAL_LABELS, STEPS, THEMES, Theme

router = APIRouter(prefix="/api/v1/themes", tags=["live"])


@router.get("", response_model=schemas.ThemePage, responses=refusals())
def list_themes() -> Response:
    """All themes. `colours` has one for each code: a look-up table for a texture."""
    return document(page([_theme(one) for one in THEMES]), headers={"cache-control": "max-age=3600"})


def _theme(one: Theme) -> Document:
    special = [
        {"code": code, "colour": SPECIAL_COLOURS[code], "label": {"zh": zh, "en": en}}
        for code, (zh, en) in SPECIAL_LABELS.items()
    ]
    ramp = [
        {
            "value": value,
            "code": round((value - one.low) / (one.high - one.low) * (STEPS - 1)),
            "colour": colour,
        }
        for value, colour in one.ramp
    ]
    return {
        "key": one.key,
        "kinds": one.kinds,
        "label": {"zh": one.zh, "en": one.en},
        "unit": one.unit,
        "low": one.low,
        "high": one.high,
        "ramp": ramp,
        "special": special,
        "colours": one.colours(),
    }
