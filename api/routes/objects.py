"""`/api/v1/objects`: one by id, children of one, and search."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import representations, schemas, schemas_trace
from api.routes.common import PAGE, Cursor, FilterText, Limit, Seen, document, filter_of, refusals
from twin.errors import InvalidQuery
from twin.queries import (
    MAX_DEPTH,
    MAX_LIMIT,
    Direction,
    ObjectQuery,
    ObjectRecord,
    Page,
    TraceQuery,
    parse_condition,
)

router = APIRouter(prefix="/api/v1/objects", tags=["objects"])


def _page(found: Page[ObjectRecord]) -> Response:
    return document(representations.page([representations.summary(item) for item in found.items], found.next))


@router.get("", response_model=schemas.ObjectPage, responses=refusals(400, 422))
def search_objects(
    seen: Seen,
    model: Annotated[list[str], Query(description="Keys of models; several: any of them.")] = [],  # noqa: B006 - FastAPI copies
    class_: Annotated[list[str], Query(alias="class", description="Classes; several: any of them.")] = [],  # noqa: B006
    storey: Annotated[str | None, Query(description="Id of a storey: all that it holds.")] = None,
    parent: Annotated[
        str | None,
        Query(description="Id of an object: its direct children. Empty: objects without a parent."),
    ] = None,
    q: Annotated[
        str | None, Query(description="Words of name, long name, tag or type; or a whole GlobalId.")
    ] = None,
    property_: Annotated[
        list[str],
        Query(
            alias="property",
            description="Conditions: `Set.Name=value`, `Name>=3.5`, `Set.Name=2..5`; several: all of them.",
            examples=[["Pset_DoorCommon.FireRating=甲级"]],
        ),
    ] = [],  # noqa: B006
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees.")] = None,
    filter_: FilterText = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Objects that pass all filters given, in the order of models and GlobalIds; with `parent`, in that of the tree."""
    query = ObjectQuery(
        models=tuple(model),
        classes=tuple(class_),
        storey=storey,
        parent=parent or None,
        roots=parent == "",
        text=q,
        properties=tuple(parse_condition(text) for text in property_),
        bbox=box_of(bbox),
        filter=filter_of(filter_),
        limit=limit,
        cursor=cursor,
    )
    return _page(seen.objects(query))


@router.get(
    "/{model}/{global_id:path}/children", response_model=schemas.ObjectPage, responses=refusals(400, 404, 422)
)
def list_children(
    seen: Seen, model: str, global_id: str, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """The children of an object in the spatial tree."""
    return _page(seen.children(model, global_id, limit=limit, cursor=cursor))


@router.get(
    "/{model}/{global_id:path}/trace", response_model=schemas_trace.Trace, responses=refusals(400, 404, 422)
)
def trace_object(
    seen: Seen,
    model: str,
    global_id: str,
    direction: Annotated[Direction, Query(description="Against the flow to the sources, or with it.")],
    depth: Annotated[int, Query(ge=1, le=MAX_DEPTH, description="Most steps.")] = MAX_DEPTH,
    class_: Annotated[
        list[str], Query(alias="class", description="Only objects of these classes are told.")
    ] = [],  # noqa: B006
    limit: Limit = MAX_LIMIT,
) -> Response:
    """What feeds an object, or what it feeds, over any number of steps: how a polluted drain is traced to its source."""
    asked = TraceQuery(direction=direction, depth=depth, classes=tuple(class_), limit=limit)
    found = seen.trace(model, global_id, asked)
    items = [{**representations.summary(record), "depth": steps} for record, steps in found.items]
    return document({"items": items, "total": found.total, "truncated": found.truncated})


@router.get("/{model}/{global_id:path}", response_model=schemas.ObjectDetail, responses=refusals(404))
def read_object(seen: Seen, model: str, global_id: str) -> Response:
    """One object with its properties, its place in the tree and its namesakes in other models."""
    return document(representations.detail(seen.object(model, global_id)))


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of a `bbox` parameter. Raises InvalidQuery."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidQuery(f"bbox={text!r} is not west,south,east,north in degrees.") from None
    return west, south, east, north
