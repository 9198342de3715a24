"""Numbers that look random and are the same on every machine."""

from typing import TypeVar

_T = TypeVar("_T")


class Chance:
    """A stream of numbers from a seed (SplitMix64)."""

    _MASK = (1 << 64) - 1

    def __init__(self, seed: int) -> None:
        self._state = seed * 0x9E3779B97F4A7C15 & self._MASK

    def share(self) -> float:
        """A number in [0, 1)."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & self._MASK
        word = self._state
        word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & self._MASK
        word = ((word ^ word >> 27) * 0x94D049BB133111EB) & self._MASK
        return float(((word ^ word >> 31) >> 11) / (1 << 53))

    def between(self, low: float, high: float) -> float:
        """A number in [low, high), to a tenth."""
        return round(low + (high - low) * self.share(), 1)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, choices: tuple[_T, ...]) -> _T:
        """One of these."""
        return choices[int(self.share() * len(choices))]
