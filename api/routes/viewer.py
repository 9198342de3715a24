"""The viewer: a page at `/`, its modules and CesiumJS under `/viewer`. Everything is local."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from api.delivery import REVALIDATE

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self' blob: data:",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
        "form-action 'none'",
    ]
)
"""No outside host, no evaluated code but WebAssembly (the decoders of CesiumJS). CesiumJS sets inline styles."""

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": REVALIDATE,
}


class _Files(StaticFiles):
    """Static files that are asked for again each time and answered 304: their names carry no hash."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        response = await super().get_response(path, scope)
        MutableHeaders(raw=response.raw_headers).update(HEADERS)
        return response


def mount(app: FastAPI, folder: Path) -> None:
    """Add the page and its files."""

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        return FileResponse(folder / "index.html", headers=HEADERS, media_type="text/html")

    app.mount("/viewer", _Files(directory=folder), name="viewer")
