"""The ground under features: what importers ask of a terrain."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Ground(Protocol):
    """Heights of the ground."""

    def heights(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) ellipsoidal heights in metres at (n,) lon, lat in degrees of WGS 84; NaN where nothing is known of the ground.

        Points that are not finite have NaN, too; nothing is raised.
        """
        ...
