"""Messages that a bus has received and the ingest has not taken yet."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from state_sync.messages import Message

DEFAULT_LIMIT = 10_000
"""Five batches: a commit's worth of messages can arrive while another is written, and a stalled store costs a few MB."""


class Inbox:
    """A queue with a limit. Who fills it asks `full` and holds back; what is already in hand then still goes in.

    `on_room` is called when, after it was full, half of it is free again. Used from one event loop.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT, *, on_room: Callable[[], None] | None = None) -> None:
        self._limit = limit
        self._on_room = on_room
        self._messages: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._was_full = False

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return len(self._messages) >= self._limit

    def put(self, messages: Sequence[Message]) -> None:
        """Append in order."""
        if messages:
            self._messages.extend(messages)
            self._was_full = self._was_full or self.full
            self._filled.set()

    def clear(self) -> None:
        """Drop all: the bus delivers them again."""
        self._messages.clear()

    async def take(self, limit: int, *, linger_s: float) -> list[Message]:
        """As `Source.take`."""
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        if len(self._messages) < limit:
            await asyncio.sleep(linger_s)
        taken = list(islice(_popping(self._messages), limit))
        if self._was_full and len(self._messages) <= self._limit // 2:
            self._was_full = False
            if self._on_room is not None:
                self._on_room()
        return taken


def _popping(messages: deque[Message]) -> Iterable[Message]:
    while messages:
        yield messages.popleft()
