"""Boxes carried from the local frame of a model to geographic coordinates."""

import numpy as np
from numpy.typing import NDArray

from twin.errors import PlacementError
from twin.frames.frame import Frame

_CHUNK = 2_000
"""Boxes at once: what is held of them (2 MB) stays in the cache of a core."""


def geographic_bounds(frame: Frame, local: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes of the eight corners of local boxes.

    `local`: (n, 6) float64, metres, minima then maxima of the three axes; a row of NaN stays one. Returns (n, 6) float64:
    west, south, lowest, east, north, highest, in degrees of WGS 84 and ellipsoidal metres. Raises PlacementError where a
    box has no place on Earth.
    """
    result = np.full(local.shape, np.nan)
    known = np.flatnonzero(~np.isnan(local).any(axis=1))
    for start in range(0, len(known), _CHUNK):
        rows = known[start : start + _CHUNK]
        boxes = local[rows]
        corners = np.stack([boxes[:, [x, y, z]] for x in (0, 3) for y in (1, 4) for z in (2, 5)])
        positions: NDArray[np.float64] = frame.to_geographic(corners.reshape(-1, 3)).reshape(8, -1, 3)
        if not np.isfinite(positions).all():
            raise PlacementError(
                "part of the model has no place on Earth", "Check --origin, --rotation and --height-offset"
            )
        result[rows, :3] = positions.min(axis=0)
        result[rows, 3:] = positions.max(axis=0)
    return result
