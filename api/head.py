"""ASGI middleware: HEAD is answered wherever GET is, by the same headers without the body (RFC 9110, section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadLikeGet:
    """Asks the application for GET and leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass anything but HEAD through."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:  # ended at once, so that a stream without end is told that nobody listens
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        # A copy: the server must still know that this is HEAD, or it would wait for the body.
        await self._app({**scope, "method": "GET"}, receive, without_body)
