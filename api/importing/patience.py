"""What whoever waits does meanwhile: notices a stop, and says that the import is still alive."""

import threading
import time
from collections.abc import Callable

from twin.errors import TwinError

_BEAT_SECONDS = 30.0
"""The store takes an import for dead that is silent for minutes, and asks for a word a minute."""


class Interrupted(TwinError):
    """The batch is being stopped; whoever waited does not get what it waited for."""

    def __init__(self) -> None:
        super().__init__("the import was stopped; nothing of this source was published")


class Patience:
    """One import's way of waiting: `beat` is called every half minute, a set `stop` ends the wait."""

    def __init__(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        self._stop = stop
        self._beat = beat
        self._next = time.monotonic() + _BEAT_SECONDS

    def check(self) -> None:
        """To be called again and again while waiting. Raises Interrupted."""
        if self._stop.is_set():
            raise Interrupted
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _BEAT_SECONDS
            self._beat()
