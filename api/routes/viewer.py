"""The viewer: a page at `/`, its modules and CesiumJS under `/viewer`. Everything is local."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from api.delivery import REVALIDATE, deliver

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
    """Static files that are asked for again each time and answered 304: their names carry no hash.

    Those with a compressed twin beside them (`scripts/vendor-viewer.mjs`) are sent as that: CesiumJS is compressed once, not for
    each page.
    """

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        response = await run_in_threadpool(self._twin, path, Request(scope))
        if response is None:
            response = await super().get_response(path, scope)
        MutableHeaders(raw=response.raw_headers).update(HEADERS)
        return response

    def _twin(self, path: str, request: Request) -> Response | None:
        """None: there is no compressed twin."""
        found, status = self.lookup_path(path)
        if status is None or not Path(f"{found}.gz").is_file() or request.method not in {"GET", "HEAD"}:
            return None
        tag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        return deliver(request, Path(found), tag=tag, caching=REVALIDATE)


def mount(app: FastAPI, folder: Path) -> None:
    """Add the page and its files."""

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        return FileResponse(folder / "index.html", headers=HEADERS, media_type="text/html")

    app.mount("/viewer", _Files(directory=folder), name="viewer")
