"""`/terrain`: the ground as quantized-mesh, where an elevation model was imported with `--terrain`."""

import re

import msgspec
from fastapi import APIRouter, Request, Response

from api.delivery import IMMUTABLE, REVALIDATE, deliver
from api.importing.terrain import NONE, POINTER
from api.routes.common import Running, refusals
from twin.errors import NotFound

router = APIRouter(prefix="/terrain", tags=["tiles"])

_TILE = re.compile(r"[0-9a-f]{16,64}/\d{1,2}/\d{1,8}/\d{1,8}\.terrain")


@router.get("/layer.json", responses={304: {"description": "Unchanged."}, **refusals()})
def read_layer(request: Request, running: Running) -> Response:
    """The description of the terrain; without any tiles where there is none."""
    path = running.settings.terrain_folder / POINTER
    if not path.is_file():
        return Response(msgspec.json.encode(NONE), media_type="application/json")
    tag = msgspec.json.decode(path.read_bytes())["tiles"][0].split("/", 1)[0]
    return deliver(request, path, tag=tag, caching=REVALIDATE)


@router.get("/{name:path}", responses=refusals(404))
def read_terrain(request: Request, running: Running, name: str) -> Response:
    """A tile of the terrain."""
    path = running.settings.terrain_folder / name
    if not _TILE.fullmatch(name) or not path.is_file():
        raise NotFound("terrain tile", name)
    return deliver(request, path, tag=name.replace("/", "-"), caching=IMMUTABLE)
