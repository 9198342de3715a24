"""Files on the wire: validators, caching, ranges, and the compressed twin of a file where the caller takes it."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

MEDIA_TYPES = {
    ".glb": "model/gltf-binary",
    ".json": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".wasm": "application/wasm",
    ".terrain": "application/vnd.quantized-mesh",
}
IMMUTABLE = "private, max-age=31536000, immutable"
"""For content-hashed names (RFC 8246): the name changes when the content does. In the caller's own cache only: no proxy may hand it
to others (RFC 9111, section 5.2.2.7).
"""
REVALIDATE = "private, no-cache"
"""May be stored, must be asked for again: a pointer, or something that only its reader may see."""

_RANGE = re.compile(r"bytes=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*\s*")
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


def accepts(request: Request, encoding: str) -> bool:
    """Whether `Accept-Encoding` allows an encoding (RFC 9110, section 12.5.3; a quality of 0 forbids it)."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, parameters = part.strip().partition(";")
        if name.strip().lower() in {encoding, "*"}:
            quality = parameters.replace(" ", "").lower().removeprefix("q=")
            return not quality or quality.strip("0.") != ""
    return False


def deliver(request: Request, path: Path, *, tag: str, caching: str) -> Response:
    """Answer with a file: 304 where the caller has it, a part where it asks for one, else whole and compressed.

    `tag` names the content; each encoding has its own strong validator, since the bytes differ. A range is always one of
    the plain file; one that is not in the form of bytes is ignored (RFC 9110, section 14.2).
    """
    chosen, encoding = path, None
    in_part = _RANGE.fullmatch(request.headers.get("range", "")) is not None
    if not in_part:
        for name, suffix in _ENCODINGS:
            candidate = path.with_name(path.name + suffix)
            if accepts(request, name) and candidate.exists():
                chosen, encoding = candidate, name
                break
    etag = f'"{tag}-{encoding}"' if encoding else f'"{tag}"'
    headers = {"etag": etag, "cache-control": caching, "vary": "Accept-Encoding, Authorization"}
    if _has(request, etag):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["content-encoding"] = encoding
    media_type = MEDIA_TYPES.get(path.suffix)
    made = FileResponse if in_part else _WholeFile
    return made(chosen, headers=headers, media_type=media_type, filename=None)


class _WholeFile(FileResponse):
    """A file that is sent whole whatever the request's Range says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def _has(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names the validator (weak comparison, RFC 9110, section 13.1.2)."""
    known = [
        value.strip().removeprefix("W/") for value in request.headers.get("if-none-match", "").split(",")
    ]
    return etag in known or "*" in known
