"""The live channel for a page, open alarms and codes: a WebSocket (RFC 6455) that only speaks."""

import base64
import hashlib
import json
import select
import struct
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3."""
LOOK_EVERY_S = 0.1
TEXT, BINARY = 0x81, 0x82


def follow_alarms(
    handler: BaseHTTPRequestHandler, alarms: Callable[[], list[dict[str, Any]]], there: Callable[[], bool]
) -> None:
    """Send the list whenever it is another one, until the page leaves or the server is not `there` any more."""

    def told() -> bytes:
        document = {"type": "open_alarms", "alarms": alarms(), "more": False}
        return _frame(TEXT, json.dumps(document, ensure_ascii=False).encode())

    _speak(handler, told, there)


def follow_codes(handler: BaseHTTPRequestHandler, snapshot: bytes, there: Callable[[], bool]) -> None:
    """Send a snapshot, and stay until the page leaves or the server is not `there` any more."""
    _speak(handler, lambda: _frame(BINARY, snapshot), there)


def _speak(handler: BaseHTTPRequestHandler, told: Callable[[], bytes], there: Callable[[], bool]) -> None:
    digest = hashlib.sha1((handler.headers["Sec-WebSocket-Key"] + GUID).encode()).digest()
    handler.send_response(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
    handler.end_headers()
    handler.close_connection = True
    said = b""
    with suppress(OSError):
        # A page says nothing but that it leaves.
        while there() and not select.select([handler.connection], [], [], LOOK_EVERY_S)[0]:
            frame = told()
            if frame != said:
                handler.wfile.write(frame)
                said = frame


def _frame(kind: int, body: bytes) -> bytes:
    """RFC 6455, 5.2: final, not masked."""
    size = len(body)
    length = (
        bytes([size])
        if size < 126
        else struct.pack(">BH" if size < 65536 else ">BQ", 126 if size < 65536 else 127, size)
    )
    return bytes([kind]) + length + body
