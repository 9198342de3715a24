"""States as they go over the live channel, encoded once for all who follow them."""

import msgspec
from msgspec import Struct

from api import representations_live as representations
from state_sync.feed import Delta
from twin.ports import SignalRecord, StateRecord
from twin.ports.live import StateDelta

FRAGMENTS = 50_000
"""States kept encoded: some 15 MB."""


FRAMES = 1_000
"""Frames kept: of fifty filters, those of the last second at 20 commits a second."""

FRAME_BYTES = 32 << 20
"""Bytes of them: frames of large batches, for those who follow everything, have half a megabyte each."""


class Fragments:
    """The newest state of each signal as JSON. Followers share the objects that the feed hands out, so identity tells."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[StateDelta, bytes]] = {}
        self._frames: dict[int, tuple[Delta, bytes]] = {}
        self._bytes = 0

    def frame(self, delta: Delta) -> bytes | None:
        """The frame that was made of a delta for somebody who wanted the same; the feed hands the same object to all of them."""
        known = self._frames.get(id(delta))
        return known[1] if known is not None and known[0] is delta else None

    def keep(self, delta: Delta, frame: bytes) -> bytes:
        """Remember the frame of a delta for the others."""
        if len(self._frames) >= FRAMES or self._bytes + len(frame) > FRAME_BYTES:
            self._frames.clear()
            self._bytes = 0
        self._frames[id(delta)] = delta, frame
        self._bytes += len(frame)
        return frame

    def encode(self, record: SignalRecord, state: StateDelta) -> bytes:
        """The JSON of a state."""
        known = self._newest.get(state.number)
        if known is not None and known[0] is state:
            return known[1]
        if len(self._newest) >= FRAGMENTS:
            self._newest.clear()
        text = msgspec.json.encode(_state(record, state))
        self._newest[state.number] = state, text
        return text


def _state(record: SignalRecord, state: StateDelta) -> Struct:
    known = StateRecord(
        signal=record,
        value=state.value,
        quality=state.quality,
        observed_at=state.observed_at,
        received_at=state.received_at,
        changed_at=state.changed_at,
    )
    return representations.changed_state(known, changed=state.changed)
