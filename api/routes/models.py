"""`/api/v1/models`: what is in the scene, where it stands, and what may be changed about it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import placing, representations, schemas, schemas_differences
from api.routes.common import OF_A_BODY, PAGE, Cursor, Limit, Running, Seen, Who, act, document, refusals
from bim_import import PlacementOverrides
from twin.differences import TOLERANCE_M, DifferenceQuery, Kind

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", response_model=schemas.ModelPage, responses=refusals())
def list_models(seen: Seen) -> Response:
    """All models of the scene, by key."""
    return document(representations.page([representations.model(record) for record in seen.models()]))


@router.get("/{key}", response_model=schemas.ModelSummary, responses=refusals(404))
def read_model(seen: Seen, key: str) -> Response:
    """One model: coverage, placement with its diagnosis, warnings."""
    return document(representations.model(seen.model(key)))


@router.get("/{key}/classes", response_model=schemas.ClassList, responses=refusals(404))
def list_classes(seen: Seen, key: str) -> Response:
    """How many objects of each class a model has."""
    return document(representations.page([representations.class_total(t) for t in seen.classes(key)]))


@router.get("/{key}/storeys", response_model=schemas.StoreyList, responses=refusals(404))
def list_storeys(seen: Seen, key: str) -> Response:
    """The storeys of a model, from the lowest up."""
    return document(representations.page([representations.storey(s) for s in seen.storeys(key)]))


@router.get("/{key}/revisions", response_model=schemas.RevisionList, responses=refusals(404))
def list_revisions(seen: Seen, key: str) -> Response:
    """The imports of a model, the oldest first."""
    return document(representations.page([representations.revision(r) for r in seen.revisions(key)]))


@router.get(
    "/{key}/diff",
    response_model=schemas_differences.RevisionDifference,
    responses=refusals(400, 404, 409, 422),
)
def compare_revisions(
    seen: Seen,
    key: str,
    before: Annotated[
        int, Query(alias="from", ge=1, le=2**31 - 1, description="Number of the older revision.")
    ],
    after: Annotated[int, Query(alias="to", ge=1, le=2**31 - 1, description="Number of the newer revision.")],
    change: Annotated[
        list[Kind] | None, Query(description="Only objects that have changed in one of these ways.")
    ] = None,
    tolerance: Annotated[
        float, Query(gt=0, le=1e6, description="Metres below which nothing has moved or grown.")
    ] = TOLERANCE_M,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What has changed between two revisions: objects added, removed, moved, reshaped, renamed, their properties."""
    asked = DifferenceQuery(
        before=before,
        after=after,
        changes=tuple(change or ()),
        tolerance_m=tolerance,
        limit=limit,
        cursor=cursor,
    )
    return document(representations.difference(seen.differences(key, asked)))


@router.delete("/{key}", status_code=204, responses=refusals(404, 409))
def remove_model(running: Running, who: Who, key: str) -> None:
    """Take a model out of the scene. Its objects are retired; importing it again brings them back."""
    with act(running, who, "model.remove", key):
        running.store.remove(key)


@router.put("/{key}/placement", response_model=schemas.ModelSummary, responses=refusals(*OF_A_BODY, 404, 409))
def place_model(running: Running, who: Who, key: str, change: schemas.PlacementChange) -> Response:
    """Move a model without importing it again."""
    overrides = PlacementOverrides(
        crs=change.crs,
        origin=change.origin,
        rotation_deg=change.rotation_deg,
        height_offset_m=change.height_offset_m,
    )
    with act(running, who, "model.place", key, change.model_dump_json(exclude_unset=True)):
        placing.place(running.store, running.tiles_folder(key), key, overrides)
    return document(representations.model(running.store.model(key)))


@router.post("/{key}/rollback", response_model=schemas.ModelSummary, responses=refusals(*OF_A_BODY, 404, 409))
def roll_back_model(running: Running, who: Who, key: str, wish: schemas.RollBack) -> Response:
    """Show an earlier revision again."""
    with act(running, who, "model.rollback", key, f"revision {wish.revision}"):
        running.store.rollback(key, wish.revision)
    return document(representations.model(running.store.model(key)))
