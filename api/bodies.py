"""Bodies of requests that routes read themselves."""

import zlib

from fastapi import Request

_GZIP = 16 + zlib.MAX_WBITS


class UnreadableBody(ValueError):
    """A body that is not what its Content-Encoding says."""


async def limited_body(request: Request, limit: int) -> bytes | None:
    """The body; None where it has more than `limit` bytes, without reading more of it."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def unpacked(body: bytes, limit: int) -> bytes | None:
    """What a gzip body holds; None where that is more than `limit` bytes, of which no more is unpacked. Raises UnreadableBody."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        whole = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise UnreadableBody(f"The body is no gzip ({error}).") from error
    if len(whole) > limit:
        return None
    if not unpacker.eof or unpacker.unused_data:
        raise UnreadableBody("The gzip body breaks off, or goes on behind its end.")
    return whole
