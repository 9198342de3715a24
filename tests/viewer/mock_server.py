"""A server with the twin's HTTP shapes and the small community behind it. Standard library only, loopback only."""

import json
import mimetypes
import re
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.viewer.building import Item
from tests.viewer.mock_commands import MockCommands
from tests.viewer.mock_filter import passes
from tests.viewer.mock_live import follow_alarms, follow_codes
from tests.viewer.mock_models import JsonObject, Model, community, describe, detail, summary
from tests.viewer.mock_operations import MockOperations
from tests.viewer.mock_terrain import terrain
from tests.viewer.tileset import write_tileset

VIEWER = Path(__file__).resolve().parents[2] / "api" / "viewer"
CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The narrowest policy the viewer works under: what it needs is listed in api/viewer/README.md."""

NO_CODES = struct.pack("<4sBBHqII", b"TWC1", 0, 0, 0, 0, 0, 0)
"""A snapshot of the past in which nothing had reported."""

THEME = {
    "key": "temperature", "kinds": ["temperature"], "label": {"zh": "温度", "en": "Temperature"}, "unit": "Cel",
    "low": 0, "high": 40, "special": [], "colours": ["#3aa655"] * 256,
    "ramp": [{"value": 0, "code": 0, "colour": "#2c5fd6"}, {"value": 40, "code": 249, "colour": "#d7301f"}],
}  # fmt: skip


@dataclass(kw_only=True)
class MockTwin:
    """What the server answers from; tests change it while it runs."""

    models: list[Model]
    tiles: Path
    broken: str | None = None
    """Regular expression of paths that answer 503."""
    terrain_m: float | None = None
    """Height of the terrain everywhere; None: there is none."""
    expired: bool = False
    """The API lets nobody in any more."""
    delay_s: float = 0.0
    """Wait before every answer of the API."""
    requests: list[str] = field(default_factory=list)
    signals: dict[str, list[JsonObject]] = field(default_factory=dict)
    """By id of the object: documents of its signals."""
    reported: list[JsonObject] = field(default_factory=list)
    """What signals there are, by name."""
    curve: list[JsonObject] = field(default_factory=list)
    """Points of the past of every signal."""
    alarms: list[JsonObject] = field(default_factory=list)
    """Documents of open alarms."""
    states: list[JsonObject] = field(default_factory=list)
    """Present states, of all signals."""
    commands: MockCommands = field(default_factory=MockCommands)
    operations: MockOperations = field(default_factory=MockOperations)

    def open_alarms(self, place: str | None) -> list[JsonObject]:
        """All, or those of an object."""
        return [alarm for alarm in self.alarms if place in {None, alarm["object"]}]

    def model(self, key: str) -> Model | None:
        return next((model for model in self.models if model.key == key), None)


def _page(items: list[Any], query: dict[str, str]) -> JsonObject:
    start, limit = int(query.get("cursor") or 0), min(int(query.get("limit") or 100), 1000)
    following = start + limit
    return {"items": items[start:following], "next": str(following) if following < len(items) else None}


def _matches(item: Item, model: Model, query: dict[str, str]) -> bool:
    text = query.get("q", "").lower()
    return (
        ("parent" not in query or item.parent == (query["parent"].rpartition("/")[2] or None))
        and (not query.get("class") or item.class_ == query["class"])
        and (not query.get("storey") or query["storey"] in {item.storey, f"{model.key}/{item.storey}"})
        and (not text or text in item.name.lower() or text in item.global_id.lower())
    )


class _Routes:
    """Paths of the API to documents; None is a 404."""

    def __init__(self, twin: MockTwin) -> None:
        self.twin = twin

    def answer(self, path: str, query: dict[str, str]) -> JsonObject | None:
        parts = [unquote(part) for part in path.removeprefix("/api/v1/").split("/")]
        routes: dict[tuple[str, int], Callable[..., JsonObject | None]] = {
            ("models", 1): self.models,
            ("models", 2): self.one_model,
            ("models", 3): self.facets,
            ("objects", 1): self.objects,
            ("objects", 3): self.one_object,
            ("objects", 4): self.children,
            ("alarms", 1): self.alarms,
            ("signals", 5): self.history,
            ("themes", 1): lambda query: _page([THEME], query),
            ("state", 1): self.states,
            ("state", 2): lambda query, _: _page(self.twin.reported, query),
            ("can-i", 1): self.permission,
            ("commands", 1): self.commands,
            **self.twin.operations.routes(),
            ("commands", 2): self.twin.commands.one,
            ("commands", 3): self.twin.commands.parts,
            ("signals", 1): self.signals,
        }
        route = routes.get((parts[0], len(parts)))
        return route(query, *parts[1:]) if route else None

    def signals(self, query: dict[str, str]) -> JsonObject:
        if "place" in query:
            return _page(self.twin.signals.get(query["place"], []), query)
        found = [one for signals in self.twin.signals.values() for one in signals]
        settable = [one for one in found if one["control"] is not None or "settable" not in query]
        return _page([one for one in settable if self._passes(one["id"], query)], query)

    def states(self, query: dict[str, str]) -> JsonObject:
        kinds = query.get("kind", "").split(",")
        found = [
            one for one in self.twin.states if one["kind"] in kinds and self._passes(one["signal"], query)
        ]
        return _page(found, query)

    def _passes(self, signal: str, query: dict[str, str]) -> bool:
        key, _, rest = signal.partition("/")
        found = self._find(key, rest.rpartition("/")[0])
        return found is not None and passes(query.get("filter"), summary(*found))

    def permission(self, query: dict[str, str]) -> JsonObject:
        if query["action"] in self.twin.operations.may:
            return {"allowed": True, "everywhere": True}
        return {"allowed": query["action"] == "command" and self.twin.commands.allowed, "everywhere": False}

    def commands(self, query: dict[str, str]) -> JsonObject:
        """Of one signal, or all that there are."""
        return (self.twin.commands if "signal" in query else self.twin.operations).listed(query)

    def history(self, _: dict[str, str], *__: str) -> JsonObject:
        return {
            "resolution": "raw", "method": "all", "readings": len(self.twin.curve), "others": 0,
            "items": self.twin.curve, "next": None,
        }  # fmt: skip

    def alarms(self, query: dict[str, str]) -> JsonObject:
        return _page(self.twin.open_alarms(query.get("place")), query)

    def models(self, query: dict[str, str]) -> JsonObject:
        return _page([describe(model) for model in self.twin.models], query)

    def one_model(self, _: dict[str, str], key: str) -> JsonObject | None:
        model = self.twin.model(key)
        return describe(model) if model else None

    def facets(self, _: dict[str, str], key: str, what: str) -> JsonObject | None:
        model = self.twin.model(key)
        if model is None:
            return None
        if what == "classes":
            counts = Counter(item.class_ for item in model.items)
            drawn = Counter(item.class_ for item in model.items if item.boxes)
            rows = [
                {"class": name, "count": count, "drawn": drawn[name]} for name, count in counts.most_common()
            ]
            return {"items": rows, "next": None}
        storeys = [item for item in model.items if item.class_ == "IfcBuildingStorey"]
        inside = Counter(item.storey for item in model.items)
        elevation = {item.global_id: (number - 2) * 3.3 for number, item in enumerate(storeys)}
        rows = [
            {
                "id": f"{key}/{s.global_id}",
                "name": s.name,
                "long_name": None,
                "elevation_m": elevation[s.global_id],
                "count": inside[s.global_id],
            }
            for s in storeys
        ]
        return {"items": rows, "next": None}

    def objects(self, query: dict[str, str]) -> JsonObject:
        models = [model for model in self.twin.models if query.get("model") in {None, model.key}]
        found = [summary(m, item) for m in models for item in m.items if _matches(item, m, query)]
        return _page([one for one in found if passes(query.get("filter"), one)], query)

    def _find(self, key: str, global_id: str) -> tuple[Model, Item] | None:
        model = self.twin.model(key)
        item = next((item for item in model.items if item.global_id == global_id), None) if model else None
        return (model, item) if model and item else None

    def one_object(self, _: dict[str, str], key: str, global_id: str) -> JsonObject | None:
        found = self._find(key, global_id)
        return detail(*found) if found else None

    def children(self, query: dict[str, str], key: str, global_id: str, _: str) -> JsonObject | None:
        found = self._find(key, global_id)
        if not found:
            return None
        model, parent = found
        return _page([summary(model, item) for item in model.items if item.parent == parent.global_id], query)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    twin: MockTwin

    def do_GET(self) -> None:
        """Answer a file, a tile or a document."""
        split = urlsplit(self.path)
        self.twin.requests.append(self.path)
        query = {
            name: ",".join(values) for name, values in parse_qs(split.query, keep_blank_values=True).items()
        }
        if self.twin.broken and re.search(self.twin.broken, split.path):
            return self._problem(
                503, "The store is locked", "Another process is migrating it. Try again in a moment."
            )
        if self.twin.expired and split.path.startswith("/api/"):
            return self._problem(401, "Unauthorized", "The token is not valid.")
        if split.path == "/api/v1/live":
            return self._follow(query)
        if split.path.startswith("/api/"):
            time.sleep(self.twin.delay_s)
            if split.path == "/api/v1/state" and "theme" in query:
                return self._send(200, "application/octet-stream", NO_CODES)
            document = _Routes(self.twin).answer(split.path, query)
            if document is None:
                return self._problem(404, "Not found", f"There is nothing at {split.path}.")
            return self._send(200, "application/json", json.dumps(document, ensure_ascii=False).encode())
        if split.path.startswith("/terrain/"):
            return self._send(200, *terrain(split.path, self.twin.terrain_m))
        return self._file(unquote(split.path))

    def _follow(self, query: dict[str, str]) -> None:
        def there() -> bool:
            return not (self.twin.broken or self.twin.expired)

        if query["format"] == "codes":
            return follow_codes(self, NO_CODES, there)
        return follow_alarms(self, lambda: self.twin.open_alarms(query.get("place")), there)

    def do_POST(self) -> None:
        """Acknowledge an alarm, take a command, or take one back; give a ticket."""
        self.twin.requests.append(self.path)
        if self.path == "/api/v1/live/tickets":
            return self._send(200, "application/json", b'{"ticket": "t"}')
        if self.path.startswith("/api/v1/commands"):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operations = self.twin.operations
            take = operations.decide if operations.requests else self.twin.commands.post
            status, document = take(self.path, json.loads(body or "{}"))
            return self._send(status, "application/json", json.dumps(document, ensure_ascii=False).encode())
        number = self.path.removeprefix("/api/v1/alarms/").removesuffix("/acknowledge")
        found = next((alarm for alarm in self.twin.alarms if str(alarm["id"]) == number), None)
        if found is None or "Authorization" not in self.headers:
            return self._problem(404 if found is None else 401, "No", "No such alarm, or no token.")
        found.update(acknowledged=True, acknowledged_by="administrator")
        return self._send(200, "application/json", json.dumps(found, ensure_ascii=False).encode())

    def _file(self, path: str) -> None:
        root = self.twin.tiles if path.startswith("/tiles/") else VIEWER
        relative = path.removeprefix("/tiles/").removeprefix("/viewer/").lstrip("/") or "index.html"
        file = (root / relative).resolve()
        if not file.is_relative_to(root.resolve()) or not file.is_file():
            return self._problem(404, "Not found", f"There is nothing at {path}.")
        kind = {".js": "text/javascript", ".glb": "model/gltf-binary"}.get(file.suffix)
        return self._send(
            200, kind or mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes()
        )

    def _problem(self, status: int, title: str, detail: str) -> None:
        document = {"type": "about:blank", "status": status, "title": title, "detail": detail}
        self._send(status, "application/problem+json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": CSP}
        for name, value in (
            headers | {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


class RunningServer:
    """The mock on a free port of loopback, in a thread; a context manager."""

    def __init__(self, twin: MockTwin, port: int = 0) -> None:
        self.twin = twin
        handler = type("Handler", (_Handler,), {"twin": twin})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Address without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def write_tiles(models: list[Model], folder: Path) -> Path:
    """Write the tiles of all models; returns the folder."""
    for model in models:
        write_tileset(folder / model.key, model.items, model.first_index, model.place)
    return folder


def main() -> None:
    """Serve the small community at port 8199 until interrupted: for looking at the viewer while working on it."""
    folder = Path(__file__).resolve().parents[2] / "test-artifacts" / "viewer-tiles"
    models = community()
    with RunningServer(MockTwin(models=models, tiles=write_tiles(models, folder)), port=8199):
        threading.Event().wait()


if __name__ == "__main__":
    main()
