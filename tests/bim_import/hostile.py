"""A server that nobody should ask, and files that would like to be read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECRET = b"\x89PNG\r\n\x1a\n" + b"not yours" * 20
"""Begins as an image, so that it would be taken for one."""


@dataclass
class Elsewhere:
    """An address on this machine, and what it was asked for."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Serve 404s, and count them."""
    found = Elsewhere("")

    class Counts(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(f"{self.command} {self.path}")
            self.send_response(404)
            self.send_header("content-length", "0")
            self.end_headers()

        do_HEAD = do_POST = do_CONNECT = do_GET  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counts)
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def leaked(folder: Path) -> list[Path]:
    """Files in a folder that hold what is not theirs."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and SECRET[10:] in path.read_bytes() and path.name != "secret.png"
    ]
