"""Filters that the lists of signals and of states share."""

from typing import Annotated

from fastapi import Depends, Query

from api.routes.common import Cursor, Limit
from api.routes.objects import box_of
from twin.ports import StateQuery
from twin.queries import MAX_LIMIT
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
        limit=limit,
        cursor=cursor,
    )


Asked = Annotated[StateQuery, Depends(_asked)]
