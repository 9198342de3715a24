"""When simulated devices report."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from state_sync.simulation.curves import scatter
from state_sync.simulation.signals import SimulatedSignal


class Schedule:
    """Each signal reports at multiples of its period, moved by a part of it that is its own. Times: microseconds since 1970 UTC."""

    def __init__(self, signals: Sequence[SimulatedSignal], *, start: int) -> None:
        self._periods: NDArray[np.int64] = np.array(
            [max(1, round(each.period_s * 1e6)) for each in signals], dtype=np.int64
        )
        parts = np.array([scatter(each.seed, -1) for each in signals], dtype=np.float64)
        offsets = (parts * self._periods).astype(np.int64)
        self._next = start + (offsets - start) % self._periods

    @property
    def next_at(self) -> int | None:
        """When the next report is due; None: there are no signals."""
        return int(self._next.min()) if len(self._next) else None

    def due(self, end: int) -> list[tuple[int, int]]:
        """Reports that are due before `end` and were not returned yet, as (time, place of the signal), in order of time."""
        found: list[tuple[int, int]] = []
        while len(places := np.flatnonzero(self._next < end)):
            found += zip(self._next[places].tolist(), places.tolist(), strict=True)
            self._next[places] += self._periods[places]
        return sorted(found)
