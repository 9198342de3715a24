"""`/tiles`: the scene, and each model's tileset through the pointer to its current revision; all else is immutable."""

import hashlib
import re

import msgspec
from fastapi import APIRouter, Request, Response

from api.delivery import IMMUTABLE, REVALIDATE, deliver
from api.routes.common import Running, Seen, refusals
from tiles import scene_entry, scene_tileset
from twin.errors import NotFound

router = APIRouter(prefix="/tiles", tags=["tiles"])

_IMMUTABLE_NAME = re.compile(r"(?:content/)?[A-Za-z]*-?[0-9a-f]{16,64}\.(?:glb|json)")
"""Content-hashed names, as the tiler gives them; nothing else in the folder is handed out."""


@router.get("/tileset.json", responses={304: {"description": "Unchanged."}, **refusals()})
def read_scene(request: Request, running: Running, seen: Seen) -> Response:
    """The scene: one external tileset for each model that the caller sees as a whole."""
    entries = [
        scene_entry(record.key, running.tiles_folder(record.key) / record.tileset)
        for record in seen.models()
        if record.tileset is not None
    ]
    body = msgspec.json.encode(scene_tileset(entries))
    etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"etag": etag, "cache-control": REVALIDATE, "vary": "Authorization"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@router.get("/{key}/tileset.json", responses=refusals(404))
def read_tileset(request: Request, running: Running, seen: Seen, key: str) -> Response:
    """The tileset of a model's current revision."""
    record = seen.model(key)
    if record.tileset is None:
        raise NotFound("tileset of model", key)
    path = running.tiles_folder(record.key) / record.tileset
    return deliver(request, path, tag=path.stem, caching=REVALIDATE)


@router.get("/{key}/{name:path}", responses=refusals(404))
def read_tile(request: Request, running: Running, seen: Seen, key: str, name: str) -> Response:
    """A content, a schema or a part of a tileset, by its content-hashed name."""
    # Through the store: a removed model's tiles are gone even while their files wait for collection, and a key that is no
    # model's never becomes a path.
    path = running.tiles_folder(seen.model(key).key) / name
    if not _IMMUTABLE_NAME.fullmatch(name) or not path.is_file():
        raise NotFound("tile file", f"{key}/{name}")
    return deliver(request, path, tag=path.stem, caching=IMMUTABLE)
