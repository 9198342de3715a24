"""Values to columns and back."""

import base64
import binascii
from typing import Any

import msgspec

from twin.errors import InvalidQuery


def to_json(value: object) -> str:
    """JSON text of a value of `twin`."""
    return msgspec.json.encode(value).decode()


def encode_cursor(*parts: int | str) -> str:
    """An opaque cursor that stands in a URL as it is."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(parts)).decode().rstrip("=")


def decode_cursor(cursor: str, shape: Any) -> Any:
    """The parts of a cursor, typed by `shape` (a tuple type); raises InvalidQuery for anything else."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(raw, type=shape)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidQuery("The cursor is not one of this list; start again without it.") from error
