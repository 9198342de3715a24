"""Values of signals in the unit of a theme: watts and kilowatts of one site are places on one scale."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from state_sync.themes import Theme
from state_sync.units import NoConversion, UnknownUnit, conversion


class Units(Protocol):
    """Who knows the units of signals: the store."""

    def other_units(self, kinds: Sequence[str], unit: str) -> dict[int, str]:
        """As `twin.ports.StateReader`."""
        ...


class Scales(Struct, frozen=True, eq=False):
    """Signals (k,), ascending, whose values are converted, and how: `value * factor + offset`; NaN where there is no way."""

    signals: NDArray[np.int64]
    factors: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def convert(self, signals: NDArray[np.integer], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) values of these signals in the theme's unit; NaN: none of its scale."""
        if not len(self.signals):
            return values
        places = np.minimum(np.searchsorted(self.signals, signals), len(self.signals) - 1)
        other = self.signals[places] == signals
        converted = values * self.factors[places] + self.offsets[places]
        return np.where(other, converted, values)


def scales(units: Mapping[int, str], unit: str) -> Scales:
    """From units by signal to one unit. What cannot be converted to it (a level in metres among those in percent) is not guessed."""
    numbers = np.array(sorted(units), np.int64)
    found = [_scale(units[number], unit) for number in numbers.tolist()]
    factors, offsets = np.array(found, np.float64).reshape(-1, 2).T
    return Scales(numbers, factors, offsets)


def _scale(source: str, target: str) -> tuple[float, float]:
    try:
        scale = conversion(source, target)
    except (UnknownUnit, NoConversion):
        return np.nan, np.nan
    return scale.factor, scale.offset


AS_THEY_ARE = scales({}, "1")


def scales_of(theme: Theme, store: Units) -> Scales:
    """How the values of a theme's signals become its own. Raises StoreError."""
    return (
        AS_THEY_ARE if theme.unit is None else scales(store.other_units(theme.kinds, theme.unit), theme.unit)
    )
