"""Work cut into transactions short enough for others to write between them."""

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

TARGET_S = 0.020
"""Time that a transaction should hold the write lock: a live reading waits at most 50 ms, and pieces vary."""

BREATH_S = 0.0015
"""Gap between two transactions, so that a writer that waits (asking every millisecond) gets its turn."""

MIN_SIZE, MAX_SIZE = 16, 20_000


class Pace:
    """Learns how many rows go into one transaction, from how long the last ones took."""

    def __init__(self, size: int) -> None:
        self._size = size

    def pieces(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """Cut `items` into pieces in order; the size of each follows from the time spent on the ones before.

        What counts is the processor time of this thread: on a busy machine the wall clock would cut pieces ever smaller,
        and small pieces cost more in all. Let the loop's body be the transaction alone or nearly so.
        """
        at = 0
        while at < len(items):
            piece = items[at : at + self._size]
            at += len(piece)
            started = time.thread_time()
            yield piece
            self._adapt(len(piece), time.thread_time() - started)
            if at < len(items):
                time.sleep(BREATH_S)

    def _adapt(self, done: int, seconds: float) -> None:
        """At most double or halve: one slow piece (a checkpoint, a busy disk) says little."""
        fitting = done * TARGET_S / max(seconds, 1e-6)
        wanted = min(max(fitting, self._size / 2), self._size * 2)
        if done == self._size or wanted < self._size:
            self._size = int(min(max(wanted, MIN_SIZE), MAX_SIZE))


LIST_LENGTH = 1_000
"""Values in one list of a statement; SQLite allows 32,766 parameters by default."""


def lists(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut `items` into lists that a statement can hold."""
    for start in range(0, len(items), LIST_LENGTH):
        yield items[start : start + LIST_LENGTH]
