"""Tickets with which a browser opens a WebSocket: it cannot send a token there, and an address is written to logs.

A ticket is good once and for half a minute. Kept in this process: the socket opens where the ticket was asked for.
"""

import secrets
import time
from collections.abc import Callable

from api.callers import Principal

LIFE_S = 30.0
MOST = 10_000
"""Tickets at once; who asks for more waits until the oldest have run out."""


class Tickets:
    """Issues tickets and takes them back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[float, Principal]] = {}

    def issue(self, principal: Principal) -> str | None:
        """A new ticket for somebody; None while too many are about."""
        now = self._clock()
        self._issued = {ticket: issued for ticket, issued in self._issued.items() if issued[0] > now}
        if len(self._issued) >= MOST:
            return None
        ticket = secrets.token_urlsafe(24)
        self._issued[ticket] = now + LIFE_S, principal
        return ticket

    def redeem(self, ticket: str) -> Principal | None:
        """For whom it was issued; None: it is not good. It is used up then."""
        until, principal = self._issued.pop(ticket, (float("-inf"), None))
        return principal if until > self._clock() else None
