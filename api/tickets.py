"""Tickets with which a browser opens a WebSocket: it cannot send a token there, and an address is written to logs.

A ticket is good once and for half a minute. Kept in this process: the socket opens where the ticket was asked for.
"""

import secrets
import time
from collections.abc import Callable

LIFE_S = 30.0
MOST = 10_000
"""Tickets at once; who asks for more waits until the oldest have run out."""


class Tickets:
    """Issues tickets and takes them back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def issue(self) -> str | None:
        """A new ticket; None while too many are about."""
        now = self._clock()
        self._until = {ticket: until for ticket, until in self._until.items() if until > now}
        if len(self._until) >= MOST:
            return None
        ticket = secrets.token_urlsafe(24)
        self._until[ticket] = now + LIFE_S
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether it is good; it is used up then."""
        return self._until.pop(ticket, float("-inf")) > self._clock()
