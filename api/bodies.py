"""Bodies of requests that routes read themselves."""

from fastapi import Request


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
