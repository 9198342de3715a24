"""Filters that the lists of signals and of states share."""

from typing import Annotated, Any

import shapely
from fastapi import Depends, Query
from shapely.errors import GEOSException

from api.routes.common import Cursor, FilterText, Limit, filter_of
from api.routes.objects import box_of
from api.schemas_live import StateQuestion
from twin.errors import InvalidQuery
from twin.filters import checked_geometry
from twin.ports import StateQuery
from twin.queries import MAX_LIMIT, parse_condition
from twin.state import Quality


def _asked(
    model: Annotated[list[str], Query(description="Keys of models; several: any of them.")] = [],  # noqa: B006
    class_: Annotated[
        list[str], Query(alias="class", description="Classes of objects; several: any of them.")
    ] = [],  # noqa: B006
    place: Annotated[
        str | None, Query(description="Id of an object: signals of it and of all below it in the tree.")
    ] = None,
    name: Annotated[list[str], Query(description="Names of signals; several: any of them.")] = [],  # noqa: B006
    kind: Annotated[
        list[str], Query(description="Kinds: `temperature`, `power` …; several: any of them.")
    ] = [],  # noqa: B006
    settable: Annotated[bool | None, Query(description="`true`: only what can be commanded.")] = None,
    quality: Annotated[list[Quality], Query(description="Qualities; several: any of them.")] = [],  # noqa: B006
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees.")] = None,
    property_: Annotated[
        list[str], Query(alias="property", description="Conditions on the object, as in `/api/v1/objects`.")
    ] = [],  # noqa: B006
    filter_: FilterText = None,
    limit: Limit = MAX_LIMIT,
    cursor: Cursor = None,
) -> StateQuery:
    return StateQuery(
        models=tuple(model),
        classes=tuple(class_),
        place=place,
        names=tuple(name),
        kinds=tuple(kind),
        settable=settable,
        qualities=tuple(quality),
        bbox=box_of(bbox),
        properties=tuple(parse_condition(text) for text in property_),
        filter=filter_of(filter_),
        limit=limit,
        cursor=cursor,
    )


Asked = Annotated[StateQuery, Depends(_asked)]


def asked_of(question: StateQuestion) -> StateQuery:
    """The same from a body. Raises InvalidQuery."""
    return StateQuery(
        models=tuple(question.models),
        classes=tuple(question.classes),
        place=question.place,
        names=tuple(question.names),
        kinds=tuple(question.kinds),
        settable=question.settable,
        qualities=tuple(question.qualities),
        bbox=question.bbox,
        properties=tuple(parse_condition(text) for text in question.properties),
        polygon=None if question.polygon is None else polygon_of(question.polygon),
        filter=filter_of(question.filter),
        limit=question.limit,
        cursor=question.cursor,
    )


def polygon_of(document: dict[str, Any]) -> bytes:
    """WKB of a GeoJSON Polygon or MultiPolygon. Raises InvalidQuery."""
    if document.get("type") not in {"Polygon", "MultiPolygon"}:
        raise InvalidQuery("`polygon` is no GeoJSON Polygon or MultiPolygon.")
    try:
        return checked_geometry(shapely.geometry.shape(document))
    except (GEOSException, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidQuery(f"`polygon` is no valid GeoJSON geometry: {error}.") from None
