"""What a supervisor and its forked workers share: plain arrays in anonymous memory, each cell with one writer at a time.

No locks: a worker that dies would keep them. A worker that is killed leaves what it wrote.
"""

import mmap
import time
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from twin.source import NotDrawn

IDLE = -1
"""Value of `current` of a worker that is between shapes."""
PENDING, DRAWN = 0, 1
_FIRST_REASON = 2
_REASONS = list(NotDrawn)


def code_of(reason: NotDrawn) -> int:
    """Value of `outcome` for a product that is not drawn."""
    return _FIRST_REASON + _REASONS.index(reason)


def reason_of(code: int) -> NotDrawn:
    """The reason for a value of `outcome` above DRAWN."""
    return _REASONS[code - _FIRST_REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Shared arrays. `outcome` (products,) uint8 by ordinal: PENDING, DRAWN or a reason; `owner` (shapes,) int32: part
    number of the worker that took the shape last; `current` (workers,) int64: shape in hand or IDLE; `since` (workers,)
    float64: when it was taken (time.monotonic).
    """

    outcome: NDArray[np.uint8]
    owner: NDArray[np.int32]
    current: NDArray[np.int64]
    since: NDArray[np.float64]

    @classmethod
    def make(cls, *, products: int, shapes: int, workers: int) -> Self:
        """New arrays in memory that stays shared after a fork; it goes with the last process that maps it."""
        outcome = _shared(products, np.dtype(np.uint8))
        owner = _shared(shapes, np.dtype(np.int32))
        current = _shared(workers, np.dtype(np.int64))
        since = _shared(workers, np.dtype(np.float64))
        owner[:] = current[:] = IDLE
        return cls(outcome=outcome, owner=owner, current=current, since=since)

    def take(self, worker: int, shape: int, part: int) -> None:
        """A worker starts on a shape."""
        self.owner[shape] = part
        self.since[worker] = time.monotonic()
        self.current[worker] = shape

    def put_down(self, worker: int) -> None:
        """A worker has no shape in hand."""
        self.current[worker] = IDLE

    def seconds_on(self, worker: int) -> float:
        """How long a worker has had its shape in hand; 0 if it has none."""
        return time.monotonic() - float(self.since[worker]) if self.current[worker] != IDLE else 0.0


def _shared(count: int, dtype: "np.dtype[Any]") -> NDArray[Any]:
    return np.frombuffer(mmap.mmap(-1, max(1, count * dtype.itemsize)), dtype=dtype, count=count)
