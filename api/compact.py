"""The scene at an instant as one binary frame, for viewers: a hundred times as fast to read as JSON.

Little-endian. 24 bytes of head: `TWS1`, uint32 number of signals n, int64 instant (microseconds since 1970 UTC), uint32 number of
signals left out because their value is a text, uint32 zero. Then columns, each padded to a multiple of 8 bytes: float64 value × n
(booleans are 0 and 1), int64 observed_at × n, uint32 state_index × n, uint32 number of the signal × n, uint8 quality × n (0 good,
1 uncertain, 2 stale, 3 bad). Rows are in ascending order of signal numbers.
"""

import struct

import numpy as np

from twin.ports import SceneAt

MEDIA_TYPE = "application/vnd.city-twin.scene"

_HEAD = struct.Struct("<4sIqII")
_ALIGNED = 8


def scene_frame(scene: SceneAt) -> bytes:
    """The frame of a scene."""
    kept = np.ones(len(scene.signals), dtype=bool)
    kept[list(scene.texts)] = False
    count = int(kept.sum())
    columns = (
        scene.values[kept].astype("<f8", copy=False),
        scene.observed_at[kept].astype("<i8", copy=False),
        scene.state_indexes[kept].astype("<u4", copy=False),
        scene.signals[kept].astype("<u4", copy=False),
        scene.quality[kept].astype("u1", copy=False),
    )
    head = _HEAD.pack(b"TWS1", count, scene.at, len(scene.texts), 0)
    return head + b"".join(_padded(column.tobytes()) for column in columns)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED)
