"""The colours of the scene at an instant: the codes of a theme, as the live channel would have sent them then."""

import numpy as np
from numpy.typing import NDArray

from api.reader import Reader
from state_sync.board import SNAPSHOT, Codes, frame
from state_sync.scales import scales_of
from state_sync.themes import known_theme
from twin.ports import SceneAt, StateQuery

CODES_TYPE = "application/vnd.city-twin.codes"


def codes_at(seen: Reader, key: str, at: int, models: tuple[str, ...] = ()) -> bytes:
    """A snapshot frame (`state_sync.board.frame`) of a theme at `at`, microseconds since 1970 UTC, which stands for `seq`, too.

    Objects whose signals had not reported by then are left out. Raises InvalidQuery, NotFound, StoreError.
    """
    chosen = known_theme(key)
    signals = seen.scene_now(StateQuery(models=models, kinds=chosen.kinds)).signals
    codes = Codes(chosen, _of(seen.scene_at(at, models), signals), at, scales_of(chosen, seen))
    return frame(SNAPSHOT, 0, at, codes.indexes, codes.codes)


def _of(scene: SceneAt, signals: NDArray[np.uint32]) -> SceneAt:
    """The rows of these signals; what is a text has NaN for a value, and that is all that a code needs."""
    rows = np.isin(scene.signals, signals)
    return SceneAt(
        at=scene.at,
        signals=scene.signals[rows],
        state_indexes=scene.state_indexes[rows],
        values=scene.values[rows],
        texts={},
        quality=scene.quality[rows],
        observed_at=scene.observed_at[rows],
    )
